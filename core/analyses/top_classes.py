"""What one token says by itself: the classes that the read-out finds likeliest in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.analyses import Analysis, check_token, follow
from core.analyses.class_lens import PART_OPTION
from core.analyses.decision import Verdict, verdict_of
from core.errors import UserError
from core.site import ProjectedPart

if TYPE_CHECKING:
    from core.state import State


@dataclass(frozen=True, slots=True)
class TopClasses(Analysis[Verdict]):
    """The likeliest classes of one token after a block, as if the network ended there; `token` counts prefix tokens.

    Source: Vilas et al. 2023; docs/methods.md, "Class lens".
    """

    token: int = follow("token")
    block: int = follow("read")
    part: ProjectedPart = field(default="resid_post", metadata=PART_OPTION)

    def run(self, state: State) -> Iterator[Verdict]:
        if not -1 <= self.block < state.model.n_blocks or (self.block < 0 and self.part != "resid_post"):
            raise UserError(f"There is nothing to read at block {self.block}.", "Look at another block.")
        now, before = (state.read_tokens(self.block, self.part, edits) for edits in (state.edits, ()))
        check_token(self.token, len(now))
        yield verdict_of(state, now[self.token], before[self.token])
