"""What a panel shows, as numbers: those of the analyses, found on a model, with the words of the window."""

from __future__ import annotations

from typing import Any

import pytest

from core.analyses import Analysis
from core.analyses.attention import Attention
from core.analyses.class_lens import ClassLens
from core.analyses.decision import Decision
from core.analyses.decision_map import MAP_SIZE, DecisionMap
from core.analyses.head_modes import HeadModes
from core.analyses.item_shares import ItemShares
from core.analyses.layer_margins import LayerMargins
from core.analyses.pad import Pad
from core.analyses.pair_judgements import PairJudgements
from core.beside import Beside
from core.demo import demo_document
from core.document import Document, View
from core.figures.tables import Row
from core.found_rows import found_rows, layer_rows, stimulus_rows
from core.interventions.move import set_point
from core.options import option_name
from core.questions import Answer, Question
from core.session import Session
from core.stimuli.stimulus import Mask, Photo, Stimulus

VIEW = View(read=2, write=2, head=1, token=5)
ASKED: tuple[Analysis[Any], ...] = (
    Decision(),
    Pad("color", 2),
    DecisionMap("color", 2, 0),
    Attention(5),
    ItemShares(),
    ClassLens(),
    HeadModes(2, 1),
    PairJudgements(2),
    LayerMargins(),
    Beside(Decision()),
)


@pytest.fixture(scope="module")
def answered() -> Answer:
    document = set_point(demo_document(), 0, "color", 2, (3.0, 1.0))
    asked = Document("discrimination", document.base, None, document.interventions, compared="rmts")
    return Session("cpu").answer(Question(asked, ASKED))


def rows_of(answered: Answer, analysis: Analysis[Any]) -> list[Row]:
    """The rows of one finding; a map lies on its pad, which stands beside it."""
    found = {key: value for key, value in answered.found.items() if key in (analysis, Pad("color", 2))}
    rows = found_rows(found, answered.model, answered.question.document, VIEW)
    of = analysis.analysis if isinstance(analysis, Beside) else analysis
    return [row for row in rows if row["of"] == option_name(type(of))]


def test_the_meter_gives_the_margin_and_every_class(answered: Answer) -> None:
    verdict = answered.found[Decision()]

    margin, *classes = rows_of(answered, Decision())

    assert (margin["class"], margin["logit"]) == ("same − different", verdict.margin)
    assert margin["logit without edits"] == verdict.baseline_margin != verdict.margin
    assert {row["class"]: row["logit"] for row in classes} == dict(zip(verdict.labels, verdict.logits, strict=True))
    assert sum(row["probability"] for row in classes) == pytest.approx(1)


def test_the_pad_gives_landmarks_items_and_the_map_in_the_same_units(answered: Answer) -> None:
    pad, cells = answered.found[Pad("color", 2)], rows_of(answered, DecisionMap("color", 2, 0))

    rows = rows_of(answered, Pad("color", 2))

    assert [row["name"] for row in rows if row["what"] == "landmark"][:2] == ["pink", "purple"]
    (moved,) = (row for row in rows if row["what"] == "place" and row["name"] == "A")
    assert (moved["x"], moved["y"]) == pytest.approx((3.0, 1.0), abs=1e-3)
    assert len(cells) == MAP_SIZE**2
    assert pad.extent[0] < cells[0]["x"] < cells[1]["x"] < pad.extent[1]
    assert cells[0]["probability"] == answered.found[DecisionMap("color", 2, 0)][0, 0]


def test_a_map_that_is_half_known_has_rows_for_what_is_known(answered: Answer) -> None:
    analysis = DecisionMap("color", 2, 0)
    half = answered.found[analysis].copy()
    half[1:] = float("nan")
    found = {Pad("color", 2): answered.found[Pad("color", 2)], analysis: half}

    rows = found_rows(found, answered.model, answered.question.document, VIEW)

    assert sum(row["of"] == "decision-map" for row in rows) == MAP_SIZE


