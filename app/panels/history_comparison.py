"""Two states of the history beside each other: pictures, margins, and in what they differ, in words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QWidget

from app.widgets.painted import signed
from core.analyses.decision import Verdict
from core.differences import differences
from core.work import Moment

SAME = "They are the same state."
PICTURE_PX = 112


class Comparison(QDialog):
    """Stays open beside the window until it is closed."""

    def __init__(
        self, moments: Sequence[Moment], pictures: Sequence[QImage], verdicts: Sequence[Verdict | None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Two states compared")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QGridLayout(self)
        for column, (moment, picture, verdict) in enumerate(zip(moments, pictures, verdicts, strict=True)):
            shown, said = QLabel(), QLabel(f"{moment.name or moment.text}\n{_answer(verdict)}")
            shown.setPixmap(QPixmap.fromImage(picture.scaled(PICTURE_PX, PICTURE_PX)))
            said.setWordWrap(True)
            layout.addWidget(shown, 0, column)
            layout.addWidget(said, 1, column)
        self.words = QLabel("\n".join(differences(moments[0].document, moments[1].document)) or SAME)
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(self.words, 2, 0, 1, 2)
        self.setMinimumWidth(3 * PICTURE_PX)


def _answer(verdict: Verdict | None) -> str:
    if verdict is None:
        return "not answered"
    flipped = ", flipped" if verdict.flipped else ""
    return f"{verdict.answer}, margin {signed(verdict.margin, 2)}{flipped}"
