"""What lies in a file of weights: safetensors, and the archives and streams of `torch.save`, read without running them.

Every size is checked against the size of the file before anything is taken for it.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.families.pickles import Bounded, Inert, TypedStorage, read_pickle, storage_dtype
from core.families.stored import DTYPES, Damaged, Storage, Stored, stored
from core.texts import parse_json, read_text

LARGEST_HEADER = 100_000_000
"""safetensors' own limit, in bytes."""
LARGEST_PICKLE = 256 * 2**20
MOST_MEMBERS = 100_000
_TORCH_MAGIC = 0x1950A86A20F9469CFC6C
_ZIP_HEADER = struct.Struct("<4s22xHH")

Tree = object
"""Tables, lists, numbers and words as the file nests them, with `Stored` for tensors and `Inert` for objects."""


def read_container(path: Path) -> tuple[Tree, bool]:
    """What a file holds, its tensors not read yet; and whether it is an archive of TorchScript.

    Raises Damaged where it is no file of weights or is damaged.
    """
    n_bytes = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(16)
    if start[8:9] == b"{":  # first: its length may begin like a pickle
        return _read_safetensors(path, n_bytes), False
    if start.startswith(b"PK\x03\x04"):
        return _read_archive(path)
    if start[:1] == b"\x80":
        return _read_stream(path, n_bytes), False
    if start.startswith(b"version https://"):
        raise Damaged("it is a pointer of Git LFS and not the weights themselves")
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise Damaged("it is a web page")
    if path.suffix.lower() == ".safetensors":
        return _read_safetensors(path, n_bytes), False
    raise Damaged("it is neither safetensors nor what torch.save writes")


def _read_safetensors(path: Path, n_bytes: int) -> dict[str, Stored]:
    with path.open("rb") as file:
        (n_header,) = struct.unpack("<Q", file.read(8).ljust(8, b"\xff"))
        if n_header > min(LARGEST_HEADER, n_bytes - 8):
            raise Damaged(f"its header claims {n_header:,} bytes of {n_bytes:,}")
        text = file.read(n_header)
    try:
        header = parse_json(text.decode("utf-8"))
    except ValueError as error:
        raise Damaged("its header cannot be read") from error
    if not isinstance(header, dict):
        raise Damaged("its header is no table")
    body = 8 + n_header
    return {
        name: _described(path, entry, body, n_bytes - body) for name, entry in header.items() if name != "__metadata__"
    }


def _described(path: Path, entry: Any, body: int, n_bytes: int) -> Stored:
    """The tensor that one entry of a safetensors header describes."""
    place = entry.get("data_offsets") if isinstance(entry, dict) else None
    if not (isinstance(place, list) and len(place) == 2 and all(type(n) is int for n in place)):
        raise Damaged("its header does not say where its tensors are")
    first, last = place
    if not 0 <= first <= last <= n_bytes:
        raise Damaged(f"its header claims {last:,} bytes of tensors, and {n_bytes:,} are there")
    dtype = DTYPES.get(str(entry.get("dtype")))
    if dtype is None:
        raise Damaged(f"it holds numbers of a kind that is not known: {str(entry.get('dtype'))[:40]}")
    tensor = stored(Storage(path, last - first, body + first), dtype, entry.get("shape"))
    if tensor.n_bytes != last - first:
        raise Damaged(f"a tensor of shape {tensor.shape} has {last - first:,} bytes")
    return tensor


