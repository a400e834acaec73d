from __future__ import annotations

from pathlib import Path

import pytest
import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from core.engine import parity_error
from core.errors import UserError
from core.families.files import open_model, save_low_rank, save_model
from core.families.low_rank import TUNED, LowRankLinear, add_low_rank, low_rank_state, merged, take_low_rank
from core.families.model import weights_hash
from tests.core.networks import CARD, TINY, noise, tiny_network

CPU = torch.device("cpu")
HEADLESS = {**CARD, "network": {**CARD["network"], "num_classes": 0}, "labels": []}


def learned(seed: int = 0, rank: int = 3, scale: float = 2.0) -> VisionTransformer:
    """A tiny network with matrices beside its layers, as if they had been trained."""
    network = tiny_network()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        add_low_rank(network, rank, scale)
        for name, value in network.named_parameters():
            if name.endswith(("low_rank_a", "low_rank_b")):
                nn.init.normal_(value, std=0.1)
    return network.requires_grad_(False)


def test_every_linear_layer_of_a_block_gets_two_matrices_and_nothing_else_learns() -> None:
    network = tiny_network()

    add_low_rank(network, 3, 2.0)

    assert {name for name, module in network.named_modules() if isinstance(module, LowRankLinear)} == {
        f"blocks.{block}.{layer}" for block in range(3) for layer in TUNED if "_proj" not in layer
    }
    assert {name.rpartition(".")[2] for name, p in network.named_parameters() if p.requires_grad} == {
        "low_rank_a",
        "low_rank_b",
    }


def test_before_anything_was_learned_the_network_is_its_parent() -> None:
    network, x = tiny_network(), noise(2, 3, 64, 64)
    before = network(x)

    add_low_rank(network, 3, 2.0)

    assert torch.equal(network(x), before)


def test_merged_weights_answer_as_the_two_matrices_beside_the_parent_do() -> None:
    network, x = learned(), noise(2, 3, 64, 64)
    whole = tiny_network(seed=9)

    whole.load_state_dict(merged(tiny_network().state_dict(), low_rank_state(network), 2.0))

    torch.testing.assert_close(whole(x), network(x), atol=1e-5, rtol=1e-5)
    assert (whole(x) - tiny_network()(x)).abs().max() > 1e-2, "something was learned"


def test_what_was_learned_goes_on_where_it_was_left() -> None:
    first, second = learned(seed=1), learned(seed=2)

    take_low_rank(second, low_rank_state(first))

    assert weights_hash(second.state_dict()) == weights_hash(first.state_dict())
    with pytest.raises(ValueError, match="low_rank_a"):
        take_low_rank(learned(rank=4), low_rank_state(first))


def test_a_network_without_these_layers_is_refused() -> None:
    with pytest.raises(ValueError, match=r"attn\.qkv"):
        add_low_rank(nn.Sequential(nn.Linear(2, 2)), 3, 2.0)


@pytest.fixture
def parent(tmp_path: Path) -> Path:
    path = tmp_path / "parent.safetensors"
    network = tiny_network()
    network.reset_classifier(0)
    save_model(path, network, HEADLESS)
    return path


def save_delta(parent: Path, path: Path) -> None:
    hash_ = str(open_model(str(parent), CPU).weights_hash)
    card = {**CARD, "parent": {"model": str(parent), "weights_sha256": hash_}, "low_rank": {"rank": 3, "scale": 2.0}}
    save_low_rank(path, learned(), card)


def test_a_delta_is_small_and_opens_as_the_whole_network(tmp_path: Path, parent: Path) -> None:
    path = tmp_path / "delta.safetensors"
    save_delta(parent, path)

    model = open_model(str(path), CPU)

    with torch.no_grad():
        assert parity_error(model) < 1e-5
        expected = learned().half().float()  # as the file keeps it
        x = noise(2, 3, 64, 64)
        torch.testing.assert_close(model.network(x), expected(x), atol=2e-3, rtol=2e-3)
    assert path.stat().st_size < parent.stat().st_size
    assert model.labels == ("different", "same")
    assert model.weights_hash == model.card["weights_sha256"] != open_model(str(parent), CPU).weights_hash


def test_a_delta_without_its_parent_says_so(tmp_path: Path, parent: Path) -> None:
    path = tmp_path / "delta.safetensors"
    save_delta(parent, path)
    parent.unlink()

    with pytest.raises(UserError, match=r"learned on .*parent.*could not be opened.*what was learned is kept"):
        open_model(str(path), CPU)


def test_a_delta_on_other_weights_than_its_parents_says_so(tmp_path: Path, parent: Path) -> None:
    path = tmp_path / "delta.safetensors"
    save_delta(parent, path)
    other = tiny_network(seed=4)
    other.reset_classifier(0)
    save_model(parent, other, HEADLESS)

    with pytest.raises(UserError, match=r"learned on other weights of .*parent"):
        open_model(str(path), CPU)


def test_a_delta_of_another_shape_is_refused(tmp_path: Path, parent: Path) -> None:
    path = tmp_path / "delta.safetensors"
    wide = tiny_network(embed_dim=48)
    wide.reset_classifier(0)
    save_model(parent, wide, {**HEADLESS, "network": {**TINY, "embed_dim": 48, "num_classes": 0}})
    save_delta(parent, path)

    with pytest.raises(UserError, match=r"does not fit its parent|size mismatch"):
        open_model(str(path), CPU)
