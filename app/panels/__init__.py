"""One file a panel. A panel draws what the desk holds, proposes edits, and computes nothing."""

from __future__ import annotations

from typing import Protocol


class Panel(Protocol):
    """What the window needs of a panel, beside its being a widget."""

    def refresh(self) -> None:
        """Draw what has changed since the last call."""
