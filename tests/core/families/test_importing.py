"""What is assumed of a checkpoint and what is said of it, and the library that it goes to."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from timm.layers import resample_abs_pos_embed
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor
from torch.nn.functional import interpolate

from core.errors import UserError
from core.families.files import open_model
from core.families.importing import _import_here, import_model, imported, propose
from core.families.labels import labels_for
from core.families.layout import Facts
from core.families.positions import resized
from core.locations import is_foreign, library_folder
from core.progress import Progress
from tests.core.families.foreign import DINOV2_SIZES, SIZES, assert_same, image, save, shaken, streams_of
from tests.core.families.foreign import imported as opened
from tests.core.networks import finish

CPU = torch.device("cpu")
TINY: dict[str, Any] = {"img_size": 32, "patch_size": 8, "embed_dim": 32, "depth": 2, "num_heads": 2, "num_classes": 2}

pytestmark = pytest.mark.usefixtures("library")


def tiny(**options: Any) -> Any:
    return shaken(VisionTransformer(**{**TINY, **options}))


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A state dict of timm with a head for two classes and nothing beside it."""
    return save(tiny().state_dict(), tmp_path / "bare.pth")


def by_name(proposal: Any) -> dict[str, Any]:
    return {one.name: one for one in proposal.assumptions}


# ---------------------------------------------------------------------------------------------- what is assumed and why


def test_what_a_bare_file_does_not_say_is_proposed_with_a_reason_and_choices(bare: Path) -> None:
    said = by_name(propose(bare))

    assert set(said) == {"num_heads", "global_pool", "norm_eps", "act_layer", "mean", "std", "labels"}
    assert all(one.why and len(one.choices) > 1 for one in said.values())
    assert (said["norm_eps"].value, said["act_layer"].value) == (1e-6, "gelu")
    assert {1e-5, 1e-12} < set(said["norm_eps"].choices)
    assert {"quick_gelu", "gelu_tanh"} < set(said["act_layer"].choices)


def test_what_is_proposed_is_in_the_card_and_nothing_is_written(bare: Path, library: Path) -> None:
    proposal = propose(bare)

    assert proposal.card["network"]["norm_eps"] == 1e-6
    assert proposal.card["labels"] == ["different", "same"]
    assert proposal.n_bytes == sum(value.numel() * 4 for value in tiny().state_dict().values())
    assert not library.exists()


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("norm_eps", "1e-5", lambda card: card["network"]["norm_eps"] == 1e-5),
        ("act_layer", "quick_gelu", lambda card: card["network"]["act_layer"] == "quick_gelu"),
        ("num_heads", 4, lambda card: card["network"]["num_heads"] == 4),
        ("mean", "0.1,0.2,0.3", lambda card: card["mean"] == [0.1, 0.2, 0.3]),
        ("std", (0.1, 0.2, 0.3), lambda card: card["std"] == [0.1, 0.2, 0.3]),
        ("labels", "same, different", lambda card: card["labels"] == ["same", "different"]),
        ("labels", '["a, b", "c"]', lambda card: card["labels"] == ["a, b", "c"]),
        ("global_pool", "avg", lambda card: card["network"]["global_pool"] == "avg"),
    ],
)
def test_what_is_stated_goes_over_what_is_assumed(name: str, value: Any, place: Any, bare: Path) -> None:
    path = finish(import_model(bare, {name: value}))
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))

    assert place(card)
    assert "stated" in next(one["why"] for one in card["assumptions"] if one["name"] == name)


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"norm_eps": "small"}, "norm_eps is stated as 'small'"),
        ({"norm_eps": 2}, "norm_eps is 2.0"),
        ({"act_layer": "wings"}, "activation is “wings”"),
        ({"num_heads": 5}, "cannot be imported"),
        ({"labels": "a"}, "1 labels are stated"),
        ({"labels": "a,a"}, "more than once"),
        ({"mean": "127,127,127"}, "divide by 255"),
        ({"std": "0,1,1"}, "std"),
        ({"wings": 2}, "Nothing is open under the name wings"),
        ({"timm": "resnet50"}, "cannot be imported"),
        ({"timm": "vit_of_mine"}, "timm has no network"),
    ],
)
def test_what_is_stated_and_cannot_be_is_refused(stated: dict[str, Any], said: str, bare: Path, library: Path) -> None:
    with pytest.raises(UserError, match=said):
        finish(import_model(bare, stated))

    assert not library.exists()


