"""The lens map: one value for each token of each depth; a click, or the arrow keys, go to one of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.numbers import general
from app.widgets.attention_paint import ItemRing, heat_image
from app.widgets.interaction import ARROWS, Interactive
from app.widgets.marks import describe
from app.widgets.painted import STALE_OPACITY, Painted, box, line_height, same_values, scaled, width_of, write

LEAST_ROW_PX = 5.0


@dataclass(frozen=True)
class Axes:
    """What stands beside the values: `prefix` names the tokens before the patches, `rings` say which are on items."""

    rows: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()
    rings: tuple[ItemRing, ...] = ()


class LensMap(Interactive, Painted):
    """Depth from above, tokens from the left: prefix tokens first, then patches row by row."""

    chosen = Signal(int, int)  # row, token

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values = np.zeros((0, 0))
        self._range = (0.0, 1.0)
        self._heat: QImage | None = None
        self._axes = Axes()
        self._at = (0, 0)
        self._stale = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Layers and tokens")

    def show_values(
        self, values: np.ndarray, scale: tuple[float, float], axes: Axes, at: tuple[int, int], *, stale: bool = False
    ) -> None:
        """Show values [depths, tokens] on a scale from `scale[0]` to `scale[1]`, the row and token `at` marked."""
        if self._heat is None or scale != self._range or not same_values(values, self._values):
            self._values, self._range = values, scale
            self._heat = heat_image(np.asarray(values, np.float64), scale[1], scale[0])
        self._axes, self._at, self._stale = axes, at, stale
        describe(self, f"{'computing, ' if stale else ''}{self.told(*at)}")
        self.update()

    def told(self, row: int, token: int) -> str:
        """One value in words."""
        if not (0 <= row < self._values.shape[0] and 0 <= token < self._values.shape[1]):
            return ""
        name = self._axes.prefix[token] if token < len(self._axes.prefix) else f"token {token}"
        owners = [ring.label for ring in self._axes.rings if token - len(self._axes.prefix) in ring.patches]
        value = float(self._values[row, token])
        of = f" of {owners[0]}" if owners else ""
        return f"{name}{of}, {self._axes.rows[row]}: {general(value)}"

    def cell(self, row: int, token: int) -> QRectF:
        """Where a value is, in widget coordinates."""
        area, (rows, columns) = self._area(), self._values.shape
        height, width = area.height() / max(1, rows), area.width() / max(1, columns)
        return QRectF(area.left() + token * width, area.top() + row * height, width, height)

    def sizeHint(self) -> QSize:
        return QSize(360, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 80)

    def paint(self, painter: QPainter) -> None:
        if self._heat is None:
            return
        area, look = self._area(), theme.current()
        painter.setOpacity(STALE_OPACITY if self._stale else 1.0)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(area, self._heat)
        painter.setOpacity(1.0)
        self._paint_items(painter)
        self._paint_rows(painter)
        row, column = self.cell(self._at[0], 0), self.cell(0, self._at[1])
        across = QRectF(area.left(), row.top(), area.width(), row.height())
        down = QRectF(column.left(), area.top(), max(2.0, column.width()), area.height())
        for line in (across, down):
            box(painter, line, radius=0, line=look.color("text", 0.55))
        box(painter, across & down, radius=0, line=look.color("text"), width=2)
        box(painter, area, radius=0, line=look.color("accent" if self.hasFocus() else "line"))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(self._cell_at(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._choose(self._cell_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ARROWS and self._heat is not None:
            right, down = ARROWS[event.key()]
            rows, columns = self._values.shape
            row, token = self._at
            self._choose((min(max(row + down, 0), rows - 1), min(max(token + right, 0), columns - 1)))
        else:
            super().keyPressEvent(event)

    def tip_at(self, place: QPointF) -> tuple[str, QRect]:
        at = self._cell_at(place)
        return ("", QRect()) if at is None else (self.told(*at), self.cell(*at).toAlignedRect())

    def _choose(self, at: tuple[int, int] | None) -> None:
        if at is not None and at != self._at:
            self.chosen.emit(*at)

    def _cell_at(self, place: QPointF) -> tuple[int, int] | None:
        area, (rows, columns) = self._area(), self._values.shape
        if not rows or not area.contains(place):
            return None
        row = int((place.y() - area.top()) / area.height() * rows)
        token = int((place.x() - area.left()) / area.width() * columns)
        return min(row, rows - 1), min(token, columns - 1)

    def _area(self) -> QRectF:
        """The room of the values, right of the names of the rows and below the bars of the items."""
        face, em = scaled(self.font(), 0.85), line_height(self.font())
        left = max((width_of(face, name) for name in self._axes.rows), default=0.0) + 0.5 * em
        return QRectF(self.rect()).adjusted(left, 1.1 * em, -2, -2)

    def _paint_rows(self, painter: QPainter) -> None:
        face, look = scaled(self.font(), 0.85), theme.current()
        height = self.cell(0, 0).height()
        every = max(1, math.ceil(line_height(face) / max(LEAST_ROW_PX, height)))
        for row in range(0, len(self._axes.rows), every):
            at = self.cell(row, 0)
            place = QRectF(0, at.top(), at.left() - 4, at.height())
            color = look.color("text" if row == self._at[0] else "muted")
            right = Qt.AlignmentFlag.AlignRight
            write(painter, place, self._axes.rows[row], font=face, color=color, align=right)

    def _paint_items(self, painter: QPainter) -> None:
        """Over the columns of an item's tokens a bar in its colour, with its letter over the first."""
        look, top, n_prefix = theme.current(), self._area().top(), len(self._axes.prefix)
        face = scaled(self.font(), 0.85, bold=True)
        for ring in self._axes.rings:
            for patch in ring.patches:
                at = self.cell(0, patch + n_prefix)
                painter.fillRect(QRectF(at.left(), top - 4, max(1.0, at.width()), 3), look.color(ring.role))
            if ring.patches:
                at = self.cell(0, ring.patches[0] + n_prefix)
                place = QRectF(at.left() - 2, 0, 3 * line_height(face), top - 4)
                write(painter, place, ring.label, font=face, color=look.color(ring.role))
