from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.widgets.probe_slider import REACH, TICKS, PairMeter, ProbeSlider
from app.widgets.reading import Reading
from tests.app.widgets.gestures import ALT, drag, move, open_on_screen, press, release, wheel


@pytest.fixture
def slider(qtbot: QtBot) -> ProbeSlider:
    slider = ProbeSlider()
    open_on_screen(qtbot, slider, 216, 34)
    return slider


@pytest.fixture
def told(slider: ProbeSlider) -> list[str]:
    """What the slider says, in order."""
    said: list[str] = []
    slider.pushed.connect(lambda alpha: said.append(f"{alpha:g}"))
    for name in ("gesture_started", "gesture_finished", "gesture_cancelled", "reset"):
        getattr(slider, name).connect(lambda name=name: said.append(name))
    return said


def test_zero_is_in_the_middle_and_the_ends_are_two(slider: ProbeSlider) -> None:
    assert slider.place(0.0).x() == pytest.approx(slider.width() / 2)
    assert slider.place(REACH).x() - slider.place(0.0).x() == slider.place(0.0).x() - slider.place(-REACH).x()


@pytest.mark.parametrize("tick", TICKS)
def test_a_drag_near_a_tick_lands_on_it_and_alt_frees_it(slider: ProbeSlider, tick: float) -> None:
    near = slider.place(tick) + QPointF(2 if tick < 2 else -2, 0)

    drag(slider, slider.place(0.3), near)
    assert slider.alpha == tick
    drag(slider, slider.place(0.3), near, ALT)
    assert slider.alpha == pytest.approx(tick, abs=0.06)
    assert slider.alpha != tick


def test_a_drag_is_told_between_its_start_and_its_end(slider: ProbeSlider, told: list[str]) -> None:
    press(slider, slider.place(0.5))
    move(slider, slider.place(-1.0))
    release(slider, slider.place(-1.0))

    assert told == ["gesture_started", "0.5", "-1", "gesture_finished"]


def test_escape_cancels_a_drag_and_what_the_mouse_does_after_is_not_told(slider: ProbeSlider, told: list[str]) -> None:
    press(slider, slider.place(0.5))
    QTest.keyClick(slider, Qt.Key.Key_Escape)
    move(slider, slider.place(-1.0))
    release(slider, slider.place(-1.0))

    assert told == ["gesture_started", "0.5", "gesture_cancelled"]


def test_what_is_shown_is_not_told_and_a_push_beyond_the_reach_stands_at_the_end(
    slider: ProbeSlider, told: list[str]
) -> None:
    slider.show_push(-3.5, active=True)

    assert not told
    assert slider.alpha == -REACH


def test_keys_step_and_delete_or_a_double_click_asks_for_nothing_at_all(slider: ProbeSlider, told: list[str]) -> None:
    QTest.keyClick(slider, Qt.Key.Key_Right)
    QTest.keyClick(slider, Qt.Key.Key_PageDown)
    QTest.keyClick(slider, Qt.Key.Key_Delete)
    QTest.mouseDClick(slider, Qt.MouseButton.LeftButton, pos=slider.rect().center())

    assert told[0] == "0.05"
    assert told.count("reset") == 2


def test_the_wheel_turns_the_handle_only_where_it_has_the_keyboard(slider: ProbeSlider, told: list[str]) -> None:
    slider.clearFocus()
    wheel(slider, slider.place(0.0), 120)
    assert not told

    slider.setFocus()
    wheel(slider, slider.place(0.0), 120)
    assert told == ["0.05"]


def test_the_meter_tells_the_reading_and_draws_the_ghost_and_the_side(qtbot: QtBot) -> None:
    pictures = []
    for reading in (Reading(3.0, None), Reading(3.0, -2.0), Reading(-3.0, -2.0)):
        meter = PairMeter()
        qtbot.addWidget(meter)
        meter.resize(260, 30)
        meter.show_reading(reading)
        pictures.append(meter.grab().toImage())
        assert meter.accessibleDescription() == reading.told()

    assert all(a != b for a, b in pairwise(pictures))


def test_a_meter_without_a_reading_says_why_and_a_stale_one_that_it_is_being_computed(qtbot: QtBot) -> None:
    meter = PairMeter()
    qtbot.addWidget(meter)

    meter.show_reading(None, message="not on the grid")
    assert meter.accessibleDescription() == "not on the grid"
    meter.show_reading(Reading(1.0, None), stale=True)
    assert meter.accessibleDescription() == "computing, SAME, margin +1.0"
