"""`MapsView` draws maps over one picture as written figures have them; a click on one chooses its head."""

from __future__ import annotations

import base64
from functools import lru_cache

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontInfo,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.plot_words import describe
from app.theme import Theme
from app.widgets.legend import FONT_SCALE
from app.widgets.marks import paint_focus
from app.widgets.painted import Painted, announce, box, scaled
from core.figures.axes import MARGIN, SMALL
from core.figures.drawing import Area, Drawing, Line, Mark, Picture, Text
from core.figures.maps import GAP, draw_maps, map_boxes
from core.figures.palette import DARK, LIGHT, Palette
from core.plots import Maps

LEAST_SIDE, MOST_SIDE = 84.0, 150.0
RIM = 4.0
_LOOKS = (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange)


class MapsView(Painted):
    """Maps in as many columns as fit. The arrow keys move between maps; Return or a click chooses one."""

    head_chosen = Signal(int, int)  # block, head

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot: Maps | None = None
        self._drawn: tuple[Maps, int, float, Drawing] | None = None
        self._current: int | None = None
        self._hovered: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)

    def show_plot(self, plot: Maps) -> None:
        """Draw `plot` instead of what was drawn."""
        self._plot, self._current, self._hovered = plot, None, None
        self.setAccessibleName(plot.title)
        self.setAccessibleDescription(describe(plot))
        self._take_room()
        self.update()

    @property
    def plot(self) -> Maps | None:
        """What is drawn."""
        return self._plot

    @property
    def n_columns(self) -> int:
        """How many maps stand side by side: all, or so many that the last row is full or nearly so."""
        n = len(self._plot.maps) if self._plot else 1
        fit = int((self.width() / self._scale - 2 * MARGIN + GAP) // (LEAST_SIDE + GAP))
        if fit >= n:
            return max(1, n)
        return max(1, min(fit, -(-n // 2)))

    @property
    def _scale(self) -> float:
        """Pixels a point: the smallest words of the drawing get the size of small words in the window."""
        return QFontInfo(scaled(self.font(), FONT_SCALE)).pixelSize() / SMALL

    @property
    def _side(self) -> float:
        """The width of a map in points."""
        room = self.width() / self._scale - 2 * MARGIN + GAP
        return min(MOST_SIDE, max(40.0, room / self.n_columns - GAP))

    def place_of(self, index: int) -> QRectF:
        """Where a map with its words is, in pixels of this widget."""
        if self._plot is None:
            return QRectF()
        scale = self._scale
        return QRectF(*(v * scale for v in map_boxes(self._plot, self.n_columns, self._side)[index]))

    def sizeHint(self) -> QSize:
        return QSize(680, 260)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 0)

    def _take_room(self) -> None:
        if self._plot is not None:
            self.setFixedHeight(round(self._drawing(self._plot).height * self._scale))

    def _drawing(self, plot: Maps) -> Drawing:
        """The plot at the present width, kept until the one or the other changes."""
        n_columns, side = self.n_columns, self._side
        kept = self._drawn
        if kept is None or kept[0] is not plot or kept[1:3] != (n_columns, side):
            self._drawn = kept = (plot, n_columns, side, draw_maps(plot, n_columns, side))
        return kept[3]

    def _map_at(self, at: QPointF) -> int | None:
        n = len(self._plot.maps) if self._plot else 0
        return next((i for i in range(n) if self.place_of(i).contains(at)), None)

    def _choose(self, index: int) -> None:
        if self._plot is not None:
            self.head_chosen.emit(*self._plot.maps[index].head)

    def paint(self, painter: QPainter) -> None:
        look = theme.current()
        rect = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        box(painter, rect, radius=5, fill=look.color("panel"), line=look.color("line"))
        if self._plot is None:
            return
        marked = {self._hovered: "line", self._current: "text"}
        for index, role in marked.items():
            if index is not None:
                around = self.place_of(index).adjusted(-RIM, -RIM, RIM, RIM)
                box(painter, around, radius=4, line=look.color(role), width=1.5)
        painter.save()
        painter.scale(self._scale, self._scale)
        paint_drawing(painter, self._drawing(self._plot), _palette(look), self.font())
        painter.restore()
        if self.hasFocus():
            paint_focus(painter, rect, look)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hovered = self._map_at(event.position())
        pointing = Qt.CursorShape.ArrowCursor if self._hovered is None else Qt.CursorShape.PointingHandCursor
        self.setCursor(pointing)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._map_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index is not None:
            self._choose(index)
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if self._plot is not None and event.key() in step:
            index = 0 if self._current is None else self._current + step[Qt.Key(event.key())]
            if 0 <= index < len(self._plot.maps):
                self._current = index
                announce(self, f"{self._plot.maps[index].title}. {self._plot.maps[index].caption}")
                self.update()
        elif self._current is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self._current)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._current = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._take_room()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in _LOOKS:
            self._take_room()


def _palette(look: Theme) -> Palette:
    return DARK if look.dark else LIGHT


def paint_drawing(painter: QPainter, drawing: Drawing, palette: Palette, font: QFont) -> None:
    """The marks of a drawing, one unit of the painter a point, without its paper."""
    for mark in drawing.marks:
        _paint(painter, mark, palette, font)


def _paint(painter: QPainter, mark: Mark, palette: Palette, font: QFont) -> None:
    match mark:
        case Line():
            pen = QPen(QColor(palette.color(mark.color)), mark.width)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            if mark.dashes:
                pen.setDashPattern([d / mark.width for d in mark.dashes])
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF([QPointF(*point) for point in mark.points]))
        case Area():
            color = QColor(palette.color(mark.color))
            color.setAlphaF(mark.opacity)
            painter.setBrush(color)
            painter.setPen(QPen(QColor(palette.color(mark.outline)), 0.75) if mark.outline else Qt.PenStyle.NoPen)
            painter.drawPolygon(QPolygonF([QPointF(*point) for point in mark.points]))
        case Text():
            _write(painter, mark, palette, font)
        case Picture():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(QRectF(mark.x, mark.y, mark.side, mark.side), _image(mark.png))


def _write(painter: QPainter, mark: Text, palette: Palette, font: QFont) -> None:
    face = QFont(font)
    # Pixels of a font are whole numbers, so the words are written ten times too large and made smaller.
    face.setPixelSize(round(10 * mark.size))
    face.setBold(mark.bold)
    painter.save()
    painter.translate(mark.x, mark.y)
    painter.rotate(-90 if mark.turned else 0)
    painter.scale(0.1, 0.1)
    painter.setFont(face)
    painter.setPen(QColor(palette.color(mark.color)))
    width = painter.fontMetrics().horizontalAdvance(mark.words)
    painter.drawText(QPointF({"start": 0.0, "middle": -width / 2, "end": -float(width)}[mark.anchor], 0), mark.words)
    painter.restore()


@lru_cache(maxsize=32)
def _image(png: str) -> QImage:
    return QImage.fromData(base64.b64decode(png))
