"""From scene to scene with the real engine: what is shown on the way is the model's own answer to that very state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from app import edits, scenes
from app.panels.decision import DecisionPanel
from app.panels.interventions import PROBE_TAB
from app.present.audience import Audience
from app.scenes_menu import check_talk
from app.stage import TWEEN_MS
from app.widgets.meter_paint import plan_of
from core.analyses.decision import Decision
from core.between import between
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view
from core.document import Document, with_learned
from core.documents.files import read_work
from core.documents.work import Work
from core.examples import example_path
from core.interventions.move import MoveInSubspace, set_point
from core.questions import Question
from core.session import Session
from core.talk import talk_path
from tests.app.widgets.gestures import move
from tests.end_to_end.conftest import ANSWER_MS, Driver

FRAME_S, QUICK_MS = 0.1, 60
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
    driver.window.presenting.stop()
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
    desk = talk.window.desk
    start, end = (scene.document for scene in desk.store.scenes)
    refresh = talk.window._refresh
    frames = shown(talk)
    # The clock goes on by the frames that are shown: a busy machine answers seldom.
    monkeypatch.setattr("app.stage.time", SimpleNamespace(monotonic=lambda: FRAME_S * len(frames)))

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


# Presenting


@pytest.fixture
def audience(talk: Driver, monkeypatch: pytest.MonkeyPatch) -> Audience:
    """The audience's window of a talk on its first scene."""
    monkeypatch.setattr("app.stage.TWEEN_MS", QUICK_MS)
    talk.window.presenting.start(from_first=True)
    audience = talk.window.presenting.audience
    assert audience is not None
    audience.showNormal()
    audience.resize(1280, 720)
    audience.activateWindow()
    assert QTest.qWaitForWindowActive(audience)
    arrived(talk)
    return audience


def margins(talk: Driver, audience: Audience) -> tuple[float, float]:
    """What the room reads, and what the model says of what is shown."""
    talk.qtbot.waitUntil(lambda: not audience.decision.meter._stale, timeout=ANSWER_MS)
    reading = audience.decision.meter._reading
    assert reading is not None
    return reading.margin, talk.margin


FORTH = (Qt.Key.Key_PageDown, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Space)
BACK = (Qt.Key.Key_PageUp, Qt.Key.Key_Left, Qt.Key.Key_Up)


def test_every_key_of_a_remote_goes_on_or_back_whatever_has_the_keyboard(
    talk: Driver, audience: Audience, session: Session
) -> None:
    desk = talk.window.desk
    presenter = talk.window.presenting.presenter
    assert presenter is not None
    holders: tuple[QWidget, ...] = (audience, audience.stimulus.canvas, audience.pads.pads["color"], presenter)
    for at, key in enumerate(FORTH):
        QTest.keyClick(holders[at], key)
        arrived(talk)
        assert desk.stage.at == 1, key
        assert desk.document == desk.store.scenes[1].document
        shown, found = margins(talk, audience)
        assert shown == found
        assert shown == pytest.approx(session.answer(Question(desk.document)).found[Decision()].margin, abs=1e-4)
        QTest.keyClick(holders[at], BACK[at % len(BACK)])
        arrived(talk)
        assert desk.stage.at == 0
        assert desk.document == desk.store.scenes[0].document
    assert talk.window.presenting.running


def test_a_number_and_enter_jump_and_escape_forgets_the_number_before_it_ends_the_talk(
    talk: Driver, audience: Audience
) -> None:
    desk = talk.window.desk
    QTest.keyClicks(audience, "2")
    assert audience.overlay.words == "2"
    QTest.keyClick(audience, Qt.Key.Key_Return)
    arrived(talk)
    assert desk.stage.at == 1
    assert audience.overlay.words == ""

    QTest.keyClicks(audience, "77")
    QTest.keyClick(audience, Qt.Key.Key_Enter)
    assert desk.stage.at == 1, "there is no scene 77"
    QTest.keyClicks(audience, "1")
    QTest.keyClick(audience, Qt.Key.Key_Escape)
    assert talk.window.presenting.running
    assert audience.overlay.words == ""
    QTest.keyClick(audience, Qt.Key.Key_Escape)
    assert not talk.window.presenting.running
    assert desk.document == desk.store.scenes[1].document


