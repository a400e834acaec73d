"""A checkpoint as it lies on the disk: a file, several with an index, or a folder, and what is said beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.families.containers import Tree, read_container, read_shards
from core.families.pickles import Inert
from core.families.stored import Damaged, Stored
from core.texts import parse_json, read_text

IN_FOLDERS = (
    "model.safetensors.index.json",
    "model.safetensors",
    "pytorch_model.bin.index.json",
    "pytorch_model.bin",
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.bin",
)
"""What the weights of a folder are called, the best first."""
WEIGHTS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
CONFIGS = ("config.json", "preprocessor_config.json", "processor_config.json", "open_clip_config.json")
CHUNK = 2**24
_HINT = "Fetch it again, or save its state dict anew, as safetensors or with torch.save."
_OF_MODULES = ("_parameters", "_buffers", "_modules")

Table = Mapping[str, Stored]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Tensors that were not read yet, in the tables that the file has them in, by where each lies in it.

    `beside` holds the JSON files that came with it by their names. `scripted`: whether it is an archive of TorchScript.
    """

    source: Path
    files: tuple[Path, ...]
    tables: Mapping[str, Table]
    beside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    scripted: bool = False

    @property
    def n_bytes(self) -> int:
        """What its files take on the disk."""
        return sum(path.stat().st_size for path in self.files)


def open_checkpoint(source: Path) -> Checkpoint:
    """What lies in a file or folder; no tensor is read and nothing in it is run.

    Raises UserError where there is none, or it is damaged.
    """
    path = _weights_of(source)
    shards: list[Path] = []
    try:
        if path.name.endswith(".index.json"):
            tables: Mapping[str, Table] = {"": read_shards(path)}
            shards = sorted({tensor.storage.path for tensor in tables[""].values()})
            scripted = False
        else:
            tree, scripted = read_container(path)
            tables = _tables(tree)
    except (Damaged, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UserError(f"{path.name} could not be opened: {reason}.", _HINT) from error
    if not any(tables.values()):
        raise UserError(f"{path.name} holds no tensors.", _HINT)
    return Checkpoint(source, (path, *shards), tables, _beside(path.parent), scripted)


def _weights_of(source: Path) -> Path:
    """The file of weights, or the index of several, that a path means."""
    if not source.is_dir():
        if not source.is_file():
            raise UserError(f"There is no file {source}.", "Name a file of weights, or a folder that holds one.")
        return source
    if found := [source / name for name in IN_FOLDERS if (source / name).is_file()]:
        return found[0]
    try:
        others = sorted(path for path in source.iterdir() if path.suffix.lower() in WEIGHTS and path.is_file())
    except OSError as error:
        raise UserError(f"{source} could not be read: {error.strerror}.", "Name the file itself.") from error
    if len(others) != 1:
        said = f"holds {len(others)} files of weights, such as {others[0].name}" if others else "holds no weights"
        raise UserError(f"{source} {said}.", "Name the file itself.")
    return others[0]


def _beside(folder: Path) -> dict[str, dict[str, Any]]:
    """The configurations in a folder; those that cannot be read are passed over, as nothing depends on them alone."""
    found = {}
    for name in CONFIGS:
        try:
            value = parse_json(read_text(folder / name))
        except (OSError, ValueError):
            continue
        if isinstance(value, dict):
            found[name] = value
    return found


def _tables(tree: Tree) -> dict[str, dict[str, Stored]]:
    """Every table of tensors in what a file holds, by the names of the tables around it; a module is one table."""
    found: dict[str, dict[str, Stored]] = {}
    waiting: list[tuple[str, object]] = [("", tree)]
    seen: set[int] = set()
    while waiting:
        place, value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        inside = value
        if isinstance(value, Inert):
            inside = value.state if isinstance(value.state, dict) else value.items
            if isinstance(inside, dict) and _is_module(inside):
                found[place] = _module_tensors(inside)
                continue
        if isinstance(inside, dict):
            if tensors := {name: part for name, part in inside.items() if isinstance(part, Stored)}:
                found[place] = {str(name): part for name, part in tensors.items()}
            nested = [(name, part) for name, part in inside.items() if isinstance(part, dict | Inert)]
            waiting += [(f"{place}.{name}" if place else str(name), part) for name, part in reversed(nested)]
    return found


def _is_module(state: Mapping[Any, object]) -> bool:
    """Whether a state is that of a torch module, as Python or as TorchScript keeps it."""
    return "_modules" in state or isinstance(state.get("training"), bool)


def _module_tensors(state: Mapping[Any, Any]) -> dict[str, Stored]:
    """A module's state dict, from the attributes of the modules in it."""
    found: dict[str, Stored] = {}
    waiting: list[tuple[str, Mapping[Any, Any]]] = [("", state)]
    seen: set[int] = set()
    while waiting:
        place, attributes = waiting.pop()
        if id(attributes) in seen:
            continue
        seen.add(id(attributes))
        for name, value in _parts(attributes):
            if isinstance(value, Stored):
                found[f"{place}{name}"] = value
            elif isinstance(value, Inert) and isinstance(value.state, dict):
                waiting.append((f"{place}{name}.", value.state))
    return found


def _parts(attributes: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """Names and values of what a module holds: in Python in three tables, in TorchScript as attributes."""
    if "_modules" not in attributes:
        yield from attributes.items()
    for name in _OF_MODULES:
        table = attributes.get(name)
        yield from table.items() if isinstance(table, dict) else ()


def file_hash(files: Sequence[Path]) -> Iterator[int | str]:
    """How many bytes were read, again and again, and at last the SHA-256: of the one file, or over those of several."""
    digests = []
    for path in files:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            for chunk in iter(_chunk(file), b""):
                digest.update(chunk)
                yield len(chunk)
        digests.append(digest.hexdigest())
    yield digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _chunk(file: Any) -> Callable[[], bytes]:
    return lambda: bytes(file.read(CHUNK))
