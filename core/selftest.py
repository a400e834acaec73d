"""Does a model work here: parity, answers, accuracy where it judges relations, and a flip where there is a subspace."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch

from core.analyses import Refusal
from core.analyses.decision import Decision, Verdict
from core.analyses.pad import Pad
from core.cards import Card, is_number
from core.demo import demo_of, demo_view
from core.document import Document
from core.emoji import knows_emoji
from core.engine import parity_error
from core.families.model import PARITY_TOLERANCE, Model
from core.interventions.move import set_point
from core.jobs import head
from core.jobs.measure import predictions
from core.locations import bundled_models
from core.progress import Job
from core.questions import Question
from core.session import Session
from core.state import Opened, Recent
from core.stimuli.datasets import split_examples

N_IMAGES = 200


@dataclass(frozen=True, slots=True)
class Check:
    """One check: whether it holds, None where it does not apply to the model, and words for it."""

    name: str
    ok: bool | None
    said: str


def selftest(reference: str, device: str = "auto") -> Job[dict[str, Any]]:
    """A report `{"ok", "model", "checks": [{"name", "ok", "said"}]}`; all checks that apply hold where it is ok."""
    session = Session(device)
    opened = session.open(reference)
    model = opened.model
    with torch.inference_mode():
        error = parity_error(model)
    parity = Check("parity", error <= PARITY_TOLERANCE, f"largest difference {error:.1e}")
    answers = _answers(session, opened)
    accuracy, right = yield from _accuracy(model)
    flip, margins = _flip(session, opened)
    checks = [parity, answers, right, flip]
    return {
        "ok": all(check.ok is not False for check in checks),
        "model": model.name,
        "weights_sha256": model.weights_hash,
        "device": str(model.device),
        "parity_error": error,
        "accuracy": accuracy,
        "margins": margins,
        "assumed": list(model.assumed),
        "checks": [asdict(check) for check in checks],
    }


def _demo(model: Model) -> Document:
    return Document(model.reference, demo_of(model.card, model.geometry))


def _answers(session: Session, opened: Opened) -> Check:
    """Whether the demo has the same answer twice; one that is not finite is refused by the engine itself."""
    document = _demo(opened.model)
    said: list[Verdict] = []
    for _ in range(2):
        opened.streams = Recent()  # nothing that is remembered
        said.append(session.answer(Question(document)).found[Decision()])
    first, again = said
    differ = max(abs(a - b) for a, b in zip(first.logits, again.logits, strict=True))
    words = f"{first.answer}, margin {first.margin:+.2f}, the same twice{first.lens and f'. {first.lens}'}"
    return Check("answers", differ == 0, words if differ == 0 else f"the same picture differs by {differ:.1e}")


def _accuracy(model: Model) -> Job[tuple[float | None, Check]]:
    """The share of right answers on test images, None where the model answers something of which there are none; held
    against what its card says."""
    if knows_emoji(model):
        measured = yield from head.accuracy(model, N_IMAGES, seed=1)
        return measured["accuracy"], _held_against_card(model, measured["accuracy"], "pictures of emoji")
    if not model.judges_relation:
        few = ", ".join(f"“{label}”" for label in model.labels[:3]) + (", …" if len(model.labels) > 3 else "")
        said = f"it answers {few}" if model.labels else "it has no classes"
        return None, Check("accuracy", None, f"{said}, not “same” and “different”")
    examples = split_examples("test", N_IMAGES, task=model.task, geometry=model.geometry)
    chosen = yield from predictions(model, examples)
    accuracy = sum(c == e.label for c, e in zip(chosen, examples, strict=True)) / N_IMAGES
    return accuracy, _held_against_card(model, accuracy, "test images")


def _held_against_card(model: Model, accuracy: float, images: str) -> Check:
    """Whether a model is right as often as its card says, but for what chance explains: four standard errors, and one
    image. Without a word in the card there is nothing to hold it against, but what ships has one."""
    said, claimed = f"{accuracy:.3f} on {N_IMAGES} {images}", _claimed(model.card)
    if claimed is None:
        missing = model.reference in bundled_models()
        return Check("accuracy", False if missing else None, f"{said}; its card says none")
    least = claimed - 4 * math.sqrt(claimed * (1 - claimed) / N_IMAGES) - 1 / N_IMAGES
    return Check("accuracy", accuracy >= least, f"{said}; its card says {claimed:.3f}")


def _claimed(card: Card) -> float | None:
    """The accuracy on unseen images that a card states."""
    stated = card.get("accuracy")
    unseen = stated.get("test", stated) if isinstance(stated, Mapping) else None
    share = unseen.get("accuracy") if isinstance(unseen, Mapping) else None
    return float(share) if share is not None and is_number(share) and 0 <= share <= 1 else None


def _flip(session: Session, opened: Opened) -> tuple[Check, tuple[float, float] | None]:
    """Whether the answer to the demo turns from different to same with item A moved to item B's colour on the pad, and
    the margins same − different without and with that; no margins where this cannot be tried."""
    model = opened.model
    if not model.judges_relation:
        return Check("flip", None, "the answers are not “same” and “different”"), None
    document = _demo(model)
    pad = Pad("color", demo_view({key: s.card for key, s in opened.subspaces.items()}).write)
    plain = session.answer(Question(document, (pad,)))
    places = plain.found[pad]
    if isinstance(places, Refusal):
        missing = model.reference in bundled_models()  # those that ship have one
        return Check("flip", False if missing else None, "no colour subspace to flip it in"), None
    x, y = places.landmarks[document.base.items[1].color]
    edited = set_point(document, 0, pad.property, pad.block, (float(x), float(y)))
    verdicts = [answer.found[Decision()] for answer in (plain, session.answer(Question(edited)))]
    before, after = (verdict.logits[1] - verdict.logits[0] for verdict in verdicts)
    turned = [verdict.answer for verdict in verdicts] == list(model.labels[:2])
    return Check("flip", turned, f"margin {before:+.2f} → {after:+.2f}"), (before, after)
