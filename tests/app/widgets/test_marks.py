from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from app.theme import DARK, LIGHT, Theme
from app.widgets.marks import ink_on, keep_inside


def luminance(color: QColor) -> float:
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in color.getRgbF()[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("role", ["item_a", "item_b", "warning", "accent", "line"])
def test_letters_on_every_mark_reach_the_contrast_of_wcag(theme: Theme, role: str) -> None:
    ground = theme.color(role)

    light, dark = sorted((luminance(ground), luminance(ink_on(ground))), reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= 4.5


@pytest.mark.parametrize(
    ("rect", "kept"),
    [((-5, 2, 10, 10), (0, 2)), ((95, 95, 10, 10), (90, 90)), ((20, 30, 10, 10), (20, 30)), ((5, 5, 300, 10), (0, 5))],
)
def test_a_mark_is_moved_inside_by_no_more_than_needed(
    rect: tuple[float, float, float, float], kept: tuple[float, float]
) -> None:
    inside = keep_inside(QRectF(*rect), QRectF(0, 0, 100, 100))

    assert (inside.left(), inside.top()) == kept
