"""The same question to the model that a document is compared with: any analysis, wrapped as a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from core.analyses import Analysis, Refusal
from core.document import Intervention
from core.errors import UserError
from core.questions import ModelInfo, info_of

if TYPE_CHECKING:
    from core.state import State

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, eq=False)
class OnCompared(Generic[Value]):
    """What an analysis found on the compared model, or why it found nothing, and which model that is.

    `left_out` are the edits in force that could not be carried over, with the reason.
    """

    value: Value | None
    refusal: Refusal | None
    model: ModelInfo
    left_out: Mapping[Intervention, str]


@dataclass(frozen=True, slots=True)
class Beside(Analysis[OnCompared[Value]], Generic[Value]):
    """An analysis of the same state on the model that the document is compared with.

    The pictures are laid out on that model's canvas, and edits are made and options of the analysis taken at the same
    relative depth: `core.carrying`, `Analysis.at_depth`. A token in the options is that model's own.
    """

    late: ClassVar[bool] = True

    analysis: Analysis[Value]

    @property
    def kind(self) -> object:
        return (Beside, self.analysis.kind)

    def run(self, state: State) -> Iterator[OnCompared[Value]]:
        from core.carrying import carried

        if not state.document.compared or state.open_other is None:
            raise UserError("There is no model to compare with.", "Choose one with Model ▸ Compare with…")
        opened = state.open_other(state.document.compared)
        there, left_out = carried(state, opened)
        try:
            analysis = self.analysis.at_depth(state.model.n_blocks, opened.model.n_blocks)
            for value in analysis.run(there):
                yield OnCompared(value, None, info_of(opened), left_out)
        except UserError as error:
            yield OnCompared(None, Refusal(error.message, error.hint), info_of(opened), left_out)
