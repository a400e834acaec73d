from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from timm.models.vision_transformer import VisionTransformer

from core import selftest, session
from core.assets.subspace_files import save_subspace, subspace_file
from core.cards import subspace_folders
from core.families.files import save_model
from tests.core.networks import CARD, TINY, finish, tiny_model, tiny_network
from tests.core.test_subspaces import card, fitted

LARGE = {"img_size": 224, "depth": 2}
TURNED = {"network": {**TINY, **LARGE}, "labels": ["same", "different"]}


@pytest.fixture
def reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A random model of the demo's canvas whose subspaces lie in a folder beside it."""
    monkeypatch.setattr(session, "subspace_folders", lambda name: (tmp_path / "subspaces",))
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


def turned(network: VisionTransformer) -> VisionTransformer:
    """The same network with the rows of its head the other way round."""
    for part in (network.head.weight, network.head.bias):
        part.copy_(part.flip(0))
    return network


def test_accuracy_and_flip_are_the_same_whatever_the_order_of_the_labels(
    reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "subspace_folders", subspace_folders)
    other = tmp_path / "turned.safetensors"
    save_model(other, turned(tiny_network(**LARGE)), {**CARD, **TURNED})
    for path in (reference, str(other)):
        weights = finish(selftest.selftest(path))["weights_sha256"]
        made_on = {**card(tiny_model(**LARGE), "color", 0), "weights_sha256": weights}
        save_subspace(subspace_file(tmp_path / f"{Path(path).stem}-subspaces", "color", 0), fitted(), made_on)
    selftest_of = {}
    for path in (reference, str(other)):
        selftest_of[path] = finish(selftest.selftest(path))

    plain, swapped = selftest_of.values()
    assert swapped["margins"] == pytest.approx(plain["margins"], abs=1e-5)
    assert swapped["accuracy"] == plain["accuracy"]
    assert checks_of(swapped) == checks_of(plain)


def test_a_model_with_other_classes_is_not_said_to_be_wrong_but_to_answer_something_else(tmp_path: Path) -> None:
    file = tmp_path / "animals.safetensors"
    network = {**TINY, **LARGE, "num_classes": 3}
    save_model(
        file, tiny_network(**LARGE, num_classes=3), {**CARD, "network": network, "labels": ["cat", "dog", "cow"]}
    )

    report = finish(selftest.selftest(str(file)))

    said = {check["name"]: check["said"] for check in report["checks"]}
    assert "“cat”, “dog”, “cow”" in said["accuracy"]
    assert "“same”" in said["flip"]
    assert checks_of(report) == {"parity": True, "accuracy": False, "flip": False}
    assert report["assumed"], "the card is silent about ε and activation"
