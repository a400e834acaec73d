"""Move one item's value inside a learned shape or colour subspace, and the controls of every such edit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from core.errors import UserError
from core.scene import Property

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from core.interventions.probe import Probe

Control = Literal["", "wrong object", "random subspace"]
"""What an edit is a control of, in place of the effect itself ("")."""

CONTROLS: tuple[Control, ...] = ("wrong object", "random subspace")


@dataclass(frozen=True, slots=True)
class Subspace:
    """A property's subspace of the residual stream after one block, and where the classes lie in it.

    `basis` B is orthonormal [D, S]; `centroids` are class means of Bᵀx [16, S]; `center` is their mean [S];
    `axes` [S, 2] are the two leading directions between centroids, which show `axis_share` of the variance
    between classes; `ellipses` [16, 2, 2] are the covariances of the classes in that plane; `precision` [S, S]
    is the inverse of the pooled covariance within classes.
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
        mean = own.mean(0, keepdim=True)  # [1, S]
        known = _cat(self.centroids, mean)  # [K + 1, S]
        places = self.on_pad(known)  # [K + 1, 2]
        hidden = known - self.center - places @ self.axes.T  # [K + 1, S]
        distance = ((points[:, None] - places) ** 2).sum(-1)  # [N, K + 1]
        weights = 1.0 / (distance / places.var() + 1e-9) ** 2
        weights = weights / weights.sum(-1, keepdim=True)
        item = self.center + points @ self.axes.T + weights @ hidden  # [N, S]
        return item[:, None] + weights[:, -1:, None] * (own - mean)  # [N, n, S]

    def directions(self, control: Control, seed: int) -> Tensor:
        """Where an edit's change is made [D, S]: along the basis, or as a control along random directions.

        `seed` decides the random directions, so that one edit is the same edit every time.
        """
        if control != "random subspace":
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


def random_basis(basis: Tensor, generator: Generator) -> Tensor:
    """Orthonormal columns in random directions, as many as `basis` [D, S] has."""
    import torch

    columns: Tensor = torch.linalg.qr(torch.randn(basis.shape, generator=generator)).Q
    return columns.to(basis)


def _cat(a: Tensor, b: Tensor) -> Tensor:
    out = a.new_empty((a.shape[0] + b.shape[0], a.shape[1]))
    out[: a.shape[0]], out[a.shape[0] :] = a, b
    return out


@dataclass(frozen=True, slots=True)
class Context:
    """What an intervention may look at besides the stream [1, T, D] that it edits.

    `tokens` and `source_tokens` list each item's token indices, prefix tokens counted. `source` is the
    unedited stream [1, T, D] of the source image at the same site, or None where there is no source. `probes` are
    by the block after which they read.
    """

    tokens: tuple[tuple[int, ...], ...]
    subspaces: Mapping[tuple[Property, int], Subspace]
    source_tokens: tuple[tuple[int, ...], ...] = ()
    source: Tensor | None = None
    probes: Mapping[int, Probe] = field(default_factory=dict)

    def subspace(self, property: Property, block: int) -> Subspace:
        """The learned subspace.

        Raises UserError where none has been learned for this model.
        """
        found = self.subspaces.get((property, block))
        if found is None or not found.basis.shape[1]:
            raise UserError(f"There is no {property} subspace after block {block}.", "Choose a block that has one.")
        return found

    def item_tokens(self, item: int) -> list[int]:
        """Token indices of a base item.

        Raises UserError where the stimulus has no such item.
        """
        if item >= len(self.tokens):
            raise UserError("The edited item is no longer in the stimulus.", "The edit is off until it is back.")
        return list(self.tokens[item])

    def wrong_tokens(self, item: int) -> list[int]:
        """Token indices of the other item of a base item's pair.

        Raises UserError where the item has no partner.
        """
        self.item_tokens(item)
        if item ^ 1 >= len(self.tokens):
            raise UserError("There is no wrong object: the edited item has no partner.", "Go back to the effect.")
        return list(self.tokens[item ^ 1])


@dataclass(frozen=True, slots=True)
class MoveInSubspace:
    """Put an item's tokens where a place on the pad says.

        x'_t = x_t + α B (c_t − Bᵀx_t),   B orthonormal [D, S], c_t = `Subspace.from_pad`

    so that nothing outside span(B) changes, and nothing at all at the item's own place.

    Controls: for "wrong object" the item's partner is put there; for "random subspace" the same change of
    coordinates, and so the same length, is made along as many random directions Q: x'_t = x_t + α Q (c_t − Bᵀx_t).

    Source: distributed interchange intervention, Geiger et al. 2023, with c chosen by hand. The controls are ours,
    after those of a swap.
    """

    block: int
    item: int
    property: Property
    point: tuple[float, float]
    strength: float = 1.0
    enabled: bool = True
    control: Control = ""
    seed: int = 0

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited stream [1, T, D]."""
        wrong = self.control == "wrong object"
        tokens = context.wrong_tokens(self.item) if wrong else context.item_tokens(self.item)
        subspace = context.subspace(self.property, self.block)
        own = subspace.coordinates(x[0, tokens])  # [n, S]
        wanted = subspace.from_pad(x.new_tensor([self.point]), own)[0]  # [n, S]
        edited = x.clone()
        edited[:, tokens] += self.strength * ((wanted - own) @ subspace.directions(self.control, self.seed).T)
        return edited
