"""Distributed alignment search: learn the subspace that carries a property, by interchange interventions.

Source: Geiger et al. 2023; Lepori et al. 2024, distributed alignment search; docs/methods.md, "DAS".
What we changed: prefixes are computed once, and the rotation once a step; a search may leave out background tokens and
start at the class means. What is measured is always measured on all tokens.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import orthogonal

from core.assets.subspace_files import landmarks, learned_subspaces
from core.engine import resume
from core.errors import UserError
from core.families.files import open_model
from core.families.model import Model, require_relation
from core.jobs.pair_cache import PairCache, cache_pairs
from core.locations import subspace_folders
from core.progress import Job, Progress, part
from core.site import block_words
from core.stimuli.counterfactuals import InterchangePair, interchange_pairs
from core.stimuli.datasets import all_kinds, compositional_kinds
from core.stimuli.stimulus import N_COLORS, Property
from core.stimuli.tokens import write_coordinates

N_DRAWS = 20
STARTS = ("random", "class means")
LEAD = 3.0
"""How far the axes of another model's subspace are in the mask before the first step, and the others out of it."""
CACHE_BYTES = 4 * 2**30
"""Memory that the prefixes of a search may take."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """Settings of a search; the defaults are the study's.

    `start` is the rotation before the first step: a random one, one whose first axes span what tells the means of the
    property's classes apart, or that of another model, by its name: what one model compares along, a model that was
    fine-tuned from it does too, more or less. `keep_background` is the share of background tokens that the search runs
    on: for a model that was trained with few of them a few are enough, and quick.
    """

    n_pairs: int = 2000
    n_test: int = 2000
    epochs: int = 20
    batch: int = 64
    start: str = "random"
    keep_background: float = 1.0
    rotation_lr: float = 1e-3
    mask_lr: float = 1e-2
    mask_penalty: float = 1e-3
    warmup_share: float = 0.1
    lowest_temperature: float = 1 / 200
    bfloat16: bool = True
    seed: int = 0


@dataclass(frozen=True, slots=True)
class FittedSubspace:
    """What a search found: tensors to save and the card that says how good it is."""

    tensors: dict[str, Tensor]
    card: dict[str, Any]


def interchange(x: Tensor, tokens: Tensor, donor: Tensor, rotation: Tensor, mask: Tensor) -> Tensor:
    """The stream [B, T, D] with tokens [B, n] moved towards `donor` [B, n, D] where the mask [D] says so.

    x'_t = x_t + ((m ⊙ ((d_t − x_t) R)) Rᵀ,   R orthogonal [D, D], m in 0–1
    """
    return write_coordinates(x, tokens, donor @ rotation, rotation, mask)


class _Search(nn.Module):
    """The rotation [D, D], tied over tokens, and the mask logits; the first axes span `first` [D, n].

    With a `lead` they are more in the mask than the others from the beginning.
    """

    def __init__(self, first: Tensor, generator: torch.Generator, lead: float = 0.0) -> None:
        super().__init__()
        width, n = first.shape
        rest = torch.randn(width, width - n, generator=generator)
        start = torch.linalg.qr(torch.cat([first, rest], 1)).Q
        layer = nn.Linear(width, width, bias=False)
        orthogonal(layer, "weight")
        layer.weight = start
        self.rotation = layer
        self.mask_logits = nn.Parameter(torch.full((width,), -lead).index_fill(0, torch.arange(n), lead))


def class_directions(values: Tensor, classes: Tensor) -> Tensor:
    """Orthonormal axes [D, C − 1] that span the differences between the class means of values [N, D]."""
    means = torch.stack([values[classes == c].mean(0) for c in classes.unique()])  # [C, D]
    axes: Tensor = torch.linalg.svd(means - means.mean(0), full_matrices=False).Vh[:-1].T
    return axes


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
    model: Model,
    property: Property,
    block: int,
    train: PairCache,
    test: PairCache,
    options: SearchOptions,
    start: Tensor | None = None,
) -> Job[FittedSubspace]:
    """Learn rotation and mask after `block` on `train`, measure on `test` in fp32; `start` is a basis [D, S] to begin
    with, in place of what the options say.

    After the last block an edit of item tokens cannot reach a CLS read-out, so there is nothing to learn, and
    swapping every dimension must succeed in exactly the share of the base error; that is asserted.
    """
    generator = torch.Generator().manual_seed(options.seed)
    search = _begun(model, train, options, generator, start)
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
    seen_whole = train if options.keep_background == 1.0 else test
    basis = rotation[:, mask > 0]
    tensors = {"basis": basis, **landmarks(basis.cpu(), *_item_values(seen_whole), N_COLORS)}
    found = {"iia": iia, "wrong_object_iia": wrong, "base_accuracy": 1.0 - error, "n_test": len(test)}
    card = {
        "property": property,
        "block": block,
        **model.stamp,
        **found,
        "subspace_size": basis.shape[1],
        "width": model.width,
        "options": asdict(options),
        "date": datetime.date.today().isoformat(),
        "torch": torch.__version__,
    }
    return FittedSubspace(tensors, card)


def _begun(
    model: Model, train: PairCache, options: SearchOptions, generator: torch.Generator, start: Tensor | None
) -> _Search:
    """The search before its first step."""
    if start is not None:
        return _Search(start.cpu(), generator, LEAD).to(model.device)
    return _Search(_first_axes(model, train, options), generator).to(model.device)


def _item_values(cache: PairCache) -> tuple[Tensor, Tensor]:
    """The items' token means [N I, D] and classes [N I]."""
    return cache.item_values.flatten(0, 1).cpu(), cache.classes.flatten().cpu()


