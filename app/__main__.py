"""Start the window: `python -m app`."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    # `python -m` looks first into the working directory, where any file of the user's may have a module's name;
    # `core` is the one beside this package.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from core.start import own_path

    del sys.path[0]
    sys.path[:] = own_path()

import multiprocessing
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QSettings, qVersion
from PySide6.QtWidgets import QApplication

from app import theme
from app.export.film_program import main as make_film
from app.export.headless import main as draw_figure
from app.journal import journal_folder
from app.live import Live
from app.main_window import MainWindow
from app.opening import open_path
from app.process import stand_somewhere
from app.scenes_menu import check_talk
from app.signals import Signals
from app.store import Store
from core.cards import subspace_cards
from core.cli.figure import VERB as FIGURE
from core.cli.film import VERB as FILM
from core.demo import DEFAULT_MODEL, demo_document, demo_view
from core.errors import UserError
from core.library import log_path
from core.log import LOG, keep_log
from core.signals import STATUS
from core.start import TALK
from core.streams import open_streams, printing, say

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], None]


def main() -> int:
    """Open the demo, show the window, then start the engine: the first frame does not wait for torch.

    After the word `figure` or `film`, that is made in its place.
    """
    open_streams()
    stand_somewhere()
    if (make := {FIGURE: draw_figure, FILM: make_film}.get(sys.argv[1] if sys.argv[1:] else "")) is not None:
        with printing():
            return make(sys.argv[2:])
    app = QApplication(sys.argv)
    app.setApplicationName("Relata")
    app.setOrganizationName("Relata")
    theme.apply(app)
    app.styleHints().colorSchemeChanged.connect(lambda _: theme.apply(app))
    keep_log(log_path(), "window")
    store = Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL)))
    window = MainWindow(store, Live(), QSettings(), journal_folder())
    sys.excepthook = _say(window)
    Signals(app, lambda number: _end(app, window, STATUS + number))
    LOG.info("begins; Qt %s on %s", qVersion(), app.platformName())
    window.show()
    window.desk.live.start()
    window.desk.ask()
    _open(window, app.arguments()[1:])
    return app.exec()


def _open(window: MainWindow, arguments: list[str]) -> None:
    """Open a document, or present its scenes; without one, offer what was left behind."""
    *before, name = arguments or [""]
    if not name:
        window.documents.offer_recovery()
    elif window.outcomes.attempt(lambda: open_path(window.desk, Path(name)), opening=True) and before == [TALK]:
        window.outcomes.attempt(lambda: check_talk(window, goes_on=True))


def _end(app: QApplication, window: MainWindow, status: int) -> None:
    """Close the window, whatever dialog is open, and leave with the status."""
    try:
        window.close_without_asking()
    finally:
        app.exit(status)


def _say(window: MainWindow) -> Hook:
    """Unexpected errors are written down, said in the status line, and the program goes on."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        details = "".join(traceback.format_exception(kind, error, trace))
        if isinstance(error, UserError):  # from a button that is no command
            window.status.say_error(error.message, error.in_window)
            return
        window.status.say_error(f"Something went wrong: {error}", "Your work is kept; undo the last change.", details)
        with suppress(OSError, ValueError):  # whoever read it has gone, or it was closed
            say(details, end="")

    return hook


if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
