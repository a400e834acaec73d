"""CLIP as OpenAI and open_clip write it is imported exactly."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.families.importing import propose
from tests.core.families.foreign import (
    Holder,
    Streams,
    assert_same,
    image,
    imported,
    quietly,
    save,
    shaken,
    streams_of,
)

pytestmark = pytest.mark.usefixtures("library")

VISION = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}
TEXT = {"context_length": 8, "vocab_size": 64, "width": 16, "heads": 2, "layers": 1}
PROJECTED = 130
STATED = {"num_heads": 2, "head": "kept"}


@pytest.fixture(scope="module")
def open_clip() -> Any:
    return pytest.importorskip("open_clip")


def tiny_clip(open_clip: Any, **options: Any) -> Any:
    from open_clip.model import CLIP

    return shaken(CLIP(embed_dim=PROJECTED, vision_cfg=VISION, text_cfg=TEXT, **options))


def of_clip(network: Any) -> Streams:
    return streams_of(network.visual, network.visual.transformer.resblocks, image())


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"state_dict": {f"module.{k}": v for k, v in s.items()}}])
def test_open_clip_has_gelu(wrap: Callable[[Any], Any], open_clip: Any, tmp_path: Path) -> None:
    network = tiny_clip(open_clip)

    ours, card = imported(save(wrap(network.state_dict()), tmp_path / "open_clip.pt"), **STATED)

    assert_same(of_clip(network), ours, image())
    assert card["network"]["act_layer"] == "gelu"


def test_a_folder_of_open_clip_says_what_its_weights_do_not(open_clip: Any, tmp_path: Path) -> None:
    network = tiny_clip(open_clip, quick_gelu=True)
    save(network.state_dict(), tmp_path / "folder" / "open_clip_model.safetensors")
    config = {
        "model_cfg": {"embed_dim": PROJECTED, "vision_cfg": VISION, "text_cfg": TEXT, "quick_gelu": True},
        "preprocess_cfg": {"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]},
    }
    (tmp_path / "folder" / "open_clip_config.json").write_text(json.dumps(config))

    ours, card = imported(tmp_path / "folder", head="kept")

    assert_same(of_clip(network), ours, image())
    assert (card["mean"], card["std"]) == ([0.1, 0.2, 0.3], [0.4, 0.5, 0.6])


@pytest.mark.parametrize(
    "said", [[1], {"vision_cfg": {"width": 32, "head_width": 0}}, {"vision_cfg": {"width": 32, "head_width": "x"}}]
)
def test_a_configuration_of_open_clip_that_makes_no_sense_is_passed_over(
    said: Any, open_clip: Any, tmp_path: Path
) -> None:
    source = save(tiny_clip(open_clip).state_dict(), tmp_path / "open_clip_model.safetensors")
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": said}))

    assert {"num_heads", "act_layer"} <= {one.name for one in propose(source).assumptions}


def test_a_state_dict_of_openai_has_quick_gelu(open_clip: Any, tmp_path: Path) -> None:
    network = tiny_clip(open_clip, quick_gelu=True)
    state = {**network.state_dict(), "input_resolution": torch.tensor(32), "context_length": torch.tensor(8)}

    ours, card = imported(save(state, tmp_path / "ViT-B-32.pt"), **STATED)

    assert_same(of_clip(network), ours, image())
    assert card["network"]["act_layer"] == "quick_gelu"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_an_archive_of_openai_is_read_without_its_code(dtype: torch.dtype, open_clip: Any, tmp_path: Path) -> None:
    network = tiny_clip(open_clip, quick_gelu=True)
    for part in network.modules():
        if not isinstance(part, nn.LayerNorm):
            for value in part.parameters(recurse=False):
                value.data = value.data.to(dtype).float()

    class Visual(Holder):
        def forward(self, x: Tensor) -> Tensor:
            return self.visual(x)

    def archive() -> None:
        whole = Visual(visual=network.visual)
        traced = torch.jit.trace(whole, image(), check_trace=False)
        for part in traced.modules():
            for name, value in part.named_parameters(recurse=False):
                if not part.original_name.startswith("LayerNorm"):
                    setattr(part, name, nn.Parameter(value.to(dtype)))
        torch.jit.save(traced, tmp_path / "ViT-B-32.pt")

    wanted = of_clip(network)
    quietly(archive)

    ours, card = imported(tmp_path / "ViT-B-32.pt", **STATED)

    assert_same(wanted, ours, image())
    assert card["network"]["act_layer"] == "quick_gelu"


def test_open_clip_around_a_network_of_timm(open_clip: Any, tmp_path: Path) -> None:
    from timm.models.vision_transformer import VisionTransformer

    trunk = shaken(VisionTransformer(32, 8, embed_dim=32, depth=2, num_heads=2, num_classes=0))
    network = Holder(visual=Holder(trunk=trunk, head=Holder(proj=nn.Linear(32, PROJECTED, bias=False))))
    projection = network.visual.head.proj
    streams, features = streams_of(trunk, trunk.blocks, image())

    ours, _ = imported(save(network.state_dict(), tmp_path / "siglip.bin"), **STATED)

    assert_same((streams, projection(features).detach()), ours, image())
