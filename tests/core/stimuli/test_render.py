from __future__ import annotations

import hashlib
import io
import struct
import zlib
from dataclasses import replace
from itertools import combinations
from math import erf, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.document import random_pair
from core.errors import UserError
from core.stimuli.datasets import all_kinds, discrimination, random_odd_one_out
from core.stimuli.render import item_insides, item_pixels, open_photo, render, render_many, shape_mask, shape_name
from core.stimuli.stimulus import COLORS, N_OOD, N_SHAPES, Geometry, Item, Photo, Stimulus

SHAPES = range(N_SHAPES + N_OOD)
SMALL = Geometry(64, 16)
SQUARE = 1  # the number of a shape that fills most of its box

items = st.builds(
    Item,
    shape=st.sampled_from(SHAPES),
    color=st.integers(0, 19),
    x_px=st.integers(-40, 240),
    y_px=st.integers(-40, 240),
    jitter_px=st.tuples(st.integers(0, 8), st.integers(0, 8)),
    seed=st.integers(0, 2**62 - 1),
    flat=st.booleans(),
)


def cdf(z: float) -> float:
    return 0.5 * (1 + erf(z / sqrt(2)))


def truncated_moments(mean: float) -> tuple[float, float]:
    """Mean and standard deviation of a Gaussian of std 10, clipped to 0–250 and truncated to whole numbers."""
    values = np.arange(251)
    above = [1.0 if v == 0 else 1 - cdf((v - mean) / 10) for v in values] + [0.0]  # P(value ≥ v)
    shares = np.array(above[:-1]) - np.array(above[1:])
    average = float(shares @ values)
    return average, float(np.sqrt(shares @ (values - average) ** 2))


def test_every_shape_has_its_own_name() -> None:
    assert len({shape_name(shape) for shape in SHAPES}) == 20


@pytest.mark.parametrize(("size_px", "least_share"), [(24, 0.11), (21, 0.1), (12, 0.11)])
def test_silhouettes_are_pairwise_distinct(size_px: int, least_share: float) -> None:
    differing = [np.mean(shape_mask(a, size_px) != shape_mask(b, size_px)) for a, b in combinations(SHAPES, 2)]

    assert min(differing) >= least_share


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size_px", [21, 24])
def test_a_silhouette_scales_to_the_drawn_size(shape: int, size_px: int) -> None:
    mask = shape_mask(shape, size_px)
    fine = shape_mask(shape, size_px * 8)

    cover = fine.reshape(size_px, 8, size_px, 8).mean(axis=(1, 3))
    clear = abs(cover - 0.5) > 0.15
    assert mask.shape == (size_px, size_px)
    assert (mask == (cover >= 0.5))[clear].all()
    assert 0.15 < mask.mean() < 0.95


@pytest.mark.parametrize("color", range(20))
def test_noise_has_the_mean_and_spread_of_its_color(color: int) -> None:
    inside = shape_mask(SQUARE, 24)
    pixels = np.concatenate([item_pixels(Item(SQUARE, color, 0, 0, seed=seed), 24)[inside] for seed in range(100)])

    n = len(pixels)
    assert pixels.max() <= 250
    for channel, mean in enumerate(COLORS[color]):
        expected, spread = truncated_moments(mean)
        assert abs(pixels[:, channel].mean() - expected) < 5 * spread / np.sqrt(n)
        assert abs(pixels[:, channel].std() - spread) < 5 * spread / np.sqrt(n)


def test_noise_is_independent_between_pixels_and_channels() -> None:
    boxes = np.stack([item_pixels(Item(SQUARE, 14, 0, 0, seed=seed), 24) for seed in range(400)]).astype(float)
    middle = boxes[:, 10:14, 10:14].reshape(400, -1)  # 48 values, all inside the silhouette

    correlation = np.corrcoef(middle.T) - np.eye(48)

    assert abs(correlation).max() < 5 / np.sqrt(400)


@given(items)
def test_an_item_is_drawn_inside_its_silhouette_on_white(item: Item) -> None:
    box = item_pixels(item, 24)

    mask = shape_mask(item.shape, 24)
    assert (box[~mask] == 255).all()
    assert (box[mask].min(axis=-1) < 255).all()


