from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from timm.models.vision_transformer import VisionTransformer

from core import selftest, session, state
from core.assets.subspace_files import save_subspace, subspace_file
from core.cards import judges_relation, read_card, subspace_cards
from core.families.files import save_model
from core.locations import bundled_models, model_path, subspace_folders
from core.readings import judges
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


def said_of(report: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["said"] for check in report["checks"]}


def checks_of(report: dict[str, Any]) -> dict[str, bool | None]:
    return {check["name"]: check["ok"] for check in report["checks"]}


@pytest.mark.parametrize("stated", [{"test": {"accuracy": 0.99, "n": 6400}}, {"accuracy": 0.99, "n": 2000}])
def test_a_model_that_guesses_although_its_card_says_better_fails_on_accuracy_but_not_on_parity(
    reference: str, stated: dict[str, object]
) -> None:
    card = Path(reference).with_suffix(".json")
    card.write_text(json.dumps({**json.loads(card.read_text()), "accuracy": stated}))

    report = finish(selftest.selftest(reference))

    checks = checks_of(report)
    assert checks["parity"]
    assert checks["accuracy"] is False
    assert not report["ok"]
    assert "its card says 0.990" in said_of(report)["accuracy"]


@pytest.mark.parametrize("stated", [None, 0.9, {}, {"test": 1}, {"accuracy": "high"}, {"test": {"accuracy": 40}}])
def test_a_model_whose_card_says_no_accuracy_is_told_its_own_and_holds(reference: str, stated: object) -> None:
    card = Path(reference).with_suffix(".json")
    card.write_text(json.dumps({**json.loads(card.read_text()), "accuracy": stated}))

    report = finish(selftest.selftest(reference))

    assert checks_of(report)["accuracy"] is None
    assert report["ok"]
    assert 0 <= report["accuracy"] <= 1
    assert said_of(report)["accuracy"].endswith("on 20 test images; its card says none")


def test_what_ships_has_an_accuracy_in_its_card(reference: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "bundled_models", lambda: [reference])

    assert checks_of(finish(selftest.selftest(reference)))["accuracy"] is False


def test_a_model_is_held_against_its_card_but_for_what_chance_explains(reference: str) -> None:
    share = finish(selftest.selftest(reference))["accuracy"]
    assert 0 < share < 1
    card = Path(reference).with_suffix(".json")

    def holds(stated: float) -> bool | None:
        card.write_text(json.dumps({**json.loads(card.read_text()), "accuracy": {"accuracy": stated}}))
        return checks_of(finish(selftest.selftest(reference)))["accuracy"]

    assert holds(share)
    assert holds(max(0.0, share - 0.1))
    assert not holds(1.0)


def test_without_a_color_subspace_there_is_nothing_to_flip_but_a_bundled_model_must_have_one(
    reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checks_of(finish(selftest.selftest(reference)))["flip"] is None

    monkeypatch.setattr(selftest, "bundled_models", lambda: [reference])
    report = finish(selftest.selftest(reference))

    assert checks_of(report)["flip"] is False
    assert not report["ok"]


def test_every_shipped_model_that_judges_has_subspaces() -> None:
    judging = [name for name in bundled_models() if judges_relation(read_card(model_path(name))["labels"])]

    assert {"discrimination", "rmts", "dinov2-discrimination", "dinov2-rmts"} <= set(judging)
    assert all(subspace_cards(name) for name in judging)


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

    said = said_of(report)
    assert "“cat”, “dog”, “cow”" in said["accuracy"]
    assert "“same”" in said["flip"]
    assert checks_of(report) == {"parity": True, "answers": True, "accuracy": None, "flip": None}
    assert report["ok"]
    assert report["assumed"], "the card is silent about ε and activation"


@pytest.mark.parametrize(
    ("size", "n_classes"),
    [((224, 14), 0), ((224, 32), 1), ((224, 8), 5), ((384, 32), 0), ((448, 14), 1), ((96, 16), 0), ((96, 8), 5)],
    ids=str,
)
def test_any_patch_size_and_any_head_is_tested_as_far_as_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], n_classes: int
) -> None:
    monkeypatch.setattr(judges, "N_EXAMPLES", 8)
    network = {**TINY, "img_size": size[0], "patch_size": size[1], "depth": 2, "num_classes": n_classes}
    labels = [f"class {index}" for index in range(n_classes)]
    save_model(tmp_path / "any.safetensors", tiny_network(**network), {**CARD, "network": network, "labels": labels})

    report = finish(selftest.selftest(str(tmp_path / "any.safetensors")))

    assert checks_of(report) == {"parity": True, "answers": True, "accuracy": None, "flip": None}
    assert ("This network has no classes" in report["checks"][1]["said"]) == (n_classes == 0)
    assert report["ok"]


@pytest.mark.parametrize("patch", [8, 14, 32])
def test_a_relation_is_judged_on_pictures_of_the_models_own_patches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patch: int
) -> None:
    monkeypatch.setattr(selftest, "N_IMAGES", 8)
    network = {**TINY, "img_size": 224, "patch_size": patch, "depth": 2}
    save_model(tmp_path / "own.safetensors", tiny_network(**network), {**CARD, "network": network})

    report = finish(selftest.selftest(str(tmp_path / "own.safetensors")))

    assert 0 <= report["accuracy"] <= 1
    assert checks_of(report)["parity"]


def test_a_network_that_does_not_answer_the_same_twice_is_found_out(
    reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loose = iter(range(1, 9))
    read = state.State.named
    monkeypatch.setattr(state.State, "named", lambda self, out: read(self, out) + 0.01 * next(loose))

    report = finish(selftest.selftest(reference))

    assert checks_of(report)["answers"] is False
