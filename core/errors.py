"""The one exception for what a user can mend."""

from __future__ import annotations


class UserError(Exception):
    """Something that the user can put right: what happened, and what to do about it.

    `in_window` is the hint for who sits at the window, where the command line has another way.
    """

    def __init__(self, message: str, hint: str = "", *, in_window: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint
        self.in_window = in_window or hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()
