"""A set of variants of one stimulus as a folder of pictures, as a job: for the window, and for the command line.

images/00000.png …           what a model receives
targ_labels/, dist_labels/   of an odd one out, the masks of its target and of the others (`core.stimuli.masked_folder`)
manifest.json                what made it and, of each picture, its truth, its tokens and its items
paint.png                    what was painted over all of them, where something was
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.analyses.decision import Decision, Verdict
from core.cards import Card, card_n_prefix, card_task, judges_relation, means_relation, read_card
from core.copied import copied_text
from core.document import Document, Side, stimulus_of
from core.errors import UserError
from core.locations import model_path
from core.progress import Progress
from core.questions import Answer, Question
from core.sets import FORMAT, MANIFEST, PAINT
from core.stimuli.datasets import EXAMPLES_MAX, SEED_MAX
from core.stimuli.masked_folder import IMAGES, LABELS
from core.stimuli.render import item_insides, render
from core.stimuli.stimulus import (
    DISTRACTORS,
    TARGET,
    Stimulus,
    odd_difference,
    odd_one,
    task_of,
    truth,
)
from core.stimuli.tokens import patches_of_items
from core.stimuli.variants import Varied, endless_variants
from core.storage import check_folder, write_files, write_text

SET_JOB = "core.set_job:write_set"


@dataclass(frozen=True, slots=True)
class SetOptions:
    """What is drawn again in each variant."""

    n: int = field(default=200, metadata={"label": "Variants", "least": 1, "most": EXAMPLES_MAX})
    positions: bool = field(
        default=True, metadata={"label": "Other places", "tip": "On the patch grid; a locked item stays where it is"}
    )
    noise: bool = field(default=True, metadata={"label": "Other noise and jitter"})
    shapes: bool = field(
        default=False,
        metadata={"label": "Other shapes", "tip": "One for one: what has the same shape has the same one again"},
    )
    colors: bool = field(
        default=False,
        metadata={"label": "Other colours", "tip": "One for one: what has the same colour has the same one again"},
    )
    seed: int = field(default=0, metadata={"label": "Seed", "most": min(SEED_MAX, 2**31 - 1)})
    ask: bool = field(
        default=False,
        metadata={"label": "Ask the model about each", "tip": "With the edits and without; answers go to the manifest"},
    )

    @property
    def varied(self) -> Varied:
        """What is drawn again."""
        return Varied(self.positions, self.noise, self.shapes, self.colors)

    def of(self, stimulus: Stimulus, n: int) -> Iterator[Stimulus]:
        """The first `n` variants, one after the other.

        Raises UserError where nothing can be varied.
        """
        return islice(endless_variants(stimulus, self.varied, seed=self.seed), n)


@dataclass(frozen=True, slots=True)
class Written:
    """How many pictures were written, and of how many the model was asked: about how many of those that pose its task
    it is right without edits, and how many answers the edits turn."""

    n: int
    n_asked: int = 0
    n_posed: int = 0
    n_right: int = 0
    n_turned: int = 0

    def words(self, *, edited: bool) -> str:
        """What the model says of all of them; nothing where it was not asked."""
        if not self.n_asked:
            return ""
        right = f"The model is right about {self.n_right} of {self.n_posed}." if self.n_posed else ""
        turned = f"The edits turn {self.n_turned} of {self.n_asked} answers." if edited else ""
        return " ".join(part for part in (right, turned) if part) or f"The model answered {self.n_asked}."


def write_set(
    document: Document, side: Side, options: SetOptions, folder: str, device: str = "auto"
) -> Generator[Progress, None, Written]:
    """Write variants of a stimulus of a document into a new folder. Stopped, it keeps what is there, listed.

    Tokens count those that the document's model has before its patches. Edits are of the base.

    Raises UserError where nothing can be varied, the folder cannot be written or holds something else, or the model
    that is to be asked cannot be opened.
    """
    out, stimulus = Path(folder), stimulus_of(document, side)
    yield Progress(0, options.n, "drawing")
    drawn = options.of(stimulus, options.n)
    first, card = next(drawn), read_card(model_path(document.model))  # before there is a folder
    check_folder(out)
    check_others(out, {MANIFEST, PAINT, IMAGES, *LABELS.values()})
    check_others(out / IMAGES, set(), missing_ok=True)
    ask = _asking(document, side, device) if options.ask else None
    found, entries = Written(0), list[dict[str, Any]]()
    edits = [edit for edit in document.interventions if edit.enabled and side == "base"]
    made = {"model": document.model, "edits": [edit.words(document.base) for edit in edits]}
    try:
        for index, variant in enumerate(chain([first], drawn)):
            write_files(_files(out, index, variant))
            entries.append(_entry(index, variant, card_n_prefix(card)))
            found = replace(found, n=found.n + 1)
            if ask is not None:
                answer = ask(variant)
                said = answer.found[Decision()]
                made["weights_sha256"] = answer.model.weights_hash
                entries[-1]["answer"] = _said(said)
                found = _counted(found, said, variant, card)
            yield Progress(index + 1, options.n, f"{index + 1} of {options.n} pictures")
    finally:
        if entries:
            _write_manifest(out, entries, stimulus, options, made)
    return found


def _asking(document: Document, side: Side, device: str) -> Callable[[Stimulus], Answer]:
    """Asks the model about a stimulus in the place of the base, with the edits where they are of it."""
    from core.session import Session

    session, edits = Session(device), document.interventions if side == "base" else ()

    def ask(stimulus: Stimulus) -> Answer:
        return session.answer(Question(replace(document, base=stimulus, interventions=edits, compared="")))

    return ask


def _said(verdict: Verdict) -> dict[str, Any]:
    low, high = (verdict.labels[at] for at in verdict.sides)
    return {
        "answer": verdict.answer,
        "margin": verdict.margin,
        "margin_of": f"{high} − {low}",
        "answer_without_edits": verdict.baseline_answer.label,
        "margin_without_edits": verdict.baseline_margin,
    }


def _counted(found: Written, verdict: Verdict, stimulus: Stimulus, card: Card) -> Written:
    known = truth(stimulus)
    judged = judges_relation(verdict.labels) and not verdict.lens
    poses = known is not None and judged and card_task(card) == task_of(stimulus)
    right = known is not None and poses and means_relation(verdict.baseline_answer.label, same=known.same)
    n_asked, n_turned = found.n_asked + 1, found.n_turned + verdict.flipped
    return replace(
        found, n_asked=n_asked, n_turned=n_turned, n_posed=found.n_posed + poses, n_right=found.n_right + right
    )


def check_others(folder: Path, names: set[str], *, missing_ok: bool = False) -> None:
    """Raises UserError where a folder holds what is none of a set's files, such as the images of a larger one."""
    if missing_ok and not folder.is_dir():
        return
    others = sorted(path.name for path in folder.iterdir() if path.name not in names and path.name[0] != ".")
    if others:
        raise UserError(
            f"{folder} holds {others[0]}, which is no part of this set; nothing was written.",
            "Name a new folder, or empty this one.",
        )


