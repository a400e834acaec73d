"""The history panel: a card shows the state that it stands for."""

from __future__ import annotations

import random
import time

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDrag
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.choices import Keeping
from app.desk import DECISIONS_SPARE, Desk
from app.panels.history import HistoryPanel
from app.panels.history_comparison import WAITING
from app.store import Card
from app.widgets.scene_strip import CARD_MIME
from core.analyses.decision import Verdict
from core.document import Document, View, move_item, with_stimulus
from core.documents.work import Moment
from core.errors import UserError
from core.interventions.move import set_point
from tests.app.answers import RELATIONS, answer, pad_places


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> HistoryPanel:
    panel = HistoryPanel(desk)
    qtbot.addWidget(panel)
    desk.store.changed.connect(panel.refresh)
    panel.show()
    panel.refresh()
    return panel


def moved(desk: Desk, x_px: int) -> Document:
    return with_stimulus(desk.document, "base", move_item(desk.document.base, 0, x_px, 48))


def answered(desk: Desk, margin: float) -> None:
    desk.take(answer(desk, verdict=Verdict(RELATIONS, (0.0, margin), (0.0, margin))))


def test_another_edit_of_the_same_name_in_the_same_place_has_its_own_picture(desk: Desk, panel: HistoryPanel) -> None:
    desk.edit("Move A", moved(desk, 0))
    before = panel.strip.rows.shown[-1].picture

    desk.store.undo.undo()
    desk.edit("Move A", moved(desk, 160))

    assert panel.strip.rows.shown[-1].picture != before


def test_the_margins_of_a_long_drag_are_forgotten_and_those_of_the_steps_kept(desk: Desk, panel: HistoryPanel) -> None:
    answered(desk, 1.0)
    for x_px in range(49, 160):
        desk.edit("Move A", moved(desk, x_px), "drag")
        answered(desk, 2.0)

    panel.refresh()

    assert len(desk.decisions) <= desk.store.undo.count() + DECISIONS_SPARE
    assert [step.margin for step in panel.strip.rows.shown] == [1.0, 2.0]


