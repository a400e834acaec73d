"""What is written is read back: an SVG has its lines and words, a PDF its size and type, a PNG its pixels."""

from __future__ import annotations

import re
import zlib
from io import BytesIO
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.export.files import SVG, XLINK, figure_bytes
from app.export.sheet import Sheet
from app.widgets.closeup import Closeup
from core.errors import UserError
from core.figures.options import FigureOptions, Format, Palette
from core.figures.writer import type_name
from tests.app.export.test_paint import a_canvas, a_pad, a_plot, a_strip, an_atlas, an_attention_view

MAKERS = (a_canvas, a_pad, an_attention_view, an_atlas, a_strip, a_plot)


@pytest.fixture
def pictures(qtbot: QtBot) -> tuple[QWidget, ...]:
    made: list[QWidget] = []
    for make in MAKERS:
        widget = make()
        qtbot.addWidget(widget)
        widget.resize(240, 200)
        made.append(widget)
    return tuple(made)


def a_sheet(pictures: tuple[QWidget, ...], format: Format, palette: Palette = "light", **options: object) -> Sheet:
    return Sheet(pictures, FigureOptions(format, palette, **{"width_mm": 100.0, **options}))  # type: ignore[arg-type]


def svg_of(sheet: Sheet) -> Xml.Element:
    return Xml.fromstring(figure_bytes(sheet))


def test_an_svg_is_as_wide_as_was_asked_and_all_its_words_are_text(pictures: tuple[QWidget, ...]) -> None:
    sheet = a_sheet(pictures, "SVG")
    root = svg_of(sheet)

    assert root.get("width") == "100.000mm"
    assert float(str(root.get("height")).removesuffix("mm")) == pytest.approx(sheet.size_mm.height(), abs=0.01)
    words = "".join(text for element in root.iter(f"{{{SVG}}}text") for text in element.itertext())
    for expected in (
        "a",
        "f",
        "A",
        "SAME" if "SAME" in words else "same",
        "patch looks at",
        "block 0",
        "Margin",
        "global",
    ):
        assert expected in words
    assert "\N{SYMBOL FOR UNIT SEPARATOR}" not in words
    families = {element.get("font-family") for element in root.iter() if element.get("font-family")}
    assert families
    assert all(str(family).endswith(", sans-serif") for family in families)


def test_the_words_of_a_plot_are_in_the_type_in_which_they_were_measured(qtbot: QtBot) -> None:
    plot = a_plot()
    qtbot.addWidget(plot)
    root = svg_of(a_sheet((plot,), "SVG"))

    texts = {str(text.text): text for text in root.iter(f"{{{SVG}}}text")}
    assert {text.get("font-family") for text in texts.values()} == {f"{type_name()}, sans-serif"}
    assert texts["Margin"].get("font-weight") == "700"
    assert texts["logit"].get("font-weight") == "400", "and not as the painter was left by what was drawn before"


def test_only_cells_of_an_svg_are_images_and_they_stay_cells(pictures: tuple[QWidget, ...]) -> None:
    images = list(svg_of(a_sheet(pictures, "SVG")).iter(f"{{{SVG}}}image"))

    assert len(images) == 5  # the stimulus twice, the decision map, the heat, its scale
    assert sum(image.get("style") == "image-rendering: pixelated" for image in images) >= 3
    assert all(str(image.get(f"{{{XLINK}}}href")).startswith("data:image/png;base64,") for image in images)


def test_what_is_clipped_on_the_screen_is_clipped_in_an_svg(qtbot: QtBot) -> None:
    canvas = a_canvas()
    qtbot.addWidget(canvas)
    canvas.resize(200, 200)
    assert not [e for e in svg_of(a_sheet((canvas,), "SVG")).iter() if e.get("clip-path")]

    canvas.show_closeup(Closeup(2.0, 0.25, 0.25))
    root = svg_of(a_sheet((canvas,), "SVG"))

    paths = {path.get("id") for path in root.iter(f"{{{SVG}}}clipPath")}
    clipped = [element for element in root.iter() if element.get("clip-path")]
    assert clipped
    assert {str(element.get("clip-path"))[5:-1] for element in clipped} <= paths
    assert [image for element in clipped for image in element.iter(f"{{{SVG}}}image")], "the picture is among it"


