from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from core.emoji import characters
from core.errors import UserError
from core.families.files import open_model, save_low_rank, save_model
from core.families.low_rank import add_low_rank
from core.jobs.fine_tune import fine_tuned, of_model
from core.jobs.head import HeadOptions, accuracy, fit, logistic_regression, make_emoji_model, with_head
from core.jobs.recipe import Recipe
from tests.core.networks import CARD, finish, noise, tiny_model, tiny_network

CPU = torch.device("cpu")
FEW = HeadOptions(n_images=200, n_test=32)
HEADLESS: dict[str, Any] = {**CARD, "network": {**CARD["network"], "num_classes": 0}, "labels": [], "licence": "MIT"}


@pytest.fixture
def parent(tmp_path: Path) -> str:
    network = tiny_network()
    network.reset_classifier(0)
    save_model(tmp_path / "parent.safetensors", network, HEADLESS)
    return str(tmp_path / "parent.safetensors")


@pytest.fixture
def fitted(parent: str, tmp_path: Path) -> Path:
    finish(make_emoji_model(open_model(parent, CPU), tmp_path / "emoji.safetensors", FEW))
    return tmp_path / "emoji.safetensors"


def test_classes_that_lie_apart_are_told_apart_also_where_they_were_not_fitted() -> None:
    means, labels = 3 * noise(100, 16, seed=1), torch.arange(100).repeat(10)
    features = means[labels] + 0.3 * noise(1000, 16, seed=2)

    weight, bias = fit(features, labels)

    unseen = means + 0.3 * noise(100, 16, seed=3)
    assert ((unseen @ weight.T + bias).argmax(1) == torch.arange(100)).float().mean() > 0.95


def test_a_larger_decay_gives_smaller_weights() -> None:
    features, labels = noise(200, 8), torch.arange(100).repeat(2)

    strong, weak = (logistic_regression(features, labels, decay)[0].norm() for decay in (1e-1, 1e-4))

    assert strong < 0.5 * weak


def test_the_file_holds_the_head_alone_and_opens_as_its_parent_with_that_head(fitted: Path, parent: str) -> None:
    model, before = open_model(str(fitted), CPU), open_model(parent, CPU)

    assert set(load_file(fitted)) == {"head.weight", "head.bias"}
    assert model.labels == tuple(characters())
    for name, value in before.network.state_dict().items():
        assert torch.equal(model.network.state_dict()[name], value)


def test_its_card_says_what_it_was_fitted_on_and_what_was_measured(fitted: Path) -> None:
    model = open_model(str(fitted), CPU)

    card = model.card
    assert card["example"] == "cat"
    assert card["licence"] == "MIT"
    assert "Noto Color Emoji" in card["provenance"]
    assert card["head"] == {"n_images": 200, "n_test": 32, "seed": 0}
    measured = finish(accuracy(model, 32))
    assert measured == card["accuracy"]
    assert sum(row["n"] for row in measured["by size"].values()) == measured["n"] == 32


def test_a_head_of_the_same_seed_is_the_same(fitted: Path, parent: str, tmp_path: Path) -> None:
    card = finish(make_emoji_model(open_model(parent, CPU), tmp_path / "again.safetensors", FEW))

    assert card["accuracy"] == open_model(str(fitted), CPU).card["accuracy"]
    assert load_file(fitted)["head.weight"].equal(load_file(tmp_path / "again.safetensors")["head.weight"])


def test_a_head_is_not_fitted_on_what_is_itself_learned_on_another(fitted: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="itself what was learned") as caught:
        finish(make_emoji_model(open_model(str(fitted), CPU), tmp_path / "third.safetensors", FEW))
    assert "that one" in caught.value.hint


def test_the_parent_is_not_written_over(parent: str) -> None:
    with pytest.raises(UserError, match="is the model to fit a head on"):
        finish(make_emoji_model(open_model(parent, CPU), Path(parent), FEW))


def test_a_model_without_classes_of_emoji_is_not_measured() -> None:
    with pytest.raises(UserError, match="no labelled pictures"):
        finish(accuracy(tiny_model(), 10))


def test_a_fitted_model_can_be_fine_tuned_with_matrices_on_its_parent(fitted: Path, tmp_path: Path) -> None:
    model = open_model(str(fitted), CPU)
    recipe = of_model(
        Recipe(init=str(fitted), tune="low-rank", rank=3, disentangle_weight=0.0, pipeline_weight=0.0), model
    )

    trainee = fine_tuned(recipe, model)

    assert trainee.network.num_classes == 2
    assert any("low_rank_a" in name for name, _ in trainee.named_parameters())


def test_matrices_without_their_scale_are_refused(parent: str, tmp_path: Path) -> None:
    model = open_model(parent, CPU)
    network = with_head(model.network, noise(100, 32), noise(100))
    add_low_rank(network, 2, 1.0)
    card = {**HEADLESS, "network": {**HEADLESS["network"], "num_classes": 100}, "labels": list(characters())}
    told = {"model": parent, "weights_sha256": model.weights_hash}
    save_low_rank(tmp_path / "matrices.safetensors", network, {**card, "parent": told})

    with pytest.raises(UserError, match="does not fit its card"):
        open_model(str(tmp_path / "matrices.safetensors"), CPU)
