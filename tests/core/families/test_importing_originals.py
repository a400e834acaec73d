"""Checkpoints of DINO, DINOv2, DINOv3, MAE and timm, and of programs that train them, are imported exactly."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
import timm
import torch
from timm.models._hub import save_for_hf
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from core.errors import UserError
from core.families.importing import propose
from tests.core.families.foreign import (
    DINOV2_SIZES,
    SIZES,
    Streams,
    assert_same,
    image,
    imported,
    original_names,
    quietly,
    save,
    shaken,
    streams_of,
)

pytestmark = pytest.mark.usefixtures("library")

TINY: dict[str, Any] = {"img_size": 32, "patch_size": 8, "embed_dim": 32, "depth": 2, "num_heads": 2, "num_classes": 5}
HEADS = {"num_heads": 2}
"""What no weights say: 32 wide in heads of 16."""


def of_transformers(network: Any, x: Tensor) -> Streams:
    """The streams of a network of transformers without a head, and its last CLS."""
    with torch.no_grad():
        out = network(x, output_hidden_states=True)
    return list(out.hidden_states[1:]), out.last_hidden_state[:, 0]


def tiny_timm(**options: Any) -> Any:
    return shaken(VisionTransformer(**{**TINY, **options}))


def of_timm(network: Any, x: Tensor) -> Streams:
    return streams_of(network, network.blocks, x)


@pytest.fixture
def dino(transformers: Any) -> tuple[dict[str, Tensor], Streams]:
    """DINO's backbone as its authors name it, and what it says."""
    network = shaken(
        transformers.ViTModel(transformers.ViTConfig(**SIZES, layer_norm_eps=1e-6), add_pooling_layer=False)
    )
    return original_names(network.state_dict()), of_transformers(network, image())


def test_the_backbone_of_dino(dino: tuple[dict[str, Tensor], Streams], tmp_path: Path) -> None:
    state, wanted = dino

    ours, card = imported(save(state, tmp_path / "dino.pth"), **HEADS)

    assert_same(wanted, ours, image())
    assert card["mean"] == [0.485, 0.456, 0.406]


def test_of_student_and_teacher_the_teacher_is_imported_unless_the_other_is_stated(
    dino: tuple[dict[str, Tensor], Streams], tmp_path: Path
) -> None:
    teacher, wanted = dino
    student = {name: value + 1.0 for name, value in teacher.items()}
    head = {"head.mlp.0.weight": torch.ones(16, 32), "head.last_layer.weight_v": torch.ones(8, 16)}
    checkpoint = {
        "student": {**{f"module.backbone.{name}": v for name, v in student.items()}, "module.head.mlp.0.bias": head},
        "teacher": {**{f"backbone.{name}": v for name, v in teacher.items()}, **head},
        "epoch": 3,
        "args": Namespace(arch="vit_tiny"),
    }
    torch.save(checkpoint, tmp_path / "full.pth")

    ours, card = imported(tmp_path / "full.pth", **HEADS)
    theirs, _ = imported(tmp_path / "full.pth", **HEADS, weights="student.module.backbone")

    assert_same(wanted, ours, image())
    assert [said["value"] for said in card["assumptions"] if said["name"] == "weights"] == ["teacher.backbone"]
    torch.testing.assert_close(theirs.norm.weight, ours.norm.weight + 1.0)


def test_mae_alone_and_with_its_decoder(transformers: Any, tmp_path: Path) -> None:
    t = transformers
    network = shaken(t.ViTMAEModel(t.ViTMAEConfig(**SIZES, mask_ratio=0.0, layer_norm_eps=1e-6)))
    state = original_names(network.state_dict())
    decoder = {
        "mask_token": torch.ones(1, 1, 16),
        "decoder_embed.weight": torch.ones(16, 32),
        "decoder_pos_embed": torch.ones(1, 17, 16),
        "decoder_blocks.0.norm1.weight": torch.ones(16),
        "decoder_pred.weight": torch.ones(192, 16),
    }
    with torch.no_grad():
        out = network(image(), noise=torch.arange(16.0).expand(3, -1), output_hidden_states=True)
    wanted = list(out.hidden_states[1:]), out.last_hidden_state[:, 0]

    for name, more in (("mae.pth", {}), ("mae_visualize.pth", decoder)):
        torch.save({"model": {**state, **more}}, tmp_path / name)
        ours, card = imported(tmp_path / name, **HEADS)
        assert_same(wanted, ours, image())
        assert card["mean"] == [0.485, 0.456, 0.406]