@given(items)
def test_a_flat_item_has_one_color(item: Item) -> None:
    box = item_pixels(replace(item, flat=True), 24)

    assert (box[shape_mask(item.shape, 24)] == COLORS[item.color]).all()


@given(items)
def test_an_item_lies_at_its_jitter_in_its_cell_and_is_cut_at_the_border(item: Item) -> None:
    margin = 80
    large = np.full((224 + 2 * margin, 224 + 2 * margin, 3), 255, np.uint8)
    x, y = item.x_px + item.jitter_px[0] + margin, item.y_px + item.jitter_px[1] + margin
    large[y : y + 24, x : x + 24] = item_pixels(item, 24)

    assert np.array_equal(render(Stimulus((item,))), large[margin:-margin, margin:-margin])


def test_the_picture_outside_the_items_is_pure_white() -> None:
    for example in discrimination(100, all_kinds(), seed=0):
        picture = render(example.stimulus)
        for item in example.stimulus.items:
            x, y = item.x_px + item.jitter_px[0], item.y_px + item.jitter_px[1]
            picture[y : y + 24, x : x + 24] = 255
        assert (picture == 255).all()


@pytest.mark.parametrize("patch_px", [14, 16, 32])
def test_a_drawn_item_never_leaves_its_cell(patch_px: int) -> None:
    geometry = Geometry(patch_px=patch_px)
    for example in discrimination(100, all_kinds(), 0, geometry):
        picture = render(example.stimulus)
        for item in example.stimulus.items:
            picture[item.y_px : item.y_px + geometry.cell_px, item.x_px : item.x_px + geometry.cell_px] = 255
        assert (picture == 255).all()


def test_the_items_of_a_same_pair_are_never_identical_in_pixels() -> None:
    for example in discrimination(400, all_kinds(), seed=0)[1::2]:
        a, b = (item_pixels(item, 24) for item in example.stimulus.items)
        assert not np.array_equal(a, b)


def test_a_later_item_is_pasted_over_an_earlier_one_with_its_white_box() -> None:
    below, above = Item(SQUARE, 0, 32, 32), Item(SQUARE, 5, 40, 40)

    picture = render(Stimulus((below, above)))

    assert np.array_equal(picture[44:68, 44:68], item_pixels(above, 24))


@given(st.lists(items, max_size=4), st.lists(items, max_size=4))
def test_pictures_of_many_stimuli_are_those_of_each(first: list[Item], second: list[Item]) -> None:
    stimuli = [Stimulus(tuple(first)), Stimulus(tuple(second))]

    pictures = render_many(stimuli)

    assert all(np.array_equal(p, render(s)) for p, s in zip(pictures, stimuli, strict=True))


@given(items)
def test_a_stimulus_always_gives_the_same_picture(item: Item) -> None:
    assert render(Stimulus((item,))).tobytes() == render(Stimulus((replace(item),))).tobytes()


def test_another_seed_gives_other_noise() -> None:
    item = Item(SQUARE, 3, 0, 0, seed=1)

    assert not np.array_equal(item_pixels(item, 24), item_pixels(replace(item, seed=2), 24))


AS_EVER = "838ec7e47bc73cf6379af12951f43b32474db68148f08740fc24b354277dd7a7"
"""Of the pictures below, as they were before items had a size and an angle."""


def test_items_of_the_studys_size_are_drawn_as_they_ever_were() -> None:
    content = hashlib.sha256()
    for seed in range(20):
        for geometry in (Geometry(), Geometry(98, 14), Geometry(224, 32)):
            content.update(render(random_pair(geometry, seed)).tobytes())
        content.update(render(random_odd_one_out(Geometry(), seed, "both")).tobytes())
        over = Item(3, 4, 50, 80 + seed, (0, 9), 7), Item(2, 2, 190, 190, (30, -5), flat=True)
        content.update(render(Stimulus((Item(seed % 20, seed % 20, 40 + seed, 90), *over))).tobytes())

    assert content.hexdigest() == AS_EVER


