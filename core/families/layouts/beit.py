"""BEiT as Hugging Face's transformers writes it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from torch import Tensor

from core.families.layout import HALF, Tensors, merged, side
from core.families.layouts.vit import with_head_bias
from core.families.stored import Damaged
from core.families.transformers_names import BLOCK, Encoder, layer

_TABLE = r"relative_position_bias\.relative_position_bias_table"
N_OF_CLS = 3
"""Entries in a table of relative positions that are not those of two patches: CLS to a patch, back, and to itself."""


class TransformersBEiT(Encoder):
    """BEiT, whose attention is biased by how far apart patches are."""

    title = "transformers BEiT"
    marker = "embeddings.patch_embeddings.projection.weight"
    order = 70
    pixels = HALF
    pixels_why = "BEiT has these"
    norm_behind = "layernorm"
    rules = (
        (r"embeddings\.cls_token", "cls_token"),
        (r"embeddings\.position_embeddings", "pos_embed"),
        (BLOCK + r"lambda_([12])", r"blocks.\1.gamma_\2"),
        (BLOCK + r"(?:attention\.attention\.)?" + _TABLE, r"blocks.\1.attn.relative_position_bias_table"),
        (r"encoder\." + _TABLE, "rel_pos_bias.relative_position_bias_table"),
        (r"shared_position_bias\.relative_position_bias_table", "rel_pos_bias.relative_position_bias_table"),
        layer(r"embeddings\.patch_embeddings\.projection", "patch_embed.proj"),
        layer(r"pooler\.layernorm", "fc_norm"),
        layer("layernorm", "norm"),
    )
    left_out = (r"embeddings\.mask_token$",)

    @classmethod
    def fits(cls, names: Collection[str], outside: Collection[str]) -> bool:
        """Whether what its blocks add is scaled as in BEiT, or its attention is biased."""
        return any(name.endswith(("lambda_1", "relative_position_bias_table")) for name in names)

    def fused(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors by timm's names; timm has biases of q and v apart, and none of k."""
        found = self.renamed(tensors)
        if any(name.endswith("attn.k.bias") for name in found):
            raise Damaged("its keys have a bias, which BEiT has not")
        biases = {name: found.pop(name) for name in list(found) if name.endswith(("attn.q.bias", "attn.v.bias"))}
        found |= {name.replace(".q.", ".q_").replace(".v.", ".v_"): value for name, value in biases.items()}
        return merged(found, ("attn.q", "attn.k", "attn.v"), "attn.qkv")

    def network(self) -> dict[str, Any]:
        """timm's Beit."""
        found = self.fused(self.tensors)
        sizes = self.sizes(found)
        own, shared = "blocks.0.attn.relative_position_bias_table", "rel_pos_bias.relative_position_bias_table"
        pooled = "fc_norm.weight" in found
        if self.facts.config.get("hidden_act", "gelu") != "gelu":
            raise Damaged(f"its activation is “{self.facts.config['hidden_act']}”, which BEiT in timm has not")
        return {
            "class": "Beit",
            **sizes,
            "img_size": self._patches(found.get(own, found.get(shared))) * sizes["patch_size"],
            "use_abs_pos_emb": "pos_embed" in found,
            "use_rel_pos_bias": own in found,
            "use_shared_rel_pos_bias": shared in found,
            "init_values": 0.1 if "blocks.0.gamma_1" in found else None,
            "qkv_bias": "blocks.0.attn.q_bias" in found,
            "global_pool": "avg" if pooled else "token",
            "use_fc_norm": pooled,
            "norm_eps": self.facts.eps(1e-12, self.title),
        }

    def _patches(self, table: Tensor | None) -> int:
        """Patches along a side, by the positions or the table of relative ones."""
        if self.positions in self.tensors:
            return self.grid(1)
        if table is None:
            raise Damaged("it has no positions")
        return (side(table.shape[0] - N_OF_CLS) + 1) // 2

    def convert(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors by timm's names."""
        found = with_head_bias(self.fused(tensors))
        if "fc_norm.weight" in found:
            found = {name: value for name, value in found.items() if name not in ("norm.weight", "norm.bias")}
        return found
