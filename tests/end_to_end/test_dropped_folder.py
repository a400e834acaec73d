"""A folder of another program is dropped on the window, and everything that works on the shipped models works on it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file, save_file

from app.panels.interventions import InterventionsPanel
from core.cards import read_card
from core.demo import DEFAULT_MODEL
from core.library import listed
from core.locations import library_folder, model_path, subspace_folder
from tests.app.widgets.gestures import drop
from tests.end_to_end.conftest import Driver, opened

WORK_MS = 240_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty library, also for the engine and the jobs."""
    for name in ("XDG_DATA_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "data"))
    return library_folder()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped model as transformers would write it, without saying its pixels."""
    network = read_card(model_path(DEFAULT_MODEL))["network"]
    folder = tmp_path / "my-vit"
    folder.mkdir()
    save_file(as_in_transformers(load_file(model_path(DEFAULT_MODEL))), folder / "model.safetensors")
    config = {
        "model_type": "vit",
        "hidden_size": network["embed_dim"],
        "num_hidden_layers": network["depth"],
        "num_attention_heads": network["num_heads"],
        "intermediate_size": 4 * network["embed_dim"],
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-6,
        "image_size": 224,
        "patch_size": 16,
        "id2label": {"0": "different", "1": "same"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


PARTS = (
    (r"^blocks", "vit.encoder.layer"),
    (r"\.norm1\.", ".layernorm_before."),
    (r"\.norm2\.", ".layernorm_after."),
    (r"\.attn\.proj\.", ".attention.output.dense."),
    (r"\.mlp\.fc1\.", ".intermediate.dense."),
    (r"\.mlp\.fc2\.", ".output.dense."),
    (r"^norm\.", "vit.layernorm."),
    (r"^head\.", "classifier."),
    (r"^cls_token", "vit.embeddings.cls_token"),
    (r"^pos_embed", "vit.embeddings.position_embeddings"),
    (r"^patch_embed\.proj", "vit.embeddings.patch_embeddings.projection"),
)


def as_in_transformers(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights of timm's under the names of transformers, which has query, key and value apart."""
    found: dict[str, torch.Tensor] = {}
    for name, value in state.items():
        for pattern, other in PARTS:
            name = re.sub(pattern, other, name)
        if ".attn.qkv." in name:
            for part, own in zip(("query", "key", "value"), value.chunk(3), strict=True):
                found[name.replace(".attn.qkv.", f".attention.attention.{part}.")] = own.contiguous()
        else:
            found[name] = value
    return found


@pytest.fixture
def driver(library: Path, qtbot: QtBot) -> Iterator[Driver]:
    driver = Driver(opened(), qtbot)
    driver.settle()
    yield driver
    driver.window.close_without_asking()
    driver.window.deleteLater()


@pytest.mark.slow
def test_a_dropped_transformers_folder_opens_is_scrubbed_fitted_and_dragged(
    driver: Driver, folder: Path, library: Path, qtbot: QtBot
) -> None:
    window = driver.window
    drop_on(driver, folder)
    answer_the_dialog(driver, qtbot)
    assert window.desk.model is not None
    assert (window.desk.model.name, window.desk.model.n_blocks, window.desk.model.n_heads) == ("my-vit", 6, 4)
    assert " — my-vit — Relata" in window.windowTitle()
    assert "Assumed" in window.status.state.toolTip()

    scrub(driver)

    fit(driver, qtbot)
    assert window.desk.model.subspace_cards
    assert subspace_folder("my-vit").parent == library

    before = driver.margin
    driver.drag_thumb(driver.thumb(0), driver.landmark(5))
    QTest.mouseRelease(driver.color_pad, LEFT, pos=driver.landmark(5))
    driver.settle()
    assert driver.margin != before

    while window.desk.document.model == "my-vit":
        window.desk.store.undo.undo()
    driver.settle()
    assert window.desk.model.name == "discrimination"


def drop_on(driver: Driver, folder: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder))])
    drop(driver.window, QPointF(4, 4), mime)
    driver.qtbot.waitUntil(lambda: driver.window.models.importing is not None)


def answer_the_dialog(driver: Driver, qtbot: QtBot) -> None:
    """Say that the pixels are others, see the answers change, take it back, and open the model."""
    dialog = driver.window.models.importing
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.open_button.isEnabled(), timeout=WORK_MS)
    assert dialog.rows is not None
    assert dialog.tried is not None
    right = dict(dialog.tried.answers)
    assert right["different"] > 0.99
    for mean in ("0, 0, 0", "0.5, 0.5, 0.5"):
        dialog.rows.boxes["mean"].setEditText(mean)
        assert not dialog.open_button.isEnabled()
        qtbot.waitUntil(lambda: dialog.open_button.isEnabled(), timeout=WORK_MS)
        assert (dict(dialog.tried.answers) == pytest.approx(right)) == (mean == "0.5, 0.5, 0.5")
    dialog.open_button.click()
    driver.settle()
    assert [model.name for model in listed() if model.place == "library"] == ["my-vit"]


def scrub(driver: Driver) -> None:
    """Every layer, forth and back."""
    for words in ("Next layer", "Next layer", "Previous layer", "Previous layer"):
        driver.command(words).trigger()
        driver.settle()


def fit(driver: Driver, qtbot: QtBot) -> None:
    """Fit the subspace of colour on 64 pairs, at the layer that is shown."""
    section = driver.window.panel(InterventionsPanel).fit
    driver.command("Fit subspaces…").trigger()
    section.form.value = replace(section.form.value, property="color", n_pairs=64, epochs=2)
    with qtbot.waitSignal(section.finished, timeout=WORK_MS):
        section.start.click()
    driver.window.panel(InterventionsPanel).tabs.setCurrentIndex(0)
    qtbot.waitUntil(lambda: bool(driver.window.desk.model and driver.window.desk.model.subspace_cards), timeout=WORK_MS)
    driver.settle()
