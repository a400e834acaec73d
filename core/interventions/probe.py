"""Push a pair along the direction of a linear probe for its relation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.assets.probe import Probe
from core.document import (
    AssetKey,
    Document,
    Intervention,
    Near,
    Side,
    add_intervention,
    by_hand,
    replace_intervention,
)
from core.errors import UserError
from core.interventions.context import ACCEPT, Context, as_index
from core.site import Site, block_words
from core.stimuli.stimulus import RELATIONS, Relation, Stimulus, pair_items, pair_name, pair_relation
from core.stimuli.tokens import add_at_tokens

if TYPE_CHECKING:
    from torch import Tensor

OWN_RELATION = "probe, own relation"


def probe_and_tokens(x: Tensor, context: Context, block: int, pair: int) -> tuple[Probe, Tensor]:
    """The probe after a block, and the tokens [1, 2 n] of a pair in the order in which it reads them.

    Raises UserError where there is no such probe or pair, or the pair covers other tokens than the probe reads.
    """
    if not context.probes:
        raise UserError(
            "This model has no probes.",
            "Make them with relata probe.",
            in_window="The Probe tab can fit some.",
        )
    if pair < 0:
        raise UserError("There is no such pair.", "Pairs are counted from 0.")
    if block not in context.probes:
        raise UserError(f"There is no probe after {block_words(block)}.", "Choose a block that has one.")
    probe = context.probes[block]
    first, second = pair_items(pair)
    tokens = [*context.item_tokens(first), *context.item_tokens(second)]
    n_read = probe.weight.shape[1] // x.shape[2]
    if len(tokens) != n_read:
        raise UserError(
            f"The items of the pair cover {len(tokens)} tokens, the probe reads {n_read}.",
            "Give both the usual size and lay them on the patch grid.",
        )
    return probe, as_index(tokens, x)


@dataclass(frozen=True, slots=True)
class AddProbeDirection(Intervention):
    """Add α times the probe's row of a relation to the tokens of both items of a pair.

        x'_t = x_t + α w_t,   w = the raw row [2 n D] of `toward`, cut into the tokens in the order they were read

    Towards the relation that the pair has not, it is the intervention; towards the one that it has, its control.

    Source: Lepori et al. 2024, linear probes and interventions.
    """

    block: int
    pair: int
    toward: Relation
    strength: float = 1.0
    enabled: bool = True
    learned: str = ""

    @property
    def asset(self) -> AssetKey:
        return ("probe", self.block)

    @property
    def site(self) -> Site:
        return Site(self.block)

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited stream [1, T, D].

        Raises UserError where there is no such probe or pair, or the pair covers other tokens than the probe reads.
        """
        probe, tokens = probe_and_tokens(x, context, self.block, self.pair)
        if self.learned not in ("", probe.hash):
            raise UserError(f"Made with another probe after {block_words(self.block)}.", ACCEPT)
        row = probe.weight[RELATIONS.index(self.toward)]  # [2 n D]
        return add_at_tokens(x, tokens, self.strength * row.unflatten(0, (tokens.shape[1], -1))[None])

    def subject(self, stimulus: Stimulus) -> str:
        return f"{pair_name(stimulus, self.pair)} pair"

    def words(self, stimulus: Stimulus, near: Near = by_hand) -> str:
        return f"{self.subject(stimulus)} toward {self.toward}"

    def detail(self, stimulus: Stimulus) -> str:
        return f"{self.site.words()} · {'control' if self.control_in(stimulus) else 'probe direction'}"

    def items(self) -> tuple[int, ...]:
        return pair_items(self.pair)

    def without_item(self, side: Side, index: int) -> AddProbeDirection | None:
        """Pairs are counted from the first item, so that those after `index` are no longer the pairs that they were."""
        return None if side == "base" and index <= pair_items(self.pair)[1] else self

    def control_in(self, stimulus: Stimulus) -> str:
        return OWN_RELATION if pair_relation(stimulus, self.pair) == self.toward else ""

    def as_controls(self, stimulus: Stimulus) -> Mapping[str, Intervention]:
        own = pair_relation(stimulus, self.pair)
        return {} if own in (None, self.toward) else {OWN_RELATION: replace(self, toward=own)}


def find_push(document: Document, pair: int, block: int) -> int | None:
    """Index of the edit along the probe's direction of a pair after a block, if there is one."""
    for index, edit in enumerate(document.interventions):
        if isinstance(edit, AddProbeDirection) and (edit.pair, edit.block) == (pair, block):
            return index
    return None


def pushed_by(document: Document, pair: int, block: int) -> tuple[float, bool]:
    """α of a pair's push after a block, above 0 toward same, below toward different, and whether it is in force."""
    at = find_push(document, pair, block)
    edit = None if at is None else document.interventions[at]
    if not isinstance(edit, AddProbeDirection):
        return 0.0, False
    return edit.strength * (1 if edit.toward == "same" else -1), edit.enabled


def push_pair(document: Document, pair: int, block: int, toward: Relation, strength: float = 1.0) -> Document:
    """The document with a pair pushed along the probe's direction; a new edit goes to the end of the list."""
    edit = AddProbeDirection(block, pair, toward, strength)
    index = find_push(document, pair, block)
    return add_intervention(document, edit) if index is None else replace_intervention(document, index, edit)
