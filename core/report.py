"""One HTML page that stands alone: figures as inline SVG, tables, settings, and what a reader must know."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from core.figures.looks import DARK, LIGHT, Palette
from core.figures.writer import to_svg
from core.locations import resource_folder
from core.plots import Plot
from core.storage import write_text
from core.studies.behaviour import Behaviour
from core.studies.published import PAPER, SOURCES
from core.studies.result import Row, StudyResult
from core.studies.study import every_study, tables

PAGE = replace(LIGHT, paper="#fffffe", ink="#1c2027")
"""LIGHT, but white and black that belong to a heat map or a picture are told from the page's own."""


def write_report(results: Sequence[StudyResult], path: Path) -> Path:
    """Write the page and return its path.

    Raises UserError where the disk refuses.
    """
    write_text(path, report_html(results))
    return path


def report_html(results: Sequence[StudyResult]) -> str:
    """The page as text; it loads nothing from anywhere."""
    page = Environment(
        loader=FileSystemLoader(resource_folder("")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page.globals.update(tables=tables, columns_of=_columns, figure=_figure, settings=_settings)
    of_one = {study.name for study in every_study() if study.scope == "one model"}
    models = dict.fromkeys((r.model, r.weights_sha256) for r in results if r.study in of_one)
    # Parts may come from runs with different settings.
    asked = [r for r in results if "paper_convention" in r.settings]
    accuracies = [r for r in results if r.study == Behaviour.name]
    return page.get_template("report.html").render(
        results=results,
        models=[{"model": name, "weights (SHA-256)": sha} for name, sha in models],
        asked=asked,
        theirs=[r for r in asked if r.settings["paper_convention"]],
        accuracies=[
            {"model": r.model, **{row["split"]: row["accuracy"] for row in r.rows if "split" in row}}
            for r in accuracies
        ],
        paper=PAPER,
        sources=[{"numbers": name.replace("_", " "), **asdict(source)} for name, source in SOURCES.items()],
        light=_css(LIGHT),
        dark=_css(DARK),
    )


def _css(palette: Palette) -> Markup:
    """Declarations of the variables that the figures refer to."""
    return Markup("".join(f"--{name}:{color};" for name, color in palette.names().items()))


def _figure(plot: Plot) -> Markup:
    """An SVG element in the colours of the page, which may be light or dark."""
    svg = re.sub("<metadata>.*?</metadata>", "", to_svg(plot, PAGE), flags=re.DOTALL)
    for name, color in PAGE.names().items():
        svg = svg.replace(color, f"var(--{name})")
    return Markup(svg)


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _settings(result: StudyResult) -> str:
    return json.dumps(dict(result.settings), indent=1, ensure_ascii=False)
