"""The same edits on other pairs of the kind that is drawn, as a job: each handful is yielded as soon as it is known.

Importing this loads no torch, so that the window can name it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

from core.document import Document
from core.errors import UserError
from core.holding import Holding, PairAnswer
from core.other_pairs import conditions, on_other, other_pair, why_no_others
from core.progress import Progress
from core.stimuli.stimulus import task_of
from core.stimuli.variants import EVERYTHING, Varied, seed_of

if TYPE_CHECKING:
    from core.state import State

HOLDS_JOB = "core.holds_job:holds"
MAX_PAIRS = 10_000
WORK_AT_ONCE = 2 * 10**9
"""Blocks · tokens · width² that are run between two words of progress."""


def holds(
    document: Document, n: int, seed: int = 0, device: str = "auto", *, varied: Varied = EVERYTHING
) -> Generator[Progress | Holding, None, Holding]:
    """Ask the model about `n` other pairs, with the edits, without, and with each of their controls.

    `varied` is what of the drawn pair is another in them: the bases are the variants of this seed.

    Yields first what is asked, without any pair, then those that were added, and returns all of it. Closing it keeps
    what was yielded.

    Raises UserError where the model cannot be opened, there are no other pairs of the kind, or no edit is on.
    """
    yield Progress(0, n, "opening the model")
    import torch

    from core.session import Session
    from core.state import State

    opened = Session(device).open(document.model)
    with torch.inference_mode():
        state = State(document, opened)
        empty = _asked(state, n, varied)
    yield empty
    found = empty
    at_once = _pairs_at_once(state, len(empty.conditions))
    for start in range(0, n, at_once):
        seeds = [seed_of(seed, index) for index in range(start, min(start + at_once, n))]
        with torch.inference_mode():
            few = _answers(state, seeds, empty)
        found = found.with_pairs(few)
        yield replace(empty, pairs=tuple(few))
        yield Progress(len(found.pairs), n, f"{len(found.pairs)} of {n} pairs")
    return found


def _asked(state: State, n: int, varied: Varied) -> Holding:
    """What is to be found out, before anything is.

    Raises UserError where it cannot be.
    """
    from core.analyses.decision import verdict

    if why := why_no_others(state.document, state.labels, varied):
        raise UserError(why, "Nothing was computed.")
    if not state.edits:
        lost = " ".join(state.lost.values())
        raise UserError(f"No edit is on. {lost}".strip(), "Move a thumb, swap, or switch something off first.")
    said = verdict(state)
    notes = [words] if (words := varied.words()) else []
    notes += [f"Left out: {words}" for words in state.lost.values()]
    base = state.document.base
    if bare := [edit for edit in state.edits if not edit.as_controls(base)]:
        notes.append(f"Without a control: {', '.join(dict.fromkeys(edit.words(base) for edit in bare))}.")
    return Holding(
        state.document,
        tuple(conditions(state.edits, base)),
        state.labels[0],
        state.labels[1],
        n,
        notes=tuple(notes),
        unit=said.unit,
        fit=(state.model.weights_hash, state.opened.learned_hash),
        posed=state.model.task == task_of(base),
        varied=varied,
    )


def _pairs_at_once(state: State, n_conditions: int) -> int:
    from core.together import n_together

    return max(1, n_together(state.model, WORK_AT_ONCE) // (n_conditions + 1))


def _answers(state: State, seeds: list[int], asked: Holding) -> list[PairAnswer]:
    """The answers to some pairs, all of them in one batch.

    Raises UserError where an edit cannot be made on one of them.
    """
    from core.together import logits_together

    names, documents, edits = asked.conditions, [], []
    for seed in seeds:
        plain, renaming = other_pair(state.document, seed, asked.varied)
        of = conditions(on_other(state, renaming, seed), plain.base, seed)
        documents += [plain, *(replace(plain, interventions=of[name]) for name in names)]
        edits.append(of[names[0]])
    logits, failed = logits_together(state, documents)
    if failed:
        raise UserError(next(iter(failed.values())), "Change the edit, or take it off the list.")
    margins = (logits[:, 1] - logits[:, 0]).reshape(len(seeds), -1).tolist()
    return [PairAnswer(s, e, row[0], tuple(row[1:])) for s, e, row in zip(seeds, edits, margins, strict=True)]
