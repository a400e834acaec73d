"""A killed engine takes neither the document nor the window with it."""

from __future__ import annotations

import os
import signal

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.end_to_end.conftest import ANSWER_MS, Driver


def test_an_engine_killed_in_mid_drag_comes_back_and_answers_the_current_state(own_driver: Driver) -> None:
    driver = own_driver
    live = driver.window.desk.live
    driver.drag_thumb(driver.thumb(0), driver.landmark(0), steps=4)
    first = live.pid
    assert first is not None

    os.kill(first, signal.SIGKILL)
    driver.drag_thumb(driver.thumb(0), driver.landmark(0), steps=4)
    QTest.mouseRelease(driver.color_pad, Qt.MouseButton.LeftButton, pos=driver.landmark(0))
    driver.qtbot.waitUntil(lambda: live.pid not in (first, None), timeout=ANSWER_MS)
    driver.settle()

    assert "engine" in driver.window.status.error.text()
    assert driver.window.desk.document.interventions
    assert driver.window.desk.answer.question.document == driver.window.desk.document