@pytest.mark.parametrize("shape", SHAPES)
def test_a_turned_shape_is_as_large_as_before_and_turned_by_a_right_angle_it_is_the_same_one(shape: int) -> None:
    upright = shape_mask(shape, 24)

    assert shape_mask(shape, 24, 33.0).sum() == pytest.approx(upright.sum(), rel=0.06)
    quarter = np.rot90(upright, -1)  # clockwise
    assert (shape_mask(shape, 24, 90.0) ^ quarter).sum() <= 0.04 * upright.sum()


def test_a_scaled_item_fills_its_scaled_cell_with_noise_as_in_the_study() -> None:
    item = Item(SQUARE, 3, 32, 48, seed=5, scale=3.0)
    ys, xs = np.nonzero((render(Stimulus((item,))) != 255).any(-1))

    drawn = shape_mask(SQUARE, 72)
    assert len(ys) == drawn.sum()
    assert (xs.min(), ys.min()) == (32 + 12 + np.nonzero(drawn)[1].min(), 48 + 12 + np.nonzero(drawn)[0].min())
    fill = item_pixels(item, 72)[drawn].astype(float)
    assert fill.std(0) == pytest.approx(10, rel=0.06)


def test_a_turned_item_covers_others_by_its_turned_white_box() -> None:
    below, above = Item(SQUARE, 0, 32, 32), Item(4, 5, 40, 40, angle_deg=45.0)

    with_both = render(Stimulus((below, above)))
    assert (with_both[44, 44] == render(Stimulus((below,)))[44, 44]).all()  # a corner of the upright box
    upright = render(Stimulus((below, replace(above, angle_deg=0.0))))
    assert (upright[44, 44] == 255).all()


def test_an_item_of_a_higher_level_is_drawn_over_later_ones() -> None:
    first, second = Item(4, 0, 32, 32, level=1), Item(SQUARE, 5, 40, 40)

    assert np.array_equal(render(Stimulus((first, second))), render(Stimulus((second, replace(first, level=0)))))


@given(items, st.floats(-360, 360), st.floats(0.25, 7))
def test_the_inside_of_an_item_is_where_it_is_drawn(item: Item, angle_deg: float, scale: float) -> None:
    stimulus = Stimulus((replace(item, color=3, angle_deg=angle_deg, scale=scale),))

    assert np.array_equal(item_insides(stimulus)[0], (render(stimulus) != 255).any(-1))


def test_a_photo_is_the_picture_itself() -> None:
    pixels = np.arange(64 * 64 * 3, dtype=np.uint8).reshape(64, 64, 3)

    picture = render(Stimulus((), SMALL, Photo(pixels.tobytes(), "a.png")))

    assert np.array_equal(picture, pixels)


def halves(size_px: tuple[int, int] = (64, 64)) -> Image.Image:
    """Upper half red, lower half blue."""
    image = Image.new("RGB", size_px, (255, 0, 0))
    image.paste((0, 0, 255), (0, size_px[1] // 2, size_px[0], size_px[1]))
    return image


def pixels_of(photo: Photo) -> np.ndarray:
    return np.frombuffer(photo.pixels, np.uint8).reshape(64, 64, 3).astype(int)


def near(pixel: np.ndarray, wanted: tuple[int, int, int], tolerance: int = 3) -> bool:
    return bool((abs(pixel - np.array(wanted)) <= tolerance).all())


LOSSLESS = ["a.png", "a.tiff", "a.bmp", "a.dib", "a.ppm", "a.pcx", "a.ico", "a.qoi", "a.sgi"]


@pytest.mark.parametrize("name", [*LOSSLESS, "a.jpg", "a.webp", "a.avif"])
def test_every_usual_format_opens(tmp_path: Path, name: str) -> None:
    halves().save(tmp_path / name)

    photo = open_photo(tmp_path / name, SMALL)

    assert photo.name == name
    assert near(pixels_of(photo)[8, 32], (255, 0, 0), 8)
    assert near(pixels_of(photo)[56, 32], (0, 0, 255), 8)


@pytest.mark.parametrize(("width", "height"), [(300, 100), (100, 300), (8, 8), (9, 4000)])
def test_a_photo_is_cut_to_its_central_square(tmp_path: Path, width: int, height: int) -> None:
    side = min(width, height)
    image = Image.new("RGB", (width, height), (0, 255, 0))
    left, top = (width - side) // 2, (height - side) // 2
    image.paste((10, 20, 30), (left, top, left + side, top + side))
    image.save(tmp_path / "a.png")

    photo = open_photo(tmp_path / "a.png", SMALL)

    assert (pixels_of(photo) == (10, 20, 30)).all()


def test_a_printers_picture_becomes_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (20, 20), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)

    photo = open_photo(tmp_path / "a.jpg", SMALL)

    assert near(pixels_of(photo)[32, 32], (255, 0, 0), 5)


@pytest.mark.parametrize("name", ["a.png", "a.tiff"])
def test_sixteen_bit_greys_keep_their_brightness(tmp_path: Path, name: str) -> None:
    Image.fromarray(np.full((20, 20), 0x8040, np.uint16)).save(tmp_path / name)

    photo = open_photo(tmp_path / name, SMALL)

    assert (pixels_of(photo) == 0x80).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_see_through_parts_lie_on_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 32, 64, 64))
    image.convert(mode).save(tmp_path / "a.png")

    photo = open_photo(tmp_path / "a.png", SMALL)

    assert near(pixels_of(photo)[8, 8], (0, 0, 0))
    assert near(pixels_of(photo)[56, 8], (255, 255, 255))


