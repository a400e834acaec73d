"""One HTML page that stands alone: figures as inline SVG, tables, settings, and what a reader must know."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from core.figures import DARK, LIGHT, PAGE, draw, to_svg
from core.storage import write_text
from core.studies.comparison import Table, tables
from core.studies.result import OF_ONE_MODEL, Row, StudyResult

FOLDED_ABOVE = 12
LONG = 40

_STYLE = """
:root {{ {light} --card:#f8f9fa; --line:#c3c8cf; color-scheme: light dark; }}
@media (prefers-color-scheme: dark) {{ :root {{ {dark} --card:#1f2228; --line:#3a3f48; }} }}
body {{ background:var(--paper); color:var(--ink); font:15px/1.5 Inter,'Helvetica Neue',Helvetica,Arial,sans-serif;
  max-width:1180px; margin:2.5rem auto 5rem; padding:0 1.2rem; }}
h1 {{ font-size:1.7rem; margin-bottom:.2rem; }} h2 {{ margin-top:3rem; border-bottom:1px solid var(--line); }}
.lead, .notes, footer {{ color:var(--muted); }} .notes {{ padding-left:1.1rem; }}
.figures {{ display:flex; flex-wrap:wrap; gap:1rem; }} figure {{ margin:0; }}
.beside {{ display:flex; flex-wrap:wrap; gap:0 2rem; align-items:flex-start; margin-bottom:1.4rem; }}
.beside > div {{ flex:0 1 auto; max-width:100%; }} .beside .scroll {{ margin-top:.5rem; }}
.beside th {{ white-space:pre-line; vertical-align:bottom; line-height:1.25; }}
.beside :is(td, th) {{ padding-right:.55rem; padding-bottom:.1rem; padding-top:.1rem; font-size:12px; }}
.published {{ color:var(--muted); font-style:italic; }}
.said {{ color:var(--muted); font-size:12.5px; margin:.4rem 0 0; width:0; min-width:100%; }}
td.words {{ white-space:normal; min-width:11rem; }}
figure svg {{ max-width:100%; height:auto; border:1px solid var(--line); border-radius:6px; }}
.scroll {{ overflow-x:auto; }} table {{ border-collapse:collapse; font-variant-numeric:tabular-nums; font-size:13px; }}
th, td {{ padding:.2rem .7rem .2rem 0; text-align:left; white-space:nowrap; border-bottom:1px solid var(--grid); }}
th {{ color:var(--muted); font-weight:500; }} td.number {{ text-align:right; }}
summary {{ cursor:pointer; color:var(--muted); margin:.8rem 0; }}
code, pre {{ font-size:12.5px; overflow-wrap:anywhere; }}
pre {{ white-space:pre-wrap; background:var(--card); padding:.8rem; border-radius:6px; }}
"""


def write_report(results: Sequence[StudyResult], path: Path) -> Path:
    """Write the page and return its path.

    Raises UserError where the disk refuses.
    """
    write_text(path, report_html(results))
    return path


def report_html(results: Sequence[StudyResult]) -> str:
    """The page as text; it loads nothing from anywhere."""
    style = _STYLE.format(light=LIGHT.css(), dark=DARK.css())
    models = dict.fromkeys((r.model, r.weights_sha256) for r in results if r.study in OF_ONE_MODEL)
    of = ", ".join([name for name, _ in models] or [r.title for r in results])
    lines = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>Relata: study of {escape(of)}</title>",
        f"<style>{style}</style></head><body>",
        "<h1>How a vision transformer compares two objects</h1>",
        f'<p class="lead">{_lead(results)}</p>',
        _models_table(models) if models else "",
        _comparison(results),
        *(_section(result, titled=len(models) > 1) for result in results),
        "<footer><p>Made with Relata. Source of the experiments and of every published number: Lepori, Tartaglini "
        "et al., “Beyond the Doors of Perception”, NeurIPS 2024, arXiv 2406.15955.</p></footer></body></html>",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _lead(results: Sequence[StudyResult]) -> str:
    return (
        f"The experiments of “Beyond the Doors of Perception” on the models below. {_convention(results)} Hollow "
        "markers, tinted bars, dashed curves and columns marked † are published numbers of <strong>another model"
        "</strong>: they show the shape of the finding, and are no target for these weights."
    )


def _convention(results: Sequence[StudyResult]) -> str:
    """Which parts used the paper's conventions: they may come from runs with different settings."""
    asked = [r for r in results if "paper_convention" in r.settings]
    theirs = [r for r in asked if r.settings["paper_convention"]]
    if not theirs:
        return "Where the paper's code differs from its idea, the sound version was measured."
    if len(theirs) == len(asked):
        return "The paper's conventions were used wherever its code differs from its idea."
    titles = ", ".join(escape(f"{r.title} ({r.model})") for r in theirs)
    return f"The paper's conventions were used in: {titles}; elsewhere the sound version was measured."


def _models_table(models: Sequence[tuple[str, str]] | dict[tuple[str, str], None]) -> str:
    return _table([{"model": name, "weights (SHA-256)": sha} for name, sha in models])


def _comparison(results: Sequence[StudyResult]) -> str:
    """Accuracy of all models in one table, where there are several."""
    tables = [r for r in results if r.study == "behaviour"]
    if len(tables) < 2:
        return ""
    rows = [{"model": r.model, **{row["split"]: row["accuracy"] for row in r.rows}} for r in tables]
    return f"<h2>Accuracy of all models</h2>{_table(rows)}"


def _section(result: StudyResult, *, titled: bool) -> str:
    title = f"{result.title} · {result.model}" if titled else result.title
    notes = "".join(f"<li>{escape(note)}</li>" for note in result.notes)
    table = _table(result.rows)
    if len(result.rows) > FOLDED_ABOVE:
        table = f"<details><summary>All {len(result.rows)} rows</summary>{table}</details>"
    settings = escape(json.dumps(dict(result.settings), indent=1, ensure_ascii=False))
    return (
        f'<section><h2>{escape(title)}</h2>{_figures(result)}<ul class="notes">{notes}</ul>{table}'
        f"<details><summary>Settings, n = {result.n}</summary><pre>{settings}</pre></details></section>"
    )


def _figures(result: StudyResult) -> str:
    """The figures: those with published numbers each beside its table, the others side by side."""
    compared = tables(result)
    parts, alone = [], []
    for name, plot in result.plots.items():
        figure = f"<figure>{to_svg(draw(plot), PAGE)}</figure>"
        if name in compared:
            parts.append(f'<div class="beside">{figure}<div>{_compared(compared[name])}</div></div>')
        else:
            alone.append(figure)
    return "".join(parts) + (f'<div class="figures">{"".join(alone)}</div>' if alone else "")


def _compared(table: Table) -> str:
    note = f'<p class="said">{escape(table.note)}</p>' if table.note else ""
    return f"{_table(table.rows)}{note}"


def _table(rows: Sequence[Row]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th{_class(_published(name))}>{escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{_cells(row, columns)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cells(row: Row, columns: Sequence[str]) -> str:
    of_another = _published(str(row.get(columns[0])))
    return "".join(_cell(row.get(name), of_another or _published(name)) for name in columns)


def _published(name: str) -> str:
    """The style of a column, or a row, that is named as another model's."""
    return "published" if name.endswith("†") else ""


def _cell(value: Any, style: str = "") -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "<td></td>"
    if isinstance(value, float):
        return f"<td{_class('number', style)}>{value:.3f}</td>"
    if isinstance(value, int):
        return f"<td{_class('number', style)}>{value}</td>"
    words = str(value)
    return f"<td{_class('words' if len(words) > LONG else '', style)}>{escape(words)}</td>"


def _class(*names: str) -> str:
    given = " ".join(name for name in names if name)
    return f' class="{given}"' if given else ""
