"""The inside view: attention of one token in the head that is looked at, and the atlas of all heads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget

from app.desk import Desk, Found
from app.panels import Panel
from app.panels.stimulus import item_role
from app.plots.view import PlotView
from app.widgets.attention_view import AttentionView, ItemRing
from app.widgets.head_atlas import HeadAtlas
from app.widgets.which_picture import WhichPicture
from core.analyses import Analysis
from core.analyses.attention import Attention, AttentionOfToken
from core.analyses.item_shares import ItemShares
from core.interventions.knock_out_heads import heads_off, toggle_head
from core.masses import Masses, mass_curves
from core.of_source import OfSource
from core.questions import ModelInfo
from core.stimuli.render import render
from core.stimuli.stimulus import Stimulus, item_name
from core.stimuli.tokens import patches_of_items

Value = TypeVar("Value")

OVERVIEW_MIN_PX, OVERVIEW_SHARE = 96, 0.42
BESIDE_FROM, BESIDE_SHARE = 1.25, 0.55
"""How many times as wide as high the panel is before atlas and picture stand side by side, and the atlas's share."""


class InsidePanel(QWidget, Panel):
    """Hover a patch to see what it looks at; click to hold it; A flips the direction, C blinks the baseline.

    With Ctrl held, the model answers as if the head under the mouse were off, and a click switches it off for good.
    """

    title, place, order = "Inside", "middle", 40

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._receiving = False
        self._baseline = False
        self._shape = (0, 0)
        self._drawn: Stimulus | None = None
        self._image: np.ndarray | None = None
        self.view, self.which = AttentionView(), WhichPicture()
        self.atlas, self.curves, self.overview = HeadAtlas(), PlotView(), QTabWidget()
        self.overview.addTab(self.atlas, "Heads")
        self.overview.addTab(self.curves, "Where items look")
        self.overview.setTabToolTip(1, "Attention that item tokens give to their own item, its partner, and the rest")
        self.overview.setDocumentMode(True)
        self.overview.tabBar().setDrawBase(False)
        self.overview.setMinimumHeight(OVERVIEW_MIN_PX)  # on a low screen the picture above matters more
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.addWidget(self.view)
        self._splitter.addWidget(self.overview)
        self._splitter.setChildrenCollapsible(False)
        self._is_split_by_hand = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 4)
        layout.addWidget(self.which)
        layout.addWidget(self._splitter, 1)
        self._connect()

    def _connect(self) -> None:
        self.which.switch.toggled.connect(lambda _: self._change_picture())
        self.view.closeup_wanted.connect(self._desk.look_closer)
        self.view.token_hovered.connect(self._desk.look_from)
        self.view.token_pinned.connect(self._desk.hold_query)
        self.view.direction_toggled.connect(self._flip_direction)
        self.view.blink.connect(self._blink)
        self.atlas.head_chosen.connect(lambda block, head: self._desk.look(read=block, head=head))
        self.atlas.head_toggled.connect(self._toggle_head)
        self.atlas.head_previewed.connect(self._try_head)
        self.atlas.preview_ended.connect(lambda: self._desk.try_out(None))
        self.curves.position_chosen.connect(lambda block: self._desk.look(read=block))
        self.overview.currentChanged.connect(lambda _: self._draw_curves())
        self._splitter.splitterMoved.connect(self._keep_split)

    def minimumSizeHint(self) -> QSize:
        """As wide as the wider of atlas and picture: in less room than both need beside each other they are stacked."""
        stacked, beside = max(self._least_widths()), self._splitter.minimumSizeHint().width()
        least = super().minimumSizeHint()
        return QSize(least.width() - max(0, beside - stacked), least.height())

    def _least_widths(self) -> tuple[int, int]:
        return self.view.minimumSizeHint().width(), self.overview.minimumSizeHint().width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._split()

    def _split(self) -> None:
        """The picture takes what the atlas does not need, and more than half, unless somebody has decided otherwise.

        In a wide and low panel the two stand side by side: one above the other both would be small.
        """
        size = self._splitter.size()
        room = sum(self._least_widths()) + self._splitter.handleWidth()
        beside = size.width() >= max(BESIDE_FROM * size.height(), room)
        self._splitter.setOrientation(Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical)
        if beside:
            self._splitter.setSizes([round((1 - BESIDE_SHARE) * size.width()), round(BESIDE_SHARE * size.width())])
        elif not self._is_split_by_hand:
            below = min(self.overview.sizeHint().height(), round(OVERVIEW_SHARE * size.height()))
            self._splitter.setSizes([size.height() - below, below])

    def _keep_split(self) -> None:
        self._is_split_by_hand = True

    def wanted(self) -> tuple[Analysis[Any], ...]:
        """Attention of the token that is looked at, and what heads take from items to items."""
        return (self._of_picture(Attention(self._desk.view.token)), self._of_picture(ItemShares()))

    @property
    def shows_source(self) -> bool:
        """Whether it is about the source: where that is shown, and the switch says so."""
        return self._desk.view.side == "source" and self.which.switch.isChecked()

    def _of_picture(self, analysis: Analysis[Value]) -> Analysis[Value]:
        return OfSource(analysis) if self.shows_source else analysis

    def _change_picture(self) -> None:
        self.refresh()
        self._desk.ask()

    def kept(self) -> dict[str, Any]:
        ways = {"held": self._desk.query_held, "receiving": self._receiving, "of_source": self.which.switch.isChecked()}
        return {**ways, "overview": self.overview.currentIndex()}

    def take(self, kept: Mapping[str, Any]) -> None:
        self._desk.query_held, self._receiving, wants_source = (
            kept.get(name) is True for name in ("held", "receiving", "of_source")
        )
        self.which.switch.setChecked(wants_source)
        overview = kept.get("overview")
        if isinstance(overview, int) and 0 <= overview < self.overview.count():
            self.overview.setCurrentIndex(overview)
        self.refresh()

    def refresh(self) -> None:
        """Draw the attention that was found last, greyed where it belongs to another state."""
        view = self._desk.view
        self._mark_heads()
        self.view.show_closeup(self._desk.closeup)
        found, shares = self._desk.found(self._of_picture(Attention(view.token))), self._shares()
        refusal = None if found is None or found.refusal is None else found.refusal.message
        self.which.show_which(view.side == "source", refusal if self.shows_source else None)
        if found is None or found.value is None:
            self.view.setEnabled(False)
            self.atlas.set_stale(True)
            return
        self.view.setEnabled(True)
        scores = None if shares is None or shares.value is None else shares.value.get("score")
        way = (self._desk.query_held, self._receiving, self._baseline)
        if not self.has_news(found.value, scores, view.read, view.head, found.current, *way):
            return
        attention, info = found.value, found.model
        stimulus = (self.shows_source and found.document.source) or found.document.base
        if stimulus != self._drawn or self._image is None:
            self._drawn, self._image = stimulus, render(stimulus)
        block, head = min(max(view.read, 0), info.n_blocks - 1), min(view.head, info.n_heads - 1)
        maps, vmax = self._maps(attention)
        row = maps[block, head]
        grid = info.geometry.grid
        self.view.set_scale("block max")
        self.view.show_attention(
            self._image,
            row[info.n_prefix :].reshape(grid, grid),
            float(vmax[block]),
            item_rings(stimulus),
            attention.token,
            tuple((name, float(row[i])) for i, name in enumerate(info.prefix_names)),
            self._caption(info, block, head, attention, stimulus),
            stale=not found.current,
        )
        self._draw_atlas(info, maps, vmax, scores, stale=not found.current)
        self.atlas.set_selected(block, head)
        self._draw_curves()

    def _maps(self, attention: AttentionOfToken) -> tuple[np.ndarray, np.ndarray]:
        """Maps [L, H, T] in the direction that is looked at, and the fixed scale of each block [L]."""
        if self._receiving:
            maps = attention.baseline_received if self._baseline else attention.received
            return maps, attention.received_vmax
        return (attention.baseline_rows if self._baseline else attention.rows), attention.vmax

    def _draw_atlas(
        self, info: ModelInfo, maps: np.ndarray, vmax: np.ndarray, scores: Masses | None, *, stale: bool
    ) -> None:
        shape = (info.n_blocks, info.n_heads)
        if shape != self._shape:
            self._shape = shape
            QTimer.singleShot(0, self, self._split)  # once the atlas knows how many heads there are
        self.atlas.set_scores(np.full(shape, math.nan) if scores is None else scores)
        grid = info.geometry.grid
        self.atlas.set_thumbnails(maps[:, :, info.n_prefix :].reshape(*shape, grid, grid), vmax)
        self.atlas.set_stale(stale)

    def _shares(self) -> Found[Mapping[str, Masses]] | None:
        return self._desk.found(self._of_picture(ItemShares()))

    def _draw_curves(self) -> None:
        """Where the items of the stimulus look, with the block that is looked at marked."""
        if self.overview.currentWidget() is not self.curves:
            return
        found = self._shares()
        self.curves.set_stale(found is None or not found.current or found.value is None)
        if found is None or found.value is None:
            return
        plot = mass_curves(found.value)
        if plot != self.curves.plot:
            self.curves.show_plot(plot)
        self.curves.show_position(min(max(self._desk.view.read, 0), found.model.n_blocks - 1))

    def _caption(self, info: ModelInfo, block: int, head: int, attention: AttentionOfToken, stimulus: Stimulus) -> str:
        token = token_name(info, attention.token, stimulus)
        what = f"who looks at {token}" if self._receiving else f"{token} looks at"
        held = " · held, click to let go" if self._desk.query_held else ""
        which = "source, " if self.shows_source else "without edits, " if self._baseline else ""
        return f"{what} — {which}block {block}, head {head}{held}"

    def _mark_heads(self) -> None:
        """Cross out the heads that are switched off."""
        if self._desk.answer is not None:
            self.atlas.set_off(heads_off(self._desk.document, self._desk.answer.lost))

    def _try_head(self, block: int, head: int) -> None:
        """What the model says without a head, or with one that is off; nothing of it stays unless it is clicked."""
        self._desk.try_out(toggle_head(self._desk.document, block, head))

    def _toggle_head(self, block: int, head: int) -> None:
        way = "on" if (block, head) in heads_off(self._desk.document) else "off"
        self._desk.edit(f"Head {head} of block {block} {way}", toggle_head(self._desk.document, block, head))

    def _flip_direction(self) -> None:
        self._receiving = not self._receiving
        self.refresh()

    def _blink(self, baseline: bool) -> None:
        self._baseline = baseline
        self.refresh()


def item_rings(stimulus: Stimulus) -> tuple[ItemRing, ...]:
    """Outlines of the patches that lie on items."""
    return tuple(
        ItemRing(item_name(index), patches, item_role(stimulus, index))
        for index, patches in enumerate(patches_of_items(stimulus))
    )


def token_name(info: ModelInfo, token: int, stimulus: Stimulus) -> str:
    """`CLS`, or `patch (column, row)` with the item that it is of."""
    if token < info.n_prefix:
        return info.prefix_names[token]
    patch = token - info.n_prefix
    row, column = divmod(patch, info.geometry.grid)
    owners = [item_name(index) for index, patches in enumerate(patches_of_items(stimulus)) if patch in patches]
    return f"patch ({column}, {row})" + (f" of {owners[0]}" if owners else "")
