"""What training minimises: the task, disentanglement, attention stages and pair judgements.

Source: Lepori et al. 2024, auxiliary losses; docs/methods.md, "Auxiliary losses".
What we changed: the probes are really trained, and attention masses are true fractions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import torch
import torch.nn.functional as F
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from core.families.model import blocks_of
from core.inside import read_inside
from core.jobs.recipe import Recipe
from core.site import Part
from core.stimuli.stimulus import N_COLORS, N_SHAPES, Geometry


class Trainee(nn.Module):
    """The network together with the linear probes that are trained along; without one, that of the recipe, new.

    The pair probe reads the tokens of both items of a pair side by side. `started_from` is the weights hash of the
    model that the first blocks come from, or "".
    """

    network: Any

    def __init__(self, recipe: Recipe, network: nn.Module | None = None) -> None:
        super().__init__()
        self.started_from = ""
        self.network = VisionTransformer(**recipe.network) if network is None else network
        half = recipe.width // 2
        self.shape_probe = nn.Linear(half, N_SHAPES)
        self.color_probe = nn.Linear(recipe.width - half, N_COLORS)
        self.pair_probe: nn.Linear | None = None
        if recipe.pair_probe_weight:
            n_tokens = 2 * Geometry(recipe.image_px, recipe.patch_px).cell_patches ** 2
            self.pair_probe = nn.Linear(n_tokens * recipe.width, 2)


@dataclass(frozen=True, slots=True)
class Batch:
    """Images [B, 3, S, S], labels [B], tokens kept [B, N] (prefix, items in turn, background), kinds [B, I]."""

    images: Tensor
    labels: Tensor
    tokens: Tensor
    shapes: Tensor
    colors: Tensor
    n_item_tokens: int

    def __len__(self) -> int:
        return len(self.labels)

    def parts(self, n: int) -> Iterator[Batch]:
        """The batch in parts of `n` images; the last may have fewer."""
        for start in range(0, len(self), n):
            yield self.rows(itemgetter(slice(start, start + n)))

    def rows(self, choose: Callable[[Tensor], Tensor]) -> Batch:
        """Some of the images: those that `choose` takes of every tensor."""
        images, labels, tokens = choose(self.images), choose(self.labels), choose(self.tokens)
        return Batch(images, labels, tokens, choose(self.shapes), choose(self.colors), self.n_item_tokens)

    @property
    def n_items(self) -> int:
        """I, the items of an image."""
        return self.shapes.shape[1]

    @property
    def pair_labels(self) -> Tensor:
        """1 where the items of a pair are the same, [B, I / 2]."""
        a, b = (torch.stack([self.shapes, self.colors], -1)[:, first::2] for first in (0, 1))  # [B, I / 2, 2]
        return (a == b).all(-1).long()


def losses(trainee: Trainee, batch: Batch, recipe: Recipe) -> dict[str, Tensor]:
    """The terms of the training loss for a batch, unweighted, and its accuracy.

    Tokens are left out where the network takes them one by one: timm's VisionTransformer. Others see all of them.
    """
    network = trainee.network
    if not isinstance(network, VisionTransformer):
        return _task(network(batch.images), batch)
    x = network._pos_embed(network.patch_embed(batch.images))  # [B, T, D]
    x = network.norm_pre(x.gather(1, batch.tokens[:, :, None].expand(-1, -1, x.shape[2])))  # [B, N, D]
    size, prefix = (batch.n_items, batch.n_item_tokens), network.num_prefix_tokens
    rows = slice(prefix, prefix + size[0] * size[1])
    staged = (*recipe.within_blocks, *recipe.pair_blocks, *recipe.between_blocks) if recipe.pipeline_weight else ()
    terms: dict[str, Tensor] = {}
    masses: list[Tensor] = []
    for index, block in enumerate(blocks_of(network)):
        if index in staged:
            masses.append(_log_masses(block, x, rows, batch.n_items, index, recipe).mean())
        x = block(x)
        if recipe.disentangle_weight and index == recipe.probe_block:
            terms |= _probe_losses(trainee, x[:, rows].unflatten(1, size), batch)
        if trainee.pair_probe is not None and index == recipe.pair_probe_block:
            terms |= _pair_losses(trainee.pair_probe, x[:, rows].unflatten(1, size), batch.pair_labels)
    terms |= _task(network.forward_head(network.norm(x)), batch)
    if masses:
        terms["pipeline"] = -torch.stack(masses).mean()
    return terms


def _task(logits: Tensor, batch: Batch) -> dict[str, Tensor]:
    logits = logits.float()
    right = (logits.argmax(1) == batch.labels).float().mean()
    return {"task": F.cross_entropy(logits, batch.labels), "accuracy": right}


def _log_masses(block: Any, x: Tensor, rows: slice, n_items: int, index: int, recipe: Recipe) -> Tensor:
    """log of the attention mass that each item gives to the target of the block's stage, [B, heads, I].

    `rows` are the item tokens of x [B, N, D], item by item.
    """

    def only_items(part: Part, value: Tensor) -> Tensor:
        if part == "scores":
            return value.float()  # autocast would take the softmax in half precision
        return value[:, :, rows] if part == "q" else value

    pattern = read_inside(block, x, "pattern", only_items)  # [B, H, I n, N]
    mass = pattern[..., rows].unflatten(-1, (n_items, -1)).sum(-1)  # [B, H, I n, I]
    mass = mass.unflatten(2, (n_items, -1)).mean(3)  # [B, H, I, I]
    wanted, heads = _stage(index, n_items, recipe)
    mass = (mass * wanted.to(mass)).sum(-1)  # [B, H, I]
    asked: Tensor = mass if heads is None else mass[:, list(heads)]
    return (asked + 1e-6).log()


def _stage(index: int, n_items: int, recipe: Recipe) -> tuple[Tensor, tuple[int, ...] | None]:
    """Which items [I, I] (columns) the tokens of an item (rows) are to attend to in a block, and the heads asked;
    None is all of them."""
    item = torch.arange(n_items)
    own = item[:, None] == item
    pair = item[:, None] // 2 == item // 2
    if index in recipe.within_blocks:
        return own, None
    if index in recipe.pair_blocks:
        return pair & ~own, recipe.pair_heads
    return (~pair if n_items > 2 else ~own), recipe.between_heads


def _probe_losses(trainee: Trainee, items: Tensor, batch: Batch) -> dict[str, Tensor]:
    """Cross-entropies of the shape probe on the first half of the width and the colour probe on the second, at every
    token of items [B, I, n, D]."""
    half = trainee.shape_probe.in_features
    n = items.shape[2]
    out = {}
    for name, probe, part, truth in (
        ("shape probe", trainee.shape_probe, items[..., :half], batch.shapes),
        ("color probe", trainee.color_probe, items[..., half:], batch.colors),
    ):
        logits = probe(part).flatten(0, 2).float()  # [B I n, classes]
        target = truth[:, :, None].expand(-1, -1, n).flatten()
        out[name] = F.cross_entropy(logits, target)
        out[f"{name} accuracy"] = (logits.argmax(1) == target).float().mean()
    return out


def _pair_losses(probe: nn.Linear, items: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Cross-entropy of the judgement of each pair, from the tokens of items [B, I, n, D]; labels [B, I / 2]."""
    pairs = items.unflatten(1, (-1, 2)).flatten(2)  # [B, I / 2, 2 n D]
    logits = probe(pairs).flatten(0, 1).float()  # [B I / 2, 2]
    target = labels.flatten()
    return {
        "pair probe": F.cross_entropy(logits, target),
        "pair probe accuracy": (logits.argmax(1) == target).float().mean(),
    }


def total_loss(terms: dict[str, Tensor], recipe: Recipe) -> Tensor:
    """The weighted sum that is minimised."""
    total = terms["task"]
    if "shape probe" in terms:
        total = total + recipe.disentangle_weight * (terms["shape probe"] + terms["color probe"])
    if "pipeline" in terms:
        total = total + recipe.pipeline_weight * terms["pipeline"]
    if "pair probe" in terms:
        total = total + recipe.pair_probe_weight * terms["pair probe"]
    return total
