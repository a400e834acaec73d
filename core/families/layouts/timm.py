"""timm's own checkpoints, and those of DINO, MAE, DINOv2 and others that have the same names or nearly."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from torch import Tensor

from core.families.layout import HALF, IMAGENET, Pixels, shape_of, side
from core.families.layouts.dinov2 import image_px, resized_positions
from core.families.layouts.vit import with_head_bias
from core.families.stored import Damaged
from core.families.timm_names import TimmLayout, vision_transformer

_CHUNKED = re.compile(r"blocks\.\d+\.(\d+)\.")
_OF_PROJECTION = "head.proj"


class Timm(TimmLayout):
    """timm's VisionTransformer, and whatever else of timm's is named beside it."""

    title = "timm"
    order = 200

    def pixel_guess(self) -> tuple[Pixels, str]:
        """What most networks with such a head have."""
        if "head.weight" in self.tensors:
            return HALF, "most classifiers of timm have these; DINO, MAE and DeiT have ImageNet's"
        return IMAGENET, "DINO, MAE and DeiT have these"

    def described(self) -> dict[str, Any]:
        """timm's VisionTransformer, by the shapes of its tensors."""
        odd = next((name for name in ("q_bias", "relative_position_bias_table", "norm1_mlp") if self._has(name)), "")
        if odd or "pos_embed" not in self.tensors:
            raise Damaged(
                f"it has {odd or 'no positions'}, and so is another of timm's networks; state its name as timm"
            )
        network = vision_transformer(self, self.tensors)
        if self.projects and not self.facts.keeps_projection(network["num_classes"]):
            network["num_classes"] = 0
        return network

    @property
    def projects(self) -> bool:
        """Whether it is the image encoder of open_clip with a projection behind it."""
        return self.found.head_name.endswith(_OF_PROJECTION)

    def _has(self, name: str) -> bool:
        return any(name in known for known in self.tensors)

    def prepared(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The tensors, without what was only for pretraining."""
        if self.projects and not self.built.num_classes:
            tensors = {name: value for name, value in tensors.items() if not name.startswith("head.")}
        return with_head_bias({name: v for name, v in tensors.items() if name not in ("mask_token", "norm.mask_token")})


class OriginalMAE(TimmLayout):
    """MAE from its authors with the decoder that it was pretrained with; the decoder is left out."""

    title = "MAE with decoder"
    order = 60
    pixels_why = "MAE has ImageNet's"
    heads = ()

    @classmethod
    def fits(cls, names: Collection[str], outside: Collection[str]) -> bool:
        """Whether the decoder is there."""
        return "decoder_embed.weight" in names

    def described(self) -> dict[str, Any]:
        """timm's VisionTransformer."""
        return vision_transformer(self, self.prepared(dict(self.tensors)))

    def prepared(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The encoder alone: with the token for masked patches timm would take it for DINOv2."""
        return {name: v for name, v in tensors.items() if not name.startswith("decoder_") and name != "mask_token"}


class OriginalDINOv2(TimmLayout):
    """DINOv2 from its authors: with registers or without, with a gated MLP, its blocks in chunks or not."""

    title = "DINOv2"
    order = 60
    pixels_why = "DINOv2 has ImageNet's"

    @classmethod
    def fits(cls, names: Collection[str], outside: Collection[str]) -> bool:
        """Whether there is a token for masked patches and what blocks add is scaled."""
        return {"mask_token", "pos_embed"} <= set(names) and any(name.endswith(".ls1.gamma") for name in names)

    def described(self) -> dict[str, Any]:
        """timm's VisionTransformer."""
        found = self._renamed(dict(self.tensors))
        found["pos_embed"] = found["pos_embed"][:, 1:] if "reg_token" in found else found["pos_embed"]
        network = vision_transformer(self, found)
        grid = side(shape_of(self.tensors, "pos_embed", 3)[1] - 1)
        return {**network, "img_size": image_px(self.facts, grid, network["patch_size"])}

    def _renamed(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        swaps = (("mlp.w12.", "mlp.fc1."), ("mlp.w3.", "mlp.fc2."), ("register_tokens", "reg_token"))
        found = {}
        for name, value in self.prepared(tensors).items():
            for old, new in swaps:
                name = name.replace(old, new)
            found[name] = value
        return found

    def prepared(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The tensors with the blocks in one row, and with positions for the image size that was chosen."""
        found = {_CHUNKED.sub(r"blocks.\1.", name): value for name, value in tensors.items()}
        patch_px = int(found["patch_embed.proj.weight"].shape[-1])
        return {**found, "pos_embed": resized_positions(found["pos_embed"], patch_px, self.facts)}
