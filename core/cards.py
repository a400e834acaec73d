"""Shipped data and the JSON cards beside tensor files. Importing this loads no torch."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

from platformdirs import user_data_path

from core.errors import UserError
from core.scene import PROPERTIES, RELATIONS, Geometry, Property, Task
from core.storage import check_folder
from core.texts import parse_json, read_text

SubspaceKey = tuple[Property, int]
Card = Mapping[str, Any]

TIMM_GEOMETRY = Geometry(224, 16)
"""What timm builds where a card names no size."""
TIMM_DEPTH = 12
TIMM_HEADS = 12
LOCAL_FOLDER = "local-dir:"
"""What timm writes before a folder."""
LARGEST_IMAGE_PX = 4096
LEAST_STD = 1e-4
"""A smaller standard deviation would make a pixel's value larger than 10,000."""
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


def judging_models() -> list[str]:
    """Names of the bundled models that answer “same” or “different”: those that the study can be run on."""
    labels = {name: card_labels(read_card(model_path(name))) for name in bundled_models()}
    return [name for name, of in labels.items() if set(RELATIONS) <= set(map(_name, of))]


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


def read_card(path: Path) -> dict[str, Any]:
    """The JSON card beside a tensor file.

    Raises UserError where it is missing or damaged.
    """
    card = path.with_suffix(".json")
    try:
        value = parse_json(read_text(card))
    except (OSError, ValueError) as error:
        raise UserError(
            f"The card {card.name} could not be read: {error}.", "Keep it beside its tensor file."
        ) from error
    if not isinstance(value, dict):
        raise UserError(f"The card {card.name} is not a JSON object.", "Restore it from where it came.")
    return value


def card_geometry(card: Card) -> Geometry:
    """The canvas and patch grid that a model's card names.

    Raises UserError where it names none that can be drawn.
    """
    try:
        return network_geometry(_network(card))
    except ValueError as error:
        raise UserError(
            f"The model's card names no image and patch size to draw: {error}.", "Restore the card."
        ) from error


def network_geometry(network: Mapping[str, Any]) -> Geometry:
    """The canvas and patch grid of a network's arguments: a number or a pair of equal ones, timm's own where none.

    Raises ValueError for others, in words.
    """
    image_px = _side(network, "img_size", TIMM_GEOMETRY.image_px)
    patch_px = _side(network, "patch_size", TIMM_GEOMETRY.patch_px)
    if not patch_px <= image_px <= LARGEST_IMAGE_PX or image_px % patch_px:
        most = f"up to {LARGEST_IMAGE_PX} pixels"
        raise ValueError(f"img_size is {image_px}, which are no whole patches (patch_size {patch_px}) {most}")
    return Geometry(image_px, patch_px)


def _side(network: Mapping[str, Any], name: str, default: int) -> int:
    value = network.get(name, default)
    sides = value if isinstance(value, list | tuple) else [value, value]
    if len(sides) != 2 or not all(is_whole(side) and side > 0 for side in sides):
        raise ValueError(f"{name} is {value!r}, neither a number of pixels nor a pair of them")
    if sides[0] != sides[1]:
        raise ValueError(f"{name} is {value!r}, which is not square")
    return int(sides[0])


def is_whole(value: object) -> bool:
    """Whether a value of a card is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Whether a value of a card is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _network(card: Card) -> Mapping[str, Any]:
    """What a card says of the network; of one that it names without its sizes, `shape` beside it says them."""
    network, shape = card.get("network"), card.get("shape")
    if not isinstance(network, Mapping):
        raise ValueError("network is missing" if network is None else f"network is {network!r}")
    return {**shape, **network} if isinstance(shape, Mapping) else network


def _stated(card: Card, name: str, default: Any) -> Any:
    """One argument of the network by a card; the default also where the card is of no use."""
    return _network(card).get(name, default) if isinstance(card.get("network"), Mapping) else default


def check_setting(card: Card) -> None:
    """Raises ValueError where the card names a task or a number of combinations that there is none of."""
    task, recipe = card.get("task"), card.get("recipe")
    if task is not None and task not in get_args(Task):
        raise ValueError(f"task is {_short(task)}, not one of {', '.join(get_args(Task))}")
    if recipe is not None and not isinstance(recipe, Mapping):
        raise ValueError(f"recipe is {_short(recipe)}, no table")
    n_kinds = (recipe or {}).get("n_kinds", 256)
    if not is_whole(n_kinds) or n_kinds not in (256, 32):
        raise ValueError(f"n_kinds in recipe is {_short(n_kinds)}, not 256 or 32")


def card_has_cls(card: Card) -> bool:
    """Whether a model has a CLS token: it has, unless its card says that there is none."""
    return _stated(card, "class_token", True) is not False


def card_n_prefix(card: Card) -> int:
    """Tokens before the patches, by a model's card: CLS, unless it says that there is none, and registers."""
    registers = _stated(card, "reg_tokens", 0)
    return int(card_has_cls(card)) + (registers if is_whole(registers) else 0)


