"""Give both items of a pair values that no image gave: added, interpolated, sampled or random vectors.

Source: Lepori et al. 2024, novel representations; docs/methods.md, "Novel representations".
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from core.assets.subspace import Subspace
from core.document import (
    Document,
    Intervention,
    Near,
    Side,
    add_intervention,
    by_hand,
)
from core.interventions.context import Context, as_index
from core.interventions.controls import Control, InSubspace, of_item, without_one
from core.stimuli.stimulus import Property, Stimulus
from core.stimuli.tokens import write_coordinates

if TYPE_CHECKING:
    from torch import Generator, Tensor

Method = Literal["added", "interpolated", "sampled", "random"]
METHODS: tuple[Method, ...] = ("added", "interpolated", "sampled", "random")

DRAWS_PER_CLASS = 64


@dataclass(frozen=True, slots=True)
class Pool:
    """Coordinates [M, n, S] of M seen vectors for the n tokens of an item, and their mean and spread [S] over all.

    They are Bᵀx as they are, with no mean taken off: adding two of them doubles what all have in common.
    """

    vectors: Tensor
    mean: Tensor
    std: Tensor


def pool_of(vectors: Tensor) -> Pool:
    """The pool of these coordinates [M, n, S]."""
    flat = vectors.flatten(0, 1)
    return Pool(vectors, flat.mean(0), flat.std(0))


def novel_vectors(method: Method, pool: Pool, n: int, generator: Generator) -> Tensor:
    """`n` draws of two vectors for the tokens of an item, [n, 2, tokens, S].

    added: e_i + e_j;  interpolated: (e_i + e_j) / 2, e from the pool, one i and j for all tokens;
    sampled: each dimension from the pool's normal;  random: each from the standard normal, all tokens alike.
    """
    import torch  # the window knows edits, and loads no torch

    n_pool, n_tokens, size = pool.vectors.shape
    if method in ("added", "interpolated"):
        drawn = torch.randint(n_pool, (2, n, 2), generator=generator).to(pool.vectors.device)
        total = pool.vectors[drawn[0]] + pool.vectors[drawn[1]]  # [n, 2, tokens, S]
        return total if method == "added" else total / 2
    noise = torch.randn((n, 2, 1, size), generator=generator).to(pool.vectors)
    if method == "sampled":
        noise = pool.mean + pool.std * noise
    return noise.expand(n, 2, n_tokens, size)


def seen_pool(subspace: Subspace) -> Pool:
    """A pool like what was seen, from what a subspace's file keeps: 64 draws for each class, one for all tokens.

        e = μ_k + ε,   ε normal with the pooled covariance within classes

    The same subspace gives the same pool. What tells the tokens of an item apart is not in it.
    """
    return _seen_pool(subspace.centroids, subspace.precision)


@lru_cache(maxsize=16)  # a thumb that is dragged over novel vectors applies them again at every step
def _seen_pool(centroids: Tensor, precision: Tensor) -> Pool:
    import torch

    classes = centroids.cpu().double().repeat(DRAWS_PER_CLASS, 1)  # [M, S]
    spread = precision.cpu().double()
    factor = torch.linalg.cholesky((spread + spread.T) / 2)  # precision = F Fᵀ, so z F⁻¹ has its inverse
    noise = torch.randn(classes.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    seen = classes + torch.linalg.solve_triangular(factor, noise, upper=False, left=False)
    return pool_of(seen[:, None].to(centroids))


@dataclass(frozen=True, slots=True)
class WriteNovelVectors(InSubspace, Intervention):
    """Overwrite what both items of a pair have in the subspace by novel vectors.

        x'_t = x_t + α B (v − Bᵀx_t),   B orthonormal [D, S]

    with one v for both items where the pair is to become same, else v₁ for `item` and v₂ for `partner`. `seed` decides
    v₁ and v₂.

    Controls: for "wrong object" the partner gets the vector of the wrong object: v₂ where both should share v₁, and v₁
    where each should have its own. For "random subspace" the same change of coordinates, and so the same length, is
    made along as many random directions Q: x'_t = x_t + α Q (v − Bᵀx_t).

    Source: Lepori et al. 2024, novel representations. What we changed: the pool is `seen_pool`, so that no image has
    to be run for it, and the controls are ours.
    """

    block: int
    item: int
    partner: int
    property: Property
    method: Method
    judgement: Literal["same", "different"]
    seed: int = 0
    strength: float = 1.0
    enabled: bool = True
    control: Control = ""
    learned: str = ""

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited stream [1, T, D]."""
        import torch

        subspace = context.subspace(self.property, self.block, self.learned)
        generator = torch.Generator().manual_seed(self.seed)
        first, second = novel_vectors(self.method, seen_pool(subspace), 1, generator)[0]  # [n, S] each
        alike = (self.judgement == "same") != (self.control == "wrong object")
        directions = subspace.directions(self.seed_of_directions())
        for item, vector in ((self.item, first), (self.partner, first if alike else second)):
            tokens = as_index(context.item_tokens(item), x)
            x = write_coordinates(x, tokens, vector[None], subspace.basis, self.strength, along=directions)
        return x

    def subject(self, stimulus: Stimulus) -> str:
        return of_item(self.property, self.item, self.partner)

    def words(self, stimulus: Stimulus, near: Near = by_hand) -> str:
        return f"{self.subject(stimulus)} → {self.method}, to {self.judgement}"

    def items(self) -> tuple[int, ...]:
        return (self.item, self.partner)

    def without_item(self, side: Side, index: int) -> WriteNovelVectors | None:
        if side == "source":
            return self
        item, partner = without_one(self.item, index), without_one(self.partner, index)
        return None if item is None or partner is None else replace(self, item=item, partner=partner)

    @builtins.property
    def mode(self) -> str:
        return {"added": "Add", "interpolated": "Interpolate", "sampled": "Sampled", "random": "Random"}[self.method]

    def drawn_again(self, seed: int) -> WriteNovelVectors:
        return replace(self, seed=seed)


def write_novel_vectors(document: Document, edit: WriteNovelVectors) -> Document:
    """The document with novel vectors on top of the list, in place of those that their pair had on the pad.

    Another method takes the draw and the strength of what it replaces.
    """
    place = (edit.block, edit.property, edit.item)
    kept = []
    for old in document.interventions:
        if isinstance(old, WriteNovelVectors) and (old.block, old.property, old.item) == place:
            edit = replace(edit, seed=old.seed, strength=old.strength)
        else:
            kept.append(old)
    return add_intervention(replace(document, interventions=tuple(kept)), edit)
