"""The docks of a document stand as they were left, whatever window it is opened in, and whatever its file says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication, QDockWidget
from pytestqt.qtbot import QtBot

from app.dock_layout import stand, standing
from app.layout import Column, Workspace, arrange
from app.live import Live
from app.main_window import MainWindow
from app.store import Store
from core.demo import demo_document
from core.document import View
from core.documents.work import Work

TITLES = ("Stimulus", "Inside", "Interventions", "Lens", "Study", "Decision", "History", "nothing")
NEAR_PX = 12


@pytest.fixture
def opened(qtbot: QtBot) -> Iterator[Callable[[], MainWindow]]:
    windows: list[MainWindow] = []

    def made() -> MainWindow:
        window = MainWindow(Store(demo_document(), View()), Live("cpu"))
        qtbot.addWidget(window)
        window.resize(1440, 900)
        with qtbot.waitExposed(window):
            window.show()
        windows.append(window)
        return window

    yield made
    for window in windows:
        window.close_without_asking()


def dock(window: MainWindow, title: str) -> QDockWidget:
    return next(dock for kind, dock in window._docks.items() if kind.title == title)


def kept(window: MainWindow) -> dict[str, Any]:
    QApplication.processEvents()
    return json.loads(json.dumps(standing(window, window._docks)))


def places(of: dict[str, Any]) -> list[list[set[str]]]:
    return [[set(row["titles"]) for row in column["rows"]] for column in of["columns"]]


def test_columns_rows_tabs_and_what_floats_are_as_they_were_left(opened: Callable[[], MainWindow]) -> None:
    first = opened()
    stimulus = Column(("Stimulus",), 500, 500, below=(("Lens", "Inside"),), heights=(300, 250))
    arrange(first, first._docks, Workspace("", "", (stimulus, Column(("Interventions",), 296, 296))))
    dock(first, "Study").show()
    left = kept(first)
    assert places(left) == [[{"Stimulus"}, {"Lens", "Inside"}], [{"Interventions"}]]
    second = opened()

    stand(second, second._docks, left)

    found = kept(second)
    assert places(found) == places(left)
    assert found["columns"][0]["rows"][1]["titles"][0] == "Lens", "it is in front"
    assert set(found["shown"]) == set(left["shown"])
    for before, now in zip(left["columns"], found["columns"], strict=True):
        assert abs(before["width"] - now["width"]) <= NEAR_PX
    assert dock(second, "Study").isFloating()
    assert found["floating"]["Study"][2:] == left["floating"]["Study"][2:]


def test_a_document_brings_its_docks_and_says_in_which_workspace_they_are(opened: Callable[[], MainWindow]) -> None:
    first, second = opened(), opened()
    next(a for menu, a in first.all_actions() if (menu, a.text()) == ("View ▸ Workspace", "Present")).trigger()
    QApplication.processEvents()
    work = first.documents.work()

    second.documents.begin(work, None)

    assert second.workspaces.current.name == "Present"
    assert places(kept(second)) == places(kept(first)) == [[{"Stimulus"}], [{"Interventions"}]]


def test_what_floated_on_a_larger_screen_is_brought_back_to_this_one(opened: Callable[[], MainWindow]) -> None:
    window = opened()
    dock(window, "Study").show()
    said = {"shown": kept(window)["shown"], "floating": {"Study": [9000, 9000, 5000, 4000]}}

    stand(window, window._docks, said)
    QApplication.processEvents()

    assert window.screen().availableGeometry().contains(dock(window, "Study").frameGeometry())


def test_a_document_that_says_nothing_of_docks_leaves_them_as_they_are(opened: Callable[[], MainWindow]) -> None:
    window = opened()
    before = kept(window)

    window.documents.begin(Work(demo_document(), View()), None)

    assert kept(window) == before


def test_a_file_of_an_earlier_version_says_only_which_docks_are_shown(opened: Callable[[], MainWindow]) -> None:
    window = opened()

    stand(window, window._docks, {"shown": ["Decision", "Stimulus", "Lens"], "front": ["Lens"]})

    assert set(kept(window)["shown"]) == {"Decision", "Stimulus", "Lens"}


pixels = st.integers(-(10**12), 10**12) | st.sampled_from([None, 1.5, "1", True, 300])
rows = st.fixed_dictionaries({}, optional={"titles": st.lists(st.sampled_from(TITLES) | st.none()), "height": pixels})
columns = st.fixed_dictionaries({}, optional={"rows": st.lists(rows) | st.none(), "width": pixels})
anything = st.fixed_dictionaries(
    {"shown": st.just(list(TITLES[:5]))},
    optional={
        "front": st.lists(st.sampled_from(TITLES)) | st.integers(),
        "columns": st.lists(columns | st.integers(), max_size=4) | st.text(max_size=3),
        "floating": st.dictionaries(st.sampled_from(TITLES), st.lists(pixels, max_size=5)) | st.integers(),
    },
)


def test_whatever_a_file_says_of_docks_every_one_that_it_shows_is_there(opened: Callable[[], MainWindow]) -> None:
    window = opened()

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(anything)
    def check(said: dict[str, Any]) -> None:
        stand(window, window._docks, said)
        assert {"Stimulus", "Inside", "Interventions", "Lens", "Study"} <= set(kept(window)["shown"])

    check()
