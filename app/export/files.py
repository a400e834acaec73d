"""A sheet as the bytes of a file: PNG with its size, SVG and PDF with lines as lines and text as text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as Xml

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QImage, QPageSize, QPainterPath, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from app.export.sheet import MM_AN_INCH, Sheet
from app.widgets.figure_painter import MARK, FigurePainter
from core.errors import UserError
from core.figures.state import with_state

METRES_AN_INCH = 0.0254
MAX_PIXELS = 200_000_000
SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
TITLE, CREATOR = "Figure made with Relata", "Relata"


def figure_bytes(sheet: Sheet, state: Mapping[str, Any] | None = None) -> bytes:
    """The file, which carries the state.

    Raises UserError where it would have too many pixels.
    """
    content = {"PNG": to_png, "SVG": to_svg, "PDF": to_pdf}[sheet.options.format](sheet)
    return content if state is None else with_state(content, state)


def to_image(sheet: Sheet, dpi: float) -> QImage:
    """The sheet in pixels.

    Raises UserError where they would be too many.
    """
    size = sheet.size * (dpi / sheet.per_inch)
    width, height = max(1, round(size.width())), max(1, round(size.height()))
    if width * height > MAX_PIXELS:
        raise UserError(f"The picture would have {width} × {height} pixels.", "Choose fewer pixels an inch, or SVG.")
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    # Type has the size of the screen's, whatever the dots are: the painter enlarges everything alike.
    image.setDotsPerMeterX(round(sheet.per_inch / METRES_AN_INCH))
    image.setDotsPerMeterY(round(sheet.per_inch / METRES_AN_INCH))
    painter = FigurePainter(image)
    painter.scale(dpi / sheet.per_inch, dpi / sheet.per_inch)
    try:
        sheet.paint(painter)
    finally:
        painter.end()  # no image goes while it is painted on
    image.setDotsPerMeterX(round(dpi / METRES_AN_INCH))
    image.setDotsPerMeterY(round(dpi / METRES_AN_INCH))
    return image


def to_png(sheet: Sheet) -> bytes:
    """In so many pixels an inch."""
    return png_of(to_image(sheet, sheet.options.dpi))


def png_of(image: QImage) -> bytes:
    """An image as PNG."""
    written = _written()
    image.save(written, "PNG")  # type: ignore[call-overload]
    return bytes(written.data().data())


def to_pdf(sheet: Sheet) -> bytes:
    """One page as large as the sheet."""
    written = _written()
    writer = QPdfWriter(written)
    writer.setTitle(TITLE)
    writer.setCreator(CREATOR)
    writer.setResolution(round(sheet.per_inch))
    size, exact = sheet.size_mm, QPageSize.SizeMatchPolicy.ExactMatch
    writer.setPageSize(QPageSize(size, QPageSize.Unit.Millimeter, "figure", exact))
    writer.setPageMargins(QMarginsF())
    painter = FigurePainter(writer)
    sheet.paint(painter)
    painter.end()
    return bytes(written.data().data())


def to_svg(sheet: Sheet) -> bytes:
    """As Qt writes it, with its clips, its exact size, and a type that every reader has."""
    written = _written()
    generator = QSvgGenerator()
    generator.setOutputDevice(written)
    generator.setTitle(TITLE)
    generator.setDescription("")
    generator.setResolution(round(sheet.per_inch))
    size = sheet.size
    generator.setSize(QSize(max(1, round(size.width())), max(1, round(size.height()))))
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    painter = FigurePainter(generator, marks_clips=True)
    sheet.paint(painter)
    painter.end()
    return _finished(bytes(written.data().data()), painter.clips, size, sheet.per_inch)


def _written() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer


def _finished(content: bytes, clips: Sequence[QPainterPath], size: QSizeF, per_inch: float) -> bytes:
    for prefix, space in (("", SVG), ("xlink", XLINK)):
        Xml.register_namespace(prefix, space)
    root = Xml.fromstring(content)  # of Qt's own making
    for name, value in (("width", size.width()), ("height", size.height())):
        root.set(name, f"{value / per_inch * MM_AN_INCH:.3f}mm")
    root.set("viewBox", f"0 0 {size.width():.3f} {size.height():.3f}")
    for element in root.iter():
        family = element.get("font-family")
        if family is not None:
            element.set("font-family", f"{family}, sans-serif")
        if element.get("image-rendering") == "optimizeSpeed":
            element.set("style", "image-rendering: pixelated")  # cells stay cells
    drawing = next(child for child in root if child.tag == f"{{{SVG}}}g")
    _make_clips(root, drawing, clips)
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True))


def _make_clips(root: Xml.Element, drawing: Xml.Element, clips: Sequence[QPainterPath]) -> None:
    """What stands between two marks is clipped as the first of them says."""
    defs = Xml.SubElement(root, f"{{{SVG}}}defs")
    for index, clip in enumerate(clips):
        path = Xml.SubElement(defs, f"{{{SVG}}}clipPath", {"id": f"clip{index}"})
        Xml.SubElement(path, f"{{{SVG}}}path", {"d": _outline(clip)})
    root.remove(defs)
    root.insert(0, defs)
    groups, at = list(drawing), -1
    for group in groups:
        drawing.remove(group)
    for group in groups:
        part: Xml.Element | None = None
        for element in list(group):
            mark = re.fullmatch(rf"{MARK}(-?\d+)", (element.text or "").strip())
            if mark is not None:
                at, part = int(mark.group(1)), None
                continue
            if part is None:
                outer = drawing if at < 0 else Xml.SubElement(drawing, f"{{{SVG}}}g", {"clip-path": f"url(#clip{at})"})
                part = Xml.SubElement(outer, group.tag, dict(group.attrib))
            if element.get("d") != "":
                part.append(element)


def _outline(path: QPainterPath) -> str:
    """The path as an SVG has it; a curve is three points."""
    words: list[str] = []
    for index in range(path.elementCount()):
        element = path.elementAt(index)
        kind = {QPainterPath.ElementType.MoveToElement: "M", QPainterPath.ElementType.LineToElement: "L"}.get(
            element.type, "C" if element.type == QPainterPath.ElementType.CurveToElement else ""
        )
        words.append(f"{kind}{element.x:.3f} {element.y:.3f}")
    return " ".join(words)
