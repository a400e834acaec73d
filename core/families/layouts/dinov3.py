"""DINOv3 as Hugging Face's transformers writes it, and as its authors do."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from timm.models.eva import checkpoint_filter_fn
from torch import Tensor

from core.families.layout import Facts, Tensors, merged, n_blocks, ratio, shape_of
from core.families.layouts.vit import with_head_bias
from core.families.stored import Damaged
from core.families.timm_names import TimmLayout
from core.families.transformers_names import Encoder, layer

IMAGE_PX = 224
SHARED = {
    "class": "Eva",
    "global_pool": "token",
    "use_fc_norm": False,
    "init_values": 1e-5,
    "use_abs_pos_emb": False,
    "use_rot_pos_emb": True,
    "rope_type": "dinov3",
    "rope_rotate_half": True,
}
"""What timm's Eva is told to be DINOv3."""


def image_px(facts: Facts, patch_px: int) -> int:
    """The side of the image, which may be any: positions are worked out, not learned."""
    nearest = IMAGE_PX // patch_px * patch_px or patch_px
    why = "positions are worked out for any number of patches"
    return int(facts.value("img_size", nearest, why, (nearest, 2 * nearest), key="image_size"))


def temperature(facts: Facts) -> float:
    """How far apart the slowest and the fastest of the rotary positions are."""
    return float(facts.value("rope_temperature", 100.0, "DINOv3 has 100, and weights do not say it", key="rope_theta"))


class TransformersDINOv3(Encoder):
    """DINOv3, and what was trained from it."""

    title = "transformers DINOv3"
    marker = "embeddings.patch_embeddings.weight"
    patches = "embeddings.patch_embeddings.weight"
    pixels_why = "DINOv3 has ImageNet's"
    rules = (
        (r"embeddings\.cls_token", "cls_token"),
        (r"embeddings\.register_tokens", "reg_token"),
        (r"(?:model\.)?layer\.(\d+)\.layer_scale([12])\.lambda1", r"blocks.\1.gamma_\2"),
        layer(r"embeddings\.patch_embeddings", "patch_embed.proj"),
        layer("norm", "norm"),
    )
    left_out = (r"embeddings\.mask_token$", r"rope_embeddings\.")

    @classmethod
    def fits(cls, names: Collection[str], outside: Collection[str]) -> bool:
        """Whether it has registers and no learned positions."""
        return "embeddings.register_tokens" in names and "embeddings.position_embeddings" not in names

    @property
    def gated(self) -> bool:
        """Whether its MLPs are gated."""
        return any(".mlp.gate_proj." in name for name in self.tensors)

    def fused(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors by timm's names; timm has biases of q and v apart, and none of k."""
        found = {name: value for name, value in self.renamed(tensors).items() if value.numel()}
        if any(name.endswith("attn.k.bias") for name in found):
            raise Damaged("its keys have a bias, which DINOv3 in timm has not")
        biases = {name: found.pop(name) for name in list(found) if name.endswith(("attn.q.bias", "attn.v.bias"))}
        found |= {name.replace(".q.", ".q_").replace(".v.", ".v_"): value for name, value in biases.items()}
        found = merged(found, ("attn.q", "attn.k", "attn.v"), "attn.qkv")
        if self.gated:
            return merged(found, ("mlp.gate", "mlp.up"), "mlp.fc1")
        return {name.replace(".mlp.up.", ".mlp.fc1."): value for name, value in found.items()}

    def network(self) -> dict[str, Any]:
        """timm's Eva."""
        found = self.fused(self.tensors)
        sizes = self.sizes(found)
        hidden = shape_of(found, "blocks.0.mlp.fc2.weight", 2)[1]
        wanted = "silu" if self.gated else "gelu"
        if self.facts.config.get("hidden_act", wanted) != wanted:
            raise Damaged(f"its activation is “{self.facts.config['hidden_act']}”, which DINOv3 in timm has not")
        return {
            **SHARED,
            **sizes,
            "img_size": image_px(self.facts, sizes["patch_size"]),
            "mlp_ratio": ratio(hidden, sizes["embed_dim"]),
            "swiglu_mlp": self.gated,
            "qkv_bias": "blocks.0.attn.q_bias" in found,
            "num_reg_tokens": int(found["reg_token"].shape[1]) if "reg_token" in found else 0,
            "rope_temperature": temperature(self.facts),
            "norm_eps": self.facts.eps(1e-5, "DINOv3"),
        }

    def convert(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors by timm's names."""
        return with_head_bias(self.fused(tensors))


class OriginalDINOv3(TimmLayout):
    """DINOv3 from its authors, whose registers are called storage."""

    title = "DINOv3"
    order = 60
    pixels_why = "DINOv3 has ImageNet's"

    @classmethod
    def fits(cls, names: Collection[str], outside: Collection[str]) -> bool:
        """Whether there are tokens for storage."""
        return "storage_tokens" in names

    def described(self) -> dict[str, Any]:
        """timm's Eva."""
        width, _, patch_px, _ = shape_of(self.tensors, "patch_embed.proj.weight", 4)
        gated = "blocks.0.mlp.w3.weight" in self.tensors
        hidden = shape_of(self.tensors, f"blocks.0.mlp.{'w3' if gated else 'fc2'}.weight", 2)[1]
        head = self.tensors.get("head.weight")
        return {
            **SHARED,
            "img_size": image_px(self.facts, patch_px),
            "patch_size": patch_px,
            "embed_dim": width,
            "depth": n_blocks(self.tensors, r"blocks\.(\d+)\."),
            "num_heads": self.facts.heads(width),
            "mlp_ratio": ratio(hidden, width),
            "swiglu_mlp": gated,
            **({"swiglu_align_to": 1} if gated else {}),
            "qkv_bias": "blocks.0.attn.qkv.bias" in self.tensors,
            "num_reg_tokens": shape_of(self.tensors, "storage_tokens", 3)[1],
            "num_classes": 0 if head is None else int(head.shape[0]),
            "rope_temperature": temperature(self.facts),
            "norm_eps": self.facts.eps(1e-5, "DINOv3"),
        }

    def convert(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors as timm's own converter names them."""
        return with_head_bias(checkpoint_filter_fn(dict(tensors), self.built))
