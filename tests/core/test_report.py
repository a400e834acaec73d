"""The report as a page: what is foreign in it stays text, and it stands alone."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from core.plots import Bars, Series
from core.report import report_html
from core.studies.published import PAPER, SOURCES
from core.studies.result import StudyResult

EVIL = "<script>alert('&')</script>"
RESULT = StudyResult(
    study="attention",
    title="Attention",
    model="mine",
    weights_sha256="0" * 64,
    settings={"seed": 0, "paper_convention": False},
    n=8,
    rows=({"block": 0, "WO": 0.5, "BG": None, "n": 8, "said": "x" * 60},),
    plots={"alone": Bars("Alone", "share", ("a", "b"), (Series("s", (0.5, 0.7)),))},
    notes=("a note",),
)


class Open(HTMLParser):
    """The elements that were opened, closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag != "meta":
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag


def test_a_page_is_whole_and_loads_nothing() -> None:
    page = Open(report_html([RESULT, replace(RESULT, model="other")]))

    assert not page.stack
    assert report_html([RESULT]).startswith("<!doctype html>")
    links = [v for _, attrs in page.seen for k, v in attrs.items() if k in ("src", "href", "xlink:href")]
    assert all(str(link).startswith(("#", "data:")) for link in links)
    assert "svg" in dict(page.seen)
    assert "script" not in dict(page.seen)


def test_names_from_files_are_text_wherever_they_stand() -> None:
    plot = replace(RESULT.plots["alone"], title=EVIL, groups=(EVIL, "b"))
    names = {"title": EVIL, "model": EVIL, "weights_sha256": EVIL, "notes": (EVIL,), "plots": {EVIL: plot}}
    evil = replace(RESULT, rows=({EVIL: EVIL},), settings={"paper_convention": True, EVIL: EVIL}, **names)

    html = report_html([evil, RESULT])

    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 8
    assert not Open(html).stack


def test_cells_are_formatted_and_what_is_missing_is_empty() -> None:
    html = re.sub(r"\s*\n\s*", "", report_html([RESULT]))

    assert '<td class="number">0</td><td class="number">0.500</td><td></td><td class="number">8</td>' in html
    assert f'<td class="words">{"x" * 60}</td>' in html


def test_colours_of_a_figure_are_those_of_the_page_in_light_and_dark() -> None:
    html = report_html([RESULT])

    svg = html[html.index("<svg") : html.index("</svg>")]
    assert {"var(--paper)", "var(--ink)", "var(--muted)", "var(--hue0)"} <= set(re.findall(r"var\(--\w+\)", svg))
    assert not re.findall("#[0-9a-f]{6}(?![0-9a-f])", svg)
    assert "prefers-color-scheme: dark" in html


def test_parts_of_two_conventions_are_named() -> None:
    theirs = replace(RESULT, title="Theirs", settings={"paper_convention": True})

    assert "sound version was measured" in report_html([RESULT])
    assert "used wherever" in report_html([theirs])
    assert re.search(r"used in:\s+Theirs \(mine\); elsewhere", report_html([RESULT, theirs]))


def test_the_sources_of_published_numbers_stand_at_the_end() -> None:
    html = report_html([RESULT])

    assert PAPER in html
    assert all(source.taken_from in html for source in SOURCES.values())