def test_a_pdf_has_one_page_of_the_size_of_the_sheet_with_its_type_and_words(pictures: tuple[QWidget, ...]) -> None:
    sheet = a_sheet(pictures, "PDF")
    content = figure_bytes(sheet)

    assert len(re.findall(rb"/Type /Page\b", content)) == 1
    found = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content)
    assert found is not None
    for points, mm in zip(found.groups(), (sheet.size_mm.width(), sheet.size_mm.height()), strict=True):
        assert float(points) / 72 * 25.4 == pytest.approx(mm, abs=0.2)  # in whole points
    assert b"/FontFile2" in content
    drawn = b"".join(unpacked(content))
    assert drawn.count(b"BT\n") > 10, "words are text"
    assert drawn.count(b" Do\n") <= 6, "of images there are few"


def unpacked(content: bytes) -> list[bytes]:
    """The streams of a PDF that can be unpacked."""
    found = []
    for part in re.finditer(rb"stream\r?\n", content):
        try:
            found.append(zlib.decompressobj().decompress(content[part.end() :]))
        except zlib.error:
            continue
    return found


def test_a_png_has_the_pixels_of_its_size_and_says_how_many_make_an_inch(pictures: tuple[QWidget, ...]) -> None:
    sheet = a_sheet(pictures, "PNG", width_mm=50.8, dpi=150)
    with Image.open(BytesIO(figure_bytes(sheet))) as image:
        assert image.width == 300
        assert image.height == pytest.approx(sheet.size_mm.height() / 25.4 * 150, abs=1)
        assert image.info["dpi"][0] == pytest.approx(150, abs=0.1)


def test_a_figure_without_a_ground_shows_what_is_below_it(pictures: tuple[QWidget, ...]) -> None:
    corners = {}
    for palette in ("light", "dark", "transparent"):
        content = figure_bytes(a_sheet(pictures, "PNG", palette, dpi=72))
        with Image.open(BytesIO(content)) as image:
            corners[palette] = np.asarray(image.convert("RGBA"))[0, 0].tolist()

    assert corners["light"] == [255, 255, 255, 255]
    assert max(corners["dark"][:3]) < 60
    assert corners["dark"][3] == 255
    assert corners["transparent"][3] == 0


def test_the_size_of_type_is_the_size_that_was_asked(qtbot: QtBot) -> None:
    strip = a_strip()
    qtbot.addWidget(strip)
    sizes = {}
    for font_pt in (6.0, 12.0):
        root = svg_of(a_sheet((strip,), "SVG", font_pt=font_pt))
        text = next(root.iter(f"{{{SVG}}}text"))
        group = next(g for g in root.iter(f"{{{SVG}}}g") if text in list(g))
        scale = float(str(group.get("transform")).removeprefix("matrix(").split(",")[0])
        sizes[font_pt] = scale * float(str(text.get("font-size"))) / strip.logicalDpiX() * 72

    assert sizes[12.0] == pytest.approx(2 * sizes[6.0], rel=0.05)
    assert sizes[6.0] == pytest.approx(6.0 * 0.95, rel=0.1), "labels are a little smaller"


def test_pictures_of_a_row_are_equally_high_and_bars_stand_alone(pictures: tuple[QWidget, ...]) -> None:
    canvas, pad, attention, atlas, strip, plot = pictures
    boxes = a_sheet((canvas, attention, strip, pad), "SVG").boxes()

    assert boxes[0].top() == boxes[1].top()
    assert boxes[0].height() == pytest.approx(boxes[1].height(), rel=0.05)
    assert boxes[2].top() > boxes[0].bottom()
    assert boxes[2].width() == pytest.approx(boxes[1].right() - boxes[0].left())
    four = a_sheet((canvas, attention, atlas, pad), "SVG").boxes()
    assert four[0].top() == four[1].top() < four[2].top() == four[3].top(), "two rows of two, not three and one"
    one = a_sheet((canvas, attention, atlas, pad), "SVG", columns=1).boxes()
    assert len({box.top() for box in one}) == 4
    assert plot is pictures[-1]


def test_a_single_picture_has_no_letter_and_several_have_one_each(pictures: tuple[QWidget, ...]) -> None:
    def letters(sheet: Sheet) -> list[str]:
        return [str(text.text) for text in svg_of(sheet).iter(f"{{{SVG}}}text") if text.text in ("a", "b", "c")]

    assert letters(a_sheet(pictures[:1], "SVG")) == []
    assert letters(a_sheet(pictures[:3], "SVG")) == ["a", "b", "c"]
    assert letters(a_sheet(pictures[:3], "SVG", letters=False)) == []


def test_a_picture_that_would_fill_the_memory_is_refused(pictures: tuple[QWidget, ...]) -> None:
    with pytest.raises(UserError, match="pixels"):
        figure_bytes(a_sheet(pictures[:1], "PNG", width_mm=1000.0, dpi=2400))
    with pytest.raises(UserError, match="nothing to draw"):
        a_sheet((), "PNG")
