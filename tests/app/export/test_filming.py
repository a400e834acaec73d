"""A film is what the program shows: the model answers for every frame, and a film that is given up leaves no trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QObject, QSize, QTimer, Signal
from pytestqt.qtbot import QtBot

from app.export import filming
from app.export.filming import Filming
from app.export.studio import Studio
from app.process import ChildProcess
from core.analyses.decision import Decision
from core.demo import demo_document
from core.document import View
from core.documents.work import Work
from core.errors import UserError
from core.film import Film, Frame
from core.interventions.move import set_point
from core.questions import Failure, Question
from core.runner import serve_whole
from core.session import Session

MOVED = set_point(demo_document(), 0, "color", 2, (6.0, -1.0))
WORK = Work(MOVED, View(read=3, write=2, token=60))
SHORT = Film(size="640x360", seconds=0.3, fps="10", map=False)
SESSION = Session("cpu")


class Engine(QObject):
    """Answers as the engine's process does, in this one."""

    said = Signal(object)
    ended = Signal(int)

    def send(self, question: Question) -> None:
        QTimer.singleShot(0, self, lambda: self.said.emit(self._answer(question)))

    def _answer(self, question: Question) -> Any:
        try:
            return SESSION.answer(question)
        except UserError as error:
            return Failure(question, error.message, error.hint, "")

    def close(self) -> None:
        self.said.disconnect()


@pytest.fixture(autouse=True)
def engine(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def child(target: Callable[..., None], *options: object, name: str) -> Any:
        return Engine() if target is serve_whole else ChildProcess(target, *options, name=name)

    monkeypatch.setattr(filming, "ChildProcess", child)
    return


def made(qtbot: QtBot, path: Path, film: Film = SHORT, work: Work = WORK) -> tuple[Filming, Path | UserError | None]:
    made = Filming(work, film, path, "cpu")
    with qtbot.waitSignal(made.ended, timeout=120_000) as ended:
        made.start()
    return made, ended.args[0]


def test_every_frame_shows_what_the_model_answers_for_its_state(qtbot: QtBot, tmp_path: Path) -> None:
    found, how = made(qtbot, tmp_path / "a.gif")

    assert how == tmp_path / "a.gif"
    edits = [frame.document.interventions[0] for frame in found.frames]
    asked = [SESSION.answer(Question(replace(MOVED, interventions=(edit,)))).found[Decision()] for edit in edits]
    assert [verdict.margin for verdict in found.verdicts if verdict] == [verdict.margin for verdict in asked]
    assert len({verdict.margin for verdict in asked}) == 3
    with Image.open(tmp_path / "a.gif") as gif:
        assert (gif.n_frames, gif.size) == (3, (640, 360))
        shown, durations = [], []
        for index in range(3):
            gif.seek(index)
            durations.append(gif.info["duration"])
            shown.append(np.asarray(gif.convert("RGB")).astype(int))
    assert durations == [800, 100, 800]
    assert all((np.abs(a - b).max(-1) > 40).sum() > 100 for a, b in pairwise(shown))


def test_an_mp4_has_every_frame_for_as_long_as_it_stands(qtbot: QtBot, tmp_path: Path) -> None:
    av = pytest.importorskip("av")

    made(qtbot, tmp_path / "a.mp4", replace(SHORT, of="read", look="dark"))

    with av.open(str(tmp_path / "a.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(container.streams.video[0])]
    assert len(frames) == 6 * 6
    assert frames[0].shape == (360, 640, 3)
    assert frames[0].mean() < 100, "it is dark"
    moved = np.abs(frames[0].astype(int) - frames[-1].astype(int)).max(-1)
    assert (moved > 40).sum() > 100, "another layer looks elsewhere"


def test_a_film_that_is_cancelled_leaves_no_file(qtbot: QtBot, tmp_path: Path) -> None:
    film = Filming(WORK, SHORT, tmp_path / "a.gif", "cpu")
    film.went_on.connect(lambda *_: film.cancel())

    with qtbot.waitSignal(film.ended, timeout=120_000) as ended:
        film.start()

    assert ended.args == [None]
    assert len(film.verdicts) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_film_that_is_cancelled_leaves_the_one_before(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "a.gif").write_bytes(b"the one before")
    film = Filming(WORK, SHORT, tmp_path / "a.gif", "cpu")

    with qtbot.waitSignal(film.ended) as ended:
        film.start()
        film.cancel()

    assert ended.args == [None]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.gif": b"the one before"}


def test_where_it_cannot_be_written_it_says_so_before_anything_starts(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UserError, match="a part of it is a file"):
        Filming(WORK, SHORT, tmp_path / "file" / "a.gif", "cpu")
    with pytest.raises(UserError, match="no film"):
        Filming(WORK, SHORT, tmp_path / "a.webm", "cpu")


def test_where_the_folder_is_gone_when_it_is_done_it_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    film = Filming(WORK, SHORT, tmp_path / "folder" / "a.gif", "cpu")

    def take_away(done: int, total: int) -> None:
        if done == total:
            (tmp_path / "folder").rmdir()
            (tmp_path / "folder").write_text("")

    film.went_on.connect(take_away)
    with qtbot.waitSignal(film.ended, timeout=120_000) as ended:
        film.start()

    assert "could not be written" in ended.args[0].message


def test_what_there_is_nothing_to_film_of_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    _, no_edit = made(qtbot, tmp_path / "a.gif", work=replace(WORK, document=demo_document()))
    _, no_model = made(qtbot, tmp_path / "a.gif", work=replace(WORK, document=replace(MOVED, model="gone")))

    assert isinstance(no_edit, UserError)
    assert isinstance(no_model, UserError)
    assert ("no edit" in no_edit.message, "no model" in no_model.message) == (True, True)
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_dies_ends_the_film(qtbot: QtBot, tmp_path: Path) -> None:
    film = Filming(WORK, SHORT, tmp_path / "a.gif", "cpu")

    with qtbot.waitSignal(film.ended, timeout=60_000) as ended:
        film.start()
        film.recorder.kill()

    assert "stopped" in ended.args[0].message
    assert list(tmp_path.iterdir()) == []


def test_the_meter_of_a_frame_says_its_margin(qtbot: QtBot) -> None:
    frame = Frame(MOVED, WORK.view)
    studio = Studio(frame, QSize(640, 360), "light", with_map=False)

    answer = SESSION.answer(studio.show(frame))
    image = studio.take(answer)

    margin = answer.found[Decision()].margin
    reading = studio.decision.first.meter.accessibleDescription() or studio.decision.first.meter.accessibleName()
    assert f"{abs(margin):.1f}" in reading
    assert (image.width(), image.height()) == (640, 360)
    studio.close()


def test_a_frame_without_a_pad_has_room_for_the_rest(qtbot: QtBot) -> None:
    frame = Frame(replace(MOVED, interventions=()), replace(WORK.view, write=5))  # nothing of colour after block 5
    studio = Studio(frame, QSize(640, 360), "light", with_map=False)

    studio.take(SESSION.answer(studio.show(frame)))

    assert [type(widget).__name__ for widget in studio.row] == ["StimulusCanvas", "AttentionView"]
    studio.close()
