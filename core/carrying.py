"""A state's document on another model: the same pictures, and the same edits at the same relative depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core.document import Intervention
from core.errors import UserError
from core.state import Opened, State
from core.stimuli.relayout import laid_out


def carried(state: State, opened: Opened) -> tuple[State, Mapping[Intervention, str]]:
    """The same state on another model, and which edits in force are not in it, with the reason.

    Raises UserError where the pictures cannot be laid out on that model's canvas.
    """
    document, geometry = state.document, opened.model.geometry
    source = None if document.source is None else laid_out(document.source, geometry)
    plain = replace(document, base=laid_out(document.base, geometry), source=source, interventions=())
    there = State(replace(plain, model=document.compared, compared=""), opened)
    edits: list[tuple[Intervention, Intervention]] = []
    left_out: dict[Intervention, str] = {}
    for edit in state.edits:
        try:
            edits.append((edit, _counterpart(edit, state, there)))
        except UserError as error:
            left_out[edit] = error.message  # what to do about it is of the first model
    there = there.of(replace(there.document, interventions=tuple(other for _, other in edits)))
    left_out |= {edit: there.lost[other] for edit, other in edits if other in there.lost}
    return there, left_out


def _counterpart(edit: Intervention, here: State, there: State) -> Intervention:
    shapes = [(state.model.n_blocks, state.model.n_heads) for state in (here, there)]
    if edit.named_heads and shapes[0] != shapes[1]:
        raise UserError(
            f"{there.model.name} is of another shape, so that no head of it is the counterpart of another's.",
            "Compare two models of as many blocks and heads.",
        )
    site = edit.site.at_depth(here.model.n_blocks, there.model.n_blocks)
    return edit.carried(site, here.context(), there.context())
