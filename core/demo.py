"""What the window opens on: the bundled model, a pair that differs in colour, and the best layer for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core.cards import TIMM_GEOMETRY, Card, SubspaceKey, card_task
from core.document import Document, View
from core.examples import example_names, example_stimulus
from core.stimuli.relayout import laid_out
from core.stimuli.stimulus import Geometry, Item, Property, Stimulus, Task
from core.stimuli.tokens import patches_of_items

DEFAULT_MODEL = "discrimination"
STAR, SIX_POINT_STAR, BOWL = 6, 7, 11
PINK, INDIGO, CYAN, YELLOW, ORANGE = 0, 3, 5, 10, 12


def demo_document(
    model: str = DEFAULT_MODEL, task: Task = "discrimination", geometry: Geometry = TIMM_GEOMETRY
) -> Document:
    """Two stars, in indigo and in pink; of match-to-sample two stars, in yellow and in cyan, above two equal bowls."""
    return Document(model, demo_stimulus(task, geometry))


def demo_stimulus(task: Task, geometry: Geometry = TIMM_GEOMETRY) -> Stimulus:
    """The stimulus of `demo_document`: giving item A the colour of item B turns its true answer.

    Raises UserError where the canvas has no room for it.
    """
    if task == "rmts":
        kinds = ((SIX_POINT_STAR, YELLOW), (SIX_POINT_STAR, CYAN), (BOWL, ORANGE), (BOWL, ORANGE))
        drawn = zip(kinds, ((0, 0), (32, 0), (48, 112), (144, 144)), strict=True)
    else:
        drawn = zip(((STAR, INDIGO), (STAR, PINK)), ((32, 48), (144, 128)), strict=True)
    items = [Item(*kind, *place, (4, 4), seed=7 + index) for index, (kind, place) in enumerate(drawn)]
    return laid_out(Stimulus(tuple(items), TIMM_GEOMETRY), geometry)


def names_example(card: Card) -> bool:
    """Whether a model's card names an example picture that is there, on which it opens."""
    return card.get("example") in example_names()


def demo_of(card: Card, geometry: Geometry) -> Stimulus:
    """What a model is shown on: the example picture that its card names, else the demo of its task.

    Raises UserError where the canvas has no room for it.
    """
    if names_example(card):
        return example_stimulus(card["example"], geometry)
    return demo_stimulus(card_task(card), geometry)


def best_block(cards: Mapping[SubspaceKey, Card], property: Property) -> int:
    """The block after which the property's subspace has the highest interchange accuracy.

    Where the property has none, the block that is best for the other; 0 where no subspace is known.
    """
    scored = [(name == property, float(card["iia"]), block) for (name, block), card in cards.items()]
    return max(scored)[2] if scored else 0


def opening_view(view: View, cards: Mapping[SubspaceKey, Card], property: Property, n_blocks: int) -> View:
    """How a model is looked at as it opens: written where the property is carried best, and read one block later.

    A model without subspaces is looked at as the one before it, as far as it has blocks.
    """
    last = n_blocks - 1
    if not cards:
        return replace(view, read=min(view.read, last), write=min(view.write, last))
    block = min(best_block(cards, property), last)
    return replace(view, read=min(block + 1, last), write=block)


def demo_view(cards: Mapping[SubspaceKey, Card], task: Task = "discrimination") -> View:
    """Write where colour is carried best, and look from a patch of item A one block later."""
    block = best_block(cards, "color")
    return View(read=block + 1, write=block, token=token_of_first(demo_stimulus(task)))


def token_of_first(stimulus: Stimulus, n_prefix: int = 1) -> int:
    """A token of item A, with this many tokens before the patches, CLS and registers: the last one, of a photo's first
    mask the middle one."""
    patches = patches_of_items(stimulus)[0]
    return n_prefix + patches[len(patches) // 2 if stimulus.photo is not None else -1]