def test_half_see_through_parts_are_mixed_with_white(tmp_path: Path) -> None:
    Image.new("RGBA", (64, 64), (0, 0, 0, 128)).save(tmp_path / "a.png")

    photo = open_photo(tmp_path / "a.png", SMALL)

    assert near(pixels_of(photo)[32, 32], (127, 127, 127), 1)


def test_a_palette_with_one_see_through_entry_lies_on_white(tmp_path: Path) -> None:
    image = Image.new("P", (64, 64), 0)
    image.putpalette([200, 0, 0, 0, 0, 200])
    image.paste(1, (0, 32, 64, 64))
    image.save(tmp_path / "a.png", transparency=0)

    photo = open_photo(tmp_path / "a.png", SMALL)

    assert near(pixels_of(photo)[8, 8], (255, 255, 255))
    assert near(pixels_of(photo)[56, 8], (0, 0, 200))


@pytest.mark.parametrize(("orientation", "row", "column"), [(1, 8, 32), (3, 56, 32), (6, 32, 56), (8, 32, 8)])
def test_a_camera_picture_is_turned_upright(tmp_path: Path, orientation: int, row: int, column: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    halves().save(tmp_path / "a.jpg", exif=exif, quality=100)

    photo = open_photo(tmp_path / "a.jpg", SMALL)

    assert near(pixels_of(photo)[row, column], (255, 0, 0), 8)


def tiff(values: np.ndarray, *, bits: int = 16, photometric: int = 1, order: str = "<", **tags: int) -> bytes:
    """An uncompressed TIFF of greys [H, W], two packed into three bytes if of 12 bits, or of colours [H, W, 3].

    `tags` are named t281 and so on.
    """
    if bits == 12:
        a, b = values.reshape(-1, 2).T
        data = np.stack([a >> 4, (a & 15) << 4 | b >> 8, b & 255], 1).astype(np.uint8).tobytes()
    else:
        data = values.astype(f"{order}u2").tobytes()
    height, width, *n_channels = values.shape
    if n_channels:
        photometric, tags = 2, {"t277": 3, **tags}
    fields = {256: width, 257: height, 258: bits, 259: 1, 262: photometric, 277: 1, 278: height, 279: len(data)}
    fields |= {int(name[1:]): value for name, value in tags.items()}
    fields[273] = 8 + 2 + 12 * (len(fields) + 1) + 4
    entries = [struct.pack(f"{order}HHII", tag, 4, 1, fields[tag]) for tag in sorted(fields)]
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    return head + struct.pack(f"{order}H", len(entries)) + b"".join(entries) + bytes(4) + data


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(values: np.ndarray, *, bits: int = 16, key: tuple[int, ...] = ()) -> bytes:
    """A grey [H, W] or RGB [H, W, 3] PNG with a see-through colour."""
    if bits == 16:
        rows = [row.astype(">u2").tobytes() for row in values]
    else:
        per_byte = 8 // bits
        shifts = bits * np.arange(per_byte)[::-1]
        rows = [(row.reshape(-1, per_byte) << shifts).sum(1).astype(np.uint8).tobytes() for row in values]
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], bits, 2 if values.ndim == 3 else 0, 0, 0, 0)
    see_through = png_chunk(b"tRNS", struct.pack(f">{len(key)}H", *key)) if key else b""
    data = png_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + see_through + data + png_chunk(b"IEND", b"")


