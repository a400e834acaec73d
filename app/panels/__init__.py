"""One file a panel. A panel draws what the desk holds, proposes edits, and computes nothing."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from core.analyses import Analysis

Place = Literal["top", "middle", "behind", "bottom", "floating"]
"""Where a panel's dock is at first. Behind: hidden, and then in front of the inside view."""


class Panel:
    """What the window needs of a panel, beside its being a widget that is made of a desk.

    Its dock, its entry in *Window* and its command are called `title`. Panels of one place stand in their `order`, and
    in the middle in `width_px`. A `bar` has no title, and no more height than it needs.
    """

    title: ClassVar[str]
    place: ClassVar[Place] = "behind"
    order: ClassVar[int] = 100
    width_px: ClassVar[int] = 380
    bar: ClassVar[bool] = False

    def wanted(self) -> tuple[Analysis[Any], ...]:
        """What it wants to know of the current state while it can be seen."""
        return ()

    def refresh(self) -> None:
        """Draw what has changed since the last call."""
        raise NotImplementedError
