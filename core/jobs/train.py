"""Train a vision transformer from scratch on discrimination, with the study's auxiliary losses.

Source: Lepori et al. 2024, auxiliary losses; docs/methods.md, "Auxiliary losses".
What we changed: the probes are really trained, attention masses are true fractions, every step draws
new images, and for a share of the steps only some of the background tokens are kept, which are white
and alike, so that a step costs a fraction of a full one.
"""

from __future__ import annotations

import datetime
import math
import pickle
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from core.datasets import Example, Split, all_kinds, compositional_kinds, discrimination
from core.engine import queries_and_keys, to_input
from core.errors import UserError
from core.families.files import open_model, save_model
from core.families.model import Model, blocks_of, geometry_of
from core.jobs.measure import data_hash, measure
from core.jobs.progress import Job, Progress
from core.jobs.recipe import Recipe
from core.render import render_many
from core.scene import N_COLORS, N_SHAPES, Geometry, item_patches


class Trainee(nn.Module):
    """The network together with the linear probes that the disentanglement loss trains."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.network = VisionTransformer(**recipe.network)
        half = recipe.width // 2
        self.shape_probe = nn.Linear(half, N_SHAPES)
        self.color_probe = nn.Linear(recipe.width - half, N_COLORS)


_UNREADABLE = (
    *(OSError, EOFError, RuntimeError, pickle.UnpicklingError),
    *(LookupError, TypeError, ValueError, AttributeError),
)
"""What torch.load and a look into its result can raise for a damaged file."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Images [B, 3, S, S], labels [B], tokens kept [B, N] (CLS, item A, item B, background), kinds [B, 2]."""

    images: Tensor
    labels: Tensor
    tokens: Tensor
    shapes: Tensor
    colors: Tensor
    n_item_tokens: int


def draw_batch(recipe: Recipe, step: int, model: Model) -> Batch:
    """The batch of a step: a function of recipe and step alone, so a resumed run sees the same images."""
    geometry = model.geometry
    kinds = all_kinds() if recipe.n_kinds == 256 else compositional_kinds()[0]
    seed = np.random.SeedSequence([recipe.seed, step, 1])
    drawn, kept = seed.generate_state(2, np.uint64)
    examples = discrimination(recipe.batch, kinds, int(drawn), geometry)
    share = 1.0 if step >= recipe.n_steps * (1 - recipe.full_share) else recipe.keep_background
    tokens = kept_tokens(examples, geometry, share, np.random.default_rng(kept), model.n_prefix)
    device = model.device
    items = [e.stimulus.items for e in examples]
    return Batch(
        to_input(model, render_many([e.stimulus for e in examples])),
        torch.tensor([e.label for e in examples], device=device),
        torch.from_numpy(tokens).to(device),
        torch.tensor([[i.shape for i in pair] for pair in items], device=device),
        torch.tensor([[i.color for i in pair] for pair in items], device=device),
        geometry.cell_patches**2,
    )


def kept_tokens(
    examples: Sequence[Example], geometry: Geometry, share: float, rng: np.random.Generator, n_prefix: int
) -> np.ndarray:
    """Token indices [B, N]: prefix, tokens of item A, of item B, then a random share of the background."""
    n_patches = geometry.grid**2
    items = np.array([[item_patches(i, geometry) for i in e.stimulus.items] for e in examples])
    items = items.reshape(len(examples), -1)  # [B, 2 n]
    order = rng.random((len(examples), n_patches))
    np.put_along_axis(order, items, 2.0, axis=1)
    n_background = round((n_patches - items.shape[1]) * share)
    background = np.argsort(order, axis=1)[:, :n_background]
    prefix = np.broadcast_to(np.arange(n_prefix), (len(examples), n_prefix))
    return np.concatenate([prefix, items + n_prefix, background + n_prefix], axis=1)


def losses(trainee: Trainee, batch: Batch, recipe: Recipe) -> dict[str, Tensor]:
    """The terms of the training loss for a batch, unweighted, and its accuracy."""
    network = trainee.network
    x = network._pos_embed(network.patch_embed(batch.images))  # [B, T, D]
    x = x.gather(1, batch.tokens[:, :, None].expand(-1, -1, x.shape[2]))  # [B, N, D]
    n, prefix = batch.n_item_tokens, network.num_prefix_tokens
    item_a, item_b = slice(prefix, prefix + n), slice(prefix + n, prefix + 2 * n)
    terms: dict[str, Tensor] = {}
    masses: list[Tensor] = []
    for index, block in enumerate(blocks_of(network)):
        if recipe.pipeline_weight and index in (*recipe.within_blocks, *recipe.between_blocks):
            masses.append(_log_masses(block, x, item_a, item_b, index, recipe).mean())
        x = block(x)
        if recipe.disentangle_weight and index == recipe.probe_block:
            both = torch.stack([x[:, item_a], x[:, item_b]], 1)  # [B, 2, n, D]
            terms |= _probe_losses(trainee, both, batch)
    logits = network.forward_head(network.norm(x)).float()
    terms["task"] = F.cross_entropy(logits, batch.labels)
    terms["accuracy"] = (logits.argmax(1) == batch.labels).float().mean()
    if masses:
        terms["pipeline"] = -torch.stack(masses).mean()
    return terms


