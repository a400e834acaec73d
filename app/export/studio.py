"""A desk and panels that nobody sees: they show one state after another, and all of them are painted as one picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QFont, QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from app.actions import CONTROLS, MODES, Command
from app.desk import Desk
from app.export.paint import LOOKS, height_of, paint_panel
from app.live import Live
from app.panels import Panel
from app.panels.decision import DecisionPanel
from app.panels.inside import InsidePanel
from app.panels.interventions import PADS, InterventionsPanel
from app.panels.layers import LayersPanel
from app.panels.stimulus import StimulusPanel
from app.store import Store
from app.widgets.edit_row import EditRow
from app.widgets.painted import scaled, write
from core.analyses.decision import Decision, Verdict
from core.analyses.decision_map import DecisionMap
from core.document import Document
from core.figures.options import Palette
from core.film import Frame
from core.questions import Answer, Question

HIGH_PX = 540
"""How high a picture is whose type is that of the window; in a larger one it is larger."""
MARGIN, METER, LINE = 12.0, 86.0, 20.0


class Studio:
    """Asks nobody: it says what must be asked about a state, and paints the answer to that."""

    def __init__(self, first: Frame, size: QSize, palette: Palette, *, with_map: bool = True) -> None:
        self._size, self._palette, self._with_map = size, palette, with_map
        # The engine behind it is never started.
        self.desk = Desk(Store(first.document, first.view), Live())
        self.desk.actions = defaultdict(list, mode=_commands(MODES), control=_commands(CONTROLS))
        self.decision, self.stimulus = DecisionPanel(self.desk), StimulusPanel(self.desk)
        self.inside, self.pads, self.layers = (
            InsidePanel(self.desk),
            InterventionsPanel(self.desk),
            LayersPanel(self.desk),
        )
        self._panels: tuple[Panel, ...] = (self.decision, self.stimulus, self.inside, self.pads, self.layers)

    def close(self) -> None:
        """Take the panels apart."""
        for panel in self._panels:
            cast(QWidget, panel).deleteLater()

    def show(self, frame: Frame) -> Question:
        """Show a state; what all panels want to know of it."""
        # Without a second model: there is room for one.
        document = replace(frame.document, compared="")
        self.desk.store.begin(document, frame.view)
        self._choose_pad(document)
        wanted = dict.fromkeys(analysis for panel in self._panels for analysis in panel.wanted())
        return Question(document, tuple(of for of in wanted if self._with_map or not isinstance(of, DecisionMap)))

    def take(self, answer: Answer) -> QImage:
        """The picture of the state that was shown last."""
        self.desk.take(answer)
        for panel in self._panels:
            panel.refresh()
        return self._picture()

    @property
    def verdict(self) -> Verdict | None:
        """What the meter shows."""
        found = self.desk.found(Decision())
        return found.value if found is not None and found.current else None

    def _choose_pad(self, document: Document) -> None:
        """The pad on which the last edit at the layer that is written is seen; else the one before."""
        edits = (e for e in reversed(document.interventions) if e.enabled and e.site.block == self.desk.view.write)
        shown = next((edit.pads[0] for edit in edits if edit.pads), None)
        if shown is not None:
            self.pads.tabs.setCurrentIndex([property for property, _ in PADS].index(shown))

    def _picture(self) -> QImage:
        image = QImage(self._size, QImage.Format.Format_RGB32)
        image.fill(LOOKS[self._palette].color("window"))
        with QPainter(image) as painter:
            self._paint_all(painter, QRectF(image.rect()), self._size.height() / HIGH_PX)
        return image

    def _paint_all(self, painter: QPainter, area: QRectF, zoom: float) -> None:
        """The meter above and the layers below, as in the window."""
        area = area.adjusted(*(part * MARGIN * zoom for part in (1, 1, -1, -1)))
        verdict, strip = self.decision.first, self.layers.strip
        meter = verdict.bars if verdict.meter.isHidden() else verdict.meter
        self._paint(painter, meter, QRectF(area.left(), area.top(), area.width(), METER * zoom), zoom)
        high = height_of(strip, area.width(), self._palette, zoom=zoom)
        self._paint(painter, strip, QRectF(area.left(), area.bottom() - high, area.width(), high), zoom)
        middle = area.adjusted(0, (METER + MARGIN) * zoom, 0, -high - 0.5 * MARGIN * zoom)
        self._paint_row(painter, middle.adjusted(0, 0, 0, -LINE * zoom), zoom)
        self._say(painter, QRectF(middle.left(), middle.bottom() - LINE * zoom, middle.width(), LINE * zoom), zoom)

    @property
    def row(self) -> list[QWidget]:
        """What stands side by side: what is seen, what is looked at, and the pad where there is one."""
        pad = self.pads.pads[self.pads.property_shown]
        return [self.stimulus.canvas, self.inside.view, *([pad] if pad.isEnabled() else [])]

    def _paint_row(self, painter: QPainter, area: QRectF, zoom: float) -> None:
        shown, gap = self.row, MARGIN * zoom
        width = (area.width() - gap * (len(shown) - 1)) / len(shown)
        for index, widget in enumerate(shown):
            self._paint(
                painter, widget, QRectF(area.left() + index * (width + gap), area.top(), width, area.height()), zoom
            )

    def _say(self, painter: QPainter, area: QRectF, zoom: float) -> None:
        """The edits in words, and which model answers."""
        edits = [_words(row) for row in self.pads.edits.rows.shown if row.enabled]
        font, muted = scaled(QFont(QApplication.font()), zoom), LOOKS[self._palette].color("muted")
        model = "" if self.desk.model is None else self.desk.model.name
        write(painter, area, " · ".join(edits) or "no edits", font=font, color=LOOKS[self._palette].color("text"))
        write(painter, area, model, font=font, color=muted, align=Qt.AlignmentFlag.AlignRight)

    def _paint(self, painter: QPainter, widget: QWidget, area: QRectF, zoom: float) -> None:
        paint_panel(widget, painter, area, self._palette, zoom=zoom)


def _words(edit: EditRow) -> str:
    strength = "" if edit.strength == 1 else f", α {edit.strength:.2f}"
    return f"{edit.text}{strength}{' (left out)' if edit.warning else ''}"


def _commands(rows: Iterable[Command]) -> list[QAction]:
    """The names of commands, for the chips of panels: nobody presses them."""
    found = []
    for row in rows:
        found.append(QAction(row.text))
        found[-1].setIconText(row.short)
    return found
