"""What transformers writes is imported exactly: every block, the answer and the first class are its network's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from core.engine import verify
from core.families.files import open_model
from core.families.importing import import_model
from tests.core.families.foreign import (
    DINOV2_SIZES,
    IMAGE_PX,
    SIZES,
    TEXT_SIZES,
    Streams,
    assert_same,
    image,
    imported,
    save,
    shaken,
)
from tests.core.networks import finish

pytestmark = pytest.mark.usefixtures("library")

CLASSES = {"num_labels": 5}
Made = tuple[Any, Callable[[Any], Tensor]]


def logits(out: Any) -> Tensor:
    return out.logits


def pooled(out: Any) -> Tensor:
    return out.pooler_output


def cls(out: Any) -> Tensor:
    return out.last_hidden_state[:, 0]


def two(t: Any, kind: str) -> Any:
    """A configuration of image and text."""
    return getattr(t, f"{kind}Config")(vision_config=SIZES, text_config=TEXT_SIZES, projection_dim=130, **CLASSES)


SOURCES: dict[str, Callable[[Any], Made]] = {
    "ViT": lambda t: (t.ViTForImageClassification(t.ViTConfig(**SIZES, **CLASSES)), logits),
    "ViT without a head": lambda t: (t.ViTModel(t.ViTConfig(**SIZES)), cls),
    "ViT without biases": lambda t: (t.ViTForImageClassification(t.ViTConfig(**SIZES, qkv_bias=False)), logits),
    "DeiT": lambda t: (t.DeiTForImageClassification(t.DeiTConfig(**SIZES, **CLASSES)), logits),
    "DeiT with a teacher": lambda t: (
        t.DeiTForImageClassificationWithTeacher(t.DeiTConfig(**SIZES, **CLASSES)),
        logits,
    ),
    "DINOv2": lambda t: (t.Dinov2Model(t.Dinov2Config(**DINOV2_SIZES)), cls),
    "DINOv2 classifier": lambda t: (t.Dinov2ForImageClassification(t.Dinov2Config(**DINOV2_SIZES, **CLASSES)), logits),
    "DINOv2 gated": lambda t: (t.Dinov2Model(t.Dinov2Config(**DINOV2_SIZES, use_swiglu_ffn=True)), cls),
    "DINOv2 with registers": lambda t: (
        t.Dinov2WithRegistersModel(t.Dinov2WithRegistersConfig(**DINOV2_SIZES, num_register_tokens=3)),
        cls,
    ),
    "DINOv2 classifier with registers, gated": lambda t: (
        t.Dinov2WithRegistersForImageClassification(
            t.Dinov2WithRegistersConfig(**DINOV2_SIZES, use_swiglu_ffn=True, **CLASSES)
        ),
        logits,
    ),
    "DINOv3": lambda t: (t.DINOv3ViTModel(t.DINOv3ViTConfig(**SIZES, num_register_tokens=2)), pooled),
    "DINOv3 gated": lambda t: (
        t.DINOv3ViTModel(t.DINOv3ViTConfig(**SIZES, use_gated_mlp=True, hidden_act="silu", rope_theta=50.0)),
        pooled,
    ),
    "DINOv3 without biases": lambda t: (
        t.DINOv3ViTModel(t.DINOv3ViTConfig(**SIZES, query_bias=False, value_bias=False)),
        pooled,
    ),
    "BEiT": lambda t: (
        t.BeitForImageClassification(t.BeitConfig(**SIZES, use_relative_position_bias=True, **CLASSES)),
        logits,
    ),
    "BEiT with positions, reading CLS": lambda t: (
        t.BeitForImageClassification(
            t.BeitConfig(**SIZES, use_absolute_position_embeddings=True, use_mean_pooling=False, **CLASSES)
        ),
        logits,
    ),
    "CLIP": lambda t: (t.CLIPVisionModel(t.CLIPVisionConfig(**SIZES)), pooled),
    "CLIP with another activation": lambda t: (
        t.CLIPVisionModel(t.CLIPVisionConfig(**SIZES, hidden_act="gelu")),
        pooled,
    ),
    "CLIP classifier": lambda t: (t.CLIPForImageClassification(two(t, "CLIP")), logits),
    "SigLIP": lambda t: (t.SiglipVisionModel(t.SiglipVisionConfig(**SIZES)), pooled),
    "SigLIP classifier": lambda t: (t.SiglipForImageClassification(two(t, "Siglip")), logits),
}
NAMINGS = ("as saved", "as in memory")


def saved(network: Any, naming: str, folder: Path) -> Path:
    """A folder as transformers writes it: with the names of its version 4, or those of its modules in version 5."""
    network.save_pretrained(folder)
    if naming == "as in memory":
        (folder / "model.safetensors").unlink()
        save(network.state_dict(), folder / "pytorch_model.bin")
    return folder


def blocks_and_answer(network: Any, x: Tensor, answer: Callable[[Any], Tensor]) -> Streams:
    with torch.no_grad():
        out = network(x, output_hidden_states=True)
    return list(out.hidden_states[1:]), answer(out)


@pytest.mark.parametrize("naming", NAMINGS)
@pytest.mark.parametrize("kind", SOURCES)
def test_a_folder_of_transformers_is_the_same_network(
    kind: str, naming: str, tmp_path: Path, transformers: Any
) -> None:
    network, answer = SOURCES[kind](transformers)
    source = saved(shaken(network), naming, tmp_path / "folder")

    ours, card = imported(source)

    assert_same(blocks_and_answer(network, image(), answer), ours, image())
    assert card["shape"]["img_size"] == IMAGE_PX
    assert {"norm_eps", "act_layer", "num_heads"}.isdisjoint(said["name"] for said in card["assumptions"])


@pytest.mark.parametrize("naming", NAMINGS)
def test_clip_with_its_projection_is_the_same_network(naming: str, tmp_path: Path, transformers: Any) -> None:
    network = shaken(
        transformers.CLIPVisionModelWithProjection(transformers.CLIPVisionConfig(**SIZES, projection_dim=130))
    )
    source = saved(network, naming, tmp_path / "folder")

    whole, _ = imported(source, head="kept")
    plain, card = imported(source)

    wanted = blocks_and_answer(network, image(), lambda out: out.image_embeds)
    assert_same(wanted, whole, image())
    assert_same((wanted[0], network.vision_model(image()).pooler_output), plain, image())
    assert card["labels"] == [], "a projection to be compared with words says no classes"


@pytest.mark.parametrize("kind", ["CLIP", "Siglip"])
def test_of_image_and_text_the_image_encoder_is_imported(kind: str, tmp_path: Path, transformers: Any) -> None:
    network = shaken(getattr(transformers, f"{kind}Model")(two(transformers, kind)))
    network.save_pretrained(tmp_path / "folder")

    ours, card = imported(tmp_path / "folder")

    assert_same(blocks_and_answer(network.vision_model, image(), pooled), ours, image())
    assert card["labels"] == []


@pytest.mark.parametrize("naming", NAMINGS)
def test_mae_with_its_decoder_is_the_same_encoder(naming: str, tmp_path: Path, transformers: Any) -> None:
    t = transformers
    decoder = {
        "decoder_hidden_size": 16,
        "decoder_num_hidden_layers": 1,
        "decoder_num_attention_heads": 2,
        "decoder_intermediate_size": 32,
    }
    network = shaken(t.ViTMAEForPreTraining(t.ViTMAEConfig(**SIZES, **decoder, mask_ratio=0.0)))
    source = saved(network, naming, tmp_path / "folder")

    ours, card = imported(source)

    in_order = torch.arange(16.0).expand(3, -1)
    out = network.vit(image(), noise=in_order, output_hidden_states=True)
    assert_same((list(out.hidden_states[1:]), cls(out)), ours, image())
    assert card["layout"] == "transformers MAE"


@pytest.mark.parametrize("naming", NAMINGS)
def test_beit_as_it_was_pretrained_has_its_last_norm_behind_it(naming: str, tmp_path: Path, transformers: Any) -> None:
    config = transformers.BeitConfig(**SIZES, use_mask_token=True, use_shared_relative_position_bias=True)
    network = shaken(transformers.BeitForMaskedImageModeling(config))

    ours, card = imported(saved(network, naming, tmp_path / "folder"))

    with torch.no_grad():
        out = network.beit(image(), output_hidden_states=True)
        wanted = (list(out.hidden_states[1:]), network.layernorm(out.last_hidden_state)[:, 0])
    assert_same(wanted, ours, image())
    assert card["labels"] == []


def test_shards_are_one_model(tmp_path: Path, transformers: Any) -> None:
    network, answer = SOURCES["ViT"](transformers)
    shaken(network).save_pretrained(tmp_path / "folder", max_shard_size="20KB")
    assert len(list((tmp_path / "folder").glob("*.safetensors"))) > 1

    by_folder, _ = imported(tmp_path / "folder")
    by_index, _ = imported(tmp_path / "folder" / "model.safetensors.index.json")

    for ours in (by_folder, by_index):
        assert_same(blocks_and_answer(network, image(), answer), ours, image())


def test_shards_of_torch_are_one_model(tmp_path: Path, transformers: Any) -> None:
    network, answer = SOURCES["ViT"](transformers)
    shaken(network).save_pretrained(tmp_path / "folder")
    (tmp_path / "folder" / "model.safetensors").unlink()
    names = sorted(network.state_dict())
    files = {name: f"part-{index % 2}.bin" for index, name in enumerate(names)}
    for file in set(files.values()):
        save({name: network.state_dict()[name] for name in names if files[name] == file}, tmp_path / "folder" / file)
    index = tmp_path / "folder" / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"weight_map": files}))

    ours, _ = imported(tmp_path / "folder")

    assert_same(blocks_and_answer(network, image(), answer), ours, image())


@pytest.mark.parametrize(
    "kind", ["DeiT with a teacher", "DINOv2 classifier with registers, gated", "DINOv3 gated", "BEiT", "SigLIP", "CLIP"]
)
def test_what_was_imported_is_opened_and_verified(kind: str, tmp_path: Path, transformers: Any) -> None:
    network, answer = SOURCES[kind](transformers)
    shaken(network).save_pretrained(tmp_path / "folder")
    path = finish(import_model(tmp_path / "folder"))

    model = verify(open_model(str(path), torch.device("cpu")))

    assert model.card["layout"].startswith("transformers")
    with torch.no_grad():
        torch.testing.assert_close(model.network(image()), answer(network(image())), atol=1e-5, rtol=0)
