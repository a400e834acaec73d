"""Import a checkpoint of another program into the library: Relata's own form, whose card says what it is.

What is not said is assumed, and the card says that. Nothing in a checkpoint is run; `imported` reads it in a process of
its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from torch import Tensor

from core.cards import LEAST_STD, card_labels, card_pixels, is_number, is_whole, read_card
from core.errors import UserError
from core.families.checkpoint import Checkpoint, file_hash, open_checkpoint
from core.families.files import write_tensors
from core.families.labels import labels_for
from core.families.layout import CLIP, HALF, IMAGENET, Layout
from core.families.model import check_runnable, weights_hash
from core.families.network import shape_facts
from core.families.recognising import KEPT, Candidate, read_layout, refusing
from core.families.stored import Damaged
from core.library import Assumption, free_name
from core.locations import (
    LOCAL_FOLDER,
    MODEL_SUFFIX,
    bundled_models,
    in_library,
    is_foreign,
    library_folder,
    tensor_files,
)
from core.progress import Job, Progress
from core.start import own_path

NOTHING: Mapping[str, Any] = MappingProxyType({})
MOST_SHARED = 2
"""How often the numbers of a file may count, where tensors share them."""
_WHOLE = (
    "model",
    "pytorch_model",
    "open_clip_model",
    "open_clip_pytorch_model",
    "checkpoint",
    "weights",
    "best",
    "last",
)
"""Names of files that say nothing; their folder's does."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a checkpoint seems to be: the card that it would get, and what of that is assumed."""

    source: Path
    layout: str
    card: Mapping[str, Any]
    assumptions: tuple[Assumption, ...]
    n_bytes: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a checkpoint becomes a model."""

    checkpoint: Checkpoint
    layout: Layout
    candidate: Candidate
    card: dict[str, Any]


def propose(source: Path, stated: Mapping[str, Any] = NOTHING) -> Proposal:
    """What a checkpoint seems to be, by its header and the configurations beside it; no tensor is read.

    Raises UserError where it is damaged, or of no kind that is known.
    """
    plan = _planned(source, stated)
    n_bytes = sum(tensor.n_bytes for tensor in plan.candidate.tensors.values())
    assumptions = tuple(plan.layout.facts.assumptions.values())
    return Proposal(source, plan.layout.title, plan.card, assumptions, n_bytes)


def import_model(source: Path, stated: Mapping[str, Any] = NOTHING, name: str = "") -> Job[Path]:
    """Import a checkpoint into the library and return its file there: an earlier one where nothing would be different.

    Raises UserError where it is damaged, of no kind that is known, or does not fit what is stated; then nothing is
    written.
    """
    yield Progress(0, 1, f"reading {source.name}")
    plan = _planned(Path(source), stated)
    n_bytes, done, digest = 2 * plan.checkpoint.n_bytes, 0, ""
    for said in file_hash(plan.checkpoint.files):
        if isinstance(said, str):
            digest = said
        else:
            done += said
            yield Progress(done, n_bytes, f"reading {source.name}")
    card = {**plan.card, "origin": {**plan.card["origin"], "sha256": digest}}
    if (earlier := _earlier(card)) is not None:
        return earlier
    tensors: dict[str, Tensor] = {}
    for key, tensor in plan.candidate.tensors.items():
        tensors[key] = _read(plan, key)
        done += tensor.n_bytes
        yield Progress(min(done, n_bytes), n_bytes, "reading the weights")
    state = _converted(plan, tensors)
    yield Progress(n_bytes, n_bytes, "writing")
    path = library_folder() / f"{free_name(name or _name_of(plan.checkpoint))}{MODEL_SUFFIX}"
    write_tensors(path, state, {**card, "weights_sha256": weights_hash(state)})
    return path


def _planned(source: Path, stated: Mapping[str, Any]) -> _Plan:
    """How a checkpoint becomes a model, by shapes alone: names, shapes and the network are those of the real thing."""
    checkpoint = open_checkpoint(source)
    layout, candidate = read_layout(checkpoint, stated)
    with refusing(source.name, layout.title):
        if sum(tensor.n_bytes for tensor in candidate.tensors.values()) > MOST_SHARED * checkpoint.n_bytes:
            raise Damaged("its tensors would take far more memory than the file, because they share their numbers")
        wanted = layout.built.state_dict()
        _check_said(layout)
        _check_fit(layout.convert(layout.tensors), wanted)
        check_runnable(layout.built)
        card = _card(checkpoint, layout)
    if unknown := layout.facts.unknown():
        names = ", ".join(layout.facts.assumptions) or "nothing"
        raise UserError(f"Nothing is open under the name {unknown[0]}.", f"{source.name} leaves open: {names}.")
    return _Plan(checkpoint, layout, candidate, card)


def _check_said(layout: Layout) -> None:
    """Raises Damaged where the configuration says what no shape of a tensor shows: that blocks are missing, or that as
    many patches as in a square are in none."""
    n_blocks, image_px = layout.facts.config.get("num_hidden_layers"), layout.facts.config.get("image_size")
    if is_whole(n_blocks) and n_blocks != len(layout.built.blocks):
        raise Damaged(f"its config.json says {n_blocks} blocks, and it has {len(layout.built.blocks)}")
    if isinstance(image_px, list) and len(set(map(str, image_px))) > 1:
        raise Damaged(f"its images are {' × '.join(map(str, image_px[:3]))} pixels, not square")


def _check_fit(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Raises Damaged that names the first tensor that is missing, too many, or of another shape."""
    for name, value in wanted.items():
        if name not in state:
            raise Damaged(f"it lacks what timm calls “{name}”")
        if state[name].shape != value.shape:
            raise Damaged(f"“{name}” has the shape {tuple(state[name].shape)} in place of {tuple(value.shape)}")
    if more := [name for name in state if name not in wanted]:
        raise Damaged(f"it holds “{more[0][:80]}”, for which the network has no place")