def test_what_was_assumed_is_said_of_the_opened_model(bare: Path) -> None:
    model = open_model(str(finish(import_model(bare, {"num_heads": 2}))), CPU)

    assert any("norm ε 1e-06" in sentence for sentence in model.assumed)
    assert any("classes different, same" in sentence for sentence in model.assumed)
    torch.testing.assert_close(model.network(image()), tiny()(image()), atol=1e-5, rtol=0)


def test_labels_may_be_said_by_their_numbers_alone() -> None:
    facts = Facts({}, {})

    assert labels_for(2, {"label2id": {"same": 0, "different": 1}}, facts) == ["same", "different"]
    assert not facts.assumptions
    assert labels_for(2, {"label2id": {"same": 0, "different": "one"}}, facts) == ["different", "same"]


def test_labels_come_from_the_configuration(tmp_path: Path, transformers: Any) -> None:
    config = transformers.ViTConfig(**SIZES, id2label={0: "crane", 1: "ox", 2: "crane"}, label2id={"crane": 2, "ox": 1})
    shaken(transformers.ViTForImageClassification(config)).save_pretrained(tmp_path / "folder")

    assert propose(tmp_path / "folder").card["labels"] == ["crane (0)", "ox", "crane (2)"]


@pytest.mark.parametrize("n_classes", [1000, 21841, 21843])
def test_a_head_as_large_as_imagenet_is_taken_to_have_its_classes(n_classes: int) -> None:
    facts = Facts({}, {})

    assert any("goldfish" in label for label in labels_for(n_classes, {}, facts))
    assert "ImageNet" in facts.assumptions["labels"].why


