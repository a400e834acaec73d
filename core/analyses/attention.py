"""The attention of one token in every head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.analyses import Analysis
from core.errors import UserError

if TYPE_CHECKING:
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
        import torch

        blocks = range(state.model.n_blocks)
        now = [state.pattern(block) for block in blocks]  # L × [H, T, T]
        plain = [state.pattern(block, ()) for block in blocks]
        token, n_tokens = self.token, now[0].shape[-1]
        if not 0 <= token < n_tokens:
            raise UserError(f"There is no token {token}.", f"Choose from 0 to {n_tokens - 1}.")
        rows, received = torch.stack([p[:, token] for p in now]), torch.stack([p[:, :, token] for p in now])
        yield AttentionOfToken(
            token,
            state.numpy(rows),
            state.numpy(torch.stack([p[:, token] for p in plain])),
            state.numpy(received),
            state.numpy(torch.stack([p[:, :, token] for p in plain])),
            state.numpy(rows.amax((1, 2))),
            state.numpy(received.amax((1, 2))),
        )
