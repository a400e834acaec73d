"""CLIP's image encoder as Hugging Face's transformers writes it: alone, with its projection, or beside that of text."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from core.families.layout import CLIP, Tensors
from core.families.layouts.vit import with_head_bias
from core.families.transformers_names import Encoder, layer


class TransformersCLIP(Encoder):
    """CLIP's image encoder, and what was trained from it."""

    title = "transformers CLIP"
    marker = "pre_layrnorm.weight"
    patches = "embeddings.patch_embedding.weight"
    positions = "embeddings.position_embedding.weight"
    heads = ("classifier", "visual_projection", "head", "fc")
    pixels = CLIP
    pixels_why = "CLIP has these"
    rules = (
        (r"embeddings\.class_embedding", "cls_token"),
        (r"embeddings\.position_embedding\.weight", "pos_embed"),
        (r"embeddings\.patch_embedding\.weight", "patch_embed.proj.weight"),
        layer("pre_layrnorm", "norm_pre"),
        layer("post_layernorm", "norm"),
    )

    def network(self) -> dict[str, Any]:
        """timm's VisionTransformer with a norm before the blocks, and so with a patch embedding without a bias.

        transformers' classifier for CLIP reads the mean of the patches, and that before the last norm, where its
        projection reads CLS after it.
        """
        sizes = self.sizes(self.fused(self.tensors))
        if self.projects and not self.facts.keeps_projection(sizes["num_classes"]):
            sizes["num_classes"] = 0
        return {
            "img_size": self.grid(1) * sizes["patch_size"],
            **sizes,
            "pre_norm": True,
            **({"global_pool": "avg", "final_norm": False} if self.reads_mean else {}),
            "norm_eps": self.facts.eps(1e-5, "CLIP"),
            "act_layer": self.facts.activation("quick_gelu", "OpenAI's CLIP"),
        }

    @property
    def projects(self) -> bool:
        """Whether it has CLIP's projection, or what was put in its place."""
        return self.found.head_name.endswith("visual_projection")

    @property
    def reads_mean(self) -> bool:
        """Whether it is transformers' classifier."""
        return self.found.head_name.endswith("classifier")

    def convert(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors by timm's names."""
        found = with_head_bias(self.fused(tensors))
        if self.projects and not self.facts.keeps_projection(len(found["head.weight"])):
            del found["head.weight"], found["head.bias"]
        if self.reads_mean:
            del found["norm.weight"], found["norm.bias"]
        found["cls_token"] = found["cls_token"].reshape(1, 1, -1)
        found["pos_embed"] = found["pos_embed"][None]
        return found