def grey_halves(upper: int, lower: int) -> np.ndarray:
    """Two greys [64, 64], one above the other."""
    return np.repeat([upper, lower], 32)[:, None].repeat(64, 1)


def greys_of(path: Path, data: bytes) -> tuple[int, int, str]:
    """How the upper and the lower half of a picture are shown, and what is said of it."""
    path.write_bytes(data)
    photo = open_photo(path, SMALL)
    upper, lower = pixels_of(photo)[8, 8], pixels_of(photo)[56, 8]
    assert len({*upper}) == len({*lower}) == 1
    return int(upper[0]), int(lower[0]), photo.note


def test_a_tiff_in_which_white_is_zero_is_not_shown_as_its_negative(tmp_path: Path) -> None:
    white_above = tiff(grey_halves(0, 0xFFFF), photometric=0)

    assert greys_of(tmp_path / "a.tiff", white_above) == (255, 0, "")
    assert greys_of(tmp_path / "a.tiff", tiff(grey_halves(0x4000, 0xC000), photometric=0)) == (255 - 64, 255 - 192, "")


@pytest.mark.parametrize("mode", ["1", "L"])
def test_a_white_is_zero_tiff_of_fewer_bits_keeps_its_sense(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(grey_halves(255, 0).astype(np.uint8)).convert(mode)
    picture.save(tmp_path / "a.tiff", tiffinfo={262: 0})

    with Image.open(tmp_path / "a.tiff") as written:
        assert written.tag_v2[262] == 0
    assert greys_of(tmp_path / "a.tiff", (tmp_path / "a.tiff").read_bytes()) == (255, 0, "")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("tag", ["t281", "t341"])
def test_twelve_bits_in_sixteen_are_shown_as_bright_as_the_file_declares(tmp_path: Path, order: str, tag: str) -> None:
    data = tiff(grey_halves(0xFFF, 0x800), order=order, **{tag: 0xFFF})

    assert greys_of(tmp_path / "a.tiff", data) == (255, 128, "")


def test_packed_twelve_bits_are_shown_in_full_brightness(tmp_path: Path) -> None:
    assert greys_of(tmp_path / "a.tiff", tiff(grey_halves(0xFFF, 0x400), bits=12)) == (255, 64, "")


def test_a_brightest_grey_is_no_fewer_bits_than_it_needs(tmp_path: Path) -> None:
    """The tag is the largest value used, which a dim picture need not stretch to white."""
    assert greys_of(tmp_path / "a.tiff", tiff(grey_halves(0xA000, 0), t281=0xA000)) == (0xA0, 0, "")


@pytest.mark.parametrize("name", ["a.png", "a.tiff"])
def test_few_bits_that_nothing_declares_are_said(tmp_path: Path, name: str) -> None:
    write = png if name == "a.png" else tiff

    upper, lower, note = greys_of(tmp_path / name, write(grey_halves(0xFFF, 0x800)))

    assert (upper, lower) == (15, 8)
    assert note == "It uses 12 of its 16 bits: perhaps too dark."


def test_few_bits_of_a_negative_are_said_to_be_bright(tmp_path: Path) -> None:
    assert "too bright" in greys_of(tmp_path / "a.tiff", tiff(grey_halves(0xFFF, 0), photometric=0))[2]


@pytest.mark.parametrize(("bits", "key"), [(16, 0x1234), (4, 5), (2, 1), (1, 0), (1, 1)])
def test_the_see_through_grey_of_a_png_lies_on_white(tmp_path: Path, bits: int, key: int) -> None:
    other = {16: 0x1235, 4: 0, 2: 0, 1: 1 - key}[bits]

    upper, lower, _ = greys_of(tmp_path / "a.png", png(grey_halves(key, other), bits=bits, key=(key,)))

    assert upper == 255
    assert lower == other * 255 // (2**bits - 1)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate"])
def test_a_packed_sixteen_bit_tiff_keeps_its_brightness(tmp_path: Path, compression: str) -> None:
    Image.fromarray(grey_halves(0xFFFF, 0x4000).astype(np.uint16)).save(tmp_path / "a.tiff", compression=compression)

    assert greys_of(tmp_path / "a.tiff", (tmp_path / "a.tiff").read_bytes()) == (255, 64, "")


def test_a_kind_of_tiff_that_cannot_be_read_is_refused_and_not_shown_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.tiff").write_bytes(tiff(grey_halves(0, 0xFFFF), photometric=0, order=">"))

    with pytest.raises(UserError, match="not a picture that can be read"):
        open_photo(tmp_path / "a.tiff", SMALL)


def wide(upper: int, lower: int) -> np.ndarray:
    return np.stack([grey_halves(upper, lower)] * 3, -1)


@pytest.mark.parametrize("order", ["<", ">"])
def test_colours_of_sixteen_bits_keep_their_brightness(tmp_path: Path, order: str) -> None:
    assert greys_of(tmp_path / "a.tiff", tiff(wide(0xFFFF, 0x4000), order=order)) == (255, 64, "")
    assert greys_of(tmp_path / "a.tiff", tiff(wide(0xF00, 0x400), order=order, t281=0xFFF)) == (240, 64, "")
    assert greys_of(tmp_path / "a.png", png(wide(0xFFFF, 0x4000))) == (255, 64, "")


def test_colours_of_few_bits_that_nothing_declares_are_said(tmp_path: Path) -> None:
    for name, data in (("a.tiff", tiff(wide(0xFFF, 0))), ("a.png", png(wide(0xFFF, 0)))):
        assert greys_of(tmp_path / name, data) == (15, 0, "It uses 12 of its 16 bits: perhaps too dark.")


def test_the_see_through_colour_of_a_sixteen_bit_png_lies_on_white(tmp_path: Path) -> None:
    colors = np.stack([grey_halves(0x1234, 0x1334), grey_halves(0x5678, 0x5678), grey_halves(0, 0)], -1)
    (tmp_path / "a.png").write_bytes(png(colors, key=(0x1234, 0x5678, 0)))

    photo = open_photo(tmp_path / "a.png", SMALL)

    assert near(pixels_of(photo)[8, 8], (255, 255, 255))
    assert near(pixels_of(photo)[56, 8], (0x13, 0x56, 0))
    assert "see-through too" in photo.note


def test_a_sixteen_bit_tiff_is_turned_upright(tmp_path: Path) -> None:
    assert greys_of(tmp_path / "a.tiff", tiff(grey_halves(0xFFFF, 0x8000), t274=3)) == (128, 255, "")


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_pictures_in_a_file_the_first_is_shown(tmp_path: Path, kind: str) -> None:
    later = [Image.new("RGB", (64, 64), "lime")]
    halves().save(
        tmp_path / "a", kind, save_all=True, append_images=later, **({"lossless": True} if kind == "WEBP" else {})
    )

    photo = open_photo(tmp_path / "a", SMALL)

    assert near(pixels_of(photo)[8, 32], (255, 0, 0), 8)
    assert near(pixels_of(photo)[56, 32], (0, 0, 255), 8)


def test_of_two_pictures_of_a_stereo_camera_the_first_is_shown(tmp_path: Path) -> None:
    later = [Image.new("RGB", (64, 64), "lime")]
    halves().save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=later)

    photo = open_photo(tmp_path / "a.jpg", SMALL)

    assert near(pixels_of(photo)[8, 32], (255, 0, 0), 8)


