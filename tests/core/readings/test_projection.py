"""The class-embedding projection: its identities on every architecture, ranks, and what it refuses."""

from __future__ import annotations

import pytest
import torch
from timm.models.vision_transformer import ParallelScalingBlock
from torch import Tensor

from core.engine import advance, read_out, run
from core.errors import UserError
from core.families.model import Model, geometry_of
from core.families.readouts import ClassAndMean
from core.interventions.context import Context
from core.interventions.knock_out_heads import KnockOutHeads
from core.readings.projection import identifiability, is_token_wise, parts_of, project, ranks
from core.wiring import images
from tests.core.networks import TINY, noise, tiny_model
from tests.core.timm_networks import perturbed, small

FAMILIES = (
    "beit_base_patch16_224",
    "deit3_medium_patch16_224",
    "deit_small_distilled_patch16_224",
    "eva02_large_patch14_448",
    "vit_small_plus_patch16_dinov3",
    "vit_base_patch16_rope_mixed_224",
    "naflexvit_base_patch16_parfac_gap",
    "naflexvit_so400m_patch16_radio_v4",
    "aimv2_1b_patch14_224",
    "vit_base_patch16_rpn_224",
    "vit_base_patch16_siglip_gap_512",
    "vit_medium_patch16_reg1_gap_256",
    "vit_small_patch14_reg4_dinov2",
    "vit_base_mci_224",
    "vit_relpos_base_patch16_cls_224",
    "vit_relpos_small_patch16_224",
)
MIXERS = ("vit_so400m_patch14_siglip_384", "cait_xxs24_224", "naflexvit_so400m_patch16_siglip")


def opened(name: str) -> Model:
    network = small(name)
    return Model(network, geometry_of(network), name=name)


def last_stream(model: Model, n: int = 2) -> tuple[Tensor, Tensor]:
    """The stream [B, T, D] after the last block, and the network's own logits [B, C]."""
    x = images(model.network, model.geometry.image_px, n, seed=3)
    return run(model, x).after(model.n_blocks - 1), model.network(x)


@pytest.mark.parametrize("name", FAMILIES)
@torch.no_grad()
def test_what_is_projected_of_the_last_block_adds_up_to_the_logits_of_every_architecture(name: str) -> None:
    model = opened(name)
    x, logits = last_stream(model)
    told = project(model, x)  # [B, T, C]
    patches = slice(model.n_prefix, None)

    if model.reads_cls_only:
        found = told[:, 0]
    elif hasattr(model.network, "head_dist"):
        found = told[:, :2].mean(1)
    elif not isinstance(getattr(model.network, "fc_norm", None), torch.nn.Identity | None):
        found = project(model, x[:, patches].mean(1, keepdim=True).expand_as(x))[:, 0]  # the norm is after the mean
    else:
        found = told[:, patches].mean(1)

    torch.testing.assert_close(found, logits, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_head_on_cls_and_the_mean_of_patches_reads_a_token_as_both() -> None:
    network = perturbed(ClassAndMean(**{**TINY, "num_classes": 7}))
    model = Model(network, geometry_of(network))
    h = noise(1, 3, 32)

    told = project(model, h)

    for token in range(3):
        everywhere = h[:, token, None].expand(-1, model.wiring.n_tokens, -1)
        torch.testing.assert_close(told[:, token], read_out(model, everywhere))


@torch.no_grad()
def test_each_special_token_of_a_distilled_network_is_read_by_its_own_head() -> None:
    model = opened("deit_small_distilled_patch16_224")
    x, _ = last_stream(model)
    network = model.network

    told = project(model, x)

    torch.testing.assert_close(told[:, 0], network.head(network.norm(x)[:, 0]))
    torch.testing.assert_close(told[:, 1], network.head_dist(network.norm(x)[:, 1]))
    both = (network.head(network.norm(x)[:, 2]) + network.head_dist(network.norm(x)[:, 2])) / 2
    torch.testing.assert_close(told[:, 2], both)


@torch.no_grad()
def test_it_is_norm_weight_and_bias_of_the_network_written_out() -> None:
    model = tiny_model(num_classes=10)
    h = noise(2, 17, 32)
    head, norm = model.network.head, model.network.norm
    normed = (h - h.mean(-1, keepdim=True)) / (h.var(-1, keepdim=True, correction=0) + norm.eps).sqrt()

    expected = (normed * norm.weight + norm.bias) @ head.weight.T + head.bias

    torch.testing.assert_close(project(model, h), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", MIXERS)
@torch.no_grad()
def test_a_read_out_that_mixes_tokens_is_refused_by_the_name_of_its_part(name: str) -> None:
    model = opened(name)

    with pytest.raises(UserError, match=r"mixes tokens by .*(attn_pool|blocks_token_only)"):
        project(model, noise(1, model.wiring.n_tokens, model.width))


@torch.no_grad()
def test_a_largest_value_over_patches_is_not_token_wise() -> None:
    assert not is_token_wise(tiny_model(global_pool="max", class_token=False))


@pytest.mark.parametrize("name", ["vit_base_patch16_rpn_224", "vit_small_patch14_reg4_dinov2"])
@torch.no_grad()
def test_the_parts_of_a_block_are_what_is_added_to_the_stream(name: str) -> None:
    model = opened(name)
    x = noise(2, model.wiring.n_tokens, model.width)

    parts = parts_of(model, x, 1)

    torch.testing.assert_close(parts["resid_mid"], x + parts["attn_out"])
    torch.testing.assert_close(parts["resid_post"], parts["resid_mid"] + parts["mlp_out"])
    torch.testing.assert_close(parts["resid_post"], advance(model, x, 1))


@torch.no_grad()
def test_edits_inside_a_block_are_in_its_parts() -> None:
    model = tiny_model()
    off = KnockOutHeads(1, (0, 1))
    edit = (off.site, lambda value: off.apply(value, Context(())))
    x = noise(1, 17, 32)

    parts = parts_of(model, x, 1, [edit])

    bias = model.network.blocks[1].attn.proj.bias
    torch.testing.assert_close(parts["attn_out"], bias.expand_as(x))
    torch.testing.assert_close(parts["resid_post"], advance(model, x, 1, [edit]))


@torch.no_grad()
def test_a_block_that_adds_both_at_once_has_no_parts() -> None:
    model = tiny_model(block_fn=ParallelScalingBlock)

    with pytest.raises(UserError, match="attention output"):
        parts_of(model, noise(1, 17, 32), 0)


def test_the_rank_of_a_class_counts_from_the_largest_logit() -> None:
    logits = torch.tensor([[0.1, 3.0, -1.0, 2.0], [5.0, 5.0, 5.0, 5.0]])

    assert [ranks(logits, label)[0].item() for label in range(4)] == [2, 0, 3, 1]
    assert [ranks(logits, label)[1].item() for label in range(4)] == [0, 1, 2, 3]  # of equals the first


@pytest.mark.parametrize("n_classes", [2, 10, 1000])
def test_random_logits_identify_a_class_by_chance(n_classes: int) -> None:
    logits = noise(4000, n_classes)

    found = identifiability(ranks(logits, n_classes // 2), n_classes)

    assert found.mean().item() == pytest.approx(0.5 + 1 / (2 * n_classes), abs=0.02)
    assert found.max() == 1
    assert found.min() >= 1 / n_classes - 1e-6
