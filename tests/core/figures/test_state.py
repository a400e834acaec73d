"""A figure carries how it was made, in any format, and what was put into a file to do harm is a sentence."""

from __future__ import annotations

import json
import struct
import zlib
from io import BytesIO
from time import perf_counter
from typing import Any
from xml.dom import minidom

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from core.figures import state as figure_state
from core.figures.state import MAX_FILE_BYTES, MAX_STATE_BYTES, PNG_START, SVG_SPACE, state_in, with_state, words_of
from core.figures.writer import write_figure
from core.plots import Curves, Series

PLOT = Curves(
    "Margin (of) it", "block", "logit", (0.0, 1.0), ("0", "1"), (Series("s", (0.0, 1.0)),), y_range=(0.0, 1.0)
)
STATE = {"model": "tiny", "weights_sha256": "ab" * 32, "note": "<&>\"'()\\ é − 日本 ]]>", "n": 4, "long": "x" * 200}


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    written = write_figure(PLOT, tmp_path_factory.mktemp("figures") / "margin")
    return {path.suffix: path.read_bytes() for path in written}


def carried(content: bytes) -> dict[str, Any]:
    found = state_in(content)
    assert found is not None
    return {name: value for name, value in found.items() if name not in ("relata", "format")}


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_what_is_put_into_a_figure_is_found_in_it(figures: dict[str, bytes], ending: str) -> None:
    content = figures[ending]
    assert state_in(content) is None

    once = with_state(content, STATE)
    assert carried(once) == STATE
    assert carried(with_state(once, {"model": "other"})) == {"model": "other"}, "the latest counts"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=8
)


@settings(max_examples=40)
@given(st.dictionaries(st.text(), json_values).filter(lambda d: not d.keys() & {"relata", "format"}))
def test_any_state_comes_back(figures: dict[str, bytes], state: dict[str, Any]) -> None:
    for content in figures.values():
        assert carried(with_state(content, state)) == state


def test_a_figure_with_its_state_is_still_a_figure(figures: dict[str, bytes]) -> None:
    with (
        Image.open(BytesIO(with_state(figures[".png"], STATE))) as image,
        Image.open(BytesIO(figures[".png"])) as plain,
    ):
        assert isinstance(image, PngImagePlugin.PngImageFile)
        assert image.tobytes() == plain.tobytes()
        assert json.loads(image.text["Relata"])["model"] == "tiny"
    page = minidom.parseString(with_state(figures[".svg"], STATE))
    (state,) = page.getElementsByTagNameNS(SVG_SPACE, "state")
    assert state.parentNode.nodeName == "metadata"
    assert json.loads(state.firstChild.data)["note"] == STATE["note"]


def test_a_pdf_is_updated_as_pdfs_are(figures: dict[str, bytes]) -> None:
    """Every entry of the table that was added leads to the object that it names, and the table before it is named."""
    content = with_state(figures[".pdf"], STATE)
    assert content.startswith(figures[".pdf"])
    start = int(content.rsplit(b"startxref\n", 1)[1].split()[0])
    table, trailer = content[start:].split(b"trailer")
    lines = table.splitlines()
    assert lines[0] == b"xref"
    for head, entry in zip(lines[1::2], lines[2::2], strict=True):
        number, place = int(head.split()[0]), int(entry.split()[0])
        assert content[place:].startswith(b"%d 0 obj\n" % number)
    before = int(figures[".pdf"].rsplit(b"startxref\n", 1)[1].split()[0])
    assert b"/Prev %d" % before in trailer
    assert b"/Title (Margin \\(of\\) it)" in content[start - 2000 :], "what it said of itself it says still"


def test_a_reader_of_metadata_sees_names_and_hashes_and_nothing_long() -> None:
    assert words_of(STATE | {"document": "x" * 1000}).startswith(f"model tiny, weights_sha256 {'ab' * 32}, note")
    assert "long" not in words_of(STATE)


def in_png(data: bytes, kind: bytes = b"iTXt") -> bytes:
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return PNG_START + chunk


def in_svg(text: str) -> bytes:
    return f'<svg><metadata><r:state xmlns:r="{SVG_SPACE}">{text}</r:state></metadata></svg>'.encode()


