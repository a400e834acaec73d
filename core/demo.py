"""What the window opens on: the bundled model, a pair that differs in colour, and the best layer for it."""

from __future__ import annotations

from collections.abc import Mapping

from core.cards import Card, SubspaceKey
from core.document import Document, View
from core.scene import Geometry, Item, Property, Stimulus, item_patches

DEFAULT_MODEL = "discrimination"
STAR, INDIGO, PINK = 6, 3, 0


def demo_document(model: str = DEFAULT_MODEL) -> Document:
    """A star in indigo and a star in pink."""
    a = Item(STAR, INDIGO, 32, 48, (4, 4), seed=7)
    b = Item(STAR, PINK, 144, 128, (4, 4), seed=8)
    return Document(model, Stimulus((a, b)))


def best_block(cards: Mapping[SubspaceKey, Card], property: Property) -> int:
    """The block after which the property's subspace has the highest interchange accuracy; 0 where none is known."""
    scored = [(float(card["iia"]), block) for (name, block), card in cards.items() if name == property]
    return max(scored)[1] if scored else 0


def demo_view(cards: Mapping[SubspaceKey, Card]) -> View:
    """Write where colour is carried best, and look from a patch of item A one block later."""
    block = best_block(cards, "color")
    item = demo_document().base.items[0]
    patch = item_patches(item, Geometry())[-1]
    return View(read=block + 1, write=block, token=1 + patch)
