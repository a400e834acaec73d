"""One file a panel. A panel draws what the desk holds, proposes edits, and computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from app import numbers
from core.analyses import Analysis

Place = Literal["top", "middle", "behind", "bottom", "floating"]
"""Where a panel's dock is. Behind: hidden while one explores, beside the inside view in the workspace Inside.
Floating: over the window, and large in the workspace Study."""


class Panel:
    """What the window needs of a panel, beside its being a widget that is made of a desk.

    Its dock, its entry in *Window* and its command are called `title`. Panels of one place stand in their `order`.
    A `bar` has no title, and no more height than it needs.
    """

    title: ClassVar[str]
    place: ClassVar[Place] = "behind"
    order: ClassVar[int] = 100
    bar: ClassVar[bool] = False

    _drawn_of: tuple[object, ...] = ()

    def wanted(self) -> tuple[Analysis[Any], ...]:
        """What it wants to know of the current state while it can be seen."""
        return ()

    def refresh(self) -> None:
        """Draw what has changed since the last call."""
        raise NotImplementedError

    def kept(self) -> dict[str, Any]:
        """How it stands, as JSON has it, beside what is in the document and the view: kept in a document's file."""
        return {}

    def take(self, kept: Mapping[str, Any]) -> None:
        """Stand as `kept` says. It comes from a file: what is not known or of another type is passed over."""

    def is_empty(self) -> bool:
        """Of a bar: whether there is nothing to show, so that it takes no room."""
        return False

    def set_low(self, low: bool) -> None:
        """Of a bar: take less height, for the window is low, or as much as it likes again."""

    def has_news(self, *state: object) -> bool:
        """Whether something of `state`, all that the panel draws from, is another than at the last call, or how numbers
        are written.

        By value, but arrays by identity: those of another answer are others.
        """
        state = (*state, numbers.current())
        before, self._drawn_of = self._drawn_of, state
        return len(before) != len(state) or not all(map(_unchanged, before, state))


def _unchanged(before: object, now: object) -> bool:
    return before is now or (not isinstance(now, np.ndarray) and not isinstance(before, np.ndarray) and before == now)
