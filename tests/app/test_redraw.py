"""What is drawn again when the theme changes: each plot in sight once, and none that nobody sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import theme
from app.choices import Looks
from app.dialogs.model_rows import Row
from app.main_window import MainWindow
from app.panels.study import StudyPanel
from app.panels.study_parts import PartList
from app.plots.view import PlotView
from core.demo import DEFAULT_MODEL
from core.study_job import shipped_parts


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> Iterator[None]:
    """The program's look while a test runs, and the bare one after it."""
    palette, style = qapp.palette(), qapp.style().name()
    theme.choose(theme.LIGHT)
    theme.apply(qapp)
    yield
    theme.choose(None)
    qapp.setStyleSheet("")
    qapp.setStyle(style)
    qapp.setPalette(palette)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Counter[PlotView]:
    """How often each plot was built."""
    counts: Counter[PlotView] = Counter()
    draw = PlotView._draw

    def counted(view: PlotView) -> None:
        counts[view] += 1
        draw(view)

    monkeypatch.setattr(PlotView, "_draw", counted)
    return counts


def command(window: MainWindow, text: str) -> None:
    next(action for _, action in window.all_actions() if action.text() == text).trigger()


def settle() -> None:
    """Let the events run that have come of what was done, layouts, paints and the parts of a study among them."""
    for _ in range(20):
        QApplication.processEvents()


def in_sight(root: QObject) -> set[PlotView]:
    return {view for view in root.findChildren(PlotView) if not view.visibleRegion().isEmpty()}


def test_a_theme_draws_each_plot_in_sight_once_and_no_other(window: MainWindow, drawn: Counter[PlotView]) -> None:
    command(window, "Study the model…")
    settle()
    seen = in_sight(window.panel(StudyPanel))
    assert 0 < len(seen) < len(window.panel(StudyPanel).findChildren(PlotView)), "some lie below the edge"
    drawn.clear()

    command(window, "Theme: dark")
    settle()

    assert dict(drawn) == dict.fromkeys(seen, 1)


def test_a_theme_draws_nothing_that_is_hidden_until_it_is_shown(window: MainWindow, drawn: Counter[PlotView]) -> None:
    command(window, "Study the model…")
    settle()
    seen = in_sight(window.panel(StudyPanel))
    window._docks[StudyPanel].hide()
    drawn.clear()

    for name in ("dark", "light", "dark"):
        command(window, f"Theme: {name}")
        settle()
    assert not drawn

    window._docks[StudyPanel].show()
    settle()
    assert dict(drawn) == dict.fromkeys(seen, 1)


@pytest.fixture
def parts(qtbot: QtBot, drawn: Counter[PlotView]) -> PartList:
    """A study that was opened while its plots are counted."""
    parts = PartList()
    qtbot.addWidget(parts)
    parts.resize(700, 600)
    with qtbot.waitExposed(parts):
        parts.show()
    parts.show_parts(tuple(shipped_parts([DEFAULT_MODEL])))
    settle()
    return parts


def test_opening_a_study_draws_each_plot_in_sight_once_and_no_other(parts: PartList, drawn: Counter[PlotView]) -> None:
    assert dict(drawn) == dict.fromkeys(in_sight(parts), 1)
    assert len(drawn) < len(parts.findChildren(PlotView))


def test_a_plot_below_the_edge_is_drawn_as_it_is_scrolled_into_sight(parts: PartList, drawn: Counter[PlotView]) -> None:
    last = parts.findChildren(PlotView)[-1]
    assert last not in drawn

    parts.ensureWidgetVisible(last)
    settle()

    assert drawn[last] == 1


def test_changes_of_palette_style_and_font_in_one_moment_are_one_drawing(
    parts: PartList, drawn: Counter[PlotView]
) -> None:
    view = next(iter(in_sight(parts)))
    drawn.clear()

    for kind in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange):
        QApplication.sendEvent(view, QEvent(kind))
    settle()

    assert dict(drawn) == {view: 1}


def test_a_theme_measures_no_name_in_the_list_of_models_while_that_is_hidden(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(window, "Open model…")
    dialog, cells = window.models.dialog, Row.cells.fget
    assert dialog is not None
    assert cells is not None
    settle()
    dialog.hide()
    asked: list[Row] = []
    monkeypatch.setattr(Row, "cells", property(lambda row: asked.append(row) or cells(row)))

    command(window, "Theme: dark")
    settle()
    assert not asked

    dialog.show()
    settle()
    assert asked


def test_numbers_that_are_written_otherwise_dress_no_widget_again(qtbot: QtBot, window: MainWindow) -> None:
    choices = window.desk.choices
    choices.change(replace(choices.looks, theme="light"))
    dressed = DressedAgain()
    window.installEventFilter(dressed)

    choices.change(replace(choices.looks, decimal="comma"))
    assert dressed.n == 0

    choices.change(replace(choices.looks, theme="dark"))
    assert dressed.n == 1
    choices.change(Looks())


class DressedAgain(QObject):
    """How often a widget was given its style anew."""

    n = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.n += event.type() == QEvent.Type.StyleChange
        return False
