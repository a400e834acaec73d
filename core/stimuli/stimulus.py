"""What is drawn: items with a shape, a colour and a place on the patch grid, or a photo.

Two items are a pair to discriminate. Four are match-to-sample: items 0 and 1 are the display pair, 2 and 3 the
sample pair, so the partner of item i is i ^ 1 and its counterpart in the other pair is i ^ 2. Three, or five and more,
pose no task; where one of them is of another kind than all the others, it is the odd one out.

Source: Lepori et al. 2024, stimuli; docs/methods.md, "Stimuli".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, cast

N_SHAPES = 16
N_COLORS = 16
N_OOD = 4

COLORS: tuple[tuple[int, int, int], ...] = (
    (233, 30, 99),
    (156, 39, 176),
    (103, 58, 183),
    (63, 81, 181),
    (3, 169, 244),
    (0, 188, 212),
    (0, 150, 136),
    (76, 175, 80),
    (139, 195, 74),
    (205, 220, 57),
    (255, 235, 59),
    (255, 152, 0),
    (255, 87, 34),
    (121, 85, 72),
    (158, 158, 158),
    (120, 144, 156),
    (103, 110, 0),
    (255, 155, 238),
    (145, 0, 0),
    (194, 188, 255),
)
"""Mean RGB of the 16 colours of the study, then of its four out-of-distribution colours."""

COLOR_NAMES = (
    "pink",
    "purple",
    "deep purple",
    "indigo",
    "light blue",
    "cyan",
    "teal",
    "green",
    "light green",
    "lime",
    "yellow",
    "orange",
    "deep orange",
    "brown",
    "grey",
    "blue grey",
    "olive",
    "rose",
    "maroon",
    "lavender",
)

Property = Literal["shape", "color"]
PROPERTIES: tuple[Property, ...] = ("shape", "color")
ITEM_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_ITEMS = 9
"""The most items that can be drawn; a photo may have a mask for every letter."""
MIN_SCALE, MAX_SCALE = 0.25, 7.0
"""How many times the study's size an item may have; the larger ones fill the canvas."""
MAX_LEVEL = 1000
PEEK_PX = 1
"""By how much a turned item may stand out of its cell before it counts as covering what lies there."""


def item_name(index: int) -> str:
    """The letter of an item, or its number where it has none."""
    return ITEM_LETTERS[index] if 0 <= index < len(ITEM_LETTERS) else f"item {index}"


TARGET, DISTRACTORS = "target", "distractors"
"""What the odd one out and the others are called, and the masks of a photo that show them."""

Task = Literal["discrimination", "rmts"]
"""Are two items the same, or (relational match-to-sample) are two pairs alike in being same or different?"""
TASK_WORDS: dict[Task, str] = {"discrimination": "discrimination", "rmts": "match-to-sample"}

PAIR_NAMES = ("display", "sample")
"""What the two pairs of match-to-sample are called, in order."""

Relation = Literal["different", "same"]
RELATIONS: tuple[Relation, ...] = ("different", "same")
"""The relations that a pair may have, in the order of a probe's rows."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """The canvas and the patch grid that a model cuts it into, in pixels."""

    image_px: int = 224
    patch_px: int = 16

    @property
    def grid(self) -> int:
        """Patches along a side."""
        return self.image_px // self.patch_px

    @property
    def cell_patches(self) -> int:
        """Patches along a side of an item's cell: as many as make about 32 px, so 1 of 32 px and 2 of 14 or 16 px; but
        no more than 2 where otherwise four cells would not fit side by side."""
        return max(1, min(round(32 / self.patch_px), max(2, self.grid // 4)))

    @property
    def cell_px(self) -> int:
        """Side of the cell that an item is drawn in."""
        return self.patch_px * self.cell_patches

    @property
    def drawn_px(self) -> int:
        """Side of the drawn item; the rest of the cell is room for jitter."""
        return self.cell_px - self.cell_px // 4

    @property
    def max_jitter_px(self) -> int:
        """Largest offset of the drawn item inside its cell."""
        return self.cell_px - self.drawn_px

    def corners(self) -> list[tuple[int, int]]:
        """Legal top-left corners (x, y) of an aligned cell, row by row."""
        last = self.image_px - self.cell_px
        steps = range(0, last + 1, self.patch_px)
        return [(x, y) for y in steps for x in steps]

    def display_cells(self) -> list[tuple[int, int]]:
        """Corners of the display pair's cells, side by side at the top left."""
        return [(0, 0), (self.cell_px, 0)]

    def sample_corners(self) -> list[tuple[int, int]]:
        """Legal corners whose cells share no patch with the display pair's."""
        size = self.cell_px
        return [(x, y) for x, y in self.corners() if x >= 2 * size or y >= size]


