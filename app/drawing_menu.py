"""The commands of drawing: every tool with its key, and how it draws."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from app.actions import WITHIN, Command, Do
from app.desk import Desk
from app.edits import edit_stimulus
from app.widgets.hand import next_size
from app.widgets.tools import Tool, tools
from core.document import stimulus_of
from core.errors import UserError
from core.scene import COLOR_NAMES, COLORS

MENU = f"Stimulus{WITHIN}Tool"
SOFTER = 0.25
"""By how much one command makes a stroke softer or harder."""


def choose_tool(desk: Desk, kind: type[Tool]) -> None:
    """Take a tool into the hand.

    Raises UserError where it is for photos, and there is none.
    """
    if kind.photos_only and stimulus_of(desk.document, desk.view.side).photo is None:
        raise UserError(f"“{kind.name}” is for photos.", "Open a picture, paste one, or drop one on the window.")
    desk.take_up(tool=kind.name)


def clear_paint(desk: Desk) -> None:
    """Take away all that is painted.

    Raises UserError where nothing is.
    """
    if stimulus_of(desk.document, desk.view.side).paint is None:
        raise UserError("Nothing is painted here.", "The brush (B), the occluders and the text tool paint.")
    edit_stimulus(desk, "Clear paint", lambda s: replace(s, paint=None))


def _tool(kind: type[Tool]) -> Command:
    keys = (kind.key,) if kind.key else ()
    return Command(
        MENU, kind.name, partial(choose_tool, kind=kind), keys, tip=kind.tip, alias=f"tool draw {kind.words}"
    )


def _sized(step: int) -> Do:
    return lambda desk: desk.take_up(size_px=next_size(desk.hand.size_px, step))


def _softer(step: float) -> Do:
    return lambda desk: desk.take_up(hardness=min(1.0, max(0.0, desk.hand.hardness + step)))


def _colored(color: int) -> Do:
    return lambda desk: desk.take_up(rgb=COLORS[color], color=color)


DRAWING: tuple[Command, ...] = (
    *(_tool(kind) for kind in tools()),
    Command(MENU, "Larger brush", _sized(1), ("+", "="), tip="Wider strokes and lines, higher letters."),
    Command(MENU, "Smaller brush", _sized(-1), ("-",), tip="Narrower strokes and lines, lower letters."),
    Command(MENU, "Harder brush", _softer(SOFTER), ("Shift+H",), tip="The edge of a stroke falls off later."),
    Command(MENU, "Softer brush", _softer(-SOFTER), ("Shift+S",), tip="The edge of a stroke falls off sooner."),
    Command(
        MENU,
        "Noise fill, or even",
        lambda desk: desk.take_up(noisy=not desk.hand.noisy),
        ("Shift+N",),
        tip="Paint with Gaussian noise round the colour, as the study fills its items, or evenly.",
        alias="gaussian noise flat",
    ),
    Command(MENU, "Clear paint", clear_paint, tip="Take away all that is painted by hand.", alias="erase all"),
    *(
        Command(
            f"{MENU}{WITHIN}Paint in", name, _colored(color), tip="The brush takes this colour.", alias="brush colour"
        )
        for color, name in enumerate(COLOR_NAMES)
    ),
)
"""What stands in *Stimulus ▸ Tool*."""