def _card(checkpoint: Checkpoint, layout: Layout) -> dict[str, Any]:
    """What is to be said of the model; its weights are hashed when they are there."""
    facts, beside, built = layout.facts, checkpoint.beside, layout.built
    (mean, std), why = layout.pixel_guess()
    said = _pixels_said(beside)
    choices = (HALF, IMAGENET, CLIP)
    pixels = {
        name: list(facts.value(name, guess, why, tuple(kind[index] for kind in choices)))
        if said is None or name in facts.stated_names
        else list(said[index])
        for index, (name, guess) in enumerate((("mean", mean), ("std", std)))
    }
    labels = labels_for(int(built.num_classes), facts.config, facts)
    if len(labels) != built.num_classes:
        raise Damaged(f"it has {built.num_classes} classes, and {len(labels)} labels are stated")
    source = checkpoint.source
    card = {
        "network": layout.network(),
        "shape": shape_facts(built),
        **pixels,
        "labels": labels,
        "layout": layout.title,
        "origin": {"from": source.name, "path": os.path.abspath(source)},
        "assumptions": [{"name": a.name, "value": a.value, "why": a.why} for a in facts.assumptions.values()],
    }
    card_labels(card)
    card_pixels(card)
    return card


def _pixels_said(beside: Mapping[str, Mapping[str, Any]]) -> tuple[list[float], list[float]] | None:
    """Mean and standard deviation by the configurations beside a checkpoint."""
    processor = beside.get("processor_config.json", {}).get("image_processor")
    places = (
        (beside.get("preprocessor_config.json"), "image_mean", "image_std"),
        (processor, "image_mean", "image_std"),
        (beside.get("open_clip_config.json", {}).get("preprocess_cfg"), "mean", "std"),
        (beside.get("config.json", {}).get("pretrained_cfg"), "mean", "std"),
    )
    for place, mean, std in places:
        if not isinstance(place, Mapping):
            continue
        if place.get("do_normalize") is False:
            return [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]
        means, stds = (_three(place.get(name)) for name in (mean, std))
        if means and stds and min(stds) >= LEAST_STD:
            scale = _scale(place, max(means))
            return [value / scale for value in means], [value / scale for value in stds]
    return None


def _scale(said: Mapping[str, Any], highest_mean: float) -> float:
    """What the brightest pixel is in the units of a mean and a standard deviation: ours run from 0 to 1."""
    if said.get("do_rescale") is False:
        return 255.0 if highest_mean > 1 else 1.0  # smaller ones are of pixels that are between 0 and 1 already
    factor = said.get("rescale_factor")
    return 255 * float(factor) if is_number(factor) and factor > 0 else 1.0  # type: ignore[arg-type,operator]


