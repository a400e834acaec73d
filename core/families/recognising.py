"""Which kind a checkpoint is of, and where in it the network lies."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile

from core.errors import UserError
from core.families.checkpoint import Checkpoint, Table
from core.families.layout import Facts, Found, Layout
from core.families.stored import Damaged, Stored
from core.registry import kinds

LAYOUTS = "core.families.layouts"
PART = "weights"
KEPT = "Nothing was written."
_AVERAGED = re.compile(r"(^|[._])(ema|averaged)([._]|$)")
_TEACHER = re.compile(r"teacher|target|momentum")
_STUDENT = re.compile(r"student|online")
_SHARD = re.compile(r"-\d{5}-of-\d{5}\.")
_COUNTED = re.compile(r".*(position_ids|relative_position_index)")
"""Places that older programs counted once and wrote with the weights; each network counts them for itself."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network in a checkpoint: its kind, its tensors under the names that the kind knows, and what lies beside."""

    place: str
    kind: type[Layout]
    tensors: Mapping[str, Stored]
    head_name: str
    outside: tuple[str, ...]


def recognise(checkpoint: Checkpoint, facts: Facts) -> Candidate:
    """The network in a checkpoint; where there are several, the averaged one, or the one that is stated.

    Raises UserError where there is none of a kind that is known.
    """
    found = sorted(_candidates(checkpoint), key=lambda candidate: _rank(candidate.place))
    if not found:
        if _SHARD.search(checkpoint.source.name):
            raise UserError(
                f"{checkpoint.source.name} is one of several files of one model.",
                "Open their folder, or the file beside it that ends in .index.json.",
            )
        some = next(iter(next(table for table in checkpoint.tables.values() if table)))
        raise UserError(
            f"{checkpoint.source.name} holds no vision transformer of a kind that is known; it has “{some[:80]}”.",
            "Known are transformers' ViT, DeiT, MAE, CLIP, DINOv2, DINOv3, SigLIP and BEiT, OpenAI's and open_clip's "
            "CLIP, the originals of DINO, DINOv2, DINOv3 and MAE, and timm.",
        )
    if len(found) == 1:
        return found[0]
    places = tuple(candidate.place for candidate in found)
    chosen = facts.value(PART, places[0], "the file holds several networks", places)
    for candidate in found:
        if candidate.place == chosen:
            return candidate
    raise UserError(
        f"{checkpoint.source.name} has no weights called “{str(chosen)[:80]}”.", f"It has {', '.join(places)}."
    )


def _rank(place: str) -> int:
    """Averaged weights first, then those of a teacher, and those of a student last."""
    ranks = (_AVERAGED, _TEACHER), (_STUDENT,)
    first, last = ([bool(pattern.search(place.lower())) for pattern in patterns] for patterns in ranks)
    return first.index(True) if any(first) else 2 + any(last)


def _candidates(checkpoint: Checkpoint) -> Iterator[Candidate]:
    for where, whole in checkpoint.tables.items():
        table = {name: tensor for name, tensor in whole.items() if not _COUNTED.fullmatch(name)}
        taken: set[str] = set()
        for kind in kinds(LAYOUTS, Layout):
            prefixes = _prefixes(table, kind.marker)
            for prefix in prefixes:
                inside = {
                    name.removeprefix(prefix): tensor for name, tensor in table.items() if name.startswith(prefix)
                }
                outside = _outside(table, prefix)
                if prefix not in taken and kind.fits(inside.keys(), outside.keys()):
                    taken.add(prefix)
                    place = f"{where}.{prefix}".strip(".") or "the file"
                    yield _candidate(place, kind, inside, outside, _near(outside, prefix, prefixes))


def _prefixes(table: Table, marker: str) -> list[str]:
    """What stands before the marker in the names that end in it."""
    return [name.removesuffix(marker) for name in table if name == marker or name.endswith(f".{marker}")]


def _outside(table: Table, prefix: str) -> dict[str, Stored]:
    return {name: tensor for name, tensor in table.items() if not (prefix and name.startswith(prefix))}


def _near(outside: Mapping[str, Stored], prefix: str, prefixes: Sequence[str]) -> dict[str, Stored]:
    """What lies outside of a network and no nearer to another one: a teacher has its own head, not the student's."""
    return {
        name: tensor
        for name, tensor in outside.items()
        if all(_shared(name, other) <= _shared(name, prefix) for other in prefixes)
    }


def _shared(name: str, prefix: str) -> int:
    """How many parts of a name are those that a prefix begins with."""
    pairs = zip(name.split("."), prefix.split("."), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _candidate(
    place: str, kind: type[Layout], inside: dict[str, Stored], outside: Collection[str], near: Mapping[str, Stored]
) -> Candidate:
    """A candidate with its heads, which are found by their names and widths among what is `near`."""
    width = next(iter(inside[kind.marker].shape), 0)
    head_name, norm = "", kind.norm_behind
    if norm and f"{norm}.weight" not in inside:
        ends = (f"{norm}.weight", f"{norm}.bias")
        inside |= {end: near[name] for end in ends for name in near if name == end or name.endswith(f".{end}")}
    for wanted, name in ((kind.heads, "head"), ((kind.second_head,) if kind.second_head else (), "head_dist")):
        where = _head(near, wanted, width)
        if where:
            inside = {known: tensor for known, tensor in inside.items() if not known.startswith(f"{where}.")}
            for part in ("weight", "bias"):
                if f"{where}.{part}" in near:
                    inside[f"{name}.{part}"] = near[f"{where}.{part}"]
            head_name = head_name or where
    return Candidate(place, kind, inside, head_name, tuple(outside))


def _head(outside: Mapping[str, Stored], wanted: Sequence[str], width: int) -> str:
    """The name of a classifier or projection for a network of this width, "" where there is none."""
    for head in wanted:
        for name, tensor in outside.items():
            is_head = name == f"{head}.weight" or name.endswith(f".{head}.weight")
            if is_head and len(tensor.shape) == 2 and tensor.shape[1] in (width, 2 * width):
                return name.removesuffix(".weight")
    return ""


@contextmanager
def refusing(name: str, title: str) -> Iterator[None]:
    """Raises UserError, in words, for whatever does not fit of a file that is taken to be of a kind."""
    wrong = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, AssertionError)
    try:
        yield
    except wrong as error:
        reason = str(error) if isinstance(error, Damaged) else " ".join(str(error).split())[:200]
        raise UserError(f"{name} ({title}) cannot be imported: {reason}.", KEPT) from error


def read_layout(checkpoint: Checkpoint, stated: Mapping[str, object]) -> tuple[Layout, Candidate]:
    """The kind of the network in a checkpoint with what is known of it, no tensor read.

    Raises UserError where there is none of a kind that is known, or it is none of that kind.
    """
    asked = Facts({}, stated)
    candidate = recognise(checkpoint, asked)
    metas = {name: tensor.meta for name, tensor in candidate.tensors.items()}
    found = Found(metas, candidate.head_name, candidate.outside, checkpoint.scripted)
    with refusing(checkpoint.source.name, candidate.kind.title):
        layout = candidate.kind(found, Facts(candidate.kind.config_of(checkpoint.beside), stated))
        if not layout.agrees():
            layout = candidate.kind(found, Facts({}, stated))
    layout.facts.assumptions.update(asked.assumptions)
    return layout, candidate
