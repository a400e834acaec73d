"""What a figure says of how it was made, inside its own file: a PNG chunk, SVG metadata, a PDF stream.

The state is a table as JSON has it. Whatever writes a figure (Qt, matplotlib) knows nothing of it: it is put into the
finished bytes, and taken out of them without a reader of the format, so that nothing of a file is run or unfolded.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from html import escape, unescape
from importlib.metadata import version
from typing import Any

from core.texts import parse_json

FORMAT = 1
State = Mapping[str, Any]
SUFFIXES = (".png", ".svg", ".pdf")
MAX_FILE_BYTES, MAX_STATE_BYTES = 64_000_000, 16_000_000

PNG_START, PNG_KEY = b"\x89PNG\r\n\x1a\n", b"Relata"
SVG_SPACE = "urn:relata:figure"
_SVG_ROOT = re.compile(rb"<svg\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_SVG_STATE = re.compile(rb"<(?:\w+:)?state\b[^>]{0,200}" + SVG_SPACE.encode() + rb"[^>]{0,200}>([^<]*)</")
_PDF_MARK = b"/Type /RelataState"
_PDF_STREAM = re.compile(rb"/Type /RelataState[^>]{0,100}/Length (\d{1,9})[^>]{0,100}>>\s{0,4}stream\r?\n")
_PDF_END = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF\s*$")


def with_state(content: bytes, state: State) -> bytes:
    """The bytes of a figure that carries its state.

    Raises ValueError for what is no PNG, SVG or PDF, or a PDF that is not laid out as Qt and matplotlib do.
    """
    text = json.dumps({"relata": version("relata"), "format": FORMAT, **state}, allow_nan=False)
    if content.startswith(PNG_START):
        return _in_png(content, text)
    if content.startswith(b"%PDF"):
        return _in_pdf(content, text, words_of(state))
    return _in_svg(content, text)


def state_in(content: bytes) -> dict[str, Any] | None:
    """The state that a figure carries, None where it carries none; its parts are still to be checked.

    Raises ValueError, in words, where it is damaged or of a later version.
    """
    if len(content) > MAX_FILE_BYTES:
        raise ValueError("it is too large")
    packed = content.startswith((PNG_START, b"%PDF"))
    found = _of_png(content) if content.startswith(PNG_START) else _of_pdf(content) if packed else _of_svg(content)
    if found is None:
        return None
    text = _unpacked(found) if packed else found
    if len(text) > MAX_STATE_BYTES:
        raise ValueError("its state is too large")
    try:
        state = parse_json(text.decode("ascii") if packed else unescape(text.decode("utf-8")))
    except ValueError as error:
        raise ValueError(f"its state is damaged ({error})") from error
    if not isinstance(state, dict) or not isinstance(state.get("format"), int):
        raise ValueError("its state names no version")
    if state["format"] > FORMAT:
        raise ValueError(f"it was made by a later version of Relata ({str(state.get('relata'))[:20]})")
    return state


def words_of(state: State) -> str:
    """What a reader of metadata may want to see: names and hashes, without what is long."""
    short = {name: value for name, value in state.items() if isinstance(value, str | int) and len(str(value)) <= 80}
    return ", ".join(f"{name} {value}" for name, value in short.items())


def _unpacked(packed: bytes) -> bytes:
    """Raises ValueError for what is damaged or would be too large; no more than that is ever unpacked."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(packed, MAX_STATE_BYTES + 1)
    except zlib.error as error:
        raise ValueError("its state is damaged") from error
    if not unpacker.eof and len(text) <= MAX_STATE_BYTES:
        raise ValueError("its state is damaged")
    return text


def _in_png(content: bytes, text: str) -> bytes:
    """As a compressed international text chunk, right behind the header."""
    data = PNG_KEY + b"\0\x01\0\0\0" + zlib.compress(text.encode("ascii"))
    chunk = struct.pack(">I", len(data)) + b"iTXt" + data + struct.pack(">I", zlib.crc32(b"iTXt" + data))
    header_end = len(PNG_START) + 25
    return content[:header_end] + chunk + content[header_end:]


def _of_png(content: bytes) -> bytes | None:
    for kind, data in _chunks(content):
        if kind == b"iTXt" and data.startswith(PNG_KEY + b"\0\x01\0"):
            parts = data[len(PNG_KEY) + 3 :].split(b"\0", 2)
            return parts[2] if len(parts) == 3 else None
    return None


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(PNG_START)
    while at + 12 <= len(content):
        (size,) = struct.unpack_from(">I", content, at)
        if at + 12 + size > len(content):
            return
        yield content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        at += 12 + size


def _in_svg(content: bytes, text: str) -> bytes:
    """As metadata, first in the drawing."""
    root = _SVG_ROOT.search(content)
    if root is None or root.group().endswith(b"/>"):
        raise ValueError("this is no figure")
    state = f'<r:state xmlns:r="{SVG_SPACE}">{escape(text)}</r:state>'
    return content[: root.end()] + f"\n<metadata>{state}</metadata>".encode() + content[root.end() :]


def _of_svg(content: bytes) -> bytes | None:
    at = content.find(SVG_SPACE.encode())
    found = _SVG_STATE.match(content, max(0, content.rfind(b"<", 0, at))) if at >= 0 else None
    return None if found is None else found.group(1)


def _in_pdf(content: bytes, text: str, words: str) -> bytes:
    """As a stream and an entry of the document's information, in an update behind the end of the file."""
    end = _PDF_END.search(content, max(0, len(content) - 1024))
    trailer = None if end is None else re.compile(rb"trailer\s*<<(.*?)>>", re.DOTALL).search(content, int(end.group(1)))
    if end is None or trailer is None:
        raise ValueError("this is no PDF that can carry its state")
    entries = trailer.group(1)
    size, root, info = (re.search(rb"/%s (\d+)" % name, entries) for name in (b"Size", b"Root", b"Info"))
    if size is None or root is None:
        raise ValueError("this is no PDF that can carry its state")
    first = int(size.group(1))
    about = first + 1 if info is None else int(info.group(1))
    stream = zlib.compress(text.encode("ascii"))
    said = words.encode("utf-16-be", "replace").hex().encode()
    new = {
        first: b"<<%s /Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream" % (_PDF_MARK, len(stream), stream),
        about: b"<<%s /RelataState %d 0 R /Keywords <FEFF%s>>>" % (_entries_of(content, about), first, said),
    }
    body, table = bytearray(content), b"xref\n"
    if not body.endswith(b"\n"):
        body += b"\n"
    for number, value in sorted(new.items()):
        table += b"%d 1\n%010d 00000 n \n" % (number, len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    start = len(body)
    kept = b"/Root %s 0 R /Info %d 0 R /Prev %s" % (root.group(1), about, end.group(1))
    body += table + b"trailer\n<</Size %d %s>>\nstartxref\n%d\n%%%%EOF\n" % (max(first, about) + 1, kept, start)
    return bytes(body)


def _entries_of(content: bytes, number: int) -> bytes:
    """What the information of a document says already, but its key words."""
    found = re.compile(rb"\n%d 0 obj\s*<<(.*?)>>\s*endobj" % number, re.DOTALL).search(content)
    return b"" if found is None else re.sub(rb"/Keywords\s*\((?:\\.|[^\\)])*\)", b"", found.group(1)).strip()


def _of_pdf(content: bytes) -> bytes | None:
    """The latest, where the file was updated more than once."""
    at = content.rfind(_PDF_MARK)
    found = _PDF_STREAM.match(content, at) if at >= 0 else None
    if found is None:
        return None
    return content[found.end() : found.end() + int(found.group(1))]
