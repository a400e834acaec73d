"""The likeliest classes of one token, as bars of probability, each with a ghost of what it is without edits."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.widgets.answering import reach_for
from app.widgets.class_bars import REACHES
from app.widgets.class_bars_paint import N_BARS, paint_bars
from app.widgets.marks import describe
from app.widgets.painted import STALE_OPACITY, Painted, line_height, scaled, write
from app.widgets.reading import Bar, percent


class TopBars(Painted):
    """Shows bars under a caption, or why there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[tuple[Bar, ...], str, bool] = ((), "", False)
        self._reach = REACHES[0]
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Likeliest classes")

    def show_bars(self, bars: tuple[Bar, ...], caption: str, *, stale: bool = False) -> None:
        """Show the bars, the largest first."""
        if (bars, caption, stale) == self._shown:
            return
        self._shown = (bars, caption, stale)
        peak = max((max(bar.share, bar.ghost or 0.0) for bar in bars), default=0.0)
        self._reach = reach_for(peak, self._reach, REACHES)
        told = ", ".join(f"{bar.label} {percent(bar.share)}" for bar in bars)
        describe(self, f"{'computing, ' if stale else ''}{caption}: {told}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, round((N_BARS + 1.4) * 1.25 * line_height(self.font())))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def paint(self, painter: QPainter) -> None:
        (bars, caption, stale), em = self._shown, line_height(self.font())
        area = QRectF(self.rect()).adjusted(4, 2, -4, -2)
        head = QRectF(area.left(), area.top(), area.width(), 1.3 * em)
        write(painter, head, caption, font=scaled(self.font(), 0.95), color=theme.current().color("muted"))
        painter.setOpacity(STALE_OPACITY if stale else 1.0)
        paint_bars(painter, area.adjusted(0, 1.4 * em, 0, 0), self.font(), bars, self._reach)
        painter.setOpacity(1.0)
