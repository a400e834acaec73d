"""Start the program as `python -m app` does, say "done" once the window's first frame is painted, and close it."""

from __future__ import annotations

import multiprocessing
import sys
import tempfile

from PySide6.QtCore import QCoreApplication, QEvent, QSettings, Qt
from PySide6.QtGui import QPaintEvent

from app import __main__ as program

FRAME_DONE = QEvent.Type(QEvent.registerEventType())


class Window(program.MainWindow):
    """The program's window, which notices that it has been painted together with all that lies in it."""

    painted = False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.painted:
            self.painted = True
            # Comes when this frame is through: the window is painted first, then what lies in it.
            QCoreApplication.postEvent(self, QEvent(FRAME_DONE), Qt.EventPriority.HighEventPriority.value)

    def event(self, event: QEvent) -> bool:
        if event.type() == FRAME_DONE:
            print("done", flush=True)
            self.close()
            return True
        return super().event(event)


if __name__ == "__main__":
    multiprocessing.freeze_support()
    with tempfile.TemporaryDirectory() as folder:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)  # the user's own layout is neither read nor written
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)
        program.MainWindow = Window
        sys.exit(program.main())
