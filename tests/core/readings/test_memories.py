from __future__ import annotations

from typing import Any

import pytest
import torch
from timm.layers import SwiGLUPacked

from core.engine import advance, embed, read
from core.interventions.context import Context
from core.interventions.knock_out_heads import KnockOutHeads
from core.readings.memories import (
    SUBLAYERS,
    class_value_agreement,
    is_composed_of_strongest,
    key_value_agreement,
    pass_block,
    random_values,
    values_of,
)
from core.site import Site
from tests.core.networks import noise, tiny_model

NETWORKS: dict[str, dict[str, Any]] = {
    "as timm has it": {},
    "LayerScale and registers": {"init_values": 0.5, "reg_tokens": 2},
    "gated MLP": {"mlp_layer": SwiGLUPacked},
    "norm within the MLP": {"scale_mlp_norm": True},
}


@pytest.mark.parametrize("options", NETWORKS.values(), ids=NETWORKS)
def test_what_a_sublayer_adds_is_the_sum_of_what_its_memories_add(options: dict[str, Any]) -> None:
    model = tiny_model(seed=2, **options)
    x = embed(model, noise(2, 3, 64, 64))
    for block in range(model.n_blocks):
        seen, values = pass_block(model, x, block), values_of(model, block)
        for part in SUBLAYERS:
            added = seen.coefficients[part] @ values[part]  # [B, T, D]
            constant = seen.parts[part] - added
            torch.testing.assert_close(constant, constant[:1, :1].expand_as(constant), atol=1e-4, rtol=0)
            torch.testing.assert_close(seen.parts[part], read(model, x, Site(block, part)))
            assert added.std() > 0.05
        x = advance(model, x, block)
        torch.testing.assert_close(seen.after, x)


def test_an_edit_is_in_what_fires() -> None:
    model = tiny_model(seed=2)
    x = embed(model, noise(1, 3, 64, 64))
    off = KnockOutHeads(0, (1,))

    seen = pass_block(model, x, 0, [(off.site, lambda value: off.apply(value, Context(())))])

    fired = seen.coefficients["attn_out"][0].unflatten(-1, (2, -1))  # [T, H, K]
    assert fired[:, 0].abs().max() > 0.1
    assert not fired[:, 1].any()


def test_agreement_of_weights_is_a_cosine() -> None:
    weight, values = torch.eye(3, 8), torch.cat([5 * torch.eye(8)[1:2], -torch.eye(8)[:1]])

    assert class_value_agreement(weight, values).tolist() == [[0, -1], [1, 0], [0, 0]]


def test_random_vectors_agree_by_chance_alone() -> None:
    values = random_values(torch.empty(500, 64))

    best = class_value_agreement(noise(20, 64, seed=5), values).amax(1)

    assert 0.3 < float(best.mean()) < 0.5


def test_a_memory_that_fires_and_holds_the_class_agrees() -> None:
    scores = torch.zeros(12, 40)
    scores[3, 7] = scores[4, 8] = 1.0  # memory 7 holds class 3, memory 8 class 4
    scores[:3, 30:], scores[:, 20:25] = 0.5, torch.linspace(0.6, 0.4, 12)[:, None]
    fired = torch.zeros(1, 2, 40)
    fired[0, 0, [7, 10, 11, 12, 13]] = 2.0
    fired[0, 1, [8, 14, 15, 16, 17]] = 2.0

    for direction in ("memories of the class", "classes of the memories"):
        agrees = key_value_agreement(scores, fired, torch.tensor([3]), direction)  # type: ignore[arg-type]
        assert agrees[0, 0]
    assert key_value_agreement(scores, fired, torch.tensor([3])).tolist() == [[True, False]]
    assert key_value_agreement(scores, fired, torch.tensor([4])).tolist() == [[False, True]]


def test_the_directions_differ_where_a_weak_memory_knows_nothing_better() -> None:
    scores = torch.zeros(4, 10)
    scores[1, 9] = 0.1  # all that memory 9 knows, yet others know class 1 better
    scores[1, :5] = 1.0
    scores[0, :5] = 2.0
    fired = torch.zeros(1, 1, 10)
    fired[..., 5:] = 1.0

    assert not key_value_agreement(scores, fired, torch.tensor([1])).any()
    assert key_value_agreement(scores, fired, torch.tensor([1]), "classes of the memories").all()


def test_an_output_that_no_strong_memory_says_is_a_mixture() -> None:
    scores = torch.eye(4, 10)
    fired = torch.zeros(1, 2, 10)
    fired[..., :1] = 3.0
    fired[..., 5:9] = 1.0

    assert is_composed_of_strongest(scores, fired, torch.tensor([[0, 3]])).tolist() == [[True, False]]