def _read_archive(path: Path) -> tuple[Tree, bool]:
    """A zip file of `torch.save` or of TorchScript: a pickle, and a member for each storage. No code in it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            pickles = [name for name in members if name == "data.pkl" or name.endswith("/data.pkl")]
            if len(pickles) != 1 or len(members) > MOST_MEMBERS:
                raise Damaged("it is a zip file, but none of torch")
            root = pickles[0].removesuffix("data.pkl")
            order = members.get(f"{root}byteorder")
            if order is not None and archive.open(order).read(10).strip() != b"little":
                raise Damaged("its numbers are big-endian")
            storages = _Members(path, members, f"{root}data/")
            start, n_bytes = storages.place(pickles[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, struct.error, UnicodeError) as error:
        raise Damaged("its zip archive is cut short or damaged") from error
    if n_bytes > LARGEST_PICKLE:
        raise Damaged(f"its pickle takes {n_bytes:,} bytes")
    with path.open("rb") as file:
        file.seek(start)
        tree = read_pickle(Bounded(file, start + n_bytes), storages)
    return tree, f"{root}constants.pkl" in members


class _Members:
    """The storages in an archive by their persistent ids: places in the file. Nothing is unpacked anywhere."""

    def __init__(self, path: Path, members: Mapping[str, zipfile.ZipInfo], folder: str) -> None:
        self._path, self._members, self._folder = path, members, folder
        self._storages: dict[str, Storage] = {}

    def __call__(self, persistent_id: object) -> object:
        match persistent_id:
            case ("storage", kind, str(key), _, _, *_):
                if key not in self._storages:
                    start, n_bytes = self.place(f"{self._folder}{key}")
                    self._storages[key] = Storage(self._path, n_bytes, start)
                return TypedStorage(self._storages[key], storage_dtype(kind))
            case _:
                return Inert("persistent", persistent_id)

    def place(self, name: str) -> tuple[int, int]:
        """Where a member's bytes lie in the archive, and how many they are.

        Raises Damaged for one that is missing or compressed: torch compresses none, and what is not unpacked cannot
        grow.
        """
        info = self._members.get(name)
        if info is None:
            raise Damaged(f"its archive lacks {name[:80]}")
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size or info.flag_bits & 1:
            raise Damaged(f"its archive is compressed or locked ({name[:80]}), which torch.save does not do")
        with self._path.open("rb") as file:
            file.seek(info.header_offset)
            mark, n_name, n_extra = _ZIP_HEADER.unpack(file.read(_ZIP_HEADER.size))
        start = info.header_offset + _ZIP_HEADER.size + n_name + n_extra
        if mark != b"PK\x03\x04" or start + info.file_size > self._path.stat().st_size:
            raise Damaged("its zip archive is cut short or damaged")
        return start, info.file_size


def _read_stream(path: Path, n_bytes: int) -> Tree:
    """What torch wrote before version 1.6: pickles in a row, the storages behind them."""
    storages: dict[str, tuple[Storage, int]] = {}

    def persistent(persistent_id: object) -> object:
        match persistent_id:
            case ("storage", kind, str(key), _, int(count), *view) if not any(view):
                dtype = storage_dtype(kind)
                if not 0 <= count * dtype.itemsize <= n_bytes:
                    raise Damaged(f"a storage claims {count:,} numbers")
                known = storages.setdefault(key, (Storage(path, count * dtype.itemsize), dtype.itemsize))
                return TypedStorage(known[0], dtype)
            case ("module", kind, *_):
                return kind
            case _:
                return Inert("persistent", persistent_id)

    with path.open("rb") as file:
        bounded = Bounded(file, n_bytes)
        first = read_pickle(bounded, persistent)
        if first != _TORCH_MAGIC:
            raise Damaged("it is a pickle, but none of torch")
        _, _, tree, keys = (read_pickle(bounded, persistent) for _ in range(4))
        for key in keys if isinstance(keys, list) else ():
            if not isinstance(key, str) or key not in storages:
                raise Damaged("it holds numbers that belong to no tensor")
            storage, item = storages[key]
            (count,) = struct.unpack("<q", bounded.read(8))
            if count * item != storage.n_bytes or storage.n_bytes > n_bytes - file.tell():
                raise Damaged("it ends too early")
            storage.start = file.tell()
            file.seek(storage.n_bytes, 1)
    if any(storage.start < 0 for storage, _ in storages.values()):
        raise Damaged("it ends too early")
    return tree


def read_shards(index: Path) -> dict[str, Stored]:
    """The tensors of a checkpoint in several files, by its index.

    Raises Damaged where a file is missing, is damaged or is another one.
    """
    try:
        names = parse_json(read_text(index))["weight_map"]
        shards = sorted(set(names.values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged("it names no files of weights") from error
    tensors: dict[str, Stored] = {}
    for shard in shards:
        if not isinstance(shard, str) or Path(shard).name != shard or shard in ("", ".", ".."):
            raise Damaged(f"it names {str(shard)[:80]}, which is no file beside it")
        if not (index.parent / shard).is_file():
            raise Damaged(f"{shard}, which it names, is not beside it")
        try:
            tree, _ = read_container(index.parent / shard)
        except Damaged as error:
            raise Damaged(f"{shard}: {error}") from error
        found = tree if isinstance(tree, dict) else {}
        tensors |= {name: value for name, value in found.items() if isinstance(value, Stored)}
    if missing := [name for name in names if name not in tensors]:
        raise Damaged(f"its files lack “{str(missing[0])[:80]}”")
    return tensors
