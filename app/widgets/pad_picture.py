"""What the subspace pad shows, and how it looks: decision map, landmarks, tethers and thumbs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import numpy as np
from contourpy import LineType, contour_generator
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPolygonF

from app.numbers import percent
from app.theme import Theme
from app.widgets.glyphs import paint_glyph, paint_swatch
from app.widgets.marks import ink_on, keep_inside, paint_pill, pill_size
from app.widgets.painted import rgb_image, same_values, scaled

THUMB_PX = 12.0
_OWN_PX = 8.5
_CHIP_PX = 12.0
_CLOSE_PX = 8.0
_FOOT_PX = 48.0
# Orange shouts where blue of the same opacity whispers.
_OPACITY_HIGH, _OPACITY_LOW = 0.32, 0.15


@dataclass(frozen=True, slots=True)
class Landmark:
    """The mean of one value of the property; `ellipse` is 1 σ: semi-axes in data units, angle in degrees."""

    name: str
    x: float
    y: float
    rgb: tuple[int, int, int] | None
    mask: np.ndarray | None = field(compare=False)
    ellipse: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Thumb:
    """What can be dragged: at (x, y) where the edit puts it, tethered to the model's own value."""

    label: str
    role: str
    x: float
    y: float
    own_x: float
    own_y: float
    active: bool


@dataclass(frozen=True, slots=True)
class PadPicture:
    """All that the pad shows, in data units; y grows upwards.

    `axis_share` is the share of variance that the two axes show, 0–1. `decision[row, column]` is P(`high`) at
    the centre of its cell, the first row lowest and the first column leftmost of `extent` (x0, x1, y0, y1);
    cells that are not a number are left blank. `control` names the control that an edit of the pad is, or "".
    """

    landmarks: tuple[Landmark, ...]
    thumbs: tuple[Thumb, ...]
    axis_share: float
    decision: np.ndarray | None = field(compare=False)
    extent: tuple[float, float, float, float]
    high: str = ""
    low: str = ""
    control: str = ""

    def is_like(self, other: PadPicture) -> bool:
        """Whether it looks the same."""
        return self == other and same_values(self.decision, other.decision)


@dataclass(frozen=True, slots=True)
class PadFrame:
    """Data units to logical pixels and back, with the same scale on both axes."""

    left: float
    bottom: float
    scale: float
    extent: tuple[float, float, float, float]

    @classmethod
    def fit(cls, extent: tuple[float, float, float, float], room: QRectF) -> PadFrame:
        """The largest frame for `extent` in `room`, centred."""
        x0, x1, y0, y1 = extent
        wide, high = max(x1 - x0, 1e-9), max(y1 - y0, 1e-9)
        scale = max(1e-9, min(room.width() / wide, room.height() / high))
        left = room.center().x() - wide * scale / 2
        return cls(left, room.center().y() + high * scale / 2, scale, extent)

    @property
    def rect(self) -> QRectF:
        x0, x1, y0, y1 = self.extent
        high = (y1 - y0) * self.scale
        return QRectF(self.left, self.bottom - high, (x1 - x0) * self.scale, high)

    @property
    def foot(self) -> QRectF:
        """Where words stand."""
        rect = self.rect
        return rect.adjusted(0, max(0.0, rect.height() - _FOOT_PX), 0, 0)

    def shown(self, x: float, y: float) -> QPointF:
        return QPointF(self.left + (x - self.extent[0]) * self.scale, self.bottom - (y - self.extent[2]) * self.scale)

    def value(self, place: QPointF) -> tuple[float, float]:
        return (
            self.extent[0] + (place.x() - self.left) / self.scale,
            self.extent[2] + (self.bottom - place.y()) / self.scale,
        )

    def within(self, x: float, y: float) -> tuple[float, float]:
        """The nearest point of the extent."""
        x0, x1, y0, y1 = self.extent
        return min(max(x, x0), x1), min(max(y, y0), y1)


