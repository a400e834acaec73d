"""Checkpoints whose tensors have timm's names, or names that timm itself converts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

import timm
from timm.models import model_entrypoint
from timm.models.vision_transformer import checkpoint_filter_fn
from torch import Tensor

from core.families.layout import Layout, Tensors, n_blocks, ratio, shape_of, side
from core.families.network import TIMM
from core.families.stored import Damaged


class TimmLayout(Layout):
    """What has timm's names. A folder that timm wrote says which network it is; otherwise shapes tell."""

    marker = "patch_embed.proj.weight"

    @classmethod
    def config_of(cls, beside: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
        """timm's configuration; that of another program is none."""
        config = beside.get("config.json", {})
        return config if "architecture" in config else {}

    @property
    def width(self) -> int:
        """How wide the residual stream is."""
        return shape_of(self.tensors, self.marker, 4)[0]

    def network(self) -> dict[str, Any]:
        """The network that is named, or one of the sizes that the tensors have."""
        name = self.facts.stated(TIMM) or self.facts.config.get("architecture")
        return self.named(str(name).partition(".")[0]) if name else self.described()

    def named(self, name: str) -> dict[str, Any]:
        """A network of timm's by its name, with what the folder says of it."""
        if not timm.is_model(name):
            raise Damaged(f"timm has no network “{name[:80]}”")
        config = self.facts.config
        pixels = config.get("pretrained_cfg")
        size = pixels.get("input_size") if isinstance(pixels, dict) else None
        head = self.tensors.get("head.weight")
        network = {
            TIMM: name,
            **({"img_size": size[-1]} if isinstance(size, list) and size else {}),
            "num_classes": 0 if head is None else int(head.shape[0]),
            **({"global_pool": config["global_pool"]} if isinstance(config.get("global_pool"), str) else {}),
        }
        return {**network, **(config.get("model_args") or {})}

    def described(self) -> dict[str, Any]:
        """What a card says of a network that nothing names.

        Raises Damaged where shapes do not tell it.
        """
        raise Damaged("its shapes do not tell which network of timm's it is")

    def convert(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors as timm's own converter names them."""
        return filtered(self.prepared(dict(tensors)), self.built, str(self.network().get(TIMM, "")))

    def prepared(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The tensors that are handed to timm's converter."""
        return tensors


def filtered(tensors: dict[str, Tensor], network: Any, name: str = "") -> dict[str, Tensor]:
    """Tensors as timm names them for a network, by the converter of the module that the network is of."""
    if not hasattr(network, "blocks"):
        raise Damaged(f"{name or type(network).__name__} has no row of blocks")
    module = sys.modules[model_entrypoint(name).__module__ if name else type(network).__module__]
    change = getattr(module, "checkpoint_filter_fn", checkpoint_filter_fn)
    if change is checkpoint_filter_fn:
        change = partial(change, adapt_layer_scale=True)
    found: dict[str, Tensor] = change(tensors, network)
    return found


def vision_transformer(layout: TimmLayout, tensors: Tensors) -> dict[str, Any]:
    """What a card says of timm's VisionTransformer, by the shapes of its tensors."""
    width, n_channels, patch_px, other_px = shape_of(tensors, "patch_embed.proj.weight", 4)
    if patch_px != other_px or n_channels != 3:
        raise Damaged(f"its patches are {other_px} × {patch_px} of {n_channels} channels")
    gated = shape_of(tensors, "blocks.0.mlp.fc1.weight", 2)[0] == 2 * shape_of(tensors, "blocks.0.mlp.fc2.weight", 2)[1]
    head = tensors.get("head.weight")
    return {
        **_positions(tensors, patch_px),
        "patch_size": patch_px,
        "embed_dim": width,
        "depth": n_blocks(tensors, r"blocks\.(\d+)\."),
        "num_heads": layout.facts.heads(width),
        "mlp_ratio": ratio(shape_of(tensors, "blocks.0.mlp.fc1.weight", 2)[0], width),
        "num_classes": 0 if head is None else int(head.shape[0]),
        **_options(tensors),
        **_read_out(layout, tensors),
        **({"mlp_layer": "swiglu_packed"} if gated else {}),
        "norm_eps": layout.facts.eps(1e-5 if "norm_pre.weight" in tensors else 1e-6, "most of timm"),
        "act_layer": "silu" if gated else layout.facts.activation("gelu", "most of timm"),
    }


def _positions(tensors: Tensors, patch_px: int) -> dict[str, Any]:
    """The image's size and the tokens before the patches, by the positions."""
    n_prefix = ("cls_token" in tensors) + ("dist_token" in tensors)
    n_registers = shape_of(tensors, "reg_token", 3)[1] if "reg_token" in tensors else 0
    found: dict[str, Any] = {} if "cls_token" in tensors else {"class_token": False}
    n_positions = shape_of(tensors, "pos_embed", 3)[1]
    try:
        edge = side(n_positions - n_prefix - n_registers)
    except Damaged:
        edge = side(n_positions)
        found["no_embed_class"] = True
    return {"img_size": edge * patch_px, **found, **({"reg_tokens": n_registers} if n_registers else {})}


def _options(tensors: Tensors) -> dict[str, Any]:
    """What blocks have or have not, by the names in the first."""
    has = {name.removeprefix("blocks.0.") for name in tensors if name.startswith("blocks.0.")}
    flags = {
        "qkv_bias": "attn.qkv.bias" in has,
        "proj_bias": "attn.proj.bias" in has,
        "qk_norm": "attn.q_norm.weight" in has,
        "scale_attn_norm": "attn.norm.weight" in has,
        "scale_mlp_norm": "mlp.norm.weight" in has,
        "pre_norm": "norm_pre.weight" in tensors,
    }
    scaled = {"init_values": 1e-5} if {"ls1.gamma", "gamma_1"} & has else {}
    usual = {"qkv_bias": True, "proj_bias": True}
    return {**{name: value for name, value in flags.items() if value != usual.get(name, False)}, **scaled}


def _read_out(layout: TimmLayout, tensors: Tensors) -> dict[str, Any]:
    """How the tokens become an answer."""
    if "head_dist.weight" in tensors:
        return {"class": "VisionTransformerDistilled"}
    if "attn_pool.latent" in tensors:
        return {"global_pool": "map"}
    if "fc_norm.weight" in tensors:
        return {"global_pool": "avg"}
    if "cls_token" not in tensors:
        return {"global_pool": "avg", "fc_norm": False}
    if "head.weight" not in tensors:
        return {}
    why = "it has a CLS token, and a norm before the pooling"
    pool = str(layout.facts.value("global_pool", "token", why, ("token", "avg"), key="global_pool"))
    return {} if pool == "token" else {"global_pool": pool, "fc_norm": False}