def test_attention_is_of_the_head_that_is_looked_at(answered: Answer) -> None:
    found = answered.found[Attention(5)]

    rows = rows_of(answered, Attention(5))

    assert [row["gives"] for row in rows] == found.rows[2, 1].tolist()
    assert sum(row["gives"] for row in rows) == pytest.approx(1, abs=1e-5)
    assert (rows[0]["name"], rows[1]["name"], rows[0]["looks from"]) == ("CLS", "patch (0, 0)", "patch (4, 0)")
    assert {row["on"] for row in rows} == {None, "", "A", "B"}


def test_the_head_atlas_gives_every_head(answered: Answer) -> None:
    rows = rows_of(answered, ItemShares())

    assert len(rows) == answered.model.n_blocks * answered.model.n_heads
    assert all(row["WO"] + row["WP"] + row["BG"] + row["CLS"] == pytest.approx(1, abs=1e-4) for row in rows)


def test_the_lens_gives_every_token_after_every_block(answered: Answer) -> None:
    rows = rows_of(answered, ClassLens())

    assert len(rows) == (answered.model.n_blocks + 1) * (1 + answered.model.geometry.grid**2)
    last = next(row for row in rows if row["after"] == answered.model.n_blocks - 1 and row["name"] == "CLS")
    verdict = answered.found[Decision()]
    assert last["logit"] == pytest.approx(verdict.logits[verdict.labels.index(last["class"])], abs=1e-4)


def test_modes_probes_and_plots_have_their_rows(answered: Answer) -> None:
    assert rows_of(answered, HeadModes(2, 1))[0]["σ"] == answered.found[HeadModes(2, 1)].sigma[0]
    (pair,) = rows_of(answered, PairJudgements(2))
    assert (pair["pair"], pair["margin"]) == ("A–B", answered.found[PairJudgements(2)][0].margin)
    (plot,) = answered.found[LayerMargins()]
    margins = [row[plot.y_label] for row in rows_of(answered, LayerMargins()) if row["series"] == "with the edits"]
    assert margins == list(plot.series[0].y)


def test_what_the_compared_model_says_is_told_by_its_name(answered: Answer) -> None:
    rows = rows_of(answered, Beside(Decision()))

    assert {row["model"] for row in rows} == {"rmts"}
    assert rows[0]["logit"] == answered.found[Beside(Decision())].value.margin


def test_layers_give_what_was_measured_of_subspaces_and_probes(answered: Answer) -> None:
    rows = layer_rows(answered.model)

    assert [row["after"] for row in rows][:2] == ["embeddings", "block 0"]
    card = answered.model.subspace_cards["color", 2]
    assert (rows[3]["colour: interchange accuracy"], rows[3]["colour: n"]) == (card["iia"], card["n_test"])
    assert any(row["probe's accuracy"] for row in rows)


def test_the_canvas_gives_its_items_or_the_masks_of_its_photo() -> None:
    stimulus = demo_document().base
    side = stimulus.geometry.image_px
    bits = b"\xff" * (side**2 // 8)
    photo = Photo(bytes(3 * side**2), "cat", masks=(Mask("all", bits),))

    first, _ = stimulus_rows(stimulus)
    (mask,) = stimulus_rows(Stimulus((), stimulus.geometry, photo))

    assert (first["item"], first["colour"], first["x px"]) == ("A", "indigo", stimulus.items[0].x_px)
    assert (first["scale"], first["angle deg"]) == (1.0, 0.0)
    assert (mask["name"], mask["patches"]) == ("all", stimulus.geometry.grid**2)


def test_what_was_refused_has_no_rows(answered: Answer) -> None:
    asked = Question(demo_document(), (Attention(10**6),))
    answer = Session("cpu").answer(asked)

    rows = found_rows({Attention(10**6): answer.found[Attention(10**6)]}, answer.model, asked.document, VIEW)

    assert rows == []
