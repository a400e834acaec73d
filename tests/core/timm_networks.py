"""timm's vision transformers of one stage, small and with random weights, for tests that walk its registry."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import timm
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

ONE_STAGE = (
    "beit",
    "cait",
    "deepseek_vit",
    "deit",
    "eva",
    "gemma4_vit",
    "naflexvit",
    "qwen3_vit",
    "vision_transformer",
    "vision_transformer_hybrid",
    "vision_transformer_relpos",
    "vitamin",
)
"""timm's modules of vision transformers whose tokens stay as many and as wide."""


def names() -> list[str]:
    """Every network of these modules that has a head; those called `_enc` end in tokens."""
    found = [name for module in ONE_STAGE for name in timm.list_models(module=module)]
    return [name for name in found if not name.endswith("_enc")]


def spread(found: Sequence[str], n: int) -> list[str]:
    """`n` of them, evenly spread, so that every module has its share."""
    return [found[index * len(found) // n] for index in range(n)]


class _Unset(TorchFunctionMode):
    """Leaves out what initialises weights, which would take most of the time."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        random = (torch.Tensor.normal_, torch.Tensor.uniform_, torch.Tensor.erfinv_)
        if func in random or getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))


def small(name: str) -> nn.Module:
    """The network of this name, two blocks deep, its weights random; narrow, and for small images, where it can be."""
    options: dict[str, Any] = {"depth": 2, "num_classes": 5}
    if "sapiens2" in name:
        options["num_kv_heads"] = 2  # the name itself lists them for as many blocks as it has
    with torch.device("meta"):
        whole = timm.create_model(name, **options)
    options["pretrained_cfg_overlay"] = {"input_size": (3, 96, 96)}  # for what takes images of any size
    embedding = next((m for name, m in whole.named_modules() if name.endswith("patch_embed")), None)
    patch = getattr(embedding, "patch_size", None)
    sizes: dict[str, Any] = {"img_size": 6 * patch[0]} if patch and patch[0] > 1 else {"img_size": 96}
    widths = [*_narrow(whole), {}]
    for more in [{**width, **size} for size in (sizes, {}) for width in widths]:
        try:
            with _Unset():
                network = timm.create_model(name, **options, **more)
        except (TypeError, AssertionError, RuntimeError, ValueError):
            continue
        return perturbed(network)
    raise AssertionError(f"{name} cannot be built")


def _narrow(network: nn.Module) -> list[dict[str, int]]:
    """Fewer heads, each of the width that they have; a packed MLP is cut in two, which not every width allows."""
    width = int(network.embed_dim)  # type: ignore[arg-type]
    attn: Any = next((m for m in network.modules() if hasattr(m, "num_heads")), None)
    n_heads = int(getattr(attn, "num_heads", 0) or 0)
    if not n_heads or width % n_heads:
        return []
    return [{"embed_dim": width // n_heads * few, "num_heads": few} for few in (4, 6) if few < n_heads]


def perturbed(network: nn.Module, seed: int = 0) -> nn.Module:
    """The network with every weight, bias and scale random, so that no part of it can be left out unnoticed."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in network.parameters():
            noise = torch.randn(value.shape, generator=generator)
            flat = value.ndim < 2
            value.copy_(0.3 + 0.1 * noise if flat else noise / math.sqrt(max(1, value[0].numel())))
    return network.eval().requires_grad_(False)