def test_classes_that_nothing_names_are_numbered() -> None:
    assert labels_for(3, {"id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}}, Facts({}, {})) == [
        "class 0",
        "class 1",
        "class 2",
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("preprocessor_config.json", {"image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6]}),
        ("processor_config.json", {"image_processor": {"image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6]}}),
        ("open_clip_config.json", {"preprocess_cfg": {"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]}}),
    ],
)
def test_mean_and_std_come_from_the_file_beside_it(name: str, content: Any, bare: Path) -> None:
    (bare.parent / name).write_text(json.dumps(content))

    proposal = propose(bare)

    assert (proposal.card["mean"], proposal.card["std"]) == ([0.1, 0.2, 0.3], [0.4, 0.5, 0.6])
    assert {"mean", "std"}.isdisjoint(by_name(proposal))


@pytest.mark.parametrize(
    ("said", "mean", "std"),
    [
        ({"rescale_factor": 1 / 127.5, "image_mean": [1, 1, 1], "image_std": [1, 1, 1]}, 0.5, 0.5),
        ({"do_rescale": False, "image_mean": [127.5] * 3, "image_std": [51.0] * 3}, 0.5, 0.2),
        ({"do_rescale": False, "image_mean": [0.5] * 3, "image_std": [0.2] * 3}, 0.5, 0.2),
        ({"do_rescale": True, "rescale_factor": 1 / 255, "image_mean": 0.4, "image_std": 0.3}, 0.4, 0.3),
    ],
    ids=["twice as far", "of 255", "of 1 already", "one for all channels"],
)
def test_mean_and_std_are_those_of_pixels_between_0_and_1(
    said: dict[str, Any], mean: float, std: float, bare: Path
) -> None:
    (bare.parent / "preprocessor_config.json").write_text(json.dumps(said))

    card = propose(bare).card

    assert (card["mean"], card["std"]) == (pytest.approx([mean] * 3), pytest.approx([std] * 3))


def test_images_that_are_not_normalised_keep_their_values(bare: Path) -> None:
    (bare.parent / "preprocessor_config.json").write_text('{"do_normalize": false}')

    assert propose(bare).card["std"] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"image_mean": [0.5], "image_std": "wide"}', '{"image_mean": null}', "\x00"]
)
def test_a_configuration_of_no_use_is_passed_over(text: str, bare: Path) -> None:
    (bare.parent / "preprocessor_config.json").write_text(text)

    assert "mean" in by_name(propose(bare))


@pytest.mark.parametrize("said", [[1], None, "none"], ids=str)
def test_a_folder_of_timm_may_say_nothing_of_its_pixels(said: Any, tmp_path: Path) -> None:
    source = save(tiny(patch_size=16, embed_dim=192, num_heads=3, depth=12).state_dict(), tmp_path / "model.bin")
    said = {"architecture": "vit_tiny_patch16_224", "pretrained_cfg": said, "model_args": {"img_size": 32}}
    (tmp_path / "config.json").write_text(json.dumps(said))

    assert set(by_name(propose(source))) == {"mean", "std", "labels"}


def test_a_network_with_fewer_blocks_than_its_configuration_says_is_refused(tmp_path: Path, transformers: Any) -> None:
    network = shaken(transformers.ViTForImageClassification(transformers.ViTConfig(**SIZES)))
    network.save_pretrained(tmp_path)
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "num_hidden_layers": 12}))

    with pytest.raises(UserError, match=r"config\.json says 12 blocks, and it has 2"):
        propose(tmp_path)


def test_images_that_are_not_square_by_the_configuration_are_refused(tmp_path: Path, transformers: Any) -> None:
    sizes = {**SIZES, "image_size": (32, 128)}  # as many patches as in a square of 64
    transformers.ViTForImageClassification(transformers.ViTConfig(**sizes)).save_pretrained(tmp_path)

    with pytest.raises(UserError, match="images are 32 × 128 pixels, not square"):
        propose(tmp_path)


@pytest.mark.parametrize("n_channels", [1, 4])
def test_a_network_of_other_images_than_rgb_is_refused_before_it_is_written(
    n_channels: int, tmp_path: Path, library: Path, transformers: Any
) -> None:
    transformers.ViTModel(transformers.ViTConfig(**SIZES, num_channels=n_channels)).save_pretrained(tmp_path / "vit")

    with pytest.raises(UserError, match=f"images of {n_channels} channels"):
        finish(import_model(tmp_path / "vit"))

    assert not library.exists()


def test_a_configuration_of_another_network_is_passed_over(tmp_path: Path, transformers: Any) -> None:
    network = shaken(transformers.ViTForImageClassification(transformers.ViTConfig(**SIZES)))
    source = save(network.state_dict(), tmp_path / "vit.bin")
    (tmp_path / "config.json").write_text('{"hidden_size": 768, "layer_norm_eps": 1e-3, "num_attention_heads": 12}')

    assert by_name(propose(source))["norm_eps"].value == 1e-12


# ------------------------------------------------------------------------------------------- what no weights can tell


@pytest.mark.parametrize(
    ("wrong", "least"),
    [
        ({"norm_eps": 1e-2}, 1e-4),
        ({"act_layer": "quick_gelu"}, 1e-3),
        ({"num_heads": 4}, 1e-2),
        ({"act_layer": "gelu_tanh"}, 1e-5),
    ],
    ids=str,
)
def test_a_wrong_assumption_changes_the_answer_and_the_right_one_does_not(
    wrong: dict[str, Any], least: float, bare: Path
) -> None:
    right = {"num_heads": 2, "norm_eps": 1e-6, "act_layer": "gelu"}
    network = tiny()
    wanted = streams_of(network, network.blocks, image())

    ours, _ = opened(bare, **right)
    other, _ = opened(bare, **{**right, **wrong})

    assert_same(wanted, ours, image())
    assert (other(image()) - wanted[1]).abs().max() > least


def test_vit_of_transformers_has_an_epsilon_of_its_own(tmp_path: Path, transformers: Any) -> None:
    network = shaken(transformers.ViTForImageClassification(transformers.ViTConfig(**SIZES)))
    source = save(network.state_dict(), tmp_path / "vit.bin")

    assert by_name(propose(source))["norm_eps"].value == network.config.layer_norm_eps == 1e-12


# ------------------------------------------------------------------------------------------------------ the positions


def dinov2(transformers: Any, **options: Any) -> Any:
    sizes = {**DINOV2_SIZES, "image_size": 518, "patch_size": 14}
    return shaken(transformers.Dinov2ForImageClassification(transformers.Dinov2Config(**sizes, **options)).eval())


def originals_rule(positions: Tensor, side: int) -> Tensor:
    """DINOv2's own `interpolate_pos_encoding`, line by line."""
    n = positions.shape[1] - 1
    edge = int(n**0.5)
    scale = float(side + 0.1) / edge
    grid = positions[:, 1:].reshape(1, edge, edge, -1).permute(0, 3, 1, 2)
    grid = interpolate(grid, mode="bicubic", antialias=False, scale_factor=(scale, scale))
    assert grid.shape[-1] == side
    return torch.cat([positions[:, :1], grid.permute(0, 2, 3, 1).view(1, -1, positions.shape[-1])], dim=1)


def test_positions_for_518_pixels_are_resized_for_224_as_the_original_does(tmp_path: Path, transformers: Any) -> None:
    network = dinov2(transformers, num_labels=5)
    network.save_pretrained(tmp_path / "dinov2")

    whole, card = opened(tmp_path / "dinov2")
    small, small_card = opened(tmp_path / "dinov2", img_size=224)

    positions = network.dinov2.embeddings.position_embeddings
    assert (card["shape"]["img_size"], small_card["shape"]["img_size"]) == (518, 224)
    torch.testing.assert_close(whole.pos_embed, positions.detach(), atol=0, rtol=0)
    torch.testing.assert_close(small.pos_embed, originals_rule(positions, 16).detach(), atol=1e-6, rtol=0)
    assert any(one["name"] == "position_rule" and "original" in one["why"] for one in small_card["assumptions"])


def test_timm_and_transformers_resize_positions_otherwise() -> None:
    positions = torch.randn(1, 37 * 37, 8, generator=torch.Generator().manual_seed(0))
    original = resized(positions, 16, "original")

    assert (resized(positions, 16, "size") - original).abs().max() > 0.02
    assert (resample_abs_pos_embed(positions, [16, 16], num_prefix_tokens=0) - original).abs().max() > 0.1


def test_the_rule_for_positions_of_transformers_can_be_stated(tmp_path: Path, transformers: Any) -> None:
    network = dinov2(transformers, num_labels=5)
    network.save_pretrained(tmp_path / "dinov2")

    small, _ = opened(tmp_path / "dinov2", img_size=224, position_rule="size")

    assert_same(_streams(network, image(224, 1)), small, image(224, 1))


def _streams(network: Any, x: Tensor) -> Any:
    with torch.no_grad():
        out = network(x, output_hidden_states=True)
    return list(out.hidden_states[1:]), out.logits


# ---------------------------------------------------------------------------------------------------- the study's files


def test_dinov2_of_the_study_is_opened_at_224_pixels_with_its_labels(tmp_path: Path, transformers: Any) -> None:
    source = save(dinov2(transformers, num_labels=2).state_dict(), tmp_path / "dinov2.pth")

    said = by_name(propose(source))

    assert (said["img_size"].value, said["position_rule"].value) == (224, "original")
    assert said["labels"].value == ("different", "same")
    assert "class 0" in said["labels"].why


def test_clip_of_the_study_has_a_head_without_a_bias_in_place_of_its_projection(
    tmp_path: Path, transformers: Any
) -> None:
    network = transformers.CLIPVisionModelWithProjection(transformers.CLIPVisionConfig(**SIZES, projection_dim=2))
    source = save(shaken(network).state_dict(), tmp_path / "clip.pth")

    ours, card = opened(source, num_heads=2)

    with torch.no_grad():
        out = network(image(), output_hidden_states=True)
    assert_same((list(out.hidden_states[1:]), out.image_embeds), ours, image())
    assert not ours.head.bias.any()
    assert card["labels"] == ["different", "same"]
    assert card["mean"][0] == 0.48145466


def test_vit_of_the_study_may_be_dino_or_mae_and_its_mean_is_open(tmp_path: Path, transformers: Any) -> None:
    network = shaken(transformers.ViTForImageClassification(transformers.ViTConfig(**SIZES)))
    source = save(network.state_dict(), tmp_path / "vit.pth")

    said = by_name(propose(source))

    assert said["mean"].value == (0.5, 0.5, 0.5)
    assert (0.485, 0.456, 0.406) in said["mean"].choices
    assert "DINO" in said["mean"].why


# ------------------------------------------------------------------------------------------------------- the library


def test_an_import_says_where_it_came_from(bare: Path, library: Path) -> None:
    import hashlib

    path = finish(import_model(bare))
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))

    assert path == library / "bare.safetensors"
    assert card["origin"] == {
        "from": "bare.pth",
        "path": str(bare),
        "sha256": hashlib.sha256(bare.read_bytes()).hexdigest(),
    }
    assert card["layout"] == "timm"
    assert {"name", "value", "why"} == set(card["assumptions"][0])


def test_the_same_file_with_the_same_statements_is_imported_once(bare: Path, library: Path) -> None:
    first = finish(import_model(bare, {"num_heads": 2}))
    again = finish(import_model(bare, {"num_heads": 2}, name="another"))
    other = finish(import_model(bare, {"num_heads": 4}))
    save(tiny(num_classes=3).state_dict(), bare)
    changed = finish(import_model(bare, {"num_heads": 2}))

    assert first == again
    assert len({first, other, changed}) == 3
    assert len(list(library.glob("*.safetensors"))) == 3


def test_a_name_that_is_taken_or_is_none_gets_another(bare: Path, library: Path) -> None:
    assert finish(import_model(bare, {}, name="discrimination")).stem == "discrimination-2"
    assert finish(import_model(bare, {"num_heads": 4}, name="a/b:c")).stem == "a-b-c"
    assert library_folder() == library


def test_numbers_keep_their_kind(tmp_path: Path, library: Path) -> None:
    half = {name: value.half() for name, value in tiny().state_dict().items()}

    path = finish(import_model(save(half, tmp_path / "half.pth")))

    assert {value.dtype for value in load_file(path).values()} == {torch.float16}


def test_an_import_that_is_stopped_leaves_nothing(bare: Path, library: Path) -> None:
    job = import_model(bare)
    for _ in range(5):
        assert isinstance(next(job), Progress)

    job.close()

    assert not library.exists()


def test_an_import_says_how_far_it_is(bare: Path) -> None:
    steps = [(step.done, step.total) for step in import_model(bare)]

    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1]


