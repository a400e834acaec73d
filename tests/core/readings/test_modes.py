"""Query-key modes: their identities on our networks and on those of other families."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from core.engine import advance, read
from core.errors import UserError
from core.families.model import Model, check_runnable, geometry_of
from core.readings.modes import BlockModes, block_modes, peaks, shares, singular_modes
from core.readings.query_key import query_key
from core.site import Site
from tests.core.networks import noise, orthogonal, tiny_model
from tests.core.timm_networks import small

EXACT = {
    "fused": "vit_base_patch16_224",
    "positions as a bias": "beit_base_patch16_224",
    "relative positions, norms after": "vit_relpos_base_patch16_rpn_224",
    "norms by length": "aimv2_1b_patch14_336",
    "torch's own attention": "naflexvit_so400m_patch16_siglip",
    "registers": "vit_giant_patch14_reg4_dinov2",
    "separate": "eva_giant_patch14_clip_224",
}
POSITION_FREE = {"rotary": "eva02_small_patch14_224", "mixed heads": "cait_xxs24_384"}
NORMED = {"normed queries and keys": "vit_huge_patch16_sapiens2", "of another kind": "gemma4_vit_570m"}


def model_of(name: str) -> Model:
    network = small(name)
    return Model(check_runnable(network), geometry_of(network))


def score_error(model: Model, block: int) -> float:
    """The largest difference between a block's own scores and what all modes, bias and positions make, rows centred."""
    with torch.no_grad():
        modes = block_modes(model, block)
        x = advance(model, noise(1, model.wiring.n_tokens, model.width, seed=3), block)  # [1, T, D]
        own = read(model, x, Site(block, "scores"))[0]  # [H, T, T]
        made = rebuilt(modes, x[0])
    apart = centred(own) - centred(made)
    return float(apart.abs().max() / centred(own).abs().max())


def rebuilt(modes: BlockModes, stream: Tensor) -> Tensor:
    query, key = modes.sides(stream)  # [H, N, T]
    scores = modes.scale * ((query * modes.sigma[..., None]).mT @ key + modes.popularity(stream)[:, None])
    return scores if modes.made.positions is None else scores + modes.made.positions