def _files(out: Path, index: int, stimulus: Stimulus) -> dict[Path, bytes]:
    """The files of one picture; of an odd one out also its masks."""
    name = f"{index:05d}.png"
    found = {out / IMAGES / name: _png(render(stimulus))}
    odd = odd_one(stimulus)
    if odd is not None:
        insides = item_insides(stimulus)  # [I, S, S]
        masks = {TARGET: insides[odd], DISTRACTORS: np.delete(insides, odd, 0).any(0)}
        found |= {out / LABELS[label] / name: _png(mask.astype(np.uint8) * 255) for label, mask in masks.items()}
    return found


def _png(pixels: np.ndarray) -> bytes:
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def _entry(index: int, stimulus: Stimulus, n_prefix: int) -> dict[str, Any]:
    """What the manifest says of one picture."""
    known, patches = truth(stimulus), patches_of_items(stimulus)
    return {
        "file": f"{IMAGES}/{index:05d}.png",
        "label": None if known is None else int(known.same),
        "condition": odd_difference(stimulus) if known is None else known.differs_in or "same",
        "odd_one": odd_one(stimulus),
        "patches": patches,
        "tokens": [[n_prefix + patch for patch in of_item] for of_item in patches],
        **json.loads(copied_text(stimulus.items, stimulus.geometry)),
    }


def _write_manifest(
    out: Path, entries: Sequence[dict[str, Any]], stimulus: Stimulus, options: SetOptions, known: Mapping[str, Any]
) -> None:
    varied = options.varied
    drawn = {"positions": varied.positions, "noise": varied.noise, "properties": varied.properties}
    made = {
        "format": FORMAT,
        "made_with": {"n": options.n, **drawn, "seed": options.seed},
        "made_of": json.loads(copied_text(stimulus.items, stimulus.geometry)),
        **known,
        "pictures": entries,
    }
    if stimulus.paint is not None:
        write_files({out / PAINT: stimulus.paint.packed})
    write_text(out / MANIFEST, json.dumps(made, indent=1) + "\n")
