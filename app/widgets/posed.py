"""What a self-painted widget needs to stand for a figure, whose size, type and theme are not those of the window."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.theme import Theme

if TYPE_CHECKING:
    _Widget = QWidget
else:
    _Widget = object

FINE = 8.0
"""Device pixels in a logical one where there are none: so finely are squares fitted to them."""


@dataclass(frozen=True, slots=True)
class Pose:
    """How large a widget is in a figure, in logical pixels, and its type."""

    size: QSize
    font: QFont


class Posing(_Widget):
    """A mixin: while it has a `pose`, the widget is told that it has its size, and that nobody points at it.

    The widget on the screen stays as it is: nothing is laid out or painted anew.
    """

    pose: Pose | None = None

    @contextmanager
    def posed(self, pose: Pose, look: Theme) -> Iterator[None]:
        """Stand like this, in the colours of `look`, for as long as the context lasts."""
        self.pose = pose
        try:
            with theme.shown_in(look):
                yield
        finally:
            self.pose = None

    def figure_height(self, width_px: float) -> float:
        """How high the picture is at a width: as its words and squares want it, or in the proportions of the screen."""
        if self.hasHeightForWidth():
            return float(self.heightForWidth(round(width_px)))
        if self.sizePolicy().verticalPolicy() == QSizePolicy.Policy.Fixed:
            return float(self.sizeHint().height())
        seen = self.size() if self.isVisible() else self.sizeHint()
        return width_px * seen.height() / max(1, seen.width())

    def rect(self) -> QRect:
        return super().rect() if self.pose is None else QRect(0, 0, self.pose.size.width(), self.pose.size.height())

    def width(self) -> int:
        return super().width() if self.pose is None else self.pose.size.width()

    def height(self) -> int:
        return super().height() if self.pose is None else self.pose.size.height()

    def font(self) -> QFont:
        return super().font() if self.pose is None else self.pose.font

    def devicePixelRatioF(self) -> float:
        return super().devicePixelRatioF() if self.pose is None else FINE

    def hasFocus(self) -> bool:
        return self.pose is None and super().hasFocus()
