"""What was measured beside what was published, as tables: one for each figure that has a published counterpart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.studies.published import NEAREST
from core.studies.result import Row, block_name

PUBLISHED = f"{NEAREST} †"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one set of columns, and what a reader must know of the columns or rows marked †."""

    rows: tuple[Row, ...]
    note: str


Curve = Mapping[int, float]


def by_block(rows: Sequence[Row], name: str) -> dict[str, Curve]:
    """Interchange accuracy, or what else a study calls success, by the value of a column, then by block."""
    curves: dict[str, dict[int, float]] = {}
    for row in rows:
        curves.setdefault(row[name], {})[row["block"]] = row["success"]
    return dict(curves)


def over_blocks(ours: Mapping[str, Curve], theirs: Mapping[str, Sequence[float]], note: str) -> Table:
    """A row for each block of either model, and for each curve ours and, where there is one, the published one."""
    theirs = {name: values for name, values in theirs.items() if values}
    last = max([*(b for curve in ours.values() for b in curve), *(len(v) - 1 for v in theirs.values())], default=-1)
    first = min((b for curve in ours.values() for b in curve), default=0)
    rows = []
    for block in range(first, last + 1):
        row: Row = {"after block": block_name(block)}
        for name, curve in ours.items():
            row[f"{name}\nmeasured"] = curve.get(block)
            if name in theirs:
                known = theirs[name]
                row[f"{name}\n{PUBLISHED}"] = known[block] if 0 <= block < len(known) else None
        rows.append(row)
    return Table(tuple(rows), note if theirs else "")


def of_another(words: str) -> str:
    """The note on a published column."""
    said = f", {words}" if words and not words.startswith("and") else f" {words}" if words else ""
    return f"† {NEAREST}, published: another model with 12 blocks{said}. An empty cell has no number."
