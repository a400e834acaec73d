"""An error that nobody expected is said in the window, whether or not there is a console."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import TextIO

import pytest
from pytestqt.qtbot import QtBot

from app.__main__ import _say
from app.live import Live
from app.main_window import MainWindow
from app.store import Store
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view


def no_console() -> None:
    """What `pythonw` and a frozen program have for streams."""


def closed() -> TextIO:
    stream = io.StringIO()
    stream.close()
    return stream


class WithoutReader(io.StringIO):
    """A pipe whose other end is closed."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("stderr", [no_console, closed, WithoutReader])
def test_an_unexpected_error_is_said_in_the_status_line_where_it_cannot_be_printed(
    stderr: Callable[[], TextIO | None], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = MainWindow(Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))), Live("cpu"))
    qtbot.addWidget(window)
    monkeypatch.setattr(sys, "stderr", stderr())

    _say(window)(ValueError, ValueError("of all things"), None)

    assert "Something went wrong: of all things" in window.status.error.text()
