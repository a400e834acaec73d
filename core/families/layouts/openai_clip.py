"""CLIP's image encoder as OpenAI and open_clip write it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from timm.models.vision_transformer import checkpoint_filter_fn
from torch import Tensor

from core.cards import is_whole
from core.families.layout import CLIP, Layout, Tensors, n_blocks, ratio, shape_of, side
from core.families.layouts.vit import with_head_bias
from core.families.stored import Damaged

HEAD_WIDTH = 64


class OriginalCLIP(Layout):
    """CLIP's image encoder, also in the archives of TorchScript in which OpenAI published it."""

    title = "CLIP"
    marker = "conv1.weight"
    pixels = CLIP
    pixels_why = "CLIP has these"

    @classmethod
    def fits(cls, names: Collection[str], outside: Collection[str]) -> bool:
        """Whether it is a transformer: CLIP's other encoders are convolutions."""
        return "class_embedding" in names

    @classmethod
    def config_of(cls, beside: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
        """What open_clip says of the image encoder, under the names that transformers has for it."""
        said = beside.get("open_clip_config.json", {}).get("model_cfg")
        model = said if isinstance(said, dict) else {}
        vision = model.get("vision_cfg")
        width, head = (
            (vision.get("width"), vision.get("head_width", HEAD_WIDTH)) if isinstance(vision, dict) else (0, 0)
        )
        if not (is_whole(width) and is_whole(head) and width and head):
            return {}
        return {
            "hidden_size": width,
            "num_attention_heads": width // head,
            "hidden_act": "quick_gelu" if model.get("quick_gelu") else "gelu",
            "layer_norm_eps": 1e-5,
        }

    @property
    def width(self) -> int:
        """How wide the residual stream is."""
        return shape_of(self.tensors, "conv1.weight", 4)[0]

    @property
    def from_openai(self) -> bool:
        """Whether it is one of OpenAI's own files, which say how large the image is and how long the text."""
        return self.found.scripted or any(name.endswith("input_resolution") for name in self.found.outside)

    def network(self) -> dict[str, Any]:
        """timm's VisionTransformer with a norm before the blocks, and so with a patch embedding without a bias."""
        tensors = self.tensors
        width, _, patch_px, other_px = shape_of(tensors, "conv1.weight", 4)
        if patch_px != other_px:
            raise Damaged("its patches are not square")
        n_rows = shape_of(tensors, "proj", 2)[1] if "proj" in tensors else 0
        keeps = n_rows and self.facts.keeps_projection(n_rows)
        guess, whose = ("quick_gelu", "OpenAI's CLIP") if self.from_openai else ("gelu", "open_clip's own training")
        scaled = any(name.endswith("ls_1.gamma") for name in tensors)
        return {
            "img_size": side(shape_of(tensors, "positional_embedding", 2)[0] - 1) * patch_px,
            "patch_size": patch_px,
            "embed_dim": width,
            "depth": n_blocks(tensors, r"transformer\.resblocks\.(\d+)\."),
            "num_heads": self.facts.heads(width),
            "mlp_ratio": ratio(shape_of(tensors, "transformer.resblocks.0.mlp.c_fc.weight", 2)[0], width),
            "num_classes": n_rows if keeps else 0,
            "pre_norm": "ln_pre.weight" in tensors,
            **({"init_values": 1e-5} if scaled else {}),
            "norm_eps": self.facts.eps(1e-5, "CLIP"),
            "act_layer": self.facts.activation(guess, whose),
        }

    def convert(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors as timm's own converter names them."""
        kept = {name: value for name, value in tensors.items() if name != "proj" or self.built.num_classes}
        found = checkpoint_filter_fn({f"visual.{name}": v for name, v in kept.items()}, self.built)
        return with_head_bias({name.replace(".ls_", ".ls"): value for name, value in found.items()})
