"""The query-key modes of one head on the picture: what asks, what is looked at, and how much of the scores it makes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

from core.analyses import Analysis, check_block, check_head
from core.readings.modes import Convention, chance_band, peaks, shares

if TYPE_CHECKING:
    from core.state import State

Floats = npt.NDArray[np.float32]
Ranking = Literal["share", "peak"]
RANKINGS: tuple[Ranking, ...] = get_args(Ranking)


@dataclass(frozen=True, slots=True, eq=False)
class ModesOfHead:
    """The N modes of a head: σ and left-right cosine [N]; of every token how much it has of the query and of the key
    side [N, T], with edits and without.

    `shares` [N + 2] of all patches and `row_shares` [N + 2, T] of every token as a query end in those of the query
    bias and of positions. `peaks` [N] and `row_peaks` [N, T] likewise. `said` is what must be known beside, or "".
    """

    block: int
    head: int
    sigma: Floats
    cosines: Floats
    chance: float
    query: Floats
    key: Floats
    baseline_query: Floats
    baseline_key: Floats
    shares: Floats
    row_shares: Floats
    peaks: Floats
    row_peaks: Floats
    n_prefix: int
    said: str = ""

    def worth(self, ranking: Ranking, token: int | None = None) -> Floats:
        """What modes are ranked by [N], for the whole picture or for one token as the query."""
        whole, rows = (self.shares, self.row_shares) if ranking == "share" else (self.peaks, self.row_peaks)
        found: Floats = (whole if token is None else rows[:, token])[: len(self.sigma)]
        return found

    def sign(self, mode: int) -> int:
        """The side of a mode, 1 or −1, on which this picture has more of it."""
        sides = (self.query[mode, self.n_prefix :], self.key[mode, self.n_prefix :])
        up, down = (math.prod(max(0.0, float((s * side).max())) for side in sides) for s in (1, -1))
        return 1 if up >= down else -1


@dataclass(frozen=True, slots=True)
class HeadModes(Analysis[ModesOfHead]):
    """The modes of a head on the base: all of them, so that choosing one asks nothing.

    Source: Pan et al. 2024; docs/methods.md, "Query-key modes".
    """

    block: int = 0
    head: int = 0
    convention: Convention = "exact"

    def run(self, state: State) -> Iterator[ModesOfHead]:
        check_block(self.block, state.model.n_blocks)
        modes, n_prefix = state.modes(self.block, self.convention), state.model.n_prefix
        check_head(self.head, len(modes.sigma), self.block)
        stream, plain = (state.stream(self.block - 1, edits)[0] for edits in (None, ()))  # [T, D]
        query, key = (state.numpy(side[self.head]) for side in modes.sides(stream))
        query_before, key_before = (state.numpy(side[self.head]) for side in modes.sides(plain))
        whole, rows = (state.numpy(x) for x in shares(modes, self.head, stream, n_prefix))
        highest, row_peaks = (state.numpy(x) for x in peaks(modes, self.head, stream, n_prefix))
        yield ModesOfHead(
            self.block,
            self.head,
            state.numpy(modes.sigma[self.head]),
            state.numpy(modes.cosines[self.head]),
            chance_band(modes.u.shape[-1]),
            query,
            key,
            query_before,
            key_before,
            whole,
            rows,
            highest,
            row_peaks,
            n_prefix,
            modes.made.obstacle,
        )
