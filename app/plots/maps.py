"""`MapsView` draws maps over one picture as written figures have them; a click on one chooses its head."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.plots.words import plot_words
from app.widgets.maps_picture import MapsPicture
from app.widgets.marks import paint_focus
from app.widgets.painted import STALE_OPACITY, Painted, announce, box
from core.plots import Maps

RIM = 4.0
_LOOKS = (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange, QEvent.Type.LocaleChange)


class MapsView(Painted):
    """Maps in as many columns as fit. The arrow keys move between maps; Return or a click chooses one."""

    head_chosen = Signal(int, int)  # block, head

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot: Maps | None = None
        self._current: int | None = None
        self._hovered: int | None = None
        self._stale = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)

    def show_plot(self, plot: Maps) -> None:
        """Draw `plot` instead of what was drawn."""
        self._plot, self._current, self._hovered = plot, None, None
        self.setAccessibleName(plot.title)
        self.setAccessibleDescription(plot_words(plot))
        self._take_room()
        self.update()

    def set_stale(self, stale: bool) -> None:
        """Grey what belongs to an earlier state."""
        if stale != self._stale:
            self._stale = stale
            self.update()

    @property
    def plot(self) -> Maps | None:
        """What is drawn."""
        return self._plot

    @property
    def n_columns(self) -> int:
        """How many maps stand side by side."""
        return self._picture.n_columns if self._picture else 1

    def place_of(self, index: int) -> QRectF:
        """Where a map with its words is, in pixels of this widget."""
        return self._picture.boxes()[index] if self._picture else QRectF()

    @property
    def _picture(self) -> MapsPicture | None:
        return MapsPicture(self._plot, self.font(), self.width()) if self._plot else None

    def sizeHint(self) -> QSize:
        return QSize(680, 260)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 0)

    def _take_room(self) -> None:
        if self._picture is not None:
            self.setFixedHeight(round(self._picture.height_px))

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
        if self._picture is None:
            return
        marked = {self._hovered: "line", self._current: "text"}
        for index, role in marked.items():
            if index is not None:
                around = self.place_of(index).adjusted(-RIM, -RIM, RIM, RIM)
                box(painter, around, radius=4, line=look.color(role), width=1.5)
        painter.setOpacity(STALE_OPACITY if self._stale else 1.0)
        self._picture.paint(painter, look)
        painter.setOpacity(1.0)
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
