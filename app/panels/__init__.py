"""One file a panel. A panel draws what the desk holds, proposes edits, and computes nothing."""

from __future__ import annotations

from typing import Any

from core.analyses import Analysis


class Panel:
    """What the window needs of a panel, beside its being a widget."""

    def wanted(self) -> tuple[Analysis[Any], ...]:
        """What it wants to know of the current state while it can be seen."""
        return ()

    def refresh(self) -> None:
        """Draw what has changed since the last call."""
        raise NotImplementedError
