"""The commands of drawing: every tool with its key, and how it draws."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QApplication, QInputDialog

from app.actions import WITHIN, Command, Do
from app.desk import Desk
from app.drawing import is_for
from app.edits import edit_stimulus
from app.widgets.hand import next_size
from app.widgets.tools import Tool, tools
from app.widgets.tools.crop import Crop
from core.arrange import crop_photo
from core.document import Side, stimulus_of, with_stimulus
from core.errors import UserError
from core.stimuli.crops import middle, whole_picture
from core.stimuli.drawn import rename_object
from core.stimuli.stimulus import COLOR_NAMES, COLORS, item_name

MENU = f"Stimulus{WITHIN}Tool"
SOFTER = 0.25
"""By how much one command makes a stroke softer or harder."""


def choose_tool(desk: Desk, kind: type[Tool]) -> None:
    """Take a tool into the hand.

    Raises UserError where it is for photos, and there is none.
    """
    stimulus = stimulus_of(desk.document, desk.view.side)
    if not is_for(kind, stimulus):
        if stimulus.photo is not None:
            raise UserError(
                "All that is kept of this photo is shown.", "Open one that is not square to choose a part of it."
            )
        raise UserError(f"“{kind.name}” is for photos.", "Open a picture, paste one, or drop one on the window.")
    desk.take_up(tool=kind.name)


def clear_paint(desk: Desk) -> None:
    """Take away all that is painted.

    Raises UserError where nothing is.
    """
    if stimulus_of(desk.document, desk.view.side).paint is None:
        raise UserError("Nothing is painted here.", "The brush (B), the occluders and the text tool paint.")
    edit_stimulus(desk, "Clear paint", lambda s: replace(s, paint=None))


def rename_selected(desk: Desk) -> None:
    """Ask what the selected object of a photo is called.

    Raises UserError where none is selected.
    """
    side = desk.view.side
    photo, index = stimulus_of(desk.document, side).photo, desk.view.item
    if photo is None or not 0 <= index < len(photo.masks):
        raise UserError("No object of a photo is selected.", "Click one on the canvas, or mark one (M, N, K).")
    asking = QInputDialog(QApplication.activeWindow())
    asking.setWindowTitle("Name of the object")
    asking.setLabelText(f"{item_name(index)} is called:")
    asking.setTextValue(photo.masks[index].label)
    asking.textValueSelected.connect(lambda label: _rename(desk, side, index, label.strip()))
    asking.finished.connect(asking.deleteLater)
    asking.open()


def _rename(desk: Desk, side: Side, index: int, label: str) -> None:
    if label:
        stimulus = rename_object(stimulus_of(desk.document, side), index, label)
        desk.edit(f"Rename {item_name(index)}", with_stimulus(desk.document, side, stimulus))


def show_middle(desk: Desk) -> None:
    """The largest square in the middle of a photo again.

    Raises UserError where it is square.
    """
    choose_tool(desk, Crop)
    side = desk.view.side
    photo = stimulus_of(desk.document, side).photo
    if photo is not None:
        square = middle(whole_picture(photo.whole).size)
        desk.edit("Crop to the middle", crop_photo(desk.document, side, square))


def _tool(kind: type[Tool]) -> Command:
    keys = (kind.key,) if kind.key else ()
    do = partial(choose_tool, kind=kind)
    return Command(MENU, kind.name, do, keys, "tool", tip=kind.tip, alias=f"tool draw {kind.words}")


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
    Command(MENU, "Crop to the middle", show_middle, tip="The largest square in the middle of a photo."),
    Command(
        "Stimulus",
        "Rename object…",
        rename_selected,
        panel="object",
        tip="What the selected object of a photo is called.",
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
