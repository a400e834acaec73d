"""Distributed alignment search: learn the subspace that carries a property, by interchange interventions.

Source: Geiger et al. 2023; Lepori et al. 2024, distributed alignment search; docs/methods.md, "DAS".
What we changed: prefixes are computed once, and the rotation once a step.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import orthogonal

from core.assets.subspace_files import landmarks
from core.counterfactuals import InterchangePair, interchange_pairs
from core.datasets import all_kinds, compositional_kinds
from core.engine import advance, embed, resume, to_input
from core.errors import UserError
from core.families.model import Model, require_relation
from core.jobs.progress import Job, Progress, part
from core.render import render_many
from core.scene import N_COLORS, Property
from core.tokens import gather_tokens, item_tokens, write_coordinates

N_DRAWS = 20
CACHE_BYTES = 4 * 2**30
"""Memory that the prefixes of a search may take."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """Settings of a search; the defaults are the study's."""

    n_pairs: int = 2000
    n_test: int = 2000
    epochs: int = 20
    batch: int = 64
    rotation_lr: float = 1e-3
    mask_lr: float = 1e-2
    mask_penalty: float = 1e-3
    warmup_share: float = 0.1
    lowest_temperature: float = 1 / 200
    bfloat16: bool = True
    seed: int = 0


@dataclass(frozen=True, slots=True)
class PairCache:
    """Prefixes of N interchange pairs after one block.

    `base` [N, T, D]; `donor` and `wrong` [N, n, D] are the source's tokens of the donor and, as a control, of
    the wrong item; `tokens` [N, n] those of the edited item; `item_values` [N, I, D] token means of the base's items.
    """

    base: Tensor
    donor: Tensor
    wrong: Tensor
    tokens: Tensor
    labels: Tensor
    item_values: Tensor
    classes: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class FittedSubspace:
    """What a search found: tensors to save and the card that says how good it is."""

    tensors: dict[str, Tensor]
    card: dict[str, Any]


def cache_pairs(
    model: Model, pairs: Sequence[InterchangePair], blocks: Sequence[int], *, batch: int = 100
) -> dict[int, PairCache]:
    """Run bases and sources once and keep what interchange after each of `blocks` needs."""
    whole: dict[int, PairCache] = {}
    with torch.no_grad():
        for start in range(0, len(pairs), batch):
            for block, chunk in _cache_chunk(model, pairs[start : start + batch], blocks).items():
                cache = whole.setdefault(block, _room_for(chunk, len(pairs)))
                for name in PairCache.__slots__:
                    getattr(cache, name)[start : start + len(chunk)] = getattr(chunk, name)
    return whole


def _room_for(chunk: PairCache, n: int) -> PairCache:
    """An unfilled cache of `n` pairs like those of `chunk`."""
    tensors = {name: getattr(chunk, name) for name in PairCache.__slots__}
    return PairCache(**{name: value.new_empty((n, *value.shape[1:])) for name, value in tensors.items()})


def _cache_chunk(model: Model, pairs: Sequence[InterchangePair], blocks: Sequence[int]) -> dict[int, PairCache]:
    bases, sources = [p.base for p in pairs], [p.source for p in pairs]
    x = embed(model, to_input(model, render_many(bases)))
    s = embed(model, to_input(model, render_many(sources)))
    base_tokens, source_tokens = item_tokens(model, bases), item_tokens(model, sources)  # [N, I, n]
    rows = torch.arange(len(pairs), device=model.device)
    edited, donors, wrongs = (
        torch.tensor([getattr(p, role) for p in pairs], device=model.device) for role in ("edited", "donor", "wrong")
    )
    labels = torch.tensor([p.label for p in pairs], device=model.device)
    classes = torch.tensor([[getattr(i, p.property) for i in p.base.items] for p in pairs], device=model.device)
    out = {}
    for block in range(-1, max(blocks) + 1):
        if block >= 0:
            x, s = advance(model, x, block), advance(model, s, block)
        if block in blocks:
            items = torch.stack([gather_tokens(x, tokens).mean(1) for tokens in base_tokens.unbind(1)], 1)  # [N, I, D]
            donor, wrong = (gather_tokens(s, source_tokens[rows, which]) for which in (donors, wrongs))
            out[block] = PairCache(x, donor, wrong, base_tokens[rows, edited], labels, items, classes)
    return out


