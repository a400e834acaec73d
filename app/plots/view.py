"""`PlotView` draws any plot with axes; hovering or the arrow keys read its values."""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QGraphicsRectItem, QLabel, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from app import theme
from app.numbers import written
from app.plots.items import entries_of, frame_of, items_of
from app.plots.labels import bottom_ticks, cell_texts, left_ticks, name_texts, reference_texts
from app.plots.words import Spot, plot_words, spots
from app.widgets.interaction import Interactive
from app.widgets.legend import FONT_SCALE, Legend
from app.widgets.marks import paint_focus
from app.widgets.painted import Paints, announce, line_height, scaled, width_of
from core.figures.looks import number, steps
from core.plots import AxesPlot, Bars, Curves, Heatmap, Scatter

REACH_PX = 24.0
SIDE_PX = 8
_LOOKS = (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange, QEvent.Type.LocaleChange)


class PlotView(Interactive, Paints, QWidget):
    """One plot with its title and legend. Its values are read under the mouse, or with the arrow keys."""

    cell_chosen = Signal(int, int)  # row, column of a heat map
    position_chosen = Signal(int)  # index along the x axis of curves

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot: AxesPlot | None = None
        self._spots: list[Spot] = []
        self._current: int | None = None
        self._mark: Any = None
        self._position: int | None = None
        self._line: Any = None
        self._texts: list[Any] = []
        self._outdated = False
        self.title, self.legend = QLabel(), Legend()
        self.title.setWordWrap(True)
        self._view = pg.GraphicsView()
        for inside in (self.title, self.legend, self._view):
            inside.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        for inside in (self._view, self._view.viewport()):
            inside.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._view.setAntialiasing(True)
        self._view.setMinimumSize(80, 60)
        self._box = pg.ViewBox(enableMenu=False, enableMouse=False)
        self._left, self._bottom = pg.AxisItem("left"), pg.AxisItem("bottom")
        self._arrange()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Plot")

    def _arrange(self) -> None:
        inside = self._view.centralLayout
        inside.setContentsMargins(0, 4, 6, 0)
        inside.setSpacing(0)
        inside.addItem(self._left, 0, 0)
        inside.addItem(self._box, 0, 1)
        inside.addItem(self._bottom, 1, 1)
        for axis in (self._left, self._bottom):
            axis.enableAutoSIPrefix(False)  # it would write “(x0.001)” beside a name whose ticks are as they are
        self._left.linkToView(self._box)
        self._bottom.linkToView(self._box)
        self._box.sigResized.connect(self._fit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SIDE_PX, 6, SIDE_PX, 6)
        layout.setSpacing(3)
        layout.addWidget(self.title)
        layout.addWidget(self.legend)
        layout.addWidget(self._view, 1)

    def hasHeightForWidth(self) -> bool:
        return False  # though its title wraps: a layout would hold the height that it likes best for its least

    def sizeHint(self) -> QSize:
        return QSize(400, 290)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 180)

    def show_plot(self, plot: AxesPlot) -> None:
        """Draw `plot` instead of what was drawn, as soon as it is seen."""
        self._plot, self._current = plot, None
        self._spots = spots(plot)
        self.setAccessibleName(plot.title)
        self.setAccessibleDescription(plot_words(plot))
        self.title.setText(plot.title)
        self._draw_when_seen()

    def show_position(self, index: int | None) -> None:
        """Mark a position of curves that is looked at elsewhere."""
        if index != self._position:
            self._position = index
            if not self._outdated:
                self._draw_position()

    def set_stale(self, stale: bool) -> None:
        """Grey what belongs to an earlier state."""
        self._box.setOpacity(0.35 if stale else 1.0)
        self.title.setEnabled(not stale)

    def _draw_position(self) -> None:
        if self._line is not None:
            self._box.removeItem(self._line)
            self._line = None
        if isinstance(self._plot, Curves) and self._position is not None and self._position < len(self._plot.x):
            pen = QPen(theme.current().color("text"), 1.2, Qt.PenStyle.DashLine)
            pen.setCosmetic(True)
            self._line = pg.InfiniteLine(self._plot.x[self._position], angle=90, pen=pen)
            self._line.setZValue(-5)
            self._box.addItem(self._line, ignoreBounds=True)

    @property
    def plot(self) -> AxesPlot | None:
        """What is drawn."""
        return self._plot

    @property
    def readout(self) -> str:
        """The words of the spot that is looked at."""
        return "" if self._current is None else self._spots[self._current].words

    def place_of(self, index: int) -> QPointF:
        """Where a spot is, in pixels of this widget; the middle of its column where it has no height."""
        self._draw_outdated()
        spot, (bottom, top) = self._spots[index], self._box.viewRange()[1]
        y = (bottom + top) / 2 if math.isnan(spot.y) else spot.y
        scene = self._box.mapViewToScene(QPointF(spot.x, y))
        return QPointF(self._view.mapTo(self, self._view.mapFromScene(scene)))

    def _draw_when_seen(self) -> None:
        """Building a plot takes long: what nobody sees is not built, and changes one after another are one."""
        self._outdated = True
        self.update()

    def _draw_outdated(self) -> None:
        if self._outdated:
            self._outdated = False
            self._draw()

    def _draw(self) -> None:
        plot, look = self._plot, theme.current()
        if plot is None:
            return
        self.title.setFont(scaled(self.font(), 1.0, bold=True))
        self._view.setBackground(look.color("panel"))
        self._box.clear()
        self._texts, self._mark, self._line = [], None, None
        frame = frame_of(plot)
        self._box.invertY(frame.downwards)
        self._box.setRange(xRange=frame.x, yRange=frame.y, padding=0)
        for item in items_of(plot, look, self._small):
            self._box.addItem(item, ignoreBounds=True)
        if isinstance(plot, Heatmap):
            ends = (written(number(plot.range[0])), written(number(plot.range[1])))
            self.legend.show_scale(f"{plot.low_label} {ends[0]}".strip(), f"{ends[1]} {plot.high_label}".strip())
        else:
            self.legend.show_entries(entries_of(plot, look))
            self._draw_grid(plot)
        self._draw_position()
        self._dress_axes()
        self._give_room()
        self._fit()

    def _give_room(self) -> None:
        """Title and legend are as high as their words need at this width."""
        width = self.contentsRect().width() - 2 * SIDE_PX
        self.title.setFixedHeight(max(0, self.title.heightForWidth(width)))
        self.legend.setFixedHeight(max(0, self.legend.heightForWidth(width)))

    @property
    def _small(self) -> QFont:
        return scaled(self.font(), FONT_SCALE)

    def _draw_grid(self, plot: Curves | Bars | Scatter) -> None:
        pen = QPen(theme.current().color("line", 0.6), 1)
        pen.setCosmetic(True)
        for value in steps(*plot.y_range):
            line = pg.InfiniteLine(value, angle=0, pen=pen)
            line.setZValue(-10)
            self._box.addItem(line, ignoreBounds=True)

    def _dress_axes(self) -> None:
        look = theme.current()
        for axis in (self._left, self._bottom):
            axis.setPen(QPen(look.color("line"), 1))
            axis.setTextPen(QPen(look.color("muted")))
            axis.setStyle(tickFont=self._small, tickTextOffset=3, tickLength=-3, hideOverlappingLabels=False)

    def _fit(self) -> None:
        """What depends on the size: tick labels, the words along the axes, and words inside the plot."""
        plot, font = self._plot, self._small
        if plot is None or self._outdated:
            return
        size = self._box.boundingRect()
        left, bottom = left_ticks(plot, font, size.height()), bottom_ticks(plot, font, size.width())
        self._left.setTicks([left])
        self._bottom.setTicks([bottom])
        x_label, line = "" if isinstance(plot, Bars) else plot.x_label, line_height(font)
        self._name(self._left, plot.y_label, size.height())
        self._name(self._bottom, x_label, size.width())
        n_lines = max((words.count("\n") + 1 for _, words in bottom), default=1) + bool(x_label)
        self._left.setWidth(max((width_of(font, words) for _, words in left), default=0.0) + 1.25 * line + 8)
        self._bottom.setHeight(n_lines * line + 8)
        self._write_inside(plot, size)

    def _name(self, axis: Any, label: str, room_px: float) -> None:
        style = {"color": theme.current().text, "font-size": f"{self._small.pointSizeF():.1f}pt"}
        words = QFontMetricsF(self._small).elidedText(label, Qt.TextElideMode.ElideRight, room_px)
        axis.setLabel(words, **style)
        axis.showLabel(bool(label))

    def _write_inside(self, plot: AxesPlot, size: QRectF) -> None:
        for text in self._texts:
            self._box.removeItem(text)
        self._texts = []
        if isinstance(plot, Heatmap):
            cell_px = (size.width() / len(plot.columns), size.height() / len(plot.rows))
            self._texts = cell_texts(plot, self._small, cell_px)
        elif isinstance(plot, Scatter):
            self._texts = name_texts(plot, self._small, self._box.sceneBoundingRect(), self._box.mapViewToScene)
        elif isinstance(plot, Curves):
            self._texts = reference_texts(plot, self._small, self._box.sceneBoundingRect(), self._box.mapViewToScene)
        for text in self._texts:
            self._box.addItem(text, ignoreBounds=True)

    def _look_at(self, index: int | None) -> None:
        """Mark a spot and show its words beside it."""
        self._current = index
        if self._mark is not None:
            self._box.removeItem(self._mark)
            self._mark = None
        if index is None:
            QToolTip.hideText()
            return
        self._mark = _mark(self._spots[index])
        self._box.addItem(self._mark, ignoreBounds=True)
        place = self.place_of(index).toPoint() + QPoint(14, -10)
        QToolTip.showText(self.mapToGlobal(place), self._spots[index].words, self)

    def _nearest(self, at: QPointF) -> int | None:
        """The spot under `at`, or the nearest one within reach."""
        if not self._box.sceneBoundingRect().contains(self._view.mapToScene(self._view.mapFrom(self, at.toPoint()))):
            return None
        best, best_px = None, REACH_PX if isinstance(self._plot, Scatter) else math.inf
        for index, spot in enumerate(self._spots):
            away = self.place_of(index) - at
            far_px = abs(away.x()) if math.isnan(spot.y) else math.hypot(away.x(), away.y())
            if far_px < best_px:
                best, best_px = index, far_px
        return best

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        nearest = self._nearest(event.position())
        if nearest != self._current:
            self._look_at(nearest)

    def leaveEvent(self, event: QEvent) -> None:
        self._look_at(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        nearest = self._nearest(event.position())
        if event.button() == Qt.MouseButton.LeftButton and nearest is not None:
            self._choose(nearest)
        super().mousePressEvent(event)

    def _choose(self, index: int) -> None:
        cell = self._spots[index].cell
        if cell is not None:
            self.cell_chosen.emit(*cell)
        elif isinstance(self._plot, Curves):
            self.position_chosen.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        wide = len(self._plot.columns) if isinstance(self._plot, Heatmap) else 1
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -wide, Qt.Key.Key_Down: wide}
        if self._spots and event.key() in step:
            before = self._current
            index = 0 if before is None else before + step[Qt.Key(event.key())]
            if 0 <= index < len(self._spots):
                self._look_at(index)
                announce(self, self.readout)
        elif self._current is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self._current)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._look_at(None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in _LOOKS:
            self._draw_when_seen()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._give_room()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._draw_outdated()
        super().paintEvent(event)

    def paint(self, painter: QPainter) -> None:
        look, rect = theme.current(), QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        painter.setBrush(look.color("panel"))
        painter.setPen(QPen(look.color("line"), 1))
        painter.drawRoundedRect(rect, 5, 5)
        if self.hasFocus():
            paint_focus(painter, rect, look)


def _mark(spot: Spot) -> Any:
    """A line through a column, a frame round a cell, or a ring round a point."""
    pen = QPen(theme.current().color("text"), 1.5)
    pen.setCosmetic(True)
    if spot.cell is not None:
        row, column = spot.cell
        mark: Any = QGraphicsRectItem(QRectF(column, row, 1, 1))
        mark.setPen(QPen(pen))
    elif math.isnan(spot.y):
        pen.setWidthF(1.0)
        mark = pg.InfiniteLine(spot.x, angle=90, pen=pen)
    else:
        mark = pg.ScatterPlotItem([spot.x], [spot.y], symbol="o", size=15, pen=pen, brush=None)
    mark.setZValue(20)
    return mark
