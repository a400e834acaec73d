"""The subspace pad: drag a thumb to write a value into the representation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QEvent, QLineF, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from app import theme
from app.numbers import general
from app.widgets.interaction import ARROWS, ENTERS, RESETS, Holding, Interactive, Notches
from app.widgets.marks import describe, paint_focus, paint_stale
from app.widgets.pad_picture import (
    THUMB_PX,
    Landmark,
    PadFrame,
    PadMarking,
    PadPainter,
    PadPicture,
    Thumb,
)
from app.widgets.painted import Painted, line_height, scaled

__all__ = ["Landmark", "PadPicture", "SubspacePad", "Thumb"]

_MAGNET_PX = 14.0
_GRASP_PX = THUMB_PX + 5
_HOVER_PX = 10.0
_STEP, _LONG_STEP = 0.02, 0.10
_STRENGTH = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}
SHOWS = (
    "Blue and orange: what the model would answer with the chosen thumb there; the dashed line is where it flips.\n"
    "Shows: how much of what tells the landmarks apart lies along these two axes. The rest is not seen here."
)
EMPTY = PadPicture((), (), 0.0, None, (-1.0, 1.0, -1.0, 1.0))
"""What a pad shows where there is no subspace."""


@dataclass(frozen=True, slots=True)
class _Drag:
    """A thumb in the hand: where it was taken, and where it is now (in data units, and on which landmark)."""

    index: int
    pressed_at: QPointF
    from_x: float
    from_y: float
    x: float
    y: float
    landmark: int = -1


class SubspacePad(Holding[_Drag], Interactive, Painted):
    """Shows a `PadPicture` and lets its thumbs be moved by mouse and keyboard.

    `thumb_moved` carries the index of the thumb, its place in data units, and the index of the landmark that it
    was put on exactly, or −1. A thumb in the hand stays in the hand whatever `show_picture` says. Arrow keys in a row
    are one gesture, until another key, the mouse, or the loss of the keyboard ends it.
    """

    thumb_moved = Signal(int, float, float, int)
    thumb_reset = Signal(int)
    gesture_started = Signal(int)
    gesture_finished = Signal(int)
    strength_wheeled = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.magnet = True
        self._picture = EMPTY
        self._stale = False
        self._thumb = 0
        self._hovered = -1
        self._nudged = False
        self._notches = Notches()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Subspace pad")

    def show_picture(self, picture: PadPicture, *, stale: bool) -> None:
        """Show `picture`, but leave a thumb in the hand where it is."""
        if stale == self._stale and picture.is_like(self._picture):
            return
        self._picture, self._stale = picture, stale
        self._thumb = max(0, min(self._thumb, len(picture.thumbs) - 1))
        self._hovered = -1 if self._hovered >= len(picture.landmarks) else self._hovered
        if self.held is not None and self.held.index >= len(picture.thumbs):
            self.held = None
        if self.held is not None:
            self._put(self.held.index, self.held.x, self.held.y)
        describe(self, self._words())
        self.update()

    def thumb_place(self, index: int) -> QPointF:
        """Where a thumb lies in the widget, in logical pixels."""
        thumb = self._picture.thumbs[index]
        frame = self._frame()
        return frame.shown(*frame.within(thumb.x, thumb.y))

    def holds_thumb(self, place: QPointF) -> bool:
        """Whether a thumb can be taken at a place of the widget."""
        return self._thumb_at(place) >= 0

    def landmark_place(self, index: int) -> QPointF:
        """Where a landmark lies in the widget, in logical pixels."""
        landmark = self._picture.landmarks[index]
        return self._frame().shown(landmark.x, landmark.y)

    def sizeHint(self) -> QSize:
        return QSize(288, 236)

    def minimumSizeHint(self) -> QSize:
        return QSize(150, 110)

    def figure_height(self, width_px: float) -> float:
        x0, x1, y0, y1 = self._picture.extent
        return width_px * (y1 - y0) / max(x1 - x0, 1e-9)

    def paint(self, painter: QPainter) -> None:
        colors, frame, picture = theme.current(), self._frame(), self._picture
        landmark = self.held.landmark if self.held is not None else self._hovered if self.pose is None else -1
        marking = PadMarking(self._thumb, landmark, self.hasFocus(), self.held is not None)
        grid = None if picture.decision is None else picture.decision.tobytes()
        ground = (picture.landmarks, grid, picture.extent, picture.control)
        words = (picture.extent, picture.axis_share, grid is None, picture.high, picture.low)

        def drawn(on: QPainter, draw: Callable[[PadPainter], None]) -> None:
            on.save()
            on.scale(self.grown, self.grown)
            draw(PadPainter(on, self._frame(self.grown), colors, scaled(self.font(), 1 / self.grown)))
            on.restore()

        def over(drawing: PadPainter) -> None:
            drawing.clip()
            drawing.paint_thumbs(picture, marking)

        def veil(drawing: PadPainter) -> None:
            drawing.clip()
            paint_stale(drawing.painter, drawing.frame.rect, colors, drawing.font)

        self.still(painter, "ground", ground, lambda on: drawn(on, lambda it: it.paint_ground(picture)), frame.rect)
        drawn(painter, over)
        self.still(painter, "words", words, lambda on: drawn(on, lambda it: it.paint_words(picture)), self._foot())
        if self._stale:
            drawn(painter, veil)
        if self.hasFocus() and not picture.thumbs:
            paint_focus(painter, frame.rect, colors)

    @property
    def grown(self) -> float:
        """How much larger than usual the type of the widget is, and with it thumbs, landmarks and lines."""
        return max(1.0, line_height(self.font()) / line_height(QApplication.font()))

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._end_nudges()
        index = self._thumb_at(event.position())
        if event.button() != Qt.MouseButton.LeftButton or index < 0 or self.held is not None:
            return
        self._choose(index)
        thumb = self._picture.thumbs[index]
        self.held = _Drag(index, event.position(), thumb.x, thumb.y, thumb.x, thumb.y)
        self._point_at(event.position())
        self.gesture_started.emit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        drag = self.held
        if drag is None:
            self._point_at(event.position())
            return
        free = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        x, y, landmark = self._dragged_to(drag, event.position() - drag.pressed_at, free=free)
        if (x, y, landmark) != (drag.x, drag.y, drag.landmark):
            self.held = replace(drag, x=x, y=y, landmark=landmark)
            self._put(drag.index, x, y)
            self.thumb_moved.emit(drag.index, x, y, landmark)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drag = self.held
        if drag is not None and event.button() == Qt.MouseButton.LeftButton:
            self.held = None
            self._point_at(event.position())
            self.gesture_finished.emit(drag.index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self._thumb_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self._choose(index)
            self.thumb_reset.emit(index)

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = self._notches.of(event)
        if steps:
            self.strength_wheeled.emit(steps)

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = -1
        self.update()
        super().leaveEvent(event)

    # Keyboard

    def event(self, event: QEvent) -> bool:
        of_nudges = isinstance(event, QKeyEvent) and event.key() in (*ARROWS, Qt.Key.Key_Shift)
        if event.type() == QEvent.Type.ShortcutOverride and not of_nudges:
            self._end_nudges()
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._end_nudges()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes through the thumbs, and from the last one on to the next widget."""
        following = self._thumb + (1 if forward else -1)
        if self.hasFocus() and 0 <= following < len(self._picture.thumbs):
            self._choose(following)
            return True
        return super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if not self.wants(event):
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Escape:
            self.cancel()
        elif self.held is not None:
            return
        elif key in ARROWS:
            self._nudge(ARROWS[key], _LONG_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _STEP)
        elif key in _STRENGTH:
            self.strength_wheeled.emit(_STRENGTH[key])
        elif key in ENTERS:
            self._step_landmark(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        elif key in RESETS:
            self.thumb_reset.emit(self._thumb)
        else:
            self._choose(self._labelled(event.text()))

    def wants(self, event: QKeyEvent) -> bool:
        """Whether a key is for the pad; letters are the labels of the thumbs."""
        other = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
        if event.modifiers() & other or not self._picture.thumbs:
            return False
        if event.key() == Qt.Key.Key_Escape:
            return self.held is not None
        if event.key() in ENTERS:
            return bool(self._picture.landmarks)
        known = event.key() in ARROWS or event.key() in _STRENGTH or event.key() in RESETS
        return known or self._labelled(event.text()) >= 0

    def _labelled(self, text: str) -> int:
        labels = [thumb.label.casefold() for thumb in self._picture.thumbs]
        return labels.index(text.casefold()) if text.casefold() in labels else -1

    # Places

    def _frame(self, unit: float = 1.0) -> PadFrame:
        """Where the picture lies, in units of so many logical pixels."""
        return PadFrame.fit(self._picture.extent, QRectF(0, 0, self.width() / unit, self.height() / unit))

    def _foot(self) -> QRectF:
        """Where the words of the picture lie."""
        foot, unit = self._frame(self.grown).foot, self.grown
        return QRectF(foot.x() * unit, foot.y() * unit, foot.width() * unit, foot.height() * unit)

    def _thumb_at(self, place: QPointF) -> int:
        reach = {i: QLineF(place, self.thumb_place(i)).length() for i in range(len(self._picture.thumbs))}
        near = [i for i, length in reach.items() if length <= _GRASP_PX * self.grown]
        return min(near, key=lambda i: reach[i] - (1 if i == self._thumb else 0), default=-1)

    def _landmark_at(self, place: QPointF) -> int:
        reach = {i: QLineF(place, self.landmark_place(i)).length() for i in range(len(self._picture.landmarks))}
        near = [i for i, length in reach.items() if length <= _HOVER_PX * self.grown]
        return min(near, key=lambda i: reach[i], default=-1)

    def _dragged_to(self, drag: _Drag, moved: QPointF, *, free: bool) -> tuple[float, float, int]:
        frame = self._frame()
        x, y = frame.within(*frame.value(frame.shown(drag.from_x, drag.from_y) + moved))
        if free or not self.magnet:
            return x, y, -1
        others = [(t.x, t.y, -1) for i, t in enumerate(self._picture.thumbs) if i != drag.index]
        pulls = others + [(mark.x, mark.y, i) for i, mark in enumerate(self._picture.landmarks)]
        place = frame.shown(x, y)
        reach = [QLineF(place, frame.shown(pull[0], pull[1])).length() for pull in pulls]
        nearest = min(range(len(pulls)), key=lambda i: reach[i], default=-1)
        return pulls[nearest] if nearest >= 0 and reach[nearest] <= _MAGNET_PX * self.grown else (x, y, -1)

    # Actions

    def _choose(self, index: int) -> None:
        if index != self._thumb:
            self._thumb = index
            describe(self, self._words())
            self.update()

    def _put(self, index: int, x: float, y: float) -> None:
        thumbs = list(self._picture.thumbs)
        thumbs[index] = replace(thumbs[index], x=x, y=y)
        self._picture = replace(self._picture, thumbs=tuple(thumbs))
        self.update()

    def _move(self, x: float, y: float, landmark: int) -> None:
        """A whole gesture by key."""
        index = self._thumb
        self.gesture_started.emit(index)
        self._put(index, x, y)
        self.thumb_moved.emit(index, x, y, landmark)
        self.gesture_finished.emit(index)

    def _nudge(self, direction: tuple[int, int], share: float) -> None:
        thumb, (x0, x1, y0, y1) = self._picture.thumbs[self._thumb], self._picture.extent
        x = thumb.x + direction[0] * share * (x1 - x0)
        y = thumb.y - direction[1] * share * (y1 - y0)
        if not self._nudged:
            self._nudged = True
            self.gesture_started.emit(self._thumb)
        self._put(self._thumb, *self._frame().within(x, y))
        self.thumb_moved.emit(self._thumb, *self._frame().within(x, y), -1)

    def _end_nudges(self) -> None:
        if self._nudged:
            self._nudged = False
            self.gesture_finished.emit(self._thumb)

    def _step_landmark(self, step: int) -> None:
        """From a landmark to its neighbour in the list, from anywhere else to the nearest."""
        thumb, marks = self._picture.thumbs[self._thumb], self._picture.landmarks
        distances = [math.hypot(mark.x - thumb.x, mark.y - thumb.y) for mark in marks]
        nearest = distances.index(min(distances))
        index = (nearest + step) % len(marks) if distances[nearest] < 1e-9 else nearest
        self._move(marks[index].x, marks[index].y, index)

    def put_back(self, held: _Drag) -> None:
        self._put(held.index, held.from_x, held.from_y)

    def _point_at(self, place: QPointF) -> None:
        over_thumb = self._thumb_at(place) >= 0
        hand = Qt.CursorShape.ClosedHandCursor if self.held is not None else Qt.CursorShape.OpenHandCursor
        self.setCursor(hand if over_thumb else Qt.CursorShape.ArrowCursor)
        hovered = -1 if over_thumb else self._landmark_at(place)
        if hovered != self._hovered:
            self._hovered = hovered
            self.update()

    # Words

    def tip_at(self, place: QPointF) -> tuple[str, QRect]:
        index = self._thumb_at(place)
        if index < 0:
            mark = self._landmark_at(place)
            words = SHOWS if self._picture.landmarks and self._foot().contains(place) else ""
            return (self._picture.landmarks[mark].name if mark >= 0 else words), QRect()
        manner = "drag to move, Alt lets go of the landmarks, double click returns to the model's own value"
        return f"{self._picture.thumbs[index].label}: {manner}", QRect()

    def _words(self) -> str:
        told = "; ".join(self._told(thumb) for thumb in self._picture.thumbs) or "nothing to move"
        chosen = f" {self._picture.thumbs[self._thumb].label} is chosen." if self._picture.thumbs else ""
        keys = "Arrow keys move it, Enter steps to the next landmark, Delete returns to the model's own value"
        control = f"Control: {self._picture.control}. " if self._picture.control else ""
        return f"{control}{told}.{chosen} {keys}"

    def _told(self, thumb: Thumb) -> str:
        marks = self._picture.landmarks
        told = f"{thumb.label} at {general(thumb.x, 2)}, {general(thumb.y, 2)}"
        if not marks:
            return told
        nearest = min(marks, key=lambda mark: math.hypot(mark.x - thumb.x, mark.y - thumb.y))
        return f"{told}, nearest to {nearest.name}"
