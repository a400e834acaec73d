"""100 kinds of emoji at random places on cluttered grounds: pictures of a known kind, whose masks are known.

The emoji are those of a sheet in `resources/emoji`, with where it is from; grounds and placements are our own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from core.errors import UserError
from core.locations import resource_folder
from core.stimuli.datasets import Example
from core.stimuli.masks import mask_of
from core.stimuli.stimulus import Geometry, Photo, Stimulus
from core.texts import parse_json, read_text

if TYPE_CHECKING:
    from core.families.model import Model

CELL_PX = 128
"""Side of the square of the sheet that an emoji fits into; its longer side fills it."""
COLUMNS = 10
SIZES_PX = (60, 150)
"""Longer side of a drawn emoji on a canvas of 224 pixels."""
CANVAS_PX = 224
MOST_TURNED_DEG = 15.0
OPAQUE = 128
N_OCTAVES = 5
N_CLUTTER = (8, 30)

Split = Literal["train", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)

Pixels = npt.NDArray[np.uint8]
Inside = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Placed:
    """An emoji in a picture: its longer side before it is turned, counter-clockwise, and the corner (x, y) of the box
    round it."""

    kind: str
    size_px: int
    x_px: int
    y_px: int
    turned_deg: float = 0.0


@lru_cache
def characters() -> Mapping[str, str]:
    """The character of each kind, by its name in plain English, in the order of the sheet."""
    found: dict[str, str] = parse_json(read_text(resource_folder("emoji") / "kinds.json"))
    return found


@lru_cache
def _sheet() -> Image.Image:
    with Image.open(resource_folder("emoji") / "sheet.webp", formats=("WEBP",)) as image:
        return image.convert("RGBA")


@lru_cache
def cut_out(kind: str) -> Image.Image:
    """One emoji with alpha, without a margin."""
    row, column = divmod(list(characters()).index(kind), COLUMNS)
    x, y = column * CELL_PX, row * CELL_PX
    cell = _sheet().crop((x, y, x + CELL_PX, y + CELL_PX))
    return cell.crop(cell.getbbox())


def turned(kind: str, size_px: int, turned_deg: float) -> Image.Image:
    """One emoji as it is drawn, with alpha, without a margin."""
    image = cut_out(kind)
    scale = size_px / max(image.size)
    sized = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    whole = sized.rotate(turned_deg, Image.Resampling.BICUBIC, expand=True)
    return whole.crop(whole.getbbox())


def draw(ground: Image.Image, placed: Sequence[Placed]) -> tuple[Pixels, list[Inside]]:
    """The picture [S, S, 3] with the emoji on it, the last one in front, and where each can be seen [S, S]."""
    picture = ground.convert("RGBA")
    masks: list[Inside] = []
    for emoji in placed:
        layer = Image.new("RGBA", picture.size)
        layer.paste(turned(emoji.kind, emoji.size_px, emoji.turned_deg), (emoji.x_px, emoji.y_px))
        picture = Image.alpha_composite(picture, layer)
        mask = np.asarray(layer)[..., 3] >= OPAQUE
        masks = [before & ~mask for before in masks] + [mask]
    return np.asarray(picture.convert("RGB")), masks


def place(kind: str, rng: np.random.Generator, side_px: int) -> Placed:
    """A random size, turn and place, the whole of it inside the canvas."""
    low, high = SIZES_PX
    size = round(int(rng.integers(low, high + 1)) * side_px / CANVAS_PX)
    angle = float(rng.uniform(-MOST_TURNED_DEG, MOST_TURNED_DEG))
    image = turned(kind, size, angle)
    x, y = (int(rng.integers(0, max(0, side_px - extent) + 1)) for extent in image.size)
    return Placed(kind, size, x, y, angle)


def clutter(rng: np.random.Generator, side_px: int, *, noisy: bool = True) -> Image.Image:
    """A ground of clouds, a gradient or stripes in two colours, shapes and lines over it, and noise in one of two where
    it may be `noisy`."""
    low, high = (np.asarray(color) for color in rng.integers(0, 256, (2, 3)))
    form = [_clouds, _gradient, _stripes][int(rng.integers(3))](rng, side_px)[..., None]  # [S, S, 1] in 0–1
    image = Image.fromarray((low + form * (high - low)).clip(0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image, "RGBA")
    for _ in range(int(rng.integers(*N_CLUTTER))):
        _draw_shape(pen, rng, side_px)
    if not noisy or rng.random() < 0.5:
        return image
    noise = rng.normal(0, rng.uniform(2, 20), (side_px, side_px, 3))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def _clouds(rng: np.random.Generator, side_px: int) -> npt.NDArray[np.float64]:
    """Random values over several scales, the finer the fainter."""
    total = np.zeros((side_px, side_px))
    for octave in range(N_OCTAVES):
        coarse = Image.fromarray(rng.random((2 ** (octave + 1),) * 2, dtype=np.float32))
        total += np.asarray(coarse.resize((side_px, side_px), Image.Resampling.BICUBIC)) / 2**octave
    return np.asarray((total - total.min()) / (total.max() - total.min()))


def _gradient(rng: np.random.Generator, side_px: int) -> npt.NDArray[np.float64]:
    along = _along(rng, side_px)
    return np.asarray((along - along.min()) / (along.max() - along.min()))


def _stripes(rng: np.random.Generator, side_px: int) -> npt.NDArray[np.float64]:
    waves = np.sin(2 * np.pi * rng.uniform(2, 14) * _along(rng, side_px))
    if rng.random() < 0.5:
        waves *= np.sin(2 * np.pi * rng.uniform(2, 14) * _along(rng, side_px))
    return np.asarray((1 + np.clip(waves * rng.uniform(1, 8), -1, 1)) / 2)


def _along(rng: np.random.Generator, side_px: int) -> npt.NDArray[np.float64]:
    """How far each pixel lies in a random direction, in sides of the canvas."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[:side_px, :side_px] / side_px
    return np.asarray(np.cos(angle) * x + np.sin(angle) * y)


