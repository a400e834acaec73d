"""DINOv2 as Hugging Face's transformers writes it: with registers or without, with a gated MLP, with a classifier."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor

from core.families.layout import Facts, Tensors
from core.families.layouts.vit import with_head_bias
from core.families.positions import resized
from core.families.transformers_names import Encoder, layer

STUDY_IMAGE_PX = 224


class TransformersDINOv2(Encoder):
    """DINOv2, and what was trained from it."""

    title = "transformers DINOv2"
    marker = "embeddings.patch_embeddings.projection.weight"
    order = 70
    pixels_why = "DINOv2 has ImageNet's"
    rules = (
        (r"embeddings\.cls_token", "cls_token"),
        (r"embeddings\.register_tokens", "reg_token"),
        (r"embeddings\.position_embeddings", "pos_embed"),
        (r"(?:encoder\.)?layer\.(\d+)\.layer_scale([12])\.lambda1", r"blocks.\1.ls\2.gamma"),
        layer(r"embeddings\.patch_embeddings\.projection", "patch_embed.proj"),
        layer("layernorm", "norm"),
    )
    left_out = (r"embeddings\.mask_token$",)

    @classmethod
    def fits(cls, names: Collection[str], outside: Collection[str]) -> bool:
        """Whether what its blocks add is scaled."""
        return any(name.endswith("layer_scale1.lambda1") for name in names)

    @property
    def gated(self) -> bool:
        """Whether its MLPs are gated."""
        return any(".mlp.weights_in." in name or ".mlp.gate_proj." in name for name in self.tensors)

    def network(self) -> dict[str, Any]:
        """timm's VisionTransformer, or that with transformers' own read-out."""
        facts, found = self.facts, self.fused(self.tensors)
        sizes = self.sizes(found)
        head = found.get("head.weight")
        both = head is not None and head.shape[1] == 2 * sizes["embed_dim"]
        activation = "silu" if self.gated else facts.activation("gelu", self.title)
        n_registers = found["reg_token"].shape[1] if "reg_token" in found else 0
        return {
            **({"class": "ClassAndMean"} if both else {}),
            "img_size": image_px(facts, self.grid(1), sizes["patch_size"], sizes["num_classes"] == 2),
            **sizes,
            "init_values": 1e-5,
            **({"reg_tokens": n_registers, "no_embed_class": True} if n_registers else {}),
            **({"mlp_layer": "swiglu_packed"} if self.gated else {}),
            "norm_eps": facts.eps(1e-6, "DINOv2"),
            "act_layer": activation,
        }

    def convert(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors by timm's names.

        timm adds no position to CLS where there are registers: the position of CLS is added to CLS itself.
        """
        found = with_head_bias(self.fused(tensors))
        patch_px = found["patch_embed.proj.weight"].shape[-1]
        positions = resized_positions(found["pos_embed"], patch_px, self.facts)
        if "reg_token" not in found:
            return {**found, "pos_embed": positions}
        return {**found, "cls_token": found["cls_token"] + positions[:, :1], "pos_embed": positions[:, 1:]}


def image_px(facts: Facts, grid: int, patch_px: int, from_study: bool = False) -> int:
    """The side of the image. Positions for 518 pixels may be made smaller, as was done for the published study."""
    native = grid * patch_px
    if native <= STUDY_IMAGE_PX or STUDY_IMAGE_PX % patch_px:
        return native
    guess = STUDY_IMAGE_PX if from_study else native
    why = f"its positions are a grid of {grid} × {grid} patches"
    if from_study:
        why = f"the published study ran its models at {guess} pixels; {why}"
    image = int(facts.value("img_size", guess, why, (native, STUDY_IMAGE_PX)))
    if image != native:
        why = "resized as the original does; transformers since 4.46 resizes to a size instead, which differs"
        facts.value("position_rule", "original", why, ("original", "size"))
    return image


def resized_positions(positions: Tensor, patch_px: int, facts: Facts) -> Tensor:
    """Positions of CLS and of the patches, for the image size that was chosen; [1, 1 + P, D] before and after."""
    chosen = facts.assumptions.get("img_size")
    edge = int(chosen.value) // patch_px if chosen is not None else 0
    if chosen is None or edge * edge == positions.shape[1] - 1:
        return positions
    rule = str(facts.assumptions["position_rule"].value)
    return torch.cat([positions[:, :1], resized(positions[:, 1:], edge, rule)], dim=1)
