"""Copy data and Copy as Python: what is pointed at, as text in the clipboard."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QWidget

from app.export.numbers import copy_as_python, numbers_of
from app.main_window import MainWindow
from app.panels.decision import DecisionPanel
from app.panels.inside import InsidePanel
from app.panels.interventions import InterventionsPanel
from app.panels.layers import LayersPanel
from app.panels.palette import Palette
from app.panels.stimulus import StimulusPanel
from core.analyses.attention import Attention
from core.analyses.decision import Decision, Verdict
from core.analyses.item_shares import ItemShares
from core.analyses.pad import Pad
from core.errors import UserError
from core.interventions.move import set_point
from core.masses import attention_shares
from tests.app.answers import RELATIONS, TINY, answer, attention_of, pad_places

VERDICT = Verdict(RELATIONS, (0.5, 3.0), (2.0, 1.0))


@pytest.fixture
def answered(window: MainWindow) -> MainWindow:
    """The demo as a model of six blocks answers about it."""
    import numpy as np

    desk = window.desk
    masses = np.random.default_rng(0).dirichlet((1, 1, 1, 1), (TINY.n_blocks, TINY.n_heads, 2))
    found: dict[Any, Any] = {
        Pad("color", desk.view.write): pad_places("color", desk.view.write),
        Pad("shape", desk.view.write): pad_places("shape", desk.view.write),
        Attention(desk.view.token): attention_of(desk.view.token),
        ItemShares(): attention_shares(masses, [(0, 1)]),
    }
    desk.live.answered.emit(answer(desk, found, verdict=VERDICT))
    return window


def copied(window: MainWindow, target: QWidget) -> list[dict[str, str]]:
    """What the entry of the menu of a picture puts into the clipboard."""
    menu = window.exports.menu_of(target)
    next(action for action in menu.actions() if action.text() == "Copy data").trigger()
    menu.deleteLater()
    return list(csv.DictReader(StringIO(QApplication.clipboard().text())))


def test_the_meter_gives_the_margins_with_the_edits_and_without(answered: MainWindow) -> None:
    first, *classes = copied(answered, answered.panel(DecisionPanel).meter)

    assert (first["class"], first["logit"], first["logit without edits"]) == ("same − different", "2.5", "-1.0")
    assert [row["class"] for row in classes] == ["same", "different"]


def test_the_pad_that_is_pointed_at_gives_its_places(answered: MainWindow) -> None:
    rows = copied(answered, answered.panel(InterventionsPanel).pads["color"])

    assert {row["property"] for row in rows} == {"color"}
    assert [row["what"] for row in rows].count("landmark") == 16
    assert [(row["name"], row["x"]) for row in rows if row["what"] == "own place"] == [("A", "0.0"), ("B", "1.0")]


def test_the_attention_picture_gives_its_row_and_the_atlas_all_heads(answered: MainWindow) -> None:
    inside = answered.panel(InsidePanel)

    row, heads = copied(answered, inside.view), copied(answered, inside.atlas)

    assert {of["of"] for of in row} == {"attention"}
    assert len(row) == 1 + TINY.geometry.grid**2
    assert len(heads) == TINY.n_blocks * TINY.n_heads
    assert "WO" in heads[0]


def test_a_plot_gives_its_own_numbers_and_a_panel_all_that_it_found(answered: MainWindow) -> None:
    inside = answered.panel(InsidePanel)
    inside.overview.setCurrentWidget(inside.curves)

    plot, whole = copied(answered, inside.curves), copied(answered, inside)

    assert {row["plot"] for row in plot} == {inside.curves.plot.title if inside.curves.plot else ""}
    assert {row["of"] for row in whole} == {"attention", "item-shares"}


def test_the_canvas_and_the_layers_give_what_they_show(answered: MainWindow) -> None:
    items = copied(answered, answered.panel(StimulusPanel).canvas)
    layers = copied(answered, answered.panel(LayersPanel).strip)

    assert [row["colour"] for row in items] == ["indigo", "pink"]
    assert [row["after"] for row in layers][:2] == ["embeddings", "block 0"]


def test_numbers_of_an_earlier_state_are_not_copied(answered: MainWindow) -> None:
    desk = answered.desk
    QApplication.clipboard().setText("what was there")
    desk.edit("Move", set_point(desk.document, 0, "color", desk.view.write, (1.0, 1.0)))

    menu = answered.exports.menu_of(answered.panel(DecisionPanel).meter)
    next(action for action in menu.actions() if action.text() == "Copy data").trigger()
    menu.deleteLater()

    assert QApplication.clipboard().text() == "what was there"
    assert "being computed" in answered.status.error.text()


def test_where_there_are_no_numbers_it_says_so(answered: MainWindow) -> None:
    with pytest.raises(UserError, match="no numbers"):
        numbers_of(answered.desk, answered.panel(StimulusPanel).findChild(Palette) or answered)


def test_the_command_is_about_what_is_pointed_at(answered: MainWindow) -> None:
    meter = answered.panel(DecisionPanel).meter
    QCursor.setPos(meter.mapToGlobal(QPoint(meter.width() // 2, meter.height() // 2)))

    next(action for menu, action in answered.all_actions() if (menu, action.text()) == ("Edit", "Copy data")).trigger()

    assert "same − different" in QApplication.clipboard().text()


def test_a_script_of_the_state_is_copied_with_what_was_answered(answered: MainWindow) -> None:
    copy_as_python(answered.desk)

    text = QApplication.clipboard().text()
    names: dict[str, Any] = {"__name__": "a_script"}
    exec(text, names)
    assert names["state"]() == answered.desk.document
    assert answered.desk.decisions[answered.desk.document] == VERDICT
    assert "answered same, with a margin of 2.500000" in text
    assert answered.desk.found(Decision()) is not None
