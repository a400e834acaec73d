"""Checkpoints of other programs, written by these themselves, and what becomes of them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.families.importing import import_model
from core.families.network import build_network, load_weights
from tests.core.networks import finish

IMAGE_PX = 32
SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "image_size": IMAGE_PX,
    "patch_size": 8,
}
"""A tiny encoder of transformers; two heads are not what its width suggests."""
DINOV2_SIZES = {name: value for name, value in SIZES.items() if name != "intermediate_size"}
TEXT_SIZES: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "vocab_size": 49408,
    "max_position_embeddings": 8,
}
Streams = tuple[list[Tensor], Tensor]
"""The residual stream after every block, and the answer."""


def shaken(network: Any, seed: int = 0) -> Any:
    """The network with every number in it random, so that none can be left out or mixed up unnoticed.

    Scales stay about 1; the same seed gives the same numbers.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in network.parameters():
            middle = 1.0 if value.ndim == 1 and (value == 1).all() else 0.0
            value.copy_(middle + 0.2 * torch.randn(value.shape, generator=generator))
    return network.eval()


def image(image_px: int = IMAGE_PX, n: int = 3) -> Tensor:
    return torch.randn(n, 3, image_px, image_px, generator=torch.Generator().manual_seed(7))


def save(state: Mapping[str, Any], path: Path) -> Path:
    """A state dict in a file of the kind that the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file({name: value.contiguous().clone() for name, value in state.items()}, path)
    else:
        torch.save(dict(state), path)
    return path


def imported(source: Path, **stated: Any) -> tuple[Any, dict[str, Any]]:
    """The network that an imported checkpoint opens as, and its card."""
    path = finish(import_model(source, stated))
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    network = build_network(card["network"])
    load_weights(network, load_file(path))
    return network.float().eval(), card


def streams_of(network: Any, blocks: Any, x: Tensor, answer: Callable[[Any], Tensor] = lambda out: out) -> Streams:
    """What a network's blocks and the network itself say of images."""
    found: list[Tensor] = []
    hooks = [
        block.register_forward_hook(lambda _, __, out: found.append(out[0] if isinstance(out, tuple) else out))
        for block in blocks
    ]
    with torch.no_grad():
        given = answer(network(x))
    for hook in hooks:
        hook.remove()
    return [stream.transpose(0, 1) if stream.shape[0] != len(x) else stream for stream in found], given


def assert_same(source: Streams, network: Any, x: Tensor, atol: float = 1e-5) -> None:
    """The imported network has the same stream after every block, the same answer, and the same first class."""
    streams, answer = streams_of(network, network.blocks, x)
    wanted, wanted_answer = source
    assert len(streams) == len(wanted)
    for ours, theirs in zip(streams, wanted, strict=True):
        torch.testing.assert_close(ours, theirs.float(), atol=atol, rtol=0)
    torch.testing.assert_close(answer, wanted_answer.float(), atol=atol, rtol=0)
    assert torch.equal(answer.argmax(-1), wanted_answer.argmax(-1))


def quietly(make: Callable[[], Any]) -> Any:
    """Do something that warns of its own age."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make()


def original_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of transformers under the names of DINO, DINOv2, DINOv3 and MAE, which it was converted from.

    This is the way back of transformers' own conversion scripts.
    """
    found: dict[str, Tensor] = {}
    for name, value in state.items():
        new = name
        for old, other in (
            ("embeddings.patch_embeddings.projection.", "patch_embed.proj."),
            ("embeddings.patch_embeddings.", "patch_embed.proj."),
            ("embeddings.position_embeddings", "pos_embed"),
            ("embeddings.", ""),
            ("model.layer.", "blocks."),
            ("encoder.layer.", "blocks."),
            ("layers.", "blocks."),
            ("layernorm_before.", "norm1."),
            ("layernorm_after.", "norm2."),
            ("attention.o_proj.", "attn.proj."),
            ("attention.", "attn."),
            ("layer_scale1.lambda1", "ls1.gamma"),
            ("layer_scale2.lambda1", "ls2.gamma"),
            ("layernorm.", "norm."),
        ):
            new = new.replace(old, other)
        found[new] = value
    return _with_whole_qkv(found)


def _with_whole_qkv(state: dict[str, Tensor]) -> dict[str, Tensor]:
    found = {name: value for name, value in state.items() if "_proj." not in name or ".attn." not in name}
    for name, query in state.items():
        if name.endswith(("attn.q_proj.weight", "attn.q_proj.bias")):
            key = state.get(name.replace("q_proj", "k_proj"), torch.zeros_like(query))
            value = state[name.replace("q_proj", "v_proj")]
            found[name.replace("q_proj", "qkv")] = torch.cat([query, key, value])
    return found


class Holder(nn.Module):
    """A module around others, as training programs have one."""

    def __init__(self, **parts: nn.Module) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)
