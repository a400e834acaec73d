"""Make what ships of emoji: the sheet of cut-outs, from the font, and the example pictures, from the sheet.

`python -m core.jobs.emoji_pictures sheet` needs Noto Color Emoji; with `examples` in place of `sheet` it does not.
"""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from core.emoji import CELL_PX, COLUMNS, Placed, characters, clutter, draw
from core.errors import UserError
from core.locations import resource_folder
from core.stimuli.masks import LABELS, MASK_SUFFIX
from core.storage import write_files

FONT = "NotoColorEmoji.ttf"
FONT_PX = 109
"""The one size in which the font holds its pictures."""
SIDE_PX = 224
N_COLORS = 255
LEVEL_STEP = 60
"""Grey levels between the objects of a mask file, so that they can be told by eye."""

GROUNDS = {
    "sea": ((130, 195, 235), (25, 95, 150)),
    "meadow": ((150, 205, 245), (95, 160, 60)),
    "desert": ((175, 215, 240), (225, 185, 115)),
    "night": ((15, 20, 60), (35, 40, 60)),
}
"""Sky and ground of a view with a horizon."""

EXAMPLES: dict[str, tuple[str, int, tuple[Placed, ...]]] = {
    "cat": ("clutter", 1, (Placed("cat", 110, 84, 70),)),
    "cat, small": ("clutter", 2, (Placed("cat", 62, 34, 120, 8),)),
    "cat, large": ("clutter", 3, (Placed("cat", 180, 22, 24, -5),)),
    "dog": ("clutter", 4, (Placed("dog", 100, 30, 40),)),
    "pizza": ("clutter", 5, (Placed("pizza", 105, 96, 84, 12),)),
    "bicycle": ("clutter", 6, (Placed("bicycle", 130, 60, 72),)),
    "guitar": ("clutter", 7, (Placed("guitar", 120, 40, 70, -8),)),
    "hedgehog": ("clutter", 8, (Placed("hedgehog", 90, 110, 100),)),
    "shark in the sea": ("sea", 11, (Placed("shark", 120, 50, 90),)),
    "sailing boat in the sea": ("sea", 12, (Placed("sailing boat", 120, 60, 40),)),
    "cow on a meadow": ("meadow", 13, (Placed("cow", 90, 70, 96),)),
    "camel in the desert": ("desert", 14, (Placed("camel", 110, 70, 86),)),
    "owl at night": ("night", 15, (Placed("owl", 90, 76, 60),)),
    "shark on a meadow": ("meadow", 16, (Placed("shark", 120, 50, 90),)),
    "cow in the sea": ("sea", 17, (Placed("cow", 90, 70, 96),)),
    "penguin in the desert": ("desert", 18, (Placed("penguin", 110, 90, 82),)),
    "cat and pizza": ("clutter", 21, (Placed("cat", 92, 14, 40), Placed("pizza", 92, 120, 100, -10))),
    "cat behind a pizza": ("clutter", 22, (Placed("cat", 120, 40, 40), Placed("pizza", 100, 90, 92))),
    "dog and football": ("meadow", 23, (Placed("dog", 90, 20, 70), Placed("football", 66, 138, 136))),
    "bee and sunflower": ("meadow", 24, (Placed("bee", 64, 24, 40), Placed("sunflower", 130, 100, 66))),
    "monkey and banana": ("clutter", 25, (Placed("monkey", 96, 16, 90), Placed("banana", 84, 124, 40))),
    "penguin and snowman": ("clutter", 26, (Placed("penguin", 96, 24, 88), Placed("snowman", 96, 126, 90))),
    "penguin and cactus": ("desert", 27, (Placed("penguin", 96, 24, 96), Placed("cactus", 110, 124, 84))),
    "robot and rose": ("night", 28, (Placed("robot", 100, 18, 100), Placed("rose", 86, 132, 90, -8))),
}
"""The example pictures by their names: on what ground, of which seed, and what is in them, the last one in front."""


