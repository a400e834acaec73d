"""The scrubber: where the stream is read and written, and how well each layer carries the property shown."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.desk import Desk
from app.panels import Panel
from app.widgets.layer_strip import Cell, LayerStrip
from core.cards import Card, SubspaceKey, subspace_cards
from core.demo import best_block
from core.scene import Property

TOO_LATE_BELOW = 0.25
DEFAULT_BLOCKS = 6


def layer_cells(cards: dict[SubspaceKey, Card], property: Property, n_blocks: int) -> list[Cell]:
    """One cell for the embeddings and one a block, with the interchange accuracy of the property there."""
    best = best_block(cards, property)
    cells = []
    for block in range(-1, n_blocks):
        card = cards.get((property, block))
        effect = None if card is None else float(card["iia"])
        late = effect is not None and block > best and effect < TOO_LATE_BELOW
        note = "too late: already compared" if late else ""
        cells.append(Cell("embed" if block < 0 else f"block {block}", effect, note))
    return cells


def probe_cells(cards: Mapping[int, Card], n_blocks: int) -> list[Cell]:
    """The same cells with the share of pairs that the probe there is right about, where there is one."""
    shares = {block: float(card["accuracy"]) for block, card in cards.items()}
    return [
        Cell("embed" if block < 0 else f"block {block}", shares.get(block), meaning="probe's accuracy")
        for block in range(-1, n_blocks)
    ]


class LayersPanel(QWidget, Panel):
    """One strip drives every panel."""

    title, place, order = "Layers", "bottom", 60
    bar = True

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.strip = LayerStrip()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 2, 6, 4)
        layout.addWidget(self.strip)
        self.strip.read_moved.connect(lambda block: desk.look(read=block))
        self.strip.write_moved.connect(lambda block: desk.look(write=block))

    @property
    def n_blocks(self) -> int:
        """Blocks of the model that answered last."""
        answer = self._desk.answer
        return answer.model.n_blocks if answer is not None else DEFAULT_BLOCKS

    def refresh(self) -> None:
        """Draw the effects of the property whose pad is shown, or how good the probes are, and the markers."""
        desk = self._desk
        answered = None if desk.answer is None else desk.answer.question.document.model
        if self.has_news(desk.model, answered, desk.document.model, desk.pad_shown, desk.probe_shown):
            self.strip.set_cells(self._cells())
        self.strip.set_markers(desk.view.read, desk.view.write)

    def _cells(self) -> list[Cell]:
        desk, model = self._desk, self._desk.model
        of_another = desk.answer is not None and desk.answer.question.document.model != desk.document.model
        if desk.probe_shown:
            return probe_cells(model.probe_cards if model and not of_another else {}, self.n_blocks)
        if of_another:  # it is being opened: what is known of the one before is not its
            return layer_cells({}, desk.pad_shown, self.n_blocks)
        cards = dict(model.subspace_cards) if model else subspace_cards(desk.document.model)
        return layer_cells(cards, desk.pad_shown, self.n_blocks)
