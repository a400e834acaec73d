"""One HTML page that stands alone: figures as inline SVG, tables, settings, and what a reader must know."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from core.figures import DARK, LIGHT, PAGE, draw, to_svg
from core.studies.files import write_text
from core.studies.published import ATTENTION
from core.studies.result import Row, StudyResult

FOLDED_ABOVE = 12

_STYLE = """
:root {{ {light} --card:#f8f9fa; --line:#c3c8cf; color-scheme: light dark; }}
@media (prefers-color-scheme: dark) {{ :root {{ {dark} --card:#1f2228; --line:#3a3f48; }} }}
body {{ background:var(--paper); color:var(--ink); font:15px/1.5 Inter,'Helvetica Neue',Helvetica,Arial,sans-serif;
  max-width:1060px; margin:2.5rem auto 5rem; padding:0 1.2rem; }}
h1 {{ font-size:1.7rem; margin-bottom:.2rem; }} h2 {{ margin-top:3rem; border-bottom:1px solid var(--line); }}
.lead, .notes, footer {{ color:var(--muted); }} .notes {{ padding-left:1.1rem; }}
.figures {{ display:flex; flex-wrap:wrap; gap:1rem; }} figure {{ margin:0; }}
figure svg {{ max-width:100%; height:auto; border:1px solid var(--line); border-radius:6px; }}
.scroll {{ overflow-x:auto; }} table {{ border-collapse:collapse; font-variant-numeric:tabular-nums; font-size:13px; }}
th, td {{ padding:.2rem .7rem .2rem 0; text-align:left; white-space:nowrap; border-bottom:1px solid var(--grid); }}
th {{ color:var(--muted); font-weight:500; }} td.number {{ text-align:right; }}
summary {{ cursor:pointer; color:var(--muted); margin:.8rem 0; }}
code, pre {{ font-size:12.5px; overflow-wrap:anywhere; }}
pre {{ white-space:pre-wrap; background:var(--card); padding:.8rem; border-radius:6px; }}
"""


def write_report(results: Sequence[StudyResult], path: Path, *, paper_convention: bool = False) -> Path:
    """Write the page and return its path.

    Raises UserError where the disk refuses.
    """
    write_text(path, report_html(results, paper_convention=paper_convention))
    return path


def report_html(results: Sequence[StudyResult], *, paper_convention: bool = False) -> str:
    """The page as text; it loads nothing from anywhere."""
    style = _STYLE.format(light=LIGHT.css(), dark=DARK.css())
    models = dict.fromkeys((r.model, r.weights_sha256) for r in results if r.study != "correlation")
    lines = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>Relata: study of {escape(', '.join(name for name, _ in models))}</title>",
        f"<style>{style}</style></head><body>",
        "<h1>How a vision transformer compares two objects</h1>",
        f'<p class="lead">{_lead(paper_convention)}</p>',
        _models_table(models),
        _comparison(results),
        *(_section(result, titled=len(models) > 1) for result in results),
        _published_attention(),
        "<footer><p>Made with Relata. Source of the experiments and of every published number: Lepori, Tartaglini "
        "et al., “Beyond the Doors of Perception”, NeurIPS 2024, arXiv 2406.15955.</p></footer></body></html>",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _lead(paper_convention: bool) -> str:
    convention = (
        "The paper's conventions were used wherever its code differs from its idea."
        if paper_convention
        else "Where the paper's code differs from its idea, the sound version was measured."
    )
    return (
        f"The experiments of “Beyond the Doors of Perception” on the models below. {convention} Hollow markers, tinted "
        "bars and dashed curves are published numbers of <strong>another model</strong>: they show the shape of the "
        "finding, and are no target for these weights."
    )


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
    figures = "".join(f"<figure>{to_svg(draw(plot), PAGE)}</figure>" for plot in result.plots.values())
    notes = "".join(f"<li>{escape(note)}</li>" for note in result.notes)
    table = _table(result.rows)
    if len(result.rows) > FOLDED_ABOVE:
        table = f"<details><summary>All {len(result.rows)} rows</summary>{table}</details>"
    settings = escape(json.dumps(dict(result.settings), indent=1, ensure_ascii=False))
    return (
        f'<section><h2>{escape(title)}</h2><div class="figures">{figures}</div><ul class="notes">{notes}</ul>{table}'
        f"<details><summary>Settings, n = {result.n}</summary><pre>{settings}</pre></details></section>"
    )


def _published_attention() -> str:
    rows = [{"published model": model, "attention": said} for model, said in ATTENTION.items()]
    return f"<h2>Published on attention, in words</h2>{_table(rows)}"


def _table(rows: Sequence[Row]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(_cell(row.get(name)) for name in columns)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "<td></td>"
    if isinstance(value, float):
        return f'<td class="number">{value:.3f}</td>'
    if isinstance(value, int):
        return f'<td class="number">{value}</td>'
    return f"<td>{escape(str(value))}</td>"