@dataclass(frozen=True, slots=True)
class PadMarking:
    """What the person is doing: indices, or −1."""

    thumb: int
    landmark: int
    focused: bool
    dragging: bool


def decision_image(decision: np.ndarray, colors: Theme) -> QImage:
    """One pixel for each cell: blue towards 1, orange towards 0, and the ground at a half."""
    ground = _channels(colors.color("raised"))
    high = (decision >= 0.5)[..., None]
    tones = np.where(high, _channels(colors.color("same")), _channels(colors.color("different")))
    sure = np.abs(2 * decision - 1)[..., None]
    mixed = ground + (tones - ground) * np.where(high, _OPACITY_HIGH, _OPACITY_LOW) * (0.2 + 0.8 * sure)
    mixed = np.where(np.isfinite(mixed), mixed, ground)
    return rgb_image(np.flipud(mixed).round().astype(np.uint8))


def _channels(color: QColor) -> np.ndarray:
    return np.array([color.red(), color.green(), color.blue()], dtype=np.float64)


def flip_lines(decision: np.ndarray, extent: tuple[float, float, float, float]) -> list[np.ndarray]:
    """Where P crosses a half, as lines `[n, 2]` in data units; the border cells reach to the border.

    A closed line ends where it starts. What is not a number has no line round it.
    """
    x0, x1, y0, y1 = extent
    rows, columns = decision.shape
    # One more cell all round, so that a line runs to the edge of the map and not to the centre of its last cell.
    known = np.ma.masked_invalid(np.pad(decision, 1, mode="edge"))
    contours = contour_generator(z=known, corner_mask=False, line_type=LineType.Separate)
    lines = cast(list[np.ndarray], contours.lines(0.5))
    cell = np.array([(x1 - x0) / columns, (y1 - y0) / rows])
    return [np.clip((line - 0.5) * cell + (x0, y0), (x0, y0), (x1, y1)) for line in lines]


