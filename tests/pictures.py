"""Pictures of the window on the real engine, to be looked at: `make pictures`.

Every workspace in every usual size, light and dark, at 100 and 200 %, goes to `build/pictures/`; the pictures
of README and manual, and the film, go to `docs/`. Each scale is a process of its own: Qt reads it once, when it starts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app import theme
from app.choices import THEMES
from app.layout import WORKSPACES
from app.live import Live
from app.main_window import MainWindow
from app.panels.interventions import InterventionsPanel
from app.scenes_menu import open_talk
from app.store import Store
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, PINK, demo_document, demo_view

ROOT = Path(__file__).parents[1]
SCREEN = {"name": "screen", "x": 0, "y": 0, "width": 5760, "height": 3600, "dpr": 1}
DOTS = {"logicalDpi": 96, "logicalBaseDpi": 96}
SIZES = ((1440, 900), (1366, 768), (960, 540))
SCALES = {"1": SIZES, "2": ((960, 540),)}
"""At 200 % a screen of 1920 × 1080 has 960 × 540 logical pixels."""
ROOMS = ((1280, 720), (1920, 1080))
"""What projectors show."""
ANSWER_MS, STEP_MS = 120_000, 20
QUIET_MS = 1500
TRAIL_MS = 2500
"""The meter shows for two seconds where it was."""


def main() -> int:
    """Take all pictures; those of one scale, or of the documentation, where these are named."""
    if sys.argv[1:]:
        take(sys.argv[1])
        return 0
    screens = ROOT / "build" / "screens.json"
    screens.parent.mkdir(exist_ok=True)
    screens.write_text(json.dumps({"screens": [SCREEN | DOTS]}), encoding="utf-8")
    large = {"QT_QPA_PLATFORM": f"offscreen:configfile={screens}", "QT_LOGGING_RULES": "default.warning=false"}
    pictures = [sys.executable, "-m", "tests.pictures"]
    film = [sys.executable, "-m", "core", "film", "docs/flip.relata", "--out", "docs/flip.gif", "--device", "cpu"]
    commands = [([*pictures, "docs"], "1"), (film, "1"), *(([*pictures, scale], scale) for scale in SCALES)]
    ended = [
        subprocess.run(command, cwd=ROOT, env={**os.environ, **large, "QT_SCALE_FACTOR": scale}, check=False).returncode
        for command, scale in commands
    ]
    return max(ended)


def take(what: str) -> None:
    """Write the pictures of the documentation, or those of a scale."""
    app = QApplication([])
    app.setApplicationName("Relata")
    wear(app, "light")
    window = MainWindow(Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))), Live("cpu"))
    window.show()
    window.desk.live.start()
    window.desk.ask()
    take_docs(window) if what == "docs" else take_workspaces(app, window, what)
    window.close_without_asking()


def take_docs(window: MainWindow) -> None:
    """Write what README and the manual show."""
    for picture, pose in POSES.items():
        shown = pose(window)
        wait(TRAIL_MS)
        save(window, shown, ROOT / "docs" / picture)


def take_workspaces(app: QApplication, window: MainWindow, scale: str) -> None:
    """Write every workspace in every size and theme."""
    folder = ROOT / "build" / "pictures"
    folder.mkdir(exist_ok=True)
    flipped(window)
    for look, size in product(THEMES, SCALES[scale]):
        wear(app, look)
        window.resize(*size)
        for workspace in WORKSPACES:
            window.workspaces.choose(workspace)
            window.workspaces.reset()
            save(window, window, folder / f"{workspace.name.lower()}-{size[0]}x{size[1]}@{scale}-{look}.png")
    if scale == "1":
        wear(app, "light")
        take_talk(window, folder)


def take_talk(window: MainWindow, folder: Path) -> None:
    """Write what the room sees of every scene of the talk that ships, and what the speaker sees of the first."""
    room = audience(window)
    presenter = window.presenting.presenter
    assert presenter is not None
    presenter.show()
    presenter.resize(*ROOMS[0])
    for at, size in product(range(len(window.desk.store.scenes)), ROOMS):
        room.resize(*size)
        window.desk.stage.go_to(at, at_once=True)
        save(window, room, folder / f"talk-{at + 1}-{size[0]}x{size[1]}.png")
        if at == 0:
            save(window, presenter, folder / "talk-notes.png")
    window.presenting.stop()


def wear(app: QApplication, look: str) -> None:
    """Dress the window, whatever the system asks for."""
    theme.choose(THEMES[look])
    theme.apply(app)


def wait(ms: int) -> None:
    """Let the window go on, in short steps: a long one would keep the thread that hears the engine from running."""
    deadline = QDeadlineTimer(ms)
    while not deadline.hasExpired():
        QTest.qWait(STEP_MS)


def settle(window: MainWindow) -> None:
    """Wait until all that is shown belongs to the state that is shown."""
    deadline = QDeadlineTimer(ANSWER_MS)
    while not window.desk.is_settled():
        if deadline.hasExpired():
            raise SystemExit("The engine did not answer.")
        QTest.qWait(STEP_MS)


def save(window: MainWindow, shown: QWidget, path: Path) -> None:
    """Write what a window looks like once everything is answered, as finely as it will be."""
    last = None
    while last is not window.desk.answer:
        settle(window)
        last = window.desk.answer
        wait(QUIET_MS)
    shown.setFocus()
    if not shown.grab().save(str(path)):
        raise SystemExit(f"{path} could not be written.")
    print(path.relative_to(ROOT), flush=True)


def drag_to_landmark(window: MainWindow, color: int) -> None:
    """Drag A's thumb on the colour pad, as the mouse does, to a colour's landmark."""
    pad = window.panel(InterventionsPanel).pads["color"]
    start, end = pad.thumb_place(0).toPoint(), pad.landmark_place(color).toPoint()
    drag(pad, start, end)
    settle(window)


def drag(widget: QWidget, start: QPoint, end: QPoint, steps: int = 12) -> None:
    """Press, move in small steps, and let go."""
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, steps + 1):
        QTest.mouseMove(widget, start + (end - start) * step / steps)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=end)


def command(window: MainWindow, text: str) -> None:
    """Give a command of the menus by its words."""
    next(action for _, action in window.all_actions() if action.text() == text).trigger()


def flipped(window: MainWindow) -> QWidget:
    """The demo, the colour of A dragged to that of B."""
    at_first(window, "Explore")
    drag_to_landmark(window, PINK)
    return window


def pretrained(window: MainWindow) -> QWidget:
    """The same drag in a pretrained network."""
    command(window, "Bundled: dinov2-discrimination")
    at_first(window, "Explore")
    drag_to_landmark(window, PINK)
    return window


def lens(window: MainWindow) -> QWidget:
    """The patches that say “cat”."""
    command(window, "Bundled: emoji")
    at_first(window, "Inside")
    window.desk.look(read=window.desk.n_blocks - 1)
    return window


def study(window: MainWindow) -> QWidget:
    """What the published experiments give on the first model."""
    command(window, f"Bundled: {DEFAULT_MODEL}")
    at_first(window, "Study")
    return window


def audience(window: MainWindow) -> QWidget:
    """What the room sees of the talk that ships."""
    window.desk.store.set_clean()
    open_talk(window)
    settle(window)
    window.presenting.start()
    room = window.presenting.audience
    assert room is not None
    room.showNormal()
    wait(QUIET_MS)  # until it is no longer as large as the screen
    room.resize(1280, 720)
    return room


def at_first(window: MainWindow, workspace: str) -> None:
    """A workspace as it was at first, without edits."""
    settle(window)
    window.workspaces.choose(next(each for each in WORKSPACES if each.name == workspace))
    window.workspaces.reset()
    if window.desk.document.interventions:
        command(window, "Clear edits")
    settle(window)


POSES: dict[str, Callable[[MainWindow], QWidget]] = {
    "window.png": flipped,
    "dinov2.png": pretrained,
    "lens.png": lens,
    "study.png": study,
    "audience.png": audience,
}
"""The pictures of the documentation, and what is done for each, one after the other."""

if __name__ == "__main__":
    sys.exit(main())
