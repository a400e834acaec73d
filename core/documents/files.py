"""Document files: a zip of `document.json`, pictures as PNG, and what was learned as safetensors with cards.

    document.json            the text of `core.documents.json`
    preview.png              the stimulus, small, for lists of files
    pictures/SHA256.png      pixels that the text names
    kept/SHA256.png          PNG files that the text names: what was painted by hand
    learned/SHA256.safetensors, .json    subspaces and probes, and what is known of them

Nothing else is taken from a file, nothing is unpacked to the disk, and nothing in it is run.
"""

from __future__ import annotations

import re
import stat
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from PIL import Image

from core.documents.checks import check
from core.documents.json import AS_THEY_ARE, PICTURES, NewerFormatError, from_json, to_json
from core.documents.work import LEARNED, Work
from core.errors import UserError
from core.stimuli.render import render
from core.storage import replace_file

SUFFIX = ".relata"
TEXT, PREVIEW = "document.json", "preview.png"
MEMBER = re.compile(
    rf"{TEXT}|{PREVIEW}|({PICTURES}|{AS_THEY_ARE})[0-9a-f]{{64}}\.png|{LEARNED}[0-9a-f]{{64}}\.(safetensors|json)"
)
PREVIEW_PX = 128
EMBEDDED_BYTES = 4_000_000
"""Up to how much all together what was learned goes along; beyond, it is named."""
MAX_BYTES, MAX_MEMBERS, MAX_TEXT_BYTES = 256_000_000, 4096, 64_000_000
MAX_RATIO, SMALL_BYTES = 500, 1_000_000
"""No member is more than so many times larger than it is packed, unless it is small."""
LONG_AGO = (1980, 1, 1, 0, 0, 0)
KEPT = "Nothing was opened; what you were working on was kept."


def document_file(path: Path) -> Path:
    """The file that a document is saved to under a name: what ends otherwise is not opened as a document."""
    return path if path.suffix.lower() == SUFFIX else path.with_name(f"{path.name}{SUFFIX}")


def write_work(path: Path, work: Work) -> None:
    """Write a document file in one step; the one before it is kept as “name~”.

    Raises UserError where the disk refuses: then the file is as it was.
    """
    replace_file(path, to_bytes(work))


def read_work(path: Path) -> Work:
    """What a document file holds.

    Raises UserError where it is no document, damaged, of a later version, or not made to be opened.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path.name} could not be read: {error.strerror or error}.", KEPT) from error
    try:
        return from_bytes(content)
    except NewerFormatError as error:
        message = f"{path.name} was made by a later version of Relata: {error}."
        raise UserError(message, f"Update Relata to open it. {KEPT}") from error
    except ValueError as error:
        before = path.with_name(f"{path.name}~")
        hint = f" The version before it is {before.name}." if before.is_file() else ""
        raise UserError(f"{path.name} could not be opened: {error}.", f"{KEPT}{hint}") from error


def to_bytes(work: Work) -> bytes:
    """The content of a document file; the same work gives the same bytes."""
    files = work.files if sum(map(len, work.files.values())) <= EMBEDDED_BYTES else {}
    text, pictures = to_json(work)
    out = BytesIO()
    with ZipFile(out, "w") as file:
        # The name of a file may hold what is no character: the backslash form is how JSON writes it, too.
        _put(file, TEXT, text.encode("utf-8", "backslashreplace"))
        _put(file, PREVIEW, _preview(work))
        for name, content in sorted({**pictures, **files}.items()):
            _put(file, name, content)
    return out.getvalue()


def from_bytes(content: bytes) -> Work:
    """What `to_bytes` wrote.

    Raises ValueError, in words, where it is something else.
    """
    members = _members(content)
    if TEXT not in members:
        raise ValueError(f"it holds no {TEXT}")
    try:
        text = members[TEXT].decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{TEXT} is no UTF-8 text") from error
    pictures = {name: part for name, part in members.items() if name.startswith((PICTURES, AS_THEY_ARE))}
    work = from_json(text, pictures)
    check(work)
    return replace(work, files={name: part for name, part in members.items() if name.startswith(LEARNED)})


def read_preview(path: Path) -> bytes:
    """The small picture in a document file as PNG; nothing where there is none."""
    try:
        with ZipFile(path) as file:
            info = file.getinfo(PREVIEW)
            return _unpacked(file, info) if info.file_size <= SMALL_BYTES else b""
    except (OSError, LookupError, *_DAMAGED):
        return b""


_DAMAGED = (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What reading a damaged zip, an encrypted one, or one packed in an unknown way raises."""


def _put(file: ZipFile, name: str, content: bytes) -> None:
    info = ZipInfo(name, LONG_AGO)
    info.external_attr = 0o644 << 16
    file.writestr(info, content, ZIP_STORED if name.endswith(".png") else ZIP_DEFLATED)


def _members(content: bytes) -> dict[str, bytes]:
    if len(content) > MAX_BYTES:
        raise ValueError("it is too large")
    try:
        with ZipFile(BytesIO(content)) as file:
            _check_members(file.infolist())
            return {info.filename: _unpacked(file, info) for info in file.infolist()}
    except BadZipFile as error:
        what = "it is damaged" if content.startswith(b"PK") else "it is no document of Relata"
        raise ValueError(f"{what} ({error})") from error
    except _DAMAGED as error:
        raise ValueError(f"it is damaged ({error})") from error


def _unpacked(file: ZipFile, info: ZipInfo) -> bytes:
    """One member, of which no more is unpacked than it says to be large: where that is too little it is damaged."""
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise NotImplementedError("it is packed in another way than documents are")
    with file.open(info) as part:
        return part.read(info.file_size)


def _check_members(infos: list[ZipInfo]) -> None:
    """Raises ValueError before anything is unpacked."""
    names = [info.filename for info in infos]
    stranger = next((name for name in names if not MEMBER.fullmatch(name)), None)
    if stranger is not None:
        raise ValueError(f"it holds “{stranger[:60]}”, which is no part of a document")
    if len(set(names)) != len(names) or len(names) > MAX_MEMBERS:
        raise ValueError("it holds a part twice, or too many")
    if any(stat.S_ISLNK(info.external_attr >> 16) for info in infos):
        raise ValueError("it holds a link, which is no part of a document")
    bomb = any(info.file_size > max(SMALL_BYTES, MAX_RATIO * info.compress_size) for info in infos)
    text = max((info.file_size for info in infos if info.filename == TEXT), default=0)
    if bomb or sum(info.file_size for info in infos) > MAX_BYTES or text > MAX_TEXT_BYTES:
        raise ValueError("unpacked it would be too large")


def _preview(work: Work) -> bytes:
    picture = Image.fromarray(render(work.document.base))
    out = BytesIO()
    picture.resize((PREVIEW_PX, PREVIEW_PX), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()
