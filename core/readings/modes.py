"""Query-key modes: the singular triplets of every head's query-key matrix, and what they say of a stream.

Source: Pan et al. 2024; docs/methods.md, "Query-key modes".
What we changed: scores are taken apart exactly, norm, bias and positions included (`exact`); the paper's way, on the
raw stream, is there as `paper`. Importing this loads no torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from core.families.model import Model
    from core.readings.query_key import QueryKey
    from core.readings.watching import Norm

Convention = Literal["exact", "paper"]
"""exact: of the normalised stream, as the network scores it. paper: of the raw stream, without norm, bias and scale."""

BIAS = -1
"""The index of the query bias among modes: what makes a key popular whoever asks."""
CHANCE_Z = 1.96


def chance_band(width: int) -> float:
    """Within ± this lie 95 % of the cosines of two random directions of so many dimensions."""
    return CHANCE_Z / math.sqrt(width)


@dataclass(frozen=True, slots=True, eq=False)
class BlockModes:
    """The modes of all heads of a block, by descending σ: σ [H, N], u and v [H, N, D].

        score_ij = scale · [Σ_n σ_n (x_i·u_n)(v_n·x_j) + b·x_j] + positions_ij + what no key changes

    `bias` is b [H, D]. `made` says how queries and keys are made. `wq` and `wk` [H, K, D], `cq` [H, K] are those of
    x: q = wq x + cq.
    """

    sigma: Tensor
    u: Tensor
    v: Tensor
    bias: Tensor
    wq: Tensor
    wk: Tensor
    cq: Tensor
    norm: Norm
    scale: float
    made: QueryKey

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        held = (self.sigma, self.u, self.v, self.bias, self.wq, self.wk, self.cq)
        return sum(x.nbytes for x in held)

    @property
    def cosines(self) -> Tensor:
        """Between the query and the key side of every mode, [H, N]."""
        return (self.u * self.v).sum(-1)

    @property
    def weighted_cosines(self) -> Tensor:
        """Of every head, the mean over modes weighted by σ, [H]."""
        return (self.sigma * self.cosines).sum(-1) / self.sigma.sum(-1)

    @property
    def chance(self) -> Tensor:
        """Half the width of the 95 % band of `weighted_cosines` [H] if both sides were random."""
        return chance_band(self.u.shape[-1]) * self.sigma.square().sum(-1).sqrt() / self.sigma.sum(-1)

    def sides(self, stream: Tensor) -> tuple[Tensor, Tensor]:
        """How much the tokens of the stream [T, D] that enters the block have of each query and each key side,
        [H, N, T] both."""
        x = self.norm(stream)
        return self.u @ x.T, self.v @ x.T

    def popularity(self, stream: Tensor) -> Tensor:
        """b·x_j [H, T]: what the query bias adds to the score of every token as a key."""
        return self.bias @ self.norm(stream).T


def block_modes(model: Model, block: int, convention: Convention = "exact") -> BlockModes:
    """The modes of a block.

    Raises UserError where it has none in this convention.
    """
    from core.readings.query_key import query_key
    from core.readings.watching import no_norm

    made = query_key(model, block)
    if convention == "paper":
        raw = no_norm(made.wq)
        return _modes(made, raw, made.wq, made.wk, made.bq.new_zeros(made.bq.shape))
    kind = type(model.blocks[block]).__name__
    if made.is_normed:
        raise UserError(
            f"A {kind} normalises its queries and keys, token by token: its scores are no sum of modes.",
            "Choose the paper's convention, which looks at the projections alone.",
        )
    if made.norm is None:
        raise UserError(
            f"A {kind} makes queries and keys of something else than the normalised stream.",
            "Choose the paper's convention, which looks at the projections alone.",
        )
    wq, wk = (w * made.norm.weight for w in (made.factor * made.wq, made.wk))  # [H, K, D]
    cq = made.factor * (made.wq @ made.norm.bias + made.bq)  # [H, K]
    if made.norm.kind == "layer":  # x̂ has no mean, so nothing along it counts
        wq, wk = (w - w.mean(-1, keepdim=True) for w in (wq, wk))
    return _modes(made, made.norm, wq, wk, cq)


def _modes(made: QueryKey, norm: Norm, wq: Tensor, wk: Tensor, cq: Tensor) -> BlockModes:
    bias = (cq[:, None] @ wk)[:, 0]  # [H, D]
    return BlockModes(*singular_modes(wq, wk), bias, wq, wk, cq, norm, made.scale, made)


def singular_modes(wq: Tensor, wk: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """σ [..., N], u and v [..., N, D] of wqᵀ wk for weights [..., K, D], without forming it: N = min(K, D).

    wqᵀ = Q₁R₁,  wkᵀ = Q₂R₂,  R₁R₂ᵀ = a Σ bᵀ,  u = Q₁a,  v = Q₂b
    """
    import torch

    device = wq.device
    wq, wk = (w.detach().to("cpu", torch.float32) for w in (wq, wk))  # not every device has these
    q1, r1 = torch.linalg.qr(wq.mT)  # [..., D, N], [..., N, K]
    q2, r2 = torch.linalg.qr(wk.mT)
    a, sigma, b = torch.linalg.svd(r1 @ r2.mT)
    return sigma.to(device), (q1 @ a).mT.to(device), (q2 @ b.mT).mT.to(device)


def shares(modes: BlockModes, head: int, stream: Tensor, n_prefix: int) -> tuple[Tensor, Tensor]:
    """The part of each mode in a head's scores over all patches as keys: of all patches [N + 2], and of every token
    as the query [N + 2, T]. The last two are those of the query bias and of positions; all add up to 1.

        c_n = ⟨S'_n, S'⟩ / ⟨S', S'⟩,   S' = Σ S'_n,   ' takes the mean of each row off, as the softmax does

    They may be negative. `stream` [T, D] enters the block. Source: ours; the paper does not say how it ranks.

    Raises UserError where all scores are the same.
    """
    import torch

    query, key = (side[head] for side in modes.sides(stream))  # [N, T]
    a, b = modes.sigma[head, :, None] * query, _centred(key[:, n_prefix:])  # [N, T], [N, P]
    popular = _centred(modes.popularity(stream)[head, n_prefix:])  # [P]
    positions = popular.new_zeros(len(stream), len(popular))
    if modes.made.positions is not None and modes.norm is modes.made.norm:
        positions = _centred(modes.made.positions[head, :, n_prefix:]) / modes.scale
    scores = a.T @ b + popular + positions  # [T, P]
    parts = torch.cat([a * (b @ scores.T), (scores @ popular)[None], (positions * scores).sum(-1)[None]])
    whole = scores.square().sum(-1)  # [T]
    of_patches = whole[n_prefix:].sum()
    if not of_patches > 0:
        raise UserError("All scores of this head are the same.", "Choose another head, or another picture.")
    return parts[:, n_prefix:].sum(-1) / of_patches, parts / whole.clamp_min(torch.finfo(whole.dtype).tiny)


def _centred(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


def peaks(modes: BlockModes, head: int, stream: Tensor, n_prefix: int) -> tuple[Tensor, Tensor]:
    """σ_n · max_i (s x_i·u_n)₊ · max_j (s x_j·v_n)₊ over patches, of the better sign s [N], and with every token as
    the one that asks [N, T]."""
    query, key = (side[head] for side in modes.sides(stream))  # [N, T]
    key, sigma = key[:, n_prefix:], modes.sigma[head]
    of_tokens = best_of_signs(query[:, :, None], key[:, None])  # [2, N, T]
    whole: Tensor = sigma * best_of_signs(query[:, n_prefix:], key).amax(0)
    return whole, sigma[:, None] * of_tokens.amax(0)


def best_of_signs(query: Tensor, key: Tensor) -> Tensor:
    """max_i (s q_i)₊ · max_j (s k_j)₊ for s = 1 and s = −1, [2, ...], of sides [..., T].

    Each maximum counts from 0: two that are negative would make a positive product.
    """
    import torch

    return torch.stack([(s * query).amax(-1).clamp_min(0) * (s * key).amax(-1).clamp_min(0) for s in (1, -1)])