def test_b_and_the_point_make_it_black_and_going_on_shows_again(talk: Driver, audience: Audience) -> None:
    def middle() -> str:
        return audience.grab().toImage().pixelColor(audience.rect().center()).name()

    for key in (Qt.Key.Key_B, Qt.Key.Key_Period):
        QTest.keyClick(audience, key)
        assert middle() == "#000000"
        QTest.keyClick(audience, key)
        assert middle() != "#000000"
    QTest.keyClick(audience, Qt.Key.Key_B)
    QTest.keyClick(audience, Qt.Key.Key_PageDown)
    arrived(talk)
    assert middle() != "#000000"


def test_a_thumb_is_dragged_before_the_room_undone_and_kept_when_the_talk_goes_on(
    talk: Driver, audience: Audience
) -> None:
    desk, pad = talk.window.desk, audience.pads.pads["color"]
    before = talk.margin
    start = pad.thumb_place(0).toPoint()
    target = pad.landmark_place(desk.document.base.items[1].color).toPoint()
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 11):
        QTest.mouseMove(pad, start + (target - start) * step / 10)
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=target)
    talk.settle()
    dragged = desk.document

    shown, found = margins(talk, audience)
    assert before < 0 < shown == found
    for _ in range(9):  # Undo takes back what was edited before the room, and never the scene or the talk
        QTest.keyClick(audience, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    talk.settle()
    assert desk.document == desk.store.scenes[0].document
    assert len(desk.store.scenes) == 2
    QTest.keyClick(audience, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert desk.document == dragged
    QTest.keyClick(audience, Qt.Key.Key_Right)
    arrived(talk)
    assert dragged in [card.moment.document for card in desk.store.cards()]


def test_what_is_typed_before_the_room_is_letters_and_undo_takes_back_the_words(
    talk: Driver, audience: Audience
) -> None:
    desk, canvas = talk.window.desk, audience.stimulus.canvas
    desk.take_up(tool="Text")
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.item_rect(0).center().toPoint())

    QTest.keyClicks(canvas, "Br 2")

    assert desk.stage.at == 0
    assert not audience.overlay.black
    assert desk.document.base.paint is not None
    QTest.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert desk.document == desk.store.scenes[0].document
    assert canvas.held is None
    desk.take_up(tool="Select")
    QTest.keyClick(canvas, Qt.Key.Key_B)
    assert audience.overlay.black


def test_r_brings_the_scene_back_after_an_item_was_moved_before_the_room(talk: Driver, audience: Audience) -> None:
    desk, canvas = talk.window.desk, audience.stimulus.canvas
    start = canvas.item_rect(0).center().toPoint()
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 10):
        QTest.mouseMove(canvas, start + QPoint(6 * step, 0))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(54, 0))
    talk.settle()
    assert desk.document.base != desk.store.scenes[0].document.base

    QTest.keyClick(audience, Qt.Key.Key_R)
    arrived(talk)

    assert desk.document == desk.store.scenes[0].document
    assert desk.stage.at == 0


def test_the_laser_leaves_a_trail_that_fades_and_is_held_or_left_on(talk: Driver, audience: Audience) -> None:
    overlay, canvas = audience.overlay, audience.stimulus.canvas
    QTest.keyClick(audience, Qt.Key.Key_L)
    for x in range(100, 400, 50):
        move(canvas, QPointF(x, 40), held=Qt.MouseButton.NoButton)
    place = canvas.mapTo(audience, QPoint(350, 40))
    places = [place for place, _ in overlay.trail()]
    assert places[-1] == QPointF(place)
    assert len(places) > 2
    left = [share for _, share in overlay.trail()]
    assert left == sorted(left), "what is older has faded more"
    talk.qtbot.waitUntil(lambda: len(overlay.trail()) == 1)
    color = audience.grab().toImage().pixelColor(place)
    assert color.red() > 200 > color.green() + 100

    QTest.keyClick(audience, Qt.Key.Key_L)
    assert not overlay.laser
    QTest.keyPress(audience, Qt.Key.Key_L)
    talk.window.presenting._laser_since_s -= 1.0
    QTest.keyRelease(audience, Qt.Key.Key_L)
    assert not overlay.laser, "it was held"


