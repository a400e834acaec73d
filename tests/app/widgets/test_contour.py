from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.widgets.contour import contour_lines


def radius(rows: int, columns: int) -> np.ndarray:
    y, x = np.mgrid[:rows, :columns]
    distance: np.ndarray = np.hypot(x - (columns - 1) / 2, y - (rows - 1) / 2)
    return distance


def test_a_hill_has_one_closed_line_at_the_right_distance() -> None:
    (line,) = contour_lines(radius(31, 31), 9.0)

    np.testing.assert_array_equal(line[0], line[-1])
    np.testing.assert_allclose(np.hypot(*(line - 15).T), 9.0, atol=0.05)


def test_a_slope_has_one_open_line_from_border_to_border() -> None:
    (line,) = contour_lines(np.tile(np.arange(6.0), (4, 1)), 2.25)

    np.testing.assert_allclose(line[:, 0], 2.25)
    assert sorted(line[[0, -1], 1].tolist()) == [0, 3]


def test_level_ground_has_no_line() -> None:
    assert contour_lines(np.full((5, 5), 0.3), 0.5) == []
    assert contour_lines(np.full((5, 5), 0.8), 0.5) == []


def test_a_saddle_has_two_lines_that_do_not_cross() -> None:
    assert len(contour_lines(np.array([[1.0, 0.0], [0.0, 1.0]]), 0.5)) == 2


def test_the_unknown_is_left_out() -> None:
    values = np.tile(np.arange(6.0), (6, 1))
    values[2, 2] = np.nan

    lines = contour_lines(values, 2.25)

    assert sorted(float(y) for line in lines for y in line[[0, -1], 1]) == [0, 1, 3, 5]


@given(seed=st.integers(0, 200), level=st.floats(0.2, 0.8))
def test_every_point_lies_on_the_level_and_lines_end_only_at_the_border(seed: int, level: float) -> None:
    values = np.random.default_rng(seed).random((7, 9))
    for line in contour_lines(values, level):
        for column, row in line:
            assert between(values, row, column) == pytest.approx(level)
        if not np.array_equal(line[0], line[-1]):
            ends = line[[0, -1]]
            assert all(x in (0, 8) or y in (0, 6) for x, y in ends)


def between(values: np.ndarray, row: float, column: float) -> float:
    top, left = int(row), int(column)
    bottom, right = int(np.ceil(row)), int(np.ceil(column))
    down, across = row - top, column - left
    upper = values[top, left] * (1 - across) + values[top, right] * across
    lower = values[bottom, left] * (1 - across) + values[bottom, right] * across
    return float(upper * (1 - down) + lower * down)
