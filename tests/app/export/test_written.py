"""Plots in figures are drawn beside the window, which goes on meanwhile."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread, current_thread, main_thread
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.export import written
from app.export.dialog import ExportDialog
from app.main_window import MainWindow
from app.panels.study import StudyPanel
from app.plots.view import PlotView
from core.plots import Curves, Series

X = np.array([0.0, 1.0, 2.0])
PLOT = Curves("Margin", "after block", "logit", X, ("0", "1", "2"), (Series("s", X),), y_range=(0.0, 2.0))


def dialog_of(window: MainWindow) -> ExportDialog:
    dialog = window.exports.dialog
    assert isinstance(dialog, ExportDialog)
    return dialog


def test_a_curve_of_which_nothing_is_known_is_drawn_without_a_warning(qtbot: QtBot, qtlog: Any) -> None:
    unknown = replace(PLOT, series=(*PLOT.series, Series("unknown", np.full(3, np.nan))))

    size = written.size_of(unknown, "light", 300.0, QFont(), 1.0)

    assert size.width() > 0
    assert [record.message for record in qtlog.records] == []


@pytest.fixture
def drawn_in(monkeypatch: pytest.MonkeyPatch) -> list[Thread]:
    """The threads in which plots were drawn."""
    threads: list[Thread] = []
    svg = written._Drawing.svg

    def told(drawing: written._Drawing) -> bytes:
        threads.append(current_thread())
        return svg(drawing)

    monkeypatch.setattr(written._Drawing, "svg", told)
    monkeypatch.setattr(written, "_kept", {})
    return threads


@pytest.fixture
def plot(window: MainWindow) -> PlotView:
    """A plot in sight."""
    plot = PlotView()
    layout = window.panel(StudyPanel).layout()
    assert layout is not None
    layout.addWidget(plot)
    plot.show_plot(PLOT)
    window._docks[StudyPanel].show()
    return plot


def test_plots_of_a_figure_are_drawn_beside_the_window_and_it_is_saved_once_they_are(
    window: MainWindow, plot: PlotView, drawn_in: list[Thread], qtbot: QtBot
) -> None:
    window.exports.export(plot)
    dialog = dialog_of(window)
    assert dialog.said.text() == "Drawing…"
    assert not dialog.save.isEnabled()

    qtbot.waitUntil(dialog.save.isEnabled, timeout=20_000)

    assert not dialog.preview.image.isNull()
    assert "mm" in dialog.said.text()
    assert drawn_in
    assert main_thread() not in drawn_in
    n_drawn = len(drawn_in)
    dialog.draw()
    assert dialog.save.isEnabled()
    assert len(drawn_in) == n_drawn, "what is drawn is kept"
    dialog.close()


def test_a_plot_is_copied_once_it_is_drawn_beside_the_window(
    window: MainWindow, plot: PlotView, drawn_in: list[Thread], qtbot: QtBot
) -> None:
    QApplication.clipboard().setText("before")

    window.exports.copy(plot)
    assert QApplication.clipboard().text() == "before"

    qtbot.waitUntil(lambda: not QApplication.clipboard().image().isNull(), timeout=20_000)
    assert main_thread() not in drawn_in


def test_a_dialog_can_be_closed_while_plots_are_drawn_for_it(
    window: MainWindow, plot: PlotView, drawn_in: list[Thread]
) -> None:
    window.exports.export(plot)

    dialog_of(window).close()

    assert window.exports.dialog is None
