"""The attention of one token in every head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.analyses import Analysis, check_token

if TYPE_CHECKING:
    from torch import Tensor

    from core.document import Intervention
    from core.state import State

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class AttentionOfToken:
    """Attention of one query token, [L, H, T], with edits and without.

    `received` [L, H, T] is what every token gives to that token as a key. `vmax` [L] is the largest value over the
    heads of a block, edits in force.
    """

    token: int
    rows: Floats
    baseline_rows: Floats
    received: Floats
    baseline_received: Floats
    vmax: Floats
    received_vmax: Floats


@dataclass(frozen=True, slots=True)
class Attention(Analysis[AttentionOfToken]):
    """What a token looks at, and who looks at it, in every head. `token` counts prefix tokens."""

    token: int = 0

    def run(self, state: State) -> Iterator[AttentionOfToken]:
        rows, received = of_token(state, self.token, state.edits)
        plain_rows, plain_received = of_token(state, self.token, ())
        yield AttentionOfToken(
            self.token,
            state.numpy(rows),
            state.numpy(plain_rows),
            state.numpy(received),
            state.numpy(plain_received),
            state.numpy(rows.amax((1, 2))),
            state.numpy(received.amax((1, 2))),
        )


def of_token(state: State, token: int, edits: Sequence[Intervention]) -> tuple[Tensor, Tensor]:
    """What a token gives and what it receives, [L, H, T] both. Block by block, as all patterns may be too many to hold.

    Raises UserError where there is no such token.
    """
    import torch

    rows: list[Tensor] = []
    received: list[Tensor] = []
    for block in range(state.model.n_blocks):
        pattern = state.pattern(block, edits)  # [H, T, T]
        check_token(token, pattern.shape[-1])
        rows.append(pattern[:, token].clone())
        received.append(pattern[:, :, token].clone())
    return torch.stack(rows), torch.stack(received)
