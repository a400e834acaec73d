"""Does what makes a window grow, on screens of given sizes, and prints how large the windows were after each.

Run by test_layout in a process of its own: the size of the offscreen screen is fixed when Qt starts. The arguments
are the file that describes the screens, and how much larger than usual the letters are.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={sys.argv[1]}"
os.environ["QT_LOGGING_RULES"] = "default.warning=false"

from PySide6.QtCore import QSettings
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app import edits, theme
from app.live import Live
from app.main_window import MainWindow
from app.panels.study import StudyPanel
from app.store import Store
from core.analyses.attention import Attention
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view
from core.questions import Answer
from tests.app.answers import TINY, answer, attention_of

found: dict[str, list[tuple[int, int, int, int]]] = {}


def opened(folder: str) -> MainWindow:
    settings = QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat)
    window = MainWindow(Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))), Live(), settings)
    window.show()
    return window


def note(after: str, window: MainWindow) -> None:
    """How far each window reaches beyond its screen on the left, at the top, on the right and below; 0 is within."""
    QTest.qWait(20)
    windows: list[QWidget] = [window, *(d for d in window._docks.values() if d.isFloating() and d.isVisible())]
    found[after] = []
    for each in windows:
        room, frame = each.screen().availableGeometry(), each.frameGeometry()
        beyond = (room.left() - frame.left(), room.top() - frame.top())
        beyond += (frame.right() - room.right(), frame.bottom() - room.bottom())
        found[after].append(tuple(max(0, px) for px in beyond))


def command(window: MainWindow, text: str) -> None:
    next(action for _, action in window.all_actions() if action.text() == text).trigger()


def answer_of_a_large_model(window: MainWindow) -> Answer:
    large = replace(TINY, name="large", n_blocks=48, n_heads=24)
    token = window.desk.view.token
    return answer(window.desk, {Attention(token): attention_of(token, large)}, model=large)


def grow(window: MainWindow) -> None:
    note("opening", window)
    command(window, "Reset layout")
    note("resetting the layout", window)
    for dock in window._docks.values():
        dock.show()
    note("showing every dock", window)
    window._docks[StudyPanel].setFloating(False)
    note("docking the study", window)
    for _ in range(30):
        command(window, "Swap colour from source")
        window.desk.look(write=(window.desk.view.write + 1) % 6)
    note("thirty edits", window)
    window._answered(answer_of_a_large_model(window))
    note("a model of many blocks", window)
    command(window, "Theme: light")
    note("another theme", window)
    edits.draw_match_to_sample(window.desk)
    note("four items", window)
    font = window.font()
    font.setPointSizeF(1.5 * font.pointSizeF())
    for dock in window._docks.values():
        dock.setFont(font)
    note("large letters", window)


with tempfile.TemporaryDirectory() as folder:
    app = QApplication([])
    font = app.font()
    font.setPointSizeF(float(sys.argv[2]) * font.pointSizeF())
    app.setFont(font)
    theme.apply(app)
    first = opened(folder)
    grow(first)
    first._docks[StudyPanel].setFloating(True)
    first._docks[StudyPanel].setGeometry(100, 100, 3000, 2000)
    first.setGeometry(50, 50, 3000, 2000)
    first.close_without_asking()
    second = opened(folder)
    note("restoring the layout of a larger screen", second)
    for screen in app.screens()[1:]:
        second.move(screen.geometry().topLeft())
        note("moving to another screen", second)
    second.close_without_asking()
print(json.dumps(found))
