"""Lays the window out in given sizes with a model of 12 blocks × 12 heads, and prints how large its parts are.

Run by test_room in a process of its own: the size of the offscreen screen is fixed when Qt starts. The arguments are
the file that describes the screen, and the sizes.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace

os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={sys.argv[1]}"
os.environ["QT_LOGGING_RULES"] = "default.warning=false"

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QScrollArea, QWidget

from app import theme
from app.layout import WORKSPACES
from app.live import Live
from app.main_window import MainWindow
from app.panels.history import HistoryPanel
from app.panels.inside import InsidePanel
from app.panels.interventions import InterventionsPanel
from app.panels.stimulus import StimulusPanel
from app.store import Store
from core.analyses.attention import Attention
from core.analyses.pad import Pad
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view
from core.questions import Answer
from tests.app.answers import TINY, answer, attention_of, pad_places

N_BLOCKS = N_HEADS = 12
LEAST_HEAD_PX = 5.0


def answered(window: MainWindow) -> Answer:
    model = replace(TINY, n_blocks=N_BLOCKS, n_heads=N_HEADS)
    view = window.desk.view
    places = pad_places(now=[(0.0, 0.0), (1.0, 0.0)])
    found = {Attention(view.token): attention_of(view.token, model), Pad("color", view.write): places}
    return answer(window.desk, found, model=model)


def cut(window: MainWindow) -> list[str]:
    """What is not whole in sight: buttons within their panels, and panels within what scrolls them."""
    found = []
    for area in window.findChildren(QScrollArea):
        bars = (area.verticalScrollBar(), area.horizontalScrollBar()) if area.isVisible() else ()
        found += [f"{type(area).__name__} scrolls" for bar in bars if bar.maximum() > 0]
    for button in window.findChildren(QAbstractButton):
        if button.isVisible() and button.window() is window and button.text():
            seen = button.visibleRegion().boundingRect() == button.rect()
            found += [] if seen and button.width() >= button.minimumSizeHint().width() else [button.text()]
    return found


def cut_at_the_side(window: MainWindow) -> list[str]:
    """Buttons and choices that are less wide than their words, or that go on beyond what shows them."""
    found = []
    for widget in window.findChildren(QWidget):
        if isinstance(widget, QAbstractButton | QComboBox) and widget.isVisible() and widget.window() is window:
            seen, words = widget.visibleRegion().boundingRect(), widget.accessibleName() or widget.property("text")
            whole = seen.isEmpty() or seen.width() == widget.width() >= widget.minimumSizeHint().width()
            found += [] if whole else [f"{type(widget).__name__} {words}"]
    return found


def in_workspaces(window: MainWindow) -> dict[str, list[str]]:
    """What is cut at the side in each workspace."""
    told = {}
    for workspace in WORKSPACES:
        window.workspaces.choose(workspace)
        window.workspaces.reset()
        window._answered(answered(window))
        QTest.qWait(50)
        told[workspace.name] = cut_at_the_side(window)
    window.workspaces.choose(WORKSPACES[0])
    return told


def squares(window: MainWindow) -> list[list[float]]:
    """Width and height of canvas and pad."""
    pad = window.panel(InterventionsPanel).pads["color"]
    rects = (window.panel(StimulusPanel).canvas.frame().rect, pad._frame().rect)
    return [[rect.width(), rect.height()] for rect in rects]


def smaller(window: MainWindow, size: str) -> list[list[float]]:
    """The same after a window in which nobody moved anything was made so small, until it has the size."""
    for _ in range(2):  # only without the history can it be as low as the smallest
        window.resize(*(int(px) for px in size.split("x")))
        window._answered(answered(window))
        QTest.qWait(50)
    return squares(window)


def main() -> None:
    app = QApplication([])
    theme.apply(app)
    window = MainWindow(Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))), Live())
    window.show()
    window._answered(answered(window))
    told = {}
    for size in sys.argv[2:]:
        made_smaller = smaller(window, size)
        window.workspaces.reset()
        window._answered(answered(window))
        QTest.qWait(50)
        canvas, pad = squares(window)
        atlas = window.panel(InsidePanel).atlas
        heads = [atlas.head_rect(block, head) for block in range(N_BLOCKS) for head in range(N_HEADS)]
        told[size] = {
            "window": [window.width(), window.height()],
            "ratio": window.devicePixelRatioF(),
            "canvas": canvas,
            "pad": pad,
            "made smaller": made_smaller,
            "cut": cut(window),
            "history": not window._docks[HistoryPanel].isHidden(),
            "workspaces": in_workspaces(window),
            "back": squares(window),
            "small heads": [1 for head in heads if min(head.width(), head.height()) < LEAST_HEAD_PX],
        }
    window.close_without_asking()
    print(json.dumps(told))


main()
