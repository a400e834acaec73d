from __future__ import annotations

import torch

from core.analyses.attention_pattern import attention_pattern, head_score
from core.engine import attention_rows, run
from tests.core.networks import noise, tiny_model

ITEMS = ((1, 2), (5, 6))


def rows(*keys: tuple[int, ...]) -> torch.Tensor:
    """Attention [1, 1, Q, 8] of each query token, spread evenly over its keys."""
    out = torch.zeros(1, 1, len(keys), 8)
    for query, attended in enumerate(keys):
        out[0, 0, query, list(attended)] = 1 / len(attended)
    return out


def test_attention_within_the_own_item_is_local() -> None:
    assert head_score(rows((1, 2), (1,), (5,), (6, 5)), ITEMS, n_prefix=1).item() == 0


def test_attention_to_the_other_item_or_the_background_is_global() -> None:
    assert head_score(rows((5, 6), (3,), (1,), (7, 4)), ITEMS, n_prefix=1).item() == 1


def test_attention_to_prefix_tokens_is_not_global() -> None:
    assert head_score(rows((0,), (0, 3), (0,), (0,)), ITEMS, n_prefix=1).item() == 0.125
    assert head_score(rows((3,), (3,), (3,), (3,)), ITEMS, n_prefix=4).item() == 0


def test_every_item_token_counts_the_same_where_items_have_different_extents() -> None:
    items = ((1,), (4, 5, 6))

    score = head_score(rows((7,), (4,), (5,), (6,)), items, n_prefix=1)

    assert score.item() == 0.25


def test_the_pattern_holds_the_rows_of_every_query() -> None:
    model = tiny_model(reg_tokens=2)
    with torch.inference_mode():
        streams = run(model, noise(1, 3, 64, 64)).residuals

        for block in range(model.n_blocks):
            whole = attention_rows(model, streams[block], block, torch.arange(19))[0]  # [H, T, T]
            torch.testing.assert_close(attention_pattern(model, streams[block], block), whole)