@pytest.mark.parametrize(("largest", "value", "seen"), [(65535, 0x8000, 128), (4095, 2048, 128), (1023, 1023, 255)])
def test_a_pgm_of_more_than_eight_bits_keeps_its_brightness(
    tmp_path: Path, largest: int, value: int, seen: int
) -> None:
    samples = struct.pack(">H", value) * 32 * 32
    (tmp_path / "a.pgm").write_bytes(f"P5 32 32 {largest}\n".encode() + samples)

    photo = open_photo(tmp_path / "a.pgm", SMALL)

    assert set(photo.pixels) == {seen}


def test_an_avif_of_a_camera_is_turned_upright_and_lies_on_white(tmp_path: Path) -> None:
    see_through = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    see_through.paste((255, 0, 0, 255), (0, 0, 64, 32))
    exif = Image.Exif()
    exif[0x0112] = 3
    see_through.save(tmp_path / "a.avif", quality=100, exif=exif)

    pixels = pixels_of(open_photo(tmp_path / "a.avif", SMALL))

    assert near(pixels[56, 32], (255, 0, 0), 8)
    assert near(pixels[8, 32], (255, 255, 255), 8)


@pytest.mark.parametrize("kind", ["JPEG2000", "TGA", "PSD", "DDS"])
def test_formats_that_are_not_decoded_here_are_refused(tmp_path: Path, kind: str) -> None:
    content = b"8BPS\x00\x01" + bytes(40) if kind == "PSD" else encoded(kind)
    (tmp_path / "a.png").write_bytes(content)

    with pytest.raises(UserError, match="not a picture that can be read"):
        open_photo(tmp_path / "a.png", SMALL)


