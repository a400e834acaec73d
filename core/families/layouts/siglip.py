"""SigLIP's image encoder as Hugging Face's transformers writes it: alone, beside that of text, or with a classifier."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from torch import Tensor

from core.families.layout import HALF, Tensors
from core.families.layouts.vit import with_head_bias
from core.families.transformers_names import Encoder, layer

_POOL = "attn_pool."


class TransformersSigLIP(Encoder):
    """SigLIP's image encoder, which has no CLS token: a probe collects what the patches know."""

    title = "transformers SigLIP"
    marker = "embeddings.patch_embedding.weight"
    patches = "embeddings.patch_embedding.weight"
    positions = "embeddings.position_embedding.weight"
    heads = ("classifier",)
    pixels = HALF
    pixels_why = "SigLIP has these"
    rules = (
        (r"embeddings\.position_embedding\.weight", "pos_embed"),
        layer(r"embeddings\.patch_embedding", "patch_embed.proj"),
        layer("post_layernorm", "norm"),
        (r"head\.probe", f"{_POOL}latent"),
        (r"head\.attention\.in_proj_(weight|bias)", rf"{_POOL}in.\1"),
        layer(r"head\.attention\.out_proj", f"{_POOL}proj"),
        layer(r"head\.layernorm", f"{_POOL}norm"),
        layer(r"head\.mlp\.fc1", f"{_POOL}mlp.fc1"),
        layer(r"head\.mlp\.fc2", f"{_POOL}mlp.fc2"),
    )

    @classmethod
    def fits(cls, names: Collection[str], outside: Collection[str]) -> bool:
        """Whether it is not CLIP's, which has a norm before the blocks."""
        return "pre_layrnorm.weight" not in names and "embeddings.position_embedding.weight" in names

    @property
    def probed(self) -> bool:
        """Whether the probe is read; transformers' classifier reads the mean of the patches instead."""
        return "head.probe" in self.tensors and "head.weight" not in self.tensors

    def network(self) -> dict[str, Any]:
        """timm's VisionTransformer with its attention pooling."""
        sizes = self.sizes(self.fused(self.tensors))
        return {
            "img_size": self.grid(0) * sizes["patch_size"],
            **sizes,
            "class_token": False,
            **({"global_pool": "map"} if self.probed else {"global_pool": "avg", "fc_norm": False}),
            "norm_eps": self.facts.eps(1e-6, "SigLIP"),
            "act_layer": self.facts.activation("gelu_pytorch_tanh", "SigLIP"),
        }

    def convert(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors by timm's names; its probe's q, k and v are one layer here and two in timm."""
        found = with_head_bias(self.fused(tensors))
        found["pos_embed"] = found["pos_embed"][None]
        if not self.probed:
            return {name: value for name, value in found.items() if not name.startswith(_POOL)}
        for kind in ("weight", "bias"):
            both = found.pop(f"{_POOL}in.{kind}")
            found[f"{_POOL}q.{kind}"], found[f"{_POOL}kv.{kind}"] = both[: self.width], both[self.width :]
        return found
