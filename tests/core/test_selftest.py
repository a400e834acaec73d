from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core import selftest, session
from core.families.files import save_model
from core.subspaces import save_subspace, subspace_file
from tests.core.networks import CARD, TINY, finish, tiny_model, tiny_network
from tests.core.test_subspaces import card, fitted

LARGE = {"img_size": 224, "depth": 2}


@pytest.fixture
def reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A random model of the demo's canvas whose subspaces lie in a folder beside it."""
    monkeypatch.setattr(session, "subspace_folder", lambda name: tmp_path / "subspaces")
    monkeypatch.setattr(selftest, "N_IMAGES", 20)
    save_model(tmp_path / "large.safetensors", tiny_network(**LARGE), {**CARD, "network": {**TINY, **LARGE}})
    return str(tmp_path / "large.safetensors")


def checks_of(report: dict[str, Any]) -> dict[str, bool]:
    return {check["name"]: check["ok"] for check in report["checks"]}


def test_a_model_that_guesses_fails_on_accuracy_but_not_on_parity(reference: str) -> None:
    report = finish(selftest.selftest(reference))

    checks = checks_of(report)
    assert checks["parity"]
    assert not checks["accuracy"]
    assert not report["ok"]


def test_a_model_without_a_color_subspace_fails_on_the_flip(reference: str) -> None:
    report = finish(selftest.selftest(reference))

    assert not checks_of(report)["flip"]


def test_the_flip_moves_item_a_to_the_color_of_item_b(reference: str, tmp_path: Path) -> None:
    model = tiny_model(**LARGE)
    fp16 = finish(selftest.selftest(reference))["weights_sha256"]
    path = subspace_file(tmp_path / "subspaces", "color", 0)
    save_subspace(path, fitted(), {**card(model, "color", 0), "weights_sha256": fp16})

    report = finish(selftest.selftest(reference))

    before, after = report["margins"]
    assert before != pytest.approx(after, abs=1e-6)
    assert checks_of(report)["flip"] == (before < 0 < after)