def make_sheet(font: Path) -> bytes:
    """The WebP file, without loss, of all kinds cut out of the font.

    Raises UserError where it is not Noto Color Emoji.
    """
    try:
        drawn = ImageFont.truetype(str(font), FONT_PX)
    except OSError as error:
        raise UserError(f"{font} could not be read as a font: {error}.", f"Name {FONT}.") from error
    kinds = characters()
    rows = -(-len(kinds) // COLUMNS)
    sheet = Image.new("RGBA", (COLUMNS * CELL_PX, rows * CELL_PX))
    for index, character in enumerate(kinds.values()):
        row, column = divmod(index, COLUMNS)
        cut = _cut_out(character, drawn)
        x, y = ((CELL_PX - extent) // 2 for extent in cut.size)
        sheet.paste(cut, (column * CELL_PX + x, row * CELL_PX + y))
    file = BytesIO()
    sheet.save(file, "WEBP", lossless=True, method=6)
    return file.getvalue()


def _cut_out(character: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    glyph = Image.new("RGBA", (160, 160))
    ImageDraw.Draw(glyph).text((12, 12), character, font=font, embedded_color=True)
    box = glyph.getbbox()
    if box is None:
        raise UserError(f"The font has no picture of {character}.", f"Name a newer {FONT}.")
    cut = glyph.crop(box)
    scale = CELL_PX / max(cut.size)
    return cut.resize((round(cut.width * scale), round(cut.height * scale)), Image.Resampling.BICUBIC)


def find_font() -> Path:
    """Where Noto Color Emoji is installed.

    Raises UserError where it is not.
    """
    try:
        found = subprocess.run(
            ["fc-match", "-f", "%{file}", "Noto Color Emoji"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        found = ""
    if Path(found).name != FONT:
        raise UserError(
            "Noto Color Emoji is not installed.", f"apt-get install fonts-noto-color-emoji, or name the file {FONT}."
        )
    return Path(found)


def example_files(name: str) -> dict[str, bytes]:
    """The picture and its mask file, by their names."""
    ground, seed, placed = EXAMPLES[name]
    rng = np.random.default_rng([seed, 2])
    behind = clutter(rng, SIDE_PX, noisy=False) if ground == "clutter" else _view(ground, rng)
    pixels, masks = draw(behind, placed)
    levels = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    for index, mask in enumerate(masks):
        levels[mask] = LEVEL_STEP * (index + 1)
    labels = PngInfo()
    labels.add_text(LABELS, "\n".join(emoji.kind for emoji in placed))
    picture = Image.fromarray(pixels).quantize(N_COLORS, Image.Quantize.MEDIANCUT)
    stem = name.replace(",", "").replace(" ", "-")
    return {f"{stem}.png": _png(picture), f"{stem}{MASK_SUFFIX}": _png(Image.fromarray(levels), labels)}


def _view(ground: str, rng: np.random.Generator) -> Image.Image:
    """Sky above a ground of one colour, paler toward the horizon, with stones, waves or stars."""
    sky, below = (np.asarray(color, np.float64) for color in GROUNDS[ground])
    horizon = int(rng.integers(90, 130))
    depth = np.abs(np.arange(SIDE_PX) - horizon) / SIDE_PX
    rows = np.where(np.arange(SIDE_PX)[:, None] < horizon, sky, below) + 60 * (0.6 - depth[:, None])  # [S, 3]
    image = Image.fromarray(np.repeat(rows.clip(0, 255).astype(np.uint8)[:, None], SIDE_PX, 1))
    pen = ImageDraw.Draw(image, "RGBA")
    for _ in range(60):
        x, y = int(rng.integers(SIDE_PX)), int(rng.integers(horizon, SIDE_PX))
        size = 1 + (y - horizon) // 14
        pen.ellipse((x, y, x + 4 * size, y + size), fill=(255, 255, 255, int(rng.integers(20, 70))))
    for _ in range(12 if ground == "night" else 4):
        x, y, size = int(rng.integers(SIDE_PX)), int(rng.integers(horizon - 12)), 1 if ground == "night" else 22
        pen.ellipse((x, y, x + 3 * size, y + size), fill=(255, 255, 255, 150))
    return image


def _png(image: Image.Image, info: PngInfo | None = None) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", optimize=True, pnginfo=info)
    return file.getvalue()


def main(arguments: list[str]) -> None:
    """Write the sheet, from the font that is named or installed, or the examples."""
    what, *named = arguments or [""]
    if what == "sheet":
        font = Path(named[0]) if named else find_font()
        write_files({resource_folder("emoji") / "sheet.webp": make_sheet(font)})
    elif what == "examples":
        folder = resource_folder("examples")
        write_files({folder / file: data for name in EXAMPLES for file, data in example_files(name).items()})
    else:
        raise UserError("Neither sheet nor examples was named.", "python -m core.jobs.emoji_pictures sheet")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(f"relata: {error}")
