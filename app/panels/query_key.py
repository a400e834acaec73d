"""The *Modes* panel: by which pairs of features the head that is looked at attends, and what becomes of it without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QLabel, QPushButton, QScrollArea, QTabWidget, QVBoxLayout

from app.as_left import Choice, as_left, leave_as
from app.desk import Desk, Found
from app.numbers import fixed, general, percent, signed
from app.panels import Panel
from app.panels.mode_gain_row import GainRow
from app.plots.view import PlotView
from app.widgets.flow import Flow, ScrolledBody
from app.widgets.mode_view import N_STRIP, ModeView
from core.analyses import Analysis
from core.analyses.head_modes import RANKINGS, HeadModes, ModesOfHead, Ranking
from core.analyses.mode_cosines import ModeCosines
from core.analyses.mode_depth import ModeDepth
from core.analyses.mode_spectrum import spectrum_plots
from core.cards import is_whole
from core.figures.looks import mode_range, red_cyan
from core.readings.modes import Convention
from core.stimuli.render import render
from core.stimuli.stimulus import Stimulus

WORDS = (
    "Shown: on what this head's scores rest; a share says how much of them a mode makes. Not shown: what is carried "
    "over (values), and whether the answer hangs on it: turn the gain and watch the meter."
)
HEADS, SIGMA, COSINE, DEPTH = range(4)
PLOT_MIN_PX = 200


class QueryKeyPanel(QScrollArea, Panel):
    """Red patches ask, cyan ones are looked at. Click a mode of the strip, a head of the map, a point of a spectrum."""

    title, place, order = "Modes", "behind", 45
    width_px = 385

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._head: tuple[int, int, Convention] = (0, 0, "exact")
        self._chosen: int | None = None
        self._left: Mapping[str, Any] = {}
        self._flipped = self._baseline = False
        self._drawn: Stimulus | None = None
        self._image: np.ndarray | None = None
        self.ranking, self.asking, self.convention = (QComboBox() for _ in range(3))
        self.flip, self.difference = QPushButton("Flip"), QCheckBox("Difference")
        self.view, self.gain, self.said = ModeView(), GainRow(desk), QLabel(WORDS)
        self.tabs = QTabWidget()
        self.plots = [PlotView() for _ in range(4)]
        self._fill()
        self._arrange()
        self._connect()

    def _fill(self) -> None:
        """The choices, in words."""
        self.ranking.addItems([f"by {name}" for name in RANKINGS])
        self.ranking.setToolTip("share: of the head's scores. peak: σ times the largest query and key of a patch")
        self.asking.addItems(["all queries", "held token"])
        self.asking.setToolTip("Rank for all patches that ask, or for the token whose attention is shown alone")
        self.convention.addItems(get_args(Convention))
        self.convention.setToolTip(
            "exact: the normalised stream, with the query bias; all modes add up to the network's own scores.\n"
            "paper: the raw stream, without norm and bias (Pan et al. 2024)"
        )
        self.flip.setToolTip("The other sign of the mode: a mode and its opposite are one (F)")
        self.difference.setToolTip("What the edits before this block change in both sides, in place of the sides")
        names = ("Rank modes", "For which query", "Convention")
        for widget, name in zip((self.ranking, self.asking, self.convention), names, strict=True):
            widget.setAccessibleName(name)

    def _arrange(self) -> None:
        for view, name in zip(self.plots, ("Heads", "σ", "Cosine", "Depth"), strict=True):
            view.setMinimumHeight(PLOT_MIN_PX)
            self.tabs.addTab(view, name)
        self.said.setWordWrap(True)
        body = ScrolledBody()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(10, 4, 10, 6)
        row = Flow((self.ranking, self.asking, self.convention, self.flip, self.difference))
        for widget in (row, self.view, self.gain, self.said):
            layout.addWidget(widget)
        layout.addWidget(self.tabs, 1)
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def _connect(self) -> None:
        for choice in (self.ranking, self.asking):
            choice.currentIndexChanged.connect(lambda _: self._choose(None))
        self.convention.currentIndexChanged.connect(lambda _: self._ask())
        self.tabs.currentChanged.connect(lambda _: self._ask())
        self.difference.toggled.connect(lambda _: self.refresh())
        self.flip.clicked.connect(self._flip)
        self.view.flipped.connect(self._flip)
        self.view.blink.connect(self._blink)
        self.view.mode_chosen.connect(self._choose)
        self.view.patch_held.connect(self._hold)
        for index in (SIGMA, COSINE):
            self.plots[index].position_chosen.connect(self._choose)
        self.plots[HEADS].cell_chosen.connect(lambda block, head: self._desk.look(read=block, head=head))
        self.plots[DEPTH].position_chosen.connect(lambda block: self._desk.look(read=block))

    @property
    def analysis(self) -> HeadModes:
        """The modes of the head that is looked at."""
        desk = self._desk
        n_heads = 1_000_000 if desk.model is None else desk.model.n_heads
        block = min(max(desk.view.read, 0), desk.n_blocks - 1)
        return HeadModes(block, min(desk.view.head, n_heads - 1), self._convention)

    @property
    def _convention(self) -> Convention:
        named: Convention = get_args(Convention)[self.convention.currentIndex()]
        return named

    @property
    def _ranking(self) -> Ranking:
        return RANKINGS[self.ranking.currentIndex()]

    def _of_network(self) -> Analysis[Any] | None:
        """What the tab that is shown says of all heads."""
        wanted = {HEADS: ModeCosines(self._convention), DEPTH: ModeDepth(self._convention)}
        return wanted.get(self.tabs.currentIndex())

    @property
    def _choices(self) -> dict[str, Choice]:
        asked = {"ranking": self.ranking, "asking": self.asking, "convention": self.convention}
        return {**asked, "difference": self.difference, "tab": self.tabs}

    def kept(self) -> dict[str, Any]:
        mode = -1 if self._chosen is None else self._chosen
        return {**as_left(self._choices), "mode": mode, "flipped": self._flipped}

    def take(self, kept: Mapping[str, Any]) -> None:
        leave_as(self._choices, kept)
        self._left = kept
        self.refresh()

    def wanted(self) -> tuple[Analysis[Any], ...]:
        of_network = self._of_network()
        return (self.analysis,) if of_network is None else (self.analysis, of_network)

    def refresh(self) -> None:
        """Draw the modes that were found last, greyed where they belong to another state."""
        self._draw_network()
        found = self._desk.found(self.analysis)
        if found is None or found.value is None:
            self._refuse(found)
            return
        desk, value = self._desk, found.value
        head = (value.block, value.head, found.analysis.convention)  # type: ignore[attr-defined]
        if head != self._head:
            self._head, self._chosen, self._flipped = head, None, False
        if self._left and found.current:
            left, self._left = self._left, {}
            mode = left.get("mode")
            self._chosen = mode if isinstance(mode, int) and is_whole(mode) and mode >= 0 else None
            self._flipped = left.get("flipped") is True
        way = (self._chosen, self._flipped, self._baseline, self.difference.isChecked(), self._ranking, self._token())
        if not self.has_news(value, found.current, desk.document.interventions, desk.view.token, *way):
            return
        for widget in (self.view, self.gain, self.flip):
            widget.setEnabled(True)
        self.said.setText(" ".join(filter(None, (value.said, WORDS))))
        if found.document.base != self._drawn or self._image is None:
            self._drawn = found.document.base
            self._image = render(found.document.base)
        self._draw(value, stale=not found.current)

    def _refuse(self, found: Found[ModesOfHead] | None) -> None:
        self.view.set_stale(True)
        for widget in (self.view, self.gain, self.flip):
            widget.setEnabled(False)
        if found is not None and found.refusal is not None:
            self.said.setText(f"{found.refusal.message} {found.refusal.hint}")
            self.has_news(found.refusal)

    def _draw(self, value: ModesOfHead, *, stale: bool) -> None:
        worth = value.worth(self._ranking, self._token())
        order = np.argsort(-worth)
        chosen = int(order[0]) if self._chosen is None else min(self._chosen, len(worth) - 1)
        strip = tuple((int(n), self._label(int(n), worth), self._picture(value, int(n), 1)) for n in order[:N_STRIP])
        flip = -1 if self._flipped else 1
        assert self._image is not None
        self.view.show_mode(
            self._image,
            self._picture(value, chosen, flip),
            strip,
            chosen,
            tuple(_patch_words(value, chosen, patch) for patch in range(value.query.shape[1] - value.n_prefix)),
            held=self._desk.view.token - value.n_prefix,
            stale=stale,
        )
        self.gain.show_mode(value.block, value.head, chosen, self._caption(value, chosen, flip))
        self._draw_spectrum(value, chosen, stale=stale)

    def _token(self) -> int | None:
        return self._desk.view.token if self.asking.currentIndex() else None

    def _label(self, mode: int, worth: np.ndarray) -> str:
        value = float(worth[mode])
        return f"{mode}: {percent(value)}" if self._ranking == "share" else f"{mode}: {general(value, 2)}"

    def _picture(self, value: ModesOfHead, mode: int, flip: int) -> np.ndarray:
        """A mode in red and cyan: of the edited stream, of the model itself, or what lies between them."""
        sign, size = flip * value.sign(mode), round((value.query.shape[1] - value.n_prefix) ** 0.5)
        now, before = (
            [sign * side[mode, value.n_prefix :].reshape(size, size) for side in sides]
            for sides in ((value.query, value.key), (value.baseline_query, value.baseline_key))
        )
        if self.difference.isChecked():
            spans = [(0.0, high - low) for low, high in map(mode_range, before)]
            query, key = (np.abs(a - b) for a, b in zip(now, before, strict=True))
            return red_cyan(query, key, spans)
        query, key = before if self._baseline else now
        return red_cyan(query, key)

    def _caption(self, value: ModesOfHead, mode: int, flip: int) -> str:
        sign = flip * value.sign(mode)
        spans = [
            sorted(sign * end for end in mode_range(side[mode, value.n_prefix :])) for side in (value.query, value.key)
        ]
        u, v = (f"{signed(low)} to {signed(high)}" for low, high in spans)
        which = "without edits, " if self._baseline else ""
        return (
            f"{which}block {value.block}, head {value.head}, mode {mode} {'+' if sign > 0 else '−'} · "
            f"σ {fixed(value.sigma[mode], 2)} · cosine {signed(float(value.cosines[mode]), 2)} "
            f"(chance ±{fixed(value.chance, 2)}) · share {percent(value.shares[mode], 1)} (query bias "
            f"{percent(value.shares[-2])}) · red {u} · cyan {v}"
            + (f" · positions {percent(value.shares[-1])}" if value.shares[-1] else "")
        )

    def _draw_spectrum(self, value: ModesOfHead, chosen: int, *, stale: bool) -> None:
        index = self.tabs.currentIndex()
        if index not in (SIGMA, COSINE):
            return
        where = f"block {value.block}, head {value.head}"
        plots = spectrum_plots(value.sigma.tolist(), value.cosines.tolist(), value.chance, where)
        plot, view = plots[index - SIGMA], self.plots[index]
        if plot != view.plot:
            view.show_plot(plot)
        view.show_position(chosen)
        view.set_stale(stale)

    def _draw_network(self) -> None:
        """The map of all heads, or the curve over depth."""
        analysis, view = self._of_network(), self.plots[self.tabs.currentIndex()]
        found = None if analysis is None else self._desk.found(analysis)
        if analysis is None:
            return
        view.set_stale(found is None or not found.current or found.value is None)
        if found is None or found.value is None:
            return
        if found.value[0] != view.plot:
            view.show_plot(found.value[0])
        if self.tabs.currentIndex() == DEPTH:
            view.show_position(min(max(self._desk.view.read, 0), found.model.n_blocks - 1))

    def _ask(self) -> None:
        self._desk.ask()
        self._drawn_of = ()
        self.refresh()

    def _choose(self, mode: int | None) -> None:
        self._chosen, self._flipped = mode, False
        self.refresh()

    def _flip(self) -> None:
        self._flipped = not self._flipped
        self.refresh()

    def _blink(self, baseline: bool) -> None:
        self._baseline = baseline
        self.refresh()

    def _hold(self, patch: int) -> None:
        found = self._desk.found(self.analysis)
        if found is not None and found.value is not None:
            self._desk.look(token=patch + found.value.n_prefix)


def _patch_words(value: ModesOfHead, mode: int, patch: int) -> str:
    """What is known of a patch and a mode."""
    token = patch + value.n_prefix
    row, column = divmod(patch, round((value.query.shape[1] - value.n_prefix) ** 0.5))
    u, v = float(value.query[mode, token]), float(value.key[mode, token])
    return (
        f"patch ({column}, {row}) · x·u {signed(u, 2)} · x·v {signed(v, 2)} · "
        f"share of its scores {percent(value.row_shares[mode, token])}"
    )
