"""Figures without anybody looking on: a window that nobody sees opens a file, waits for the answers, and draws."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer, SignalInstance
from PySide6.QtWidgets import QApplication, QWidget

from app import theme
from app.export.shown import PANEL_OF, slug
from app.live import Live
from app.main_window import MainWindow
from app.panels.interventions import PADS, PROBE_TAB, InterventionsPanel
from app.signals import Signals
from app.store import Store
from core.analyses.decision import Decision
from core.arguments import Parser
from core.best_answer import BEST_JOB
from core.cli.figure import PICTURES, add_figure_arguments, names_of, options_of
from core.demo import demo_document, demo_view
from core.errors import UserError
from core.questions import Question
from core.runner import Order
from core.signals import STATUS
from core.streams import say

MISTAKE = 2
LONGEST_MS = 600_000


def main(words: Sequence[str]) -> int:
    """Draw what the words after `relata figure` say; the exit status is 2 for a user's mistake."""
    parser = Parser(prog="relata figure")
    add_figure_arguments(parser)
    arguments = parser.parse_args(words)
    app = QApplication.instance() or QApplication(["relata"])
    assert isinstance(app, QApplication)
    theme.apply(app)
    window = MainWindow(Store(demo_document(), demo_view({})), Live(arguments.device))
    Signals(app, lambda number: app.exit(STATUS + number))
    try:
        draw(window, arguments)
    except UserError as error:
        say(f"relata: {error}")
        return MISTAKE
    finally:
        window.close_without_asking()
    print(arguments.out)
    return 0


def draw(window: MainWindow, arguments: argparse.Namespace) -> None:
    """Open the file, wait until what is to be drawn is known, and write the figure.

    Raises UserError where the file cannot be opened, the model does not answer, or there is no such picture.
    """
    options, names = options_of(arguments), names_of(arguments)
    window.documents.open(Path(arguments.file))
    wanted = {PANEL_OF.get(name.split("-")[0], name) for name in names}
    for panel, dock in window.documents.standing():
        dock.setFloating(False)
        dock.setVisible(slug(panel.title) in {slug(title) for title in wanted})
    _bring_to_front(window, names)
    window.show()
    window.desk.live.start()
    window.desk.ask_again()
    _wait_for_first(window)
    window.desk.live.stop()
    _wait_for_best(window, arguments.device)
    QApplication.sendPostedEvents()
    window.exports.write(Path(arguments.out), _pictures(window, names), options)


def _bring_to_front(window: MainWindow, names: Sequence[str]) -> None:
    """A pad or the probe that is named, where the document was left with another tab in front."""
    kinds, desk = {name.split("-")[0] for name in names}, window.desk
    tabs = window.panel(InterventionsPanel).tabs
    if "pad" in kinds and tabs.currentIndex() >= PROBE_TAB:
        tabs.setCurrentIndex([property for property, _ in PADS].index(desk.pad_shown))
    elif "probe" in kinds and "pad" not in kinds:
        tabs.setCurrentIndex(PROBE_TAB)


def _wait_for_first(window: MainWindow) -> None:
    """Until the panels know what they want, and have it.

    Raises UserError where the model refuses, or takes too long.
    """
    desk = window.desk

    def is_over() -> bool:
        return desk.failure is not None or (desk.answer is not None and desk.answer.complete and desk.is_settled())

    _wait(is_over, desk.live.answered, desk.live.failed)
    if desk.failure is not None:
        raise UserError(desk.failure.message, desk.failure.hint)


def _wait_for_best(window: MainWindow, device: str) -> None:
    """Until what is found coarse at first is fine: a map of decisions has all its cells.

    Raises UserError where that fails, or takes too long.
    """
    desk = window.desk
    question = Question(desk.shown, tuple(dict.fromkeys(desk.wanted())))
    if set(question.wanted) <= {Decision()}:
        return
    number = desk.jobs.start(Order(BEST_JOB, {"question": question, "device": device}))
    _wait(lambda: desk.jobs.run(number).over, desk.jobs.progressed)
    run = desk.jobs.run(number)
    if run.failure is not None:
        raise UserError(run.failure.message, run.failure.hint)
    for answer in run.found:
        desk.live.answered.emit(answer)


def _wait(is_over: Callable[[], bool], *signals: SignalInstance) -> None:
    """Raises UserError where it takes too long, SystemExit where the application is told to end."""
    loop, longest = QEventLoop(), QTimer(singleShot=True, interval=LONGEST_MS)

    def look(_: object) -> None:
        if is_over():
            loop.quit()

    for heard in signals:
        heard.connect(look, Qt.ConnectionType.QueuedConnection)
    longest.timeout.connect(loop.quit)
    longest.start()
    if not is_over() and (status := loop.exec()):
        sys.exit(status)
    for heard in signals:
        heard.disconnect(look)
    if not is_over():
        raise UserError("The model has not answered for ten minutes.", "Nothing was written.")


def _pictures(window: MainWindow, names: Sequence[str]) -> list[QWidget]:
    """The pictures of these names, in that order; of a panel that is named, all.

    Raises UserError for what is not there.
    """
    shown = window.exports.shown()
    found: list[QWidget] = []
    for name in names:
        of_name = [of.widget for of in shown if of.name == name]
        titled = [of.widget for of in shown if slug(of.words.split(":")[0]) == slug(name)]
        if not (of_name or titled):
            others = ", ".join(
                dict.fromkeys((*PICTURES, *(slug(panel.title) for panel, _ in window.documents.standing())))
            )
            raise UserError(f"There is no picture “{name}” in this document.", f"Name one of: {others}.")
        found += of_name or titled
    return found