def test_a_click_on_an_old_card_and_an_edit_after_it_keep_every_card(desk: Desk, panel: HistoryPanel) -> None:
    for x_px in (64, 80, 96):
        desk.edit(f"Move to {x_px}", moved(desk, x_px))

    place = panel.strip.visualRect(panel.strip.rows.index(1)).center()
    QTest.mouseClick(panel.strip.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert desk.document.base.items[0].x_px == 64
    desk.edit("Move to 112", moved(desk, 112))

    cards = [step.text for step in panel.strip.rows.shown]
    assert cards == ["Opened", "Move to 64", "Move to 80", "Move to 96", "Back to: Move to 64", "Move to 112"]


def test_the_arrow_keys_on_the_cards_undo_and_redo(desk: Desk, panel: HistoryPanel) -> None:
    for x_px in (64, 80, 96):
        desk.edit(f"Move to {x_px}", moved(desk, x_px))

    for _ in range(2):
        QTest.keyClick(panel.strip, Qt.Key.Key_Left)
    assert desk.document.base.items[0].x_px == 64
    QTest.keyClick(panel.strip, Qt.Key.Key_End)

    assert desk.document.base.items[0].x_px == 96
    assert len(panel.strip.rows.shown) == 4


def test_in_a_long_history_only_the_step_that_is_made_is_made(
    desk: Desk, panel: HistoryPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for x_px in (16, 32, 48):
        answered(desk, 1.0)
        desk.edit("Move A", moved(desk, x_px))
    made: list[str] = []
    step = HistoryPanel._step

    def counted(panel: HistoryPanel, card: Card) -> object:
        made.append(card.moment.text)
        return step(panel, card)

    monkeypatch.setattr(HistoryPanel, "_step", counted)
    desk.edit("Move A again", moved(desk, 64))

    assert made == ["Move A again"]
    panel.refresh()
    assert made == ["Move A again"]


def test_a_margin_that_comes_later_is_shown(desk: Desk, panel: HistoryPanel) -> None:
    desk.edit("Move A", moved(desk, 16))
    answered(desk, 3.0)
    panel.refresh()

    assert panel.strip.rows.shown[-1].margin == 3.0
    answered(desk, 4.0)
    panel.refresh()
    assert panel.strip.rows.shown[-1].margin == 4.0
    desk.decisions = {}
    panel.refresh()
    assert panel.strip.rows.shown[-1].margin is None


def reopened(desk: Desk, n_shown: int) -> None:
    """The document after a restart: its last states are cards that undo does not reach."""
    states = [moved(desk, 16 * n) for n in range(n_shown)]
    views = [View(read=n % 5, write=n % 4) for n in range(n_shown)]
    shown = [Moment(f"state {n}", state, view) for n, (state, view) in enumerate(zip(states, views, strict=True))]
    desk.store.begin(states[-1], views[-1], shown)


def card_texts(panel: HistoryPanel) -> list[str]:
    return [step.text for step in panel.strip.rows.shown]


def test_states_of_an_earlier_time_are_faint_and_a_click_goes_back_with_their_markers(
    desk: Desk, panel: HistoryPanel
) -> None:
    reopened(desk, 4)

    assert [step.faint for step in panel.strip.rows.shown] == [True, True, True, False]
    place = panel.strip.visualRect(panel.strip.rows.index(1)).center()
    QTest.mouseClick(panel.strip.viewport(), Qt.MouseButton.LeftButton, pos=place)

    assert desk.document.base.items[0].x_px == 16
    assert (desk.view.read, desk.view.write) == (1, 1)
    assert card_texts(panel)[-1] == "Back to: state 1"
    desk.store.undo.undo()
    assert desk.document.base.items[0].x_px == 48, "going back is a step like others"


def test_nothing_that_was_shown_goes_whatever_is_undone_and_done(desk: Desk, panel: HistoryPanel) -> None:
    rng, shown = random.Random(0), set()
    for n in range(60):
        what = rng.random()
        if what < 0.5:
            desk.edit(f"edit {n}", moved(desk, rng.randrange(190)))
        elif what < 0.8:
            desk.store.undo.setIndex(rng.randrange(desk.store.undo.count() + 1))
        else:
            desk.store.go_to_card(rng.randrange(len(desk.store.cards())))
        shown.add(desk.document)

        assert shown <= {card.moment.document for card in desk.store.cards()}
        assert desk.store.cards()[desk.store.card_in_force].moment.document == desk.document


def test_a_card_is_named_and_starred_from_its_menu(desk: Desk, panel: HistoryPanel) -> None:
    reopened(desk, 3)
    desk.edit("Move A", moved(desk, 100))

    for index in (1, 3):
        menu = panel.menu_of(index)
        menu.actions()[1].trigger()
        panel.ask_name(index)
        assert panel.naming is not None
        panel.naming.textValueSelected.emit(f" name {index} ")
        panel.naming.reject()
        menu.deleteLater()

    assert [(step.name, step.starred) for step in panel.strip.rows.shown] == [
        ("", False), ("name 1", True), ("", False), ("name 3", True)
    ]  # fmt: skip
    assert not desk.store.is_clean
    desk.edit("Move A", moved(desk, 120))
    desk.store.undo.setIndex(0)
    assert panel.strip.rows.shown[3].name == "name 3"


def test_a_deleted_card_is_gone_and_the_state_in_force_is_not_deleted(desk: Desk, panel: HistoryPanel) -> None:
    reopened(desk, 3)
    desk.edit("Move A", moved(desk, 100))
    desk.edit("Move A again", moved(desk, 120))

    for index in (3, 0):
        desk.store.delete_card(index)

    assert card_texts(panel) == ["state 1", "state 2", "Move A again"]
    with pytest.raises(UserError, match="the state that is shown"):
        desk.store.delete_card(2)
    desk.store.undo.undo()
    assert card_texts(panel) == ["state 1", "state 2", "Move A", "Move A again"], "in force, it has a card"
    desk.store.undo.redo()
    assert card_texts(panel) == ["state 1", "state 2", "Move A again"]


def test_a_card_is_deleted_after_a_question_unless_none_is_wanted(desk: Desk, panel: HistoryPanel) -> None:
    reopened(desk, 3)

    for answer_to, left in (("Cancel", 3), ("Delete", 2)):
        panel.delete(0)
        next(button for button in panel.deleting.buttons() if button.text().strip("&") == answer_to).click()
        assert len(desk.store.cards()) == left
    desk.choices.change(Keeping(ask_delete_card=False))
    panel.delete(0)

    assert len(desk.store.cards()) == 1


def test_two_cards_that_are_clicked_with_ctrl_are_compared_in_words(desk: Desk, panel: HistoryPanel) -> None:
    answered(desk, -1.5)
    desk.edit("Move A", moved(desk, 64))
    desk.edit("Move colour", set_point(desk.document, 0, "color", 1, (0.5, 1.0)))
    answered(desk, 2.25)

    for index in (2, 0):
        place = panel.strip.visualRect(panel.strip.rows.index(index)).center()
        QTest.mousePress(
            panel.strip.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, pos=place
        )

    assert panel.comparison is not None
    said = "\n".join(label.text() for label in panel.comparison.findChildren(QLabel))
    assert "different, margin −1.50" in said
    assert "same, margin +2.25" in said
    assert "A: (32, 48) → (64, 48) px" in said
    assert "with: colour of A → by hand · block 1 · pad (0.5, 1.0), α 1" in said
    assert desk.store.undo.index() == 2, "comparing goes nowhere"
    panel.comparison.close()


def test_two_states_are_compared_on_one_pad_with_the_thumbs_of_both(desk: Desk, panel: HistoryPanel) -> None:
    desk.wanted = panel.wanted
    desk.edit("Move colour", set_point(desk.document, 0, "color", 1, (0.5, 1.0)))
    assert panel.wanted() == ()

    panel.compare(1, 0)
    comparison = panel.comparison
    [wanted] = panel.wanted()
    assert (wanted.property, wanted.block) == ("color", 1)
    assert comparison.said.text() == WAITING
    before, after = pad_places(now=[(0.0, 0.0), (1.0, 0.0)]), pad_places(now=[(0.5, 1.0), (1.0, 0.0)])
    desk.take(answer(desk, {wanted: (before, after)}))
    panel.refresh()

    a, b = comparison.pad._picture.thumbs
    assert (a.own_x, a.own_y, a.x, a.y, a.active) == (0.0, 0.0, 0.5, 1.0, True)
    assert (b.own_x, b.x, b.active) == (1.0, 1.0, False)
    assert "Colour after block 1" in comparison.said.text()
    pictures = [label for label in comparison.findChildren(QLabel) if not label.pixmap().isNull()]
    assert [label.accessibleName() for label in pictures] == [
        "Stimulus of the first state",
        "Stimulus of the second state",
    ]
    comparison.close()
    assert panel.wanted() == (), "nothing is computed for what cannot be seen"


def test_where_two_states_have_no_pad_the_comparison_says_why(desk: Desk, panel: HistoryPanel) -> None:
    desk.wanted = panel.wanted
    desk.edit("Move A", moved(desk, 64))
    panel.compare(0, 1)

    desk.take(answer(desk))
    panel.refresh()

    assert panel.comparison.said.text() == "No pad: There is nothing to find. Look for something else."
    panel.comparison.close()


def test_500_cards_are_shown_and_gone_through_without_a_hitch(desk: Desk, panel: HistoryPanel) -> None:
    desk.store.begin(desk.document, View(), [Moment(str(n), moved(desk, n % 190), View()) for n in range(500)])
    times_s = []
    for x_px in range(40):
        start = time.perf_counter()
        desk.edit("Move A", moved(desk, x_px))
        panel.strip.scrollTo(panel.strip.rows.index(10 * x_px))
        panel.strip.grab()
        times_s.append(time.perf_counter() - start)

    assert len(panel.strip.rows.shown) > 500
    assert sorted(times_s)[20] < 0.1


def test_a_card_that_is_carried_away_is_not_gone_to(
    desk: Desk, panel: HistoryPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for x_px in (64, 80):
        desk.edit(f"Move to {x_px}", moved(desk, x_px))
    carried: list[bytes] = []
    monkeypatch.setattr(QDrag, "exec", lambda drag, _: carried.append(bytes(drag.mimeData().data(CARD_MIME).data())))
    strip = panel.strip
    place = strip.visualRect(strip.rows.index(0)).center()

    QTest.mousePress(strip.viewport(), Qt.MouseButton.LeftButton, pos=place)
    for step in (5, 10, 30, 60):
        QTest.mouseMove(strip.viewport(), place + QPoint(step, 0))
    QTest.mouseRelease(strip.viewport(), Qt.MouseButton.LeftButton, pos=place + QPoint(60, 0))

    assert carried == [b"0"]
    assert desk.document.base.items[0].x_px == 80
    assert strip.currentIndex().row() == 2
