"""What plots with two axes share: the frame, its ticks, the legend, reference lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.figures.drawing import Area, Line, Mark, Text, marker, star, text_width
from core.plots import Reference, Role

SMALL, NORMAL, LARGE = 7.0, 7.5, 9.0
MARGIN = 10.0
TICK_LINE = 8.5
LINE_HEIGHT = 11.5
SAMPLE = 20.0
DASHES: dict[Role, tuple[float, ...]] = {"measured": (), "control": (1.5, 2.0), "published": (5.0, 2.5)}


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle in points and the ranges of values along its sides."""

    left: float
    top: float
    width: float
    height: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> float:
        """Points from the left of a value."""
        low, high = self.x_range
        return self.left + self.width * (value - low) / (high - low)

    def y(self, value: float) -> float:
        """Points from the top of a value, kept inside the frame."""
        low, high = self.y_range
        share = min(1.0, max(0.0, (value - low) / (high - low)))
        return self.top + self.height * (1 - share)

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width


@dataclass(frozen=True, slots=True)
class Entry:
    """One legend entry: its words and the look of its series."""

    words: str
    hue: int
    role: Role
    look: Literal["line", "bar", "point"] = "line"


def steps(low: float, high: float) -> list[float]:
    """Four to six round numbers from `low` to `high`."""
    raw = (high - low) / 4
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [step * i for i in range(first, math.floor(high / step + 1e-9) + 1)]


def number(value: float) -> str:
    """A tick label."""
    return f"{value:.6g}".replace("-", "−")


def heading(title: str, entries: Sequence[Entry], width: float) -> tuple[list[Mark], float]:
    """The title and the legend under it, wrapped at `width`, and the height that they take."""
    marks: list[Mark] = [Text(MARGIN, MARGIN + LARGE, title, LARGE, bold=True)]
    x, y = MARGIN, MARGIN + LARGE + LINE_HEIGHT + 3
    for entry in entries:
        room = SAMPLE + 5 + text_width(entry.words, NORMAL) + 12
        if x > MARGIN and x + room - 12 > width - MARGIN:
            x, y = MARGIN, y + LINE_HEIGHT
        marks += _sample(entry, x, y - 2.6)
        marks.append(Text(x + SAMPLE + 5, y, entry.words, NORMAL))
        x += room
    return marks, y + 9 if entries else MARGIN + LARGE + 10


def _sample(entry: Entry, x: float, y: float) -> list[Mark]:
    color = hue(entry.hue, entry.role)
    if entry.look == "bar":
        corners = ((x + 6, y - 3.5), (x + 16, y - 3.5), (x + 16, y + 3.5), (x + 6, y + 3.5))
        return [bar_area(corners, entry.hue, entry.role)]
    mark = point_mark(entry.hue, entry.role, x + SAMPLE / 2, y)
    return [Line(((x, y), (x + SAMPLE, y)), color, 1.4, DASHES[entry.role]), mark] if entry.look == "line" else [mark]


def hue(index: int, role: Role) -> str:
    """The colour role of a series: controls are grey."""
    return "muted" if role == "control" else f"hue{index}"


def point_mark(index: int, role: Role, x: float, y: float, radius: float = 2.2) -> Area:
    """A series' marker: filled where it was measured, hollow where it was published."""
    color = hue(index, role)
    if role == "published":
        return Area(marker(index, x, y, radius), "paper", 1.0, color)
    return Area(marker(index, x, y, radius), color)


def bar_area(corners: tuple[tuple[float, float], ...], index: int, role: Role) -> Area:
    """A bar: filled where it was measured, a tinted outline where it was published."""
    color = hue(index, role)
    return Area(corners, color, 0.18 if role == "published" else 1.0, color if role == "published" else "")


def peak_star(index: int, role: Role, x: float, y: float) -> Area:
    """The star at a series' peak."""
    return Area(star(x, y, 6.5), hue(index, role), 1.0, "paper")


def y_axis(frame: Frame, label: str) -> list[Mark]:
    """Grid lines, tick labels and the axis' own label."""
    marks: list[Mark] = []
    for value in steps(*frame.y_range):
        y = frame.y(value)
        marks.append(Line(((frame.left, y), (frame.right, y)), "grid", 0.6))
        marks.append(Text(frame.left - 5, y + 2.6, number(value), SMALL, "muted", "end"))
    marks.append(Text(frame.left - 30, frame.top + frame.height / 2, label, NORMAL, "ink", "middle", turned=True))
    return marks


def x_axis(frame: Frame, label: str, ticks: Sequence[tuple[float, str]]) -> list[Mark]:
    """The base line, tick labels of one or more lines, and the axis' label.

    A tick label that would touch the one before is left out.
    """
    marks: list[Mark] = [Line(((frame.left, frame.bottom), (frame.right, frame.bottom)), "muted", 0.8)]
    end = -math.inf
    for value, words in ticks:
        lines = words.split("\n")
        x, half = frame.x(value), max(text_width(line, SMALL) for line in lines) / 2
        marks.append(Line(((x, frame.bottom), (x, frame.bottom + 2.5)), "muted", 0.8))
        if x - half > end + 2:
            for i, line in enumerate(lines):
                marks.append(Text(x, frame.bottom + 11 + TICK_LINE * i, line, SMALL, "muted", "middle"))
            end = x + half
    marks.append(Text(frame.left + frame.width / 2, frame.bottom + 24, label, NORMAL, "ink", "middle"))
    return marks


def reference_lines(frame: Frame, references: Sequence[Reference]) -> list[Mark]:
    """Dashed lines across the frame with their words at the right end."""
    marks: list[Mark] = []
    for reference in references:
        y = frame.y(reference.value)
        marks.append(Line(((frame.left, y), (frame.right, y)), "muted", 0.8, (3.0, 2.5)))
        marks.append(Text(frame.right + 4, y + 2.5, reference.label, SMALL, "muted"))
    return marks


def reference_room(references: Sequence[Reference]) -> float:
    """Room that the words of the reference lines need on the right."""
    return max((text_width(r.label, SMALL) + 6 for r in references), default=4.0)
