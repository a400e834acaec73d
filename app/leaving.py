"""The questions before what was changed is lost, or what is under way is given up: when the window closes, shows
another document, or the session ends."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication, QSessionManager
from PySide6.QtWidgets import QMessageBox, QWidget

from app.store import State, Store

Then = Callable[[], object]


class Leaving(QObject):
    """Whether a document may be left, and what is `at_work`, in words, given up. What was agreed to is not asked again,
    unless something is changed or begun after it.

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
        self.at_work: Callable[[], list[str]] = list
        self._agreed_to: State | None = None
        self._given_up: list[str] = []
        self.discarded = False
        self.question: QMessageBox | None = None
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.commitDataRequest.connect(self.end_session)

    def agree(self) -> None:
        """The window may close as things are now; what was discarded before is not what there is now."""
        self._agree_to_lose()
        self._given_up = self.at_work()

    def allowed(self) -> bool:
        """Whether the window may close now; where something would be lost or given up, the question is put instead."""
        if not self.nothing_to_lose():
            self.ask(self._window.close)
        elif not self._may_stop() and self.question is None:
            self._open(self._put_about_work(), self._work_answered)
        return self.nothing_to_lose() and self._may_stop()

    def ask(self, then: Then) -> None:
        """Go on at once where nothing would be lost, else when the answer is to save or to discard."""
        if self.nothing_to_lose():
            then()
        elif self.question is None:
            self._open(self._put(), lambda question: self._answered(_answer(question), then))

    def _open(self, question: QMessageBox, answered: Callable[[QMessageBox], None]) -> None:
        """Not `exec`: nothing waits for the answer, least of all whoever has to close the window by other means."""

        def finish() -> None:
            self.question = None
            answered(question)

        self.question = question
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.finished.connect(finish)
        question.open()

    def _answered(self, button: QMessageBox.StandardButton, then: Then) -> None:
        if button == QMessageBox.StandardButton.Save:
            self._save(then)
        elif button == QMessageBox.StandardButton.Discard:
            self._discard()
            then()

    def _work_answered(self, question: QMessageBox) -> None:
        if _is_given_up(question):
            self._given_up = self.at_work()
            self._window.close()
        else:
            self._agreed_to, self.discarded = None, False

    def end_session(self, session: QSessionManager) -> None:
        """The desktop logs out: whoever has changed something, or waits for something, may stop it, where the desktop
        allows questions.

        Where it does not, what was changed waits in the journal for the next start.
        """
        if self.nothing_to_lose() and self._may_stop():
            return
        if not session.allowsInteraction():
            self.agree()
            return
        # The session waits for this call to return, so that here the answers have to be waited for.
        left = self._asked_whether_to_lose() and self._asked_whether_to_stop()
        session.release()
        if not left:
            session.cancel()

    def _asked_whether_to_lose(self) -> bool:
        if self.nothing_to_lose():
            return True
        question = self._put()
        answer = QMessageBox.StandardButton(question.exec())
        question.deleteLater()
        if answer == QMessageBox.StandardButton.Discard:
            self._discard()
        left = answer == QMessageBox.StandardButton.Discard
        return left or (answer == QMessageBox.StandardButton.Save and self._save_now())

    def _asked_whether_to_stop(self) -> bool:
        if self._may_stop():
            return True
        question = self._put_about_work()
        question.exec()
        question.deleteLater()
        if _is_given_up(question):
            self._given_up = self.at_work()
        return _is_given_up(question)

    def nothing_to_lose(self) -> bool:
        """Whether all is saved, or may go."""
        return self._store.is_clean or self._store.is_at(self._agreed_to)

    def _may_stop(self) -> bool:
        """Whether nothing is at work, or what is may be given up."""
        return all(words in self._given_up for words in self.at_work())

    def _agree_to_lose(self) -> None:
        self.discarded = self.discarded and self._store.is_at(self._agreed_to)
        self._agreed_to = self._store.state

    def _discard(self) -> None:
        self._agree_to_lose()
        self.discarded = True

    def _put(self) -> QMessageBox:
        title, text = f"Save {self._name()}?", f"Save the changes of {self._name()}? Otherwise they are lost."
        question = QMessageBox(QMessageBox.Icon.Question, title, text, parent=self._window)
        buttons = QMessageBox.StandardButton
        question.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        question.setDefaultButton(buttons.Save)
        question.setEscapeButton(buttons.Cancel)
        return question

    def _put_about_work(self) -> QMessageBox:
        text = "Close the window and stop what is under way?"
        question = QMessageBox(QMessageBox.Icon.Question, "Something is under way", text, parent=self._window)
        named = "\n".join(f"• {words}" for words in self.at_work())
        question.setInformativeText(f"{named}\n\nWhat is written to files by then is kept.")
        question.addButton("Stop and close", QMessageBox.ButtonRole.DestructiveRole)
        keep = question.addButton("Keep running", QMessageBox.ButtonRole.RejectRole)
        question.setDefaultButton(keep)
        question.setEscapeButton(keep)
        return question


def _answer(question: QMessageBox) -> QMessageBox.StandardButton:
    return question.standardButton(question.clickedButton())


def _is_given_up(question: QMessageBox) -> bool:
    return question.buttonRole(question.clickedButton()) == QMessageBox.ButtonRole.DestructiveRole
