"""The names of tensors in the encoders of Hugging Face's transformers: those of its versions 4 and 5 in one table."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from core.families.layout import Layout, Tensors, merged, n_blocks, ratio, renamed, shape_of, side
from core.families.stored import Damaged

Rules = tuple[tuple[str, str], ...]
"""Patterns of whole names, and the names that take their place."""
BLOCK = r"(?:encoder\.|model\.)?layers?\.(\d+)\."
_OF = r"\.(weight|bias)"
_IN_BLOCKS = {
    r"(?:layernorm_before|norm1|layer_norm1)": "norm1",
    r"(?:layernorm_after|norm2|layer_norm2)": "norm2",
    r"(?:attention\.attention\.query|attention\.q_proj|self_attn\.q_proj)": "attn.q",
    r"(?:attention\.attention\.key|attention\.k_proj|self_attn\.k_proj)": "attn.k",
    r"(?:attention\.attention\.value|attention\.v_proj|self_attn\.v_proj)": "attn.v",
    r"(?:attention\.output\.dense|attention\.o_proj|self_attn\.out_proj)": "attn.proj",
    r"(?:intermediate\.dense|mlp\.fc1|mlp\.weights_in)": "mlp.fc1",
    r"(?:output\.dense|mlp\.fc2|mlp\.weights_out|mlp\.down_proj)": "mlp.fc2",
    r"mlp\.gate_proj": "mlp.gate",
    r"mlp\.up_proj": "mlp.up",
}
BLOCK_RULES = [(BLOCK + old + _OF, rf"blocks.\1.{new}.\2") for old, new in _IN_BLOCKS.items()]
HEAD_RULES = [(r"head" + _OF, r"head.\1")]


def layer(old: str, new: str) -> tuple[str, str]:
    """The rule that renames the weight and the bias of one layer."""
    return old + _OF, rf"{new}.\1"


_GATED = ("mlp.gate", "mlp.up")


class Encoder(Layout):
    """What the encoders of transformers have in common."""

    patches = "embeddings.patch_embeddings.projection.weight"
    positions = "embeddings.position_embeddings"
    rules: ClassVar[Rules] = ()
    left_out: ClassVar[tuple[str, ...]] = ()

    @property
    def width(self) -> int:
        """How wide the residual stream is."""
        return shape_of(self.tensors, self.patches, 4)[0]

    def renamed(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors by timm's names, those of q, k and v side by side."""
        rules = [*self.rules, *BLOCK_RULES, *HEAD_RULES]
        return renamed(tensors, rules, self.left_out, self.title)

    def fused(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors by timm's names, in one layer for q, k and v as timm has it, and in one for a gated MLP."""
        return merged(merged(self.renamed(tensors), ("attn.q", "attn.k", "attn.v"), "attn.qkv"), _GATED, "mlp.fc1")

    def grid(self, n_prefix: int) -> int:
        """Patches along a side, by the positions."""
        positions = self.tensors.get(self.positions)
        if positions is None:
            raise Damaged(f"it lacks “{self.positions}”")
        return side(positions.shape[-2] - n_prefix)

    def sizes(self, tensors: Tensors) -> dict[str, Any]:
        """What a card says of the sizes of the network: those of its patches, blocks and layers."""
        width, n_channels, patch_px, other_px = shape_of(self.tensors, self.patches, 4)
        if patch_px != other_px:
            raise Damaged("its patches are not square")
        hidden = shape_of(tensors, "blocks.0.mlp.fc1.weight", 2)[0]
        head = tensors.get("head.weight")
        sizes = {
            "patch_size": patch_px,
            "embed_dim": width,
            "depth": n_blocks(tensors, r"blocks\.(\d+)\."),
            "num_heads": self.facts.heads(width),
            "mlp_ratio": ratio(hidden, width),
            "num_classes": 0 if head is None else int(head.shape[0]),
        }
        return sizes if n_channels == 3 else {**sizes, "in_chans": n_channels}
