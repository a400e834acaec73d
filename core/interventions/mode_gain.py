"""Turn query-key modes of a head up or down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from core.document import (
    Document,
    Intervention,
    Near,
    Offer,
    View,
    add_intervention,
    by_hand,
    remove_intervention,
    replace_intervention,
)
from core.errors import UserError
from core.interventions.context import Context
from core.readings.modes import BIAS
from core.site import Site
from core.stimuli.stimulus import Stimulus

if TYPE_CHECKING:
    from torch import Tensor

N_KEPT = 6
LEAST_SIGMA = 1e-6
"""Of the largest σ: a mode below it adds nothing to the scores."""


@dataclass(frozen=True, slots=True)
class ModeGain(Intervention):
    """Rebuild the scores of a head with some of its query-key modes at another gain g, and go on from there.

        s'_ij = s_ij + α Σ_n (g − 1) σ_n (x_i·u_n)(v_n·x_j) / √K

    x the normalised stream that enters the block. With `others` it is about all modes but those that are named; mode
    −1 is the query bias. It is done at the queries, which gives the same scores but for what is one for all keys:

        q' = q + α Σ_n (g − 1)/σ_n ((q − c)·Wk v_n) Wq u_n,   c the query of x = 0

    Control "other modes": as many others of the same head, drawn by `seed`.

    Source: modes after Pan et al. 2024; to act on them is ours. docs/methods.md, "Query-key modes".
    """

    block: int
    head: int
    modes: tuple[int, ...]
    gain: float = 0.0
    others: bool = False
    strength: float = 1.0
    enabled: bool = True
    control: Literal["", "other modes"] = ""
    seed: int = 0

    @classmethod
    def offers(cls) -> tuple[Offer, ...]:
        def of(modes: tuple[int, ...], *, others: bool = False) -> Callable[[Document, View], Document]:
            return lambda document, view: add_intervention(
                document, ModeGain(max(view.read, 0), view.head, modes, others=others)
            )

        return (
            Offer("First query-key mode off", of((0,)), "The head that is looked at scores without its strongest mode"),
            Offer(
                f"Keep the first {N_KEPT} query-key modes",
                of(tuple(range(N_KEPT)), others=True),
                "The head that is looked at scores by its strongest modes and its query bias alone",
            ),
            Offer("Query bias off", of((BIAS,)), "No key of the head that is looked at is popular with every query"),
        )

    @property
    def site(self) -> Site:
        return Site(self.block, "q")

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited queries [B, H, T, K].

        Raises UserError where the scores of the block are no sum of modes, or there is no such head or mode.
        """
        import torch  # the window knows edits, and loads no torch

        block = context.modes_at(self.block)
        if block.made.obstacle:
            raise UserError(block.made.obstacle, "Its modes can be looked at, and not turned.")
        n_heads, n_modes = block.sigma.shape
        if not 0 <= self.head < n_heads:
            raise UserError(f"Block {self.block} has no head {self.head}.", f"Choose from 0 to {n_heads - 1}.")
        chosen = self._chosen(n_modes)
        change = self.strength * (self.gain - 1)
        q, c = x[:, self.head], block.cq[self.head]  # [B, T, K], [K]
        sigma = block.sigma[self.head]
        some = [n for n in chosen if n != BIAS and sigma[n] > LEAST_SIGMA * sigma[0]]
        along_k = block.v[self.head, some] @ block.wk[self.head].T  # [n, K]
        along_q = block.u[self.head, some] @ block.wq[self.head].T
        moved = torch.einsum("btk,nk,n,nj->btj", q - c, along_k, change / sigma[some], along_q)
        edited = x.clone()
        edited[:, self.head] += moved + (change * c if BIAS in chosen else 0)
        return edited

    def _chosen(self, n_modes: int) -> list[int]:
        missing = [mode for mode in self.modes if not BIAS <= mode < n_modes]
        if missing:
            raise UserError(f"A head of this model has no mode {missing[0]}.", f"Choose from 0 to {n_modes - 1}.")
        rest = [mode for mode in range(n_modes) if mode not in self.modes]
        about = rest if self.others else list(self.modes)
        if not self.control:
            return about
        import torch

        free = [mode for mode in range(n_modes) if mode not in about]
        if len(free) < len(about):
            raise UserError("There are too few other modes in this head.", "Go back to the effect.")
        order = torch.randperm(len(free), generator=torch.Generator().manual_seed(self.seed))
        return [free[i] for i in order[: len(about)]]

    def subject(self, stimulus: Stimulus) -> str:
        if self.modes == (BIAS,) and not self.others:
            return f"query bias of head {self.head}"
        names = ", ".join("bias" if mode == BIAS else str(mode) for mode in self.modes)
        which = "modes but" if self.others else "mode" if len(self.modes) == 1 else "modes"
        return f"{which} {names} of head {self.head}"

    def words(self, stimulus: Stimulus, near: Near = by_hand) -> str:
        return f"{self.subject(stimulus)} {'off' if self.gain == 0 else f'× {self.gain:.2f}'}"

    def detail(self, stimulus: Stimulus) -> str:
        return f"block {self.block} · query-key modes"

    @property
    def named_heads(self) -> tuple[int, ...]:
        return (self.head,)

    def controls(self) -> tuple[str, ...]:
        return ("other modes",)

    def drawn_again(self, seed: int) -> ModeGain | None:
        return replace(self, seed=seed) if self.control else None


def _find(document: Document, block: int, head: int, mode: int) -> int | None:
    """Index of the edit that is about one mode alone."""
    for index, edit in enumerate(document.interventions):
        if not isinstance(edit, ModeGain) or edit.others or edit.control:
            continue
        if (edit.block, edit.head, edit.modes) == (block, head, (mode,)):
            return index
    return None


def gain_of(document: Document, block: int, head: int, mode: int) -> float:
    """The gain at which the edit of one mode alone has it now, 1 where there is none or it is off."""
    at = _find(document, block, head, mode)
    edit = None if at is None else document.interventions[at]
    return 1 + edit.strength * (edit.gain - 1) if isinstance(edit, ModeGain) and edit.enabled else 1.0


def with_gain(document: Document, edit: ModeGain, *, keep: bool = False) -> Document:
    """The document with one mode at the gain of `edit`, in the place of the edit that it has.

    At gain 1 that edit goes, unless `keep` says so: a drag goes on.
    """
    at = _find(document, edit.block, edit.head, edit.modes[0])
    if at is None:
        return document if edit.gain == 1 else add_intervention(document, edit)
    gone = edit.gain == 1 and not keep
    return remove_intervention(document, at) if gone else replace_intervention(document, at, edit)
