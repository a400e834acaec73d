"""Where things lie: what ships, what the user has, and what was learned on a model. Importing this loads no torch."""

from __future__ import annotations

import hashlib
import os
from importlib.resources import files
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path

from core.errors import UserError
from core.stimuli.stimulus import PROPERTIES
from core.storage import check_folder

LOCAL_FOLDER = "local-dir:"
"""What timm writes before a folder."""
MODEL_SUFFIX = ".safetensors"
IMPORTED_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt")
"""Files of other programs that hold weights, from which models are imported."""
CHECKPOINT_SUFFIXES = (*IMPORTED_SUFFIXES, ".pkl", ".npz", ".h5", ".msgpack", ".onnx", ".gguf")
INDEX_SUFFIX = ".index.json"
"""What the name of a file ends in that says in which others the weights of one model lie."""


def is_model_file(path: Path) -> bool:
    """Whether a file is, by the end of its name, of the kind that models are opened from."""
    return path.suffix.lower() == MODEL_SUFFIX


def is_checkpoint(path: Path) -> bool:
    """Whether a file is, by the end of its name, a checkpoint of a kind that is not opened as it is."""
    return path.suffix.lower() in CHECKPOINT_SUFFIXES


def is_foreign(path: Path) -> bool:
    """Whether a file or folder is a model of another program, to be imported: weights that have no card of ours."""
    if os.path.isdir(path):
        return any(_holds_weights(Path(name)) for name in _names_in(path))
    alone = not os.path.isfile(path.with_suffix(".json"))
    return os.path.isfile(path) and (alone if is_model_file(path) else _holds_weights(path))


def _holds_weights(path: Path) -> bool:
    suffixes = (MODEL_SUFFIX, *IMPORTED_SUFFIXES, *(f"{suffix}{INDEX_SUFFIX}" for suffix in (MODEL_SUFFIX, ".bin")))
    return path.name.lower().endswith(suffixes)


def _names_in(folder: Path) -> list[str]:
    """The names in a folder; none where it cannot be read."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def resource_folder(name: str) -> Path:
    """A folder of the shipped data."""
    return Path(str(files("resources"))) / name


def data_folder() -> Path:
    """Where files of the user's own go that no place was named for; the installation may be read-only."""
    return user_data_path("relata", appauthor=False)


def library_folder() -> Path:
    """Where the user's own models lie that were imported: each a tensor file with its card."""
    return data_folder() / "models"


def bundled_models() -> list[str]:
    """Names of the models that ship with Relata."""
    return sorted(path.stem for path in resource_folder("models").glob("*.safetensors"))


def model_path(reference: str) -> Path:
    """The weights file of a bundled name, of a name in the library, or a path, whose suffix may be left out.

    Raises UserError where there is neither, or a checkpoint of a kind that cannot be opened.
    """
    if reference in bundled_models():
        return resource_folder("models") / f"{reference}.safetensors"
    path = _weights(reference)
    if os.path.isfile(path) and is_checkpoint(path):
        raise UserError(
            f"{path.name}: a checkpoint of this kind ({path.suffix.lower()}) is not opened as it is.",
            f"Files that end in {', '.join(IMPORTED_SUFFIXES)} are imported: relata import.",
            in_window=f"Files that end in {', '.join(IMPORTED_SUFFIXES)} are imported when they are dropped.",
        )
    if not os.path.isfile(path):
        raise UserError(
            f"There is no model “{reference}”.",
            f"Name a .safetensors file or one of: {', '.join(bundled_models()) or 'none is bundled'}.",
        )
    if path.suffix != ".safetensors" and os.path.isfile(path.with_suffix(".safetensors")):
        raise UserError(f"{path.name} holds no weights.", f"Name {path.with_suffix('.safetensors')}.")
    return path


def in_library(reference: str) -> bool:
    """Whether a reference is the name of a model in the library; such a name goes over that of a file beside."""
    return reference == Path(reference).name and os.path.isfile(library_file(reference))


def lasting(reference: str) -> str:
    """A reference that means the same in every folder: a name, or a path from the root."""
    return reference if reference in bundled_models() or in_library(reference) else str(Path(reference).absolute())


def library_file(name: str) -> Path:
    """The weights file of a name in the library, whether it is there or not."""
    return library_folder() / f"{name}{MODEL_SUFFIX}"


def _weights(reference: str) -> Path:
    if in_library(reference):
        return library_file(reference)
    path = Path(reference)
    whole = path.parent / f"{path.name}.safetensors"
    return whole if os.path.isfile(whole) and not os.path.isfile(path) else path


def subspace_folders(model: str) -> tuple[Path, Path]:
    """Where a model's subspaces are looked for: the user's own come first, one by one, then those of the model.

    The latter lie with the shipped data for a bundled name, beside the weights for a path.
    """
    return _learned(model, "subspaces")


def probe_files(model: str) -> tuple[Path, Path]:
    """The files in which a model's probes are looked for, in places like those of `subspace_folders`."""
    own, given = (path.with_name(f"{path.name}.safetensors") for path in _learned(model, "probes"))
    return own, given


def subspace_folder(model: str) -> Path:
    """Where new subspaces of a model are kept: beside weights of the user's own if that can be written."""
    return _kept(model, *subspace_folders(model))


def subspace_name(property: str, block: int) -> str:
    """The file of a subspace of one property after one block; the embeddings are called `embed`.

    Raises UserError for no property that there is, which a path may stand for.
    """
    if property not in PROPERTIES or block < -1:
        raise UserError(f"“{property}” after block {block} is no subspace.", "Choose color or shape.")
    return f"{property}-{'embed' if block < 0 else f'block{block}'}.safetensors"


def probe_file(model: str) -> Path:
    """Where new probes of a model are kept: beside weights of the user's own if that can be written."""
    return _kept(model, *probe_files(model))


def tensor_files(folder: Path) -> list[Path]:
    """The tensor files in a folder; none where it is not there or cannot be read."""
    return sorted(folder.glob("*.safetensors")) if os.path.isdir(folder) else []


def _learned(model: str, kind: Literal["subspaces", "probes"]) -> tuple[Path, Path]:
    if model in bundled_models():
        return data_folder() / kind / model, resource_folder(kind) / model
    path = _weights(model)
    place = hashlib.sha256(os.path.abspath(path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return data_folder() / kind / f"{path.stem[:100]}-{place}", path.parent / f"{path.stem}-{kind}"


def _kept(model: str, own: Path, given: Path) -> Path:
    if model in bundled_models() or os.path.exists(own):
        return own
    try:
        check_folder(given.parent)
    except UserError:
        return own
    return given
