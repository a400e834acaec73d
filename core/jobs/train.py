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
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from core.engine import to_input
from core.errors import UserError
from core.families.files import open_model, save_low_rank, save_model
from core.families.model import Model, blocks_of, geometry_of
from core.families.network import STANDARD, differs
from core.jobs.fine_tune import fewer, fine_tuned, fine_tuned_card, groups, has_stopped, of_model, validation_accuracy
from core.jobs.losses import Batch, Trainee, losses, total_loss
from core.jobs.measure import data_hash, measure
from core.jobs.ranks import ALONE, Ranks, joined
from core.jobs.recipe import Recipe
from core.locations import model_path
from core.progress import Job, Progress
from core.stimuli.datasets import (
    Example,
    Split,
    all_kinds,
    balanced_set,
    check_balance,
    compositional_kinds,
    split_examples,
)
from core.stimuli.render import render_many
from core.stimuli.stimulus import RELATIONS, Geometry
from core.stimuli.tokens import kept_tokens
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
    share = 1.0 if sees_all(recipe, step) else recipe.keep_background
    stimuli = [e.stimulus for e in examples]
    tokens = kept_tokens(stimuli, geometry, share, np.random.default_rng(kept), model.n_prefix)
    device = model.device
    items = [e.stimulus.items for e in examples]
    return Batch(
        to_input(model, render_many(stimuli)),
        torch.tensor([e.label for e in examples], device=device),
        torch.from_numpy(tokens).to(device),
        torch.tensor([[i.shape for i in row] for row in items], device=device),
        torch.tensor([[i.color for i in row] for row in items], device=device),
        geometry.cell_patches**2,
    )


def sees_all(recipe: Recipe, step: int) -> bool:
    """Whether a step keeps all background tokens."""
    last = step >= recipe.n_steps * (1 - recipe.full_share)
    return last or (recipe.full_every > 0 and (step + 1) % recipe.full_every == 0)


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up to the peak, then a cosine to zero."""
    warmup = max(1, round(recipe.n_steps * recipe.warmup_share))
    if step < warmup:
        return recipe.peak_lr * (step + 1) / warmup
    return recipe.peak_lr * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, recipe.n_steps - warmup)))


def _optimizer(trainee: Trainee, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW with weight decay on matrices only."""
    return torch.optim.AdamW(groups(trainee, recipe), lr=recipe.peak_lr, betas=(0.9, recipe.beta2))


@dataclass(slots=True)
class _Run:
    """A training run under way: `step` is the next one, `validated` the accuracies so far, `n_at_once` the images whose
    gradients fit into memory together."""

    recipe: Recipe
    trainee: Trainee
    optimizer: torch.optim.AdamW
    model: Model
    fixed: list[Example]
    n_at_once: int
    ranks: Ranks = ALONE
    step: int = 0
    validated: list[float] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether all steps are done, or it has stopped getting better."""
        return self.step >= self.recipe.n_steps or has_stopped(self.validated, self.recipe.patience)


def train(
    recipe: Recipe, checkpoint: Path, device: torch.device, *, save_every: int = 500, save_every_s: float = 180.0
) -> Job[Trainee]:
    """Train, or go on from `checkpoint`; the file is written at every `save_every` steps or `save_every_s` seconds, and
    on cancel.

    The same recipe gives the same weights on the same CPU, whether or not it was interrupted. A checkpoint that
    cannot be written is reported and training goes on.

    Raises UserError where the checkpoint belongs to another recipe or cannot be read, where the model to start
    from has other shapes or does not fit into memory, or on cancel where the checkpoint cannot be written.
    """
    run = _begin(recipe, checkpoint, device)
    total, warning, saved_s = recipe.n_steps * recipe.batch, "", time.monotonic()
    try:
        while not run.is_over:
            values = _step(run)
            if not run.is_over and (run.step % save_every == 0 or time.monotonic() > saved_s + save_every_s):
                warning, saved_s = _save(checkpoint, run), time.monotonic()
            yield Progress(run.step * recipe.batch, total, warning or "training", values)
    except GeneratorExit:
        if _save(checkpoint, run):
            kept = "The last checkpoint is kept" if checkpoint.is_file() else "Nothing of this run is kept"
            raise UserError(f"{checkpoint} could not be written.", f"{kept}; free some space.") from None
        raise
    _save(checkpoint, run)
    return run.trainee.eval()


def _begin(recipe: Recipe, checkpoint: Path, device: torch.device) -> _Run:
    """A run at its start, or where its checkpoint left it."""
    ranks, device = joined(device)
    init = open_model(recipe.init, device) if recipe.init else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        trainee = Trainee(recipe) if init is None else fine_tuned(recipe, init)
    trainee.to(device).train()
    model = Model(trainee.network, geometry_of(trainee.network))
    if init is not None:
        model = replace(model, mean=init.mean, std=init.std)
    at_once = recipe.micro_batch or recipe.batch
    run = _Run(recipe, trainee, _optimizer(trainee, recipe), model, training_set(recipe), at_once, ranks)
    if checkpoint.exists():
        _load(checkpoint, run)
    elif recipe.start_from:
        _take_blocks(trainee, open_model(recipe.start_from, device))
    return run


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


def _step(run: _Run) -> dict[str, float]:
    """One step, with as many images at once as fit into memory, and a validation where one is due."""
    batch = draw_batch(run.recipe, run.step, run.model, run.fixed)
    while True:
        try:
            state, recipe = (run.trainee, run.optimizer), run.recipe
            values = _train_step(*state, batch, recipe, run.step, n_at_once=run.n_at_once, ranks=run.ranks)
            break
        except RuntimeError as error:
            run.n_at_once = fewer(run.n_at_once, error)
    run.step += 1
    if run.recipe.n_validate and run.step % run.recipe.validate_every == 0:
        run.validated.append(validation_accuracy(run.trainee, run.recipe, run.model))
        values["validation accuracy"] = run.validated[-1]
    return values


def _train_step(
    trainee: Trainee,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    recipe: Recipe,
    step: int,
    *,
    n_at_once: int = 0,
    ranks: Ranks = ALONE,
) -> dict[str, float]:
    """One step of the optimiser on the mean gradient of a batch, `n_at_once` images at a time; 0 is all of them."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(recipe, step) * group["rate"]
    optimizer.zero_grad(set_to_none=True)
    values: dict[str, float] = {}
    for few in batch.rows(ranks.share).parts(n_at_once or len(batch)):
        share = len(few) / len(batch)
        with torch.autocast(few.images.device.type, torch.bfloat16, enabled=recipe.bfloat16):
            terms = losses(trainee, few, recipe)
        loss = total_loss(terms, recipe) * share
        if not loss.isfinite():
            raise UserError(
                f"The loss of step {step} is not finite, so training cannot go on.",
                "The last checkpoint is kept. Lower peak_lr in the recipe.",
            )
        loss.backward()
        for name, value in terms.items():
            values[name] = values.get(name, 0.0) + share * float(value.detach())
    ranks.add_up(trainee.parameters())
    nn.utils.clip_grad_norm_(trainee.parameters(), recipe.clip_norm)
    optimizer.step()
    return ranks.add_up_values(values, batch.images.device)


