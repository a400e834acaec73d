"""What a probe says of each pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.analyses import Analysis
from core.errors import UserError
from core.interventions.probe import probe_and_tokens
from core.stimuli.stimulus import pairs_of

if TYPE_CHECKING:
    from core.state import State


@dataclass(frozen=True, slots=True)
class PairJudgement:
    """What a probe says of a pair: its logit same − different, with the edits and without."""

    margin: float
    baseline: float


@dataclass(frozen=True, slots=True)
class PairJudgements(Analysis[Mapping[int, PairJudgement]]):
    """By pair, what the probe after a block says of those that it can read."""

    block: int

    def run(self, state: State) -> Iterator[Mapping[int, PairJudgement]]:
        judged: dict[int, PairJudgement] = {}
        context = state.context()
        if self.block in context.probes:
            now, before = state.stream(self.block), state.stream(self.block, ())
            for pair, _ in enumerate(pairs_of(len(state.document.base.items))):
                try:
                    probe, tokens = probe_and_tokens(now, context, self.block, pair)
                except UserError:
                    continue
                judged[pair] = PairJudgement(float(probe.margin(now, tokens)), float(probe.margin(before, tokens)))
        yield judged
