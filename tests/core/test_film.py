"""Films are of states: every frame is a document that the model was asked about, on the way from one to another."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import pytest

from core.analyses.decision import Decision
from core.analyses.edit_at_blocks import EditAtBlocks
from core.analyses.pad import Pad
from core.demo import demo_document
from core.document import Document, View, add_intervention, changed
from core.documents.work import Scene, Work
from core.errors import UserError
from core.film import MOST_FRAMES, Asking, Film, Frame, frames_of
from core.interventions.knock_out_heads import KnockOutHeads
from core.interventions.move import MoveInSubspace, set_point
from core.questions import Question
from core.session import Session

Value = TypeVar("Value")
VIEW = View(read=3, write=1)
SHORT = Film(seconds=0.5, fps="10")


@pytest.fixture(scope="module")
def session() -> Session:
    return Session("cpu")


def asked(session: Session, asking: Asking[Value]) -> Value:
    try:
        question = next(asking)
        while True:
            question = asking.send(session.answer(question))
    except StopIteration as stop:
        value: Value = stop.value
        return value


def frames(session: Session, document: Document, film: Film, *scenes: Scene) -> tuple[Frame, ...]:
    return asked(session, frames_of(Work(document, VIEW, scenes=scenes), film))


def margin(session: Session, document: Document) -> float:
    verdict = session.answer(Question(document)).found[Decision()]
    return verdict.margin


def test_a_drag_goes_from_the_models_own_point_straight_to_that_of_the_edit(session: Session) -> None:
    document = set_point(demo_document(), 0, "color", 2, (6.0, -1.0))

    found = frames(session, document, SHORT)

    own = session.answer(Question(document, (Pad("color", 2),))).found[Pad("color", 2)].own[0]
    points = [
        edit.point for frame in found for edit in frame.document.interventions if isinstance(edit, MoveInSubspace)
    ]
    assert len(points) == len(found) == 5
    assert points[0] == pytest.approx(tuple(own.tolist()))
    assert found[-1].document == document
    for x, y in points:
        share = (x - points[0][0]) / (6.0 - points[0][0])
        assert y == pytest.approx(points[0][1] + share * (-1.0 - points[0][1]))
    assert [frame.n_times for frame in found] == [8, 1, 1, 1, 8], "its ends stand for a while"
    assert {(frame.view.write, frame.view.item) for frame in found} == {(2, 0)}


def test_a_drag_begins_with_what_the_model_says_by_itself(session: Session) -> None:
    document = set_point(demo_document(), 0, "color", 0, (6.0, -1.0))

    found = frames(session, document, SHORT)

    assert margin(session, found[0].document) == pytest.approx(margin(session, demo_document()), abs=1e-3)
    assert margin(session, found[-1].document) == margin(session, document)


def test_an_edit_without_a_place_grows_in_strength(session: Session) -> None:
    document = add_intervention(demo_document(), KnockOutHeads(1, (0,)))
    off = changed(document.interventions[0], block=3, enabled=False)

    found = frames(session, add_intervention(document, off), SHORT)

    strengths = [frame.document.interventions[0].strength for frame in found]
    assert (strengths[0], strengths[-1]) == (0.0, 1.0)
    assert strengths == sorted(strengths)
    assert {frame.document.interventions[1] for frame in found} == {off}, "what is off is not the one that is shown"


def test_the_write_marker_takes_the_edit_along_to_every_layer_where_it_can_be(session: Session) -> None:
    document = set_point(demo_document(), 0, "color", 2, (6.0, -1.0))

    found = frames(session, document, replace(SHORT, of="layers"))

    blocks = list(range(-1, 5))  # after the last block nothing of colour was found
    assert [frame.view.write for frame in found] == blocks
    assert [frame.document.interventions[0].site.block for frame in found] == blocks
    assert [frame.view.read for frame in found] == [0, 1, 2, 3, 4, 5]
    assert found[3].document == document, "where it is made it is itself"
    assert len({margin(session, frame.document) for frame in found}) == 6


def test_a_layer_that_has_no_subspace_is_left_out(session: Session) -> None:
    document = add_intervention(demo_document(), KnockOutHeads(1, (0,)))
    edits = EditAtBlocks(0)

    at = session.answer(Question(document, (edits,))).found[edits]

    assert list(at) == list(range(6)), "the embeddings have no heads"


def test_the_read_marker_goes_through_the_layers_and_changes_nothing(session: Session) -> None:
    found = frames(session, demo_document(), replace(SHORT, of="read"))

    assert [frame.view.read for frame in found] == list(range(6))
    assert {frame.document for frame in found} == {demo_document()}
    assert {frame.n_times for frame in found} == {6}


def test_between_scenes_are_the_states_that_lie_between_them(session: Session) -> None:
    a, b = demo_document(), set_point(demo_document(), 0, "color", 2, (6.0, -1.0))
    scenes = (Scene("A", "", a, VIEW), Scene("B", "", b, View(read=4)), Scene("C", "", a, VIEW))

    found = frames(session, a, replace(SHORT, of="scenes"), *scenes)

    assert [frame.document for frame in found if frame.n_times > 1] == [a, b, a]
    strengths = [sum(edit.strength for edit in frame.document.interventions) for frame in found]
    assert strengths[:5] == pytest.approx([0.0, 0.15625, 0.5, 0.84375, 1.0])
    assert [frame.view.read for frame in found[:5]] == [3, 3, 4, 4, 4]


@pytest.mark.parametrize(
    ("document", "film", "said"),
    [
        (demo_document(), Film("drag"), "no edit to show"),
        (demo_document(), Film("layers"), "no edit to show"),
        (
            add_intervention(demo_document(), MoveInSubspace(2, 5, "color", (1.0, 1.0))),
            Film("drag"),
            "an item that is not there",
        ),
        (demo_document(), Film("scenes"), "0 scenes"),
        (set_point(demo_document(), 0, "color", 2, (1.0, 1.0)), Film(seconds=MOST_FRAMES / 10, fps="20"), "frames"),
        (
            add_intervention(demo_document(), MoveInSubspace(2, 0, "color", (1.0, 1.0), learned="gone")),
            Film("layers"),
            "at no layer",
        ),
    ],
)
def test_where_there_is_nothing_to_film_it_says_so(session: Session, document: Document, film: Film, said: str) -> None:
    with pytest.raises(UserError, match=said):
        frames(session, document, film)