def _draw_shape(pen: ImageDraw.ImageDraw, rng: np.random.Generator, side_px: int) -> None:
    """One ellipse, box, polygon or line, see-through in part, that may reach over the edge."""
    color = (*map(int, rng.integers(0, 256, 3)), int(rng.integers(60, 256)))
    x, y = map(float, rng.uniform(-0.1, 1.0, 2) * side_px)
    width, height = map(float, rng.uniform(0.04, 0.45, 2) * side_px)
    kind = int(rng.integers(4))
    if kind == 0:
        pen.ellipse((x, y, x + width, y + height), fill=color)
    elif kind == 1:
        pen.rectangle((x, y, x + width, y + height), fill=color)
    else:
        corners = rng.random((int(rng.integers(3, 7)), 2)) * (width, height) + (x, y)
        points = [(float(a), float(b)) for a, b in corners]
        if kind == 2:
            pen.polygon(points, fill=color)
        else:
            pen.line(points, fill=color, width=int(rng.integers(1, max(2, side_px // 28))))


def emoji_pictures(split: Split, n: int, seed: int, geometry: Geometry) -> Iterator[Example]:
    """`n` pictures of one emoji each, drawn one by one; any 100 that follow on a multiple of 100 hold every kind once.

    The two splits share no placement and no ground. An example's label is the kind's place among `characters()`, its
    condition the kind.
    """
    names = list(characters())
    for index in range(n):
        about = (seed, SPLITS.index(split))
        order = np.random.default_rng((*about, 0, index // len(names))).permutation(len(names))
        label = int(order[index % len(names)])
        rng = np.random.default_rng((*about, 1, index))
        pixels, masks = draw(clutter(rng, geometry.image_px), [place(names[label], rng, geometry.image_px)])
        photo = Photo(pixels.tobytes(), names[label], masks=(mask_of(names[label], masks[0]),))
        yield Example(Stimulus((), geometry, photo), label, names[label])


def knows_emoji(model: Model) -> bool:
    """Whether a model has a class for every kind."""
    return set(characters()) <= set(model.labels)


def labelled_pictures(model: Model, n: int, seed: int = 0) -> Iterator[Example]:
    """`n` unseen pictures of things that the model has classes for, drawn one by one; an example's label is the class,
    its condition the name of it, and the photo's first mask is where it lies.

    Raises UserError where the model's classes are others than emoji.
    """
    ours = list(characters())
    if not knows_emoji(model):
        raise UserError(
            f"There are no labelled pictures for the classes of {model.name}.",
            f"These are made for models that name {len(ours)} kinds of emoji, such as: emoji.",
        )
    places = {kind: model.labels.index(kind) for kind in ours}
    return (replace(e, label=places[e.condition]) for e in emoji_pictures("test", n, seed, model.geometry))