def test_mae_fine_tuned(tmp_path: Path) -> None:
    network = tiny_timm(global_pool="avg")

    ours, _ = imported(save(network.state_dict(), tmp_path / "tuned.pth"), **HEADS)

    assert_same(of_timm(network, image()), ours, image())


def dinov2(t: Any, kind: str) -> tuple[dict[str, Tensor], Any]:
    gated, registers = kind == "gated", kind == "with registers"
    if registers:
        network = shaken(t.Dinov2WithRegistersModel(t.Dinov2WithRegistersConfig(**DINOV2_SIZES, num_register_tokens=3)))
    else:
        network = shaken(t.Dinov2Model(t.Dinov2Config(**DINOV2_SIZES, use_swiglu_ffn=gated)))
    state = original_names(network.state_dict())
    for name in [name for name in state if "gate_proj" in name]:
        both = [state.pop(name), state.pop(name.replace("gate_proj", "up_proj"))]
        state[name.replace("gate_proj", "w12")] = torch.cat(both)
    state = {name.replace("down_proj", "w3"): value for name, value in state.items()}
    if kind == "in chunks":
        state = {
            name.replace("blocks.1.", "blocks.1.1.").replace("blocks.0.", "blocks.0.0."): v for name, v in state.items()
        }
    return state, network


@pytest.mark.parametrize("kind", ["plain", "gated", "with registers", "in chunks"])
def test_dinov2(kind: str, transformers: Any, tmp_path: Path) -> None:
    state, network = dinov2(transformers, kind)

    ours, card = imported(save(state, tmp_path / "dinov2.pth"), **HEADS)

    assert_same(of_transformers(network, image()), ours, image())
    assert card["layout"] == "DINOv2"


@pytest.mark.parametrize("gated", [False, True])
def test_dinov3(gated: bool, transformers: Any, tmp_path: Path) -> None:
    t = transformers
    kind = {"use_gated_mlp": True, "hidden_act": "silu"} if gated else {}
    network = shaken(t.DINOv3ViTModel(t.DINOv3ViTConfig(**SIZES, num_register_tokens=2, **kind)))
    state = original_names(network.state_dict())
    swaps = {"register_tokens": "storage_tokens"}
    swaps |= (
        {"gate_proj": "w1", "up_proj": "w2", "down_proj": "w3"} if gated else {"up_proj": "fc1", "down_proj": "fc2"}
    )
    for old, new in swaps.items():
        state = {name.replace(old, new): value for name, value in state.items()}
    state["rope_embed.periods"] = torch.ones(4)
    for block in range(2):
        state[f"blocks.{block}.attn.qkv.bias_mask"] = torch.ones(96)

    ours, card = imported(save(state, tmp_path / "dinov3.pth"), **HEADS, img_size=32)

    assert_same(of_transformers(network, image()), ours, image())
    assert card["network"]["class"] == "Eva"


TIMM: dict[str, Callable[[], Any]] = {
    "plain": tiny_timm,
    "mean of the patches": lambda: tiny_timm(global_pool="avg", class_token=False),
    "norm before and layer scale": lambda: tiny_timm(pre_norm=True, init_values=0.1),
    "registers": lambda: tiny_timm(reg_tokens=3, no_embed_class=True),
    "registers with positions": lambda: tiny_timm(reg_tokens=3),
    "norms of q and k, no biases": lambda: tiny_timm(qk_norm=True, qkv_bias=False, proj_bias=False),
    "attention pooling": lambda: tiny_timm(class_token=False, global_pool="map"),
}


@pytest.mark.parametrize("kind", TIMM)
def test_a_state_dict_of_timm_by_its_shapes(kind: str, tmp_path: Path) -> None:
    network = TIMM[kind]()

    ours, _ = imported(save(network.state_dict(), tmp_path / "timm.safetensors"), **HEADS, norm_eps=1e-6)

    assert_same(of_timm(network, image()), ours, image())


def lightning(network: Any) -> dict[str, Any]:
    state = {f"model.{name}": value for name, value in network.state_dict().items()}
    return {
        "state_dict": state,
        "epoch": 2,
        "pytorch-lightning_version": "2.4.0",
        "hyper_parameters": {"data": PurePosixPath("/data"), "lr": np.float64(0.1), "scale": np.arange(4)},
        "callbacks": {"ModelCheckpoint": {"best_model_path": Path("best.ckpt"), "best_k": np.array([0.5])}},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(4)}}, "param_groups": [{"params": [0]}]}],
    }


