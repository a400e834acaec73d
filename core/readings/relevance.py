"""How much each token that a token attends to speaks for a class, in one block: a gradient, without back-propagation.

    o = attn_out of the block at query q,   z = E · LN(o) + β,   g_hk = −∂ℓ(z, c) / ∂a_hqk,   a the pattern of the block

The pattern is taken as free, so that the path is that of one block alone: values, output projection, norm, read-out.

    δ = ∂ℓ/∂z,   t = γ ⊙ Eᵀδ,   u = LN-backward(t),   g_hk = −⟨v_hk, W_hᵀ u⟩

Source: Vilas et al. 2023, relevance maps; docs/methods.md, "Relevance". The closed form is ours; one pass serves every
class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from core.errors import UserError
from core.families.model import Model
from core.readings.memories import Pass
from core.readings.watching import LINEAR, NORMS, Norm, Watched, norm_of

TOLERANCE = 1e-5
"""Of the largest logit, how far off a read-out may be."""

Loss = Literal["cross-entropy", "paper", "logit"]
"""What ℓ is: the cross-entropy of z; that of softmax(z), as the published code has it, which weighs early blocks less;
or −z_c."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassHead:
    """The read-out of one token, z = E · (γ ⊙ norm(h)) + β: `weight` E [C, D], `norm` with γ [D], `offset` β [C]."""

    weight: Tensor
    norm: Norm
    offset: Tensor

    def logits(self, h: Tensor) -> Tensor:
        """z [.., C] of h [.., D]."""
        return self.norm(h) * self.norm.weight @ self.weight.T + self.offset

    def back(self, pull: Tensor, normed: Tensor, rate: Tensor) -> Tensor:
        """The gradient at h [.., D] from that at the logits, `pull` [.., C]."""
        t = pull @ self.weight * self.norm.weight
        mean = t.mean(-1, keepdim=True) if self.norm.kind == "layer" else 0.0
        return (t - mean - normed * (t * normed).mean(-1, keepdim=True)) * rate


def class_head(model: Model) -> ClassHead:
    """The norm and the classifier that the network itself calls last, as they act where every token is the same.

    So it is the read-out of CLS, of a mean of patches, and of both side by side alike.

    Raises UserError where the network has no classes, or reads them in another way.
    """
    generator = torch.Generator().manual_seed(0)
    h = torch.randn(3, 1, model.width, generator=generator).to(model.device)
    weight: Tensor | None = None  # of the linear layer that was called last
    norm: Norm | None = None

    def meet(func: Any, given: Mapping[str, Any], call: Callable[[], Any]) -> Any:
        nonlocal weight, norm
        if func is LINEAR:
            weight = given["weight"]
        elif func in NORMS:
            norm = norm_of(func, given)
        return call()

    with torch.no_grad(), Watched(meet):
        logits = model.wiring.leave(h.expand(-1, model.wiring.n_tokens, -1).contiguous())  # [3, C]
    refused = UserError(f"{model.name} reads no classes by a norm and a linear layer.", "Open a network with classes.")
    if not model.labels or weight is None or norm is None or weight.shape[1] % model.width:
        raise refused
    head = ClassHead(weight.unflatten(1, (-1, model.width)).sum(1), norm, torch.zeros_like(logits[0]))
    offsets = logits - head.logits(h[:, 0])
    if offsets.var(0).max().sqrt() > TOLERANCE * logits.abs().max():
        raise refused
    return replace(head, offset=offsets.mean(0))


def relevance(
    seen: Pass, values: Tensor, head: ClassHead, classes: Tensor, *, query: int = 0, loss: Loss = "cross-entropy"
) -> Tensor:
    """g [B, N, H, T] of a block for N classes [N] or [B, N], above 0 where a token speaks for the class.

    `values` [H · K, D] are the value vectors of the block's attention.
    """
    v, out = seen.parts["v"], seen.parts["attn_out"][:, query]  # [B, H, T, K], [B, D]
    normed, rate = (x[:, None] for x in head.norm.scaled(out))  # [B, 1, D]
    pull = loss_gradient(head.logits(out), classes.expand(len(out), -1), loss)  # [B, N, C]
    u = head.back(pull, normed, rate) @ values.T  # [B, N, H K]
    return -torch.einsum("bhtk,bnhk->bnht", v, u.unflatten(-1, (v.shape[1], -1)))


def loss_gradient(logits: Tensor, classes: Tensor, loss: Loss) -> Tensor:
    """∂ℓ/∂z [B, N, C] for logits [B, C] and classes [B, N]."""
    right = F.one_hot(classes, logits.shape[-1]).to(logits)
    if loss == "logit":
        return -right
    p = logits.softmax(-1)[:, None]  # [B, 1, C]
    if loss == "cross-entropy":
        return p - right
    inner = p.softmax(-1) - right
    return p * (inner - (p * inner).sum(-1, keepdim=True))