@dataclass(frozen=True, slots=True)
class PadPainter:
    """Draws one state of the pad."""

    painter: QPainter
    frame: PadFrame
    colors: Theme
    font: QFont

    def paint_ground(self, picture: PadPicture) -> None:
        """All that stands still under the thumbs: the decision map, landmarks, and the control that an edit is."""
        self.clip()
        self.painter.fillRect(self.frame.rect, self.colors.color("raised"))
        if picture.decision is not None:
            self._paint_map(picture.decision)
        for landmark in picture.landmarks:
            self._paint_spread(landmark)
        for landmark in picture.landmarks:
            self._paint_landmark(landmark)
        if picture.control:
            self._paint_control(picture.control)

    def clip(self) -> None:
        """Keep to the frame with its rounded corners."""
        path = QPainterPath()
        path.addRoundedRect(self.frame.rect, 5, 5)
        self.painter.setClipPath(path)

    def _paint_map(self, decision: np.ndarray) -> None:
        """The decision map and the line where the answer flips."""
        self.painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self.painter.drawImage(self.frame.rect, decision_image(decision, self.colors))
        self._paint_cells(decision.shape[1], decision.shape[0])
        pen = QPen(self.colors.color("text", 0.85), 1.5, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([4, 3])
        self.painter.setPen(pen)
        for line in flip_lines(decision, self.frame.extent):
            self.painter.drawPolyline(QPolygonF([self.frame.shown(x, y) for x, y in line.tolist()]))

    def paint_thumbs(self, picture: PadPicture, marking: PadMarking) -> None:
        """What the hand moves and what it is on."""
        if marking.landmark >= 0:
            self._paint_lit(picture.landmarks[marking.landmark])
        for thumb in picture.thumbs:
            self._paint_tether(thumb)
        for index in sorted(range(len(picture.thumbs)), key=lambda i: i == marking.thumb):
            self._paint_thumb(picture.thumbs, index, marking)
        if marking.dragging and marking.landmark >= 0:
            self._paint_catch(picture.landmarks[marking.landmark])

    def _paint_control(self, control: str) -> None:
        """Under the thumbs; in a small pad the word alone."""
        self.painter.setFont(scaled(self.font, 0.85, bold=True))
        text = f"CONTROL: {control}"
        if pill_size(text, self.painter.font())[0] > 0.8 * self.frame.rect.width():
            text = "CONTROL"
        paint_pill(self.painter, text, self.frame.rect.topLeft() + QPointF(6, 6), self.colors.color("warning"))

    def _paint_cells(self, columns: int, rows: int) -> None:
        """Faint lines between the cells of the map: what was computed, and not drawn in between."""
        rect = self.frame.rect
        if rect.width() / columns < 6:
            return
        self.painter.setPen(QPen(self.colors.color("text", 0.045), 0))
        xs = [rect.left() + i * rect.width() / columns for i in range(1, columns)]
        ys = [rect.top() + i * rect.height() / rows for i in range(1, rows)]
        self.painter.drawLines([QLineF(x, rect.top(), x, rect.bottom()) for x in xs])
        self.painter.drawLines([QLineF(rect.left(), y, rect.right(), y) for y in ys])

    def _paint_spread(self, landmark: Landmark) -> None:
        across, along, angle_deg = landmark.ellipse
        tone = QColor(*landmark.rgb) if landmark.rgb is not None else self.colors.color("muted")
        painter = self.painter
        painter.save()
        painter.translate(self.frame.shown(landmark.x, landmark.y))
        painter.rotate(-angle_deg)
        painter.setPen(QPen(_faded(tone, 0.45), 0.8))
        painter.setBrush(_faded(tone, 0.2 if landmark.rgb is not None else 0.1))
        painter.drawEllipse(QPointF(0, 0), across * self.frame.scale, along * self.frame.scale)
        painter.restore()

    @property
    def _chip_px(self) -> float:
        return _CHIP_PX if self.frame.rect.height() > 150 else _CHIP_PX * 0.75

    def _paint_landmark(self, landmark: Landmark) -> None:
        size = self._chip_px
        square = QRectF(0, 0, size, size)
        square.moveCenter(self.frame.shown(landmark.x, landmark.y))
        if landmark.rgb is not None:
            paint_swatch(self.painter, landmark.rgb, square, radius=size / 4, edge=QPen(QColor("white"), 1.2))
        elif landmark.mask is not None:
            paint_glyph(self.painter, landmark.mask, square.adjusted(-1, -1, 1, 1), self.colors.color("text"))

    def _paint_lit(self, landmark: Landmark) -> None:
        """A ring round the landmark that the pointer or the thumb is on."""
        reach = self._chip_px * 0.95
        self.painter.setPen(QPen(self.colors.color("accent"), 2))
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.drawEllipse(self.frame.shown(landmark.x, landmark.y), reach, reach)

    def _paint_tether(self, thumb: Thumb) -> None:
        own, put = self._held(thumb.own_x, thumb.own_y), self._held(thumb.x, thumb.y)
        line = QLineF(own, put)
        if line.length() < 1:
            return
        painter = self.painter
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in ((self.colors.color("panel", 0.7), 4.0), (self.colors.color(thumb.role), 1.8)):
            painter.setPen(QPen(color, width))
            painter.drawEllipse(own, _OWN_PX, _OWN_PX)
        if line.length() <= _OWN_PX:
            return
        visible = QLineF(line.pointAt(_OWN_PX / line.length()), put)
        pen = QPen(self.colors.color("text", 0.9), 1.5, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([2.5, 2])
        painter.setPen(pen)
        painter.drawLine(visible)

    def _paint_thumb(self, thumbs: tuple[Thumb, ...], index: int, marking: PadMarking) -> None:
        thumb, painter = thumbs[index], self.painter
        place, chosen = self._held(thumb.x, thumb.y), index == marking.thumb
        above = [other for i, other in enumerate(thumbs) if i != index and (i == marking.thumb or i > index)]
        hidden = not chosen and any(QLineF(place, self._held(other.x, other.y)).length() < _CLOSE_PX for other in above)
        radius = THUMB_PX + (5 if hidden else 1 if chosen else 0) + (1 if chosen and marking.dragging else 0)
        color = self.colors.color(thumb.role)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colors.color("window", 0.28))
        painter.drawEllipse(place + QPointF(0, 1.2), radius + 2, radius + 2)
        painter.setBrush(color if thumb.active else self.colors.solid("panel"))
        painter.setPen(QPen(QColor("white") if thumb.active else color, 2.4))
        painter.drawEllipse(place, radius - 0.5, radius - 0.5)
        if chosen and marking.focused:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.colors.color("text"), 1.5))
            painter.drawEllipse(place, radius + 3.5, radius + 3.5)
        self._paint_letter(thumb, place, radius, hidden=hidden)

    def _paint_letter(self, thumb: Thumb, place: QPointF, radius: float, *, hidden: bool) -> None:
        """The letter on the disc; beside it, on a small disc of its own, where another thumb lies on top."""
        painter, color = self.painter, self.colors.color(thumb.role)
        box = QRectF(place.x() - radius, place.y() - radius, 2 * radius, 2 * radius)
        ink = ink_on(color) if thumb.active else self.colors.color("text")
        if hidden:
            side = -1 if place.x() > self.frame.rect.right() - 3 * radius else 1
            badge = place + QPointF(side * (radius + 3), -radius + 1)
            painter.setPen(QPen(self.colors.color("panel"), 1))
            painter.setBrush(color)
            painter.drawEllipse(badge, 7, 7)
            box, ink = QRectF(badge.x() - 7, badge.y() - 7, 14, 14), ink_on(color)
        painter.setFont(scaled(self.font, 0.8 if hidden else 1.0, bold=True))
        painter.setPen(ink)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, thumb.label)

    def _paint_catch(self, landmark: Landmark) -> None:
        """The name of the landmark that holds the thumb, which now covers it."""
        self.painter.setFont(scaled(self.font, 0.85))
        width, height = pill_size(landmark.name, self.painter.font())
        place = self.frame.shown(landmark.x, landmark.y)
        block = QRectF(place.x() - width / 2, place.y() - THUMB_PX - height - 8, width, height)
        if block.top() < self.frame.rect.top():
            block.moveTop(place.y() + THUMB_PX + 8)
        corner = keep_inside(block, self.frame.rect).topLeft()
        paint_pill(self.painter, landmark.name, corner, self.colors.color("text"))

    def paint_words(self, picture: PadPicture) -> None:
        """In the lower corners what the colours mean and how much the axes show."""
        self.clip()
        painter, rect = self.painter, self.frame.rect.adjusted(6, 4, -6, -4)
        painter.setFont(scaled(self.font, 0.8))
        height = QFontMetricsF(painter.font()).height()
        row = QRectF(rect.left(), rect.bottom() - height, rect.width(), height)
        told = f"shows {percent(picture.axis_share)}" if picture.landmarks else ""
        right = QFontMetricsF(painter.font()).horizontalAdvance(told) + 12
        painter.setPen(self.colors.color("muted"))
        painter.drawText(row, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), told)
        if picture.decision is None:
            return
        left = row.left()
        for role, word in (("same", picture.high), ("different", picture.low)):
            width = QFontMetricsF(painter.font()).horizontalAdvance(word)
            if word and left + width + 12 < row.right() - right:
                key = QPainterPath()
                key.addRoundedRect(QRectF(left, row.center().y() - 4, 8, 8), 2, 2)
                painter.fillPath(key, self.colors.color(role))
                painter.drawText(QPointF(left + 12, row.bottom() - QFontMetricsF(painter.font()).descent()), word)
                left += width + 24

    def _held(self, x: float, y: float) -> QPointF:
        """Where a point lies, on the border if it is beyond the map."""
        return self.frame.shown(*self.frame.within(x, y))


def _faded(color: QColor, alpha: float) -> QColor:
    faded = QColor(color)
    faded.setAlphaF(alpha)
    return faded
