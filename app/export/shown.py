"""Which pictures the window shows, and what each is called: in a list, on the command line, and in a file's name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from PySide6.QtWidgets import QWidget

from app.export.paint import pictures_in, plot_of
from app.panels import Panel
from app.panels.study_parts import PartView
from app.widgets.attention_view import AttentionView
from app.widgets.canvas import StimulusCanvas
from app.widgets.class_bars import ClassBars
from app.widgets.head_atlas import HeadAtlas
from app.widgets.layer_strip import LayerStrip
from app.widgets.lens_map import LensMap
from app.widgets.meter import DecisionMeter
from app.widgets.mode_view import ModeView
from app.widgets.pad import SubspacePad
from app.widgets.painted import Paints
from app.widgets.probe_slider import PairMeter, ProbeSlider
from app.widgets.top_bars import TopBars

WORDS: Mapping[type[QWidget], str] = {
    StimulusCanvas: "canvas",
    AttentionView: "attention",
    HeadAtlas: "heads",
    SubspacePad: "pad",
    DecisionMeter: "meter",
    ClassBars: "meter",
    LayerStrip: "layers",
    LensMap: "lens",
    ModeView: "mode",
    TopBars: "classes",
    ProbeSlider: "probe",
    PairMeter: "probe-meter",
}
"""What pictures are called; plots are called so, and what has no word here by the name of its panel."""
PANEL_OF: Mapping[str, str] = {
    "canvas": "Stimulus",
    "attention": "Inside",
    "heads": "Inside",
    "pad": "Interventions",
    "probe": "Interventions",
    "meter": "Decision",
    "layers": "Layers",
    "lens": "Lens",
    "mode": "Modes",
}
"""In which panel a picture is."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture, or a panel that has none and is drawn as it is: a short name, and what is said of it."""

    name: str
    words: str
    widget: QWidget


def shown_of(panels: Iterable[Panel]) -> list[Shown]:
    """What can be drawn of the panels, in their order; names that are there twice are numbered."""
    found: list[Shown] = []
    for panel in panels:
        widget = cast(QWidget, panel)
        pictures: list[QWidget] = [*pictures_in(widget)]
        for picture in pictures or [widget]:
            name = name_of(picture) or slug(panel.title)
            same = sum(re.fullmatch(rf"{re.escape(name)}(-\d+)?", other.name) is not None for other in found)
            found.append(Shown(f"{name}-{same + 1}" if same else name, _words(panel.title, picture), picture))
    return found


def name_of(picture: QWidget) -> str:
    """What a picture is called, "" where it has no word of its own."""
    if plot_of(picture) is not None:
        return "plot"
    return next((word for kind, word in WORDS.items() if isinstance(picture, kind)), "")


def slug(words: str) -> str:
    """Words as a name without spaces."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def picture_at(inner: QWidget | None, panel: QWidget) -> QWidget:
    """The picture that a widget of a panel is or belongs to; the panel itself where there is none."""
    found, widget = panel, inner
    while widget is not None and widget is not panel:
        if isinstance(widget, Paints) and name_of(widget):
            found = widget
        widget = widget.parentWidget()
    return found


def study_of(widget: QWidget) -> dict[str, object] | None:
    """Of which study a plot is; None where it is of the document."""
    inside: QWidget | None = widget
    while inside is not None:
        if isinstance(inside, PartView):
            part = inside.part
            return {"study": part.study, "title": part.title, "model": part.model, "n": part.n}
        inside = inside.parentWidget()
    return None


def _words(title: str, picture: QWidget) -> str:
    said = picture.accessibleName()
    return title if said in ("", title) else f"{title}: {said}"
