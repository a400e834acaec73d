from __future__ import annotations

import numpy as np
import torch

from core.analyses.item_shares import item_masses
from core.engine import attention_rows, read, run, to_input
from core.site import Site
from core.stimuli.datasets import all_kinds, discrimination
from core.stimuli.render import render
from core.stimuli.tokens import item_tokens
from core.studies.measures.attention import item_masses as studied
from tests.core.networks import finish, noise, tiny_model

ITEMS = ((1, 2), (5, 6))


def pattern(*keys: tuple[int, ...]) -> torch.Tensor:
    """A pattern [1, 8, 8] of one head, in which each query token spreads its attention evenly over its keys."""
    out = torch.zeros(1, 8, 8)
    for query, attended in enumerate(keys):
        out[0, query, list(attended)] = 1 / len(attended)
    return out


def test_masses_are_means_over_the_tokens_of_an_item() -> None:
    by_hand = pattern((0,), (1, 2), (5,), (3,), (0,), (0, 3), (6, 1))

    masses = item_masses(by_hand, ITEMS, n_prefix=1)

    # of item 0: token 1 stays, token 2 looks at item 1; of item 1: half CLS, half background, half itself, half item 0
    assert masses.tolist() == [[[0.5, 0.5, 0, 0], [0.25, 0.25, 0.25, 0.25]]]


def test_registers_are_no_background() -> None:
    masses = item_masses(pattern((0,), (3,), (3,), (3,), (3,), (3,), (3,)), ((4,), (5, 6)), n_prefix=4)

    assert masses.tolist() == [[[0, 0, 0, 1], [0, 0, 0, 1]]]


def test_live_masses_are_those_of_the_study() -> None:
    model = tiny_model(img_size=64)
    stimulus = discrimination(2, all_kinds(), 0, model.geometry)[0].stimulus
    wanted = finish(studied(model, [stimulus]))
    with torch.inference_mode():
        streams = run(model, to_input(model, render(stimulus)[None])).residuals
        tokens = item_tokens(model, [stimulus])[0].tolist()

        for block in range(model.n_blocks):
            whole = read(model, streams[block], Site(block, "pattern"))[0]
            live = item_masses(whole, tokens, model.n_prefix)
            np.testing.assert_allclose(live.numpy(), wanted[0, block], atol=1e-6)


def test_the_pattern_holds_the_rows_of_every_query() -> None:
    model = tiny_model(reg_tokens=2)
    with torch.inference_mode():
        streams = run(model, noise(1, 3, 64, 64)).residuals

        for block in range(model.n_blocks):
            whole = attention_rows(model, streams[block], block, torch.arange(19))[0]  # [H, T, T]
            torch.testing.assert_close(read(model, streams[block], Site(block, "pattern"))[0], whole)
