"""The status bar: device, weights, the state shown, and the last error until it is dismissed."""

from __future__ import annotations

import logging

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QSizePolicy, QStatusBar, QToolButton

from app.desk import Desk
from app.numbers import fixed
from core.library import card_words
from core.log import LOG
from core.questions import Answer


class Status(QStatusBar):
    """One line under the window."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._details = ""
        self._until: tuple[object, ...] = ()
        self.state, self.error = QLabel(), QLabel()
        self.copy, self.dismiss = QToolButton(), QToolButton()
        self.copy.setText("Copy details")
        self.dismiss.setText("✕")
        self.dismiss.setAccessibleName("Dismiss the message")
        self.copy.clicked.connect(lambda: QApplication.clipboard().setText(self._details))
        self.dismiss.clicked.connect(self.clear_error)
        self.addWidget(self.error, 1)
        self.addWidget(self.copy)
        self.addWidget(self.dismiss)
        self.addPermanentWidget(self.state, 1)
        for label in (self.state, self.error):
            # A long line must not widen the window: it is cut, and whole in its tool tip.
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.state.setContentsMargins(0, 0, 10, 0)
        self.setSizeGripEnabled(False)
        self.clear_error()

    def say_error(self, message: str, hint: str = "", details: str = "", until: tuple[object, ...] = ()) -> None:
        """Show what happened and what to do. It stays until it is dismissed or replaced, or one of `until` succeeds."""
        self._until = until
        LOG.log(logging.ERROR if details else logging.WARNING, "%s %s\n%s", message, hint, details)
        self._details = details or f"{message} {hint}"
        self.error.setText(f"⚠ {message} {hint}".strip())
        self.error.setToolTip(self._details)
        for widget in (self.error, self.copy, self.dismiss):
            widget.show()

    def supersede(self, *done: object) -> None:
        """Put the message away if it was to stay until one of these is done."""
        if any(one in self._until for one in done):
            self.clear_error()

    def clear_error(self) -> None:
        """Put the message away."""
        self._until = ()
        self.error.setText("")
        for widget in (self.error, self.copy, self.dismiss):
            widget.hide()

    def refresh(self) -> None:
        """Describe the state that the panels show."""
        answer = self._desk.answer
        self.state.setText("engine: starting" if answer is None else _state(answer, self._desk))
        known = () if answer is None else (*answer.notes, *card_words(answer.model.card))
        self.state.setToolTip("\n".join([self.state.text(), *known, *_explained(self.state.text())]))


EXPLAINED = {
    "IIA": "IIA, interchange accuracy: the share of pairs whose answer turns as it should where one object's value in "
    "the subspace is replaced by another's.",
    "rmts": "rmts, relational match-to-sample: are the relations of two pairs, each same or different, the same?",
}


def _explained(text: str) -> list[str]:
    """What the short words in a line mean."""
    return [words for short, words in EXPLAINED.items() if short in text]


def _state(answer: Answer, desk: Desk) -> str:
    info = answer.model
    parts = [f"engine {answer.engine_ms:.0f} ms · {info.device}", f"{info.name} {info.weights_hash[:6]}"]
    parts += _learned(answer, desk)
    parts += answer.notes[:1]
    parts.append("? for keys · Ctrl+K for everything")
    return "  ·  ".join(parts)


def _learned(answer: Answer, desk: Desk) -> list[str]:
    """How good what was learned at the write layer is: the probe while its tab is shown, else the pad's subspace."""
    write = desk.view.write
    if desk.probe_shown:
        probe = answer.model.probe_cards.get(write)
        return [] if probe is None else [f"probe: right {fixed(probe['accuracy'], 3)} (n {probe['n']})"]
    card = answer.model.subspace_cards.get((desk.pad_shown, write))
    word = "colour" if desk.pad_shown == "color" else "shape"
    return [] if card is None else [f"{word} subspace: IIA {fixed(card['iia'], 3)} (n {card['n_test']})"]
