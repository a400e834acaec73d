"""A pad that only shows: where an edit that is made elsewhere lands."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.widgets.pad import SubspacePad


class StillPad(SubspacePad):
    """Names its landmarks under the mouse; its thumbs stand where they are put, and `why` says why."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.why = ""
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def wants(self, event: QKeyEvent) -> bool:
        return False

    def tip_at(self, place: QPointF) -> tuple[str, QRect]:
        if self._thumb_at(place) < 0:
            return super().tip_at(place)
        return self.why, QRect()

    def _point_at(self, place: QPointF) -> None:
        super()._point_at(place)
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def _words(self) -> str:
        told = "; ".join(self._told(thumb) for thumb in self._picture.thumbs) or "nothing is shown"
        return f"{told}. {self.why}"