def _three(value: object) -> list[float]:
    """Three numbers, also where one is said for all, or none."""
    value = [value] * 3 if is_number(value) else value
    fits = isinstance(value, list) and len(value) == 3 and all(map(is_number, value))
    return [float(number) for number in value] if fits and isinstance(value, list) else []


def _read(plan: _Plan, name: str) -> Tensor:
    """One tensor. Raises UserError where it cannot be read, or holds a number that is none."""
    source = plan.checkpoint.source.name
    try:
        tensor = plan.candidate.tensors[name].read()
    except (Damaged, OSError) as error:
        raise UserError(f"{source} could not be read: {error}.", f"Fetch it again. {KEPT}") from error
    if not tensor.is_floating_point():
        raise UserError(f"{source} holds “{name}” as {tensor.dtype}, which are no weights.", KEPT)
    if not tensor.isfinite().all():
        raise UserError(
            f"{source} holds numbers that are not finite, in “{name}”.",
            f"Its training may have diverged: take an earlier checkpoint, or fetch it again. {KEPT}",
        )
    return tensor


def _converted(plan: _Plan, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights by timm's names, each in memory of its own; those that have it already are not copied."""
    state = {name: value.contiguous() for name, value in plan.layout.convert(tensors).items()}
    places = Counter(value.untyped_storage().data_ptr() for value in state.values())
    return {n: v if places[v.untyped_storage().data_ptr()] == 1 else v.clone() for n, v in state.items()}


def _earlier(card: Mapping[str, Any]) -> Path | None:
    """A model of the library that was imported from the same bytes and says the same."""
    wanted = _compared(card)
    for path in tensor_files(library_folder()):
        try:
            if _compared(read_card(path)) == wanted:
                return path
        except (UserError, LookupError, TypeError):
            continue  # a card that says nothing of an import
    return None


def _compared(card: Mapping[str, Any]) -> Any:
    """What makes a model what it is: its origin's bytes and what is said of them, as JSON has it."""
    origin = card.get("origin")
    digest = origin.get("sha256") if isinstance(origin, Mapping) else None
    said = {name: card.get(name) for name in ("network", "mean", "std", "labels", "layout")}
    taken = {said["name"]: said["value"] for said in card.get("assumptions", ())}
    return json.loads(json.dumps({**said, "sha256": digest, "assumptions": taken}))


def _name_of(checkpoint: Checkpoint) -> str:
    """What a model is called after its file, or after its folder where the file's name says nothing."""
    source = checkpoint.source
    stem = source.name if source.is_dir() else source.name.removesuffix(".index.json").partition(".")[0]
    return os.path.abspath(source.parent).rpartition(os.sep)[2] or stem if stem in _WHOLE else stem


def imported(reference: str, stated: Mapping[str, Any] = NOTHING) -> str:
    """The name in the library of what a checkpoint was imported as; other references stay as they are.

    A checkpoint of another program is read in a process of its own, which ends then.

    Raises UserError where it cannot be imported.
    """
    path = Path(reference.removeprefix(LOCAL_FOLDER))
    if reference in bundled_models() or in_library(reference) or not is_foreign(path):
        return reference
    code = f"import sys; sys.path[:] = {own_path()!a}; from {__name__} import _import_here; _import_here(*sys.argv[1:])"
    command = [sys.executable, "-P", "-c", code, str(path), json.dumps(dict(stated))]
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    try:
        said = json.loads(ended.stdout)
    except ValueError as error:
        what = f"The process that read {path.name} ended with exit code {ended.returncode}."
        raise UserError(what, f"It may be too large for the memory, or damaged. {KEPT}") from error
    if "message" in said:
        raise UserError(said["message"], said["hint"])
    return str(said["name"])


def _import_here(source: str, stated: str) -> None:
    """What the process of `imported` does: it prints what the model is called, or what is wrong, as JSON."""
    try:
        path = _finished(import_model(Path(source), json.loads(stated)))
        print(json.dumps({"name": path.stem}))
    except UserError as error:
        print(json.dumps({"message": error.message, "hint": error.hint}))


def _finished(job: Job[Path]) -> Path:
    while True:
        try:
            next(job)
        except StopIteration as stop:
            return Path(stop.value)
