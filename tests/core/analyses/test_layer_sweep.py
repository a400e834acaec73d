"""The sweep: at every layer the answer that the edits have there, its controls, gaps and words."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.analyses import Refusal
from core.analyses.decision import Decision
from core.analyses.layer_sweep import LayerSweep, Sweep, Swept, kept_of, sweep_of
from core.analyses.pad import Pad
from core.demo import demo_document
from core.document import Document, Intervention, open_photo_in, random_match_to_sample
from core.examples import example_path
from core.interventions.knock_out_heads import KnockOutHeads
from core.interventions.knock_out_mlp import KnockOutMLP
from core.interventions.move import MoveInSubspace, set_point
from core.interventions.probe import AddProbeDirection
from core.questions import Question
from core.session import Session
from core.statistics import mean_interval, wilson
from core.stimuli.render import open_photo
from core.stimuli.stimulus import pair_relation

BLOCKS = range(-1, 6)


@pytest.fixture(scope="module")
def session() -> Session:
    return Session("cpu")


def parts(session: Session, document: Document, n: int) -> Iterator[Any]:
    analysis = LayerSweep(n)
    for part in session.answers(Question(document, (analysis,))):
        if analysis in part.found:
            yield part.found[analysis]


def swept(session: Session, document: Document, n: int = 0) -> Sweep:
    *_, found = parts(session, document, n)
    assert isinstance(found, Sweep), found
    return found


def margin(session: Session, document: Document, *edits: Intervention) -> float:
    answer = session.answer(Question(replace(document, interventions=edits)))
    assert not answer.lost
    said = answer.found[Decision()]
    return float(said.logits[1] - said.logits[0])


def landmark(session: Session, document: Document, block: int, value: int) -> tuple[float, float]:
    pad = Pad("color", block)
    x, y = session.answer(Question(document, (pad,))).found[pad].landmarks[value]
    return float(x), float(y)


@pytest.fixture
def moved(session: Session) -> Document:
    """The demo with the colour of A put where that of B is, after block 1."""
    document = demo_document()
    return set_point(document, 0, "color", 1, landmark(session, document, 1, document.base.items[1].color))


def test_every_number_is_that_of_a_single_answer(session: Session, moved: Document) -> None:
    found = swept(session, moved)
    plain, partner = replace(moved, interventions=()), moved.base.items[1].color

    assert found.blocks == tuple(BLOCKS)
    assert found.conditions == ("with the edits", "wrong object", "random subspace")
    assert found.own.baseline == pytest.approx(margin(session, plain), abs=1e-4)
    for at, block in enumerate(range(-1, 5)):
        move = MoveInSubspace(block, 0, "color", landmark(session, plain, block, partner))
        for condition, control in enumerate(("", "wrong object", "random subspace")):
            alone = margin(session, plain, replace(move, control=control))  # type: ignore[arg-type]
            assert found.own.margins[condition][at] == pytest.approx(alone, abs=2e-3)
    assert found.own.margins[0][2] == pytest.approx(margin(session, plain, *moved.interventions), abs=1e-4)


def test_the_effect_goes_beyond_its_controls_early_and_comes_too_late_at_the_end(
    session: Session, moved: Document
) -> None:
    found = swept(session, moved, 4)

    changes = [np.array(found.changes(condition)) for condition in range(3)]
    assert changes[0][1] > 15
    assert all(np.abs(control[:5]).max() < 3 for control in changes[1:])
    assert set(found.too_late) >= {3, 4}
    assert not {-1, 0} & set(found.too_late)
    assert f"from block {found.too_late[0]} on too late: already compared" in found.plot().title


def test_the_means_and_intervals_are_those_of_the_pairs(session: Session, moved: Document) -> None:
    found = swept(session, moved, 5)

    assert len(found.others) == 5
    for at in range(6):
        values = np.array([pair.margins[0][at] for pair in found.others])
        y, low, high = (of[at] for of in found.means())
        assert (y, low, high) == pytest.approx(mean_interval(values))
        hits = sum((pair.margins[0][at] > 0) != (pair.baseline > 0) for pair in found.others)
        assert tuple(of[at] for of in found.flips()) == pytest.approx((hits / 5, *wilson(hits, 5)))
    curves = found.plot("flips")
    assert [series.role for series in curves.series] == ["measured", "control", "control"]
    assert all(series.low and series.high for series in curves.series)
    assert found.plot().series[-1].y == found.own.margins[0], "the picture has a curve of its own"


def test_a_layer_without_a_subspace_is_a_gap_and_says_why(session: Session, moved: Document) -> None:
    found = swept(session, moved, 1)

    assert found.gaps == {5: "There is no color subspace after block 5."}
    assert all(math.isnan(of[-1]) for pair in (found.own, *found.others) for of in pair.margins)


def test_edits_inside_a_block_have_nothing_at_the_embeddings_and_no_control_says_so(session: Session) -> None:
    found = swept(session, replace(demo_document(), interventions=(KnockOutMLP(2),)))

    assert list(found.gaps) == [-1]
    assert found.conditions == ("with the edits",)
    assert "Without a control: MLP off." in found.notes
    for block in (0, 5):
        assert found.own.margins[0][block + 1] == pytest.approx(
            margin(session, demo_document(), KnockOutMLP(block)), abs=1e-3
        )


def test_named_heads_stay_in_their_block_while_the_rest_is_swept(session: Session, moved: Document) -> None:
    heads = KnockOutHeads(2, (1,))
    document = replace(moved, interventions=(*moved.interventions, heads))

    found = swept(session, document)

    assert any("stays where it is: head 1 off" in note for note in found.notes)
    move = replace(moved.interventions[0], block=0)  # type: ignore[type-var]
    move = replace(move, point=landmark(session, demo_document(), 0, moved.base.items[1].color))
    assert found.own.margins[0][1] == pytest.approx(margin(session, demo_document(), move, heads), abs=2e-3)
    assert "other heads" in found.conditions


def test_without_edits_it_says_what_to_do(session: Session) -> None:
    (found,) = parts(session, demo_document(), 2)

    assert isinstance(found, Refusal)
    assert found.message == "No edit is on."


def test_a_photo_is_swept_alone_and_says_why(session: Session) -> None:
    photo = open_photo(example_path("cat"), demo_document().base.geometry)
    document = open_photo_in(demo_document(), "base", photo)

    found = swept(session, replace(document, interventions=(KnockOutMLP(2),)), 4)

    assert (found.n, found.others) == (0, ())
    assert any("A photo has no other pairs" in note for note in found.notes)
    assert not found.plot().series[0].low


def test_what_was_found_before_something_newer_was_asked_is_not_found_again(
    session: Session, moved: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = replace(moved, interventions=(replace(moved.interventions[0], strength=0.9),))  # type: ignore[type-var]
    for found in parts(session, document, 3):
        if len(found.others) == 1:
            break

    first = next(parts(session, document, 3))

    assert repr(first) == repr(found), "a gap is not equal to itself"
    assert len(swept(session, document, 3).others) == 3
    assert len(swept(session, document, 2).others) == 2


def test_the_first_value_is_there_before_anything_is_run(session: Session, moved: Document) -> None:
    document = replace(moved, interventions=(replace(moved.interventions[0], strength=0.7),))  # type: ignore[type-var]

    first = next(parts(session, document, 3))

    assert not first.known
    assert first.blocks == tuple(BLOCKS)


def test_a_push_along_the_probe_is_swept_beside_a_push_toward_what_the_pair_is(session: Session) -> None:
    base = random_match_to_sample(demo_document().base.geometry, 3)
    push = AddProbeDirection(3, 0, "different" if pair_relation(base, 0) == "same" else "same", 4.0)

    found = swept(session, Document("rmts", base, None, (push,)), 2)

    assert found.conditions == ("with the edits", "probe, own relation")
    known = [block for block in found.blocks if block not in found.gaps]
    probes = session.open("rmts").probes
    assert known == sorted(block for block in probes if block in found.blocks)


def test_what_is_kept_comes_back_as_it_was_and_what_is_damaged_is_refused(session: Session, moved: Document) -> None:
    found = swept(session, moved, 1)
    kept = json.loads(json.dumps(kept_of(found), allow_nan=False))

    assert repr(sweep_of(kept)) == repr(found)
    margins = kept["own"]["margins"]
    own = [{"baseline": 1.0, "margins": [[1.0]]}, {"baseline": 10**400, "margins": margins}]
    own.append({"baseline": "1", "margins": margins})
    far = [*kept["blocks"][:-1], 10**400]
    for damage in ({"blocks": []}, {"blocks": far}, {"conditions": ["one"]}, *({"own": of} for of in own), {"n": "x"}):
        with pytest.raises(ValueError):  # noqa: PT011 — the words are those of whatever stumbled
            sweep_of({**kept, **damage})


def test_nothing_is_too_late_where_no_layer_does_anything() -> None:
    still = Swept(1.0, ((1.1, 1.0, 1.0),))

    assert Sweep((-1, 0, 1), ("with the edits",), "different", "same", still).too_late == ()


def test_of_layers_that_are_not_known_yet_none_is_too_late() -> None:
    begun = Swept(1.0, ((9.0, 1.0, math.nan),))
    found = Sweep((-1, 0, 1), ("with the edits",), "different", "same", begun)

    assert found.too_late == (0,)
    assert "too late" not in found.plot().title


def test_too_late_is_only_what_stays_so() -> None:
    def late(*margins: float, gaps: dict[int, str] | None = None) -> tuple[int, ...]:
        blocks = tuple(range(-1, len(margins) - 1))
        return Sweep(blocks, ("with the edits",), "different", "same", Swept(0.0, (margins,)), gaps=gaps or {}).too_late

    assert late(0.0, 8.0, 6.0, 0.5, 0.2) == (2, 3)
    assert late(0.0, 8.0, 1.0, 6.0, 0.2) == (3,), "what an edit at block 2 still turns was not compared at block 1"
    assert late(0.0, 8.0, 6.0, math.nan, math.nan) == (), "the last blocks are still being computed"
    assert late(0.0, 8.0, 6.0, 0.2, math.nan, gaps={3: "no subspace"}) == (2,)
