"""What the window opens on: the bundled model, a pair that differs in colour, and the best layer for it."""

from __future__ import annotations

from collections.abc import Mapping

from core.cards import Card, SubspaceKey
from core.document import Document, View
from core.scene import Geometry, Item, Property, Stimulus, Task, item_patches

DEFAULT_MODEL = "discrimination"
STAR, HEART, INDIGO, PINK, TEAL = 6, 15, 3, 0, 6


def demo_document(model: str = DEFAULT_MODEL, task: Task = "discrimination") -> Document:
    """A star in indigo and a star in pink; of match-to-sample they are the display, and the sample is alike."""
    return Document(model, demo_stimulus(task))


def demo_stimulus(task: Task) -> Stimulus:
    """The stimulus of `demo_document`: giving item A the colour of item B turns its true answer."""
    pair = ((STAR, INDIGO), (STAR, PINK))
    if task == "rmts":
        drawn = zip((*pair, (HEART, TEAL), (HEART, TEAL)), ((0, 0), (32, 0), (48, 112), (144, 144)), strict=True)
    else:
        drawn = zip(pair, ((32, 48), (144, 128)), strict=True)
    items = [Item(*kind, *place, (4, 4), seed=7 + index) for index, (kind, place) in enumerate(drawn)]
    return Stimulus(tuple(items))


def best_block(cards: Mapping[SubspaceKey, Card], property: Property) -> int:
    """The block after which the property's subspace has the highest interchange accuracy; 0 where none is known."""
    scored = [(float(card["iia"]), block) for (name, block), card in cards.items() if name == property]
    return max(scored)[1] if scored else 0


def demo_view(cards: Mapping[SubspaceKey, Card], task: Task = "discrimination") -> View:
    """Write where colour is carried best, and look from a patch of item A one block later."""
    block = best_block(cards, "color")
    item = demo_stimulus(task).items[0]
    patch = item_patches(item, Geometry())[-1]
    return View(read=block + 1, write=block, token=1 + patch)
