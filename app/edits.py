"""What commands, chips and menus do to the document; each is one undo step with a name."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

import core.arrange
import core.document
from app.desk import Desk
from core.cards import Card, card_geometry, card_n_blocks, card_n_prefix, card_task, has_task, read_card, subspace_cards
from core.demo import demo_of, names_example, opening_view, token_of_first
from core.document import (
    Document,
    Lens,
    make_counterfactual,
    match_property,
    open_photo_in,
    random_match_to_sample,
    random_pair,
    remove_intervention,
    reroll_noise,
    set_property,
    stimulus_of,
    swap_items,
    with_learned,
    with_stimulus,
)
from core.errors import UserError
from core.interventions.move import in_one_mode
from core.interventions.probe import find_push, push_pair
from core.interventions.swap import SwapFromSource, swap_from_source
from core.locations import model_path
from core.questions import Failure
from core.stimuli.datasets import Condition, random_odd_one_out
from core.stimuli.relayout import laid_out
from core.stimuli.render import open_photo
from core.stimuli.stimulus import (
    TASK_WORDS,
    Property,
    Relation,
    Stimulus,
    item_name,
    n_items,
    pair_name,
    pair_relation,
    task_of,
)

LEAST_GAIN = 0.1
"""By how much more pairs than its control an α must flip to be the unit of a probe's slider."""


def fresh_seed() -> int:
    """Of what is drawn at random."""
    return secrets.randbits(32)


def edit_stimulus(desk: Desk, text: str, change: Callable[[Stimulus], Stimulus], gesture: str = "") -> None:
    """Change the stimulus of the tab that is shown."""
    side = desk.view.side
    stimulus = stimulus_of(desk.document, side)
    desk.edit(text, with_stimulus(desk.document, side, change(stimulus)), gesture)


def _pair(desk: Desk) -> Stimulus:
    stimulus = stimulus_of(desk.document, desk.view.side)
    if len(stimulus.items) < 2:
        raise UserError("This needs two items.", "Use Stimulus ▸ Random pair, or add an item.")
    return stimulus


def selected_items(desk: Desk, *, drawn: bool = True) -> tuple[int, ...]:
    """The items that are selected in the picture that is shown, `drawn` ones or else masks of a photo, in order.

    Raises UserError where none is.
    """
    stimulus = stimulus_of(desk.document, desk.view.side)
    found = () if drawn and stimulus.photo is not None else core.arrange.selected_items(desk.document, desk.view)
    if not found:
        n = len(stimulus.items) if drawn else n_items(stimulus)
        hint = "Click one on the canvas, or press Tab there." if n else "There is none in this picture."
        raise UserError("No item is selected.", hint)
    return found


def item_names(items: Sequence[int]) -> str:
    """A; A and B; A, B and C."""
    *first, last = map(item_name, items)
    return f"{', '.join(first)} and {last}" if first else last


def set_selected_property(desk: Desk, kind: str, value: int) -> None:
    """Give the selected items a shape or a colour, if there are any."""
    stimulus = stimulus_of(desk.document, desk.view.side)
    if stimulus.photo is None and core.arrange.selected_items(desk.document, desk.view):
        set_property_of(desk, selected_items(desk), kind, value)


def set_item_property(desk: Desk, index: int, kind: str, value: int) -> None:
    """Give an item a shape or a colour, leaving the other as it is."""
    set_property_of(desk, (index,), kind, value)


def set_property_of(desk: Desk, items: Sequence[int], kind: str, value: int) -> None:
    """Give items that are not locked a shape or a colour, leaving the other as it is."""
    items = core.arrange.loose(stimulus_of(desk.document, desk.view.side), items)
    word = "shape" if kind == "shape" else "colour"

    def changed(stimulus: Stimulus) -> Stimulus:
        for index in items:
            stimulus = set_property(stimulus, index, cast(Property, kind), value)
        return stimulus

    edit_stimulus(desk, f"Change {word} of {item_names(items)}", changed)


def exchange(desk: Desk) -> None:
    """The items change places."""
    _pair(desk)
    edit_stimulus(desk, "Exchange A and B", swap_items)


def match(desk: Desk, property: Property) -> None:
    """Item B takes A's shape or colour."""
    _pair(desk)
    word = "shape" if property == "shape" else "colour"
    edit_stimulus(desk, f"Match {word}", lambda s: match_property(s, property))


def draw_random_pair(desk: Desk) -> None:
    """Two new items; same in one case out of two."""
    edit_stimulus(desk, "Random pair", lambda s: random_pair(s.geometry, fresh_seed()))


def draw_match_to_sample(desk: Desk) -> None:
    """A new display pair and sample pair, each same in one case out of two."""
    edit_stimulus(desk, "New match-to-sample", lambda s: random_match_to_sample(s.geometry, fresh_seed()))


