"""The scrubber: where the stream is read and written, and how well each layer carries the property shown, or once a
sweep of the edits is there, what they do at each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.comparing import beside, block_beside, block_of_first, found_beside, n_blocks_beside, names
from app.desk import Desk
from app.layout import limit
from app.panels import Panel
from app.widgets.layer_strip import Cell, LayerStrip
from app.widgets.side_by_side import SideBySide
from core.analyses import Analysis
from core.analyses.decision import Decision
from core.analyses.layer_sweep import TOO_LATE, LayerSweep, Sweep
from core.cards import Card, SubspaceKey, is_number, subspace_cards
from core.demo import best_block
from core.questions import ModelInfo
from core.stimuli.stimulus import Property

TOO_LATE_BELOW, ALIKE_BELOW = 0.25, 0.05
"""After the best layer it is too late where an exchange turns fewer answers, or hardly more than the wrong object's."""
SHARES = ("iia", "wrong_object_iia")
DEFAULT_BLOCKS = 6
INTERCHANGE = "interchange accuracy"
EXPLAINED = (
    "The share of pairs whose answer turns as it should where a swap in the subspace here replaces one object's value; "
    "the line: with the wrong object's."
)


def layer_cells(cards: dict[SubspaceKey, Card], property: Property, n_blocks: int) -> list[Cell]:
    """One cell for the embeddings and one a block, with the interchange accuracy of the property there."""
    best = best_block(cards, property)
    cells = []
    for block in range(-1, n_blocks):
        card = cards.get((property, block), {})
        effect, control = (float(card[name]) if is_number(card.get(name)) else None for name in SHARES)
        alike = effect is not None and control is not None and effect - control < ALIKE_BELOW
        late = effect is not None and block > best and (alike or effect < TOO_LATE_BELOW)
        label, note = "embed" if block < 0 else f"block {block}", TOO_LATE if late else ""
        cells.append(Cell(label, effect, note, INTERCHANGE, EXPLAINED, control))
    return cells


def probe_cells(cards: Mapping[int, Card], n_blocks: int) -> list[Cell]:
    """The same cells with the share of pairs that the probe there is right about, where there is one."""
    shares = {block: float(card["accuracy"]) for block, card in cards.items()}
    return [
        Cell("embed" if block < 0 else f"block {block}", shares.get(block), meaning="probe's accuracy")
        for block in range(-1, n_blocks)
    ]


def swept_cells(sweep: Sweep) -> list[Cell]:
    """The same cells with the share of answers that the edits turn where they are made there."""
    late, (shares, _, _) = sweep.too_late, sweep.flips()
    of = f"{len(sweep.others)} pairs" if sweep.others else "this picture alone"
    explained = f"The share of answers that the edits turn when they are made here, of {of}: the sweep."
    cells = []
    for block, share in zip(sweep.blocks, shares, strict=True):
        label, effect = "embed" if block < 0 else f"block {block}", None if math.isnan(share) else share
        cells.append(Cell(label, effect, TOO_LATE if block in late else "", "answers turned", explained))
    return cells


class LayersPanel(QWidget, Panel):
    """One strip drives every panel."""

    title, place, order = "Layers", "bottom", 60
    bar = True

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.strip, self.beside = LayerStrip(), LayerStrip()
        self.both = SideBySide(self.strip, self.beside)
        self._beside_drawn_of: tuple[object, ...] = ()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 2, 6, 4)
        layout.addWidget(self.both)
        self.strip.read_moved.connect(lambda block: desk.look(read=block))
        self.strip.write_moved.connect(lambda block: desk.look(write=block))
        self.beside.read_moved.connect(lambda block: self._look(read=block_of_first(desk, block)))
        self.beside.write_moved.connect(lambda block: self._look(write=block_of_first(desk, block)))

    def wanted(self) -> tuple[Analysis[Any], ...]:
        """Which model is compared, and what was learned on it."""
        return beside(self._desk, Decision())

    @property
    def n_blocks(self) -> int:
        """Blocks of the model that answered last."""
        answer = self._desk.answer
        return answer.model.n_blocks if answer is not None else DEFAULT_BLOCKS

    def set_low(self, low: bool) -> None:
        for strip in (self.strip, self.beside):
            strip.set_low(low)

    def refresh(self) -> None:
        """Draw the effects of the property whose pad is shown, or how good the probes are, and the markers."""
        desk = self._desk
        answered = None if desk.answer is None else desk.answer.question.document.model
        state = (desk.model, answered, desk.document.model, desk.pad_shown, desk.probe_shown, self._sweep)
        if self.has_news(*state):
            self.strip.set_cells(self._cells())
        self.strip.set_markers(desk.view.read, desk.view.write)
        if self.both.show_names(names(desk) if desk.document.compared else None):
            limit(self)
        if desk.document.compared:
            self._refresh_beside()

    @property
    def _sweep(self) -> Sweep | None:
        """What a sweep of the state that is shown has found, once it is whole."""
        found = self._desk.found(LayerSweep())
        if found is None or found.value is None or found.document != self._desk.shown:
            return None
        whole = found.value.known and len(found.value.others) == found.value.n
        return found.value if whole and self._desk.is_of_this_fit(found) else None

    def _refresh_beside(self) -> None:
        """Draw the compared model's layers, its markers at the same relative depth."""
        desk, n_blocks = self._desk, n_blocks_beside(self._desk)
        found = found_beside(desk, Decision())
        model = found.model if found is not None and found.value is not None else None
        drawn_of = (model, desk.document.compared, desk.pad_shown, desk.probe_shown, n_blocks)
        if drawn_of != self._beside_drawn_of:
            self._beside_drawn_of = drawn_of
            self.beside.set_cells(self._cells_of(model, desk.document.compared, n_blocks))
        self.beside.set_markers(*(block_beside(desk, block) for block in (desk.view.read, desk.view.write)))

    def _look(self, **changes: int) -> None:
        """Look where the compared model's marker was put; it goes to the depth that the first model has."""
        self._desk.look(**changes)
        self._refresh_beside()

    def _cells(self) -> list[Cell]:
        desk, model = self._desk, self._desk.model
        if self._sweep is not None:
            return swept_cells(self._sweep)
        of_another = desk.answer is not None and desk.answer.question.document.model != desk.document.model
        if of_another:  # it is being opened: what is known of the one before is not its
            return (
                probe_cells({}, self.n_blocks) if desk.probe_shown else layer_cells({}, desk.pad_shown, self.n_blocks)
            )
        return self._cells_of(model, desk.document.model, self.n_blocks)

    def _cells_of(self, model: ModelInfo | None, reference: str, n_blocks: int) -> list[Cell]:
        """The cells of a model as it answered, or before it has by its cards."""
        if self._desk.probe_shown:
            return probe_cells(model.probe_cards if model else {}, n_blocks)
        cards = dict(model.subspace_cards) if model else subspace_cards(reference)
        return layer_cells(cards, self._desk.pad_shown, n_blocks)
