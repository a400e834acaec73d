"""The audience's window: meter, picture and pad as large as it is, in type that is read from the back row."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QFont, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app import theme
from app.desk import Desk
from app.panels.decision import DecisionPanel
from app.present.overlay import Overlay
from app.present.parts import ShownPads, ShownStimulus
from app.widgets.pad import SubspacePad
from app.widgets.painted import scaled

TYPE_SHARE_HIGH, TYPE_SHARE_WIDE = 1 / 42, 1 / 70
"""The height of the type in a window of this height, if it is wide enough; the verdict's is more than twice it."""
SMALLEST, SMALLEST_TYPE_PX, TITLE = QSize(320, 180), 9, 1.25
OVER_METER, ALONE = 1, 2.0
"""The row over the meter; how much larger its type is while it stands alone."""


class Audience(QWidget):
    """What the room sees. Everything in it can be taken hold of; it has no buttons."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setWindowTitle("Audience — Relata")
        self.setMinimumSize(SMALLEST)  # its type becomes smaller with it: what it asks for now is no limit
        self.title, self.count = QLabel(), QLabel()
        self.decision, self.stimulus, self.pads = DecisionPanel(desk), ShownStimulus(desk), ShownPads(desk)
        self.decision.brief = True
        self.zoomed: QWidget | None = None
        self._arrange()
        self.overlay = Overlay(self)
        theme.dress(self, theme.PROJECTOR)
        for child in (self, *self.findChildren(QWidget)):
            child.setMouseTracking(True)  # the laser follows wherever the mouse is

    def _arrange(self) -> None:
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        top, middle = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.count)
        middle.addWidget(self.stimulus, 1)
        middle.addWidget(self.pads, 1)
        self._rows = QVBoxLayout(self)
        self._rows.addLayout(top)
        self._rows.addStretch(0)  # over the meter, while it stands alone in the middle
        self._rows.addWidget(self.decision)
        self._rows.addLayout(middle, 1)

    @property
    def parts(self) -> tuple[DecisionPanel | ShownStimulus | ShownPads, ...]:
        """The panels in it that can be seen."""
        return tuple(part for part in (self.decision, self.stimulus, self.pads) if not part.isHidden())

    def refresh(self) -> None:
        """Draw what changed."""
        stage, scenes = self._desk.stage, self._desk.store.scenes
        at = stage.at
        self.title.setText("" if at is None else scenes[at].name)
        self.count.setText("" if at is None else f"{at + 1} / {len(scenes)}")
        self._show_parts()
        for part in self.parts:
            part.refresh()

    def zoom(self, place: QPoint) -> bool:
        """The meter alone, or picture or pad alone under it, or all again; whether one of them lies at a place."""
        part = next((part for part in self.parts if _holds(part, place, self)), None)
        if part is None:
            return False
        self.zoomed = None if self.zoomed is part else part
        self._show_parts()
        self._set_type()
        self._desk.redraw()
        self._desk.ask()
        return True

    def _show_parts(self) -> None:
        """All or the enlarged one; where there is nothing for a pad to show, the picture has all the room."""
        zoomed = self.stimulus if self.zoomed is not self.decision and not self.pads.is_of_use else self.zoomed
        for each in (self.stimulus, self.pads):
            each.setVisible(zoomed in (None, each))
        self._rows.setStretch(OVER_METER, int(zoomed is self.decision))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.setFocus()  # with the keyboard in the picture, the handles of its item would be in sight

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.overlay.setGeometry(self.rect())
        self.overlay.raise_()
        self._set_type()

    def _set_type(self) -> None:
        """Type that is read from the back row of a window of this size."""
        high, wide = self.height() * TYPE_SHARE_HIGH, self.width() * TYPE_SHARE_WIDE
        font = QFont(self.font())
        font.setPixelSize(max(SMALLEST_TYPE_PX, round(min(high, wide))))
        for widget in self.findChildren(QWidget):
            widget.setFont(font)  # under a style sheet none is handed down
        if self.zoomed is self.decision:
            for widget in self.decision.findChildren(QWidget):
                widget.setFont(scaled(font, ALONE))
        self.title.setFont(scaled(font, TITLE, bold=True))
        room = font.pixelSize()
        self._rows.setContentsMargins(room, room // 2, room, room // 2)
        self._rows.setSpacing(room // 2)


def _holds(part: QWidget, place: QPoint, window: QWidget) -> bool:
    return part.rect().contains(part.mapFrom(window, place))


def on_thumb(widget: object, place: QPointF) -> bool:
    """Whether a place of a widget is a thumb of a pad, which a double click takes back."""
    return isinstance(widget, SubspacePad) and widget.holds_thumb(place)
