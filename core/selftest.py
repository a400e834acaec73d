"""Does this installation work: parity, accuracy and one flip through the colour subspace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from core.answering import Laboratory
from core.datasets import split_examples
from core.demo import demo_document, demo_view
from core.document import set_point
from core.engine import parity_error
from core.families.model import PARITY_TOLERANCE
from core.jobs.measure import answers
from core.jobs.progress import Job
from core.questions import Question

N_IMAGES = 200
LEAST_ACCURACY = 0.95


def selftest(reference: str, device: str = "auto") -> Job[dict[str, Any]]:
    """A report `{"ok", "model", "checks": [{"name", "ok", "said"}]}`."""
    laboratory = Laboratory(device)
    model = laboratory.open(reference)
    with torch.inference_mode():
        error = parity_error(model)
    examples = split_examples("test", N_IMAGES, task=model.task, geometry=model.geometry)
    chosen = yield from answers(model, examples)
    accuracy = sum(c == e.label for c, e in zip(chosen, examples, strict=True)) / N_IMAGES
    margins = _flip(laboratory, reference)
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


def _flip(laboratory: Laboratory, reference: str) -> tuple[float, float] | None:
    """Margins of the demo without and with item A moved to item B's colour on the pad; None without a pad."""
    document = demo_document(reference, laboratory.open(reference).task)
    view = demo_view({key: s.card for key, s in laboratory.subspaces.items()})
    plain = laboratory.answer(Question(document, view.write, attention=False))
    if "color" not in plain.pads:
        return None
    x, y = plain.pads["color"].landmarks[document.base.items[1].color]
    edited = set_point(document, 0, "color", view.write, (float(x), float(y)))
    moved = laboratory.answer(replace(plain.question, document=edited))
    return plain.decision.margin, moved.decision.margin
