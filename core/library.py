"""The models that can be opened: those that ship, the user's own in the library, and files opened from elsewhere.

A model of the library is a tensor file and its card, like any other, and is called by its name. What is learned on it
goes where it goes: away with it, and to its new name.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from core.cards import card_n_blocks, card_n_heads, read_card
from core.errors import UserError
from core.locations import (
    MODEL_SUFFIX,
    bundled_models,
    data_folder,
    in_library,
    library_folder,
    model_path,
    probe_files,
    subspace_folders,
    tensor_files,
)
from core.storage import write_text
from core.texts import parse_json, read_text

Place = Literal["library", "elsewhere", "bundled"]
N_ELSEWHERE = 12
"""How many files from elsewhere are remembered."""
N_LABELS = 3
WORDS = {
    "mean": "mean",
    "std": "standard deviation",
    "norm_eps": "norm ε",
    "act_layer": "activation",
    "num_heads": "heads",
    "labels": "classes",
    "img_size": "image size",
    "timm": "network",
}
"""What the settings of a card are called in sentences."""
UNITS = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Listed:
    """A model that can be opened by its `reference`; `opened` is when it was last, in seconds since 1970, 0 for never.

    `damaged` says why its card is of no use.
    """

    reference: str
    name: str
    place: Place
    path: Path
    n_bytes: int
    card: Mapping[str, Any]
    opened: float = 0.0
    damaged: str = ""

    @property
    def shape(self) -> str:
        """Its blocks and heads."""
        return shape_words(self.card)

    @property
    def answers(self) -> str:
        """What it answers."""
        return answer_words(self.card)

    @property
    def origin(self) -> str:
        """Where it came from."""
        return "ships with Relata" if self.place == "bundled" else origin_words(self.card) or str(self.path.parent)


def listed() -> list[Listed]:
    """Every model that is known: the user's own, the last opened first, then those that ship."""
    times = _read_times()
    own = [_listed(path.stem, path, "library", times) for path in tensor_files(library_folder()) if _is_model(path)]
    files = [Path(reference) for reference in times if os.path.isabs(reference) and os.path.isfile(reference)]
    elsewhere = [_listed(str(path), path, "elsewhere", times) for path in files]
    bundled = [_listed(name, model_path(name), "bundled", times) for name in bundled_models()]
    return sorted([*own, *elsewhere, *bundled], key=lambda model: (-model.opened, model.place == "bundled", model.name))


def name_of(reference: str) -> str:
    """What a model is called, by its reference."""
    return Path(reference).name.removesuffix(MODEL_SUFFIX)


def find(reference: str) -> Listed:
    """A model by its reference.

    Raises UserError where there is none.
    """
    path = model_path(reference)
    place: Place = "library" if path.parent == library_folder() else "elsewhere"
    return _listed(reference, path, "bundled" if reference in bundled_models() else place, _read_times())


def library_model(origin: str) -> Listed | None:
    """The model of the library that came from a place; None where there is none."""
    return next((m for m in listed() if m.place == "library" and origin_words(m.card) == origin), None)


def children(reference: str) -> tuple[str, ...]:
    """The models of the library that were learned on a model, and cannot be opened without it."""
    return tuple(m.name for m in listed() if m.place == "library" and _parent(m.card) == reference)


def _parent(card: Mapping[str, Any]) -> str:
    parent = card.get("parent")
    return str(parent.get("model", "")) if isinstance(parent, Mapping) else ""


def note_opened(reference: str) -> None:
    """Remember that a model was opened now; where that cannot be written, or the model has gone since, nothing is
    remembered."""
    times = {name: when for name, when in _read_times().items() if name != reference}
    elsewhere = sorted((name for name in times if os.path.isabs(name)), key=times.__getitem__)
    for name in elsewhere[: -N_ELSEWHERE + 1]:
        del times[name]
    with suppress(UserError):
        _write_times({**times, _lasting(reference): _now_s()})


