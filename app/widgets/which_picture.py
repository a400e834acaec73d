"""A line that says which of two pictures a view is of, with a switch to the other one."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from app.widgets.cut import CutLabel

OF_BASE, OF_SOURCE = "This is of the base.", "This is of the source, without edits."


class WhichPicture(QWidget):
    """Hidden where both views are of the base anyway."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.switch = CutLabel(), QToolButton()
        self.switch.setText("Show source")
        self.switch.setToolTip("Look inside while the model sees the source, and not the base")
        self.switch.setCheckable(True)
        self.switch.setProperty("chip", True)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 2)
        line.addWidget(self.words, 1)
        line.addWidget(self.switch)
        self.hide()

    def show_which(self, of_two: bool, refusal: str | None) -> None:
        """Show the line where there is a choice, with what is in the way of it."""
        self.setVisible(of_two)
        self.words.show_text(refusal or (OF_SOURCE if self.switch.isChecked() else OF_BASE))