def card_labels(card: Card) -> tuple[str, ...]:
    """The names of the classes in the order of the head's rows.

    Raises ValueError where they are no list of different names.
    """
    labels = card.get("labels")
    if not isinstance(labels, list) or not all(isinstance(label, str) and label.strip() for label in labels):
        raise ValueError(f"labels is {_short(labels)}, no list of names")
    names = [_name(label) for label in labels]
    twice = [label for label, n in Counter(names).items() if n > 1]
    if twice:
        raise ValueError(f"the label “{twice[0]}” is there more than once")
    return tuple(labels)


def _name(label: str) -> str:
    """What counts of a label: not its case, nor the blanks around it."""
    return label.strip().casefold()


def relations_first(labels: Sequence[str]) -> tuple[int, ...]:
    """The order of the classes in which “different” and “same” come first, as examples count them.

    They stay as they are where the head does not have both.
    """
    names = [_name(label) for label in labels]
    if not set(RELATIONS) <= set(names):
        return tuple(range(len(labels)))
    first = [names.index(relation) for relation in RELATIONS]
    return (*first, *(i for i in range(len(labels)) if i not in first))


def means_relation(label: str, *, same: bool) -> bool:
    """Whether a label is “same”, or else “different”, in whatever case it is written."""
    return _name(label) == RELATIONS[same]


def judges_relation(labels: Sequence[str]) -> bool:
    """Whether the first classes of a head are “different” and “same”, as `relations_first` puts them."""
    return tuple(map(_name, labels[: len(RELATIONS)])) == RELATIONS


def card_pixels(card: Card) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Mean and standard deviation of the RGB values, 0–1, that the network was trained on.

    Raises ValueError for numbers that are none of these.
    """
    for name, least in (("mean", 0.0), ("std", LEAST_STD)):
        values = card.get(name)
        if not isinstance(values, list) or len(values) != 3 or not all(map(is_number, values)):
            raise ValueError(f"{name} is {_short(values)}, not three numbers")
        if not all(least <= value <= 1 for value in values):
            scale = "; divide by 255" if max(values) > 1 else ""
            raise ValueError(f"{name} is {values}, but RGB values run from 0 to 1{scale}")
    (red, green, blue), (red_std, green_std, blue_std) = card["mean"], card["std"]
    return (red, green, blue), (red_std, green_std, blue_std)


def _short(value: object) -> str:
    return "missing" if value is None else repr(value)[:80]


def card_n_blocks(card: Card) -> int:
    """Blocks of the network, by a model's card; as many as timm builds where it does not say it."""
    depth = _stated(card, "depth", TIMM_DEPTH)
    return depth if is_whole(depth) else TIMM_DEPTH


def card_n_heads(card: Card) -> int:
    """Heads of a block, by a model's card; as many as timm builds where it does not say it."""
    heads = _stated(card, "num_heads", TIMM_HEADS)
    return heads if is_whole(heads) else TIMM_HEADS


def card_task(card: Card) -> Task:
    """The task that a model's card says it was trained on; discrimination where it says nothing."""
    return "rmts" if card.get("task") == "rmts" else "discrimination"


def has_task(card: Card) -> bool:
    """Whether a model was trained on a task that stimuli pose: its card says so, or it answers “same” and
    “different”."""
    labels = card.get("labels")
    names = {_name(label) for label in labels if isinstance(label, str)} if isinstance(labels, list) else set()
    return "task" in card or set(RELATIONS) <= names


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


def subspace_cards(model: str) -> dict[SubspaceKey, Card]:
    """The cards of a model's subspaces, the user's own first; those that cannot be read are left out."""
    cards: dict[SubspaceKey, Card] = {}
    own, given = subspace_folders(model)
    for path in (*tensor_files(given), *tensor_files(own)):
        try:
            card = read_card(path)
        except UserError:
            continue
        measured = is_whole(card.get("block")) and is_number(card.get("iia"))
        if measured and card.get("property") in PROPERTIES:
            cards[card["property"], card["block"]] = card
    return cards
