"""Heads of any classes in any order: everything goes by the names “same” and “different”."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.analyses.decision import Decision
from core.analyses.decision_map import DecisionMap
from core.document import Document, random_pair
from core.engine import verify
from core.errors import UserError
from core.families.files import open_model, save_model
from core.families.model import Model
from core.interventions.move import set_point
from core.jobs.fit_subspace import SearchOptions, fit_subspaces
from core.jobs.measure import measure, predictions
from core.questions import Question
from core.session import Session
from core.stimuli.stimulus import Geometry
from core.studies.attention import Attention
from core.studies.behaviour import Behaviour
from core.studies.das import Alignment
from core.studies.measures.das import measure_pairs, unseen_pairs
from core.studies.measures.probe_asset import probe_asset
from core.studies.novel import NovelVectors
from core.studies.probe import ProbeOptions, Probes
from core.studies.study import Bench
from tests.core.networks import CARD, TINY, balanced_model, finish, random_subspace

CPU = torch.device("cpu")
SMALL = ProbeOptions(n_images=8, epochs=1)
FEW = SearchOptions(n_pairs=32, n_test=32, epochs=1)


def saved(folder: Path, labels: list[str], rows: list[int]) -> str:
    """A model that says each of different and same about equally often, its head with these rows of the two, and
    others that are never answered (−1)."""
    network = balanced_model().network
    head = torch.nn.Linear(TINY["embed_dim"], len(labels))
    with torch.no_grad():
        head.weight.zero_()
        head.bias.fill_(-50.0)
        for row, of in enumerate(rows):
            if of >= 0:
                head.weight[row], head.bias[row] = network.head.weight[of], network.head.bias[of]
    network.head = head
    file = folder / f"{'-'.join(labels[:3])}.safetensors"
    card = {**CARD, "network": {**CARD["network"], "num_classes": len(labels)}, "labels": labels}
    save_model(file, network, card)
    return str(file)


ORDERS = {
    "same first": (["same", "different"], [1, 0]),
    "in capitals": (["SAME", "Different"], [1, 0]),
    "another class first": (["unsure", "same", "different"], [-1, 1, 0]),
}


@pytest.fixture(params=ORDERS)
def both(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Two files of one network, one of them with its classes in another order."""
    return saved(tmp_path, ["different", "same"], [0, 1]), saved(tmp_path, *ORDERS[request.param])


def same_numbers(of: Callable[[Model], Generator[Any, None, Any]], both: tuple[str, str]) -> None:
    one, other = (finish(of(verify(open_model(reference, CPU)))) for reference in both)
    assert one == other


def test_accuracy_does_not_depend_on_the_order_of_the_classes(both: tuple[str, str]) -> None:
    same_numbers(lambda model: measure(model, ["test"], 40), both)


def test_interchange_accuracy_does_not_depend_on_the_order_of_the_classes(both: tuple[str, str]) -> None:
    kept = random_subspace("color", 0).basis

    def job(model: Model) -> Generator[Any, None, Any]:
        return measure_pairs(model, unseen_pairs(model, "color", 40, 0), {0: kept})

    same_numbers(job, both)


def test_flips_along_probes_do_not_depend_on_the_order_of_the_classes(both: tuple[str, str]) -> None:
    def job(model: Model) -> Generator[Any, None, Any]:
        result = yield from Probes(probe=SMALL, n=8).run(Bench((model,)))
        return result.rows

    same_numbers(job, both)


def test_decision_and_map_do_not_depend_on_the_order_of_the_classes(both: tuple[str, str]) -> None:
    whole, found = DecisionMap("color", 0), []
    for reference in both:
        session = Session("cpu")
        session.open(reference).subspaces = {("color", 0): random_subspace("color", 0)}
        document = set_point(Document(reference, random_pair(Geometry(64, 16), 1)), 0, "color", 0, (2.0, -1.0))
        found.append(session.answer(Question(document, (whole,))).found)

    one, other = (each[Decision()] for each in found)
    assert other.answer.casefold() == one.answer
    assert other.logits[:2] == pytest.approx(one.logits, abs=1e-5)
    assert other.flipped == one.flipped
    assert np.isfinite(found[0][whole]).all()
    np.testing.assert_allclose(found[1][whole], found[0][whole], atol=1e-5)


NEEDS: dict[str, Callable[[Model, Path], Generator[Any, None, Any]]] = {
    "predictions": lambda model, _: predictions(model, []),
    "behaviour": lambda model, _: Behaviour(n=8).run(Bench((model,))),
    "subspaces": lambda model, _: fit_subspaces(model, "color", [0], FEW),
    "das": lambda model, folder: Alignment(n=8).run(Bench((model,), folder)),
    "novel": lambda model, folder: NovelVectors(n=8).run(Bench((model,), folder)),
    "probe": lambda model, _: Probes(probe=SMALL, n=8).run(Bench((model,))),
    "probes to keep": lambda model, _: probe_asset(model, SMALL, n=8),
}


@pytest.mark.parametrize("what", NEEDS)
@pytest.mark.parametrize("labels", [["cat", "dog"], ["same", "other"], ["a", "b", "c"]], ids=str)
def test_what_needs_same_and_different_refuses_other_classes_by_their_names(
    tmp_path: Path, what: str, labels: list[str]
) -> None:
    model = open_model(saved(tmp_path, labels, [0, 1, -1][: len(labels)]), CPU)

    with pytest.raises(UserError, match=f"answers “{labels[0]}”, “{labels[1]}”.* needs the labels “same”"):
        finish(NEEDS[what](model, tmp_path))


def test_what_needs_same_and_different_says_that_a_network_has_no_classes(tmp_path: Path) -> None:
    network = balanced_model().network
    network.reset_classifier(0)
    path = tmp_path / "bare.safetensors"
    save_model(path, network, {**CARD, "network": {**CARD["network"], "num_classes": 0}, "labels": []})

    with pytest.raises(UserError, match=r"^bare has no classes, but this needs the labels “same” and “different”"):
        finish(predictions(open_model(str(path), CPU), []))


def test_where_items_look_can_be_studied_whatever_the_classes(tmp_path: Path) -> None:
    model = open_model(saved(tmp_path, ["cat", "dog"], [0, 1]), CPU)

    assert finish(Attention(n=4).run(Bench((model,)))).rows


def test_a_thousand_classes_are_answered_by_name(tmp_path: Path) -> None:
    labels = [f"class {index}" for index in range(1000)]
    rows = [-1] * 1000
    rows[2], rows[7] = 0, 1
    document = Document(saved(tmp_path, labels, rows), random_pair(Geometry(64, 16), 1))

    verdict = Session("cpu").answer(Question(document)).found[Decision()]

    assert verdict.answer in ("class 2", "class 7")
    assert {verdict.labels[side] for side in verdict.sides} == {"class 2", "class 7"}
    assert not verdict.flipped
