"""A panel draws only what is another than at the last call: by value, and arrays by identity."""

from __future__ import annotations

import numpy as np
import pytest

from app.panels import Panel

ARRAY = np.array([1.0, 2.0])


def test_the_first_state_is_news() -> None:
    assert Panel().has_news("a", None)


@pytest.mark.parametrize("state", [("a", 1), (None,), ((1, 2), {"k": 3}), (ARRAY, 1)])
def test_the_same_state_is_none(state: tuple[object, ...]) -> None:
    panel = Panel()
    panel.has_news(*state)

    assert not panel.has_news(*state)
    assert not panel.has_news(*state)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("a", 1), ("a", 2)),
        (("a",), ("a", "b")),
        ((ARRAY,), (ARRAY.copy(),)),
        ((None,), (ARRAY,)),
        ((ARRAY,), (None,)),
    ],
)
def test_another_state_is_news_once(before: tuple[object, ...], after: tuple[object, ...]) -> None:
    panel = Panel()
    panel.has_news(*before)

    assert panel.has_news(*after)
    assert not panel.has_news(*after)
