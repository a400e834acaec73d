"""Films without anybody looking on: what `relata film` runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app import theme
from app.export.filming import Filming
from app.signals import Signals
from core.arguments import Parser
from core.cli.film import add_film_arguments, film_of
from core.documents.figures import work_in
from core.errors import UserError
from core.signals import STATUS
from core.streams import say
from core.terminal import CLEARED

MISTAKE = 2


def main(words: Sequence[str]) -> int:
    """Make the film that the words after `relata film` describe; the exit status is 2 for a user's mistake."""
    parser = Parser(prog="relata film")
    add_film_arguments(parser)
    arguments = parser.parse_args(words)
    app = QApplication.instance() or QApplication(["relata"])
    assert isinstance(app, QApplication)
    theme.apply(app)
    stopped: list[int] = []

    def stop(number: int) -> None:
        stopped.append(number)
        filming.cancel()

    Signals(app, stop)  # before there are processes that it has to end
    try:
        filming = Filming(work_in(arguments.file), film_of(arguments), arguments.out, arguments.device)
    except UserError as error:
        say(f"relata: {error}")
        return MISTAKE
    how: list[Path | UserError | None] = []
    filming.went_on.connect(lambda done, total: say(f"{CLEARED}{done} of {total} frames", end=""))
    filming.ended.connect(how.append)
    filming.ended.connect(app.quit)
    QTimer.singleShot(0, filming, filming.start)
    app.exec()
    say(CLEARED, end="")
    if isinstance(how[0], UserError):
        say(f"relata: {how[0]}")
        return MISTAKE
    if how[0] is None:
        return STATUS + stopped[0]
    print(how[0])
    return 0
