"""What is said under a pad: what its axes show, why there is nothing on it, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.desk import Desk, Found
from app.edits import draw_random_pair
from app.numbers import percent
from app.panels.fit_section import why_not
from core.analyses.pad import PadPlaces
from core.stimuli.stimulus import Property


def axes(pad: PadPlaces) -> str:
    """What the pad shows, in a sentence."""
    where = "embeddings" if pad.block < 0 else f"stream after block {pad.block}"
    return f"Of the {where} the two axes show {percent(pad.axis_share)} of the variance between class means"


def why_no_pad(desk: Desk, property: Property, found: Found[PadPlaces] | None) -> str:
    """Why there is nothing to move, and what to do."""
    assert desk.answer is not None
    if desk.document.base.photo is not None:
        return "a photo has no items to move; a random pair has"
    if not desk.document.base.items:
        return "the canvas is empty: add an item, or draw a random pair"
    if desk.answer.question.document.model != desk.document.model:
        return "computing"
    cards = desk.answer.model.subspace_cards
    blocks = [b for (name, b), card in sorted(cards.items()) if name == property and card.get("subspace_size", 1)]
    word = "colour" if property == "color" else "shape"
    if not blocks:
        return why_not(desk.answer.model) or f"this model has no {word} subspaces yet"
    if desk.view.write in blocks and (found is None or not found.current):
        return "computing"
    others = [b for b in blocks if b != desk.view.write]
    move = f": there is one after {_blocks(others)}" if others else ", the only one is empty"
    return f"no {word} subspace here{move}"


def remedy(desk: Desk, property: Property, found: Found[PadPlaces] | None) -> tuple[str, Callable[[], object]] | None:
    """What a button can do about a pad that has nothing to show, beside a fit: its words, and what it does."""
    base, answer = desk.document.base, desk.answer
    if answer is None or (found is not None and found.value is not None):
        return None
    if base.photo is not None or not base.items:
        return "Random pair", lambda: draw_random_pair(desk)
    cards = answer.model.subspace_cards
    if desk.install is not None and (property, desk.view.write) not in cards:
        return "Install from the document", desk.install
    blocks = {b: card["iia"] for (name, b), card in cards.items() if name == property and card.get("subspace_size", 1)}
    if not blocks or desk.view.write in blocks:
        return None
    best = max(blocks, key=lambda block: float(blocks[block]))
    return f"Go to {_blocks([best])}", lambda: desk.look(write=best, read=min(best + 1, answer.model.n_blocks - 1))


def lacks_fit(desk: Desk, property: Property, found: Found[PadPlaces] | None) -> bool:
    """Whether a fit at the write layer would give the pad something to show."""
    if found is None or not found.current or not desk.document.base.items:
        return False
    return (property, desk.view.write) not in found.model.subspace_cards and not why_not(found.model)


def _blocks(blocks: Sequence[int]) -> str:
    """Blocks in words: “embeddings, block 0, 1 or 4”."""
    names = ["embeddings"] if -1 in blocks else []
    numbers = [str(block) for block in blocks if block >= 0]
    names += [f"block {numbers[0]}", *numbers[1:]] if numbers else []
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
