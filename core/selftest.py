"""Does this installation work: parity, accuracy and one flip through the colour subspace."""

from __future__ import annotations

from typing import Any

import torch

from core.analyses import Refusal
from core.analyses.decision import Decision
from core.analyses.pad import Pad
from core.datasets import split_examples
from core.demo import demo_document, demo_view
from core.engine import parity_error
from core.errors import UserError
from core.families.model import PARITY_TOLERANCE, Model, require_relation
from core.interventions.move import set_point
from core.jobs.measure import predictions
from core.jobs.progress import Job
from core.questions import Question
from core.session import Session

N_IMAGES = 200
LEAST_ACCURACY = 0.95


def selftest(reference: str, device: str = "auto") -> Job[dict[str, Any]]:
    """A report `{"ok", "model", "checks": [{"name", "ok", "said"}]}`."""
    session = Session(device)
    model = session.open(reference).model
    with torch.inference_mode():
        error = parity_error(model)
    accuracy, said_accuracy = yield from _accuracy(model)
    margins, flipped, said_flip = _flip(session, reference)
    checks = [
        {"name": "parity", "ok": error <= PARITY_TOLERANCE, "said": f"largest difference {error:.1e}"},
        {"name": "accuracy", "ok": accuracy is not None and accuracy >= LEAST_ACCURACY, "said": said_accuracy},
        {"name": "flip", "ok": flipped, "said": said_flip},
    ]
    return {
        "ok": all(check["ok"] for check in checks),
        "model": model.name,
        "weights_sha256": model.weights_hash,
        "device": str(model.device),
        "parity_error": error,
        "accuracy": accuracy,
        "margins": margins,
        "assumed": list(model.assumed),
        "checks": checks,
    }


def _accuracy(model: Model) -> Job[tuple[float | None, str]]:
    """The share of right answers on test images, None where the model answers something else, and words for it."""
    try:
        require_relation(model)
    except UserError as error:
        return None, error.message
    examples = split_examples("test", N_IMAGES, task=model.task, geometry=model.geometry)
    chosen = yield from predictions(model, examples)
    accuracy = sum(c == e.label for c, e in zip(chosen, examples, strict=True)) / N_IMAGES
    return accuracy, f"{accuracy:.3f} on {N_IMAGES} test images"


def _flip(session: Session, reference: str) -> tuple[tuple[float, float] | None, bool, str]:
    """Margins same − different of the demo without and with item A moved to item B's colour on the pad, whether the
    answer turns from different to same, and words for it; no margins where this cannot be tried."""
    opened = session.open(reference)
    model = opened.model
    document = demo_document(reference, model.task)
    if not model.judges_relation:
        return None, False, "nothing to flip: the answers are not “same” and “different”"
    if document.base.geometry != model.geometry:
        return None, False, "the demo's picture is of another size than the model's"
    pad = Pad("color", demo_view({key: s.card for key, s in opened.subspaces.items()}).write)
    plain = session.answer(Question(document, (pad,)))
    places = plain.found[pad]
    if isinstance(places, Refusal):
        return None, False, "no colour subspace to flip it in"
    x, y = places.landmarks[document.base.items[1].color]
    edited = set_point(document, 0, pad.property, pad.block, (float(x), float(y)))
    verdicts = [answer.found[Decision()] for answer in (plain, session.answer(Question(edited)))]
    before, after = (verdict.logits[1] - verdict.logits[0] for verdict in verdicts)
    turned = [verdict.answer for verdict in verdicts] == list(model.labels[:2])
    return (before, after), turned, f"margin {before:+.2f} → {after:+.2f}"
