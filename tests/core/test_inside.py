from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.attention import attend
from core.engine import advance, read, run
from core.errors import UserError
from core.families.model import Model
from core.inside import read_inside, run_inside
from core.site import PARTS, Part, Site
from tests.core.networks import noise, tiny_model

BLOCK = 1
B, T, D, H, K = 2, 17, 32, 2, 16

SHAPES: dict[Part, tuple[int, ...]] = {
    "resid_pre": (B, T, D),
    "q": (B, H, T, K),
    "k": (B, H, T, K),
    "v": (B, H, T, K),
    "scores": (B, H, T, T),
    "pattern": (B, H, T, T),
    "head_out": (B, H, T, K),
    "attn_out": (B, T, D),
    "mlp_out": (B, T, D),
    "resid_post": (B, T, D),
}


@pytest.fixture(autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


@pytest.fixture(scope="module", params=[{}, {"init_values": 0.3, "qk_norm": True, "scale_attn_norm": True}])
def model(request: pytest.FixtureRequest) -> Model:
    return tiny_model(**request.param)


def entering(model: Model) -> Tensor:
    return run(model, noise(B, 3, 64, 64)).after(BLOCK - 1)  # [B, T, D]


def part(model: Model, name: Part) -> Tensor:
    return read(model, entering(model), Site(BLOCK, name))


@pytest.mark.parametrize("name", PARTS)
def test_every_part_has_the_shape_of_the_table(model: Model, name: Part) -> None:
    assert part(model, name).shape == SHAPES[name]


def test_the_parts_add_up_to_what_leaves_the_block(model: Model) -> None:
    whole = part(model, "resid_pre") + part(model, "attn_out") + part(model, "mlp_out")

    torch.testing.assert_close(whole, part(model, "resid_post"))
    torch.testing.assert_close(part(model, "resid_post"), advance(model, entering(model), BLOCK))


def test_scores_pattern_and_head_output_follow_from_queries_keys_and_values(model: Model) -> None:
    scores = part(model, "q") @ part(model, "k").transpose(-2, -1) * K**-0.5

    torch.testing.assert_close(part(model, "scores"), scores)
    torch.testing.assert_close(part(model, "pattern"), scores.softmax(-1))
    torch.testing.assert_close(part(model, "head_out"), scores.softmax(-1) @ part(model, "v"))


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_edited_is_what_the_pass_goes_on_with(model: Model, name: Part) -> None:
    wanted = noise(*SHAPES[name], seed=3)

    seen: dict[Part, Tensor] = {}

    def put(here: Part, x: Tensor) -> Tensor:
        seen[here] = wanted if here == name else x
        return seen[here]

    out = run_inside(model.blocks[BLOCK], entering(model), put)

    edited = advance(model, entering(model), BLOCK, [(Site(BLOCK, name), lambda _: wanted)])
    torch.testing.assert_close(edited, out, atol=1e-4, rtol=0)
    assert not torch.allclose(out, advance(model, entering(model), BLOCK))
    torch.testing.assert_close(seen["head_out"], wanted if name == "head_out" else seen["pattern"] @ seen["v"])
    if name != "resid_post":
        torch.testing.assert_close(out, seen["resid_pre"] + seen["attn_out"] + seen["mlp_out"])


def test_edits_inside_another_block_do_not_touch_this_one(model: Model) -> None:
    edits = [(Site(BLOCK + 1, "pattern"), lambda p: p * 0)]

    assert torch.equal(advance(model, entering(model), BLOCK, edits), advance(model, entering(model), BLOCK))


@pytest.mark.parametrize("boolean", [True, False])
def test_a_mask_is_applied_as_torchs_own_attention_applies_it(boolean: bool) -> None:
    q, k, v = (noise(1, 2, 5, 4, seed=seed) for seed in range(3))
    mask = noise(5, 5, seed=4) if not boolean else noise(5, 5, seed=4) > -0.5

    mine = attend(q, k, v, 0.5, mask=mask)

    torch.testing.assert_close(mine, F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=0.5))


def test_a_block_without_attention_says_which_part_it_has_not() -> None:
    block = nn.Linear(4, 4)

    for name in ("pattern", "mlp_out"):
        with pytest.raises(UserError, match=f"A Linear has no {'attention pattern' if name == 'pattern' else 'MLP'}"):
            read_inside(block, noise(1, 3, 4), name)


def test_a_visit_may_run_other_passes_through_the_same_block(model: Model) -> None:
    x, other = entering(model), entering(model) * 0.5
    swapped: tuple[Part, ...] = ("q", "mlp_out")

    def swap(part: Part, value: Tensor) -> Tensor:
        return read(model, other, Site(BLOCK, part)) if part in swapped else value

    out = run_inside(model.blocks[BLOCK], x, swap)

    values = {part: read(model, other, Site(BLOCK, part)) for part in swapped}
    fixed = [(Site(BLOCK, part), lambda _, value=value: value) for part, value in values.items()]
    torch.testing.assert_close(out, advance(model, x, BLOCK, fixed))
    assert not torch.allclose(out, advance(model, x, BLOCK))
