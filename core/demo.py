"""What the window opens on: the bundled model, a pair that differs in colour, and the best layer for it."""

from __future__ import annotations

from collections.abc import Mapping

from core.cards import Card, SubspaceKey
from core.document import Document, View
from core.scene import Item, Property, Stimulus, Task, item_patches

DEFAULT_MODEL = "discrimination"
STAR, SIX_POINT_STAR, BOWL = 6, 7, 11
PINK, INDIGO, CYAN, YELLOW, ORANGE = 0, 3, 5, 10, 12


def demo_document(model: str = DEFAULT_MODEL, task: Task = "discrimination") -> Document:
    """Two stars, in indigo and in pink; of match-to-sample two stars, in yellow and in cyan, above two equal bowls."""
    return Document(model, demo_stimulus(task))


def demo_stimulus(task: Task) -> Stimulus:
    """The stimulus of `demo_document`: giving item A the colour of item B turns its true answer."""
    if task == "rmts":
        kinds = ((SIX_POINT_STAR, YELLOW), (SIX_POINT_STAR, CYAN), (BOWL, ORANGE), (BOWL, ORANGE))
        drawn = zip(kinds, ((0, 0), (32, 0), (48, 112), (144, 144)), strict=True)
    else:
        drawn = zip(((STAR, INDIGO), (STAR, PINK)), ((32, 48), (144, 128)), strict=True)
    items = [Item(*kind, *place, (4, 4), seed=7 + index) for index, (kind, place) in enumerate(drawn)]
    return Stimulus(tuple(items))


def best_block(cards: Mapping[SubspaceKey, Card], property: Property) -> int:
    """The block after which the property's subspace has the highest interchange accuracy; 0 where none is known."""
    scored = [(float(card["iia"]), block) for (name, block), card in cards.items() if name == property]
    return max(scored)[1] if scored else 0


def demo_view(cards: Mapping[SubspaceKey, Card], task: Task = "discrimination") -> View:
    """Write where colour is carried best, and look from a patch of item A one block later."""
    block = best_block(cards, "color")
    return View(read=block + 1, write=block, token=token_of_first(demo_stimulus(task)))


def token_of_first(stimulus: Stimulus, n_prefix: int = 1) -> int:
    """The last token of item A, with this many tokens before the patches: CLS, and registers."""
    return n_prefix + item_patches(stimulus.items[0], stimulus.geometry)[-1]
