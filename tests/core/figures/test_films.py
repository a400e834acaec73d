"""Frames become a GIF or an MP4 that others read: as many, as large, as long, in their colours."""

from __future__ import annotations

import threading
from io import BytesIO
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import UserError
from core.figures.films import Picture, film_file, record

FPS = 10
WIDTH, HEIGHT = 62, 34


def picture(index: int, n_times: int = 1) -> Picture:
    """A bar that grows on a grey ground, in colours of its own, and noise beside it."""
    pixels = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    pixels[4:10, : 5 + 5 * index] = (233, 30, 99)
    pixels[20, 1] = (3, 169, 244)
    pixels[24:, 30:] = np.random.default_rng(index).integers(0, 255, (HEIGHT - 24, WIDTH - 30, 3))
    return Picture((WIDTH, HEIGHT), pixels.tobytes(), n_times)


def test_a_gif_has_every_frame_for_as_long_as_it_stands() -> None:
    film = film_file(Path("a.gif"), FPS)
    for index in range(5):
        film.add(picture(index, 1 + 3 * (index == 4)))

    with Image.open(BytesIO(film.content())) as gif:
        assert (gif.format, gif.size, gif.n_frames, gif.info["loop"]) == ("GIF", (WIDTH, HEIGHT), 5, 0)
        found, durations = [], []
        for index in range(5):
            gif.seek(index)
            durations.append(gif.info["duration"])
            found.append(np.asarray(gif.convert("RGB")))
    assert durations == [100, 100, 100, 100, 400]
    assert [int((of[5] == (233, 30, 99)).all(-1).sum()) for of in found] == [5, 10, 15, 20, 25]


def test_a_small_mark_keeps_its_colour_in_a_gif() -> None:
    """However many colours noise and edges of letters bring along."""
    film = film_file(Path("a.gif"), FPS)
    for index in range(3):
        pixels = np.frombuffer(picture(index).pixels, np.uint8).reshape(HEIGHT, WIDTH, 3).copy()
        pixels[14:18, 1:5] = (3, 169, 244)
        film.add(Picture((WIDTH, HEIGHT), pixels.tobytes()))

    with Image.open(BytesIO(film.content())) as gif:
        gif.seek(2)
        shown = np.asarray(gif.convert("RGB"))
    assert (shown[14:18, 1:5] == (3, 169, 244)).all()
    assert (shown[0, 0] == 200).all()


def test_an_mp4_is_decoded_to_as_many_frames_of_its_size() -> None:
    av = pytest.importorskip("av")
    film = film_file(Path("a.mp4"), FPS)
    for index in range(5):
        film.add(picture(index, 2))

    with av.open(BytesIO(film.content())) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert (stream.codec_context.name, stream.pix_fmt, stream.average_rate) == ("h264", "yuv420p", FPS)
    assert len(frames) == 10
    assert frames[0].shape == (HEIGHT, WIDTH, 3)
    reach = [int((np.abs(of[6].astype(int) - (233, 30, 99)).max(-1) < 60).sum()) for of in frames]
    assert reach[0] < reach[4] < reach[8], "the bar grows"


def test_without_an_encoder_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)

    with pytest.raises(UserError, match=r"relata\[film\]"):
        film_file(Path("a.mp4"), FPS)


def test_a_name_of_another_kind_is_refused() -> None:
    with pytest.raises(UserError, match=r"\.gif or \.mp4"):
        film_file(Path("a.avi"), FPS)


def sent(path: Path, *messages: object) -> list[object]:
    """What the writer says to pictures; the connection is closed after them."""
    ours, theirs = Pipe()
    thread = threading.Thread(target=record, args=(theirs, str(path), FPS))
    thread.start()
    said = []
    for message in messages:
        ours.send(message)
        said.append(ours.recv())
    ours.close()
    thread.join()
    return said


def test_the_writer_takes_pictures_and_then_writes_the_file(tmp_path: Path) -> None:
    assert sent(tmp_path / "a.gif", picture(0), picture(1, 3), None) == [1, 3, None]

    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 2


def test_a_film_that_was_cut_off_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.gif").write_bytes(b"the one before")

    sent(tmp_path / "a.gif", picture(0), picture(1))

    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]
    assert (tmp_path / "a.gif").read_bytes() == b"the one before"


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_where_the_disk_refuses_the_file_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a.gif").write_bytes(b"the one before")
    monkeypatch.setattr(f"core.storage.os.{fails}", full)

    _, error = sent(tmp_path / "a.gif", picture(0), None)

    monkeypatch.undo()
    assert isinstance(error, UserError)
    assert "No space left" in error.message
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]
    assert (tmp_path / "a.gif").read_bytes() == b"the one before"