def log_path() -> Path:
    """Where the program writes down what happened to it."""
    return data_folder() / "log" / "relata.log"


def remove(reference: str) -> None:
    """Delete a model of the library, its card, and the subspaces and probes that were learned on it.

    Raises UserError where it is not in the library, another model needs it, or the disk refuses.
    """
    path = _own(reference)
    _check_alone(reference)
    learned = _learned_on(reference)
    try:
        path.unlink()
        path.with_suffix(".json").unlink(missing_ok=True)
        for part in learned:
            if part.is_dir():
                shutil.rmtree(part)
            else:
                part.unlink(missing_ok=True)
        _move_time(reference)
    except OSError as error:
        raise UserError(f"{path.name} could not be removed whole: {error.strerror}.", f"Delete {path}.") from error


def rename(reference: str, name: str) -> str:
    """Give a model of the library another name, and what was learned on it; returns how it is opened now.

    Raises UserError where it is not in the library, another model needs it, the name is taken or none, or the disk
    refuses.
    """
    path, new = _own(reference), file_name(name)
    if new == path.stem:
        return reference
    _check_alone(reference)
    if is_taken(new):
        raise UserError(f"There is a model called “{new}” already.", "Choose another name.")
    to = path.with_name(f"{new}{MODEL_SUFFIX}")
    before = _learned_on(reference)
    try:
        os.replace(path.with_suffix(".json"), to.with_suffix(".json"))
        os.replace(path, to)
        for old, moved in zip(before, _learned_on(new), strict=True):
            if os.path.exists(old):
                os.replace(old, moved)
        _move_time(reference, new)
    except OSError as error:
        raise UserError(
            f"{path.name} could not be renamed: {error.strerror}.", "Its files are in its folder."
        ) from error
    return new


def is_taken(name: str) -> bool:
    """Whether a model of this name ships or is in the library."""
    return name in bundled_models() or in_library(name)


def free_name(wanted: str) -> str:
    """A name for a new model in the library: the wanted one, with a number where it is taken."""
    name = file_name(wanted)
    numbered = (f"{name}-{number}" for number in range(2, 10_000))
    return name if not is_taken(name) else next(other for other in numbered if not is_taken(other))


def file_name(words: str) -> str:
    """Words as a name that every file system takes.

    Raises UserError where nothing is left of them.
    """
    name = re.sub(r'[\x00-\x1f<>:"/\\|?*]+', "-", words).strip(" .-").removesuffix(MODEL_SUFFIX)[:120]
    if not name:
        raise UserError(f"“{words}” is no name.", "Use letters and digits.")
    return name


def shape_words(card: Mapping[str, Any]) -> str:
    """Blocks and heads by a card, in words."""
    return f"{card_n_blocks(card)} × {card_n_heads(card)}"


def answer_words(card: Mapping[str, Any]) -> str:
    """What a model of this card answers, in a few words."""
    labels = card.get("labels")
    if isinstance(labels, str):
        return f"{labels.replace('imagenet', 'ImageNet')} classes"
    if not isinstance(labels, list) or not labels:
        return "no classes"
    if len(labels) <= N_LABELS:
        return " or ".join(map(str, labels))
    return f"{len(labels):,} classes"


def origin_words(card: Mapping[str, Any]) -> str:
    """Where a card says that its weights came from, in words; empty where it says nothing."""
    origin = card.get("origin")
    if isinstance(origin, Mapping):
        return str(origin.get("from", ""))
    return str(origin or "")


def card_words(card: Mapping[str, Any]) -> tuple[str, ...]:
    """What a card says beside sizes: where the weights came from, the licence, and what was assumed and why."""
    told = (
        ("From", origin_words(card)),
        ("Learned on", _parent(card)),
        ("", str(card.get("provenance", ""))),
        ("Licence", str(card.get("licence", ""))),
        *(("Assumed", words) for words in assumptions(card)),
    )
    return tuple(f"{what}: {words}" if what else words for what, words in told if words)


