"""Odd-one-out stimuli and photos with masks, as the window shows them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.actions import COMMANDS
from app.desk import Desk
from app.edits import draw_odd_one_out, set_item_property, show_photo
from app.item_edits import delete_selected
from app.opening import open_paths
from app.panels.decision import truth_words
from app.panels.inside import InsidePanel
from app.panels.stimulus import StimulusPanel, canvas_items, item_role
from app.widgets.canvas import StimulusCanvas
from app.widgets.chips import Chip, chip_mime
from core.analyses.attention import Attention
from core.errors import UserError
from core.interventions.drop_tokens import DropTokens
from core.stimuli.datasets import random_odd_one_out
from core.stimuli.stimulus import Geometry, item_name, n_items, odd_one
from core.stimuli.tokens import patches_of_items
from tests.app.answers import answer, attention_of
from tests.app.widgets.gestures import NO_KEYS, carry, drag, open_on_screen


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture file beside which a mask file numbers two objects, at its top left and its bottom right."""
    levels = np.zeros((224, 224), np.uint8)
    levels[:48, :48], levels[128:, 128:] = 1, 2
    Image.fromarray(levels).save(tmp_path / "pond.mask.png")
    Image.fromarray(np.full((224, 224, 3), 90, np.uint8)).save(tmp_path / "pond.png")
    return tmp_path / "pond.png"


def shown(qtbot: QtBot, desk: Desk) -> StimulusPanel:
    panel = StimulusPanel(desk)
    desk.store.changed.connect(panel.refresh)
    open_on_screen(qtbot, panel, 460, 540)
    panel.refresh()
    return panel


def over(canvas: StimulusCanvas, patch: int) -> QPointF:
    """The middle of a patch of the canvas."""
    row, column = divmod(patch, 14)
    return canvas.frame().shown(column * 16, row * 16, 16).center()


def test_every_way_to_be_odd_has_a_command_and_is_one_step(desk: Desk) -> None:
    commands = [command for command in COMMANDS if command.text.startswith("Odd one out")]

    for command in commands:
        command.do(desk)

    assert [command.text.partition(" by ")[2] for command in commands] == ["shape and colour", "shape", "colour"]
    assert desk.store.undo.count() == len(commands)
    assert odd_one(desk.document.base) is not None


@pytest.mark.parametrize("seed", range(4))
def test_the_badge_says_which_item_is_odd_and_in_what(seed: int) -> None:
    stimulus = random_odd_one_out(Geometry(), seed, "color")
    odd = odd_one(stimulus)
    assert odd is not None

    assert truth_words(stimulus) == f"ODD ONE OUT: {item_name(odd)} — colour"
    assert truth_words(stimulus, short=True) == f"ODD ONE OUT: {item_name(odd)}"


def test_all_nine_items_can_be_taken_hold_of_and_the_odd_one_has_a_colour_of_its_own(qtbot: QtBot, desk: Desk) -> None:
    stimulus = next(s for s in (random_odd_one_out(Geometry(), seed, "both") for seed in range(99)) if n_items(s) == 9)
    panel = shown(qtbot, desk)
    desk.edit("Odd", type(desk.document)(desk.document.model, stimulus))

    for index in range(9):
        QTest.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=panel.canvas.item_rect(index).center().toPoint())
        assert desk.view.item == index
    roles = [item.role for item in canvas_items(stimulus)]
    assert roles.count("item_b") == 1
    assert roles.index("item_b") == odd_one(stimulus)
    assert f"{item_name(odd_one(stimulus) or 0)} " in panel.caption.text()
    assert "8 others" in panel.caption.text()


def test_an_item_that_becomes_like_the_others_is_odd_no_more(desk: Desk) -> None:
    draw_odd_one_out(desk, "color")
    odd = odd_one(desk.document.base)
    assert odd is not None

    set_item_property(desk, odd, "color", desk.document.base.items[odd - 1].color)

    assert truth_words(desk.document.base) == "no ground truth"
    assert len({item_role(desk.document.base, index) for index in range(4)}) == 4


def test_a_mask_is_selected_by_a_click_and_stays_where_it_is(qtbot: QtBot, desk: Desk, picture: Path) -> None:
    panel = shown(qtbot, desk)
    show_photo(desk, picture)
    n_steps = desk.store.undo.count()

    drag(panel.canvas, over(panel.canvas, 13 * 14 + 13), over(panel.canvas, 20))
    assert desk.view.item == 1
    QTest.keyClick(panel.canvas, Qt.Key.Key_Left, NO_KEYS)

    assert desk.store.undo.count() == n_steps
    assert not carry(panel.canvas, over(panel.canvas, 0), chip_mime(Chip("color", 1, "red"))), "a mask has no colour"
    assert "B (object 2) · 36 tokens" in panel.canvas.accessibleDescription()
    assert panel.caption.text().replace("\u00a0", " ") == "Photo: pond.png · A object 1, B object 2."


def test_what_lies_between_masks_is_no_item(qtbot: QtBot, desk: Desk, picture: Path) -> None:
    panel = shown(qtbot, desk)
    show_photo(desk, picture)

    QTest.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=over(panel.canvas, 5 * 14 + 5).toPoint())

    assert desk.view.item == -1


def test_a_deleted_mask_takes_its_edits_and_undo_brings_both_back(desk: Desk, picture: Path) -> None:
    show_photo(desk, picture)
    desk.edit("Drop", type(desk.document)(desk.document.model, desk.document.base, None, (DropTokens(0, "item", 1),)))
    before = desk.document
    desk.look(item=1)

    delete_selected(desk)
    assert n_items(desk.document.base) == 1
    assert desk.document.interventions == ()
    assert desk.store.undo.undoText() == "Delete B"
    desk.store.undo.undo()

    assert desk.document == before
    assert patches_of_items(desk.document.base) == patches_of_items(before.base)


def test_the_inside_panel_rings_the_masks_and_names_their_patches(qtbot: QtBot, desk: Desk, picture: Path) -> None:
    show_photo(desk, picture)
    panel = InsidePanel(desk)
    qtbot.addWidget(panel)
    desk.look(token=1 + 13 * 14 + 13)

    desk.take(answer(desk, {Attention(desk.view.token): attention_of(desk.view.token)}))
    panel.refresh()

    assert [(ring.label, len(ring.patches)) for ring in panel.view._look.rings] == [("A", 9), ("B", 36)]
    assert panel.view.accessibleDescription().startswith("patch (13, 13) of B looks at")


def test_a_picture_that_is_dropped_with_its_masks_leaves_nothing_over(desk: Desk, picture: Path) -> None:
    open_paths(desk, [picture.with_name("pond.mask.png"), picture])

    assert desk.document.base.photo is not None
    assert desk.document.base.photo.name == "pond.png"
    assert n_items(desk.document.base) == 2


def test_a_mask_that_does_not_fit_leaves_the_stimulus_as_it_was(desk: Desk, picture: Path) -> None:
    before = desk.document
    Image.new("L", (10, 10), 1).save(picture.with_name("pond.mask.png"))

    with pytest.raises(UserError, match="10×10 px, and its picture 224×224"):
        show_photo(desk, picture)

    assert desk.document == before
