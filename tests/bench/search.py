"""The subspace search on cached prefixes against one that runs base and source through the network at every step."""

from __future__ import annotations

import torch
from measure import Row, row_of, take_turns
from network import finished, noise, open_bundled

from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, best_block
from core.engine import advance, embed
from core.families.model import Model
from core.jobs.fit_subspace import SearchOptions, search_subspace
from core.jobs.pair_cache import cache_pairs
from core.stimuli.counterfactuals import interchange_pairs
from core.stimuli.datasets import all_kinds
from core.terminal import watch

SECONDS = 60.0
OPTIONS = SearchOptions(n_pairs=64, epochs=100_000)  # one step an epoch, and no end before the clock's


def rows() -> list[Row]:
    """Steps a second both ways after the demo's block, and how many times as many the cache allows."""
    model = open_bundled()
    block = best_block(subspace_cards(DEFAULT_MODEL), "color")
    pairs = interchange_pairs(OPTIONS.n_pairs, "color", all_kinds(), 1, model.geometry)
    cache = watch(cache_pairs(model, pairs, (block,)), quiet=True)[block]
    search = search_subspace(model, "color", block, cache, cache, OPTIONS)
    x = noise(model, OPTIONS.batch)

    def without_cache() -> None:
        _run_base_and_source(model, x, block)
        next(search)

    sides = {"cached": lambda: next(search), "both": without_cache}
    times = take_turns({name: finished(model, do) for name, do in sides.items()}, seconds=SECONDS)
    search.close()
    words = f"search step after block {block}"
    return [
        row_of(f"{words}, cached prefixes", times, lambda m: 1 / m["cached"], "/s"),
        row_of(f"{words}, both forwards each time", times, lambda m: 1 / m["both"], "/s"),
        row_of(f"{words}, cached : both forwards", times, lambda m: m["both"] / m["cached"]),
    ]


def _run_base_and_source(model: Model, x: torch.Tensor, block: int) -> None:
    """What a step needs where nothing is kept: the base up to the edit, which the step runs on to the end, and the
    source through the whole network."""
    with torch.no_grad(), torch.autocast(model.device.type, torch.bfloat16, enabled=OPTIONS.bfloat16):
        stream = embed(model, x)
        for index in range(block + 1):
            stream = advance(model, stream, index)
        model.network(x)
