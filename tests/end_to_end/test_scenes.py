"""From scene to scene with the real engine: what is shown on the way is the model's own answer to that very state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app import scenes
from app.panels.decision import DecisionPanel
from app.stage import TWEEN_MS
from core.analyses.decision import Decision
from core.between import between
from core.document import Document, with_learned
from core.interventions.move import MoveInSubspace, set_point
from core.questions import Question
from core.session import Session
from tests.end_to_end.conftest import ANSWER_MS, Driver

SLOW_MS = 3000
Frame = tuple[Document, float]


@pytest.fixture(scope="module")
def session() -> Session:
    """A second engine, in this process, that knows nothing of the first."""
    return Session("cpu")


@pytest.fixture
def talk(driver: Driver) -> Iterator[Driver]:
    """The demo with two scenes: as it opens, and with the colour of A moved."""
    desk = driver.window.desk
    scenes.add_scene(desk)
    desk.edit("Move colour of A", set_point(desk.document, 0, "color", desk.view.write, (1.5, -2.0)))
    scenes.add_scene(desk)
    driver.settle()
    desk.stage.go_to(0, at_once=True)
    driver.settle()
    yield driver
    desk.stage.arrive()
    desk.store.scenes = ()
    desk.stage.at = None


def shown(driver: Driver) -> list[Frame]:
    """Every state whose margin stands on the meter as its own, in order."""
    frames: list[Frame] = []
    meter, refresh = driver.window.panel(DecisionPanel).meter, driver.window._refresh

    def note() -> None:
        refresh()
        found = driver.window.desk.found(Decision())
        assert found is not None
        if found.current and found.value is not None and meter._reading is not None and not meter._stale:
            frame = (driver.window.desk.document, meter._reading.margin)
            if not frames or frames[-1] != frame:
                frames.append(frame)

    driver.window._refresh = note  # type: ignore[method-assign]
    return frames


def arrived(driver: Driver) -> None:
    driver.qtbot.waitUntil(lambda: not driver.window.desk.stage.moving, timeout=ANSWER_MS)
    driver.settle()


def test_every_frame_between_two_scenes_is_the_models_answer_to_exactly_that_state(
    talk: Driver, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.stage.TWEEN_MS", SLOW_MS)  # a busy machine answers seldom
    desk = talk.window.desk
    start, end = (scene.document for scene in desk.store.scenes)
    refresh = talk.window._refresh
    frames = shown(talk)

    desk.stage.go_to(1)
    arrived(talk)
    talk.window._refresh = refresh  # type: ignore[method-assign]

    on_the_way = [frame for frame in frames if frame[0] not in (start, end)]
    assert frames[-1][0] == end
    assert len(on_the_way) >= 3, "the way is seen"
    shares = []
    for document, margin in frames:
        answer = session.answer(Question(document))
        assert margin == pytest.approx(answer.found[Decision()].margin, abs=1e-4)
    for document, _ in on_the_way:
        (edit,), (whole,) = document.interventions, end.interventions
        assert isinstance(edit, MoveInSubspace)
        share = edit.strength / whole.strength
        assert document == between(start, end, share)
        shares.append(share)
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 1


def test_the_way_to_a_scene_is_one_step_and_takes_its_time(talk: Driver) -> None:
    desk = talk.window.desk
    steps, before = desk.store.undo.count(), desk.document

    desk.stage.go_on(1)
    assert desk.stage.moving
    assert desk.document == before
    arrived(talk)

    assert desk.store.undo.count() == steps + 1
    assert desk.document == desk.store.scenes[1].document
    desk.store.undo.undo()
    assert desk.document == before
    assert TWEEN_MS == 600


def test_page_down_and_page_up_go_through_the_scenes_and_stop_at_the_ends(talk: Driver) -> None:
    desk, window = talk.window.desk, talk.window
    window.activateWindow()
    for key, at in ((Qt.Key.Key_PageDown, 1), (Qt.Key.Key_PageDown, 1), (Qt.Key.Key_PageUp, 0), (Qt.Key.Key_PageUp, 0)):
        QTest.keyClick(window, key)
        arrived(talk)
        assert desk.stage.at == at
        assert desk.document == desk.store.scenes[at].document


def test_whoever_takes_hold_of_something_on_the_way_has_it(talk: Driver) -> None:
    desk = talk.window.desk
    desk.stage.go_to(1)
    talk.qtbot.waitUntil(lambda: bool(desk.document.interventions), timeout=ANSWER_MS)
    by_hand = replace(desk.document, interventions=())
    desk.edit("Clear edits", set_point(by_hand, 1, "color", desk.view.write, (0.0, 0.0)))
    taken = desk.document

    talk.qtbot.waitUntil(lambda: not desk.stage.moving, timeout=ANSWER_MS)

    assert desk.document == taken


def test_a_scene_of_another_model_is_gone_to_and_what_was_edited_is_not_lost(talk: Driver) -> None:
    desk = talk.window.desk
    first = desk.store.scenes[0]
    other = replace(first, document=replace(first.document, model="rmts"))
    desk.store.edit_scenes("Add scene 3", (*desk.store.scenes, other))
    desk.edit("Move by hand", set_point(desk.document, 1, "color", desk.view.write, (0.5, 0.5)))
    edited = desk.document

    desk.stage.go_to(2)
    arrived(talk)

    assert talk.found(Decision()).margin != 0
    assert desk.model is not None
    assert desk.model.name == "rmts"
    assert edited in [card.moment.document for card in desk.store.cards()]
    desk.stage.go_to(0)
    arrived(talk)


def test_the_first_frame_of_a_prepared_scene_is_the_answer_that_was_prepared(talk: Driver, session: Session) -> None:
    desk = talk.window.desk
    scene = desk.store.scenes[1]
    prepared = session.answer(Question(scene.document))
    desk.stage.prepared = {scene.document: prepared}

    desk.stage.go_to(1, at_once=True)

    found = desk.found(Decision())
    assert found is not None
    assert found.current
    assert found.value == prepared.found[Decision()]
    desk.stage.prepared = {}


def test_what_was_prepared_with_other_subspaces_is_not_shown(talk: Driver, session: Session) -> None:
    desk = talk.window.desk
    scene = desk.store.scenes[1]
    prepared = session.answer(Question(with_learned(scene.document, {})))
    desk.stage.prepared = {scene.document: replace(prepared, model=replace(prepared.model, learned_hash="of another"))}

    desk.stage.go_to(1, at_once=True)

    found = desk.found(Decision())
    assert found is not None
    assert not found.current or found.model.learned_hash != "of another"
    desk.stage.prepared = {}
