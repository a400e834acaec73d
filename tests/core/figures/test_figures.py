from __future__ import annotations

import base64
import io
import json
import math
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from core.errors import UserError
from core.figures import DARK, LIGHT, PAGE, draw, to_png, to_svg, write_figure
from core.figures.drawing import Text, text_width
from core.figures.maps import draw_maps, map_boxes, on_white, overlay, top_of_scale
from core.figures.palette import viridis
from core.plots import (
    Bars,
    Cloud,
    Curves,
    Heatmap,
    Map,
    Maps,
    Plot,
    Points,
    Reference,
    Ring,
    Series,
    plot_from_json,
    plot_to_json,
)

CURVES = Curves(
    *("Curves & <angles>", "after block", "share"),
    x=(-1.0, 0.0, 1.0),
    ticks=("embed", "0", "1"),
    series=(
        Series("measured α", (0.5, 0.9, 0.1), (0.4, 0.8, 0.0), (0.6, 1.0, 0.2), star=1),
        Series("control", (0.5, 0.5, 0.5), role="control", hue=1),
        Series("theirs (another model)", (0.1, 0.7, 0.6), role="published"),
    ),
    references=(Reference(0.5, "chance"),),
)
BARS = Bars("Bars", "accuracy", ("IID", "OOD shape"), (Series("ours", (1.0, 0.9), (0.9, 0.8), (1.0, 0.95)),))
HEAT = Heatmap(
    *("Heads", "head", "block"),
    values=((0.0, 0.5), (0.25, 1.0)),
    columns=("h0", "h1"),
    rows=("b0", "b1"),
    low_label="local",
    high_label="global",
)
POINTS = Points("Points", "x", "y", (Cloud("models", (0.2, 0.9), (0.6, 0.9), ("one", "two")),))
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAFElEQVR4nGP8//8/AwwwMSAB3BwAlm4DBfIlvvkAAAAASUVORK5CYII="
MAPS = Maps(
    "Maps",
    PNG,
    (Ring("A", (0,), 0, True), Ring("B", (3,), 1)),
    tuple(
        Map(f"stage {i}", f"A caption of several words {i}.", ((0.0, 0.25), (0.5, 0.0)), 0.25, (i, 0)) for i in range(4)
    ),
)
PLOTS: list[Plot] = [CURVES, BARS, HEAT, POINTS, MAPS]
NAMES = [type(plot).__name__ for plot in PLOTS]


def words(svg: str) -> set[str]:
    return {element.text or "" for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")}


@pytest.mark.parametrize("plot", PLOTS, ids=NAMES)
@pytest.mark.parametrize("palette", [LIGHT, DARK, PAGE])
def test_svg_is_xml_with_the_title_as_text(plot: Plot, palette: object) -> None:
    assert plot.title in words(to_svg(draw(plot), palette))  # type: ignore[arg-type]


def test_all_labels_are_text() -> None:
    wanted = {"after block", "share", "embed", "measured α", "control", "theirs (another model)", "chance"}

    assert wanted <= words(to_svg(draw(CURVES)))
    assert {"local", "global", "h1", "b0", ".25"} <= words(to_svg(draw(HEAT)))
    assert {"IID", "ours", "accuracy"} <= words(to_svg(draw(BARS)))
    assert {"one", "two", "models"} <= words(to_svg(draw(POINTS)))


def test_a_map_runs_from_dark_to_bright_on_its_own_scale() -> None:
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(overlay(PNG, MAPS.maps[0])))))

    low, high = pixels[0, 0], pixels[3, 0]
    assert tuple(high) == tuple(on_white(viridis(np.array([1.0])))[0])
    assert tuple(low) == tuple(on_white(viridis(np.array([0.0])))[0])
    assert {"25 %", "50 %", "CLS 25 %"} - words(to_svg(draw(MAPS))) == {"25 %"}


def test_a_map_without_attention_is_dark_and_not_stretched() -> None:
    empty = Map("CLS", "All goes to CLS.", ((0.0, 0.001), (0.0, 0.0)), 0.999, (0, 0))

    assert top_of_scale(empty) == pytest.approx(0.05)
    assert top_of_scale(MAPS.maps[0]) == 0.5


def test_a_name_at_the_edge_stays_on_the_canvas() -> None:
    crowd = Cloud("models", (0.99, 0.99, 0.98), (0.9, 0.92, 0.91), ("a long name", "another long name", "a third"))

    drawing = draw(replace(POINTS, clouds=(crowd,)))

    ends = [m.x + text_width(m.words, m.size) for m in drawing.marks if isinstance(m, Text) and m.anchor == "start"]
    assert max(ends) <= drawing.width


def test_maps_stand_in_as_many_columns_as_are_asked_for() -> None:
    assert len({left for left, *_ in map_boxes(MAPS, 4)}) == 4
    assert len({left for left, *_ in map_boxes(MAPS, 2)}) == 2
    assert draw_maps(MAPS, 2).height > draw_maps(MAPS, 4).height


@pytest.mark.parametrize("plot", PLOTS, ids=NAMES)
def test_the_png_has_the_size_of_the_svg(plot: Plot) -> None:
    drawing = draw(plot)

    image = to_png(drawing, dpi=72)

    assert image.size == (round(drawing.width), round(drawing.height))
    assert np.asarray(image).std() > 5


LONG = Bars("Long", "accuracy", ("a group of many short words",) * 5, (Series("ours", (0.5,) * 5),))


@pytest.mark.parametrize("plot", [*PLOTS, LONG], ids=[*NAMES, "long names"])
def test_nothing_is_drawn_outside_the_canvas(plot: Plot) -> None:
    drawing = draw(plot)

    for mark in drawing.marks:
        points = getattr(mark, "points", None) or ((mark.x, mark.y),)  # type: ignore[union-attr]
        assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in points)


@pytest.mark.parametrize("plot", PLOTS, ids=NAMES)
def test_a_plot_survives_json(plot: Plot) -> None:
    assert plot_from_json(json.loads(json.dumps(plot_to_json(plot)))) == plot


def test_a_gap_in_a_curve_survives_json_and_is_not_drawn() -> None:
    gap = Curves("Gap", "x", "y", (0.0, 1.0, 2.0), ("0", "1", "2"), (Series("s", (math.nan, 0.5, 0.6)),))

    again = plot_from_json(json.loads(json.dumps(plot_to_json(gap), allow_nan=False)))

    assert isinstance(again, Curves)
    assert math.isnan(again.series[0].y[0])
    assert "nan" not in to_svg(draw(again))


def test_a_damaged_plot_is_refused() -> None:
    with pytest.raises(UserError, match="could not be read"):
        plot_from_json({"kind": "curves", "title": "no more"})


def test_a_figure_is_written_twice(tmp_path: Path) -> None:
    assert [path.name for path in write_figure(BARS, tmp_path / "new" / "bars", dpi=72)] == ["bars.svg", "bars.png"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UserError, match="could not be written"):
        write_figure(BARS, tmp_path / "file" / "bars", dpi=72)
