"""The *Lens* panel: what the read-out would say of each token if the network stopped at the block looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLabel, QSplitter, QTabWidget, QVBoxLayout, QWidget

from app.as_left import Choice, as_left, leave_as
from app.desk import Desk, Found
from app.numbers import fixed
from app.panels import Panel
from app.panels.inside import item_rings, token_name
from app.panels.lens_values import MEASURES, SHOWN, Drawn, Measure, Shown, drawn
from app.plots.view import PlotView
from app.widgets.attention_view import AttentionView
from app.widgets.class_bars_paint import N_BARS
from app.widgets.class_choice import ClassChoice
from app.widgets.flow import Flow
from app.widgets.interaction import Notches
from app.widgets.lens_map import Axes, LensMap
from app.widgets.reading import Bar
from app.widgets.top_bars import TopBars
from core.analyses import Analysis
from core.analyses.class_lens import PART_WORDS, ClassLens, Lens
from core.analyses.decision import Verdict
from core.analyses.lens_change import LensChange
from core.analyses.lens_traces import EditsIn, LensTraces
from core.analyses.top_classes import TopClasses
from core.questions import ModelInfo
from core.site import ProjectedPart
from core.stimuli.render import render
from core.stimuli.stimulus import RELATIONS, Stimulus

WORDS = (
    "Reading: what the read-out would say of each token, if the network stopped here. "
    "What it makes use of, the meter above tells."
)
HINT = "Wheel scrubs layers · C blinks baseline"
LAYERS, TOP, TRACES, CHANGE = range(4)
SAID_FIRST: dict[Shown, str] = {
    "edited": "",
    "baseline": "without edits: ",
    "difference": "coloured by what the edits change; with them: ",
}
WORDS_FROM_PX = 420
"""On a lower screen the picture matters more than the words under it."""
VIEW_MIN_PX, TAB_MIN_PX = 104, 96
PARTS: tuple[ProjectedPart, ...] = get_args(ProjectedPart)


class LensPanel(QWidget, Panel):
    """Hover a patch to see what it says; click to hold it; the wheel scrubs through the layers, C blinks the baseline.

    The map below has all layers and tokens; a click there goes to one.
    """

    title, place, order = "Lens", "behind", 42
    width_px = 385

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._label = -1
        self._blinking = False
        self._left: Mapping[str, Any] = {}
        self._pictured: Stimulus | None = None
        self._image: np.ndarray | None = None
        self._notches = Notches()
        self.label, self.part, self.measure, self.shown = ClassChoice(), QComboBox(), QComboBox(), QComboBox()
        self.view, self.map, self.bars = AttentionView(), LensMap(), TopBars()
        self.traces, self.change = PlotView(), PlotView()
        self.tabs, self.said = QTabWidget(), QLabel(WORDS)
        self._fill()
        self._arrange()
        self._connect()

    def _fill(self) -> None:
        """The choices, in words."""
        self.part.addItems([PART_WORDS[part] for part in PARTS])
        self.measure.addItems(list(MEASURES))
        self.shown.addItems(list(SHOWN.values()))
        for index, words in enumerate(MEASURES.values()):
            self.measure.setItemData(index, words, Qt.ItemDataRole.ToolTipRole)
        names = ("What is read of a block", "Measure", "Edits")
        for choice, name in zip((self.part, self.measure, self.shown), names, strict=True):
            choice.setAccessibleName(name)
            choice.setToolTip(name)
        self.shown.hide()
        self.view.set_hint(HINT)
        self.view.setAccessibleName("Lens")

    def _arrange(self) -> None:
        pages = (self.map, self.bars, self.traces, self.change)
        for page, name in zip(pages, ("Layers", "Top 5", "Traces", "Attention, MLP"), strict=True):
            self.tabs.addTab(page, name)
        self.view.setMinimumHeight(VIEW_MIN_PX)  # the choices above it take the rest of what the inside view needs
        self.tabs.setMinimumHeight(TAB_MIN_PX)
        self.said.setWordWrap(True)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.view)
        splitter.addWidget(self.tabs)
        splitter.setStretchFactor(0, 5)
        splitter.setStretchFactor(1, 4)
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 4, 10, 6)
        layout.addWidget(Flow((self.label, self.part, self.measure, self.shown)))
        layout.addWidget(splitter, 1)
        layout.addWidget(self.said)

    def _connect(self) -> None:
        self.label.label_chosen.connect(self._choose)
        self.part.currentIndexChanged.connect(lambda _: self._ask())
        self.measure.currentIndexChanged.connect(lambda _: self.refresh())
        self.shown.currentIndexChanged.connect(lambda _: self._ask())
        self.tabs.currentChanged.connect(lambda _: self._ask())
        self.view.token_hovered.connect(self._desk.look_from)
        self.view.token_pinned.connect(self._desk.hold_query)
        self.view.blink.connect(self._blink)
        self.map.chosen.connect(self._go)
        for plot, first in ((self.traces, -1), (self.change, 0)):
            plot.position_chosen.connect(lambda index, first=first: self._desk.look(read=index + first))

    @property
    def _part(self) -> ProjectedPart:
        return PARTS[self.part.currentIndex()]

    @property
    def _measure(self) -> Measure:
        return list(MEASURES)[self.measure.currentIndex()]

    @property
    def _shown(self) -> Shown:
        return "baseline" if self._blinking else list(SHOWN)[self.shown.currentIndex()]

    @property
    def _edits(self) -> EditsIn:
        """What curves are of: they show no difference."""
        return "baseline" if self._shown == "baseline" else "edited"

    @property
    def _block(self) -> int:
        return min(self._desk.view.read, self._desk.n_blocks - 1)

    @property
    def lens(self) -> ClassLens:
        """The class and the part that are looked at."""
        return ClassLens(self._label, self._part)

    def _of_tab(self) -> tuple[Analysis[Any], ...]:
        """What the tab in front shows beside the lens itself."""
        token = self._desk.view.token
        named = "" if self._label < 0 else str(self._label)
        traces = LensTraces(token, named, part=self._part, edits=self._edits)
        return {
            LAYERS: (),
            TOP: (TopClasses(token, self._block, self._part),),
            TRACES: (traces,),
            CHANGE: (LensChange(self._label, self._edits),),
        }[self.tabs.currentIndex()]

    @property
    def _choices(self) -> dict[str, Choice]:
        return {"part": self.part, "measure": self.measure, "edits": self.shown, "tab": self.tabs}

    def kept(self) -> dict[str, Any]:
        label = self.label.itemText(self._label + 1) if self._label >= 0 else ""
        return {**as_left(self._choices), "label": label}

    def take(self, kept: Mapping[str, Any]) -> None:
        self._left = kept
        leave_as(self._choices, kept)
        self._label = -1
        self.refresh()

    def wanted(self) -> tuple[Analysis[Any], ...]:
        return (self.lens, *self._of_tab())

    def refresh(self) -> None:
        """Draw the lens that was found last, greyed where it belongs to another state."""
        found = self._desk.found(self.lens)
        beside = [self._desk.found(analysis) for analysis in self._of_tab()]
        if found is None or found.value is None:
            self._refuse(found)
            return
        self.view.setEnabled(True)
        view, news = self._desk.view, [(each.value, each.current) for each in beside if each is not None]
        way = (view.token, self._block, self._measure, self._shown, self._desk.query_held, self.tabs.currentIndex())
        if not self.has_news(found.value, found.current, *way, *news):
            return
        lens, info, stimulus = found.value, found.model, found.document.base
        if stimulus != self._pictured or self._image is None:
            self._pictured, self._image = stimulus, render(stimulus)
        self.shown.setVisible(bool(found.document.interventions))
        self.said.setText(f"{lens.words} {WORDS}".strip())
        if self.label.show_labels(lens.labels, lens.labels[lens.label] if self._label < 0 else ""):
            self._take_labels(len(lens.labels))
        if self._left and found.current:
            self._put_back(lens.labels)
        token = min(view.token, lens.now.logits.shape[1] - 1)
        row = min(self._block, info.n_blocks - 1) + 1
        values = drawn(lens, self._measure, self._shown, row)
        self._draw_picture(values, found, token, row)
        if self.tabs.currentIndex() == LAYERS:
            names = ("embed", *map(str, range(info.n_blocks)))
            axes = Axes(names, info.prefix_names, item_rings(stimulus))
            self.map.show_values(values.values, values.scale, axes, (row, token), stale=not found.current)
        elif self.tabs.currentIndex() == TOP:
            self._draw_top(token_name(info, token, stimulus), beside[0])
        elif self.tabs.currentIndex() == TRACES:
            self._draw_plot(self.traces, beside[0], int(self._measure == "logit"), self._block + 1)
        else:
            self._draw_plot(self.change, beside[0], 0, self._block)

    def _take_labels(self, n_classes: int) -> None:
        """Begin anew with the classes of another model; of two, the rank has two values and the logit says more."""
        self.measure.setCurrentText("logit" if n_classes == 2 else "identifiability")
        if self._label >= 0:
            self._choose(-1)

    def _put_back(self, labels: Sequence[str]) -> None:
        """What a document says of its classes, which are known now."""
        left, self._left = self._left, {}
        leave_as({"measure": self.measure}, left)
        if left.get("label") in labels:
            self.label.setCurrentIndex(labels.index(left["label"]) + 1)
            self._choose(labels.index(left["label"]))

    def _draw_picture(self, values: Drawn, found: Found[Lens], token: int, row: int) -> None:
        info, stimulus, grid = found.model, found.document.base, found.model.geometry.grid
        assert found.value is not None
        self.view.set_scale(self._measure if self._shown != "difference" else "change")
        self.view.show_attention(
            self._image,
            values.picture[info.n_prefix :].reshape(grid, grid),
            values.picture_scale[1],
            item_rings(stimulus),
            token,
            tuple((name, float(values.picture[i])) for i, name in enumerate(info.prefix_names)),
            self._caption(found.value, info, token, row, stimulus),
            vmin=values.picture_scale[0],
            stale=not found.current,
        )

    def _caption(self, lens: Lens, info: ModelInfo, token: int, row: int, stimulus: Stimulus) -> str:
        """The token that is looked at, in words: where the class stands in it."""
        of = lens.baseline if self._shown == "baseline" else lens.now
        where = "embeddings" if row == 0 else f"{PART_WORDS[self._part]}, block {row - 1}"
        name, label = token_name(info, token, stimulus), lens.labels[lens.label]
        held = " · held, click to let go" if self._desk.query_held else ""
        which = SAID_FIRST[self._shown]
        if np.isnan(of.ranks[row, token]):
            return f"{which}the embeddings have no {PART_WORDS[self._part]}{held}"
        logit = fixed(of.logits[row, token], 2)
        place = f"“{label}” is {_ordinal(int(of.ranks[row, token]) + 1)} of {len(lens.labels)}, logit {logit}"
        return f"{which}{name}, {where}: {place}{held}"

    def _draw_top(self, name: str, top: Found[Verdict] | None) -> None:
        """The likeliest classes of a token."""
        if top is not None and top.value is not None:
            baseline, has_edits = self._shown == "baseline", bool(top.document.interventions)
            bars = tuple(
                Bar(each.label, each.baseline if baseline else each.share, each.baseline if has_edits else None)
                for each in top.value.largest(N_BARS)
            )
            self.bars.show_bars(bars, f"{name} says", stale=not top.current)
        elif top is not None and top.refusal is not None:
            self.bars.show_bars((), top.refusal.message)

    def _draw_plot(self, view: PlotView, found: Found[Any] | None, index: int, position: int) -> None:
        view.set_stale(found is None or not found.current or found.value is None)
        if found is None or found.value is None:
            return
        if found.value[index] != view.plot:
            view.show_plot(found.value[index])
        view.show_position(position if position >= 0 else None)

    def _refuse(self, found: Found[Lens] | None) -> None:
        """Say why there is nothing to see."""
        self.view.setEnabled(False)
        if found is not None and found.refusal is not None:
            if self._label >= len(found.model.labels or RELATIONS):
                self._choose(-1)  # it was one of the model before
                return
            self.said.setText(f"{found.refusal.message} {found.refusal.hint}")
            if found.document.base != self._pictured or self._image is None:
                self._pictured, self._image = found.document.base, render(found.document.base)
            grid = found.model.geometry.grid
            self.view.show_attention(self._image, np.full((grid, grid), np.nan), 1.0, (), 0, (), found.refusal.message)
        self.has_news()

    def _ask(self) -> None:
        self._desk.ask()
        self.refresh()

    def _choose(self, label: int) -> None:
        self._label = label
        self._ask()

    def _go(self, row: int, token: int) -> None:
        """To a place of the map: it is held, so that the mouse on its way to the picture does not lose it."""
        self._desk.query_held = True
        self._desk.look(read=row - 1, token=token)
        self.refresh()

    def _blink(self, baseline: bool) -> None:
        self._blinking = baseline
        self._ask()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.said.setVisible(self.height() >= WORDS_FROM_PX)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Up goes back towards the embeddings, as on the map."""
        steps = self._notches.of(event)
        if steps:
            self._desk.look(read=min(max(self._block - steps, -1), self._desk.n_blocks - 1))


def _ordinal(place: int) -> str:
    ending = "th" if 10 <= place % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"
