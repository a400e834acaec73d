"""The chips by the pad: how its value is decided, and the controls of the edit that decides it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from app.desk import Desk
from app.modes import edit_in_force
from app.widgets.flow import GAP_PX, Flow
from app.widgets.marks import describe

DRAW_AGAIN = "↻"


class ModeChips(QWidget):
    """One chip a command; the mode and the control in force are pressed. The chips of controls, and `again`,
    stand elsewhere.
    """

    def __init__(self, desk: Desk, modes: Sequence[QAction], controls: Sequence[QAction]) -> None:
        super().__init__()
        self._desk = desk
        self.modes = {action.iconText(): _chip(action) for action in modes}
        self.controls = {action.iconText(): _chip(action) for action in controls}
        self.again = self.modes[DRAW_AGAIN]
        for button in self.controls.values():
            button.setProperty("control", True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP_PX)
        layout.addWidget(Flow([chip for name, chip in self.modes.items() if name != DRAW_AGAIN]))

    def refresh(self) -> None:
        """Press the chips of the edit in force."""
        at = edit_in_force(self._desk)
        edit = None if at is None else self._desk.document.interventions[at]
        mode = "Move" if edit is None else edit.mode  # no edit leaves the thumb to the hand
        for name, chip in self.modes.items():
            _press(chip, pressed=name == mode)
        self.modes[DRAW_AGAIN].setEnabled(edit is not None and edit.drawn_again(0) is not None)
        about = "no edit of this pad is on" if edit is None else edit.subject(self._desk.document.base)
        for name, chip in self.controls.items():
            control = name.lower()
            chip.setEnabled(edit is not None and control in edit.controls())
            _press(chip, pressed=edit is not None and control == edit.control)
            describe(chip, f"{about}; press again for the effect")


def _chip(action: QAction) -> QToolButton:
    """A button that triggers a command and is pressed by `refresh` alone."""

    def trigger() -> None:
        if chip.isCheckable():
            _press(chip, pressed=not chip.isChecked())
        action.trigger()

    chip = QToolButton()
    chip.setText(action.iconText())
    chip.setProperty("chip", True)
    chip.setToolTip(action.toolTip())
    action.changed.connect(lambda: chip.setToolTip(action.toolTip()))  # it may get other keys
    chip.setAccessibleName(action.text())
    chip.setCheckable(action.iconText() != DRAW_AGAIN)
    chip.clicked.connect(trigger)
    return chip


def _press(chip: QToolButton, *, pressed: bool) -> None:
    if chip.isChecked() != pressed:
        with QSignalBlocker(chip):
            chip.setChecked(pressed)
