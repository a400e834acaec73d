"""The finished parts of a study, one under another, each with its plots side by side as there is room."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app import theme
from app.plots.gallery import GalleryView
from app.plots.maps import MapsView
from app.plots.view import PlotView
from app.widgets.painted import scaled
from core.plots import Gallery, Heatmap, Maps, Plot
from core.study_job import StudyPart

PLOT_PX = (320, 270)
GAP_PX = 8
WAITING = "Plots appear here as each part is finished, with the published curves of another model where there are some."


class PartView(QWidget):
    """One part: its title, its plots and what a reader must know."""

    head_chosen = Signal(int, int)  # block, head of an attention map

    def __init__(self, part: StudyPart) -> None:
        super().__init__()
        self.part = part
        self._n_columns = 0
        self._published = ""
        self.title = QLabel(f"{part.title} · {part.model} · n = {part.n}")
        self.notes = QLabel("\n".join(part.notes))
        for words in (self.title, self.notes):
            words.setWordWrap(True)
        self.plots = [self._view(plot) for plot in part.plots]
        self._grid = QGridLayout()
        self._grid.setSpacing(GAP_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 10)
        layout.addWidget(self.title)
        layout.addLayout(self._grid)
        layout.addWidget(self.notes)
        self._dress()
        self._lay_out(1)

    def _view(self, plot: Plot) -> PlotView | MapsView | GalleryView:
        """The widget that draws a plot; a head in an attention map can be chosen."""
        if isinstance(plot, Maps):
            maps = MapsView()
            maps.show_plot(plot)
            maps.head_chosen.connect(self.head_chosen)
            return maps
        if isinstance(plot, Gallery):
            return GalleryView(plot)
        view = PlotView()
        view.setMinimumWidth(PLOT_PX[0])
        view.setFixedHeight(PLOT_PX[1])
        view.show_plot(plot)
        if isinstance(plot, Heatmap) and (plot.x_label, plot.y_label) == ("head", "block"):
            view.cell_chosen.connect(self.head_chosen)
            view.setCursor(Qt.CursorShape.PointingHandCursor)
        return view

    def show_published(self, model: str) -> None:
        """Draw the numbers of this published model beside the measured ones, where it has any."""
        before = self.part.published.get(self._published, self.part.plots)
        self._published = model
        now = self.part.published.get(model, self.part.plots)
        for view, old, plot in zip(self.plots, before, now, strict=True):
            if isinstance(view, PlotView) and not isinstance(plot, Maps | Gallery) and plot != old:
                view.show_plot(plot)

    def fit(self, width_px: int) -> None:
        """As many plots side by side as there is room for; its own width would never be less than theirs."""
        self._lay_out(max(1, (width_px + GAP_PX) // (PLOT_PX[0] + GAP_PX)))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._dress()

    def _lay_out(self, n_columns: int) -> None:
        n_narrow = sum(isinstance(view, PlotView) for view in self.plots)
        n_columns = min(n_columns, max(1, n_narrow))
        if n_columns == self._n_columns:
            return
        self._n_columns = n_columns
        row = column = 0
        for view in self.plots:
            whole = not isinstance(view, PlotView)
            if column == n_columns or (whole and column):
                row, column = row + 1, 0
            self._grid.addWidget(view, row, column, 1, n_columns if whole else 1)
            column = n_columns if whole else column + 1

    def _dress(self) -> None:
        large, small = scaled(self.font(), 1.05, bold=True), scaled(self.font(), 0.85)
        for words, font in ((self.title, large), (self.notes, small)):
            if words.font() != font:
                words.setFont(font)
        dress = f"color: {theme.current().muted}"
        if self.notes.styleSheet() != dress:  # each change of a sheet has Qt go through the style again
            self.notes.setStyleSheet(dress)


class PartList(QScrollArea):
    """All parts that are finished, in the order in which they came."""

    head_chosen = Signal(str, int, int)  # model, block, head

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[PartView] = []
        self._to_come: list[StudyPart] = []
        self._published = ""
        self._waiting = QLabel(WAITING)
        self._waiting.setWordWrap(True)
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside = QWidget()
        self._layout = QVBoxLayout(inside)
        self._layout.setContentsMargins(2, 2, 6, 2)
        self._layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._layout.addWidget(self._waiting)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(PLOT_PX[0] + 24)
        self._turn = QTimer(self)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._add_next)

    def show_parts(self, parts: tuple[StudyPart, ...], *, in_turns: bool = False) -> None:
        """Show these parts; those that are shown already stay as they are.

        `in_turns` builds the first of them now and each of the others in a turn of its own: the window goes on between.
        """
        if [view.part for view in self.parts] != list(parts[: len(self.parts)]):
            self._clear()
        self._to_come = list(parts[len(self.parts) :])
        self._waiting.setVisible(not parts)
        self._add_next()
        while self._to_come and not in_turns:
            self._add_next()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for view in self.parts:
            view.fit(self._room_px())

    def _room_px(self) -> int:
        margins = self._layout.contentsMargins()
        return self.viewport().width() - margins.left() - margins.right()

    def _add_next(self) -> None:
        if self._to_come:
            self._add(self._to_come.pop(0))
        if self._to_come:
            self._turn.start()
        else:
            self._turn.stop()

    def _add(self, part: StudyPart) -> None:
        view = PartView(part)
        view.fit(self._room_px())
        view.show_published(self._published)
        view.head_chosen.connect(lambda block, head: self.head_chosen.emit(part.model, block, head))
        self.parts.append(view)
        self._layout.addWidget(view)
        view.show()
        # Now and not after the next paint: squeezed together, all plots would lie in sight and have to be built.
        QCoreApplication.sendEvent(self, QEvent(QEvent.Type.LayoutRequest))

    def show_published(self, model: str) -> None:
        """Draw the numbers of this published model in every part that has some, and in those to come."""
        self._published = model
        for view in self.parts:
            view.show_published(model)

    def _clear(self) -> None:
        for view in self.parts:
            self._layout.removeWidget(view)
            view.deleteLater()
        self.parts = []
        self.verticalScrollBar().setValue(0)
