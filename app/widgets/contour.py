"""Contour lines of a grid of values."""

from __future__ import annotations

import numpy as np

# Marching squares: the two edges that a line joins in a cell, for each pattern of corners above the level.
# Corners count 1, 2, 4, 8 from the low row, low column round to the high row, low column; edges 0–3 likewise:
# 0 between corners 1 and 2, 1 between 2 and 4, 2 between 4 and 8, 3 between 8 and 1.
_LINES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),),
    2: ((0, 1),),
    3: ((3, 1),),
    4: ((1, 2),),
    5: ((3, 0), (1, 2)),
    6: ((0, 2),),
    7: ((3, 2),),
    8: ((2, 3),),
    9: ((2, 0),),
    10: ((0, 1), (2, 3)),
    11: ((2, 1),),
    12: ((1, 3),),
    13: ((1, 0),),
    14: ((0, 3),),
}

# An edge of the whole grid: row and column of its first end, and whether it runs along the row.
_Edge = tuple[int, int, bool]


def contour_lines(values: np.ndarray, level: float) -> list[np.ndarray]:
    """Lines along which `values` `[rows, columns]` cross `level`, each `[n, 2]` of (column, row), fractional.

    A closed line ends where it starts. Cells with a corner that is not a number are left out.
    """
    onward: dict[_Edge, list[_Edge]] = {}
    above = values >= level
    known = np.isfinite(values)
    whole = known[:-1, :-1] & known[:-1, 1:] & known[1:, 1:] & known[1:, :-1]
    pattern = above[:-1, :-1] + 2 * above[:-1, 1:] + 4 * above[1:, 1:] + 8 * above[1:, :-1]
    for row, column in np.argwhere(whole & (pattern > 0) & (pattern < 15)):
        for start, end in _LINES[int(pattern[row, column])]:
            first, second = _edge(int(row), int(column), start), _edge(int(row), int(column), end)
            onward.setdefault(first, []).append(second)
            onward.setdefault(second, []).append(first)
    return [np.array([_crossing(values, level, edge) for edge in line]) for line in _chains(onward)]


def _edge(row: int, column: int, side: int) -> _Edge:
    places = ((row, column, True), (row, column + 1, False), (row + 1, column, True), (row, column, False))
    return places[side]


def _crossing(values: np.ndarray, level: float, edge: _Edge) -> tuple[float, float]:
    row, column, along_row = edge
    here = float(values[row, column])
    there = float(values[row, column + 1] if along_row else values[row + 1, column])
    share = (level - here) / (there - here)
    return (column + share, row) if along_row else (column, row + share)


def _chains(onward: dict[_Edge, list[_Edge]]) -> list[list[_Edge]]:
    """The graph of edges as lines: first those that end at the border, then the closed ones."""
    ends_first = sorted(onward, key=lambda edge: len(onward[edge]))
    used: set[frozenset[_Edge]] = set()
    lines = []
    for start in ends_first:
        line = [start]
        while following := _unused(line[-1], onward, used):
            used.add(frozenset((line[-1], following)))
            line.append(following)
        if len(line) > 1:
            lines.append(line)
    return lines


def _unused(edge: _Edge, onward: dict[_Edge, list[_Edge]], used: set[frozenset[_Edge]]) -> _Edge | None:
    return next((other for other in onward[edge] if frozenset((edge, other)) not in used), None)