def centred(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


def test_all_modes_and_the_bias_are_the_networks_own_scores() -> None:
    model = tiny_model()

    assert max(score_error(model, block) for block in range(model.n_blocks)) <= 1e-4


@pytest.mark.parametrize("case", EXACT)
def test_all_modes_are_the_scores_of_every_family_that_has_them(case: str) -> None:
    assert score_error(model_of(EXACT[case]), 1) <= 1e-4


@pytest.mark.parametrize("case", POSITION_FREE)
def test_scores_that_are_more_than_products_are_said_to_be(case: str) -> None:
    model = model_of(POSITION_FREE[case])

    with torch.no_grad():
        modes = block_modes(model, 1)

    assert modes.made.obstacle
    assert torch.isfinite(modes.weighted_cosines).all()


@pytest.mark.parametrize("case", NORMED)
def test_where_queries_and_keys_are_normalised_only_the_papers_modes_are_given(case: str) -> None:
    model = model_of(NORMED[case])

    with torch.no_grad():
        modes = block_modes(model, 1, "paper")

    assert modes.sigma.shape[0] == model.n_heads
    with torch.no_grad(), pytest.raises(UserError, match="normalises its queries and keys") as refusal:
        block_modes(model, 1)
    assert "paper" in refusal.value.hint


@pytest.mark.parametrize("name", ["vit_small_patch16_18x2_224", "xcit_nano_12_p16_224"])
def test_a_block_without_one_attention_over_tokens_is_refused_in_words(name: str) -> None:
    import timm

    network: nn.Module = small(name) if "18x2" in name else timm.create_model(name, depth=2, num_classes=5).eval()
    model = Model(check_runnable(network), geometry_of(network))

    with torch.no_grad(), pytest.raises(UserError, match=r"side by side|no queries") as refusal:
        block_modes(model, 0)
    assert refusal.value.hint


def test_the_weights_that_are_found_are_those_in_the_network() -> None:
    model = tiny_model()
    attention = model.blocks[1].attn
    fused = attention.qkv.weight.unflatten(0, (3, attention.num_heads, -1))  # [3, H, K, D]

    with torch.no_grad():
        found = query_key(model, 1)

    assert torch.equal(found.wq, fused[0])
    assert torch.equal(found.wk, fused[1])
    assert found.norm is not None
    torch.testing.assert_close(found.scale, attention.scale)


def test_singular_triplets_are_those_of_the_whole_matrix() -> None:
    wq, wk = noise(8, 32, seed=1), noise(8, 32, seed=2)

    sigma, u, v = singular_modes(wq, wk)

    whole = wq.T @ wk
    torch.testing.assert_close(sigma, torch.linalg.svdvals(whole)[:8], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(u.T @ torch.diag(sigma) @ v, whole, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(u @ u.T, torch.eye(8), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(v @ v.T, torch.eye(8), rtol=1e-5, atol=1e-5)


def test_planted_pairs_are_found_in_their_order() -> None:
    left, right, mix = orthogonal(32, seed=1)[:4], orthogonal(32, seed=2)[:4], orthogonal(4, seed=3)
    planted = torch.tensor([9.0, 5.0, 2.0, 0.5])

    sigma, u, v = singular_modes(mix @ (planted[:, None] * left), mix @ right)

    torch.testing.assert_close(sigma, planted, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close((u * left).sum(-1) * (v * right).sum(-1), torch.ones(4), rtol=1e-4, atol=1e-4)


def test_the_weighted_cosine_is_trace_over_nuclear_norm() -> None:
    model = tiny_model()

    with torch.no_grad():
        modes = block_modes(model, 0, "paper")
        products = (modes.wq * modes.wk).sum((1, 2)) / modes.sigma.sum(-1)  # ⟨Wq, Wk⟩ / Σσ
        matrices = modes.wq.mT @ modes.wk  # [H, D, D]
        traces = torch.stack([m.trace() / torch.linalg.svdvals(m).sum() for m in matrices])

    torch.testing.assert_close(modes.weighted_cosines, products, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(modes.weighted_cosines, traces, rtol=1e-4, atol=1e-5)


def test_the_cosines_of_random_weights_stay_within_the_band_of_chance() -> None:
    model = tiny_model(embed_dim=96, num_heads=6)
    made = query_key(model, 0)
    for part, seed in ((made.wq, 1), (made.wk, 2)):
        part.copy_(noise(*part.shape, seed=seed))
    _, u, v = singular_modes(made.wq, made.wk)
    cosines = (u * v).sum(-1)

    assert float((cosines.abs() < 1.96 / 96**0.5).float().mean()) > 0.85


@pytest.mark.parametrize("name", ["tiny", "beit_base_patch16_224"])
def test_the_shares_of_modes_bias_and_positions_add_up_to_one(name: str) -> None:
    model = tiny_model() if name == "tiny" else model_of(name)
    stream = noise(model.wiring.n_tokens, model.width, seed=4)

    with torch.no_grad():
        whole, rows = shares(block_modes(model, 1), 1, stream, model.n_prefix)

    torch.testing.assert_close(whole.sum(), torch.tensor(1.0), atol=1e-4, rtol=0)
    torch.testing.assert_close(rows.sum(0), torch.ones(len(stream)), atol=1e-4, rtol=0)
    assert whole[-2] != 0
    assert (whole[-1] != 0) == (name != "tiny")


def test_a_mode_that_makes_all_of_the_scores_has_the_share_one_and_the_largest_peak() -> None:
    model = tiny_model()
    stream = noise(model.wiring.n_tokens, model.width, seed=5)
    with torch.no_grad():
        lone = block_modes(model, 1, "paper")
        lone.sigma[0, 1:] = 0

        (whole, rows), (peak, of_tokens) = (measure(lone, 0, stream, 1) for measure in (shares, peaks))

    torch.testing.assert_close(whole[0], torch.tensor(1.0))
    torch.testing.assert_close(rows[0], torch.ones(17))
    assert int(peak.argmax()) == 0
    assert float(peak[1:].abs().max()) == 0
    torch.testing.assert_close(of_tokens[:, 1:].amax(1), peak)


def test_a_peak_of_two_negative_maxima_is_none() -> None:
    from core.readings.modes import best_of_signs

    query, key = torch.tensor([[-1.0, -2.0]]), torch.tensor([[-3.0, -0.5]])

    assert best_of_signs(query, key)[:, 0].tolist() == [0.0, 6.0]
