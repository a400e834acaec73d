"""The bars of a model with several classes say what they show, mark a flip once, and never go blank."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app import theme
from app.widgets import answering
from app.widgets.class_bars import ClassBars
from app.widgets.class_bars_paint import name_face, word_face
from app.widgets.painted import line_height, width_of
from app.widgets.reading import Bar, ClassReading, percent

PLAIN = ClassReading((Bar("tench", 0.6), Bar("goldfish", 0.2), Bar("great white shark", 0.1)))
FLIPPED = ClassReading(
    (Bar("goldfish", 0.5, 0.2), Bar("tench", 0.3, 0.6)), Bar("tench", 0.3, 0.6), truth="no ground truth"
)


def picture(widget: QWidget) -> QImage:
    """The widget as it is drawn, one pixel a logical pixel on any screen."""
    return widget.grab().toImage().scaled(widget.size())


def widths(image: QImage, role: str) -> list[int]:
    """The length of every row of pixels of exactly the colour of a role."""
    wanted = QColor(getattr(theme.LIGHT, role)).rgb()
    rows = ([image.pixel(x, y) for x in range(image.width())].count(wanted) for y in range(image.height()))
    return [n for n in rows if n]


@pytest.fixture
def shown(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> ClassBars:
    """Visible bars in the light theme."""
    monkeypatch.setattr(theme, "current", lambda: theme.LIGHT)
    widget = ClassBars()
    qtbot.addWidget(widget)
    widget.resize(1200, 110)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(answering, "announce", lambda _, text: said.append(text))
    return said


def test_twice_the_probability_is_a_bar_twice_as_long(shown: ClassBars) -> None:
    shown.show_reading(ClassReading((Bar("tench", 0.9), Bar("goldfish", 0.4), Bar("shark", 0.2))))

    lengths = widths(picture(shown), "effect")

    assert max(lengths) == pytest.approx(2 * min(lengths), abs=4)


def test_the_first_bar_is_the_answer_and_in_a_colour_of_its_own(shown: ClassBars) -> None:
    shown.show_reading(PLAIN)

    first, others = widths(picture(shown), "accent"), widths(picture(shown), "effect")

    assert max(first) == pytest.approx(3 * max(others), abs=6)


def n_bars(image: QImage, role: str) -> int:
    """How many bars of a colour lie one under the other."""
    wanted = QColor(getattr(theme.LIGHT, role)).rgb()
    rows = [any(image.pixel(x, y) == wanted for x in range(image.width())) for y in range(image.height())]
    return sum(now and not before for before, now in zip([False, *rows], rows, strict=False))


def test_a_low_meter_shows_as_many_classes_as_can_be_read(shown: ClassBars) -> None:
    shown.show_reading(ClassReading(tuple(Bar(name, 0.2) for name in ("cat", "frog", "cow", "lion", "owl"))))
    whole = n_bars(picture(shown), "effect")

    shown.setFixedHeight(60)

    assert whole == 4
    assert 1 <= n_bars(picture(shown), "effect") < 4
    assert n_bars(picture(shown), "accent") == 1


def test_the_description_says_the_answer_its_probability_the_flip_and_the_others(shown: ClassBars) -> None:
    shown.show_reading(FLIPPED)

    assert shown.accessibleDescription() == "goldfish 50 %, was tench 60 %, flip, no ground truth; then tench 30 %"


def test_a_flip_is_announced_and_pulsed_once(shown: ClassBars, announced: list[str], qtbot: QtBot) -> None:
    shown.show_reading(FLIPPED)
    assert shown.is_pulsing()
    shown.show_reading(ClassReading((Bar("goldfish", 0.55, 0.2), Bar("tench", 0.3, 0.6)), Bar("tench", 0.3, 0.6)))

    assert len(announced) == 1
    assert announced[0].startswith("Flip: goldfish")
    qtbot.waitUntil(lambda: not shown.is_pulsing())


def test_a_flip_to_another_class_is_announced_again(shown: ClassBars, announced: list[str]) -> None:
    was = Bar("tench", 0.1, 0.6)
    for label in ("goldfish", "shark"):
        shown.show_reading(ClassReading((Bar(label, 0.5, 0.2),), was))

    assert [said.split()[1] for said in announced] == ["goldfish", "shark"]


def test_a_stale_reading_is_greyed_and_never_announced(shown: ClassBars, announced: list[str]) -> None:
    shown.show_reading(FLIPPED, stale=True)

    assert shown.accessibleDescription().startswith("computing, goldfish")
    assert announced == []
    assert not widths(picture(shown), "accent")


@pytest.mark.parametrize(("share", "reach"), [(0.02, 0.1), (0.2, 0.25), (0.3, 0.5), (0.9, 1.0)])
def test_the_scale_grows_in_steps_that_the_tool_tip_says(shown: ClassBars, share: float, reach: float) -> None:
    shown.show_reading(ClassReading((Bar("tench", share),)))

    assert shown.reach == reach
    assert f"to {percent(reach)} at the right" in shown.toolTip()


def test_the_ghost_stays_inside_the_scale(shown: ClassBars) -> None:
    shown.show_reading(ClassReading((Bar("tench", 0.02, 0.4),), Bar("tench", 0.02, 0.4)))

    assert shown.reach == 0.5


@pytest.mark.parametrize("width", [200, 330, 500, 700, 960, 1440])
@pytest.mark.parametrize("label", ["tench", "professional basketball, a very long name of " + "many words " * 6])
@pytest.mark.parametrize("message", ["", "the engine stopped"])
def test_it_can_be_drawn_at_any_width(shown: ClassBars, width: int, label: str, message: str) -> None:
    shown.resize(width, 110)
    shown.show_reading(
        ClassReading((Bar(label, 0.5, 0.1), Bar("b " * 40, 0.2, 0.6)), Bar("b " * 40, 0.2, 0.6), "TRUE", True, "wrong"),
        message=message,
    )

    assert picture(shown).width() == width


def test_before_any_answer_it_says_that_it_waits(shown: ClassBars) -> None:
    assert shown.accessibleDescription() == "waiting for the engine"
    assert picture(shown).width() == 1200


@pytest.mark.parametrize(
    ("share", "words"), [(0.0, "0.0 %"), (0.0004, "<0.1 %"), (0.042, "4.2 %"), (0.0996, "10 %"), (0.43, "43 %")]
)
def test_a_probability_has_no_more_digits_than_it_needs(share: float, words: str) -> None:
    assert percent(share) == words


LONG = "Appenzeller Sennenhund, a cattle dog of the Alps"


@pytest.mark.parametrize("name", ["cat", "soft-coated wheaten terrier", LONG])
def test_in_a_low_meter_a_long_answer_is_one_line_with_room_for_all_of_it(shown: ClassBars, name: str) -> None:
    room = QRectF(0, 0, 376, 8)  # what a window of 960×540 leaves for it

    face = word_face(shown.font(), room, name)

    assert line_height(face) <= line_height(shown.font())
    assert width_of(face, name) <= room.width()


@pytest.mark.parametrize("name", ["cat", "soft-coated wheaten terrier", LONG])
def test_beside_its_bar_the_name_of_the_answer_is_never_cut(shown: ClassBars, name: str) -> None:
    assert width_of(name_face(shown.font(), name, 260), name) <= 260
