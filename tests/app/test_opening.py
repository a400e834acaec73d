"""What is dropped on the window, or chosen to be opened, by what it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, QUrl
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.panels.stimulus import StimulusPanel
from app.panels.study import StudyPanel
from app.widgets.dropped import read_drop
from core.locations import subspace_folder
from tests.app.widgets.gestures import drop

ROOT = Path(__file__).parents[2]
Drop = Callable[[QMimeData], str]


@pytest.fixture(params=["window", "canvas", "floating panel"])
def dropped(request: pytest.FixtureRequest, window: MainWindow) -> Drop:
    """Drops on the window, its canvas or a panel that floats, and gives what the status line then says."""
    places = {
        "window": window,
        "canvas": window.panel(StimulusPanel).canvas,
        "floating panel": window._docks[StudyPanel],
    }
    target = places[request.param]
    window._docks[StudyPanel].setVisible(request.param == "floating panel")
    assert target.window() is window or request.param == "floating panel"

    def let_go(mime: QMimeData) -> str:
        drop(target, QPointF(4, 4), mime)
        QApplication.processEvents()
        return window.status.error.text()

    return let_go


def files(*paths: Path | str) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def addresses(*urls: str) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl(url) for url in urls])
    return mime


def picture(path: Path) -> Path:
    Image.new("RGB", (64, 64), (200, 30, 30)).save(path)
    return path


def model(path: Path) -> Path:
    path.touch()
    card = {"network": {"img_size": 224, "patch_size": 16}, "task": "discrimination"}
    path.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")
    return path


def photo_name(window: MainWindow) -> str | None:
    photo = window.desk.document.base.photo
    return None if photo is None else photo.name


@pytest.mark.parametrize("url", ["https://example.org/dog.png", "data:image/png;base64,iVBORw0KGgo=", "ftp://a.b/c"])
def test_an_address_elsewhere_is_said_to_be_elsewhere(window: MainWindow, dropped: Drop, url: str) -> None:
    said = dropped(addresses(url))

    assert "not on this computer" in said
    assert "iVBOR" not in said
    assert window.desk.store.undo.count() == 0


def test_every_address_of_several_is_named(window: MainWindow, dropped: Drop) -> None:
    said = dropped(addresses("https://example.org/a.png", "https://example.org/b.png"))

    assert "https://example.org/a.png, https://example.org/b.png are not on this computer" in said


def test_a_part_of_a_page_is_the_pictures_in_it(window: MainWindow, dropped: Drop, tmp_path: Path) -> None:
    page = QMimeData()
    page.setHtml('<p>A cat: <IMG alt="x" src="https://example.org/cat.png?a=1&amp;b=2"></p>')
    assert "https://example.org/cat.png?a=1&b=2 is not on this computer" in dropped(page)

    page.setHtml(f'<img src="{QUrl.fromLocalFile(str(picture(tmp_path / "cat.png"))).toString()}">')
    page.setText("a cat")
    assert dropped(page) == ""
    assert photo_name(window) == "cat.png"

    page.setHtml("<p>no picture</p>")
    assert not read_drop(page)


def test_a_picture_dragged_from_a_browser_is_used_without_its_address(window: MainWindow, dropped: Drop) -> None:
    mime = addresses("https://example.org/dog.png")
    image = QImage(40, 40, QImage.Format.Format_RGB32)
    image.fill(QColor(0, 120, 240))
    mime.setImageData(image)

    assert dropped(mime) == ""
    photo = window.desk.document.base.photo
    assert photo is not None
    assert photo.pixels[:3] == bytes((0, 120, 240))


def test_a_model_whose_name_is_written_large_is_opened_as_a_model(
    window: MainWindow, dropped: Drop, tmp_path: Path
) -> None:
    path = model(tmp_path / "MINE.SAFETENSORS")

    assert dropped(files(path)) == ""
    assert window.desk.document.model == str(path)
    assert subspace_folder(str(path)) == tmp_path / "MINE-subspaces"


def test_twenty_pictures_are_one_step_and_it_is_said_which_one_is_shown(
    window: MainWindow, dropped: Drop, tmp_path: Path
) -> None:
    said = dropped(files(*(picture(tmp_path / f"{i:02}.png") for i in range(20))))

    assert window.desk.store.undo.count() == 1
    assert photo_name(window) == "00.png"
    assert "Opened 00.png, and not 01.png, 02.png, 03.png and 16 more." in said


def test_of_a_model_with_its_card_nothing_is_left_over(window: MainWindow, dropped: Drop, tmp_path: Path) -> None:
    path = model(tmp_path / "mine.safetensors")

    assert dropped(files(path.with_suffix(".json"), path)) == ""
    assert window.desk.document.model == str(path)


def test_of_a_picture_and_a_model_the_first_is_opened_and_the_other_named(
    window: MainWindow, dropped: Drop, tmp_path: Path
) -> None:
    said = dropped(files(picture(tmp_path / "cat.png"), model(tmp_path / "mine.safetensors")))

    assert photo_name(window) == "cat.png"
    assert window.desk.document.model == "discrimination"
    assert "Opened cat.png, and not mine.safetensors." in said
    assert window.desk.store.undo.count() == 1


def test_a_file_that_cannot_be_opened_does_not_stop_the_next(window: MainWindow, dropped: Drop, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello", encoding="utf-8")

    said = dropped(files(tmp_path / "notes.txt", tmp_path, picture(tmp_path / "cat.png")))

    assert photo_name(window) == "cat.png"
    assert "not notes.txt" in said


@pytest.fixture
def imported(window: MainWindow) -> list[Path]:
    """What the window would import."""
    sources: list[Path] = []
    window.desk.import_model = sources.append
    return sources


@pytest.mark.parametrize("name", ["vit.pth", "VIT.PT", "pytorch_model.bin", "last.ckpt", "bare.safetensors"])
def test_weights_without_a_card_are_imported(
    window: MainWindow, dropped: Drop, tmp_path: Path, imported: list[Path], name: str
) -> None:
    (tmp_path / name).write_bytes(b"\x80\x02")

    assert dropped(files(tmp_path / name)) == ""
    assert imported == [tmp_path / name]
    assert window.desk.store.undo.count() == 0


def test_a_folder_with_weights_is_imported(dropped: Drop, tmp_path: Path, imported: list[Path]) -> None:
    (tmp_path / "vit").mkdir()
    for name in ("config.json", "pytorch_model.bin"):
        (tmp_path / "vit" / name).touch()

    assert dropped(files(tmp_path / "vit")) == ""
    assert imported == [tmp_path / "vit"]


def test_weights_in_several_files_are_imported_by_their_index_and_nothing_is_left_over(
    dropped: Drop, tmp_path: Path, imported: list[Path]
) -> None:
    names = [*(f"model-0000{i}-of-00002.safetensors" for i in (1, 2)), "config.json", "model.safetensors.index.json"]
    for name in names:
        (tmp_path / name).touch()

    assert dropped(files(*(tmp_path / name for name in names))) == ""
    assert imported == [tmp_path / "model.safetensors.index.json"]


@pytest.mark.parametrize("name", ["vit.npz", "VIT.ONNX", "weights.h5", "model.gguf"])
def test_a_checkpoint_of_another_kind_is_called_one_and_what_can_be_imported_is_named(
    window: MainWindow, dropped: Drop, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(b"\x80\x02")

    said = dropped(files(tmp_path / name))

    assert "checkpoint of this kind" in said
    assert ".pth" in said
    assert "picture" not in said


def test_a_folder_is_called_one(window: MainWindow, dropped: Drop, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()

    assert "pictures is a folder" in dropped(files(tmp_path / "pictures"))


def test_a_card_without_its_model_is_not_taken_for_a_picture(window: MainWindow, dropped: Drop, tmp_path: Path) -> None:
    path = model(tmp_path / "mine.safetensors").with_suffix(".json")

    assert "mine.json is a card" in dropped(files(path))


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("subspaces/discrimination/color-block0.safetensors", "a subspace, learned on discrimination, and no model"),
        ("subspaces/discrimination/color-block0.json", "a subspace, learned on discrimination, and no model"),
        ("subspaces/discrimination", "a folder of what was learned"),
        ("probes/rmts.safetensors", "probes, learned on rmts, and no model"),
        ("results/discrimination/attention.json", "results of a study of discrimination"),
        ("recipes/discrimination.toml", "a recipe for training"),
    ],
)
def test_what_relata_made_and_does_not_open_by_itself_is_called_what_it_is(
    window: MainWindow, dropped: Drop, imported: list[Path], place: str, words: str
) -> None:
    assert words in dropped(files(ROOT / "resources" / place))
    assert imported == []
    assert window.desk.store.undo.count() == 0


def test_a_file_that_is_gone_is_named(window: MainWindow, dropped: Drop, tmp_path: Path) -> None:
    assert "gone.png" in dropped(files(tmp_path / "gone.png"))
    assert "gone.safetensors" in dropped(files(tmp_path / "gone.safetensors"))


@pytest.mark.parametrize("spaces", [" ", "%20"])
def test_spaces_in_a_name_are_read_however_they_are_written(
    window: MainWindow, dropped: Drop, tmp_path: Path, spaces: str
) -> None:
    path = picture(tmp_path / "my cat.png")
    mime = QMimeData()
    mime.setData("text/uri-list", f"file://{path}\r\n".replace(" ", spaces).encode())

    assert dropped(mime) == ""
    assert photo_name(window) == "my cat.png"


def test_the_path_of_a_file_dragged_as_text_is_its_file(window: MainWindow, dropped: Drop, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setText(f"{picture(tmp_path / 'my cat.png')}\n")

    assert dropped(mime) == ""
    assert photo_name(window) == "my cat.png"


def test_a_drop_of_nothing_changes_nothing_and_says_nothing(window: MainWindow, dropped: Drop) -> None:
    assert dropped(QMimeData()) == ""
    assert dropped(addresses("")) == ""
    assert window.desk.store.undo.count() == 0


def test_a_dialog_opens_a_file_by_what_it_is(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    chosen = [str(model(tmp_path / "MINE.SAFETENSORS")), str(picture(tmp_path / "cat.png"))]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (chosen.pop(0), ""))
    commands = {action.text(): action for _, action in window.all_actions()}

    commands["Open picture…"].trigger()
    commands["Open model…"].trigger()
    assert window.models.dialog is not None
    window.models.dialog.file.click()

    assert window.desk.document.model.endswith("MINE.SAFETENSORS")
    assert photo_name(window) == "cat.png"
