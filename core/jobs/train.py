"""Train a vision transformer on discrimination or match-to-sample, from scratch or from the blocks of another.

What we changed in the study's training: every step draws new images unless the recipe asks for a fixed set, and for
a share of the steps only some of the background tokens are kept, which are white and alike, so that a step costs a
fraction of a full one.
"""

from __future__ import annotations

import datetime
import math
import pickle
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from core.cards import model_path
from core.datasets import (
    Example,
    Split,
    all_kinds,
    balanced_set,
    check_balance,
    compositional_kinds,
    split_examples,
)
from core.engine import to_input
from core.errors import UserError
from core.families.files import open_model, save_model
from core.families.model import Model, blocks_of, geometry_of
from core.families.network import STANDARD, differs
from core.jobs.losses import Batch, Trainee, losses, total_loss
from core.jobs.measure import data_hash, measure
from core.jobs.progress import Job, Progress
from core.jobs.recipe import Recipe
from core.render import render_many
from core.scene import Geometry, item_patches
from core.storage import check_file, check_tensor_file, write_files

_UNREADABLE = (
    *(OSError, EOFError, RuntimeError, pickle.UnpicklingError),
    *(LookupError, TypeError, ValueError, AttributeError),
)
"""What torch.load and a look into its result can raise for a damaged file."""


def training_set(recipe: Recipe) -> list[Example]:
    """The fixed training set of a recipe, the same for every seed; empty where every step draws new images."""
    if not recipe.n_train:
        return []
    geometry = Geometry(recipe.image_px, recipe.patch_px)
    return split_examples("train", recipe.n_train, task=recipe.task, n_kinds=recipe.n_kinds, geometry=geometry)


def draw_batch(recipe: Recipe, step: int, model: Model, fixed: Sequence[Example] = ()) -> Batch:
    """The batch of a step, out of the `fixed` training set where there is one.

    It is a function of recipe and step alone, so a resumed run sees the same images.
    """
    geometry = model.geometry
    seed = np.random.SeedSequence([recipe.seed, step, 1])
    drawn, kept = seed.generate_state(2, np.uint64)
    if fixed:
        epoch, place = divmod(step * recipe.batch, len(fixed))
        order = np.random.default_rng([recipe.seed, epoch, 2]).permutation(len(fixed))
        examples = [fixed[i] for i in order[place : place + recipe.batch]]
    else:
        kinds = all_kinds() if recipe.n_kinds == 256 else compositional_kinds()[0]
        examples = balanced_set(recipe.task, recipe.batch, kinds, int(drawn), geometry)
    share = 1.0 if step >= recipe.n_steps * (1 - recipe.full_share) else recipe.keep_background
    tokens = kept_tokens(examples, geometry, share, np.random.default_rng(kept), model.n_prefix)
    device = model.device
    items = [e.stimulus.items for e in examples]
    return Batch(
        to_input(model, render_many([e.stimulus for e in examples])),
        torch.tensor([e.label for e in examples], device=device),
        torch.from_numpy(tokens).to(device),
        torch.tensor([[i.shape for i in row] for row in items], device=device),
        torch.tensor([[i.color for i in row] for row in items], device=device),
        geometry.cell_patches**2,
    )


