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
from core.families.model import PARITY_TOLERANCE
from core.interventions.move import set_point
from core.jobs.measure import answers
from core.jobs.progress import Job
from core.questions import Question
from core.session import Session

N_IMAGES = 200
LEAST_ACCURACY = 0.95


def selftest(reference: str) -> Job[dict[str, Any]]:
    """A report `{"ok", "model", "checks": [{"name", "ok", "said"}]}`."""
    session = Session()
    model = session.open(reference).model
    with torch.inference_mode():
        error = parity_error(model)
    examples = split_examples("test", N_IMAGES, task=model.task, geometry=model.geometry)
    chosen = yield from answers(model, examples)
    accuracy = sum(c == e.label for c, e in zip(chosen, examples, strict=True)) / N_IMAGES
    margins = _flip(session, reference)
    before, after = margins or (0.0, 0.0)
    flip = f"margin {before:+.2f} → {after:+.2f}" if margins else "no colour subspace to flip it in"
    checks = [
        {"name": "parity", "ok": error <= PARITY_TOLERANCE, "said": f"largest difference {error:.1e}"},
        {"name": "accuracy", "ok": accuracy >= LEAST_ACCURACY, "said": f"{accuracy:.3f} on {N_IMAGES} test images"},
        {"name": "flip", "ok": before < 0 < after, "said": flip},
    ]
    return {
        "ok": all(check["ok"] for check in checks),
        "model": model.name,
        "weights_sha256": model.weights_hash,
        "device": str(model.device),
        "parity_error": error,
        "accuracy": accuracy,
        "margins": margins,
        "checks": checks,
    }


def _flip(session: Session, reference: str) -> tuple[float, float] | None:
    """Margins of the demo without and with item A moved to item B's colour on the pad; None without a pad."""
    opened = session.open(reference)
    document = demo_document(reference, opened.model.task)
    pad = Pad("color", demo_view({key: s.card for key, s in opened.subspaces.items()}).write)
    plain = session.answer(Question(document, (pad,)))
    places = plain.found[pad]
    if isinstance(places, Refusal):
        return None
    x, y = places.landmarks[document.base.items[1].color]
    edited = set_point(document, 0, pad.property, pad.block, (float(x), float(y)))
    moved = session.answer(Question(edited))
    return plain.found[Decision()].margin, moved.found[Decision()].margin