@dataclass(frozen=True, slots=True)
class Assumption:
    """What a checkpoint does not say: what was taken for it and why, and what else it might be."""

    name: str
    value: Any
    why: str
    choices: tuple[Any, ...] = ()


def assumptions(card: Mapping[str, Any]) -> Iterator[str]:
    """What was assumed when a model was imported, and why."""
    listed = card.get("assumptions")
    for part in listed if isinstance(listed, list) else ():
        if isinstance(part, Mapping):
            yield f"{value_words(str(part.get('name')), part.get('value'))}: {part.get('why')}"


def value_words(name: str, value: Any) -> str:
    """A setting of a card by the word for it, and its value; of many classes only how many there are."""
    word = WORDS.get(name, name.replace("_", " "))
    if isinstance(value, list | tuple):
        short = len(value) <= N_LABELS
        return f"{word} {', '.join(map(str, value))}" if short else f"{word}: {len(value):,} names"
    return f"{word} {value:g}" if isinstance(value, float) else f"{word} {value}"


def size_words(n_bytes: int) -> str:
    """A number of bytes as people say it, in units of 1000."""
    size, unit = float(n_bytes), 0
    while size >= 999.5 and unit < len(UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {UNITS[unit]}" if unit > 0 and size < 9.95 else f"{size:.0f} {UNITS[unit]}"


def _listed(reference: str, path: Path, place: Place, times: Mapping[str, float]) -> Listed:
    card: Mapping[str, Any] = {}
    damaged = ""
    try:
        card = read_card(path)
    except UserError as error:
        damaged = str(error)
    n_bytes = path.stat().st_size
    return Listed(reference, path.stem, place, path, n_bytes, card, times.get(reference, 0.0), damaged)


def _is_model(path: Path) -> bool:
    """Whether a tensor file is no file of probes, which may lie beside it."""
    if not path.stem.endswith("-probes"):
        return True
    try:
        return "network" in read_card(path)
    except UserError:
        return False


def _check_alone(reference: str) -> None:
    """Raises UserError where other models need this one, by its name."""
    if of_it := children(reference):
        raise UserError(f"{', '.join(of_it)} was learned on {reference}, and needs it.", "Remove what needs it first.")


def _own(reference: str) -> Path:
    path = model_path(reference)
    if path.parent != library_folder():
        raise UserError(f"{reference} is not in your library.", "Only models of the library are removed or renamed.")
    return path


def _learned_on(reference: str) -> list[Path]:
    """Every place in which what is learned on a model may lie."""
    files = [part for path in probe_files(reference) for part in (path, path.with_suffix(".json"))]
    return [*subspace_folders(reference), *files]


def _lasting(reference: str) -> str:
    """A reference that holds wherever the program is started."""
    is_name = reference in bundled_models() or in_library(reference)
    return reference if is_name else os.path.abspath(model_path(reference))


def _read_times() -> dict[str, float]:
    """When each model was opened last; nothing where the file is not there or is damaged."""
    try:
        times = parse_json(read_text(_times_file()))
    except (OSError, ValueError):
        return {}
    return dict(_numbers(times)) if isinstance(times, dict) else {}


def _numbers(times: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    return ((name, float(when)) for name, when in times.items() if isinstance(when, int | float))


def _move_time(reference: str, new: str = "") -> None:
    """What a model was called is forgotten; when it was opened is remembered under its new name, where it has one."""
    times = _read_times()
    when = times.pop(reference, None)
    if when is not None:
        _write_times({**times, new: when} if new else times)


def _write_times(times: Mapping[str, float]) -> None:
    with suppress(UserError):
        write_text(_times_file(), json.dumps(times, indent=1) + "\n")


def _times_file() -> Path:
    return data_folder() / "opened.json"


def _now_s() -> float:
    return datetime.now(UTC).timestamp()
