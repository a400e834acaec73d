"""One edit, made anew after every block where it can be made: what moving the write marker means for an edit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.analyses import Analysis
from core.document import Intervention, replace_intervention
from core.errors import UserError

if TYPE_CHECKING:
    from core.state import State


@dataclass(frozen=True, slots=True)
class EditAtBlocks(Analysis[Mapping[int, Intervention]]):
    """The edit at `index` of the document at each block, −1 for the embeddings; blocks where it cannot be are left out.

    A place on a pad becomes the place with the same landmarks about it, as between two models.
    """

    index: int = 0

    def run(self, state: State) -> Iterator[Mapping[int, Intervention]]:
        edits, context = state.document.interventions, state.context()
        if not 0 <= self.index < len(edits):
            raise UserError("There is no such edit.", f"There are {len(edits)}, counted from 0.")
        edit, found = edits[self.index], {}
        for block in state.blocks:
            try:
                there = (
                    edit.carried(replace(edit.site, block=block), context, context)
                    if block != edit.site.block
                    else edit
                )
            except UserError:
                continue
            if there not in state.of(replace_intervention(state.document, self.index, there)).lost:
                found[block] = there
        yield found
