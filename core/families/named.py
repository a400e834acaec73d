"""timm's networks by name: which of them can run, and one with its published weights, or with random ones.

`python -m core.families.named` makes the table that `core.catalogue` reads anew, where timm has changed.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import timm
import torch
from timm.data.imagenet_info import infer_imagenet_subset
from timm.models import PretrainedCfg, get_pretrained_cfg, is_model, is_model_in_modules, list_models, list_pretrained
from torch import nn

from core.catalogue import TIMM
from core.errors import UserError
from core.families.class_names import imagenet_names
from core.families.model import weights_hash

MODULES = (
    "vision_transformer",
    "deit",
    "eva",
    "beit",
    "cait",
    "naflexvit",
    "vision_transformer_relpos",
    "vision_transformer_hybrid",
)
"""timm's modules of networks that are one row of blocks over one row of tokens."""
RGB = 3
LATE_CLS = ("blocks_token_only", "cls_attn_blocks")
"""Blocks of timm's that bring the CLS token in after all others: in the stream of those it is not."""


def runs(name: str) -> bool:
    """Whether the executor can run a network, by what timm's registry says of it; no network is built."""
    size = _cfg(name).input_size
    return size[0] == RGB and size[1] == size[2] and is_model_in_modules(name.partition(".")[0], MODULES)


def settings_of(name: str) -> PretrainedCfg:
    """What timm says of weights by name.

    Raises UserError where it knows no such name, or the executor cannot run it.
    """
    architecture, _, tag = name.partition(".")
    try:
        cfg = _cfg(name)
    except RuntimeError as error:
        raise UserError(f"timm {timm.__version__} has no “{name}”.", _nearest(architecture, tag)) from error
    if not runs(name):
        raise UserError(
            f"{name} is not one row of blocks over one row of tokens of a square RGB image.",
            f"The executor runs networks of timm's modules {', '.join(MODULES)}.",
        )
    return cfg


def _cfg(name: str) -> PretrainedCfg:
    """Raises RuntimeError where timm knows no such name."""
    cfg = get_pretrained_cfg(name)
    if cfg is None:
        raise RuntimeError(name)
    return cfg


def _nearest(architecture: str, tag: str) -> str:
    if is_model(architecture):
        tags = [known.partition(".")[2] for known in list_pretrained(f"{architecture}.*")]
        return f"It has these weights of {architecture}: {', '.join(tags) or 'none'}." if tag else ""
    like = list_models(f"*{architecture[:12]}*")[:5]
    return f"There is: {', '.join(like)}." if like else "Look for a name with Model ▸ Open model…"


def with_weights(name: str, path: Path) -> nn.Module:
    """A network with its published weights from a safetensors file, as timm itself loads them.

    Raises UserError where the file is of another network or damaged.
    """
    # Weights of the older kind would be read as another format by their custom loader.
    here = {"file": str(path), "custom_load": False}
    try:
        return _built(name, pretrained=True, pretrained_cfg_overlay=here)
    except (LookupError, TypeError, ValueError, OSError, RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"{path} does not hold the weights of {name}: {reason}.", "Delete it and fetch it again."
        ) from error


def with_random_weights(name: str, seed: int) -> nn.Module:
    """A network with the weights that timm begins training with, drawn from a seed."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        return _built(name)


def _built(name: str, **options: Any) -> nn.Module:
    cfg = settings_of(name)
    classes: dict[str, Any] = {} if names_classes(cfg) else {"num_classes": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that timm has given others
        network: nn.Module = timm.create_model(name, **classes, **options)
    return network.eval()


def names_classes(cfg: PretrainedCfg) -> bool:
    """Whether the last layer of published weights says classes: that of CLIP and its kin is a projection to be
    compared with words."""
    return infer_imagenet_subset({"num_classes": cfg.num_classes}) is not None or cfg.num_classes > 5000


def class_names(cfg: PretrainedCfg) -> tuple[str, ...]:
    """The classes in the order of the head: ImageNet's by the words of WordNet, others by number; no two alike."""
    if not names_classes(cfg):
        return ()
    return imagenet_names(cfg.num_classes) or tuple(f"class {index}" for index in range(cfg.num_classes))