def draw_odd_one_out(desk: Desk, differs: Condition) -> None:
    """Several new items of one kind, and one that differs so."""
    edit_stimulus(desk, "Odd one out", lambda s: random_odd_one_out(s.geometry, fresh_seed(), differs))


def clear_canvas(desk: Desk) -> None:
    """Nothing is drawn."""
    edit_stimulus(desk, "Empty canvas", lambda s: Stimulus(geometry=s.geometry))


def reroll(desk: Desk) -> None:
    """New noise and jitter."""
    edit_stimulus(desk, "Re-roll noise", lambda s: reroll_noise(s, fresh_seed()))


def counterfactual(desk: Desk) -> None:
    """Fill the source with the matched donor image for the property whose pad is shown."""
    document = make_counterfactual(desk.document, desk.pad_shown, fresh_seed(), item_of_base(desk))
    desk.edit("Make counterfactual", document)


def item_of_base(desk: Desk) -> int:
    """The base's item that is selected; the first one while the source is shown, or none is selected."""
    return core.document.item_of_base(desk.document, desk.view)


def swap_in_source(desk: Desk, property: Literal["shape", "color", "all"]) -> None:
    """Give item A, of four items or on a photo the selected one, the source's value at the write layer.

    A source is made first where there is none.
    """
    document, item = desk.document, item_of_base(desk)
    if document.source is None or not n_items(document.source):
        if task_of(document.base) is None:
            hint = "Compose one on the source tab; of a photo, mark an object there (M, N, K)."
            raise UserError("There is no source image to swap from.", hint)
        wanted = desk.pad_shown if property == "all" else property
        document = make_counterfactual(document, wanted, fresh_seed(), item)
    word = {"shape": "shape", "color": "colour", "all": "whole stream"}[property]
    chosen = task_of(document.base) == "rmts" or document.base.photo is not None
    block, edited = desk.view.write, item if chosen else 0
    swapped = swap_from_source(document, property, block, item)
    swaps = [edit for edit in swapped.interventions if isinstance(edit, SwapFromSource)]
    mine = next(edit for edit in swaps if (edit.block, edit.item, edit.property) == (block, edited, property))
    desk.edit(f"Swap {word} from source", in_one_mode(swapped, mine))


def accept_learned(desk: Desk) -> None:
    """Let every edit be made with the subspace or probe that there is now."""
    hashes = desk.asset_hashes(desk.document)
    if not hashes:
        raise UserError("Nothing is learned on this model, or the engine is starting.", "Try again in a moment.")
    document = with_learned(desk.document, hashes, anew=True)
    if document == desk.document:
        raise UserError("Every edit is made with what is learned now.", "There is nothing to change.")
    desk.edit("Use what is learned now", document)


def clear_edits(desk: Desk) -> None:
    """The model itself again."""
    desk.edit("Clear edits", replace(desk.document, interventions=()))


def push(desk: Desk, pair: int, alpha: float, gesture: str = "", *, keep: bool = False) -> None:
    """Push a pair by α along the probe's direction at the write layer: above 0 toward same, below toward different.

    At 0 the push is taken away, or kept in its place in the list where `keep` says so: a drag goes on.
    """
    document, block = desk.document, desk.view.write
    name, at = pair_name(document.base, pair), find_push(document, pair, block)
    if alpha == 0 and at is None:
        return
    if alpha == 0 and at is not None and not keep:
        desk.edit(f"Probe: {name} pair left alone", remove_intervention(document, at), gesture)
        return
    toward: Relation = "same" if alpha > 0 else "different"
    text = f"Probe: {name} pair toward {toward}, alpha {round(abs(alpha), 2):g}"
    desk.edit(text, push_pair(document, pair, block, toward, abs(alpha)), gesture)


def probe_unit(desk: Desk) -> float:
    """The α at the write layer that was measured to do most more than its control; 1 where none does anything."""
    card = {} if desk.answer is None else desk.answer.model.probe_cards.get(desk.view.write, {})
    gain, alpha = probe_gain(card)
    return alpha if gain > LEAST_GAIN else 1.0


def probe_gain(card: Card) -> tuple[float, float]:
    """How many more pairs than its control a probe's direction flips at best, and the least α that does it."""
    gains = [(e["success"] - e["control"], -e["alpha"]) for e in card.get("edits", ())]
    gain, alpha = max(gains, default=(0.0, -1.0))
    return gain, -alpha


def flip_pair(desk: Desk, pair: int) -> None:
    """Push a pair toward the relation that it has not, by the α that does most."""
    unit = probe_unit(desk)
    push(desk, pair, -unit if _probed_relation(desk, pair) == "same" else unit)


