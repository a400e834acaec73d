"""A drawing as SVG with real text."""

from __future__ import annotations

from html import escape

from core.figures.drawing import Area, Drawing, Line, Mark, Picture, Point, Text
from core.figures.palette import LIGHT, Palette

FONTS = "Inter, 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif"


def to_svg(drawing: Drawing, palette: Palette = LIGHT) -> str:
    """The SVG element, with its description as an accessible title."""
    width, height = _number(drawing.width), _number(drawing.height)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}pt" height="{height}pt" '
        f'viewBox="0 0 {width} {height}" font-family="{FONTS}">',
        f"<title>{escape(drawing.description)}</title>",
        f'<rect width="{width}" height="{height}" style="fill:{palette.paper}"/>',
        *(_mark(mark, palette) for mark in drawing.marks),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _mark(mark: Mark, palette: Palette) -> str:
    match mark:
        case Line():
            dashes = f";stroke-dasharray:{' '.join(map(_number, mark.dashes))}" if mark.dashes else ""
            style = f"fill:none;stroke:{palette.color(mark.color)};stroke-width:{_number(mark.width)}{dashes}"
            return f'<polyline points="{_points(mark.points)}" stroke-linejoin="round" style="{style}"/>'
        case Area():
            style = f"fill:{palette.color(mark.color)}"
            style += f";fill-opacity:{_number(mark.opacity)}" if mark.opacity < 1 else ""
            style += f";stroke:{palette.color(mark.outline)};stroke-width:0.75" if mark.outline else ""
            return f'<polygon points="{_points(mark.points)}" style="{style}"/>'
        case Text():
            return _text(mark, palette)
        case Picture():
            # Many programs know the older name of `href` alone.
            return (
                f'<image xmlns:xlink="http://www.w3.org/1999/xlink" x="{_number(mark.x)}" y="{_number(mark.y)}" '
                f'width="{_number(mark.side)}" height="{_number(mark.side)}" style="image-rendering:pixelated" '
                f'xlink:href="data:image/png;base64,{mark.png}"/>'
            )


def _text(mark: Text, palette: Palette) -> str:
    x, y = _number(mark.x), _number(mark.y)
    turn = f' transform="rotate(-90 {x} {y})"' if mark.turned else ""
    weight = ' font-weight="600"' if mark.bold else ""
    return (
        f'<text x="{x}" y="{y}" font-size="{_number(mark.size)}" text-anchor="{mark.anchor}"{weight}{turn} '
        f'style="fill:{palette.color(mark.color)}">{escape(mark.words)}</text>'
    )


def _points(points: tuple[Point, ...]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
