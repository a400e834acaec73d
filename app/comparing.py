"""A second model beside the first: how it is chosen, and what was found on it, as a panel draws it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar, cast

from app.desk import Desk, Found
from app.edits import choose_model
from core.analyses import Analysis
from core.analyses.decision import Decision
from core.beside import Beside, OnCompared
from core.cards import card_n_blocks, read_card
from core.errors import UserError
from core.locations import model_path
from core.site import Site

HASH_CHARACTERS = 6
NOT_COMPARING = ("No model is compared with this one.", "Choose one with Model ▸ Compare with…")

Value = TypeVar("Value")


def compare_with(desk: Desk, reference: str) -> None:
    """Ask another model everything that is asked of the first, with the same stimulus and the same edits.

    Raises UserError where it is the first one itself, there is no such file, or its card cannot be read.
    """
    if model_path(reference) == model_path(desk.document.model):
        raise UserError("That is the model that is open.", "Choose another one to compare it with.")
    read_card(model_path(reference))
    desk.edit(f"Compare with {model_path(reference).stem}", replace(desk.document, compared=reference))


def stop_comparing(desk: Desk) -> None:
    """The first model alone again."""
    if not desk.document.compared:
        raise UserError(*NOT_COMPARING)
    desk.edit("Stop comparing", replace(desk.document, compared=""))


def change_places(desk: Desk) -> None:
    """The compared model is the first one now, without edits, as a model that is opened; the first is compared."""
    if not desk.document.compared:
        raise UserError(*NOT_COMPARING)
    choose_model(desk, desk.document.compared)


def beside(desk: Desk, analysis: Analysis[Value]) -> tuple[Analysis[Any], ...]:
    """What is wanted of the compared model: an analysis, or nothing while no model is compared."""
    return (Beside(analysis),) if desk.document.compared else ()


def found_beside(desk: Desk, analysis: Analysis[Value]) -> Found[Value] | None:
    """What was found on the compared model, on its own terms: with its name, and without the edits left out there.

    Of a model that could not be opened nothing is known but why, and so of the first one's info.
    """
    found = desk.found(cast("Analysis[OnCompared[Value]]", Beside(analysis)))
    if found is None or not desk.shown.compared or found.document.compared != desk.shown.compared:
        return None
    inner = cast("Beside[Value]", found.analysis).analysis
    there, document = found.value, found.document
    if there is None:
        return Found(inner, None, found.refusal, document, found.model, found.current)
    kept = tuple(edit for edit in document.interventions if edit not in there.left_out)
    return Found(inner, there.value, there.refusal, replace(document, interventions=kept), there.model, found.current)


def left_out(desk: Desk) -> tuple[tuple[str, str], ...]:
    """What the edits are about that the compared model was asked without, each with the reason."""
    found = desk.found(Beside(Decision()))
    if found is None or found.value is None or found.document.compared != desk.shown.compared:
        return ()
    base = found.document.base
    return tuple((edit.subject(base), reason) for edit, reason in found.value.left_out.items())


def block_beside(desk: Desk, block: int) -> int:
    """The block of the compared model after which its stream is as deep as the first one's after `block`."""
    return Site(block).at_depth(desk.n_blocks, n_blocks_beside(desk)).block


def block_of_first(desk: Desk, block: int) -> int:
    """The other way round: the first model's block for one of the compared model."""
    return Site(block).at_depth(n_blocks_beside(desk), desk.n_blocks).block


def n_blocks_beside(desk: Desk) -> int:
    """Blocks of the compared model: as it answered, else by its card; as many as the first where neither is there."""
    found = found_beside(desk, Decision())
    if found is not None and (found.value is not None):
        return found.model.n_blocks
    try:
        return card_n_blocks(read_card(model_path(desk.document.compared)))
    except UserError:
        return desk.n_blocks


def names(desk: Desk) -> tuple[str, str]:
    """What the two models are called: with the hash of their weights where their names are the same."""
    first, second = desk.model, found_beside(desk, Decision())
    known = second is not None and second.value is not None
    ours = desk.document.model if first is None else first.name
    theirs = second.model.name if second is not None and known else desk.document.compared
    if first is None or second is None or not known or ours != theirs:
        return ours, theirs
    hashes = (model.weights_hash[:HASH_CHARACTERS] for model in (first, second.model))
    ours, theirs = (f"{ours} {hashed}" for hashed in hashes)
    return ours, theirs