def control_pair(desk: Desk, pair: int) -> None:
    """Push a pair toward the relation that it has, as far as it is pushed now, else by the α that does most."""
    at = find_push(desk.document, pair, desk.view.write)
    alpha = (desk.document.interventions[at].strength if at is not None else 0.0) or probe_unit(desk)
    push(desk, pair, alpha if _probed_relation(desk, pair) == "same" else -alpha)


def _probed_relation(desk: Desk, pair: int) -> Relation:
    """The relation that a pair has.

    Raises UserError where there is no such pair, or no probe at the write layer.
    """
    relation = pair_relation(desk.document.base, pair)
    if relation is None:
        raise UserError("This needs a pair.", "Use Stimulus ▸ Random pair.")
    if desk.answer is not None and desk.view.write not in desk.answer.model.probe_cards:
        raise UserError("There is no probe at the write layer.", "Move the write marker, or see the Probe tab.")
    return relation


def pair_selected(desk: Desk) -> int:
    """The pair of the base's selected item; of two or three items, the first two."""
    return item_of_base(desk) // 2 if task_of(desk.document.base) == "rmts" else 0


def show_photo(desk: Desk, path: Path) -> None:
    """Open a picture as the stimulus of the tab that is shown."""
    side = desk.view.side
    photo = open_photo(path, stimulus_of(desk.document, side).geometry, whole=True)
    desk.edit(f"Open {path.name}", open_photo_in(desk.document, side, photo))
    if photo.crop is not None:
        desk.take_up(tool="Crop")


def choose_model(desk: Desk, reference: str) -> None:
    """Ask the engine for another model, its stimuli laid out anew on its patch grid; where these are nothing for it, it
    gets its own demo.

    Another model opens at the layer that carries the property best.

    Raises UserError where there is no such file, its card cannot be read, or the items have no room on its canvas.
    """
    card = read_card(model_path(reference))
    geometry = card_geometry(card)
    before, view = desk.document, desk.view
    compared = before.model if reference == before.compared else before.compared  # then the two change places
    document = replace(desk.document, model=reference, interventions=(), compared=compared)
    needs_demo = _needs_demo(card, before)
    if needs_demo:
        document = replace(document, base=demo_of(card, geometry), source=None)
    else:
        source = None if before.source is None else laid_out(before.source, geometry)
        document = replace(document, base=laid_out(before.base, geometry), source=source)
    if reference != before.model:
        view = opening_view(view, subspace_cards(reference), desk.pad_shown, card_n_blocks(card))
    view = desk.view_after(view, before, document)
    if needs_demo:
        view = replace(view, token=token_of_first(document.base, card_n_prefix(card)))
    desk.store.edit("Open model", document, _model_gesture(reference), view)


def _needs_demo(card: Card, before: Document) -> bool:
    """Whether what is shown is nothing for a model: items where it has an example picture to open on, another task than
    its own, or the example picture on which the model before it opened. Any other photo stays."""
    if names_example(card):
        return before.base.photo is None
    if not has_task(card):
        return False
    return task_of(before.base) not in (None, card_task(card)) or _shows_example(before)


def _shows_example(document: Document) -> bool:
    """Whether the picture is the one on which the model opens; not where its card cannot be read."""
    if document.base.photo is None:
        return False
    try:
        card = read_card(model_path(document.model))
        return names_example(card) and document.base == demo_of(card, document.base.geometry)
    except UserError:
        return False


def read_by(desk: Desk, lens: Lens) -> None:
    """What is shown of a network without classes.

    Raises UserError where the model has classes.
    """
    if desk.model is not None and desk.model.labels:
        raise UserError(f"{desk.model.name} answers by its own classes.", "This is for networks without classes.")
    desk.edit(f"Show {lens}", replace(desk.document, lens=lens))


def task_words(reference: str) -> str:
    """What the task of a model is called; empty where it has none, or its card cannot be read."""
    try:
        card = read_card(model_path(reference))
    except UserError:
        return ""
    return TASK_WORDS[card_task(card)] if has_task(card) else ""


def keep_model(desk: Desk, failure: Failure) -> None:
    """After a model could not be opened: go on with the one that answered last."""
    reference = failure.question.document.model
    if desk.answer is None or reference != desk.document.model:
        return
    kept = desk.answer.question.document
    if reference != kept.model:
        desk.store.cancel(_model_gesture(reference))
    if reference == desk.document.model != kept.model:
        document = replace(desk.document, model=kept.model, compared=kept.compared)
        desk.edit("Keep the model", replace(document, base=kept.base, source=kept.source))


def _model_gesture(reference: str) -> str:
    """The gesture under which a model is opened, so that a failed opening can be taken back."""
    return f"open model {reference}"