@dataclass(frozen=True, slots=True)
class Item:
    """One coloured shape in a cell whose top-left corner is (x_px, y_px).

    The shape is drawn at `jitter_px` (x, y) inside the cell, filled with Gaussian noise from `seed`
    round the mean colour, or evenly when `flat`. `scale` is its size, cell and jitter, over the study's; it is turned
    clockwise by `angle_deg` about the middle of what is drawn. Items of a higher `level` are drawn over others; a
    `locked` one is not moved by hand.
    """

    shape: int
    color: int
    x_px: int
    y_px: int
    jitter_px: tuple[int, int] = (4, 4)
    seed: int = 0
    flat: bool = False
    scale: float = 1.0
    angle_deg: float = 0.0
    level: int = 0
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Mask:
    """Which pixels of a photo show one thing: `bits` [S, S] row by row, eight to a byte, the first one highest."""

    label: str
    bits: bytes


@dataclass(frozen=True, slots=True)
class Crop:
    """The square of a picture that is shown, in the picture's own pixels."""

    left_px: int
    top_px: int
    side_px: int


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that someone brought: RGB bytes `[S, S, 3]`, row by row, and where it came from.

    `note` is what a viewer must know of how it is shown. Its `masks` are its items, A, B, …, as far as tokens go.
    One that is not square is kept `whole` as well, as a PNG, with the `crop` of it that is shown.
    """

    pixels: bytes
    name: str
    note: str = ""
    masks: tuple[Mask, ...] = ()
    whole: bytes = b""
    crop: Crop | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """What is painted by hand, as a PNG of the canvas's own pixels in RGBA: small in a history of many strokes.

    Nothing painted is no layer: `core.stimuli.paint` makes it.
    """

    packed: bytes


@dataclass(frozen=True, slots=True)
class Stimulus:
    """One picture for the model: items in drawing order on white, or a photo; over them what is painted by hand."""

    items: tuple[Item, ...] = ()
    geometry: Geometry = Geometry()
    photo: Photo | None = None
    paint: Layer | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """Whether two items are the same, and in what they differ ("" where they do not).

    In match-to-sample, whether the two pairs have the same relation; `pairs` is the truth of each.
    """

    same: bool
    differs_in: Literal["", "shape", "color", "shape and color", "relation"]
    pairs: tuple[Truth, ...] = ()


def cell_side_px(item: Item, geometry: Geometry) -> int:
    """Side of the item's cell."""
    return max(1, round(item.scale * geometry.cell_px))


def drawn_box(item: Item, geometry: Geometry) -> tuple[int, int, int]:
    """Left, top and side of the square that the item is drawn in; it is turned about the middle of it."""
    left, top = (at + round(item.scale * by) for at, by in zip((item.x_px, item.y_px), item.jitter_px, strict=True))
    return left, top, max(1, round(item.scale * geometry.drawn_px))


def turned_px(side_px: int, angle_deg: float) -> int:
    """Side of the upright square that holds a turned one of `side_px`, larger by a whole number of pixels all round."""
    angle = math.radians(angle_deg)
    around = math.ceil(side_px * (abs(math.cos(angle)) + abs(math.sin(angle))) - 1e-6)
    return around + (around - side_px) % 2


def item_box(item: Item, geometry: Geometry) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what the item takes: its cell, and what of a turned one stands out of that."""
    side = cell_side_px(item, geometry)
    left, top, right, bottom = item.x_px, item.y_px, item.x_px + side, item.y_px + side
    x, y, drawn = drawn_box(item, geometry)
    around = turned_px(drawn, item.angle_deg)
    if around > drawn:
        out = (around - drawn) // 2 - PEEK_PX
        left, top = min(left, x - out), min(top, y - out)
        right, bottom = max(right, x + drawn + out), max(bottom, y + drawn + out)
    return left, top, right, bottom


def item_patches(item: Item, geometry: Geometry) -> tuple[int, ...]:
    """Indices of the patches that the item's box touches, row-major, prefix tokens not counted.

    An aligned cell touches exactly its own block, listed top-left, top-right, bottom-left, bottom-right.
    """
    left, top, right, bottom = item_box(item, geometry)
    last, patch = geometry.grid - 1, geometry.patch_px
    columns = range(max(0, left // patch), min(last, (right - 1) // patch) + 1)
    rows = range(max(0, top // patch), min(last, (bottom - 1) // patch) + 1)
    return tuple(row * geometry.grid + column for row in rows for column in columns)


def is_aligned(item: Item, geometry: Geometry) -> bool:
    """Whether the item's cell lies on the patch grid, as in every training image."""
    return item.x_px % geometry.patch_px == 0 and item.y_px % geometry.patch_px == 0


def is_upright(item: Item) -> bool:
    """Whether the item is of the study's size and not turned, as in every training image."""
    return item.scale == 1 and item.angle_deg == 0


