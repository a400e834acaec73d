"""What the JSON cards beside tensor files say. Importing this loads no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from core.errors import UserError
from core.locations import bundled_models, model_path, subspace_folders, tensor_files
from core.stimuli.stimulus import PROPERTIES, RELATIONS, Geometry, Property, Task
from core.texts import parse_json, read_text

SubspaceKey = tuple[Property, int]
Card = Mapping[str, Any]
TIMM_GEOMETRY = Geometry(224, 16)
"""What timm builds where a card names no size."""
TIMM_DEPTH = 12
TIMM_HEADS = 12
LARGEST_IMAGE_PX = 4096
LEAST_STD = 1e-4
"""A smaller standard deviation would make a pixel's value larger than 10,000."""


def judging_models() -> list[str]:
    """Names of the bundled models that answer “same” or “different”: those that the study can be run on."""
    labels = {name: card_labels(read_card(model_path(name))) for name in bundled_models()}
    return [name for name, of in labels.items() if set(RELATIONS) <= set(map(_name, of))]


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
