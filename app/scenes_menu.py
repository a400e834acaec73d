"""The Scenes menu: what is shown to others, and the way through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from app.desk import Desk
from app.file_menu import Add
from app.panels.scenes import ScenesPanel
from app.present.preflight import Preflight
from app.scenes import add_scene, delete_scene, move_scene, scene_at, update_scene
from core.documents.files import read_work
from core.errors import UserError
from core.talk import TITLE, talk_path

if TYPE_CHECKING:
    from app.main_window import MainWindow


def fill(add: Add, desk: Desk, window: MainWindow) -> None:
    """Add its commands, and full screen to the View menu."""
    stage, here = desk.stage, partial(scene_at, desk)
    add("Scenes", "Start the talk", window.presenting.start, "F5")
    add("Scenes", "Check the talk…", lambda: check_talk(window), "Shift+F5")
    add("Scenes", "Add scene", lambda: add_scene(desk), "Ctrl+M")
    about_one: dict[str, tuple[Callable[[], object], str]] = {
        "Update scene": (lambda: update_scene(desk, here()), "Ctrl+Shift+U"),
        "Name and note…": (lambda: window.panel(ScenesPanel).write(here()), "Ctrl+Shift+F2"),
        "Move scene earlier": (lambda: move_scene(desk, here(), max(0, here() - 1)), ""),
        "Move scene later": (lambda: move_scene(desk, here(), min(len(desk.store.scenes) - 1, here() + 1)), ""),
        "Delete scene": (lambda: delete_scene(desk, here()), ""),
        "Next scene": (lambda: stage.go_on(1), "PgDown"),
        "Previous scene": (lambda: stage.go_on(-1), "PgUp"),
        "Reset scene": (stage.reset, ""),
    }
    actions = [add("Scenes", text, do, *filter(None, (key,))) for text, (do, key) in about_one.items()]

    def enable() -> None:
        for action in actions:  # a key that does nothing here is left to whatever scrolls
            action.setEnabled(bool(desk.store.scenes))

    desk.store.changed.connect(enable)
    enable()
    add("Help", f"{TITLE}: a talk in five scenes", lambda: open_talk(window))
    add("View", "Full screen", lambda: _toggle_full_screen(window), "F11")


def check_talk(window: MainWindow, *, goes_on: bool = False) -> Preflight:
    """Run every scene, keep the answers, and list what is missing; then present, by itself if it `goes_on`.

    Raises UserError where there are no scenes.
    """
    if not window.desk.store.scenes:
        raise UserError(
            "There are no scenes to check.", "Use Scenes ▸ Add scene to keep what is shown as the first one."
        )
    present = partial(window.presenting.start, from_first=goes_on)
    checking = Preflight(window.desk, window.documents.work().models, present, window, goes_on=goes_on)
    checking.open()
    return checking


def open_talk(window: MainWindow) -> None:
    """Open the talk that ships, as a document that has no file yet, on its first scene."""
    work = read_work(talk_path())
    first = work.scenes[0]

    def begin() -> None:
        window.documents.begin(replace(work, document=first.document, view=first.view, history=()), None)
        window.desk.stage.show_pad(first.document)
        window.desk.stage.at = 0

    window.leaving.ask(begin)


def _toggle_full_screen(window: MainWindow) -> None:
    window.showNormal() if window.isFullScreen() else window.showFullScreen()