def with_own_head(network: Any) -> dict[str, Any]:
    state = network.state_dict()
    inside = {f"backbone.{name}": value for name, value in state.items() if not name.startswith("head.")}
    return {"state_dict": {**inside, "classifier.weight": state["head.weight"], "classifier.bias": state["head.bias"]}}


WRAPPED: dict[str, Callable[[Any], Any]] = {
    "averaged weights": lambda n: {"model": {k: v + 1 for k, v in n.state_dict().items()}, "model_ema": n.state_dict()},
    "DataParallel": lambda n: nn.DataParallel(n).state_dict(),
    "compiled": lambda n: {f"_orig_mod.{name}": value for name, value in n.state_dict().items()},
    "compiled in DataParallel": lambda n: {f"module._orig_mod.{name}": value for name, value in n.state_dict().items()},
    "Lightning with paths and numpy": lightning,
    "a backbone and a head": with_own_head,
    "a module": lambda n: n,
    "a module around it": lambda n: nn.DataParallel(n),
    "a module in a table": lambda n: {"epoch": 1, "net": n},
}


@pytest.mark.parametrize("new", [True, False], ids=["zip", "stream"])
@pytest.mark.parametrize("kind", WRAPPED)
def test_what_training_programs_put_around_a_network_is_taken_off(kind: str, new: bool, tmp_path: Path) -> None:
    network = tiny_timm()
    torch.save(WRAPPED[kind](network), tmp_path / "wrapped.ckpt", _use_new_zipfile_serialization=new)

    ours, _ = imported(tmp_path / "wrapped.ckpt", **HEADS)

    assert_same(of_timm(network, image()), ours, image())


@pytest.mark.parametrize("safe", [True, False])
def test_a_folder_of_timm_says_which_network_it_is(safe: bool, tmp_path: Path) -> None:
    name, options = "deit3_small_patch16_224", {"depth": 2, "embed_dim": 32, "num_heads": 2, "img_size": 32}
    network = shaken(timm.create_model(name, num_classes=3, **options))
    quietly(lambda: save_for_hf(network, tmp_path / "folder", safe_serialization=safe))

    ours, card = imported(tmp_path / "folder")

    assert_same(of_timm(network, image()), ours, image())
    assert card["network"]["timm"] == name
    assert card["shape"] == {**card["shape"], "img_size": 32, "patch_size": 16, "depth": 2, "num_heads": 2}
    assert card["mean"] == [0.485, 0.456, 0.406]
    assert [said["name"] for said in card["assumptions"]] == ["labels"]


@pytest.mark.parametrize(
    "name", ["eva02_tiny_patch14_224", "beit_base_patch16_224", "deit_tiny_distilled_patch16_224", "cait_xxs24_224"]
)
def test_a_folder_of_timm_may_be_of_another_class(name: str, tmp_path: Path) -> None:
    network = shaken(timm.create_model(name, num_classes=4, depth=2, embed_dim=48, num_heads=3))
    quietly(lambda: save_for_hf(network, tmp_path / "folder", safe_serialization=True))

    ours, _ = imported(tmp_path / "folder")

    px = network.patch_embed.img_size[0]
    assert_same(of_timm(network, image(px, 1)), ours, image(px, 1))


def test_where_shapes_do_not_tell_the_name_of_timms_network_is_asked_for(tmp_path: Path) -> None:
    name = "eva02_tiny_patch14_224"
    network = shaken(timm.create_model(name, num_classes=4))
    source = save(network.state_dict(), tmp_path / "eva.pth")

    with pytest.raises(UserError, match="another of timm's networks; state its name as timm"):
        propose(source)
    ours, card = imported(source, timm=name)

    assert_same(of_timm(network, image(224, 1)), ours, image(224, 1))
    assert card["network"]["timm"] == name


def test_networks_of_other_settings_have_the_same_shapes(tmp_path: Path) -> None:
    """So that names are not guessed from shapes: what differs is proposed as an assumption instead."""
    networks = [tiny_timm(), tiny_timm(act_layer="quick_gelu"), tiny_timm(num_heads=4)]
    shapes = [{name: value.shape for name, value in network.state_dict().items()} for network in networks]
    proposal = propose(save(networks[1].state_dict(), tmp_path / "which.pth"))

    assert shapes[0] == shapes[1] == shapes[2]
    assert {"act_layer", "num_heads"} <= {one.name for one in proposal.assumptions}
