"""Switch attention heads off."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeGuard

from core.document import (
    Document,
    Intervention,
    Near,
    Offer,
    add_intervention,
    by_hand,
    replace_intervention,
)
from core.errors import UserError
from core.interventions.context import Context
from core.interventions.fill import Fill, fill_at
from core.site import Site
from core.stimuli.stimulus import Stimulus

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class KnockOutHeads(Intervention):
    """Replace what some heads of a block take from the values, by nothing or by what they take on average.

        o'_h = o_h + α (f_h − o_h),   o_h [T, K] the output of head h, f_h = 0 or its mean over the reference set

    Control "other heads": as many heads of the same block, drawn by `seed` from those that are not named.

    Source: ablation of heads, Michel et al. 2019; the mean over a reference set after Wang et al. 2022.
    """

    block: int
    heads: tuple[int, ...]
    fill: Fill = "zero"
    strength: float = 1.0
    enabled: bool = True
    control: Literal["", "other heads"] = ""
    seed: int = 0

    @classmethod
    def offers(cls) -> tuple[Offer, ...]:
        return (
            Offer(
                "Switch this head off or on",
                lambda document, view: toggle_head(document, max(view.read, 0), view.head),
                "The head that is looked at gives nothing; Ctrl-click on a head of the atlas does the same",
                ("Ctrl+Alt+H",),
            ),
            Offer(
                "This head at its mean",
                lambda document, view: add_intervention(
                    document, KnockOutHeads(max(view.read, 0), (view.head,), "mean")
                ),
                "The head that is looked at gives what it gives on average over training images",
            ),
        )

    @property
    def site(self) -> Site:
        return Site(self.block, "head_out")

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited outputs of the heads [B, H, T, K].

        Raises UserError where the block has no such head, or too few others for the control.
        """
        heads = self._chosen(x.shape[1])
        filled = fill_at(self.fill, self.site, x, context)
        edited = x.clone()
        edited[:, heads] += self.strength * (filled - x)[:, heads]
        return edited

    def _chosen(self, n_heads: int) -> list[int]:
        missing = [head for head in self.heads if not 0 <= head < n_heads]
        if missing:
            raise UserError(f"Block {self.block} has no head {missing[0]}.", f"Choose from 0 to {n_heads - 1}.")
        if not self.control:
            return list(self.heads)
        import torch  # the window knows edits, and loads no torch

        others = [head for head in range(n_heads) if head not in self.heads]
        if len(others) < len(self.heads):
            raise UserError("There are too few other heads in this block.", "Go back to the effect.")
        order = torch.randperm(len(others), generator=torch.Generator().manual_seed(self.seed))
        return [others[i] for i in order[: len(self.heads)]]

    def subject(self, stimulus: Stimulus) -> str:
        names = ", ".join(map(str, self.heads))
        return f"head {names}" if len(self.heads) == 1 else f"heads {names}"

    def words(self, stimulus: Stimulus, near: Near = by_hand) -> str:
        return f"{self.subject(stimulus)} off" if self.fill == "zero" else f"{self.subject(stimulus)} → mean"

    @property
    def named_heads(self) -> tuple[int, ...]:
        return self.heads

    def controls(self) -> tuple[str, ...]:
        return ("other heads",)

    def drawn_again(self, seed: int) -> KnockOutHeads | None:
        return replace(self, seed=seed) if self.control else None


def heads_off(document: Document, lost: Collection[Intervention] = ()) -> frozenset[tuple[int, int]]:
    """Block and head of all that give nothing of their own now; edits that are `lost` switch none off."""
    found = [edit for edit in document.interventions if _switches_off(edit) and edit not in lost]
    return frozenset((edit.block, head) for edit in found for head in edit.heads)


def _switches_off(edit: Intervention) -> TypeGuard[KnockOutHeads]:
    return isinstance(edit, KnockOutHeads) and edit.enabled and not edit.control and edit.strength > 0


def toggle_head(document: Document, block: int, head: int) -> Document:
    """The document with a head switched off, or on again whatever switched it off.

    The heads of a block that are switched off one by one are one edit.
    """
    if (block, head) in heads_off(document):
        return _switch_on(document, block, head)
    for index, edit in enumerate(document.interventions):
        if _switches_off(edit) and (edit.block, edit.fill, edit.strength) == (block, "zero", 1.0):
            more = replace(edit, heads=tuple(sorted({*edit.heads, head})))
            return replace_intervention(document, index, more)
    return add_intervention(document, KnockOutHeads(block, (head,)))


def _switch_on(document: Document, block: int, head: int) -> Document:
    edits: list[Intervention] = []
    for edit in document.interventions:
        if not _switches_off(edit) or edit.block != block or head not in edit.heads:
            edits.append(edit)
        elif others := tuple(each for each in edit.heads if each != head):
            edits.append(replace(edit, heads=others))
    return replace(document, interventions=tuple(edits))
