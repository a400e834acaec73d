"""What is drawn: items with a shape, a colour and a place on the patch grid, or a photo.

Source: Lepori et al. 2024, stimuli; docs/methods.md, "Stimuli".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

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
ITEM_LETTERS = "ABCD"


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
        """Patches along a side of an item's cell: 1 where a patch is 32 px or more, else 2."""
        return 1 if self.patch_px >= 32 else 2

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


@dataclass(frozen=True, slots=True)
class Item:
    """One coloured shape in a cell whose top-left corner is (x_px, y_px).

    The shape is drawn at `jitter_px` (x, y) inside the cell, filled with Gaussian noise from `seed`
    round the mean colour, or evenly when `flat`.
    """

    shape: int
    color: int
    x_px: int
    y_px: int
    jitter_px: tuple[int, int] = (4, 4)
    seed: int = 0
    flat: bool = False


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that someone brought: RGB bytes `[S, S, 3]`, row by row, and where it came from."""

    pixels: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Stimulus:
    """One picture for the model: items in drawing order on white, or a photo."""

    items: tuple[Item, ...] = ()
    geometry: Geometry = Geometry()
    photo: Photo | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """Whether two items are the same, and in what they differ ("" where they do not)."""

    same: bool
    differs_in: Literal["", "shape", "color", "shape and color"]


def item_patches(item: Item, geometry: Geometry) -> tuple[int, ...]:
    """Indices of the patches that the item's cell touches, row-major, prefix tokens not counted.

    An aligned cell touches exactly its own block, listed top-left, top-right, bottom-left, bottom-right.
    """
    size, patch = geometry.cell_px, geometry.patch_px
    last = geometry.grid - 1
    columns = range(max(0, item.x_px // patch), min(last, (item.x_px + size - 1) // patch) + 1)
    rows = range(max(0, item.y_px // patch), min(last, (item.y_px + size - 1) // patch) + 1)
    return tuple(row * geometry.grid + column for row in rows for column in columns)


def is_aligned(item: Item, geometry: Geometry) -> bool:
    """Whether the item's cell lies on the patch grid, as in every training image."""
    return item.x_px % geometry.patch_px == 0 and item.y_px % geometry.patch_px == 0


def overlaps(a: Item, b: Item, geometry: Geometry) -> bool:
    """Whether the cells of the two items share a pixel."""
    size = geometry.cell_px
    return abs(a.x_px - b.x_px) < size and abs(a.y_px - b.y_px) < size


def truth(stimulus: Stimulus) -> Truth | None:
    """The ground truth of a pair of items, or None for a photo or any other number of items."""
    if stimulus.photo is not None or len(stimulus.items) != 2:
        return None
    a, b = stimulus.items
    parts = [name for name in PROPERTIES if getattr(a, name) != getattr(b, name)]
    differs = " and ".join(parts)
    return Truth(same=not parts, differs_in=differs)  # type: ignore[arg-type]


def with_item(stimulus: Stimulus, index: int, item: Item) -> Stimulus:
    """The stimulus with the item at `index` replaced."""
    items = (*stimulus.items[:index], item, *stimulus.items[index + 1 :])
    return replace(stimulus, items=items)