def _save(path: Path, run: _Run) -> str:
    """Write the checkpoint beside the old one, then replace it. Returns what went wrong, or "".

    What does not learn is not in it: it is in the model that was started from. Of several processes the first writes.
    """
    if not run.ranks.is_first:
        return ""
    learning = {name for name, value in run.trainee.named_parameters() if value.requires_grad}
    state = {
        "recipe": asdict(run.recipe),
        "step": run.step,
        "trainee": {name: value for name, value in run.trainee.state_dict().items() if name in learning},
        "optimizer": run.optimizer.state_dict(),
        "started_from": run.trainee.started_from,
        "validated": run.validated,
    }
    content = BytesIO()
    torch.save(state, content)
    try:
        write_files({path: content.getvalue()})
    except UserError as error:
        return f"checkpoint not written ({error.message}); training goes on and the last one is kept"
    return ""


def _load(path: Path, run: _Run) -> None:
    """Go on from a checkpoint. A setting that did not exist when it was written counts as its default.

    Raises UserError where it cannot be read or belongs to other settings or to another model.
    """
    recipe, trainee = run.recipe, run.trainee
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        stored = {name: tuple(v) if isinstance(v, list) else v for name, v in state["recipe"].items()}
        saved = {**asdict(Recipe()), **stored}
    except _UNREADABLE as error:
        raise UserError(
            f"The checkpoint {path} could not be read: {error}.", "Move it away to start afresh."
        ) from error
    started_from = str(state.get("started_from", ""))
    changed = [name for name, value in asdict(recipe).items() if saved.get(name) != value]
    if recipe.init and started_from != trainee.started_from:
        changed.append("the weights of init")
    if changed:
        raise UserError(
            f"The checkpoint {path} was made with other settings ({', '.join(changed)}).",
            "Move it away to start afresh, or use its recipe.",
        )
    trainee.load_state_dict({**trainee.state_dict(), **state["trainee"]})
    run.optimizer.load_state_dict(state["optimizer"])
    trainee.started_from = started_from
    run.step, run.validated = int(state["step"]), list(state.get("validated", []))


def train_model(recipe: Recipe, out: Path, device: torch.device, *, n_test: int = 6400) -> Job[dict[str, Any]]:
    """Train, write fp16 weights to `out`, measure what was written on unseen images, and complete the card.

    The checkpoint lies beside `out` and stays, so that the same call goes on after an interruption. Of several
    processes the first measures and writes; the others return nothing.

    Raises UserError, before training, where `n_test` images of the task cannot be balanced or the files cannot be
    written; after it, where the disk has become full, and says what is kept.
    """
    check_balance(recipe.task, n_test)
    if recipe.tune != "all" and not recipe.init:
        raise UserError("The recipe fine-tunes a model, and names none.", "Name one: --init dinov2-small.")
    init = open_model(recipe.init, torch.device("cpu")) if recipe.init else None
    if init is not None:
        recipe = of_model(recipe, init)
    checkpoint = out.with_suffix(".checkpoint")
    _check_places(recipe, out, checkpoint)
    started = time.monotonic()
    trainee = yield from train(recipe, checkpoint, device)
    if not joined(device)[0].is_first:
        return {}
    card: dict[str, Any] = {
        "name": out.stem,
        "task": recipe.task,
        "network": {**recipe.network, **STANDARD},
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "labels": list(RELATIONS),
        **(fine_tuned_card(init, recipe) if init is not None else {}),
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
    start = recipe.init or (recipe.start_from if not checkpoint.exists() else "")
    if start and out.exists() and out.samefile(model_path(start)):
        raise UserError(f"{out} is the model to start from.", "Name another file to write.")


def _write(out: Path, trainee: Trainee, card: Mapping[str, Any], checkpoint: Path) -> None:
    """Weights and card; where they cannot be written, the UserError says what is kept."""
    try:
        if "parent" in card:
            save_low_rank(out, trainee.network, card)
        else:
            save_model(out, trainee.network, card)
    except UserError as error:
        again = "Free some space and run it again."
        kept = f"What was learned is kept in {checkpoint}. {again}" if checkpoint.is_file() else again
        raise UserError(error.message, kept) from error