def test_a_double_click_enlarges_the_picture_or_the_pad_and_another_brings_both_back(
    talk: Driver, audience: Audience
) -> None:
    for part, other in ((audience.stimulus, audience.pads), (audience.pads, audience.stimulus)):
        before = part.width()
        inner = audience.stimulus.canvas if part is audience.stimulus else audience.pads.pads["color"]
        QTest.mouseDClick(inner, Qt.MouseButton.LeftButton, pos=QPoint(12, inner.height() // 2))
        assert other.isHidden()
        talk.qtbot.waitUntil(lambda part=part, before=before: part.width() > 1.5 * before)
        assert not audience.decision.isHidden(), "the meter stays"
        QTest.mouseDClick(inner, Qt.MouseButton.LeftButton, pos=QPoint(12, inner.height() // 2))
        assert not other.isHidden()


def test_the_room_sees_no_handles_until_somebody_points_at_an_item(talk: Driver, audience: Audience) -> None:
    canvas = audience.stimulus.canvas
    assert canvas.selected >= 0
    assert not canvas.hasFocus()
    quiet = audience.grab().toImage()

    canvas.setFocus()
    talk.settle()
    assert audience.grab().toImage() != quiet, "with the keyboard in it there are handles"


def test_a_double_click_on_the_meter_enlarges_its_verdict_and_another_brings_the_others_back(
    qtbot: QtBot, audience: Audience
) -> None:
    meter = audience.decision.meter
    reading = meter._reading
    assert reading is not None

    def verdict_px() -> float:
        plan = plan_of(QRectF(meter.rect()), meter.font(), reading.setting)
        return plan.shrink * plan.font.pixelSize()

    before = verdict_px()
    QTest.mouseDClick(meter, Qt.MouseButton.LeftButton)
    assert audience.stimulus.isHidden()
    assert audience.pads.isHidden()
    qtbot.waitUntil(lambda: verdict_px() > 1.5 * before)

    QTest.mouseDClick(meter, Qt.MouseButton.LeftButton)
    assert not audience.stimulus.isHidden()
    assert not audience.pads.isHidden()
    qtbot.waitUntil(lambda: verdict_px() == before)


def test_a_double_click_on_a_thumb_gives_the_item_its_own_value_back(talk: Driver, audience: Audience) -> None:
    talk.window.desk.stage.go_to(1, at_once=True)
    talk.settle()
    pad = audience.pads.pads["color"]
    QTest.mouseDClick(pad, Qt.MouseButton.LeftButton, pos=pad.thumb_place(0).toPoint())

    assert not audience.stimulus.isHidden()
    assert not talk.window.desk.document.interventions


@pytest.mark.parametrize("size", [(1280, 720), (3840, 2160), (640, 360)])
def test_the_verdict_is_read_from_the_back_row(qtbot: QtBot, audience: Audience, size: tuple[int, int]) -> None:
    audience.resize(3840, 2160)
    audience.resize(*size)
    meter = audience.decision.meter
    reading = meter._reading
    assert reading is not None

    def is_large() -> None:
        assert (audience.width(), audience.height()) == size, "in a large window the type is no limit"
        plan = plan_of(QRectF(meter.rect()), meter.font(), reading.setting)
        verdict_px = 2.25 * plan.shrink * plan.font.pixelSize()
        assert verdict_px >= size[1] / 25
        canvas, pad = audience.stimulus.canvas.frame().rect, audience.pads.pads["color"]._frame().rect
        assert min(canvas.height(), pad.height()) > 0.5 * size[1]

    qtbot.waitUntil(is_large)
    assert not [button for button in audience.stimulus.findChildren(QAbstractButton) if button.isVisible()]


def test_the_presenter_reads_the_note_what_comes_next_and_the_time(talk: Driver, audience: Audience) -> None:
    desk, presenter = talk.window.desk, talk.window.presenting.presenter
    assert presenter is not None
    scenes.write_scene(desk, 0, "start", "say hello")
    scenes.write_scene(desk, 1, "flip", "wait for it")

    assert (presenter.name.text(), presenter.note.text()) == ("1  start", "say hello")
    assert presenter.next.text() == "Next: flip"
    assert presenter.timer.text() == "0:00"
    presenter._began_s -= 83
    presenter._tell_time()
    assert presenter.timer.text().startswith("1:2")
    presenter.list.itemClicked.emit(presenter.list.item(1))
    arrived(talk)
    assert (presenter.name.text(), presenter.next.text()) == ("2  flip", "This is the last scene.")
    assert desk.stage.at == 1
    assert not presenter.isVisible(), "on one screen it waits behind a key"
    QTest.keyClick(audience, Qt.Key.Key_P)
    assert presenter.isVisible()
    presenter.close()
    assert talk.window.presenting.running, "closing the notes does not end the talk"


def test_the_room_sees_the_theme_for_projectors_whatever_the_window_wears(talk: Driver) -> None:
    def ground(widget: QWidget) -> str:
        return widget.grab().toImage().pixelColor(2, widget.height() // 2).name()

    talk.command("Theme: dark").trigger()
    talk.window.presenting.start()
    audience = talk.window.presenting.audience
    assert audience is not None
    talk.qtbot.waitUntil(lambda: bool(audience.pads.done.text()))
    assert ground(audience) == ground(audience.pads) == "#ffffff"
    done = audience.pads.done
    said = audience.grab(QRect(done.mapTo(audience, QPoint()), done.size())).toImage()
    ink = min(said.pixelColor(x, y).lightness() for x in range(said.width()) for y in range(said.height()))
    assert ink < 60, "words are dark on the white ground"
    assert ground(talk.window) != "#ffffff"
    talk.command("Theme: follow the system").trigger()


def test_where_a_pad_has_nothing_to_show_the_picture_has_all_the_room(talk: Driver, audience: Audience) -> None:
    desk = talk.window.desk
    wide = audience.stimulus.width()
    edits.show_photo(desk, example_path("cat"))
    talk.settle()

    assert audience.pads.isHidden()
    talk.qtbot.waitUntil(lambda: audience.stimulus.width() > 1.5 * wide)
    desk.stage.reset()
    arrived(talk)
    assert not audience.pads.isHidden()


def test_without_scenes_what_is_shown_is_presented_live(driver: Driver) -> None:
    driver.window.presenting.start()
    audience = driver.window.presenting.audience
    assert audience is not None
    QTest.keyClick(audience, Qt.Key.Key_PageDown)
    assert margins(driver, audience) == (driver.margin, driver.margin)
    assert audience.title.text() == ""
    driver.window.presenting.stop()


DONE = {
    "The colour of A": "colour of A → near pink, after block 0",
    "Too late": "colour of A → near pink, after block 4",
    "Control": "control, random subspace: colour of A → near pink, after block 0",
    "Match to sample": "colour of A → near cyan, after block 1",
    "Probe": "display pair toward same, after block 3",
}


@pytest.mark.slow
def test_the_talk_that_ships_is_checked_and_shown_scene_by_scene(driver: Driver, session: Session) -> None:
    desk, window = driver.window.desk, driver.window
    window.documents.begin(read_work(talk_path()), None)
    check_talk(window, goes_on=True)
    driver.qtbot.waitUntil(lambda: window.presenting.running, timeout=ANSWER_MS)
    audience = window.presenting.audience
    assert audience is not None
    assert set(desk.stage.prepared) == {scene.document for scene in desk.store.scenes}

    for scene in desk.store.scenes:
        arrived(driver)
        assert desk.document == scene.document
        shown, found = margins(driver, audience)
        assert (
            shown == found == pytest.approx(session.answer(Question(desk.document)).found[Decision()].margin, abs=1e-4)
        )
        assert audience.pads.done.text() == DONE[scene.name]
        assert (audience.pads.tabs.currentIndex() == PROBE_TAB) == (scene.name == "Probe")
        QTest.keyClick(audience, Qt.Key.Key_PageDown)

    window.presenting.stop()
    driver.qtbot.waitUntil(lambda: not window.jobs.busy, timeout=ANSWER_MS)
    window.documents.begin(Work(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))), None)
