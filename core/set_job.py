"""A set of variants of one stimulus as a folder of pictures, as a job: for the window, and for the command line.

images/00000.png …           what a model receives
targ_labels/, dist_labels/   of an odd one out, the masks of its target and of the others (`core.masked_folder`)
manifest.json                what made it and, of each picture, its truth, its tokens and its items
paint.png                    what was painted over all of them, where something was
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.cards import card_n_prefix, model_path, read_card
from core.copied import copied_text, read_copied
from core.datasets import EXAMPLES_MAX, SEED_MAX
from core.errors import UserError
from core.jobs.progress import Progress
from core.masked_folder import IMAGES, LABELS
from core.paint import layer_pixels
from core.render import item_insides, render
from core.scene import DISTRACTORS, TARGET, Layer, Property, Stimulus, odd_difference, odd_one, truth
from core.storage import check_folder, write_files, write_text
from core.tokens import patches_of_items
from core.variants import endless_variants

SET_JOB = "core.set_job:write_set"
MANIFEST, PAINT = "manifest.json", "paint.png"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class SetOptions:
    """What is drawn again in each variant."""

    n: int = field(default=200, metadata={"label": "Variants", "least": 1, "most": EXAMPLES_MAX})
    positions: bool = field(
        default=True, metadata={"label": "Other places", "tip": "On the patch grid; a locked item stays where it is"}
    )
    noise: bool = field(default=True, metadata={"label": "Other noise and jitter"})
    shapes: bool = field(
        default=False,
        metadata={"label": "Other shapes", "tip": "One for one: what has the same shape has the same one again"},
    )
    colors: bool = field(
        default=False,
        metadata={"label": "Other colours", "tip": "One for one: what has the same colour has the same one again"},
    )
    seed: int = field(default=0, metadata={"label": "Seed", "most": min(SEED_MAX, 2**31 - 1)})

    @property
    def properties(self) -> tuple[Property, ...]:
        """Those that are drawn again."""
        chosen: tuple[tuple[Property, bool], ...] = (("shape", self.shapes), ("color", self.colors))
        return tuple(name for name, wanted in chosen if wanted)

    def of(self, stimulus: Stimulus, n: int) -> Iterator[Stimulus]:
        """The first `n` variants, one after the other.

        Raises UserError where nothing can be varied.
        """
        how = {"positions": self.positions, "noise": self.noise}
        return islice(endless_variants(stimulus, properties=self.properties, seed=self.seed, **how), n)


def write_set(stimulus: Stimulus, options: SetOptions, folder: str, model: str) -> Generator[Progress, None, int]:
    """Write variants of a stimulus into a new folder, and return how many. Stopped, it keeps what is there, listed.

    Tokens count those that `model` has before its patches.

    Raises UserError where nothing can be varied, or the folder cannot be written or holds something else.
    """
    out = Path(folder)
    yield Progress(0, options.n, "drawing")
    drawn = options.of(stimulus, options.n)
    first = next(drawn)  # before there is a folder
    check_folder(out)
    check_others(out, {MANIFEST, PAINT, IMAGES, *LABELS.values()})
    check_others(out / IMAGES, set(), missing_ok=True)
    n_prefix = card_n_prefix(read_card(model_path(model)))
    entries: list[dict[str, Any]] = []
    try:
        for index, variant in enumerate(chain([first], drawn)):
            write_files(_files(out, index, variant))
            entries.append(_entry(index, variant, n_prefix))
            yield Progress(index + 1, options.n, f"{index + 1} of {options.n} pictures")
    finally:
        if entries:
            _write_manifest(out, entries, stimulus, options, model)
    return len(entries)


def check_others(folder: Path, names: set[str], *, missing_ok: bool = False) -> None:
    """Raises UserError where a folder holds what is none of a set's files, such as the images of a larger one."""
    if missing_ok and not folder.is_dir():
        return
    others = sorted(path.name for path in folder.iterdir() if path.name not in names and path.name[0] != ".")
    if others:
        raise UserError(
            f"{folder} holds {others[0]}, which is no part of this set; nothing was written.",
            "Name a new folder, or empty this one.",
        )


def _files(out: Path, index: int, stimulus: Stimulus) -> dict[Path, bytes]:
    """The files of one picture; of an odd one out also its masks."""
    name = f"{index:05d}.png"
    found = {out / IMAGES / name: _png(render(stimulus))}
    odd = odd_one(stimulus)
    if odd is not None:
        insides = item_insides(stimulus)  # [I, S, S]
        masks = {TARGET: insides[odd], DISTRACTORS: np.delete(insides, odd, 0).any(0)}
        found |= {out / LABELS[label] / name: _png(mask.astype(np.uint8) * 255) for label, mask in masks.items()}
    return found


def _png(pixels: np.ndarray) -> bytes:
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def _entry(index: int, stimulus: Stimulus, n_prefix: int) -> dict[str, Any]:
    """What the manifest says of one picture."""
    known, patches = truth(stimulus), patches_of_items(stimulus)
    return {
        "file": f"{IMAGES}/{index:05d}.png",
        "label": None if known is None else int(known.same),
        "condition": odd_difference(stimulus) if known is None else known.differs_in or "same",
        "odd_one": odd_one(stimulus),
        "patches": patches,
        "tokens": [[n_prefix + patch for patch in of_item] for of_item in patches],
        **json.loads(copied_text(stimulus.items, stimulus.geometry)),
    }


def _write_manifest(
    out: Path, entries: Sequence[dict[str, Any]], stimulus: Stimulus, options: SetOptions, model: str
) -> None:
    made = {
        "format": FORMAT,
        "made_with": {name: getattr(options, name) for name in ("n", "positions", "noise", "properties", "seed")},
        "made_of": json.loads(copied_text(stimulus.items, stimulus.geometry)),
        "model": model,
        "pictures": entries,
    }
    if stimulus.paint is not None:
        write_files({out / PAINT: stimulus.paint.packed})
    write_text(out / MANIFEST, json.dumps(made, indent=1) + "\n")


def read_set(folder: Path) -> list[Stimulus]:
    """The stimuli of a set, from its manifest.

    Raises UserError where there is none, or it is damaged.
    """
    try:
        made = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        painted = (folder / PAINT).read_bytes() if (folder / PAINT).is_file() else None
        if made["format"] != FORMAT:
            raise ValueError("it is of another version")
        parts = [{name: entry[name] for name in ("format", "items", "geometry")} for entry in made["pictures"]]
    except OSError as error:
        raise UserError(f"{folder} holds no set: {error.strerror or error}.", "Make one: relata set.") from error
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise UserError(f"The manifest in {folder} cannot be read: {error}.", "Make the set again.") from error
    stimuli = [read_copied(json.dumps(part)) for part in parts]
    if painted is None:
        return stimuli
    return [replace(stimulus, paint=_layer(painted, stimulus)) for stimulus in stimuli]


def _layer(packed: bytes, stimulus: Stimulus) -> Layer:
    try:
        layer_pixels(Layer(packed), stimulus.geometry.image_px)
    except ValueError as error:
        raise UserError(f"{PAINT} of the set cannot be read: {error}.", "Make the set again.") from error
    return Layer(packed)
