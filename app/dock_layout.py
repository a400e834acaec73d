"""How the docks stand, as JSON has it: columns of docks one above the other, some of them tabs, and those that float.

Not Qt's own bytes: a document comes from anywhere, and bytes that are not Qt's own make it crash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QDockWidget, QMainWindow

from app.layout import Column, Docks, Workspace, arrange
from core.cards import is_whole

MOST_PX = 10_000
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """Docks of one place, as tabs, by their titles; the one in front comes first."""

    titles: tuple[str, ...]
    height: int


def standing(window: QMainWindow, docks: Docks) -> dict[str, Any]:
    """How the docks of a window stand now; of one that is not shown only which are."""
    shown = [dock for dock in docks.values() if not dock.isHidden()]
    kept: dict[str, Any] = {
        "shown": [dock.objectName() for dock in shown],
        "front": [dock.objectName() for dock in shown if not dock.visibleRegion().isEmpty()],
    }
    if window.isVisible():
        columns = _columns([dock for kind, dock in docks.items() if dock in shown and not kind.bar], window)
        kept["columns"] = [{"width": width, "rows": rows} for width, rows in columns]
        floating = {dock.objectName(): dock.geometry() for dock in shown if dock.isFloating()}
        kept["floating"] = {title: _place(at, window) for title, at in floating.items()}
    return kept


def _columns(docks: Sequence[QDockWidget], window: QMainWindow) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """The width of each column from the left, and its rows from the top."""
    fronts = [dock for dock in docks if not dock.isFloating() and not dock.visibleRegion().isEmpty()]
    columns: list[list[QDockWidget]] = []
    for dock in sorted(fronts, key=lambda dock: (dock.x(), dock.y())):
        if columns and dock.geometry().center().x() < columns[-1][0].geometry().right():
            columns[-1].append(dock)
        else:
            columns.append([dock])
    for column in columns:
        rows = []
        for front in sorted(column, key=QDockWidget.y):
            behind = [dock for dock in window.tabifiedDockWidgets(front) if dock in docks]
            rows.append({"titles": [dock.objectName() for dock in (front, *behind)], "height": front.height()})
        yield max(dock.width() for dock in column), rows


def _place(at: QRect, window: QMainWindow) -> list[int]:
    """Left, top, width and height, seen from the window's corner."""
    return [at.x() - window.x(), at.y() - window.y(), at.width(), at.height()]


def stand(window: QMainWindow, docks: Docks, kept: Json) -> None:
    """Let the docks stand as `kept` says. It comes from a file: what is not known or of another type is passed over."""
    shown, front = (_titles(kept.get(name)) for name in ("shown", "front"))
    if not shown:
        return
    columns = list(_read_columns(kept.get("columns"), {kind.title for kind in docks if not kind.bar}))
    if columns:
        bars = [kind.title for kind in docks if kind.bar and kind.title in shown]
        arrange(window, docks, _as_workspace(columns, bars))
    floating = kept.get("floating")
    for dock in docks.values():
        place = floating.get(dock.objectName()) if isinstance(floating, Mapping) else None
        if dock.objectName() in shown and isinstance(place, list) and len(place) == 4 and all(map(_is_px, place)):
            dock.setFloating(True)
            dock.hide()  # when it is shown anew, it is brought back to the screen that there is
            dock.setGeometry(QRect(*place).translated(window.pos()))
        dock.setVisible(dock.objectName() in shown)
        if dock.objectName() in front:
            dock.raise_()


def _as_workspace(columns: Sequence[tuple[int, tuple[Row, ...]]], bars: Sequence[str]) -> Workspace:
    """Columns and bars that stand like those of a workspace."""
    of = []
    for width, (first, *others) in columns:
        heights = (first.height, *(row.height for row in others))
        of.append(Column(first.titles, width, width, tuple(row.titles for row in others), heights))
    return Workspace("", "", tuple(of), bars=tuple(bars))


def _read_columns(kept: object, known: set[str]) -> Iterator[tuple[int, tuple[Row, ...]]]:
    """Columns with docks that there are, each in one place only."""
    left = set(known)
    for column in _tables(kept):
        rows = []
        for row in _tables(column.get("rows")):
            titles = tuple(title for title in dict.fromkeys(_titles(row.get("titles"))) if title in left)
            if titles and _is_px(row.get("height")):
                rows.append(Row(titles, row["height"]))
                left -= set(titles)
        if rows and _is_px(column.get("width")):
            yield column["width"], tuple(rows)


def _tables(kept: object) -> list[Json]:
    return [each for each in kept if isinstance(each, Mapping)] if isinstance(kept, list) else []


def _titles(kept: object) -> list[str]:
    return [title for title in kept if isinstance(title, str)] if isinstance(kept, list) else []


def _is_px(value: object) -> bool:
    return isinstance(value, int) and is_whole(value) and abs(value) <= MOST_PX