def test_a_reference_to_another_programs_file_becomes_one_of_the_library(bare: Path, library: Path) -> None:
    reference = imported(f"local-dir:{bare.parent}", {"num_heads": 2})

    assert reference == bare.parent.name
    assert (library / f"{reference}.safetensors").is_file()
    assert imported(reference) == reference
    assert imported("discrimination") == "discrimination"
    assert imported("nothing") == "nothing"
    assert open_model(reference, CPU).labels == ("different", "same")


def test_what_is_wrong_with_a_file_is_said_by_the_process_that_read_it(
    tmp_path: Path, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.pth").write_bytes(b"\x80\x02")

    _import_here(str(tmp_path / "bad.pth"), "{}")

    assert json.loads(capsys.readouterr().out)["message"].startswith("bad.pth could not be opened")
    assert not library.exists()


def test_what_is_wrong_is_raised_where_the_model_was_wanted(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(out: bytes) -> Any:
        return lambda command, **_: subprocess.CompletedProcess(command, 1, stdout=out)

    monkeypatch.setattr(subprocess, "run", ended(b'{"message": "It is damaged.", "hint": "Fetch it again."}'))
    with pytest.raises(UserError, match=r"It is damaged\. Fetch it again\."):
        imported(str(bare))

    monkeypatch.setattr(subprocess, "run", ended(b""))
    with pytest.raises(UserError, match=r"process that read bare\.pth ended"):
        imported(str(bare))


def test_a_folder_is_another_programs_and_a_model_with_its_card_is_not(bare: Path, library: Path) -> None:
    own = finish(import_model(bare))

    assert is_foreign(bare)
    assert is_foreign(bare.parent)
    assert not is_foreign(own)
