"""What an intervention may look at besides the value that it edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from core.errors import UserError
from core.site import Site, block_words
from core.stimuli.stimulus import Property

if TYPE_CHECKING:
    from torch import Tensor

    from core.assets.probe import Probe
    from core.assets.subspace import Subspace
    from core.readings.modes import BlockModes


ACCEPT = "Intervene ▸ Use what is learned now takes today's."


def _no_means(_: Site) -> NoReturn:
    raise UserError("There is no reference set to take a mean over.", "Use zero.")


def _no_modes(_: int) -> NoReturn:
    raise UserError("There is no network whose modes could be known.", "Open a model.")


@dataclass(frozen=True, slots=True)
class Context:
    """The picture's items, what was learned on the model, and the pass over the source.

    `tokens` and `source_tokens` list each item's token indices, `n_prefix` prefix tokens counted. `source_at` gives
    the unedited value at a site of the source image, None where there is no source. `mean_at` gives the mean at a site
    over a reference set, one for each token. `probes` are by the block after which they read. `modes_at` gives the
    query-key modes of a block.
    """

    tokens: tuple[tuple[int, ...], ...]
    subspaces: Mapping[tuple[Property, int], Subspace] = field(default_factory=dict)
    source_tokens: tuple[tuple[int, ...], ...] = ()
    source_at: Callable[[Site], Tensor] | None = None
    probes: Mapping[int, Probe] = field(default_factory=dict)
    mean_at: Callable[[Site], Tensor] = _no_means
    n_prefix: int = 1
    modes_at: Callable[[int], BlockModes] = _no_modes

    def subspace(self, property: Property, block: int, learned: str = "") -> Subspace:
        """The learned subspace, the one of a content hash where it is given.

        Raises UserError where none has been learned for this model, or another one.
        """
        found = self.subspaces.get((property, block))
        if found is None or not found.basis.shape[1]:
            raise UserError(
                f"There is no {property} subspace after {block_words(block)}.", "Choose a block that has one."
            )
        if learned not in ("", found.hash):
            raise UserError(f"Made with another {property} subspace after {block_words(block)}.", ACCEPT)
        return found

    def item_tokens(self, item: int) -> list[int]:
        """Token indices of a base item.

        Raises UserError where the stimulus has no such item.
        """
        if not 0 <= item < len(self.tokens):
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

    def donor_tokens(self, item: int, *, wrong: bool = False) -> list[int]:
        """Token indices of the source's item that gives, or with `wrong` of the other item of its pair.

        Raises UserError where it is not there.
        """
        donor = item ^ 1 if wrong else item
        if self.source_at is None or not 0 <= item < len(self.source_tokens):
            raise UserError("There is no source image to swap from.", "Make a counterfactual or compose a source.")
        if donor >= len(self.source_tokens):
            raise UserError("The source has no other item to be the wrong object.", "Go back to the effect.")
        return list(self.source_tokens[donor])

    def source(self, site: Site) -> Tensor:
        """The unedited value at a site of the source image.

        Raises UserError where there is no source.
        """
        if self.source_at is None:
            raise UserError("There is no source image to take from.", "Make a counterfactual or compose a source.")
        return self.source_at(site)


def as_index(tokens: list[int], x: Tensor) -> Tensor:
    """Token indices as a tensor [B, n] beside x [B, …]."""
    return x.new_tensor([tokens]).long().expand(len(x), -1)
