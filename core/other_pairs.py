"""Other pairs of the same kind as one that is drawn, and the same edits on them.

Source: ours; docs/methods.md, "Other pairs". Importing this loads no torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.document import Document, Intervention
from core.errors import UserError
from core.stimuli.stimulus import Stimulus, task_of
from core.stimuli.variants import (
    EVERYTHING,
    Renaming,
    Varied,
    at_places,
    drawn_again,
    generator,
    in_other_places,
    places_of,
    renaming_from,
    why_nothing_varies,
)

if TYPE_CHECKING:
    from core.assets.subspace import Subspace
    from core.interventions.context import Context
    from core.state import State

EFFECT = "with the edits"
"""What the condition is called that is no control."""


def why_no_others(document: Document, labels: Sequence[str], varied: Varied = EVERYTHING) -> str:
    """Why there are no other pairs of the same kind, or no answers that could be counted; "" where there are.

    `labels` are the classes of the model, none for a network without.
    """
    base, source = document.base, document.source
    if base.photo is not None:
        return "A photo has no other pairs of its kind: nobody knows what else it could have shown."
    if task_of(base) is None:
        n = len(base.items)
        return f"{n} {'item poses' if n == 1 else 'items pose'} no task; draw two, or four for match-to-sample."
    if any(s is not None and s.photo is None and s.paint is not None for s in (base, source)):
        return "What is painted by hand belongs to this picture, and to no other pair."
    if len(labels) > 2:
        return f"This model chooses among {len(labels)} classes and judges no pair."
    return why_nothing_varies(base, varied)


def other_pair(document: Document, seed: int, varied: Varied = EVERYTHING) -> tuple[Document, Renaming | None]:
    """The document, without edits, with another pair of the same kind and a source to go with it, from `seed`, and
    which shapes and colours were exchanged; the base is the variant of that seed (`core.stimuli.variants`).

    All that is the same in the drawn pictures is the same, and all that differs differs. What is not varied, size and
    angle stay. A source in the base's places stays in those of the base, and a photo is a source as it is.

    Raises UserError where there are no others.
    """
    if why := why_no_others(document, (), varied):
        raise UserError(why, "Use Stimulus ▸ Random pair.")
    rng = generator(seed)
    renaming = renaming_from(rng, varied)

    def moved(stimulus: Stimulus) -> Stimulus:
        return in_other_places(stimulus, rng) or stimulus if varied.positions else stimulus

    base, source = moved(drawn_again(document.base, renaming, rng, varied)), document.source
    if source is not None and source.photo is None and source.items:
        together, source = places_of(source) == places_of(document.base), drawn_again(source, renaming, rng, varied)
        source = at_places(source, places_of(base)) if together else moved(source)
    return replace(document, base=base, source=source, interventions=()), renaming


def stays(edit: Intervention) -> bool:
    """Whether an edit has no counterpart in another block: it names heads, and those of another block are others."""
    return bool(edit.named_heads)


def moved_to(state: State, block: int, renaming: Renaming | None = None, seed: int = 0) -> tuple[Intervention, ...]:
    """The edits in force, made after or in `block`; those that name heads stay where they are.

    With a renaming they are those of another pair, and what is drawn in them is drawn from `seed`. Raises UserError
    where one has no counterpart there.
    """
    return tuple(_counterpart(edit, state, block, renaming, seed) for edit in state.edits)


def on_other(state: State, renaming: Renaming | None, seed: int) -> tuple[Intervention, ...]:
    """The edits in force on another pair, where they are; what is drawn in them is drawn from `seed`. They are the same
    ones where neither shapes nor colours were exchanged."""
    return tuple(_counterpart(edit, state, edit.site.block, renaming, seed) for edit in state.edits)


def _counterpart(edit: Intervention, state: State, block: int, renaming: Renaming | None, seed: int) -> Intervention:
    context = state.context()
    site = edit.site if stays(edit) else replace(edit.site, block=block)
    if renaming is None:
        return edit if site == edit.site else edit.carried(site, context, context)
    there = edit.carried(site, context, _renamed(context, renaming, site.block))
    return there.drawn_again(seed) or there


def _renamed(context: Context, renaming: Renaming, block: int) -> Context:
    """The context in which, after a block, each landmark stands where the one does that takes its place."""
    there = {key: _exchange(s, renaming) for key, s in context.subspaces.items() if key[1] == block}
    return replace(context, subspaces=there)


def _exchange(subspace: Subspace, renaming: Renaming) -> Subspace:
    order = list(renaming.of(subspace.property)[: len(subspace.centroids)])
    if order == sorted(order):
        return subspace  # itself, by which a move knows that it stays as it is
    return replace(subspace, centroids=subspace.centroids[order], ellipses=subspace.ellipses[order])


def conditions(
    edits: Sequence[Intervention], stimulus: Stimulus, seed: int | None = None
) -> Mapping[str, tuple[Intervention, ...]]:
    """The edits themselves, and each control that any of them has: in it all that have it are that control.

    With a seed, what is drawn in a control is drawn from it.
    """
    versions = [edit.as_controls(stimulus) for edit in edits]
    found = {EFFECT: tuple(edits)}
    for control in dict.fromkeys(name for of in versions for name in of):
        chosen = (of.get(control, edit) for edit, of in zip(edits, versions, strict=True))
        found[control] = tuple(e if seed is None else (e.drawn_again(seed) or e) for e in chosen)
    return found