def _first_axes(model: Model, train: PairCache, options: SearchOptions) -> Tensor:
    """The axes [D, n] that the rotation starts with, none where it starts at random."""
    return torch.empty(model.width, 0) if options.start == "random" else class_directions(*_item_values(train))


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
            yield Progress(done, total, f"{property}, after {block_words(block)}", measured)


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

    Raises UserError where the model does not answer “same” or “different”, or a model to start from has no subspace.
    """
    require_relation(model)
    starts = {} if options.start in STARTS else _subspaces_of(options.start, property, blocks, model)
    if options.keep_background < 1.0:
        _check_any_tokens(model)
    train_pairs, test_pairs = _drawn(model, property, options, n_kinds)
    at_once = _blocks_at_once(model, len(train_pairs) + len(test_pairs))
    results: list[FittedSubspace] = []
    for start in range(0, len(blocks), at_once):
        few = blocks[start : start + at_once]
        share = options.keep_background
        caching = cache_pairs(model, train_pairs, few, keep_background=share, seed=options.seed)
        train = yield from part(caching, 1000 * start, 0, 1000 * len(blocks))
        test = yield from part(cache_pairs(model, test_pairs, few), 1000 * start, 0, 1000 * len(blocks))
        for block in few:
            caches = train.pop(block), test.pop(block)
            search = search_subspace(model, property, block, *caches, options, starts.get(block))
            fitted = yield from part(search, 1000 * len(results), 1000, 1000 * len(blocks))
            results.append(fitted)
            keep(fitted)
    return results


def _subspaces_of(reference: str, property: Property, blocks: Sequence[int], model: Model) -> dict[int, Tensor]:
    """The bases [D, S] that another model has after these blocks.

    Raises UserError where it cannot be opened, has none after one of them, or is of another width.
    """
    try:
        other = open_model(reference, model.device)
    except UserError as error:
        raise UserError(error.message, f"Start: {', '.join(STARTS)}, or a model. {error.hint}") from error
    learned = learned_subspaces(subspace_folders(reference), other)[0]
    missing = [block for block in blocks if (property, block) not in learned]
    if missing or other.width != model.width:
        where = map(block_words, missing)
        word = "colour" if property == "color" else property
        why = f"has no subspace of {word} after {', '.join(where)}" if missing else f"is {other.width} wide"
        raise UserError(f"{other.name} {why}, so the search cannot start from it.", f"Start: {' or '.join(STARTS)}.")
    return {block: learned[property, block].basis for block in blocks}


def _check_any_tokens(model: Model) -> None:
    """Raises UserError where blocks do not run on fewer tokens than the whole picture has."""
    try:
        with torch.no_grad():
            model.wiring.advance(0, torch.zeros(1, model.n_prefix + 2, model.width, device=model.device))
    except (RuntimeError, ValueError, AssertionError) as error:
        raise UserError(
            f"{model.name} does not run on a part of its tokens.", "Search on all of them: --keep-background 1."
        ) from error


def _drawn(
    model: Model, property: Property, options: SearchOptions, n_kinds: int
) -> tuple[list[InterchangePair], list[InterchangePair]]:
    """The pairs to search on, and unseen ones to measure on."""
    kinds = all_kinds() if n_kinds == 256 else compositional_kinds()[0]
    draw = partial(interchange_pairs, property=property, kinds=kinds, geometry=model.geometry, task=model.task)
    seeds = range(options.seed, options.seed + 1000 * N_DRAWS, 1000)
    train = _pairs_that_show_all(draw, property, options.n_pairs, [2 * seed + 101 for seed in seeds])
    test_seeds = [2 * seed + 102 for seed in seeds]
    if options.keep_background < 1.0:  # landmarks are those of whole pictures
        return train, _pairs_that_show_all(draw, property, options.n_test, test_seeds)
    return train, draw(options.n_test, seed=test_seeds[0])


def _pairs_that_show_all(
    draw: Callable[..., list[InterchangePair]], property: Property, n: int, seeds: Iterable[int]
) -> list[InterchangePair]:
    """The first of some draws whose items show every class twice, as landmarks need it; of many pairs the first.

    Raises UserError where none of them does.
    """
    for seed in seeds:
        pairs = draw(n, seed=seed)
        shown = Counter(getattr(item, property) for pair in pairs for item in pair.base.items)
        if min(shown[value] for value in range(N_COLORS)) >= 2:
            return pairs
    raise UserError(f"{n} pairs do not show every {property} twice.", "Use more pairs.")


def _blocks_at_once(model: Model, n_pairs: int) -> int:
    """How many blocks' prefixes fit into CACHE_BYTES, at least 1."""
    n_tokens = model.n_prefix + model.geometry.grid**2
    return max(1, CACHE_BYTES // (n_pairs * n_tokens * model.width * 4))
