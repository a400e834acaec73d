"""The end of the log, to be read and copied."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QFontDatabase, QTextCursor
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from app.dialogs.command_palette import fitting
from core.library import log_path
from core.log import read_log

N_CHARACTERS = 100_000


def show_log(window: QWidget) -> None:
    """Show the log as it is now, in place of one that is open."""
    for shown in window.findChildren(LogWindow):
        shown.close()
    LogWindow(window).show()


class LogWindow(QDialog):
    """Stays open beside the window until it is closed."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setWindowTitle("Log")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        path = log_path()
        self.where, self.text = QLabel(str(path)), QPlainTextEdit()
        self.where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.where.setWordWrap(True)
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setAccessibleName("Log")
        self.text.setPlainText(read_log(path, N_CHARACTERS) or "Nothing has been written down yet.")
        self.text.moveCursor(QTextCursor.MoveOperation.End)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.folder = buttons.addButton("Open folder", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.clicked.connect(lambda: QApplication.clipboard().setText(self.text.toPlainText()))
        self.folder.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))))
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        for widget in (self.where, self.text, buttons):
            layout.addWidget(widget)
        self.resize(fitting(window, 820, 520))
