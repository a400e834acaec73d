from __future__ import annotations

import numpy as np

from app.widgets.pad_picture import flip_lines

N = 31
EXTENT = (-1.0, 1.0, -1.0, 1.0)


def hill() -> np.ndarray:
    """1 in the middle of the extent, 0 at the distance 1 from it."""
    at = (np.arange(N) + 0.5) * 2 / N - 1
    distance: np.ndarray = np.hypot(at, at[:, None])
    return 1 - distance


def test_a_hill_has_one_closed_line_at_the_right_distance() -> None:
    (line,) = flip_lines(hill(), EXTENT)

    np.testing.assert_array_equal(line[0], line[-1])
    np.testing.assert_allclose(np.hypot(*line.T), 0.5, atol=0.005)


def test_a_map_of_one_answer_has_no_line() -> None:
    assert flip_lines(np.full((5, 5), 0.3), EXTENT) == []
    assert flip_lines(np.full((5, 5), 0.8), EXTENT) == []


def test_a_saddle_has_two_lines_that_do_not_cross() -> None:
    assert len(flip_lines(np.array([[1.0, 0.0], [0.0, 1.0]]), EXTENT)) == 2


def test_no_line_runs_past_what_is_not_known() -> None:
    decision = np.tile(np.linspace(0, 1, 6), (6, 1))
    decision[2, 2] = np.nan

    lines = flip_lines(decision, EXTENT)

    cell = 2 / 6
    ends = sorted(float(y) for line in lines for y in line[[0, -1], 1])
    np.testing.assert_allclose(ends, [-1, -1 + 1.5 * cell, -1 + 3.5 * cell, 1])
    assert flip_lines(np.full((4, 4), np.nan), EXTENT) == []