def overlaps(a: Item, b: Item, geometry: Geometry) -> bool:
    """Whether what the two items take shares a pixel."""
    (left, top, right, bottom), (x0, y0, x1, y1) = item_box(a, geometry), item_box(b, geometry)
    return left < x1 and x0 < right and top < y1 and y0 < bottom


def drawing_order(stimulus: Stimulus) -> list[int]:
    """Indices of the items from the one that is drawn first, under all others."""
    return sorted(range(len(stimulus.items)), key=lambda index: stimulus.items[index].level)


def n_items(stimulus: Stimulus) -> int:
    """How many items a stimulus has; of a photo, how many masks."""
    return len(stimulus.items if stimulus.photo is None else stimulus.photo.masks)


def task_of(stimulus: Stimulus) -> Task | None:
    """The task that a stimulus poses, by the number of its items; None for a photo or another number."""
    if stimulus.photo is not None:
        return None
    tasks: dict[int, Task] = {2: "discrimination", 4: "rmts"}
    return tasks.get(len(stimulus.items))


def truth(stimulus: Stimulus) -> Truth | None:
    """The ground truth of a stimulus, or None where it poses no task."""
    task = task_of(stimulus)
    if task is None:
        return None
    if task == "discrimination":
        return _pair_truth(*stimulus.items)
    display, sample = _pair_truth(*stimulus.items[:2]), _pair_truth(*stimulus.items[2:])
    same = display.same == sample.same
    return Truth(same, "" if same else "relation", (display, sample))


def odd_one(stimulus: Stimulus) -> int | None:
    """Index of the item that alone is of another kind than the others, which are of one kind; of a photo, that of the
    mask of its target. None where there is none, and where two or four items pose a task."""
    if stimulus.photo is not None:
        labels = [mask.label for mask in stimulus.photo.masks]
        return labels.index(TARGET) if TARGET in labels and len(labels) > 1 else None
    kinds = [(item.shape, item.color) for item in stimulus.items]
    if task_of(stimulus) is not None or len(set(kinds)) != 2 or len(kinds) < 3:
        return None
    alone = [index for index, kind in enumerate(kinds) if kinds.count(kind) == 1]
    return alone[0] if alone else None


def odd_difference(stimulus: Stimulus) -> str:
    """In what the odd one out differs from the others, as `Truth` says it; "" where nobody knows."""
    odd = odd_one(stimulus)
    if odd is None or stimulus.photo is not None:
        return ""
    return _pair_truth(stimulus.items[odd], stimulus.items[odd - 1]).differs_in


def pair_items(pair: int) -> tuple[int, int]:
    """Indices of the items of a pair."""
    return 2 * pair, 2 * pair + 1


def pairs_of(n_items: int) -> tuple[tuple[int, int], ...]:
    """Index pairs of the items that are compared: none where there are neither two nor four."""
    return tuple(pair_items(pair) for pair in range(n_items // 2)) if n_items in (2, 4) else ()


def pairs_in(stimulus: Stimulus) -> tuple[tuple[int, int], ...]:
    """Index pairs of the items of a stimulus that are compared; two objects of a photo are a pair, four are not two."""
    n = n_items(stimulus)
    return pairs_of(n) if stimulus.photo is None or n == 2 else ()


def pair_name(stimulus: Stimulus, pair: int) -> str:
    """Display or sample in match-to-sample, else the letters of the pair's items."""
    if task_of(stimulus) == "rmts" and 0 <= pair < len(PAIR_NAMES):
        return PAIR_NAMES[pair]
    return "–".join(map(item_name, pair_items(pair)))


def pair_relation(stimulus: Stimulus, pair: int) -> Relation | None:
    """The relation that a pair of the stimulus has, or None where it is not there."""
    first, second = pair_items(pair)
    if second >= len(stimulus.items):
        return None
    return "same" if _pair_truth(stimulus.items[first], stimulus.items[second]).same else "different"


def _pair_truth(a: Item, b: Item) -> Truth:
    parts = [name for name in PROPERTIES if getattr(a, name) != getattr(b, name)]
    differs = cast(Literal["", "shape", "color", "shape and color"], " and ".join(parts))
    return Truth(not parts, differs)


def is_trained_layout(stimulus: Stimulus) -> bool:
    """Whether the items lie as in training: upright, on the patch grid, and in match-to-sample the display pair in its
    corner and no sample item on its patches."""
    geometry = stimulus.geometry
    if not all(is_aligned(item, geometry) and is_upright(item) for item in stimulus.items):
        return False
    if task_of(stimulus) != "rmts":
        return True
    cells = [(item.x_px, item.y_px) for item in stimulus.items]
    return cells[:2] == geometry.display_cells() and all(cell in geometry.sample_corners() for cell in cells[2:])


def with_item(stimulus: Stimulus, index: int, item: Item) -> Stimulus:
    """The stimulus with the item at `index` replaced."""
    items = (*stimulus.items[:index], item, *stimulus.items[index + 1 :])
    return replace(stimulus, items=items)
