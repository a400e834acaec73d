"""Networks whose blocks are timm's and whose read-out is not."""

from __future__ import annotations

from typing import Any

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn


class ClassAndMean(VisionTransformer):
    """A head on CLS and the mean of the patches side by side, as transformers puts one behind DINOv2."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if self.num_classes:
            self.head = nn.Linear(2 * self.embed_dim, self.num_classes)
        self.global_pool = "token_and_mean"  # type: ignore[assignment]  # so that nobody takes CLS for all that is read

    def pool(self, x: Tensor, pool_type: str | None = None) -> Tensor:
        """CLS, then the mean of the patches; [B, T, D] → [B, 2D]."""
        return torch.cat([x[:, 0], x[:, self.num_prefix_tokens :].mean(1)], dim=1)
