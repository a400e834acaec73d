"""The decision meter says what it was given, marks a flip once, and never goes blank."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget

from app import theme
from app.widgets import answering
from app.widgets.meter import DecisionMeter, Reading
from app.widgets.meter_paint import plan_of
from app.widgets.painted import scaled, signed, width_of

SAME = theme.LIGHT.same
DIFFERENT = theme.LIGHT.different


def picture(widget: QWidget) -> QImage:
    """The widget as it is drawn, one pixel a logical pixel on any screen."""
    return widget.grab().toImage().scaled(widget.size())


@pytest.fixture
def shown(qtbot, monkeypatch):
    """A visible meter in the light theme, with a trail short enough to wait for."""
    monkeypatch.setattr(theme, "current", lambda: theme.LIGHT)
    widget = DecisionMeter(trail_ms=60)
    qtbot.addWidget(widget)
    widget.resize(1200, 86)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.fixture
def announced(monkeypatch):
    """What a screen reader was asked to say."""
    said: list[str] = []
    monkeypatch.setattr(answering, "announce", lambda _, text: said.append(text))
    return said


def columns_of(image: QImage, color: str) -> list[int]:
    """The x of every pixel of exactly `color` along the upper part of the bar, between the words."""
    wanted = QColor(color).rgb()
    y = 24
    return [x for x in range(140, 640) if image.pixel(x, y) == wanted]


def without_trail(qtbot, widget: DecisionMeter) -> None:
    qtbot.waitUntil(lambda: not widget.is_fading())


def test_a_positive_margin_fills_to_the_right_of_a_negative_one(shown):
    shown.show_reading(Reading(2.0, None))
    right = columns_of(picture(shown), SAME)
    shown.show_reading(Reading(-2.0, None))
    left = columns_of(picture(shown), DIFFERENT)

    assert right
    assert left
    assert min(right) > max(left)


def test_twice_the_margin_fills_twice_the_width(shown):
    shown.show_reading(Reading(1.5, None))
    short = columns_of(picture(shown), SAME)
    shown.show_reading(Reading(3.0, None))
    long = columns_of(picture(shown), SAME)

    assert len(long) == pytest.approx(2 * len(short), abs=4)


def test_the_description_says_word_number_baseline_and_flip_with_a_real_minus(shown):
    shown.show_reading(Reading(3.14, -2.4, truth="TRUE of the picture: different — colour", mistake=True))

    assert shown.accessibleDescription() == (
        "SAME, margin +3.1, was −2.4, flip, TRUE of the picture: different — colour, mistake"
    )


def test_without_a_reading_it_says_that_it_waits(shown):
    shown.show_reading(None)
    assert shown.accessibleDescription() == "waiting for the engine"

    shown.show_reading(None, message="loading the model")
    assert shown.accessibleDescription() == "loading the model"


def test_a_stale_reading_stays_and_says_computing(shown):
    shown.show_reading(Reading(3.1, None))
    fresh = picture(shown)
    shown.show_reading(Reading(3.1, None), stale=True)

    assert shown.accessibleDescription() == "computing, SAME, margin +3.1"
    assert picture(shown) != fresh
    assert not columns_of(picture(shown), SAME)


def test_a_flip_is_announced_and_pulsed_once(shown, announced, qtbot):
    shown.show_reading(Reading(-2.4, -2.4))
    shown.show_reading(Reading(3.1, -2.4))
    assert shown.is_pulsing()
    shown.show_reading(Reading(3.2, -2.4))

    assert announced == ["Flip: SAME, margin +3.1, was −2.4, flip"]
    qtbot.waitUntil(lambda: not shown.is_pulsing())


def test_flipping_back_and_again_announces_again(shown, announced):
    for margin in (3.1, -1.0, 2.0):
        shown.show_reading(Reading(margin, -2.4))

    assert len(announced) == 2


def test_a_stale_flip_is_not_announced(shown, announced):
    shown.show_reading(Reading(3.1, -2.4), stale=True)

    assert announced == []
    assert not shown.is_pulsing()


def test_no_flip_without_a_baseline():
    assert not Reading(3.1, None).flipped


@pytest.mark.parametrize(("margin", "reach"), [(0.0, 4), (3.9, 4), (4.1, 8), (-9.0, 16), (20.0, 32), (99.0, 32)])
def test_the_range_grows_in_steps(shown, margin, reach):
    shown.show_reading(Reading(margin, None))

    assert shown.reach == reach


def test_the_range_does_not_flicker_around_a_step(shown, qtbot):
    shown.show_reading(Reading(4.1, None))
    shown.show_reading(Reading(3.9, None))
    without_trail(qtbot, shown)
    assert shown.reach == 8

    shown.show_reading(Reading(3.0, None))
    without_trail(qtbot, shown)
    assert shown.reach == 4


def test_the_baseline_stays_inside_the_range(shown):
    shown.show_reading(Reading(1.0, -13.0))

    assert shown.reach == 16


def test_the_trail_holds_what_was_shown_and_stops_its_timer_when_empty(shown, qtbot):
    for margin in (1.0, 2.0):
        shown.show_reading(Reading(margin, None))
    shown.show_reading(Reading(2.0, None), stale=True)
    assert shown.trail() == (1.0, 2.0)
    assert shown.is_fading()

    without_trail(qtbot, shown)
    assert shown.trail() == ()


@pytest.mark.parametrize("width", [200, 320, 500, 700, 940, 1440])
@pytest.mark.parametrize("reading", [None, Reading(3.1, -2.4, truth="TRUE: different", mistake=True)])
def test_it_can_be_drawn_at_any_width(shown, width, reading):
    shown.resize(width, 86)
    shown.show_reading(reading)

    assert picture(shown).width() == width


def test_it_follows_a_palette_change(shown, monkeypatch, qapp):
    shown.show_reading(Reading(3.1, None))
    light = picture(shown)
    monkeypatch.setattr(theme, "current", lambda: theme.DARK)
    palette = qapp.palette()
    palette.setColor(palette.ColorRole.Window, QColor(theme.DARK.window))
    shown.setPalette(palette)

    assert picture(shown) != light


@pytest.mark.parametrize("size", [(1432, 91), (948, 66), (700, 66), (460, 91)])
@pytest.mark.parametrize("name", ["SAME", "STAFFORDSHIRE BULLTERRIER", "SOFT-COATED WHEATEN TERRIER OF IRELAND"])
def test_a_long_verdict_has_room_at_any_size_and_nothing_lies_over_it(shown, size, name):
    area = QRectF(0, 0, *size)

    plan = plan_of(area, shown.font(), Reading(3.2, -1.1, low=f"NOT {name}", high=name, truth="TRUE"))

    face = scaled(plan.font, 2.25 * plan.shrink, bold=True)
    assert width_of(face, f"NOT {name}") + width_of(face, signed(-88.8)) < plan.verdict.width()
    parts = (plan.verdict, plan.truth, plan.bar, plan.low, plan.high)
    assert all(area.contains(part) for part in parts)
    assert not [one for one in parts for other in parts if one is not other and one.intersects(other)]
