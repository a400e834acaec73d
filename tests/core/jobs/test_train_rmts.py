from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import UserError
from core.families.files import open_model, save_model
from core.jobs.losses import Trainee, _log_masses, _pair_losses, losses, total_loss
from core.jobs.recipe import Recipe, read_recipe
from core.jobs.train import _take_blocks, draw_batch, train, train_model
from core.locations import resource_folder
from tests.core.networks import CARD, TINY, as_model, finish, noise, tiny_model, tiny_network

CPU = torch.device("cpu")
RECIPE = Recipe(
    task="rmts",
    image_px=64,
    width=32,
    depth=4,
    heads=2,
    n_images=32,
    batch=8,
    probe_block=1,
    within_blocks=(0,),
    pair_blocks=(1, 2),
    between_blocks=(3,),
    pair_probe_weight=1.0,
    pair_probe_block=2,
    bfloat16=False,
)


def weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def assert_identical(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    assert a.keys() == b.keys()
    assert [name for name in a if not torch.equal(a[name], b[name])] == []


def new_trainee(recipe: Recipe = RECIPE, seed: int = 0) -> Trainee:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Trainee(recipe)


def test_a_batch_has_four_items_whose_tokens_follow_the_prefix() -> None:
    recipe = replace(RECIPE, image_px=96, keep_background=0.5, full_share=0.0)

    batch = draw_batch(recipe, 0, as_model(new_trainee(recipe).network))

    assert batch.n_items == 4
    assert batch.shapes.shape == batch.colors.shape == (8, 4)
    assert batch.tokens.shape == (8, 1 + 16 + 10)
    assert (batch.tokens[:, 1:9] == torch.tensor([1, 2, 7, 8, 3, 4, 9, 10])).all()  # the display pair
    assert all(len(set(row)) == len(row) for row in batch.tokens.tolist())
    assert batch.labels.sum() == 4


def test_the_label_says_whether_the_pair_judgements_agree() -> None:
    batch = draw_batch(RECIPE, 0, as_model(new_trainee().network))

    assert batch.pair_labels.shape == (8, 2)
    assert torch.equal(batch.labels, (batch.pair_labels[:, 0] == batch.pair_labels[:, 1]).long())
    assert batch.pair_labels.sum(0).tolist() == [4, 4]


ITEMS = [range(1 + 2 * i, 3 + 2 * i) for i in range(4)]  # two tokens each, after one prefix token
TARGETS = {
    "within": lambda i: ITEMS[i],
    "pair": lambda i: ITEMS[i ^ 1],
    "between": lambda i: [*ITEMS[i ^ 2], *ITEMS[i ^ 3]],
}
BLOCK_OF = {"within": 0, "pair": 1, "between": 3}


class FixedAttention(nn.Module):
    """A block whose heads attend by a given pattern [B, H, T, T], whatever enters it."""

    def __init__(self, pattern: Tensor) -> None:
        super().__init__()
        self.pattern, self.drop_path1, self.drop_path2 = pattern, nn.Identity(), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        keys = torch.eye(self.pattern.shape[-1]).expand_as(self.pattern)
        return F.scaled_dot_product_attention(self.pattern.log(), keys, keys, scale=1.0)


@pytest.fixture
def pattern() -> Tensor:
    """An attention pattern [B, H, T, T]."""
    return noise(3, 2, 12, 12).mul(2).softmax(-1)


@pytest.mark.parametrize("stage", TARGETS)
def test_masses_are_the_shares_of_attention_on_the_stages_target(pattern: Tensor, stage: str) -> None:
    block = FixedAttention(pattern)

    log_mass = _log_masses(block, noise(3, 12, 4), slice(1, 9), 4, BLOCK_OF[stage], RECIPE)

    for image in range(3):
        for head in range(2):
            for item in range(4):
                rows = pattern[image, head][list(ITEMS[item])]
                mass = rows[:, list(TARGETS[stage](item))].sum(1).mean()
                assert log_mass[image, head, item].exp().item() == pytest.approx(mass.item(), abs=2e-6)


def test_only_the_named_heads_are_asked_to_look_at_another_item(pattern: Tensor) -> None:
    block = FixedAttention(pattern)
    recipe = replace(RECIPE, pair_heads=(1,), between_heads=())

    shapes = [_log_masses(block, noise(3, 12, 4), slice(1, 9), 4, index, recipe).shape[1] for index in (0, 1, 3)]

    assert shapes == [2, 1, 0]


def test_of_two_items_the_pair_is_what_is_compared_last(pattern: Tensor) -> None:
    block = FixedAttention(pattern)

    pair, between = (_log_masses(block, noise(3, 12, 4), slice(1, 9), 2, index, RECIPE) for index in (1, 3))

    assert torch.equal(pair, between)


def test_the_pair_probe_reads_the_tokens_of_its_own_pair() -> None:
    probe = nn.Linear(2 * 4 * 32, 2)
    items = noise(8, 4, 4, 32)
    labels = torch.tensor([[0, 1]] * 8)

    other_sample = items.clone()
    other_sample[:, 2:] = items[:, :2]
    both = _pair_losses(probe, items, labels)["pair probe"]
    display = _pair_losses(probe, items[:, :2], labels[:, :1])["pair probe"]
    sample = _pair_losses(probe, items[:, 2:], labels[:, 1:])["pair probe"]

    torch.testing.assert_close(both, (display + sample) / 2)
    assert not torch.equal(both, _pair_losses(probe, other_sample, labels)["pair probe"])


def test_the_pair_judgement_is_supervised_after_its_block_with_its_weight() -> None:
    trainee = new_trainee()
    batch = draw_batch(RECIPE, 0, as_model(trainee.network))

    terms = losses(trainee, batch, RECIPE)
    terms["pair probe"].backward()

    reached = [block.mlp.fc1.weight.grad is not None for block in trainee.network.blocks]
    assert reached == [True, True, True, False]
    recipe = replace(RECIPE, pair_probe_weight=0.25)
    without = {name: value for name, value in terms.items() if name != "pair probe"}
    torch.testing.assert_close(total_loss(terms, recipe), total_loss(without, recipe) + 0.25 * terms["pair probe"])


def test_without_its_weight_there_is_no_pair_probe() -> None:
    recipe = replace(RECIPE, pair_probe_weight=0.0)
    trainee = new_trainee(recipe)

    terms = losses(trainee, draw_batch(recipe, 0, as_model(trainee.network)), recipe)

    assert "pair probe" not in terms
    assert not any("pair" in name for name in trainee.state_dict())


def test_the_same_seed_gives_the_same_weights_also_after_an_interruption(tmp_path: Path) -> None:
    whole, again = (weights(finish(train(RECIPE, tmp_path / name, CPU))) for name in ("a", "b"))
    job = train(RECIPE, tmp_path / "c", CPU)
    for _ in range(2):
        next(job)
    job.close()

    taken_up = weights(finish(train(RECIPE, tmp_path / "c", CPU)))

    assert_identical(whole, again)
    assert_identical(whole, taken_up)


def test_a_checkpoint_from_before_a_setting_existed_is_taken_up(tmp_path: Path) -> None:
    recipe = Recipe(image_px=64, width=32, depth=4, heads=2, n_images=32, batch=8)
    new = ("pair_blocks", "pair_heads", "pair_probe_weight", "pair_probe_block", "start_from")
    whole = weights(finish(train(recipe, tmp_path / "whole", CPU)))
    job = train(recipe, tmp_path / "a", CPU)
    next(job)
    job.close()
    state = torch.load(tmp_path / "a", weights_only=True)
    del state["started_from"]
    state["recipe"] = {name: value for name, value in asdict(recipe).items() if name not in new}
    torch.save(state, tmp_path / "a")

    with pytest.raises(UserError, match="pair_probe_weight"):
        next(train(replace(recipe, pair_probe_weight=1.0), tmp_path / "a", CPU))
    assert_identical(weights(finish(train(recipe, tmp_path / "a", CPU))), whole)


def test_the_first_blocks_are_those_of_the_model_to_start_from() -> None:
    start, trainee = tiny_model(seed=5), new_trainee()
    fresh = weights(trainee.network)

    _take_blocks(trainee, start)

    now, given_ = weights(trainee.network), weights(start.network)
    for name, value in now.items():
        taken = name in given_ and not name.startswith(("norm.", "head."))
        assert torch.equal(value, given_[name] if taken else fresh[name]), name
    assert {name for name in now if torch.equal(now[name], fresh[name])} >= {
        n for n in now if n.startswith("blocks.3.")
    }


@pytest.mark.parametrize(
    "options", [{"depth": 5}, {"embed_dim": 48}, {"num_heads": 4}, {"patch_size": 32}, {"reg_tokens": 2}]
)
def test_a_model_of_another_shape_is_refused_and_nothing_is_taken(options: dict[str, int]) -> None:
    trainee = new_trainee()
    before = weights(trainee)

    with pytest.raises(UserError, match="do not fit"):
        _take_blocks(trainee, tiny_model(**options))

    assert_identical(weights(trainee), before)
    assert trainee.started_from == ""


@pytest.mark.parametrize(
    "stated", [{"norm_eps": 1e-12}, {"act_layer": "quick_gelu"}, {"norm_layer": "layernormfp32"}], ids=str
)
def test_blocks_with_other_norms_or_activation_are_refused(stated: dict[str, object]) -> None:
    trainee = new_trainee()

    with pytest.raises(UserError, match=rf"do not fit the recipe \({next(iter(stated))}\)"):
        _take_blocks(trainee, replace(tiny_model(), card={"network": stated}))


def test_a_model_is_trained_from_another_and_measured_on_its_own_task(tmp_path: Path) -> None:
    save_model(tmp_path / "start.safetensors", tiny_network(3), {**CARD, "network": TINY})
    start = open_model(str(tmp_path / "start.safetensors"), CPU)
    recipe = replace(RECIPE, start_from=str(tmp_path / "start.safetensors"))

    card = finish(train_model(recipe, tmp_path / "rmts.safetensors", CPU, n_test=16))

    model = open_model(str(tmp_path / "rmts.safetensors"), CPU)
    assert (card["task"], model.task, start.task) == ("rmts", "rmts", "discrimination")
    assert card["start_from_sha256"] == start.weights_hash
    assert set(card["accuracy"]) == {"test", "ood-shape", "ood-color", "ood-shape-color"}
    assert {"accuracy, same-same", "accuracy, different-same"} <= card["accuracy"]["test"].keys()


def test_a_number_of_test_images_without_quarters_is_refused_before_training(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="balanced"):
        next(train_model(RECIPE, tmp_path / "rmts.safetensors", CPU, n_test=6))


def test_the_shipped_model_is_small() -> None:
    recipe = read_recipe(resource_folder("recipes") / "rmts.toml")

    n_parameters = sum(p.numel() for p in Trainee(recipe).network.parameters())

    assert n_parameters <= 6_000_000
    assert (recipe.task, recipe.depth, recipe.start_from) == ("rmts", 8, "discrimination")
