"""Open model…: everything that can be opened is found by what people type, and can be put in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app.dialogs.open_model import ModelDialog
from app.jobs import Run
from core.catalogue import download_place
from core.errors import UserError
from core.progress import Progress
from core.runner import Broken, Order
from tests.app.small_models import add

DINO = "vit_small_patch14_dinov2.lvd142m"


@pytest.fixture
def dialog(library: Path, qtbot: QtBot) -> ModelDialog:
    add("mine", origin={"from": "hf-hub:me/mine"}, licence="MIT")
    add("other")
    return shown(qtbot)


def shown(qtbot: QtBot, width_px: int = 1200, height_px: int = 800) -> ModelDialog:
    window = QWidget()
    window.resize(width_px, height_px)
    qtbot.addWidget(window)
    window.said = []  # type: ignore[attr-defined]

    def attempt(do: Any) -> None:
        try:
            do()
        except UserError as error:
            window.said.append(str(error))  # type: ignore[attr-defined]

    dialog = ModelDialog(window, attempt, lambda: "other")
    dialog.show()
    return dialog


def names(dialog: ModelDialog, words: str) -> list[str]:
    dialog.search.setText(words)
    return [row.name for row in dialog.table.shown]


def choose(dialog: ModelDialog, name: str) -> None:
    dialog.search.setText(name)
    assert dialog.row is not None
    assert dialog.row.name == name


def test_the_users_own_models_stand_first_then_those_that_ship_then_names(dialog: ModelDialog) -> None:
    found = names(dialog, "")

    assert found[:2] == ["mine", "other"]
    assert found.index("rmts") < found.index("vit_tiny_patch16_224.augreg_in21k_ft_in1k")


@pytest.mark.parametrize("words", ["dinov2 small", "small dinov2", "SMALL Dinov2", "patch14_dinov2 small"])
def test_a_network_of_timms_is_found_by_any_words_of_its_name(dialog: ModelDialog, words: str) -> None:
    assert DINO in names(dialog, words)
    assert all("small" in name and "dinov2" in name for name in names(dialog, words))


def test_a_typing_error_still_finds_something(dialog: ModelDialog) -> None:
    assert DINO in names(dialog, "dinovv2 smal")


def test_what_nobody_has_is_said(dialog: ModelDialog) -> None:
    assert names(dialog, "xyzzy") == []
    assert "Nothing has all of these words" in dialog.details.text()
    assert not dialog.open_button.isEnabled()


def test_a_row_says_blocks_heads_image_patch_size_and_answers(dialog: ModelDialog) -> None:
    choose(dialog, DINO)

    assert dialog.row is not None
    assert dialog.row.cells == (DINO, "12 × 6", "518 / 14", "88 MB", "no classes", "timm, to download")
    assert "Licence: apache-2.0" in dialog.details.text()


def test_a_model_of_the_library_says_where_it_came_from(dialog: ModelDialog) -> None:
    choose(dialog, "mine")

    assert dialog.row is not None
    assert dialog.row.cells == ("mine", "4 × 2", "224 / 16", "2.0 MB", "cat or dog or bird", "your library")
    assert "From: hf-hub:me/mine" in dialog.details.text()
    assert "Licence: MIT" in dialog.details.text()


def test_enter_opens_what_is_found(dialog: ModelDialog, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog.chosen) as opened:
        QTest.keyClicks(dialog.search, "rmts")
        QTest.keyClick(dialog.search, Qt.Key.Key_Return)

    assert opened.args == ["rmts"]


def test_arrows_walk_through_the_list_while_one_types(dialog: ModelDialog) -> None:
    QTest.keyClicks(dialog.search, "dinov2 small")
    first = dialog.row
    QTest.keyClick(dialog.search, Qt.Key.Key_Down)
    second = dialog.row
    QTest.keyClick(dialog.search, Qt.Key.Key_Up)

    assert dialog.row == first != second


def test_weights_are_downloaded_only_on_a_click_that_says_how_much(dialog: ModelDialog, qtbot: QtBot) -> None:
    choose(dialog, DINO)

    assert dialog.open_button.text() == "Download (88 MB)"
    with qtbot.waitSignal(dialog.wanted) as asked:
        dialog.open_button.click()
    assert asked.args == [f"timm:{DINO}", True, None]


def test_random_weights_are_a_choice_of_their_own(dialog: ModelDialog, qtbot: QtBot) -> None:
    choose(dialog, DINO)

    with qtbot.waitSignal(dialog.wanted) as asked:
        dialog.random.click()
    assert asked.args == [f"timm:{DINO}", False, 0]


def test_weights_that_are_here_are_opened_without_a_download(dialog: ModelDialog, qtbot: QtBot) -> None:
    place = download_place(f"timm/{DINO}", "model.safetensors")
    place.parent.mkdir(parents=True)
    place.touch()
    dialog.look_again()
    choose(dialog, DINO)

    assert dialog.open_button.text() == "Open"
    assert dialog.row is not None
    assert dialog.row.cells[-1] == "timm, on this computer"
    with qtbot.waitSignal(dialog.wanted) as asked:
        dialog.open_button.click()
    assert asked.args == [f"timm:{DINO}", False, None]


def test_a_network_that_is_in_the_library_already_is_not_downloaded_again(dialog: ModelDialog) -> None:
    add(DINO, origin={"from": f"timm:{DINO}"})
    dialog.look_again()
    dialog.search.setText(DINO)

    assert {row.cells[-1] for row in dialog.table.shown} == {"your library", "timm, in your library"}


def test_of_a_network_that_nobody_has_weights_of_only_random_ones_are_offered(dialog: ModelDialog) -> None:
    choose(dialog, "vit_relpos_base_patch16_cls_224")

    assert not dialog.open_button.isEnabled()
    assert dialog.random.isVisible()
    assert "Nobody has published weights" in dialog.details.text()


def test_a_file_or_a_folder_can_be_chosen(dialog: ModelDialog, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[Path] = []
    dialog.files_chosen.connect(chosen.append)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/a/b.pth", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/a/folder")

    dialog.file.click()
    dialog.folder.click()

    assert chosen == [Path("/a/b.pth"), Path("/a/folder")]


def test_a_model_is_removed_after_a_question(dialog: ModelDialog) -> None:
    choose(dialog, "mine")
    dialog.remove.click()
    assert isinstance(dialog.question, QMessageBox)
    assert "subspaces and probes" in dialog.question.text()

    dialog.question.accept()

    assert "mine" not in names(dialog, "")


def test_a_model_is_removed_at_once_where_no_question_is_wanted(dialog: ModelDialog) -> None:
    dialog.asks = lambda: False
    choose(dialog, "mine")

    dialog.remove.click()

    assert dialog.question is None
    assert "mine" not in names(dialog, "")


def test_a_model_gets_another_name(dialog: ModelDialog) -> None:
    choose(dialog, "mine")
    dialog.rename.click()
    assert isinstance(dialog.question, QInputDialog)
    dialog.question.setTextValue("yours")
    dialog.question.accept()

    assert names(dialog, "yours") == ["yours"]


def test_a_name_that_is_taken_is_refused_in_words(dialog: ModelDialog) -> None:
    choose(dialog, "mine")
    dialog.rename.click()
    assert isinstance(dialog.question, QInputDialog)
    dialog.question.setTextValue("rmts")
    dialog.question.accept()

    assert "a model called “rmts”" in dialog.parent().said[0]
    assert "mine" in names(dialog, "")


def test_the_model_that_is_open_is_not_removed(dialog: ModelDialog) -> None:
    choose(dialog, "other")

    assert not dialog.remove.isEnabled()
    assert "Open another model first" in dialog.remove.toolTip()


@pytest.mark.parametrize("name", ["rmts", DINO])
def test_only_models_of_the_library_are_put_in_order(dialog: ModelDialog, name: str) -> None:
    choose(dialog, name)

    assert not dialog.remove.isVisible()
    assert not dialog.rename.isVisible()


def test_a_download_shows_how_far_it_is_and_can_be_cancelled(dialog: ModelDialog, qtbot: QtBot) -> None:
    run = Run(0, Order("x"), "running", Progress(1, 4, "downloading model.safetensors"), left_s=12.3)

    dialog.show_run(run)

    assert "downloading model.safetensors, about 12 s left" in dialog.said.text()
    assert dialog.progress.value() == dialog.progress.maximum() / 4
    assert not dialog.open_button.isEnabled()
    with qtbot.waitSignal(dialog.cancelled):
        dialog.cancel.click()


def test_what_went_wrong_stays_in_sight_and_all_can_be_tried_again(dialog: ModelDialog) -> None:
    choose(dialog, DINO)
    broken = Broken("The hub cannot be reached.", "Fetch it elsewhere.", "")

    dialog.show_run(Run(0, Order("x"), "failed", failure=broken))

    assert "The hub cannot be reached. Fetch it elsewhere." in dialog.said.text()
    assert dialog.said.isVisible()
    assert dialog.open_button.isEnabled()
    assert not dialog.progress.isVisible()


def test_the_dialog_fits_on_a_small_screen(library: Path, qtbot: QtBot) -> None:
    dialog = shown(qtbot, 960, 540)

    assert dialog.width() <= dialog.screen().availableGeometry().width()
    assert dialog.height() <= dialog.screen().availableGeometry().height()
    assert dialog.view.viewport().height() > 80