def interchange(x: Tensor, tokens: Tensor, donor: Tensor, rotation: Tensor, mask: Tensor) -> Tensor:
    """The stream [B, T, D] with tokens [B, n] moved towards `donor` [B, n, D] where the mask [D] says so.

    x'_t = x_t + ((m ⊙ ((d_t − x_t) R)) Rᵀ,   R orthogonal [D, D], m in 0–1
    """
    return write_coordinates(x, tokens, donor @ rotation, rotation, mask)


class _Search(nn.Module):
    """The rotation, tied over tokens, and the mask logits."""

    def __init__(self, width: int, generator: torch.Generator) -> None:
        super().__init__()
        start = torch.linalg.qr(torch.randn(width, width, generator=generator)).Q
        layer = nn.Linear(width, width, bias=False)
        orthogonal(layer, "weight")
        layer.weight = start
        self.rotation = layer
        self.mask_logits = nn.Parameter(torch.zeros(width))


def interchange_accuracy(
    model: Model, cache: PairCache, block: int, rotation: Tensor, mask: Tensor, *, wrong: bool = False
) -> float:
    """Interchange accuracy: the share of pairs whose answer after the edit is the counterfactual label."""
    hits = 0
    with torch.inference_mode():
        for start in range(0, len(cache), 100):
            rows = slice(start, start + 100)
            donor = (cache.wrong if wrong else cache.donor)[rows]
            x = interchange(cache.base[rows], cache.tokens[rows], donor, rotation, mask)
            hits += int((resume(model, x, block + 1).argmax(1) == cache.labels[rows]).sum())
    return hits / len(cache)


def base_error(model: Model, cache: PairCache, block: int) -> float:
    """Share of the unedited bases that the model answers wrongly: with the counterfactual label."""
    width = cache.base.shape[2]
    nothing = torch.zeros(width, device=cache.base.device)
    return interchange_accuracy(model, cache, block, torch.eye(width, device=cache.base.device), nothing)


def search_subspace(
    model: Model, property: Property, block: int, train: PairCache, test: PairCache, options: SearchOptions
) -> Job[FittedSubspace]:
    """Learn rotation and mask after `block` on `train`, measure on `test` in fp32.

    After the last block an edit of item tokens cannot reach a CLS read-out, so there is nothing to learn, and
    swapping every dimension must succeed in exactly the share of the base error; that is asserted.
    """
    generator = torch.Generator().manual_seed(options.seed)
    search = _Search(model.width, generator).to(model.device)
    reachable = block < model.n_blocks - 1 or not model.reads_cls_only
    if reachable:
        yield from _optimise(model, search, property, block, train, options, generator)
    with torch.no_grad():
        rotation = search.rotation.weight.clone()
        mask = (search.mask_logits > 0).float()
        swapped = mask if reachable else torch.ones_like(mask)
        iia = interchange_accuracy(model, test, block, rotation, swapped)
        wrong = interchange_accuracy(model, test, block, rotation, swapped, wrong=True)
        error = base_error(model, test, block)
    if not reachable:
        assert iia == wrong == error, "an edit after the last block changed an answer"
    fields = landmarks(
        rotation[:, mask > 0].cpu(), train.item_values.flatten(0, 1).cpu(), train.classes.flatten().cpu(), N_COLORS
    )
    tensors = {"rotation": rotation, "mask_logits": search.mask_logits.detach(), **fields}
    card = {
        "property": property,
        "block": block,
        "model": model.name,
        "weights_sha256": model.weights_hash,
        "iia": iia,
        "wrong_object_iia": wrong,
        "base_accuracy": 1.0 - error,
        "n_test": len(test),
        "subspace_size": int(mask.sum()),
        "width": model.width,
        "options": asdict(options),
        "date": datetime.date.today().isoformat(),
        "torch": torch.__version__,
    }
    return FittedSubspace(tensors, card)


