"""A property's subspace of the residual stream after one block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.stimuli.stimulus import Property

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True, slots=True)
class Subspace:
    """A property's subspace of the residual stream after one block, and where the classes lie in it.

    `basis` B is orthonormal [D, S]; `centroids` are class means of Bᵀx [16, S]; `center` is their mean [S];
    `axes` [S, 2] are the two leading directions between centroids, which show `axis_share` of the variance
    between classes; `ellipses` [16, 2, 2] are the covariances of the classes in that plane; `precision` [S, S]
    is the inverse of the pooled covariance within classes. `hash` is that of its tensors.
    """

    property: Property
    block: int
    basis: Tensor
    centroids: Tensor
    center: Tensor
    axes: Tensor
    axis_share: float
    ellipses: Tensor
    precision: Tensor
    card: Mapping[str, Any] = field(default_factory=dict)
    hash: str = ""

    def coordinates(self, x: Tensor) -> Tensor:
        """Bᵀx: [..., D] → [..., S]."""
        return x @ self.basis

    def on_pad(self, coords: Tensor) -> Tensor:
        """The pad position [..., 2] of coordinates [..., S]."""
        return (coords - self.center) @ self.axes

    def from_pad(self, points: Tensor, own: Tensor) -> Tensor:
        """Coordinates [N, n, S] for the tokens of an item put at pad positions [N, 2]; `own` [n, S] are theirs now.

        The part in the pad's plane is the position itself. The part that the pad does not show is blended
        from the landmarks and the item's own mean by inverse fourth power of distance on the pad, and what
        tells the item's tokens apart fades with the weight of its own mean: at a landmark every token has
        that class's mean, at the item's own place nothing changes.
        """
        import torch

        mean = own.mean(0, keepdim=True)  # [1, S]
        known = torch.cat([self.centroids, mean])  # [K + 1, S]
        places = self.on_pad(known)  # [K + 1, 2]
        hidden = known - self.center - places @ self.axes.T  # [K + 1, S]
        distance = ((points[:, None] - places) ** 2).sum(-1)  # [N, K + 1]
        weights = 1.0 / (distance / places.var() + 1e-9) ** 2
        weights = weights / weights.sum(-1, keepdim=True)
        item = self.center + points @ self.axes.T + weights @ hidden  # [N, S]
        return item[:, None] + weights[:, -1:, None] * (own - mean)  # [N, n, S]

    def directions(self, seed: int | None = None) -> Tensor:
        """Where an edit's change is made [D, S]: along the basis, or with a seed along random directions.

        The seed decides them, so that one edit is the same edit every time.
        """
        if seed is None:
            return self.basis
        import torch  # the window knows edits, and loads no torch

        # One further, so as not to repeat the numbers that novel vectors are made of.
        return random_basis(self.basis, torch.Generator().manual_seed(seed + 1))

    def distance(self, coords: Tensor) -> Tensor:
        """Mahalanobis distance [...] of coordinates [..., S] to the nearest class mean, in σ of one axis."""
        offset = coords[..., None, :] - self.centroids  # [..., 16, S]
        squared = ((offset @ self.precision) * offset).sum(-1)
        nearest: Tensor = (squared / self.centroids.shape[1]).sqrt().amin(-1)
        return nearest


def same_place(point: tuple[float, float], here: Subspace, there: Subspace) -> tuple[float, float]:
    """The place on another pad of the same property that lies among its landmarks as a place does on this one.

        p' = A p + t + Σ w_k (l'_k − A l_k − t),   A, t the least squares map of landmarks l_k [2] to landmarks l'_k

    w_k falls off with the fourth power of the distance of p to l_k and adds up to 1: a landmark goes to the landmark of
    its name, far from all of them the two planes are laid on each other as well as can be, and a pad goes to its like
    unchanged.
    """
    import torch  # the window knows edits, and loads no torch

    ours, theirs = (pad.on_pad(pad.centroids).cpu().double() for pad in (here, there))  # [K, 2]
    at = torch.tensor([point], dtype=torch.float64)
    middle = ours.mean(0)
    fit = torch.linalg.pinv(ours - middle) @ (theirs - theirs.mean(0))  # [2, 2]
    landed = (torch.cat([ours, at]) - middle) @ fit + theirs.mean(0)  # [K + 1, 2]
    weights = 1.0 / (((ours - at) ** 2).sum(-1) / ours.var() + 1e-9) ** 2  # [K]
    x, y = (landed[-1] + (weights / weights.sum()) @ (theirs - landed[:-1])).tolist()
    return x, y


def random_basis(basis: Tensor, generator: Generator) -> Tensor:
    """Orthonormal columns in random directions, as many as `basis` [D, S] has."""
    import torch

    columns: Tensor = torch.linalg.qr(torch.randn(basis.shape, generator=generator)).Q
    return columns.to(basis)
