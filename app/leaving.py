"""The question before what was changed is lost: when the window is closed, and when the session ends."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication, QSessionManager
from PySide6.QtWidgets import QMessageBox, QWidget

from app.store import Store
from core.document import Document

QUESTION = "There is no saving yet: closing loses the changed stimulus and edits."


class Leaving(QObject):
    """Whether a window may close. What was agreed to is not asked again, unless something is changed after it."""

    def __init__(self, window: QWidget, store: Store) -> None:
        super().__init__(window)
        self._window, self._store = window, store
        self._agreed_to: Document | None = None
        self.question: QMessageBox | None = None
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.commitDataRequest.connect(self.end_session)

    def agree(self) -> None:
        """The window may close as things are now."""
        self._agreed_to = self._store.document

    def allowed(self) -> bool:
        """Whether the window may close now; where something would be lost, the question is put instead."""
        if self._nothing_to_lose():
            return True
        if self.question is None:
            self.question = self._put()
            self.question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.question.finished.connect(self._forget)
            self.question.accepted.connect(self._window.close)
            # Not `exec`: nothing waits for the answer, least of all whoever has to close the window by other means.
            self.question.open()
        return False

    def end_session(self, session: QSessionManager) -> None:
        """The desktop logs out: whoever has changed something may stop it, where the desktop allows questions."""
        if self._nothing_to_lose():
            return
        if not session.allowsInteraction():
            self.agree()
            return
        # The session waits for this call to return, so that here the answer has to be waited for.
        question = self._put()
        question.exec()
        question.deleteLater()
        session.release()
        if not self._nothing_to_lose():
            session.cancel()

    def _nothing_to_lose(self) -> bool:
        return self._store.undo.isClean() or self._agreed_to is self._store.document

    def _put(self) -> QMessageBox:
        question = QMessageBox(QMessageBox.Icon.Question, "Close Relata?", QUESTION, parent=self._window)
        question.addButton("Close anyway", QMessageBox.ButtonRole.AcceptRole)
        question.accepted.connect(self.agree)
        stay = question.addButton(QMessageBox.StandardButton.Cancel)
        question.setDefaultButton(stay)
        question.setEscapeButton(stay)
        return question

    def _forget(self) -> None:
        self.question = None
