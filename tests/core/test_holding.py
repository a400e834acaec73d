"""Whether it holds: numbers, intervals, words, and what a document file keeps of it."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from io import StringIO
from typing import Any

import numpy as np
import pytest

from core.analyses.decision import Decision
from core.demo import demo_document
from core.document import Document, make_counterfactual, random_match_to_sample
from core.errors import UserError
from core.figures.tables import to_csv
from core.holding import Holding, PairAnswer, holding_of, kept_of
from core.holds_job import holds
from core.interventions.knock_out_mlp import KnockOutMLP
from core.interventions.move import set_point
from core.interventions.swap import swap_from_source
from core.progress import Progress
from core.questions import Question
from core.session import Session
from core.statistics import mean_interval, wilson
from core.stimuli.stimulus import Geometry
from core.stimuli.variants import Varied, seed_of, variants
from tests.core.analyses.test_layer_sweep import landmark
from tests.core.networks import finish


@pytest.fixture(scope="module")
def session() -> Session:
    return Session("cpu")


@pytest.fixture(scope="module")
def moved(session: Session) -> Document:
    document = demo_document()
    return set_point(document, 0, "color", 0, landmark(session, document, 0, document.base.items[1].color))


@pytest.fixture(scope="module")
def found(moved: Document) -> Holding:
    return finish(holds(moved, 12, 3, "cpu"))


def test_each_pair_has_the_answers_that_it_has_alone_as_a_document(found: Holding, session: Session) -> None:
    assert len(found.pairs) == 12
    for pair in found.pairs:
        document = found.opened(pair)
        for at, control in enumerate(("", "wrong object", "random subspace")):
            edits = tuple(replace(edit, control=control, seed=pair.seed if at == 2 else 0) for edit in pair.edits)  # type: ignore[type-var]
            answer = session.answer(Question(replace(document, interventions=edits)))
            said = answer.found[Decision()]
            assert not answer.lost
            assert pair.before == pytest.approx(said.baseline[1] - said.baseline[0], abs=1e-4)
            assert pair.after[at] == pytest.approx(said.logits[1] - said.logits[0], abs=1e-4)


def test_the_edits_turn_what_their_controls_do_not(found: Holding) -> None:
    hits = [found.flips(condition)[0] for condition in range(3)]

    assert hits[0] >= 10
    assert hits[1:] == [0, 0]
    assert found.change()[0] > 15
    assert found.n_right == 12


def test_intervals_are_those_of_wilson_and_of_the_mean(found: Holding) -> None:
    hits, low, high = found.flips()

    assert (low, high) == wilson(hits, 12)
    assert found.change() == mean_interval(np.array([pair.after[0] - pair.before for pair in found.pairs]))
    assert f"{hits} of 12 answers turned" in found.words()[0]
    assert found.words()[1].startswith("Control, wrong object: 0 of 12")


def test_plots_have_a_bar_with_its_interval_for_each_condition(found: Holding) -> None:
    turned, change = found.plots()

    for plot in (turned, change):
        (series,) = plot.series
        assert plot.groups == ("with the edits", "control: wrong object", "control: random subspace")
        for low, y, high in zip(series.low, series.y, series.high, strict=True):
            assert low <= y + 1e-12 <= high + 1e-12
    assert turned.series[0].y[0] == found.flips()[0] / 12
    assert replace(found, pairs=()).plots() == ()


def test_more_pairs_of_one_seed_go_on_from_fewer(found: Holding, moved: Document) -> None:
    few = finish(holds(moved, 3, 3, "cpu"))

    assert [pair.seed for pair in few.pairs] == [pair.seed for pair in found.pairs[:3]]
    assert few.pairs[0].after == pytest.approx(found.pairs[0].after, abs=1e-4)
    assert {seed_of(0, index) for index in range(100)}.isdisjoint(seed_of(1, index) for index in range(100))


def test_what_is_kept_is_numbers_and_comes_back_as_it_was(found: Holding) -> None:
    text = json.dumps(kept_of(found), allow_nan=False)

    assert holding_of(json.loads(text)) == found
    assert len(text) < 12 * 600


def test_only_what_is_varied_is_another_and_the_edits_are_the_same_ones(moved: Document, session: Session) -> None:
    varied = Varied(shapes=False, colors=False)
    found = finish(holds(moved, 4, 3, "cpu", varied=varied))

    assert [found.opened(pair).base for pair in found.pairs] == variants(moved.base, 4, varied, seed=3)
    assert [pair.edits for pair in found.pairs] == [moved.interventions] * 4
    said = session.answer(Question(found.opened(found.pairs[2]))).found[Decision()]
    assert found.pairs[2].after[0] == pytest.approx(said.margin, abs=1e-4)
    assert found.notes[0] == "Drawn again: places and noise; shapes and colours stay."
    assert found.plots()[0].title == "Answers turned, 4 pairs, other places and noise"


def test_a_document_keeps_what_was_varied_and_one_without_it_means_everything(moved: Document) -> None:
    found = finish(holds(moved, 2, 0, "cpu", varied=Varied(positions=False)))
    kept = json.loads(json.dumps(kept_of(found)))

    assert holding_of(kept) == found
    assert [item.x_px for item in found.opened(found.pairs[1]).base.items] == [item.x_px for item in moved.base.items]
    del kept["varied"]
    assert holding_of(kept).varied == Varied()


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: kept.pop("document"),
        lambda kept: kept["pairs"][0].update(after=[1.0]),
        lambda kept: kept["pairs"][0].update(before="many"),
        lambda kept: kept["document"]["base"]["items"][0].update(shape=99),
        lambda kept: kept.update(conditions=[]),
        lambda kept: kept["pairs"][0]["edits"][0].update(kind="no such edit"),
        lambda kept: kept["pairs"][0].update(seed=-1),
        lambda kept: kept["document"]["base"]["items"].pop(),
        lambda kept: kept.update(varied=dict.fromkeys(kept["varied"], False)),
    ],
)
def test_what_is_damaged_is_refused(found: Holding, damage: Any) -> None:
    kept = json.loads(json.dumps(kept_of(found)))
    damage(kept)

    with pytest.raises(ValueError):  # noqa: PT011 — the words are those of whatever stumbled
        holding_of(kept)


def test_a_table_has_a_line_for_each_pair(found: Holding) -> None:
    rows = list(csv.DictReader(StringIO(to_csv(found.rows()))))

    assert len(rows) == 12
    assert float(rows[4]["with the edits"]) == found.pairs[4].after[0]
    assert rows[4]["turned, with the edits"] == str(int(found.pairs[4].turned()))


def test_what_is_json_holds_the_intervals(found: Holding) -> None:
    value = json.loads(json.dumps(found.to_json(), allow_nan=False))

    assert value["n"] == 12
    assert value["found"][0]["turned"]["hits"] == found.flips()[0]
    assert len(value["pairs"]) == 12


def test_it_counts_a_turn_by_the_side_of_zero() -> None:
    pair = PairAnswer(1, (), -2.0, (3.0, -1.0))

    assert pair.turned()
    assert not pair.turned(1)
    assert pair.change() == 5.0


def test_what_is_closed_midway_has_said_what_it_found(moved: Document) -> None:
    job = holds(moved, 200, 0, "cpu")
    said = []
    for word in job:
        said.append(word)
        if isinstance(word, Holding) and word.pairs:
            break
    job.close()

    empty, few = (word for word in said if isinstance(word, Holding))
    assert empty.pairs == ()
    assert empty.n == 200
    assert 0 < len(few.pairs) < 200
    assert any(isinstance(word, Progress) for word in said)


def test_where_nothing_can_be_counted_it_is_said(moved: Document) -> None:
    with pytest.raises(UserError, match="No edit is on"):
        finish(holds(demo_document(), 4, 0, "cpu"))
    three = replace(moved.base, items=(*moved.base.items, replace(moved.base.items[0], x_px=0, y_px=0)))
    with pytest.raises(UserError, match="3 items pose no task"):
        finish(holds(replace(moved, base=three), 4, 0, "cpu"))


def test_an_edit_without_a_control_is_named() -> None:
    found = finish(holds(replace(demo_document(), interventions=(KnockOutMLP(2),)), 2, 0, "cpu"))

    assert found.conditions == ("with the edits",)
    assert found.notes == ("Without a control: MLP off.",)


def test_of_a_task_that_the_model_was_not_trained_on_it_is_not_right() -> None:
    four = random_match_to_sample(Geometry(), 3)

    found = finish(holds(replace(demo_document(), base=four, interventions=(KnockOutMLP(2),)), 2, 0, "cpu"))

    assert found.n_right is None


def test_match_to_sample_holds_too(session: Session) -> None:
    document = make_counterfactual(demo_document("rmts", "rmts"), "color", 0)
    document = swap_from_source(document, "color", 1)

    found = finish(holds(document, 8, 0, "cpu"))

    for pair in found.pairs[:2]:
        said = session.answer(Question(found.opened(pair))).found[Decision()]
        assert pair.after[0] == pytest.approx(said.margin, abs=1e-4)
    assert found.flips()[0] > found.flips(2)[0]
