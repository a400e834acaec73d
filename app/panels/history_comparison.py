"""Two states of the history beside each other: pictures, margins, one pad with the thumbs of both, and in what they
differ, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QScrollArea, QWidget

from app.desk import Found
from app.dialogs.command_palette import fitting
from app.numbers import signed
from app.panels.pad_landmarks import Landmarks
from app.panels.stimulus import item_role
from app.widgets.pad import EMPTY, PadPicture, Thumb
from app.widgets.painted import rgb_image
from app.widgets.still_pad import StillPad
from core.analyses.decision import Verdict
from core.analyses.pad import PadPlaces
from core.analyses.pads_of_states import PadsOfStates
from core.differences import differences
from core.document import Document
from core.documents.work import Moment
from core.site import block_words
from core.stimuli.render import render
from core.stimuli.stimulus import ITEM_LETTERS, PROPERTIES, Property

SAME = "They are the same state."
WAITING = "The pad of both is being computed."
THUMBS = "Thumbs: where the second state has its items; the threads lead from where the first has them."
PICTURE_PX, PAD_PX = 168, 230
SIZE = QSize(700, 372)


class Comparison(QDialog):
    """Stays open beside the window until it is closed. `pads` is what it wants to know for its pad."""

    def __init__(
        self, moments: Sequence[Moment], verdicts: Sequence[Verdict | None], pads: PadsOfStates, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Two states compared")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.pads, self._landmarks = pads, Landmarks()
        body = QWidget()
        self._layout = QGridLayout(body)
        for column, (moment, verdict) in enumerate(zip(moments, verdicts, strict=True)):
            shown, said = QLabel(), QLabel(f"{moment.name or moment.text}\n{_answer(verdict)}")
            picture = rgb_image(render(moment.document.base)).scaled(
                PICTURE_PX, PICTURE_PX, mode=Qt.TransformationMode.SmoothTransformation
            )
            shown.setPixmap(QPixmap.fromImage(picture))
            shown.setAccessibleName(f"Stimulus of the {'second' if column else 'first'} state")
            said.setWordWrap(True)
            self._layout.addWidget(shown, 0, column)
            self._layout.addWidget(said, 1, column)
        self.pad, self.said = StillPad(), QLabel(WAITING)
        self.pad.why = THUMBS
        self.pad.setMinimumSize(PAD_PX, PAD_PX)
        self.pad.setAccessibleName(f"{_word(pads.property)} pad of both states")
        self.words = QLabel("\n".join(differences(moments[0].document, moments[1].document)) or SAME)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (self.said, self.words):
            label.setWordWrap(True)
        self._layout.addWidget(self.words, 2, 0, 1, 2, Qt.AlignmentFlag.AlignTop)
        self._layout.addWidget(self.pad, 0, 2, 2, 1)
        self._layout.addWidget(self.said, 2, 2, Qt.AlignmentFlag.AlignTop)
        self._layout.setColumnStretch(2, 1)
        self._layout.setRowStretch(2, 1)
        area = QScrollArea(self)
        area.setWidget(body)
        area.setWidgetResizable(True)
        outer = QGridLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        self.resize(fitting(parent.window(), SIZE.width(), SIZE.height()))

    def show_pads(self, found: Found[tuple[PadPlaces, PadPlaces]] | None) -> None:
        """Show the pad, or why there is none; what was found in another state is found of these two all the same."""
        if found is None or found.analysis != self.pads:
            return
        if found.value is None:
            refusal = found.refusal
            self.said.setText("" if refusal is None else f"No pad: {refusal.message} {refusal.hint}")
            self.pad.show_picture(EMPTY, stale=False)
            self.pad.setEnabled(False)
            return
        one, other = found.value
        thumbs = tuple(self._thumb(index, one, other) for index in range(min(len(one.now), len(other.now))))
        picture = PadPicture(self._landmarks.of(other), thumbs, other.axis_share, None, _both(one, other))
        self.pad.show_picture(picture, stale=False)
        self.said.setText(f"{_word(self.pads.property)} after {block_words(self.pads.block)}. {THUMBS}")

    def _thumb(self, index: int, one: PadPlaces, other: PadPlaces) -> Thumb:
        (x, y), (before_x, before_y) = other.now[index].tolist(), one.now[index].tolist()
        moved = not np.array_equal(other.now[index], one.now[index])
        role = item_role(self.pads.other.base, index)
        return Thumb(ITEM_LETTERS[index], role, x, y, before_x, before_y, moved)


def pads_of(moments: Sequence[Moment], property: Property, block: int) -> PadsOfStates:
    """The pad on which two states are compared: that of the last edit that acts on one, else the one that is shown."""
    one, other = (moment.document for moment in moments)
    return PadsOfStates(one, other, *_edited(other, one) or (property, block))


def _edited(*documents: Document) -> tuple[Property, int] | None:
    for document in documents:
        for edit in reversed(document.interventions):
            for property in PROPERTIES:
                if edit.asset is not None and edit.asset[0] == property:
                    return property, edit.asset[1]
    return None


def _both(one: PadPlaces, other: PadPlaces) -> tuple[float, float, float, float]:
    """The larger of the two squares."""
    return max(one.extent, other.extent, key=lambda extent: extent[1] - extent[0])


def _word(property: Property) -> str:
    return "Colour" if property == "color" else "Shape"


def _answer(verdict: Verdict | None) -> str:
    if verdict is None:
        return "not answered"
    flipped = ", flipped" if verdict.flipped else ""
    return f"{verdict.answer}, margin {signed(verdict.margin, 2)}{flipped}"
