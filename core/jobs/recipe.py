"""`Recipe`: everything that decides a training run, from a TOML file."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from core.errors import UserError
from core.stimuli.datasets import SEED_MAX
from core.stimuli.stimulus import Geometry, Task
from core.texts import read_text

Tune = Literal["all", "head", "low-rank"]
"""What of a network learns."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a training run. Blocks and heads count from 0.

    `probe_block`: the shape and colour probes read the stream after this block.
    `within_blocks`, `pair_blocks`, `between_blocks`: where item tokens are to attend to their own item (all heads),
    to the other item of their pair, and to what is compared last: the other pair, or of one pair the other item.
    `pair_probe_weight`: how much the judgement of each pair, read after `pair_probe_block`, is supervised; 0 is off.
    `start_from`: a bundled model or a path, whose embeddings and blocks are the first ones of the new network.
    `keep_background`: share of background tokens kept in the first `1 - full_share` of the steps.
    `n_train`: size of a fixed training set that is gone through again and again; 0 draws new images for every step.
    `init`: a model that is fine-tuned, a bundled name or a path; pixels, patches, width, depth and heads are its own.
    `tune`: what of it learns: all weights, the head alone, or two matrices of rank `rank` a layer, times `rank_scale`.
    `layer_decay`: each block learns this many times as fast as the next; `head_lr`: the head, times the peak.
    `full_every`: every so many steps see all tokens, also before the last ones do; 0 is none.
    `micro_batch`: images at a time, whose gradients are added up to a batch; 0 is the whole batch.
    `n_validate`: unseen images that are judged every `validate_every` steps; after `patience` times without a better
    accuracy training ends; 0 is never.
    """

    task: Task = "discrimination"
    n_kinds: int = 256
    image_px: int = 224
    patch_px: int = 16
    width: int = 192
    depth: int = 6
    heads: int = 4
    n_images: int = 200_000
    batch: int = 64
    peak_lr: float = 7e-4
    warmup_share: float = 0.05
    weight_decay: float = 0.05
    beta2: float = 0.98
    clip_norm: float = 1.0
    disentangle_weight: float = 1.0
    probe_block: int = 2
    pipeline_weight: float = 0.3
    within_blocks: tuple[int, ...] = (0, 1, 2)
    between_blocks: tuple[int, ...] = (3, 4, 5)
    between_heads: tuple[int, ...] = (0, 1)
    keep_background: float = 0.25
    full_share: float = 0.25
    bfloat16: bool = True
    seed: int = 0
    pair_blocks: tuple[int, ...] = ()
    pair_heads: tuple[int, ...] = (0, 1)
    pair_probe_weight: float = 0.0
    pair_probe_block: int = 2
    start_from: str = ""
    n_train: int = 0
    init: str = ""
    tune: Tune = "all"
    rank: int = 16
    rank_scale: float = 2.0
    layer_decay: float = 1.0
    head_lr: float = 1.0
    full_every: int = 0
    micro_batch: int = 0
    n_validate: int = 0
    validate_every: int = 200
    patience: int = 0

    @property
    def n_steps(self) -> int:
        """Optimiser steps of the whole run."""
        return math.ceil(self.n_images / self.batch)

    @property
    def network(self) -> dict[str, Any]:
        """The arguments that build the network."""
        return {
            "img_size": self.image_px,
            "patch_size": self.patch_px,
            "num_classes": 2,
            "embed_dim": self.width,
            "depth": self.depth,
            "num_heads": self.heads,
        }


RANGES: Mapping[str, tuple[float, float]] = {
    "image_px": (1, 4096),
    "patch_px": (1, 1024),
    "width": (2, 16_384),
    "depth": (1, 256),
    "heads": (1, 256),
    "n_images": (1, 10**12),
    "batch": (2, 65_536),
    "peak_lr": (1e-9, 10),
    "warmup_share": (0, 1),
    "weight_decay": (0, 10),
    "beta2": (0, 0.9999999),
    "clip_norm": (1e-6, 1e6),
    "disentangle_weight": (0, 1e6),
    "pipeline_weight": (0, 1e6),
    "pair_probe_weight": (0, 1e6),
    "keep_background": (0, 1),
    "full_share": (0, 1),
    "seed": (0, SEED_MAX),
    "n_train": (0, 10**7),
    "rank": (1, 4096),
    "rank_scale": (1e-6, 1e6),
    "layer_decay": (1e-3, 1),
    "head_lr": (1e-6, 1e6),
    "full_every": (0, 10**9),
    "micro_batch": (0, 65_536),
    "n_validate": (0, 10**7),
    "validate_every": (1, 10**9),
    "patience": (0, 10**9),
}
"""From where to where the numbers go of which no rule says more."""


def read_recipe(path: Path, changes: Mapping[str, Any] = MappingProxyType({})) -> Recipe:
    """A recipe from a TOML file, with some settings changed.

    Raises UserError for a file that cannot be read, an unknown name or a value that cannot work.
    """
    try:
        table = {**tomllib.loads(read_text(path)), **changes}
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"The recipe {path} could not be read: {error}.", "Mend the file or name another.") from error
    return recipe_of(table, path.name)


def recipe_of(table: Mapping[str, Any], source: str) -> Recipe:
    """The recipe that a table of settings makes; `source` is where they come from.

    Raises UserError for an unknown name or a value that cannot work.
    """
    known = {f.name: getattr(Recipe(), f.name) for f in fields(Recipe)}
    settings: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in table.items()
    }
    for name, value in settings.items():
        if name not in known:
            raise UserError(f"The recipe {source} names “{name}”, which does not exist.", f"Known: {', '.join(known)}.")
        wanted = (int, float) if isinstance(known[name], float) else type(known[name])
        if not isinstance(value, wanted) or isinstance(value, bool) != isinstance(known[name], bool):
            raise UserError(f"“{name}” in {source} is {value!r}.", f"It must be like {known[name]!r}.")
        if isinstance(value, tuple) and not all(type(number) is int for number in value):
            raise UserError(f"“{name}” in {source} is {list(value)!r}.", "It must be a list of whole numbers.")
        if name in RANGES and not RANGES[name][0] <= value <= RANGES[name][1]:
            low, high = RANGES[name]
            raise UserError(f"“{name}” in {source} is {str(value)[:40]}.", f"It must be from {low:,} to {high:,}.")
    recipe = Recipe(**settings)
    broken = [rule for rule, holds in _rules(recipe) if not holds]
    if broken:
        raise UserError(f"The recipe {source} cannot work.", f"Needed: {'; '.join(broken)}.")
    return recipe


def _rules(recipe: Recipe) -> list[tuple[str, bool]]:
    """What a recipe must obey, in words, and whether it does."""
    geometry = Geometry(recipe.image_px, recipe.patch_px)
    whole = recipe.image_px % recipe.patch_px == 0
    staged = (*recipe.within_blocks, *recipe.pair_blocks, *recipe.between_blocks)
    probed = (recipe.probe_block, recipe.pair_probe_block) if recipe.pair_probe_weight else (recipe.probe_block,)
    heads = (*recipe.between_heads, *recipe.pair_heads) if recipe.pair_blocks else recipe.between_heads
    return [
        (f"a task of {' or '.join(get_args(Task))}", recipe.task in get_args(Task)),
        (f"tune as {', '.join(get_args(Tune))}", recipe.tune in get_args(Tune)),
        ("init or start_from, not both", not (recipe.init and recipe.start_from)),
        ("n_validate of whole fours", recipe.n_validate % 4 == 0),
        ("n_kinds 256 or 32", recipe.n_kinds in (256, 32)),
        ("an even batch", recipe.batch % 2 == 0),
        ("a batch that 4 divides", recipe.batch % 4 == 0 or recipe.task != "rmts"),
        ("a training set of whole batches", recipe.n_train >= 0 and recipe.n_train % recipe.batch == 0),
        ("a width that heads divide", recipe.width % recipe.heads == 0),
        ("whole patches and room for two items", whole and geometry.grid >= 2 * geometry.cell_patches),
        (f"blocks from 0 to {recipe.depth - 1}", all(block in range(recipe.depth) for block in (*probed, *staged))),
        (f"heads from 0 to {recipe.heads - 1}", all(head in range(recipe.heads) for head in heads)),
        ("one stage a block", len(set(staged)) == len(staged)),
    ]