def card_of(name: str, network: nn.Module, origin: Mapping[str, Any]) -> dict[str, Any]:
    """The card of a network by name: the pixels, classes and licence that timm states."""
    cfg = settings_of(name)
    full = f"{cfg.architecture}.{cfg.tag}" if cfg.tag else str(cfg.architecture)
    labels = class_names(cfg)
    return {
        "network": {"timm": cfg.architecture, "num_classes": len(labels)},
        "shape": _shape_of(network, cfg),
        "mean": list(cfg.mean),
        "std": list(cfg.std),
        "labels": list(labels),
        "origin": {"from": f"{TIMM}{full}", "timm": timm.__version__, **origin},
        "licence": cfg.license or "",
        "weights_sha256": weights_hash(network.state_dict()),
    }


def _shape_of(network: nn.Module, cfg: PretrainedCfg) -> dict[str, Any]:
    """What is to be known before the network is built, in the words of a card's network."""
    blocks = list(network.blocks)  # type: ignore[arg-type]
    embed: Any = getattr(network, "patch_embed", None) or network.embeds
    image_px = int(cfg.input_size[1])
    n_patches = getattr(embed, "num_patches", None) or (image_px // embed.patch_size[0]) ** 2
    has_cls = getattr(network, "cls_token", getattr(embed, "cls_token", None)) is not None
    return {
        "img_size": image_px,
        "patch_size": round(image_px / n_patches**0.5),
        "depth": len(blocks),
        "num_heads": _heads(blocks[0]),
        "embed_dim": int(network.embed_dim),  # type: ignore[arg-type]
        "class_token": has_cls and not any(hasattr(network, name) for name in LATE_CLS),
        "reg_tokens": int(network.num_prefix_tokens) - has_cls,  # type: ignore[arg-type]
    }


def _heads(block: nn.Module) -> int:
    """How many heads a block has, wherever its attention lies in it."""
    return next(int(part.num_heads) for part in block.modules() if isinstance(getattr(part, "num_heads", None), int))  # type: ignore[arg-type]


def table() -> dict[str, Any]:
    """What `core.catalogue` reads, of every name that runs, from networks without memory for their weights."""
    names = sorted(name for module in MODULES for name in list_models(module=module) if runs(name))
    return {"timm": timm.__version__, "networks": {name: _entry(name) for name in names}}


def _entry(name: str) -> dict[str, Any]:
    tagged = [known for known in list_pretrained(f"{name}.*") if runs(known)]
    first = settings_of(name)
    order = sorted(tagged, key=lambda known: known != f"{name}.{first.tag}")
    weights = {known.partition(".")[2]: _weights(known) for known in order}
    shape = _shape_of(_on_meta(name), settings_of(name))
    entry = {"patch_px": shape["patch_size"], "blocks": shape["depth"], "heads": shape["num_heads"]}
    return {**entry, "width": shape["embed_dim"], **({} if weights else _weights(name)), "weights": weights}


def _weights(name: str) -> dict[str, Any]:
    cfg = settings_of(name)
    n_numbers = sum(value.numel() for value in _on_meta(name).state_dict().values())
    said = {"image_px": cfg.input_size[1], "classes": len(class_names(cfg)), "numbers": n_numbers}
    return {**said, **({"repo": cfg.hf_hub_id or "", "licence": cfg.license or ""} if cfg.has_weights else {})}


def _on_meta(name: str) -> nn.Module:
    with torch.device("meta"):
        return _built(name)


if __name__ == "__main__":
    from core.locations import resource_folder
    from core.storage import write_text

    made = table()
    lines = ",\n".join(f"{json.dumps(name)}:{json.dumps(entry)}" for name, entry in made["networks"].items())
    text = f'{{"timm": {json.dumps(made["timm"])}, "networks": {{\n{lines}\n}}}}\n'
    write_text(resource_folder("timm") / "networks.json", text)
