"""ViT, DINO, MAE and DeiT as Hugging Face's transformers writes them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

import torch
from torch import Tensor

from core.families.layout import HALF, IMAGENET, Pixels, Tensors
from core.families.transformers_names import Encoder, Rules, layer


class TransformersViT(Encoder):
    """ViT and DINO, whose files look the same, and what was trained from them."""

    title = "transformers ViT"
    marker = "embeddings.patch_embeddings.projection.weight"
    positions = "embeddings.position_embeddings"
    pixels: ClassVar[Pixels] = HALF
    pixels_why = "ViT has these; DINO and MAE, whose files look the same, have ImageNet's"
    rules: ClassVar[Rules] = (
        (r"embeddings\.cls_token", "cls_token"),
        (r"embeddings\.position_embeddings", "pos_embed"),
        layer(r"embeddings\.patch_embeddings\.projection", "patch_embed.proj"),
        layer("layernorm", "norm"),
    )
    left_out = (r"pooler\.", r"embeddings\.mask_token$", r"decoder\.")
    eps = 1e-12
    n_prefix = 1

    @classmethod
    def fits(cls, names: Collection[str], outside: Collection[str]) -> bool:
        """Whether the norms of its blocks are those of ViT."""
        return any(name.endswith("layernorm_before.weight") for name in names) and not any(
            "relative_position" in name or name.endswith("lambda_1") for name in names
        )

    def network(self) -> dict[str, Any]:
        """timm's VisionTransformer."""
        sizes = self.sizes(self.fused(self.tensors))
        biased = any(name.endswith(("query.bias", "q_proj.bias")) for name in self.tensors)
        return {
            "img_size": self.grid(self.n_prefix) * sizes["patch_size"],
            **sizes,
            **({} if biased else {"qkv_bias": False}),
            "norm_eps": self.facts.eps(self.eps, self.title),
            "act_layer": self.facts.activation("gelu", self.title),
        }

    def convert(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors by timm's names; a head without a bias, which timm does not have, gets one of zeros."""
        return with_head_bias(self.fused(tensors))


class TransformersMAE(TransformersViT):
    """MAE with the decoder that it was pretrained with; the decoder is left out."""

    title = "transformers MAE"
    order = 90
    pixels: ClassVar[Pixels] = IMAGENET
    pixels_why = "MAE has ImageNet's"
    heads = ()

    @classmethod
    def fits(cls, names: Collection[str], outside: Collection[str]) -> bool:
        """Whether a decoder lies beside the encoder."""
        return super().fits(names, outside) and any("decoder." in name for name in (*names, *outside))


class TransformersDeiT(TransformersViT):
    """DeiT, whose second token and second head learned from a teacher."""

    title = "transformers DeiT"
    order = 80
    pixels: ClassVar[Pixels] = IMAGENET
    pixels_why = "DeiT has ImageNet's"
    n_prefix = 2
    rules: ClassVar[Rules] = (*TransformersViT.rules, layer("head_dist", "head_dist"))
    second_head = "distillation_classifier"

    @classmethod
    def fits(cls, names: Collection[str], outside: Collection[str]) -> bool:
        """Whether there is a token for the teacher."""
        return super().fits(names, outside) and any(name.endswith("embeddings.distillation_token") for name in names)

    def network(self) -> dict[str, Any]:
        """timm's network with two heads, whose mean is the answer; with one head the second token is a register."""
        if "head_dist.weight" in self.tensors:
            return {"class": "VisionTransformerDistilled", **super().network()}
        return {**super().network(), "reg_tokens": 1}

    def renamed(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors by timm's names."""
        token = "dist_token" if "head_dist.weight" in self.tensors else "reg_token"
        others = dict(tensors)
        second = others.pop("embeddings.distillation_token")
        return {**super().renamed(others), token: second}


def with_head_bias(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors in which a head has a bias."""
    weight = tensors.get("head.weight")
    if weight is not None and "head.bias" not in tensors:
        tensors["head.bias"] = torch.zeros(weight.shape[0], dtype=weight.dtype, device=weight.device)
    return tensors
