"""The gain of a query-key mode in the real window: the meter answers while the slider moves, and undo takes it back."""

from __future__ import annotations

from PySide6.QtWidgets import QDockWidget, QWidget

from app.panels.query_key import QueryKeyPanel
from core.interventions.mode_gain import ModeGain
from tests.end_to_end.conftest import Driver


def dock_of(panel: QWidget) -> QDockWidget:
    widget: QWidget | None = panel
    while not isinstance(widget, QDockWidget):
        assert widget is not None
        widget = widget.parentWidget()
    return widget


def test_the_meter_answers_while_the_slider_of_a_mode_moves(driver: Driver) -> None:
    panel, desk = driver.window.panel(QueryKeyPanel), driver.window.desk
    dock = dock_of(panel)
    dock.show()
    dock.raise_()
    desk.look(read=3, head=0)
    driver.settle()
    plain, slider = driver.margin, panel.gain.slider

    slider.setSliderDown(True)
    margins = [plain]
    for value in (50, 0):
        slider.setValue(value)
        driver.settle()
        margins.append(driver.margin)
    slider.setSliderDown(False)

    assert len(set(margins)) == 3
    assert isinstance(desk.document.interventions[0], ModeGain)
    assert desk.store.undo.count() == 1
    desk.store.undo.undo()
    driver.settle()
    assert driver.margin == plain
    dock.hide()
