"""The rows of the dialog that opens models: those that are here and those that have a name, found as one types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from app.numbers import fixed
from app.search import Name, ranked
from core.cards import card_geometry
from core.catalogue import SAFE_WEIGHTS, Named, catalogue, on_disk
from core.errors import UserError
from core.library import Listed, card_words, listed, origin_words, size_words
from core.locations import library_folder

COLUMNS = ("Model", "Blocks × heads", "Image / patch", "Size", "Answers", "Where")
WHERE = {"library": "your library", "elsewhere": "a file", "bundled": "ships with Relata"}
Index = QModelIndex | QPersistentModelIndex
_TOP = QModelIndex()


@dataclass(frozen=True, slots=True)
class Row:
    """A model of the disk, or a name; `weights` is where the weights of a name are, if they are on this computer."""

    source: Listed | Named
    weights: Path | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.source.name

    @property
    def listed(self) -> Listed | None:
        """The model, where it is on the disk."""
        return self.source if isinstance(self.source, Listed) else None

    @property
    def named(self) -> Named | None:
        """The name, where it is no more than that."""
        return self.source if isinstance(self.source, Named) else None

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands in each column."""
        if isinstance(self.source, Named):
            named = self.source
            pixels = f"{named.image_px} / {named.patch_px}"
            answers = f"{named.n_classes:,} classes" if named.n_classes else "no classes"
            shape, size = f"{named.blocks} × {named.heads}", size_words(named.n_bytes)
            return (named.name, shape, pixels, size, answers, self._where_named(named))
        model = self.source
        if model.damaged:
            return (model.name, "?", "?", size_words(model.n_bytes), "its card cannot be read", WHERE[model.place])
        return (model.name, model.shape, _pixels(model), size_words(model.n_bytes), model.answers, WHERE[model.place])

    def _where_named(self, named: Named) -> str:
        if self.weights is not None:
            return "timm, in your library" if self.weights.parent == library_folder() else "timm, on this computer"
        return "timm, to download" if named.repo else "timm, without weights"

    @property
    def details(self) -> str:
        """What is known of it beside that, a line each."""
        if isinstance(self.source, Listed):
            damaged = (self.source.damaged,) if self.source.damaged else ()
            return "\n".join([*damaged, *card_words(self.source.card), str(self.source.path)])
        named = self.source
        width = f"{named.width} wide, {fixed(named.n_numbers / 1e6, 1)} million numbers"
        licence = f"Licence: {named.licence or 'not stated'}" if named.repo else "Nobody has published weights of it."
        where = f"Weights: {self.weights or named.repo}" if named.repo else ""
        return "\n".join(line for line in (width, licence, where) if line)


def _pixels(model: Listed) -> str:
    try:
        geometry = card_geometry(model.card)
    except UserError:
        return "?"
    return f"{geometry.image_px} / {geometry.patch_px}"


def every_row() -> tuple[Row, ...]:
    """What there is to choose from: models on the disk, names whose weights are on this computer, then the
    others, the small ones first."""
    here = [Row(model) for model in listed()]
    fetched = {origin_words(row.source.card): row.source.path for row in here if isinstance(row.source, Listed)}
    names = [Row(named, fetched.get(named.reference) or on_disk(named.repo, SAFE_WEIGHTS)) for named in catalogue()]
    return (*here, *sorted(names, key=lambda row: (row.weights is None, cast(Named, row.source).n_numbers)))


def matching(words: str, rows: Sequence[Row]) -> list[Row]:
    """The rows whose name, or whose answers and place, have every word in them; of none, those that are nearly so."""
    wanted = words.lower().split()
    found = [row for row in rows if all(word in " ".join(row.cells).lower() for word in wanted)]
    if found:
        # A name that begins with what is typed is more likely meant than one that has it somewhere.
        return sorted(found, key=lambda row: not row.name.lower().startswith(tuple(wanted[:1])))
    return [rows[index] for index in ranked(words, [Name(row.name) for row in rows])]


class ModelTable(QAbstractTableModel):
    """Shows rows in columns."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Row] = []

    def set_rows(self, rows: list[Row]) -> None:
        """Show these."""
        self.beginResetModel()
        self.shown = rows
        self.endResetModel()

    def rowCount(self, parent: Index = _TOP) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index = _TOP) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.shown[index.row()].details
        return self.shown[index.row()].cells[index.column()] if role == Qt.ItemDataRole.DisplayRole else None

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        shown = way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return COLUMNS[section] if shown else None
