"""Films as files: pictures one after another into a GIF or an MP4, which is there whole or not at all."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.errors import UserError
from core.storage import replace_file

SUFFIXES = (".gif", ".mp4")
N_LOOKED_AT = 12
"""From how many frames, all over the film, the colours of a GIF are taken."""
N_EXACT, MOST_WEIGHT = 64, 64
"""How many colours are kept as they are, and how much one of the others counts at most."""
AT_ONCE = 4096
QUALITY = "18"
"""x264's constant rate factor: text stays sharp."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame: RGB bytes [H, W, 3], and how often it is shown."""

    size: tuple[int, int]
    pixels: bytes
    n_times: int = 1


class FilmFile(Protocol):
    """What takes frames and becomes the content of a file."""

    def add(self, picture: Picture) -> None:
        """Take the next frame."""

    def content(self) -> bytes:
        """The file."""


def film_file(path: Path, fps: int) -> FilmFile:
    """What writes films of the kind that a file's name says.

    Raises UserError for another kind, or where there is no encoder.
    """
    if path.suffix.lower() == ".gif":
        return Gif(fps)
    if path.suffix.lower() == ".mp4":
        return Mp4(fps)
    raise UserError(f"{path.name} is the name of no film.", f"Let it end in {' or '.join(SUFFIXES)}.")


def record(connection: Connection, path: str, fps: int) -> None:
    """Take pictures from the connection until None comes, then write the file; say None, or what went wrong.

    Without that None nothing is written.
    """
    try:
        film = film_file(Path(path), fps)
        while (picture := connection.recv()) is not None:
            film.add(picture)
            connection.send(picture.n_times)
        replace_file(Path(path), film.content(), keep=False)
        connection.send(None)
    except UserError as error:
        connection.send(error)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


class Gif:
    """One palette for all frames, so that what stands still is not written again; frames wait packed until the end."""

    def __init__(self, fps: int) -> None:
        self._ms = 1000 / fps
        self._frames: list[Picture] = []

    def add(self, picture: Picture) -> None:
        packed = Picture(picture.size, zlib.compress(picture.pixels, 1), picture.n_times)
        self._frames.append(packed)

    def content(self) -> bytes:
        """A GIF that runs for ever; a frame like the one before prolongs that one."""
        step = max(1, -(-len(self._frames) // N_LOOKED_AT))
        palette, out = _Palette([_colors(frame) for frame in self._frames[::step]]), BytesIO()
        first, *rest = (palette.drawn(_colors(frame), frame.size) for frame in self._frames)
        durations = [round(self._ms * frame.n_times) for frame in self._frames]
        first.save(out, "GIF", save_all=True, append_images=rest, duration=durations, loop=0, optimize=False)
        return out.getvalue()


Colors = npt.NDArray[np.int64]
"""Colours as one number each, 65536 R + 256 G + B."""


def _colors(frame: Picture) -> Colors:
    rgb = np.frombuffer(zlib.decompress(frame.pixels), np.uint8).reshape(-1, 3).astype(np.int64)
    colors: Colors = rgb @ np.array([65536, 256, 1])
    return colors


def _rgb(colors: Colors) -> np.ndarray:
    return np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=-1)  # [N, 3]


class _Palette:
    """256 colours: the most frequent ones as they are, and a summary of the many others, such as edges of letters.

    A landmark keeps its colour, however small it is beside the background.
    """

    def __init__(self, seen: list[Colors]) -> None:
        colors, counts = np.unique(np.concatenate(seen), return_counts=True)
        order = np.argsort(-counts, kind="stable")
        exact, others = colors[order[:N_EXACT]], order[N_EXACT:]
        summary = _summary(np.repeat(colors[others], np.minimum(counts[others], MOST_WEIGHT)))
        self._colors = np.concatenate([_rgb(exact), summary])  # [256, 3] at most
        self._nearest = np.full(2**24, -1, np.int16)

    def drawn(self, colors: Colors, size: tuple[int, int]) -> Image.Image:
        """A picture in the nearest colours."""
        new = np.unique(colors[self._nearest[colors] < 0])
        for part in np.array_split(new, -(-len(new) // AT_ONCE) or 1):
            away = ((_rgb(part)[:, None] - self._colors) ** 2).sum(-1)  # [n, 256]
            self._nearest[part] = away.argmin(1)
        image = Image.fromarray(self._nearest[colors].astype(np.uint8).reshape(size[::-1]))
        image.putpalette(self._colors.astype(np.uint8).tobytes())
        return image


def _summary(colors: Colors) -> np.ndarray:
    """As many colours [n, 3] as are left, for the others."""
    if not len(colors):
        return np.zeros((0, 3), np.int64)
    strip = Image.fromarray(_rgb(colors).astype(np.uint8)[None])  # [1, N, 3]
    palette = strip.quantize(256 - N_EXACT, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE).getpalette()
    return np.array(palette, np.int64).reshape(-1, 3)[: 256 - N_EXACT]


class Mp4:
    """H.264 in the pixel format that every player knows; sides are even there, so an odd one loses a pixel."""

    def __init__(self, fps: int) -> None:
        try:
            import av
        except ImportError as error:
            hint = "Install it with: pip install 'relata[film]'; or let the name end in .gif."
            raise UserError("For MP4 the package av is needed.", hint) from error
        self._fps, self._n_frames, self._out = fps, 0, BytesIO()
        self._container = av.open(self._out, "w", format="mp4")
        self._stream: Any = None

    def add(self, picture: Picture) -> None:
        import av

        width, height = picture.size
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=self._fps, options={"crf": QUALITY})
            self._stream.width, self._stream.height = width - width % 2, height - height % 2
            self._stream.pix_fmt = "yuv420p"
        image = Image.frombytes("RGB", picture.size, picture.pixels).crop(
            (0, 0, self._stream.width, self._stream.height)
        )
        frame = av.VideoFrame.from_image(image)
        for _ in range(picture.n_times):
            frame.pts, frame.time_base = self._n_frames, Fraction(1, self._fps)
            self._n_frames += 1
            self._container.mux(self._stream.encode(frame))

    def content(self) -> bytes:
        """The film, readable from its beginning on."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._out.getvalue()