def kept_tokens(
    examples: Sequence[Example], geometry: Geometry, share: float, rng: np.random.Generator, n_prefix: int
) -> np.ndarray:
    """Token indices [B, N]: prefix, tokens of each item in turn, then a random share of the background."""
    n_patches = geometry.grid**2
    items = np.array([[item_patches(i, geometry) for i in e.stimulus.items] for e in examples])
    items = items.reshape(len(examples), -1)  # [B, I n]
    order = rng.random((len(examples), n_patches))
    np.put_along_axis(order, items, 2.0, axis=1)
    n_background = round((n_patches - items.shape[1]) * share)
    background = np.argsort(order, axis=1)[:, :n_background]
    prefix = np.broadcast_to(np.arange(n_prefix), (len(examples), n_prefix))
    return np.concatenate([prefix, items + n_prefix, background + n_prefix], axis=1)


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up to the peak, then a cosine to zero."""
    warmup = max(1, round(recipe.n_steps * recipe.warmup_share))
    if step < warmup:
        return recipe.peak_lr * (step + 1) / warmup
    return recipe.peak_lr * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, recipe.n_steps - warmup)))


def _optimizer(trainee: Trainee, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW with weight decay on matrices only."""
    matrices = [p for p in trainee.parameters() if p.ndim >= 2]
    vectors = [p for p in trainee.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": recipe.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.peak_lr, betas=(0.9, recipe.beta2))


def train(recipe: Recipe, checkpoint: Path, device: torch.device, *, save_every: int = 500) -> Job[Trainee]:
    """Train, or go on from `checkpoint`; the file is written at every `save_every` steps and on cancel.

    The same recipe gives the same weights on the same CPU, whether or not it was interrupted. A checkpoint that
    cannot be written is reported and training goes on.

    Raises UserError where the checkpoint belongs to another recipe or cannot be read, where the model to start
    from has other shapes, or on cancel where the checkpoint cannot be written.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        trainee = Trainee(recipe).to(device).train()
    optimizer = _optimizer(trainee, recipe)
    start = 0
    if checkpoint.exists():
        start = _load(checkpoint, recipe, trainee, optimizer)
    elif recipe.start_from:
        _take_blocks(trainee, open_model(recipe.start_from, device))
    model = Model(trainee.network, geometry_of(trainee.network))
    fixed = training_set(recipe)
    warning = ""
    step = start
    try:
        for step in range(start, recipe.n_steps):
            values = _train_step(trainee, optimizer, draw_batch(recipe, step, model, fixed), recipe, step)
            if (step + 1) % save_every == 0 and step + 1 < recipe.n_steps:
                warning = _save(checkpoint, recipe, trainee, optimizer, step + 1)
            yield Progress((step + 1) * recipe.batch, recipe.n_steps * recipe.batch, warning or "training", values)
    except GeneratorExit:
        if _save(checkpoint, recipe, trainee, optimizer, step + 1):
            kept = "The last checkpoint is kept" if checkpoint.is_file() else "Nothing of this run is kept"
            raise UserError(f"{checkpoint} could not be written.", f"{kept}; free some space.") from None
        raise
    _save(checkpoint, recipe, trainee, optimizer, recipe.n_steps)
    return trainee.eval()


def _take_blocks(trainee: Trainee, start: Model) -> None:
    """Copy a trained model's embeddings and blocks into the new network's embeddings and first blocks.

    Raises UserError where they do not fit.
    """
    ours = trainee.network.state_dict()
    parts = ("patch_embed", "cls_token", "reg_token", "pos_embed", "blocks")
    theirs = {name: v for name, v in start.network.state_dict().items() if name.split(".")[0] in parts}
    unfit = [name for name, v in theirs.items() if name not in ours or ours[name].shape != v.shape]
    if start.n_heads != blocks_of(trainee.network)[0].attn.num_heads:
        unfit.append("number of heads")
    if other := differs(start.card.get("network", {})):
        unfit.append(other)
    if unfit:
        raise UserError(
            f"The blocks of {start.name} do not fit the recipe ({unfit[0]}).",
            "Start from a model of the same width, heads and patches, and no more blocks.",
        )
    trainee.network.load_state_dict(theirs, strict=False)
    trainee.started_from = start.weights_hash


def _train_step(
    trainee: Trainee, optimizer: torch.optim.AdamW, batch: Batch, recipe: Recipe, step: int
) -> dict[str, float]:
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(recipe, step)
    with torch.autocast(batch.images.device.type, torch.bfloat16, enabled=recipe.bfloat16):
        terms = losses(trainee, batch, recipe)
    loss = total_loss(terms, recipe)
    if not loss.isfinite():
        raise UserError(
            f"The loss of step {step} is not finite, so training cannot go on.",
            "The last checkpoint is kept. Lower peak_lr in the recipe.",
        )
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(trainee.parameters(), recipe.clip_norm)
    optimizer.step()
    return {name: float(value.detach()) for name, value in terms.items()}


def _save(path: Path, recipe: Recipe, trainee: Trainee, optimizer: torch.optim.AdamW, step: int) -> str:
    """Write the checkpoint beside the old one, then replace it. Returns what went wrong, or ""."""
    state = {
        "recipe": asdict(recipe),
        "step": step,
        "trainee": trainee.state_dict(),
        "optimizer": optimizer.state_dict(),
        "started_from": trainee.started_from,
    }
    content = BytesIO()
    torch.save(state, content)
    try:
        write_files({path: content.getvalue()})
    except UserError as error:
        return f"checkpoint not written ({error.message}); training goes on and the last one is kept"
    return ""


def _load(path: Path, recipe: Recipe, trainee: Trainee, optimizer: torch.optim.AdamW) -> int:
    """Restore a checkpoint and return the step to go on from.

    A setting that did not exist when it was written counts as its default.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        stored = {name: tuple(v) if isinstance(v, list) else v for name, v in state["recipe"].items()}
        saved = {**asdict(Recipe()), **stored}
    except _UNREADABLE as error:
        raise UserError(
            f"The checkpoint {path} could not be read: {error}.", "Move it away to start afresh."
        ) from error
    if saved != asdict(recipe):
        changed = [name for name, value in asdict(recipe).items() if saved.get(name) != value]
        raise UserError(
            f"The checkpoint {path} was made with other settings ({', '.join(changed)}).",
            "Move it away to start afresh, or use its recipe.",
        )
    trainee.load_state_dict(state["trainee"])
    optimizer.load_state_dict(state["optimizer"])
    trainee.started_from = str(state.get("started_from", ""))
    return int(state["step"])


def train_model(recipe: Recipe, out: Path, device: torch.device, *, n_test: int = 6400) -> Job[dict[str, Any]]:
    """Train, write fp16 weights to `out`, measure what was written on unseen images, and complete the card.

    The checkpoint lies beside `out` and stays, so that the same call goes on after an interruption.

    Raises UserError, before training, where `n_test` images of the task cannot be balanced or the files cannot be
    written; after it, where the disk has become full, and says what is kept.
    """
    check_balance(recipe.task, n_test)
    checkpoint = out.with_suffix(".checkpoint")
    _check_places(recipe, out, checkpoint)
    started = time.monotonic()
    trainee = yield from train(recipe, checkpoint, device)
    card: dict[str, Any] = {
        "name": out.stem,
        "task": recipe.task,
        "network": {**recipe.network, **STANDARD},
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "labels": ["different", "same"],
        "recipe": asdict(recipe),
        "start_from_sha256": trainee.started_from,
        "images_seen": recipe.n_steps * recipe.batch,
        "date": datetime.date.today().isoformat(),
        "code_version": version("relata"),
        "torch": torch.__version__,
    }
    _write(out, trainee, card, checkpoint)
    model = open_model(str(out), device)
    splits: list[Split] = ["test", "ood-shape", "ood-color", "ood-shape-color"]
    if recipe.n_kinds == 32:
        splits.insert(0, "test_iid")
    card["accuracy"] = yield from measure(model, splits, n_test, n_kinds=recipe.n_kinds)
    if recipe.n_train:
        card["accuracy"] |= yield from measure(model, ["train"], recipe.n_train, n_kinds=recipe.n_kinds)
    card["data_sha256"] = data_hash(model)
    card["minutes_in_last_run"] = round((time.monotonic() - started) / 60, 1)
    _write(out, trainee, card, checkpoint)
    return card


def _check_places(recipe: Recipe, out: Path, checkpoint: Path) -> None:
    """Raises UserError where a file cannot be written, or would replace the model to start from."""
    check_tensor_file(out)
    check_file(checkpoint)
    starts = recipe.start_from and not checkpoint.exists()
    if starts and out.exists() and out.samefile(model_path(recipe.start_from)):
        raise UserError(f"{out} is the model to start from.", "Name another file to write.")


def _write(out: Path, trainee: Trainee, card: Mapping[str, Any], checkpoint: Path) -> None:
    """Weights and card; where they cannot be written, the UserError says what is kept."""
    try:
        save_model(out, trainee.network, card)
    except UserError as error:
        again = "Free some space and run it again."
        kept = f"What was learned is kept in {checkpoint}. {again}" if checkpoint.is_file() else again
        raise UserError(error.message, kept) from error
