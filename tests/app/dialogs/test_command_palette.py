"""Commands are found by what people type, and all keys can be read on small screens."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QScrollArea
from pytestqt.qtbot import QtBot

from app.dialogs.command_palette import ALSO_CALLED, CommandPalette, ShortcutSheet, in_columns
from app.edits import show_photo
from app.main_window import MainWindow
from app.search import Name, ranked
from core.interventions import intervention_kinds
from core.options import option_name
from core.stimuli.render import shape_name
from core.stimuli.stimulus import COLOR_NAMES


@pytest.fixture
def palette(window: MainWindow, qtbot: QtBot) -> CommandPalette:
    palette = CommandPalette(window.all_actions(), window)
    palette.open()
    return palette


def shrink(window: MainWindow, width_px: int, height_px: int) -> None:
    for dock in window._docks.values():
        dock.hide()
    window.setMinimumSize(0, 0)
    window.resize(width_px, height_px)
    assert (window.width(), window.height()) == (width_px, height_px)


def found(palette: CommandPalette, words: str) -> list[str]:
    palette.search.setText(words)
    items = (palette.found.topLevelItem(row) for row in range(palette.found.topLevelItemCount()))
    return [item.text(0) for item in items if item is not None]


@pytest.mark.parametrize("words", ["color", "colour", "Color", "COLOUR", "colur", "colr"])
def test_commands_about_colour_are_found_in_every_spelling(palette: CommandPalette, words: str) -> None:
    hits = found(palette, words)

    assert "Stimulus ▸ Match colour" in hits[:3]
    assert "Intervene ▸ Swap colour from source" in hits[:3]
    assert "Stimulus ▸ Match shape" not in hits


@pytest.mark.parametrize("words", ["sqare", "squre", "square", "sqaure", "shape square"])
def test_a_square_is_found_with_a_typing_error(palette: CommandPalette, words: str) -> None:
    assert found(palette, words)[0] == "Stimulus ▸ Shape ▸ square"


@pytest.mark.parametrize("words", ["rmts", "match to sample", "match-to-sample", "Match-To-Sample"])
def test_the_model_of_match_to_sample_is_found_by_its_task(palette: CommandPalette, words: str) -> None:
    assert found(palette, words)[0] == "Model ▸ Bundled: rmts"


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("swap", "Intervene ▸ Swap from source"),
        ("swap places", "Stimulus ▸ Exchange places"),
        ("rand pair", "Stimulus ▸ Random pair"),
        ("reroll", "Stimulus ▸ Re-roll noise"),
        ("theme dark", "View ▸ Theme: dark"),
        ("gray", "Stimulus ▸ Colour ▸ grey"),
        ("delte item", "Edit ▸ Delete item"),
        ("quit", "File ▸ Quit"),
        ("knock out MLP", "Intervene ▸ Inside a block ▸ Switch the MLP off"),
    ],
)
def test_the_best_command_comes_first(palette: CommandPalette, words: str, first: str) -> None:
    assert found(palette, words)[0] == first


def test_what_a_kind_of_intervention_offers_is_found_by_its_name(palette: CommandPalette) -> None:
    for kind in intervention_kinds():
        offers = {f"Intervene ▸ Inside a block ▸ {offer.words}" for offer in kind.offers()}
        assert offers <= set(found(palette, option_name(kind).replace("-", " ")))


def test_nothing_is_found_for_what_is_not_there_and_everything_for_nothing(
    palette: CommandPalette, window: MainWindow
) -> None:
    assert found(palette, "xylophone") == []
    assert palette.nothing.isVisible()
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert len(found(palette, "  ")) == len(window.all_actions())
    assert not palette.nothing.isVisible()
    assert found(palette, "color xylophone") == []


def test_return_does_what_stands_first(palette: CommandPalette, window: MainWindow) -> None:
    palette.search.setText("sqare")

    QTest.keyClick(palette.search, Qt.Key.Key_Return)

    assert shape_name(window.desk.document.base.items[0].shape) == "square"
    assert window.desk.store.undo.undoText() == "Change shape of A"


def test_a_colour_is_for_the_selected_item_and_refused_without_one(window: MainWindow, tmp_path: Path) -> None:
    lime = next(
        action for menu, action in window.all_actions() if (menu, action.text()) == ("Stimulus ▸ Colour", "lime")
    )
    window.desk.look(item=1)
    lime.trigger()
    assert COLOR_NAMES[window.desk.document.base.items[1].color] == "lime"

    Image.new("RGB", (64, 64), (200, 30, 30)).save(tmp_path / "cat.png")
    show_photo(window.desk, tmp_path / "cat.png")
    lime.trigger()

    assert "No item is selected" in window.status.error.text()


def test_names_as_good_stay_in_their_order_and_long_queries_find_nothing() -> None:
    names = [Name("Match shape"), Name("Match colour"), Name("Match")]

    assert ranked("match", names) == [2, 0, 1]
    assert ranked("x" * 5000, names) == []
    assert ranked("▸ ?", names) == [0, 1, 2]


@pytest.mark.parametrize("size", [(960, 540), (640, 400), (1366, 768)])
def test_the_sheet_of_keys_fits_its_window_and_scrolls(window: MainWindow, size: tuple[int, int]) -> None:
    shrink(window, *size)

    sheet = ShortcutSheet(window.all_actions(), window)
    sheet.open()

    assert sheet.height() <= size[1]
    assert sheet.width() <= size[0]
    area = sheet.findChild(QScrollArea)
    assert area is not None
    last = area.widget().findChildren(QLabel)[-1]
    area.ensureWidgetVisible(last)
    seen = area.viewport().rect()
    assert seen.contains(last.mapTo(area.viewport(), last.rect().center()))


@pytest.mark.parametrize("width_px", [640, 960, 1440])
def test_no_key_on_the_sheet_is_cut_at_the_side(window: MainWindow, width_px: int) -> None:
    shrink(window, width_px, 540)

    sheet = ShortcutSheet(window.all_actions(), window)
    sheet.open()

    area = sheet.findChild(QScrollArea)
    assert area is not None
    assert area.horizontalScrollBar().maximum() == 0


def test_the_groups_of_the_sheet_stand_in_columns_of_about_the_same_length_in_their_order() -> None:
    groups = [(name, [("text", "key")] * n) for name, n in (("a", 6), ("b", 2), ("c", 7), ("d", 1), ("e", 8))]

    columns = in_columns(groups, 3)

    assert [[name for name, _ in column] for column in columns] == [["a", "b"], ["c", "d"], ["e"]]
    assert in_columns(groups, 1) == [groups]


def test_the_list_of_commands_fits_a_small_window(window: MainWindow) -> None:
    shrink(window, 640, 400)

    palette = CommandPalette(window.all_actions(), window)
    palette.open()

    assert palette.height() <= 400


@pytest.mark.parametrize(
    ("words", "command"),
    [
        *(("preferences", "Settings…"), ("shortcuts", "Keys"), ("exit", "Quit"), ("dark mode", "Theme: dark")),
        *(("photo", "Open picture…"), ("hugging face", "Open model…"), ("svg", "Export figure…")),
        *(("gif", "Export film…"), ("csv", "Copy data"), ("slides", "Start the talk"), ("das", "Fit subspaces…")),
        *(("interchange", "Swap from source"), ("ablation", "This head at its mean"), ("gpu", "Run on cuda")),
        *(("dataset", "Make a set…"), ("training", "Fine-tune this model…"), ("version", "Copy report")),
    ],
)
def test_a_command_is_found_by_what_other_programs_call_it(palette: CommandPalette, words: str, command: str) -> None:
    assert any(name.endswith(f"▸ {command}") for name in found(palette, words)[:4])


def test_every_command_that_is_also_called_something_is_one_of_the_window(window: MainWindow) -> None:
    commands = {action.text() for _, action in window.all_actions()}

    assert ALSO_CALLED.keys() <= commands
