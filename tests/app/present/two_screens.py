"""Starts a talk on a computer with two screens, and prints where its windows are.

Run by test_screens in a process of its own: the screens of the offscreen platform are fixed when Qt starts. The
argument is the file that describes them.
"""

from __future__ import annotations

import json
import os
import sys

os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={sys.argv[1]}"
os.environ["QT_LOGGING_RULES"] = "default.warning=false"

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import scenes, theme
from app.live import Live
from app.main_window import MainWindow
from app.store import Store
from core.demo import demo_document, demo_view


def main() -> None:
    app = QApplication([])
    theme.apply(app)
    window = MainWindow(Store(demo_document(), demo_view({})), Live())
    window.show()
    scenes.add_scene(window.desk)
    window.presenting.start()
    QTest.qWait(50)
    audience, presenter = window.presenting.audience, window.presenting.presenter
    assert audience is not None
    assert presenter is not None
    seen = window._in_sight()
    told = {
        "window": window.screen().name(),
        "audience": [audience.screen().name(), audience.isFullScreen(), audience.width(), audience.height()],
        "presenter": [presenter.isVisible(), presenter.screen().name()],
        "asks for the window too": len(seen) > len(audience.parts),
    }
    window.close_without_asking()
    print(json.dumps(told))


main()