def _optimise(
    model: Model,
    search: _Search,
    property: Property,
    block: int,
    train: PairCache,
    options: SearchOptions,
    generator: torch.Generator,
) -> Job[None]:
    groups = [
        {"params": list(search.rotation.parameters()), "lr": options.rotation_lr},
        {"params": [search.mask_logits], "lr": options.mask_lr},
    ]
    optimizer = torch.optim.Adam(groups)
    steps_per_epoch = -(-len(train) // options.batch)
    total = options.epochs * steps_per_epoch
    warmup = max(1, round(total * options.warmup_share))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / warmup, max(0.0, (total - s) / max(1, total - warmup)))
    )
    for epoch in range(options.epochs):
        temperature = options.lowest_temperature ** (epoch / max(1, options.epochs - 1))
        order = torch.randperm(len(train), generator=generator)
        for start in range(0, len(train), options.batch):
            rows = order[start : start + options.batch].to(train.base.device)
            shuffled = torch.randperm(train.tokens.shape[1], generator=generator).to(rows.device)
            with torch.autocast(model.device.type, torch.bfloat16, enabled=options.bfloat16):
                loss, hits = _search_loss(model, search, block, train, rows, shuffled, temperature, options)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            done = epoch * steps_per_epoch + start // options.batch + 1
            measured = {"loss": float(loss.detach()), "interchange accuracy": hits}
            yield Progress(done, total, f"{property}, block {block}", measured)


def _search_loss(
    model: Model,
    search: _Search,
    block: int,
    train: PairCache,
    rows: Tensor,
    shuffled: Tensor,
    temperature: float,
    options: SearchOptions,
) -> tuple[Tensor, float]:
    with torch.autocast(model.device.type, enabled=False):
        rotation = search.rotation.weight
        mask = torch.sigmoid(search.mask_logits / temperature)
        x = interchange(train.base[rows], train.tokens[rows], train.donor[rows][:, shuffled], rotation, mask)
    logits = resume(model, x, block + 1).float()
    labels = train.labels[rows]
    loss = F.cross_entropy(logits, labels) + options.mask_penalty * mask.sum()
    return loss, float((logits.argmax(1) == labels).float().mean())


def fit_subspaces(
    model: Model,
    property: Property,
    blocks: Sequence[int],
    options: SearchOptions,
    *,
    n_kinds: int = 256,
    keep: Callable[[FittedSubspace], None] = lambda _: None,
) -> Job[list[FittedSubspace]]:
    """Search after each of `blocks`, on training pairs and unseen test pairs of the model's own setting.

    `keep` is called with each result as soon as it is there, so that an interruption loses only the search
    under way.

    Raises UserError where the model does not answer “same” or “different”.
    """
    require_relation(model)
    kinds = all_kinds() if n_kinds == 256 else compositional_kinds()[0]
    draw = partial(interchange_pairs, property=property, kinds=kinds, geometry=model.geometry, task=model.task)
    train_pairs = _training_pairs(draw, property, options)
    test_pairs = draw(options.n_test, seed=2 * options.seed + 102)
    at_once = _blocks_at_once(model, len(train_pairs) + len(test_pairs))
    results: list[FittedSubspace] = []
    for start in range(0, len(blocks), at_once):
        few = blocks[start : start + at_once]
        words = f"{property}: running {2 * (options.n_pairs + options.n_test)} images for {len(few)} layers"
        yield Progress(1000 * start, 1000 * len(blocks), words)
        train, test = cache_pairs(model, train_pairs, few), cache_pairs(model, test_pairs, few)
        for block in few:
            search = search_subspace(model, property, block, train.pop(block), test.pop(block), options)
            fitted = yield from part(search, 1000 * len(results), 1000, 1000 * len(blocks))
            results.append(fitted)
            keep(fitted)
    return results


def _training_pairs(
    draw: Callable[..., list[InterchangePair]], property: Property, options: SearchOptions
) -> list[InterchangePair]:
    """The first of some draws whose items show every class twice, as landmarks need it; of many pairs the first.

    Raises UserError where none of them does.
    """
    for again in range(N_DRAWS):
        pairs = draw(options.n_pairs, seed=2 * (options.seed + 1000 * again) + 101)
        shown = Counter(getattr(item, property) for pair in pairs for item in pair.base.items)
        if min(shown[value] for value in range(N_COLORS)) >= 2:
            return pairs
    raise UserError(f"{options.n_pairs} pairs do not show every {property} twice.", "Use more pairs.")


def _blocks_at_once(model: Model, n_pairs: int) -> int:
    """How many blocks' prefixes fit into CACHE_BYTES, at least 1."""
    n_tokens = model.n_prefix + model.geometry.grid**2
    return max(1, CACHE_BYTES // (n_pairs * n_tokens * model.width * 4))