DAMAGED: dict[str, tuple[bytes, str]] = {
    "not packed": (in_png(b"Relata\0\x01\0\0\0no zip"), "damaged"),
    "cut off": (in_png(b"Relata\0\x01\0\0\0" + zlib.compress(b'{"format": 1}')[:-4]), "damaged"),
    "no JSON": (in_svg("{"), "damaged"),
    "not UTF-8": (in_svg("x").replace(b">x<", b">\xff\xfe<"), "damaged"),
    "nested": (in_svg("[" * 100_000), "nested too deeply"),
    "infinite": (in_svg('{"format": 1, "n": 1e999}'), "damaged"),
    "a list": (in_svg("[1]"), "names no version"),
    "no version": (in_svg("{}"), "names no version"),
    "a later version": (in_svg('{"format": 99, "relata": "9.9"}'), r"later version of Relata \(9\.9\)"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged_is_a_sentence(name: str) -> None:
    content, words = DAMAGED[name]

    with pytest.raises(ValueError, match=words):
        state_in(content)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """One kilobyte for each megabyte of zeros."""
    packed = zlib.compress(bytes(MAX_STATE_BYTES + 2))
    made: list[int] = []
    unpacker = zlib.decompressobj

    class Measured:
        def __init__(self) -> None:
            self._inner = unpacker()

        def decompress(self, data: bytes, most: int) -> bytes:
            made.append(len(text := self._inner.decompress(data, most)))
            return text

        @property
        def eof(self) -> bool:
            return self._inner.eof

    monkeypatch.setattr(figure_state.zlib, "decompressobj", Measured)
    for content in (
        in_png(b"Relata\0\x01\0\0\0" + packed),
        b"%%PDF\n<</Type /RelataState /Filter /FlateDecode /Length %d>>\nstream\n%s" % (len(packed), packed),
    ):
        with pytest.raises(ValueError, match="too large"):
            state_in(content)
    assert max(made) <= MAX_STATE_BYTES + 1


def test_entities_of_an_svg_are_not_unfolded() -> None:
    laughs = '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    content = laughs.encode() + in_svg("{&quot;format&quot;: 1, &quot;n&quot;: &quot;&b;&quot;}")

    assert state_in(content) == {"format": 1, "n": "&b;"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        PNG_START,
        in_png(b"Relata\0"),
        in_png(b"Relata\0\x01\0no end"),
        PNG_START + b"\xff\xff\xff\xffiTXtRelata",
        b"%PDF-1.4 /Type /RelataState",
        b"<svg/>",
    ],
)
def test_what_carries_nothing_carries_nothing(content: bytes) -> None:
    assert state_in(content) is None


def test_a_large_drawing_without_a_state_is_looked_through_at_once() -> None:
    """Each beginning of a state is followed by none: nothing is read twice for it."""
    began = perf_counter()
    assert state_in(b"<state " * 1_000_000) is None
    assert perf_counter() - began < 1


def test_a_name_that_is_no_text_is_carried(figures: dict[str, bytes]) -> None:
    for content in figures.values():
        assert carried(with_state(content, {"model": "here/\udce9"})) == {"model": "here/\udce9"}


def test_a_huge_file_is_refused_unread() -> None:
    with pytest.raises(ValueError, match="too large"):
        state_in(bytes(MAX_FILE_BYTES + 1))


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"<svg/>", b"%PDF-1.4", b"%PDF-1.4\nstartxref\n9\n%%EOF"])
def test_only_figures_are_given_a_state(content: bytes) -> None:
    with pytest.raises(ValueError, match="this is no"):
        with_state(content, STATE)


@settings(max_examples=200)
@given(st.data())
def test_any_damage_is_a_sentence_or_nothing(figures: dict[str, bytes], data: st.DataObject) -> None:
    """Bytes of a figure are changed at random; whatever is read back is a table."""
    whole = bytearray(with_state(figures[data.draw(st.sampled_from(sorted(figures)))], STATE))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = state_in(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    except ValueError:
        return
    assert found is None or isinstance(found, dict)
