"""Which network lies in a checkpoint, where in it, and what of the file is no part of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from timm.models.vision_transformer import VisionTransformer

from core.errors import UserError
from core.families.importing import propose
from tests.core.families.foreign import SIZES, assert_same, image, imported, save, shaken
from tests.core.families.test_importing_transformers import SOURCES, blocks_and_answer

pytestmark = pytest.mark.usefixtures("library")


# ------------------------------------------------------------------------------------- counted places are no weights


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("CLIP", "embeddings.position_ids"),
        ("SigLIP", "embeddings.position_ids"),
        ("BEiT", "beit.encoder.layer.0.attention.attention.relative_position_bias.relative_position_index"),
    ],
)
def test_the_places_that_older_programs_counted_in_the_file_are_left_out(
    kind: str, name: str, tmp_path: Path, transformers: Any
) -> None:
    network, answer = SOURCES[kind](transformers)
    state = shaken(network).state_dict()
    prefix = "vision_model." if any(known.startswith("vision_model.") for known in state) else ""
    source = save({**state, f"{prefix}{name}": torch.arange(17)[None]}, tmp_path / "old.bin")

    ours, _ = imported(source, num_heads=2)

    assert_same(blocks_and_answer(network, image(), answer), ours, image())


def test_weights_that_are_whole_numbers_are_still_refused(tmp_path: Path, transformers: Any) -> None:
    state = SOURCES["ViT"](transformers)[0].state_dict()
    name = next(name for name in state if name.endswith("0.mlp.fc1.weight"))
    source = save({**state, name: torch.ones(64, 32, dtype=torch.int8)}, tmp_path / "small.bin")

    with pytest.raises(UserError, match=r"mlp\.fc1\.weight” as torch\.int8, which are no weights"):
        imported(source)


# ------------------------------------------------------------------------------------------------- whose head it is


@pytest.mark.parametrize("behind", ["", "backbone."])
def test_a_teacher_gets_its_own_head_and_not_the_students(behind: str, tmp_path: Path, transformers: Any) -> None:
    teacher, answer = SOURCES["ViT"](transformers)
    student = shaken(SOURCES["ViT"](transformers)[0], seed=5)
    shaken(teacher)
    both = {"student": student, "teacher": teacher}
    state = {f"{who}.{behind}{name}": value for who, of in both.items() for name, value in of.state_dict().items()}

    ours, _ = imported(save({"state_dict": state}, tmp_path / "distilled.ckpt"), num_heads=2)

    assert_same(blocks_and_answer(teacher, image(), answer), ours, image())


def test_a_teacher_without_a_head_does_not_get_the_students(tmp_path: Path) -> None:
    network = shaken(VisionTransformer(32, 8, embed_dim=32, depth=2, num_heads=2, num_classes=0))
    state = {f"{who}.backbone.{name}": v for who in ("student", "teacher") for name, v in network.state_dict().items()}
    source = save({**state, "student.head.weight": torch.ones(3, 32)}, tmp_path / "half.pth")

    assert propose(source).card["labels"] == []


# --------------------------------------------------------------------------- what has the marks of a kind and is none

MARKERS = (
    "embeddings.patch_embeddings.projection.weight",
    "embeddings.patch_embeddings.weight",
    "embeddings.patch_embedding.weight",
    "patch_embed.proj.weight",
    "conv1.weight",
    "pre_layrnorm.weight",
)


@pytest.mark.parametrize("shape", [(), (4,), (4, 4), (4, 3, 2, 2, 2)], ids=str)
@pytest.mark.parametrize("marker", MARKERS)
def test_patches_of_another_shape_are_refused_in_a_sentence(
    marker: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    others = (
        "layer.0.layernorm_before.weight",
        "class_embedding",
        "embeddings.position_embedding.weight",
        "embeddings.register_tokens",
    )
    source = save({marker: torch.ones(shape), **{name: torch.ones(4) for name in others}}, tmp_path / "odd.bin")

    with pytest.raises(UserError, match=r"odd\.bin .* cannot be imported: .*Nothing was written"):
        propose(source)


def test_siglip_of_any_size_is_refused_with_the_part_that_is_another(tmp_path: Path, transformers: Any) -> None:
    sizes = {name: value for name, value in SIZES.items() if name != "image_size"}
    network = transformers.Siglip2VisionModel(transformers.Siglip2VisionConfig(**sizes, num_patches=16))
    network.save_pretrained(tmp_path / "naflex")

    with pytest.raises(UserError, match=r"naflex \(transformers SigLIP\).*patch_embedding\.weight” has the shape"):
        propose(tmp_path / "naflex")


# --------------------------------------------------------------------------------------------- several files, one model


def shards(transformers: Any, folder: Path) -> list[Path]:
    network = transformers.ViTForImageClassification(transformers.ViTConfig(**SIZES))
    network.save_pretrained(folder, max_shard_size="20KB")
    return sorted(folder.glob("model-*.safetensors"))


def test_a_missing_shard_is_named(tmp_path: Path, transformers: Any) -> None:
    missing = shards(transformers, tmp_path)[1]
    missing.unlink()

    with pytest.raises(UserError, match=rf"{missing.name}, which it names, is not beside it"):
        propose(tmp_path)


def test_a_damaged_shard_is_named(tmp_path: Path, transformers: Any) -> None:
    pointer = shards(transformers, tmp_path)[1]
    pointer.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0")

    with pytest.raises(UserError, match=rf"{pointer.name}: it is a pointer of Git LFS"):
        propose(tmp_path)


def test_one_shard_alone_says_that_there_are_others(tmp_path: Path, transformers: Any) -> None:
    first = shards(transformers, tmp_path)[0]

    with pytest.raises(UserError, match=r"one of several files.*index\.json"):
        propose(first)
