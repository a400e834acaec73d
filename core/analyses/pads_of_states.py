"""One pad as it is in two states, to be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from core.analyses import Analysis
from core.analyses.pad import Pad, PadPlaces
from core.document import Document
from core.errors import UserError
from core.stimuli.stimulus import Property

if TYPE_CHECKING:
    from core.state import State


@dataclass(frozen=True, slots=True)
class PadsOfStates(Analysis[tuple[PadPlaces, PadPlaces]]):
    """The pad of a property after a block in each of two states of the model that is open."""

    late: ClassVar[bool] = True

    one: Document
    other: Document
    property: Property
    block: int

    def run(self, state: State) -> Iterator[tuple[PadPlaces, PadPlaces]]:
        if {self.one.model, self.other.model} != {state.document.model}:
            raise UserError("The two states are not both of the model that is open.", "Go to a state of that model.")
        pad = Pad(self.property, self.block)
        one, other = (next(pad.run(state.of(document))) for document in (self.one, self.other))
        yield one, other
