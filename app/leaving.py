"""The question before what was changed is lost: when the window closes, shows another document, or the session ends."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication, QSessionManager
from PySide6.QtWidgets import QMessageBox, QWidget

from app.store import Store
from core.document import Document
from core.work import Scene

Then = Callable[[], object]


class Leaving(QObject):
    """Whether a document may be left. What was agreed to is not asked again, unless something is changed after it.

    `save` saves the document and then goes on, if it could be saved; `save_now` does not return before that, and says
    whether it did. `name` is what the document is called.
    """

    def __init__(
        self,
        window: QWidget,
        store: Store,
        name: Callable[[], str],
        save: Callable[[Then], None],
        save_now: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self._window, self._store, self._name = window, store, name
        self._save, self._save_now = save, save_now
        self._agreed_to: tuple[Document, tuple[Scene, ...]] | None = None
        self.discarded = False
        self.question: QMessageBox | None = None
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.commitDataRequest.connect(self.end_session)

    def agree(self) -> None:
        """The window may close as things are now; what was discarded before is not what there is now."""
        self.discarded = self.discarded and self._is_agreed()
        self._agreed_to = (self._store.document, self._store.scenes)

    def allowed(self) -> bool:
        """Whether the window may close now; where something would be lost, the question is put instead."""
        if self.nothing_to_lose():
            return True
        self.ask(self._window.close)
        return False

    def ask(self, then: Then) -> None:
        """Go on at once where nothing would be lost, else when the answer is to save or to discard."""
        if self.nothing_to_lose():
            then()
            return
        if self.question is not None:
            return
        question = self.question = self._put()
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.finished.connect(self._forget)
        question.buttonClicked.connect(lambda button: self._answered(question.standardButton(button), then))
        # Not `exec`: nothing waits for the answer, least of all whoever has to close the window by other means.
        question.open()

    def _answered(self, button: QMessageBox.StandardButton, then: Then) -> None:
        if button == QMessageBox.StandardButton.Save:
            self._save(then)
        elif button == QMessageBox.StandardButton.Discard:
            self._discard()
            then()

    def end_session(self, session: QSessionManager) -> None:
        """The desktop logs out: whoever has changed something may stop it, where the desktop allows questions.

        Where it does not, what was changed waits in the journal for the next start.
        """
        if self.nothing_to_lose():
            return
        if not session.allowsInteraction():
            self.agree()
            return
        # The session waits for this call to return, so that here the answer has to be waited for.
        question = self._put()
        answer = QMessageBox.StandardButton(question.exec())
        question.deleteLater()
        if answer == QMessageBox.StandardButton.Discard:
            self._discard()
        left = answer == QMessageBox.StandardButton.Discard
        left = left or (answer == QMessageBox.StandardButton.Save and self._save_now())
        session.release()
        if not left:
            session.cancel()

    def nothing_to_lose(self) -> bool:
        """Whether all is saved, or may go."""
        return self._store.is_clean or self._is_agreed()

    def _is_agreed(self) -> bool:
        if self._agreed_to is None:
            return False
        document, scenes = self._agreed_to
        return document is self._store.document and scenes is self._store.scenes

    def _discard(self) -> None:
        self.agree()
        self.discarded = True

    def _put(self) -> QMessageBox:
        title, text = f"Save {self._name()}?", f"Save the changes of {self._name()}? Otherwise they are lost."
        question = QMessageBox(QMessageBox.Icon.Question, title, text, parent=self._window)
        buttons = QMessageBox.StandardButton
        question.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        question.setDefaultButton(buttons.Save)
        question.setEscapeButton(buttons.Cancel)
        return question

    def _forget(self) -> None:
        self.question = None
