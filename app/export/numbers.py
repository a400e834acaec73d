"""*Copy data* and *Copy as Python*: what a panel shows, as text for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from PySide6.QtWidgets import QApplication, QWidget

from app.desk import Desk
from app.export.exports import Exports, Row
from app.export.paint import pictures_in, plot_of
from app.export.shown import name_of
from app.file_menu import Add
from app.panels import Panel
from core.analyses import Analysis
from core.analyses.attention import Attention
from core.analyses.class_lens import ClassLens
from core.analyses.decision import Decision
from core.analyses.decision_map import DecisionMap
from core.analyses.head_modes import HeadModes
from core.analyses.item_shares import ItemShares
from core.analyses.pad import Pad
from core.analyses.pair_judgements import PairJudgements
from core.analyses.top_classes import TopClasses
from core.beside import Beside
from core.document import stimulus_of
from core.errors import UserError
from core.figures.tables import Row as Numbers
from core.figures.tables import plot_rows, to_csv
from core.found_rows import found_rows, layer_rows, stimulus_rows
from core.script import script_of

BEHIND: Mapping[str, tuple[type[Analysis[Any]], ...]] = {
    "meter": (Decision,),
    "attention": (Attention, ClassLens),
    "heads": (ItemShares,),
    "pad": (Pad, DecisionMap),
    "lens": (ClassLens,),
    "mode": (HeadModes,),
    "classes": (TopClasses,),
    "probe": (PairJudgements,),
    "probe-meter": (PairJudgements,),
}
"""Which of the findings of its panel a picture shows; a picture that is not named here, and a panel, show them all."""


def fill(add: Add, exports: Exports, desk: Desk) -> None:
    """Add the commands, and the entry in the menu of every picture."""
    add("Edit", "Copy data", lambda: copy_data(desk, exports.pointed()), "Ctrl+Alt+D")
    add("Edit", "Copy as Python", lambda: copy_as_python(desk), "Ctrl+Shift+P")
    exports.more.append(lambda target: [_row(desk, target)])


def _row(desk: Desk, target: QWidget) -> Row:
    return "Copy data", lambda: copy_data(desk, target)


def copy_data(desk: Desk, target: QWidget) -> None:
    """Put the numbers behind a picture or a panel into the clipboard, as CSV.

    Raises UserError where there are none, or they are of an earlier state.
    """
    QApplication.clipboard().setText(to_csv(numbers_of(desk, target)))


def copy_as_python(desk: Desk) -> None:
    """Put a script that asks the same into the clipboard."""
    QApplication.clipboard().setText(script_of(desk.document, desk.decisions.get(desk.document)))


def numbers_of(desk: Desk, target: QWidget) -> list[Numbers]:
    """The rows of what a picture or a panel shows.

    Raises UserError where there is nothing, or what is shown is of an earlier state.
    """
    plot, name = plot_of(target), name_of(target)
    if plot is not None:
        return plot_rows(plot)
    if name == "canvas":
        rows = stimulus_rows(stimulus_of(desk.document, desk.view.side))
    elif name == "layers":
        rows = [] if desk.model is None else layer_rows(desk.model)
    else:
        rows = _found(desk, target, BEHIND.get(name, ()))
    rows = rows or [row for picture in pictures_in(target) if (of := plot_of(picture)) for row in plot_rows(of)]
    if not rows:
        raise UserError("There are no numbers here.", "Point at a plot, a pad, a map or the meter.")
    return rows


def _found(desk: Desk, target: QWidget, kinds: tuple[type[Analysis[Any]], ...]) -> list[Numbers]:
    """Of what was found for the panel, what is of one of the kinds, or all where none is named."""
    known: dict[Analysis[Any], Any] = {}
    for analysis in _panel_of(target).wanted():
        inner = analysis.analysis if isinstance(analysis, Beside) else analysis
        if (kinds and not isinstance(inner, kinds)) or _is_of_another_pad(desk, inner, target):
            continue
        found = desk.found(analysis)
        if found is None or not found.current:
            raise UserError("The numbers are being computed.", "Copy them once the panel is no longer grey.")
        known[analysis] = found.value
    return [] if desk.model is None else found_rows(known, desk.model, desk.shown, desk.view)


def _is_of_another_pad(desk: Desk, analysis: Analysis[Any], target: QWidget) -> bool:
    """Of the pads, the one that is pointed at is the one that is shown."""
    return name_of(target) == "pad" and isinstance(analysis, Pad) and analysis.property != desk.pad_shown


def _panel_of(target: QWidget) -> Panel:
    """The panel that a picture is in.

    Raises UserError where it is in none.
    """
    widget: QWidget | None = target
    while widget is not None and not isinstance(widget, Panel):
        widget = widget.parentWidget()
    if widget is None:
        raise UserError("There are no numbers here.", "Point at a plot, a pad, a map or the meter.")
    return cast(Panel, widget)
