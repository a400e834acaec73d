"""An analysis of the source in place of the base: any of them, wrapped as a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from core.analyses import Analysis
from core.errors import UserError

if TYPE_CHECKING:
    from core.state import State

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class OfSource(Analysis[Value], Generic[Value]):
    """What an analysis finds in the source, through the model itself: edits are of the base."""

    analysis: Analysis[Value]

    @property
    def kind(self) -> object:
        return (OfSource, self.analysis.kind)

    def run(self, state: State) -> Iterator[Value]:
        source = state.document.source
        if source is None:
            raise UserError("There is no source.", "Use Stimulus ▸ Make counterfactual source, or draw one.")
        yield from self.analysis.run(state.of(replace(state.document, base=source, source=None, interventions=())))
