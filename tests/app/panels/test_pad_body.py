"""What belongs to a pad stands beside it in a low panel, and under what needs the whole width."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QScrollArea, QTabWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.panels.pad_body import PadBody

LOW_AND_WIDE = (346, 260)


@pytest.fixture
def tabs(qtbot: QtBot) -> QTabWidget:
    tabs, sliders, slider, page = QTabWidget(), QWidget(), QWidget(), QScrollArea()
    slider.setMinimumWidth(206)
    QVBoxLayout(sliders).addWidget(slider)
    page.setWidget(sliders)
    page.setWidgetResizable(True)
    tabs.addTab(QWidget(), "Colour")
    tabs.addTab(page, "Probe")
    qtbot.addWidget(tabs)
    return tabs


def test_in_a_low_panel_the_list_is_beside_the_pad_and_under_the_probe(qtbot: QtBot, tabs: QTabWidget) -> None:
    beneath = QLabel("No edits")
    body = PadBody(tabs, (beneath,))
    qtbot.addWidget(body)
    body.resize(*LOW_AND_WIDE)
    body.show()
    body.fit(*LOW_AND_WIDE)

    def starts_at() -> int:
        layout = body.layout()
        assert layout is not None
        layout.activate()
        return beneath.mapTo(body, beneath.rect().topLeft()).x()

    assert starts_at() > tabs.width() / 2

    tabs.setCurrentIndex(1)
    assert starts_at() < 20, "its sliders have the whole width"

    tabs.setCurrentIndex(0)
    assert starts_at() > tabs.width() / 2
