"""A film is made: one engine process answers for every frame, the window's own widgets paint it, another process
writes the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QImage

from app.export.studio import Studio
from app.process import ChildProcess
from core.analyses.decision import Verdict
from core.documents.work import Work
from core.errors import UserError
from core.figures.films import Picture, film_file, record
from core.film import Film, Frame, frames_of
from core.questions import Answer, Failure
from core.runner import serve_whole
from core.storage import check_file

STOPPED = UserError("A process of the film stopped.", "The file is as it was. Try again, with a smaller film.")


class Filming(QObject):
    """Makes one film. `went_on` says how many frames are done of how many; `ended` the file, or a UserError, or None
    where it was cancelled.

    Each of the `frames` is a state that the model was asked about: no picture lies between two of them. `verdicts` are
    what it said, frame by frame. Until the last frame is written by the `recorder`, a process, the file is as it was.
    """

    went_on = Signal(int, int)
    ended = Signal(object)

    def __init__(self, work: Work, film: Film, path: Path, device: str = "auto") -> None:
        """Raises UserError where the file cannot be written, or its name is that of no film."""
        super().__init__()
        check_file(path)
        film_file(path, int(film.fps))
        self.verdicts: list[Verdict | None] = []
        self._film, self._path, self._over = film, path, False
        self._plan = frames_of(work, film)
        self.frames: tuple[Frame, ...] = ()
        self._studio: Studio | None = None
        self._engine = self._child(serve_whole, device, name="relata-film-engine")
        self._engine.said.connect(self._hear)
        self.recorder = self._child(record, str(path), int(film.fps), name="relata-film-writer")
        self.recorder.said.connect(self._recorded)

    def _child(self, target: Callable[..., None], *options: object, name: str) -> ChildProcess:
        child = ChildProcess(target, *options, name=name)
        child.ended.connect(lambda _: self._end(STOPPED))
        return child

    def start(self) -> None:
        """Ask the first question."""
        self._go_on_planning(None)

    def cancel(self) -> None:
        """Stop at once; the file is as it was."""
        self._end(None)

    def _go_on_planning(self, answer: Answer | None) -> None:
        """Find out which frames there are; then show the first one."""
        try:
            self._engine.send(next(self._plan) if answer is None else self._plan.send(answer))
        except StopIteration as stop:
            self.frames = stop.value
            first, size = self.frames[0], QSize(*self._film.size_px)
            self._studio = Studio(first, size, self._film.look, with_map=self._film.map)
            self._engine.send(self._studio.show(first))
        except UserError as error:
            self._end(error)

    def _hear(self, message: Answer | Failure) -> None:
        if isinstance(message, Failure):
            self._end(UserError(message.message, message.hint))
        elif self._studio is None:
            self._go_on_planning(message)
        else:
            image = self._studio.take(message)
            self.verdicts.append(self._studio.verdict)
            self.recorder.send(_picture(image, self.frames[len(self.verdicts) - 1].n_times))

    def _recorded(self, message: object) -> None:
        """The frame is taken: on to the next one, or to the end."""
        done = len(self.verdicts)
        if isinstance(message, UserError):
            self._end(message)
        elif message is None:
            self._end(self._path)
        else:
            self.went_on.emit(done, len(self.frames))
            if done < len(self.frames) and self._studio is not None:
                self._engine.send(self._studio.show(self.frames[done]))
            else:
                self.recorder.send(None)

    def _end(self, how: Path | UserError | None) -> None:
        if self._over:
            return
        self._over = True
        for child in (self._engine, self.recorder):
            child.close()
        if self._studio is not None:
            self._studio.close()
        self.ended.emit(how)


def _picture(image: QImage, n_times: int) -> Picture:
    """The pixels without the padding at the ends of Qt's lines."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    width, height, line = rgb.width(), rgb.height(), rgb.bytesPerLine()
    data = bytes(rgb.constBits())
    pixels = data if line == 3 * width else b"".join(data[y * line : y * line + 3 * width] for y in range(height))
    return Picture((width, height), pixels, n_times)