def test_a_missing_picture_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(UserError, match="could not be read"):
            open_photo(path, SMALL)


@pytest.mark.parametrize(
    "content", [b"", b"not a picture", b"%PDF-1.4", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"]
)
def test_what_is_not_a_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)

    with pytest.raises(UserError, match="not a picture"):
        open_photo(tmp_path / "a.png", SMALL)


@pytest.mark.parametrize("size_px", [(1, 1), (1, 5000), (7, 100)])
def test_a_picture_of_a_few_pixels_is_refused(tmp_path: Path, size_px: tuple[int, int]) -> None:
    Image.new("RGB", size_px).save(tmp_path / "dot.png")

    with pytest.raises(UserError, match=r"dot\.png is only"):
        open_photo(tmp_path / "dot.png", SMALL)


def png_that_claims(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = png_chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + data + png_chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(10_001, 10_000), (12_000, 12_000), (50_000, 50_000)])
def test_a_huge_picture_is_refused_before_it_is_unpacked(tmp_path: Path, width: int, height: int) -> None:
    (tmp_path / "bomb.png").write_bytes(png_that_claims(width, height))

    with pytest.raises(UserError, match="100 megapixels"):
        open_photo(tmp_path / "bomb.png", SMALL)


def test_pixels_of_unknown_range_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)).save(tmp_path / "a.tiff")

    with pytest.raises(UserError, match="unknown range"):
        open_photo(tmp_path / "a.tiff", SMALL)


def encoded(kind: str) -> bytes:
    noisy = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noisy).save(file, kind)
    return file.getvalue()


KINDS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "PPM", "PCX", "ICO", "QOI", "SGI")
WHOLE = {kind: encoded(kind) for kind in KINDS}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP"])
def test_a_truncated_picture_is_refused(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a").write_bytes(WHOLE[kind][: len(WHOLE[kind]) // 2])

    with pytest.raises(UserError, match=r"could not be read|not a picture"):
        open_photo(tmp_path / "a", SMALL)


def test_an_avif_whose_pixels_are_damaged_is_refused(tmp_path: Path) -> None:
    whole = WHOLE["AVIF"]
    start = whole.index(b"mdat") + 4
    (tmp_path / "a").write_bytes(whole[:start] + bytes(len(whole) - start))

    with pytest.raises(UserError, match="could not be read"):
        open_photo(tmp_path / "a", SMALL)


@given(
    kind=st.sampled_from(sorted(WHOLE)),
    length=st.floats(0, 1),
    damage=st.dictionaries(st.integers(0, 150), st.integers(0, 255), max_size=4),
)
@settings(max_examples=300)
def test_a_damaged_picture_either_opens_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: str, length: float, damage: dict[int, int]
) -> None:
    data = bytearray(WHOLE[kind][: int(len(WHOLE[kind]) * length)])
    for place, byte in damage.items():
        if place < len(data):
            data[place] = byte
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data)

    try:
        photo = open_photo(path, SMALL)
    except UserError:
        return
    assert len(photo.pixels) == 64 * 64 * 3
