"""The demo whose engine is never started: what is done before any answer, or with answers of a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.live import Live
from app.main_window import MainWindow
from app.store import Store
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view
from core.locations import library_folder
from tests.app.answers import a_desk


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return a_desk()


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow(Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))), Live("cpu"))
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    yield window
    window.close_without_asking()


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty library of models, also for child processes."""
    for name in ("XDG_DATA_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "data"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    return library_folder()
