"""What is known of the model that is open: where it came from, its licence, and what was assumed of it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.layout import room_for
from core.errors import UserError
from core.library import card_words, find, name_of, size_words

SIZE, MARGIN = QSize(560, 360), QSize(48, 64)


class AboutModel(QDialog):
    """One page about a model, beside the window."""

    def __init__(self, reference: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"About {name_of(reference)}")
        self.text = QLabel(about(reference))
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.text.setContentsMargins(8, 8, 8, 8)
        area = QScrollArea()
        area.setWidget(self.text)
        area.setWidgetResizable(True)
        area.setAccessibleName("About the model")
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(area)
        layout.addWidget(buttons)
        self.resize(SIZE.boundedTo(room_for(parent) - MARGIN))


def about(reference: str) -> str:
    """What is known of a model, a paragraph each.

    Raises UserError where there is no such model.
    """
    model = find(reference)
    if model.damaged:
        raise UserError(model.damaged)
    hashed = str(model.card.get("weights_sha256", ""))
    told = (
        f"{model.name}: {model.shape.replace(' × ', ' blocks × ')} heads, {size_words(model.n_bytes)}",
        f"Answers: {model.answers}",
        *card_words(model.card),
        f"Weights: SHA-256 {hashed}" if hashed else "",
        f"File: {model.path}",
    )
    return "\n\n".join(line for line in told if line)