def _log_masses(block: Any, x: Tensor, a: slice, b: slice, index: int, recipe: Recipe) -> Tensor:
    """log of the attention mass that the block's target asks for, [B, heads, 2 directions]."""
    rows = slice(a.start, b.stop)
    q, k = queries_and_keys(block.attn, block.norm1(x))
    pattern = (q[:, :, rows] @ k.transpose(-2, -1) * block.attn.scale).float().softmax(-1)  # [B, H, 2 n, N]
    n = a.stop - a.start
    from_a, from_b = pattern[:, :, :n], pattern[:, :, n:]
    if index in recipe.within_blocks:
        mass = torch.stack([from_a[..., a].sum(-1).mean(-1), from_b[..., b].sum(-1).mean(-1)], -1)
    else:
        mass = torch.stack([from_a[..., b].sum(-1).mean(-1), from_b[..., a].sum(-1).mean(-1)], -1)
        mass = mass[:, list(recipe.between_heads)]
    return (mass + 1e-6).log()


def _probe_losses(trainee: Trainee, items: Tensor, batch: Batch) -> dict[str, Tensor]:
    """Cross-entropies of the shape probe on the first half of the width and the colour probe on the second."""
    half = trainee.shape_probe.in_features
    n = items.shape[2]
    out = {}
    for name, probe, part, truth in (
        ("shape probe", trainee.shape_probe, items[..., :half], batch.shapes),
        ("color probe", trainee.color_probe, items[..., half:], batch.colors),
    ):
        logits = probe(part).flatten(0, 2).float()  # [B 2 n, classes]
        target = truth[:, :, None].expand(-1, -1, n).flatten()
        out[name] = F.cross_entropy(logits, target)
        out[f"{name} accuracy"] = (logits.argmax(1) == target).float().mean()
    return out


def total_loss(terms: dict[str, Tensor], recipe: Recipe) -> Tensor:
    """The weighted sum that is minimised."""
    total = terms["task"]
    if "shape probe" in terms:
        total = total + recipe.disentangle_weight * (terms["shape probe"] + terms["color probe"])
    if "pipeline" in terms:
        total = total + recipe.pipeline_weight * terms["pipeline"]
    return total


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

    Raises UserError where the checkpoint belongs to another recipe or cannot be read.
    """
    torch.manual_seed(recipe.seed)
    trainee = Trainee(recipe).to(device).train()
    optimizer = _optimizer(trainee, recipe)
    start = _load(checkpoint, recipe, trainee, optimizer) if checkpoint.exists() else 0
    model = Model(trainee.network, geometry_of(trainee.network))
    warning = ""
    step = start
    try:
        for step in range(start, recipe.n_steps):
            values = _train_step(trainee, optimizer, draw_batch(recipe, step, model), recipe, step)
            if (step + 1) % save_every == 0 and step + 1 < recipe.n_steps:
                warning = _save(checkpoint, recipe, trainee, optimizer, step + 1)
            yield Progress((step + 1) * recipe.batch, recipe.n_steps * recipe.batch, warning or "training", values)
    except GeneratorExit:
        _save(checkpoint, recipe, trainee, optimizer, step + 1)
        raise
    _save(checkpoint, recipe, trainee, optimizer, recipe.n_steps)
    return trainee.eval()


def _train_step(
    trainee: Trainee, optimizer: torch.optim.AdamW, batch: Batch, recipe: Recipe, step: int
) -> dict[str, float]:
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(recipe, step)
    with torch.autocast(batch.images.device.type, torch.bfloat16, enabled=recipe.bfloat16):
        terms = losses(trainee, batch, recipe)
    optimizer.zero_grad(set_to_none=True)
    total_loss(terms, recipe).backward()
    nn.utils.clip_grad_norm_(trainee.parameters(), recipe.clip_norm)
    optimizer.step()
    return {name: float(value.detach()) for name, value in terms.items()}


def _save(path: Path, recipe: Recipe, trainee: Trainee, optimizer: torch.optim.AdamW, step: int) -> str:
    """Write the checkpoint beside the old one, then replace it. Returns what went wrong, or ""."""
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "recipe": asdict(recipe),
            "step": step,
            "trainee": trainee.state_dict(),
            "optimizer": optimizer.state_dict(),
        }
        torch.save(state, part)
        part.replace(path)
    except (OSError, RuntimeError) as error:
        with suppress(OSError):
            part.unlink()
        return f"checkpoint not written ({error}); training goes on and the last one is kept"
    return ""


def _load(path: Path, recipe: Recipe, trainee: Trainee, optimizer: torch.optim.AdamW) -> int:
    """Restore a checkpoint and return the step to go on from."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        saved = {name: tuple(v) if isinstance(v, list) else v for name, v in state["recipe"].items()}
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
    return int(state["step"])


def train_model(recipe: Recipe, out: Path, device: torch.device, *, n_test: int = 6400) -> Job[dict[str, Any]]:
    """Train, write fp16 weights to `out`, measure what was written on unseen images, and complete the card.

    The checkpoint lies beside `out` and stays, so that the same call goes on after an interruption.
    """
    started = time.monotonic()
    trainee = yield from train(recipe, out.with_suffix(".checkpoint"), device)
    card: dict[str, Any] = {
        "name": out.stem,
        "task": recipe.task,
        "network": recipe.network,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "labels": ["different", "same"],
        "recipe": asdict(recipe),
        "images_seen": recipe.n_steps * recipe.batch,
        "date": datetime.date.today().isoformat(),
        "code_version": version("relata"),
        "torch": torch.__version__,
    }
    save_model(out, trainee.network, card)
    model = open_model(str(out), device)
    splits: list[Split] = ["test", "ood-shape", "ood-color", "ood-shape-color"]
    if recipe.n_kinds == 32:
        splits.insert(0, "test_iid")
    card["accuracy"] = yield from measure(model, splits, n_test, n_kinds=recipe.n_kinds)
    card["data_sha256"] = data_hash(model)
    card["minutes_in_last_run"] = round((time.monotonic() - started) / 60, 1)
    save_model(out, trainee.network, card)
    return card
