from __future__ import annotations

import json
import logging
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.transforms import Bbox
from PIL import Image

from core.errors import UserError
from core.figures.looks import DARK, LIGHT, Palette
from core.figures.writer import figure_of, to_svg, write_figure
from core.plots import (
    Bars,
    Cloud,
    Curves,
    Gallery,
    Heatmap,
    Map,
    Maps,
    Picture,
    Plot,
    Reference,
    Ring,
    Role,
    Scatter,
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
POINTS = Scatter("Points", "x", "y", (Cloud("models", (0.2, 0.9), (0.6, 0.9), ("one", "two")),))
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAFElEQVR4nGP8//8/AwwwMSAB3BwAlm4DBfIlvvkAAAAASUVORK5CYII="
MAPS = Maps(
    "Maps",
    PNG,
    (Ring("A", (0,), 0, True), Ring("B", (3,), 1)),
    tuple(
        Map(f"stage {i}", f"A caption of several words {i}.", ((0.0, 0.25), (0.5, 0.0)), 0.25, (i, 0)) for i in range(4)
    ),
)
GALLERY = Gallery("Gallery", ("one", "two"), ((Picture(PNG, "1.5"), Picture(PNG, "0.5")), (Picture(PNG, "2"),)))
PLOTS: list[Plot] = [CURVES, BARS, HEAT, POINTS, MAPS, GALLERY]
NAMES = [type(plot).__name__ for plot in PLOTS]


SVG = "{http://www.w3.org/2000/svg}"


def words(svg: str) -> set[str]:
    return {"".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")}


@pytest.mark.parametrize("plot", PLOTS, ids=NAMES)
@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_svg_is_xml_with_the_title_as_text(plot: Plot, palette: Palette) -> None:
    svg = to_svg(plot, palette)

    assert plot.title in words(svg)
    assert ElementTree.fromstring(svg).findtext(f"{SVG}title") == plot.title


def test_all_labels_are_text() -> None:
    wanted = {"after block", "share", "embed", "measured α", "control", "theirs (another model)", "chance"}

    assert wanted <= words(to_svg(CURVES))
    assert {"local", "global", "h1", "b0", ".25"} <= words(to_svg(HEAT))
    assert {"IID", "ours", "accuracy"} <= words(to_svg(BARS))
    assert {"one", "two", "models"} <= words(to_svg(POINTS))
    assert {"stage 1", "A", "50 %", "CLS 25 %"} <= words(to_svg(MAPS))


def test_a_dollar_in_a_name_is_a_dollar() -> None:
    assert "a $1 model and a $2 one" in words(to_svg(replace(BARS, title="a $1 model and a $2 one")))


@pytest.mark.parametrize("title", ["none", "", "名 of a model \U0001f600", "a\x07 bell", "<b> & “c”", "a\ttab"])
def test_any_title_can_be_written(title: str, tmp_path: Path) -> None:
    svg, *_ = write_figure(replace(BARS, title=title), tmp_path / "figure")

    said = ElementTree.parse(svg).getroot().findtext(f"{SVG}title")
    assert said == title.replace("\x07", "")


SERIES = Series("s", (math.nan,), (math.nan,), (math.nan,))
BARE: dict[str, Plot] = {
    "one position": Curves("One", "x", "y", (0.0,), ("0",), (Series("s", (0.5,), (0.4,), (0.6,), star=0),)),
    "no value": Curves("None", "x", "y", (0.0,), ("0",), (SERIES,)),
    "no curve": Curves("None", "x", "y", (0.0, 1.0), ("0", "1"), ()),
    "no bar": Bars("None", "y", ("a",), (SERIES,)),
    "no series": Bars("None", "y", ("a",), ()),
    "no cell": replace(HEAT, values=((math.nan, math.nan),) * 2),
    "no point": replace(POINTS, clouds=(Cloud("c", (math.nan,), (0.5,), ("one",)),)),
    "no map": replace(MAPS, maps=(), rings=()),
}


@pytest.mark.parametrize("plot", BARE.values(), ids=BARE)
def test_a_plot_with_little_or_nothing_in_it_is_drawn(plot: Plot) -> None:
    assert plot.title in words(to_svg(plot))


@pytest.mark.parametrize("plot", PLOTS, ids=NAMES)
def test_the_same_plot_is_the_same_file_bit_for_bit(plot: Plot, tmp_path: Path) -> None:
    first, second = write_figure(plot, tmp_path / "a"), write_figure(plot, tmp_path / "b")

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_what_a_user_has_set_for_matplotlib_changes_no_figure() -> None:
    before = to_svg(CURVES)

    with matplotlib.rc_context({"axes.grid.axis": "x", "lines.linewidth": 9, "svg.fonttype": "path"}):
        assert to_svg(CURVES) == before
        assert matplotlib.rcParams["lines.linewidth"] == 9


def test_two_figures_in_one_page_share_no_name() -> None:
    names = [{e.get("id") for e in ElementTree.fromstring(to_svg(p)).iter(f"{SVG}clipPath")} for p in (CURVES, BARS)]

    assert all(names)
    assert not set.intersection(*names)


def marked(svg: str, color: str) -> list[str]:
    """The styles of paths in a colour."""
    return [e.get("style", "") for e in ElementTree.fromstring(svg).iter(f"{SVG}path") if color in e.get("style", "")]


def test_published_curves_are_dashed_and_controls_are_grey_and_dotted() -> None:
    only = {
        s.role: to_svg(replace(CURVES, series=(replace(s, low=(), high=()),), references=())) for s in CURVES.series
    }

    def lines(role: Role, color: str) -> list[str]:
        return [style for style in marked(only[role], color) if "fill: none" in style and "stroke-width: 1." in style]

    assert not any("dasharray" in style for style in lines("measured", LIGHT.hues[0]))
    assert all("dasharray: 5" in style for style in lines("published", LIGHT.hues[0]))
    assert all("dasharray: 1.5" in style for style in lines("control", LIGHT.muted))
    assert all((lines("measured", LIGHT.hues[0]), lines("published", LIGHT.hues[0]), lines("control", LIGHT.muted)))


def test_intervals_of_curves_are_bands_and_those_of_bars_are_lines() -> None:
    (axes,) = figure_of(CURVES).axes
    (band,) = axes.collections
    edges = band.get_paths()[0].get_extents()
    np.testing.assert_allclose((edges.y0, edges.y1), (0.0, 1.0))

    (axes,) = figure_of(BARS).axes
    ends = [segment[:, 1].tolist() for lines in axes.collections for segment in lines.get_segments()]  # type: ignore[attr-defined]
    np.testing.assert_allclose(ends, [(0.9, 1.0), (0.8, 0.95)])


def test_a_value_between_two_gaps_keeps_its_interval() -> None:
    alone = Series("s", (0.5, math.nan, 0.6), (0.4, math.nan, 0.5), (0.6, math.nan, 0.8))

    (axes,) = figure_of(replace(CURVES, series=(alone,))).axes

    ends = [segment[:, 1].tolist() for segment in axes.collections[-1].get_segments()]  # type: ignore[attr-defined]
    np.testing.assert_allclose(ends, [(0.4, 0.6), (0.5, 0.8)])


def test_tick_labels_that_would_touch_are_left_out() -> None:
    n = 60
    x = tuple(float(i) for i in range(n))
    crowded = Curves("Crowded", "block", "share", x, tuple(map(str, range(n))), (Series("s", (0.5,) * n),))

    shown = [label.get_text() for label in figure_of(crowded).axes[0].get_xticklabels()]

    assert len(shown) == n
    assert n / 5 < sum(map(bool, shown)) < n / 2


def test_maps_are_crisp() -> None:
    image = next(ElementTree.fromstring(to_svg(MAPS)).iter(f"{SVG}image"))

    assert "pixelated" in image.get("style", "")
    assert image.get("width") == "4", "the pixels of the picture, not of the page"


def boxes_of(plot: Scatter) -> list[Bbox]:
    figure = figure_of(plot)
    (axes,) = figure.axes
    return [text.get_window_extent() for text in axes.texts if text.get_text() != plot.title]


def test_names_cover_neither_each_other_nor_the_edge() -> None:
    crowd = Cloud("models", (0.99, 0.99, 0.98), (0.9, 0.92, 0.91), ("a long name", "another long name", "a third"))
    plot = replace(POINTS, clouds=(crowd,))

    boxes = boxes_of(plot)

    assert len(boxes) == 3
    assert all(box.count_overlaps(boxes) == 1 for box in boxes)
    assert all(0 <= box.x0 < box.x1 <= figure_of(plot).bbox.width for box in boxes)


LONG = Bars("Long " * 30, "accuracy", ("a group of many short words",) * 5, (Series("ours, " * 15, (0.5,) * 5),) * 2)


@pytest.mark.parametrize("plot", [*PLOTS, LONG], ids=[*NAMES, "long names"])
def test_nothing_is_drawn_outside_the_canvas(plot: Plot) -> None:
    figure = figure_of(plot)

    drawn, canvas = figure.get_tightbbox(), figure.bbox_inches
    assert 0 < drawn.x0 < drawn.x1 < canvas.x1
    assert 0 < drawn.y0 < drawn.y1 < canvas.y1


@pytest.mark.parametrize("plot", PLOTS, ids=NAMES)
@pytest.mark.parametrize("dpi", [72, 300])
def test_the_png_has_the_size_of_the_svg_at_any_resolution(plot: Plot, dpi: int, tmp_path: Path) -> None:
    svg, _, png = write_figure(plot, tmp_path / "figure", dpi=dpi)

    image, root = Image.open(png), ElementTree.parse(svg).getroot()
    sides = [float(str(root.get(side)).removesuffix("pt")) * dpi / 72 for side in ("width", "height")]
    np.testing.assert_allclose(image.size, sides, atol=1)
    assert image.info["dpi"] == pytest.approx((dpi, dpi), abs=0.1)
    assert np.asarray(image.convert("RGB")).std() > 5


def test_the_pdf_holds_outlines_that_can_be_edited_and_no_date(tmp_path: Path) -> None:
    _, pdf, _ = write_figure(CURVES, tmp_path / "figure")

    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/Subtype /Type3" not in content
    assert b"CreationDate" not in content


@pytest.mark.parametrize("plot", PLOTS, ids=NAMES)
def test_a_plot_survives_json(plot: Plot) -> None:
    assert plot_from_json(json.loads(json.dumps(plot_to_json(plot)))) == plot


def test_a_gap_in_a_curve_survives_json_and_is_not_drawn() -> None:
    gap = Curves("Gap", "x", "y", (0.0, 1.0, 2.0), ("0", "1", "2"), (Series("s", (math.nan, 0.5, 0.6)),))

    again = plot_from_json(json.loads(json.dumps(plot_to_json(gap), allow_nan=False)))

    assert isinstance(again, Curves)
    assert math.isnan(again.series[0].y[0])
    assert "nan" not in to_svg(again)


def test_a_damaged_plot_is_refused() -> None:
    with pytest.raises(UserError, match="could not be read"):
        plot_from_json({"kind": "curves", "title": "no more"})


def test_a_figure_is_written_three_times(tmp_path: Path) -> None:
    paths = write_figure(BARS, tmp_path / "new" / "bars", dpi=72)

    assert [path.name for path in paths] == ["bars.svg", "bars.pdf", "bars.png"]
    assert all(path.is_file() for path in paths)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UserError, match="could not be written"):
        write_figure(BARS, tmp_path / "file" / "bars", dpi=72)


def test_writing_a_figure_says_nothing_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        write_figure(CURVES, tmp_path / "figure")

    assert not caplog.records


@pytest.mark.parametrize("start", ["import core.cli", "import app.__main__, app.main_window", "import core.study_job"])
def test_the_program_starts_without_matplotlib(start: str) -> None:
    program = f"import sys; {start}; sys.exit(', '.join({{'matplotlib', 'jinja2'}} & set(sys.modules)) or 0)"

    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)

    assert child.returncode == 0, child.stderr


@pytest.mark.parametrize(("y_range", "foot"), [((-2.0, 4.0), 0.0), ((0.4, 4.0), 0.4), ((-2.0, -1.0), -1.0)])
def test_bars_stand_on_zero_where_there_is_one_and_hang_from_it(y_range: tuple[float, float], foot: float) -> None:
    plot = Bars("Changes", "change", ("up", "down"), (Series("s", (3.0, -1.5)),), y_range=y_range)

    (axes,) = figure_of(plot).axes

    assert plot.foot == foot
    ends = [sorted((patch.get_y(), patch.get_y() + patch.get_height())) for patch in axes.patches]  # type: ignore[attr-defined]
    np.testing.assert_allclose(ends[:2], [sorted((foot, 3.0)), sorted((foot, -1.5))])
