from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from timm.models.vision_transformer import Block
from torch import Tensor, nn

from core.engine import to_input
from core.errors import UserError
from core.families.files import open_model
from core.families.model import Model
from core.jobs.losses import Trainee, _log_masses, _probe_losses, losses, total_loss
from core.jobs.recipe import Recipe
from core.jobs.train import (
    _optimizer,
    _train_step,
    draw_batch,
    learning_rate,
    train,
    train_model,
    training_set,
)
from core.progress import Progress
from core.stimuli.datasets import Example, all_kinds, discrimination
from core.stimuli.render import render_many
from core.stimuli.stimulus import Geometry, item_patches
from core.stimuli.tokens import kept_tokens
from tests.core.networks import as_model, finish, noise

CPU = torch.device("cpu")
RECIPE = Recipe(
    image_px=64,
    width=32,
    depth=4,
    heads=2,
    n_images=48,
    batch=8,
    warmup_share=0.3,
    probe_block=1,
    within_blocks=(0, 1),
    between_blocks=(2, 3),
    between_heads=(0,),
    bfloat16=False,
)
Result = TypeVar("Result")


def weights(trainee: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in trainee.state_dict().items()}


def assert_identical(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    assert a.keys() == b.keys()
    assert [name for name in a if not torch.equal(a[name], b[name])] == []


def new_trainee(recipe: Recipe = RECIPE, seed: int = 0) -> Trainee:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Trainee(recipe)


def model_of(trainee: Trainee) -> Model:
    return as_model(trainee.network)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tensor]:
    """The weights of a whole run without any interruption."""
    return weights(finish(train(RECIPE, tmp_path_factory.mktemp("run") / "a.checkpoint", CPU)))


@pytest.mark.parametrize("bfloat16", [False, True])
def test_the_same_seed_gives_the_same_weights(tmp_path: Path, bfloat16: bool) -> None:
    recipe = replace(RECIPE, bfloat16=bfloat16, n_images=24)
    first = weights(finish(train(recipe, tmp_path / "a", CPU)))
    torch.rand(5)  # whatever happened before in this process

    assert_identical(first, weights(finish(train(recipe, tmp_path / "b", CPU))))


def test_another_seed_gives_other_weights(tmp_path: Path, trained: dict[str, Tensor]) -> None:
    other = weights(finish(train(replace(RECIPE, seed=1), tmp_path / "a", CPU)))

    assert not any(torch.equal(other[name], trained[name]) for name in other if "qkv.weight" in name)


@pytest.mark.parametrize("n_steps", [1, 3, 5, 6])
def test_a_run_that_was_closed_and_taken_up_again_ends_like_one_that_was_not(
    tmp_path: Path, trained: dict[str, Tensor], n_steps: int
) -> None:
    job = train(RECIPE, tmp_path / "a", CPU)
    for _ in range(n_steps):
        next(job)
    job.close()
    torch.rand(5)

    resumed = list_and_result(train(RECIPE, tmp_path / "a", CPU))

    assert [progress.done for progress in resumed[0]] == [8 * (step + 1) for step in range(n_steps, 6)]
    assert_identical(weights(resumed[1]), trained)


def list_and_result(job: Generator[Progress, None, Result]) -> tuple[list[Progress], Result]:
    seen: list[Progress] = []

    def watch() -> Generator[Progress, None, Result]:
        return (yield from job)

    watched = watch()
    while True:
        try:
            seen.append(next(watched))
        except StopIteration as stop:
            return seen, stop.value


def test_a_run_that_was_killed_goes_on_from_its_last_checkpoint(tmp_path: Path, trained: dict[str, Tensor]) -> None:
    job = train(RECIPE, tmp_path / "a", CPU, save_every=2)
    for _ in range(5):
        next(job)
    kept = (tmp_path / "a").read_bytes()
    job.close()
    (tmp_path / "a").write_bytes(kept)

    seen, trainee = list_and_result(train(RECIPE, tmp_path / "a", CPU))

    assert len(seen) == 2
    assert_identical(weights(trainee), trained)


def test_a_finished_run_is_not_trained_again(tmp_path: Path, trained: dict[str, Tensor]) -> None:
    finish(train(RECIPE, tmp_path / "a", CPU))

    seen, trainee = list_and_result(train(RECIPE, tmp_path / "a", CPU))

    assert seen == []
    assert_identical(weights(trainee), trained)


def test_a_job_that_was_never_started_leaves_nothing(tmp_path: Path) -> None:
    train(RECIPE, tmp_path / "a", CPU).close()

    assert list(tmp_path.iterdir()) == []


def test_progress_counts_images_and_names_every_loss(tmp_path: Path) -> None:
    seen, _ = list_and_result(train(RECIPE, tmp_path / "a", CPU))

    assert [(p.done, p.total) for p in seen] == [(8 * (step + 1), 48) for step in range(6)]
    assert {"task", "accuracy", "shape probe", "color probe", "pipeline"} <= seen[0].values.keys()


def test_a_checkpoint_of_another_recipe_is_refused_and_kept(tmp_path: Path) -> None:
    finish(train(replace(RECIPE, n_images=8), tmp_path / "a", CPU))
    before = (tmp_path / "a").read_bytes()

    with pytest.raises(UserError, match=r"other settings \(n_images, seed\)"):
        finish(train(replace(RECIPE, seed=3), tmp_path / "a", CPU))
    assert (tmp_path / "a").read_bytes() == before


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_checkpoint_is_refused(tmp_path: Path, share: float) -> None:
    finish(train(replace(RECIPE, n_images=8), tmp_path / "a", CPU))
    whole = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(UserError, match="could not be read"):
        next(train(RECIPE, tmp_path / "a", CPU))


@pytest.mark.parametrize("content", [[1, 2], 7, {"step": 3}, {"recipe": 5}], ids=str)
def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "a")

    with pytest.raises(UserError, match="could not be read"):
        next(train(RECIPE, tmp_path / "a", CPU))


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    torch.save({"recipe": Path("anything")}, tmp_path / "a")

    with pytest.raises(UserError, match="could not be read"):
        next(train(RECIPE, tmp_path / "a", CPU))


def test_training_goes_on_and_says_so_where_no_checkpoint_can_be_written(
    tmp_path: Path, trained: dict[str, Tensor]
) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")

    seen, trainee = list_and_result(train(RECIPE, tmp_path / "taken" / "a", CPU, save_every=2))

    assert ["not written" in progress.message for progress in seen] == [False, True, True, True, True, True]
    assert_identical(weights(trainee), trained)


def test_a_full_disk_keeps_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = train(RECIPE, tmp_path / "a", CPU, save_every=1)
    next(job)
    before = (tmp_path / "a").read_bytes()

    def full(path: Path, _: bytes) -> None:
        path.write_text("half of it")
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    said = next(job).message
    with pytest.raises(UserError, match="could not be written") as refusal:
        job.close()

    assert "No space left" in said
    assert "The last checkpoint is kept" in refusal.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == before


@given(seed=st.integers(0, 1000), share=st.floats(0, 1), n_prefix=st.integers(0, 5), patch_px=st.sampled_from([16, 32]))
def test_the_kept_tokens_are_prefix_items_and_a_share_of_the_background(
    seed: int, share: float, n_prefix: int, patch_px: int
) -> None:
    geometry = Geometry(96, patch_px)
    examples = discrimination(4, all_kinds(), seed, geometry)

    kept = kept_tokens([e.stimulus for e in examples], geometry, share, np.random.default_rng(seed), n_prefix)

    n_item = geometry.cell_patches**2
    for row, example in zip(kept.tolist(), examples, strict=True):
        items = [p + n_prefix for item in example.stimulus.items for p in item_patches(item, geometry)]
        background = row[n_prefix + 2 * n_item :]
        assert row[: n_prefix + 2 * n_item] == [*range(n_prefix), *items]
        assert len(set(row)) == len(row)
        assert all(n_prefix <= token < n_prefix + geometry.grid**2 for token in background)
        assert len(background) == round((geometry.grid**2 - 2 * n_item) * share)


def test_background_tokens_are_dropped_until_the_last_share_of_the_steps() -> None:
    recipe = replace(RECIPE, image_px=96, keep_background=0.25, full_share=0.5)
    model = model_of(new_trainee(recipe))

    n_tokens = [draw_batch(recipe, step, model).tokens.shape[1] for step in range(6)]

    assert n_tokens == [1 + 8 + 7] * 3 + [1 + 36] * 3


def test_a_batch_comes_from_recipe_and_step_alone() -> None:
    model = model_of(new_trainee())

    a, again, later = (draw_batch(RECIPE, step, model) for step in (2, 2, 3))

    for name in ("images", "labels", "tokens", "shapes", "colors"):
        assert torch.equal(getattr(a, name), getattr(again, name))
    assert not torch.equal(a.images, later.images)
    assert a.labels.sum() == 4


def test_a_fixed_set_is_gone_through_once_an_epoch_in_an_order_of_its_own() -> None:
    recipe = replace(RECIPE, n_train=16, n_images=64)
    model = model_of(new_trainee(recipe))
    fixed = training_set(recipe)
    all_images = render_batches(fixed, model)

    epochs = [
        torch.cat([draw_batch(recipe, step, model, fixed).images for step in steps]) for steps in ((0, 1), (2, 3))
    ]

    places = [[image_index(image, all_images) for image in epoch] for epoch in epochs]
    assert [sorted(order) for order in places] == [list(range(16))] * 2
    assert places[0] != places[1]
    assert training_set(replace(recipe, seed=1)) == fixed
    assert training_set(RECIPE) == []


def render_batches(examples: list[Example], model: Model) -> Tensor:
    return to_input(model, render_many([e.stimulus for e in examples]))


def image_index(image: Tensor, images: Tensor) -> int:
    return next(i for i, other in enumerate(images) if torch.equal(image, other))


def test_with_every_token_kept_the_task_loss_is_the_networks_own() -> None:
    trainee = new_trainee()
    batch = draw_batch(replace(RECIPE, full_share=1.0), 0, model_of(trainee))

    terms = losses(trainee, batch, RECIPE)

    wanted = nn.functional.cross_entropy(trainee.network(batch.images), batch.labels)
    torch.testing.assert_close(terms["task"], wanted, atol=1e-5, rtol=0)


def pointing_block(target: dict[int, int], n_features: int = 8) -> Block:
    """A block whose tokens of feature f attend to those of feature target[f] alone; two equal heads."""
    block = Block(2 * n_features, num_heads=2)
    block.norm1, attn = nn.Identity(), block.attn
    q, k = torch.zeros(n_features, n_features), torch.eye(n_features)
    for source, wanted in target.items():
        q[wanted, source] = 300.0
    with torch.no_grad():
        attn.qkv.weight.zero_()
        for head in range(2):
            own = slice(head * n_features, (head + 1) * n_features)
            attn.qkv.weight[own, :n_features] = q
            attn.qkv.weight[2 * n_features :][own, :n_features] = k
    return block


A, B, BACKGROUND = 0, 1, 2
ITEM_ROWS = slice(1, 9)


def one_hot_stream() -> Tensor:
    """CLS, four tokens of item A, four of item B and three of the background, each with its feature [1, 12, 16]."""
    features = torch.tensor([3] + [A] * 4 + [B] * 4 + [BACKGROUND] * 3)
    return nn.functional.one_hot(features, 16).float()[None]


NOTHING = np.log(1e-6)


@pytest.mark.parametrize(
    ("target", "index", "wanted"),
    [
        ({A: A, B: B}, 0, (0.0, 0.0)),
        ({A: B, B: A}, 0, (NOTHING, NOTHING)),
        ({A: A, B: A}, 0, (0.0, NOTHING)),
        ({A: B, B: A}, 2, (0.0, 0.0)),
        ({A: A, B: B}, 2, (NOTHING, NOTHING)),
        ({A: B, B: BACKGROUND}, 2, (0.0, NOTHING)),
        ({A: BACKGROUND, B: A}, 2, (NOTHING, 0.0)),
        ({}, 0, (np.log(4 / 12), np.log(4 / 12))),
        ({}, 2, (np.log(4 / 12), np.log(4 / 12))),
    ],
)
def test_the_mass_is_the_share_of_attention_on_the_blocks_target(
    target: dict[int, int], index: int, wanted: tuple[float, float]
) -> None:
    log_mass = _log_masses(pointing_block(target), one_hot_stream(), ITEM_ROWS, 2, index, RECIPE)

    for head in range(log_mass.shape[1]):
        torch.testing.assert_close(log_mass[0, head], torch.tensor(wanted, dtype=torch.float32), atol=1e-4, rtol=0)


def test_every_head_is_held_to_its_item_and_only_the_named_ones_to_the_other() -> None:
    block = pointing_block({A: B, B: A})
    with torch.no_grad():
        block.attn.qkv.weight[8:16] = 0.0  # head 1 looks everywhere
    x = one_hot_stream()

    within = _log_masses(block, x, ITEM_ROWS, 2, 0, RECIPE)
    between = [
        _log_masses(block, x, ITEM_ROWS, 2, 2, replace(RECIPE, between_heads=heads)) for heads in ((0,), (1,), (0, 1))
    ]

    assert within.shape == (1, 2, 2)
    assert [b.shape[1] for b in between] == [1, 1, 2]
    assert between[0].mean().item() == pytest.approx(0.0, abs=1e-4)
    assert between[1].mean().item() == pytest.approx(np.log(4 / 12), abs=1e-4)


def test_the_pipeline_term_is_the_mean_over_its_blocks() -> None:
    trainee = new_trainee()
    batch = draw_batch(RECIPE, 0, model_of(trainee))

    def pipeline(within: tuple[int, ...], between: tuple[int, ...]) -> Tensor:
        return losses(trainee, batch, replace(RECIPE, within_blocks=within, between_blocks=between))["pipeline"]

    single = [pipeline((0,), ()), pipeline((1,), ()), pipeline((), (2,)), pipeline((), (3,))]
    torch.testing.assert_close(pipeline((0, 1), (2, 3)), torch.stack(single).mean())


def test_each_probe_reads_its_own_half_of_every_item_token() -> None:
    trainee = new_trainee()
    batch = draw_batch(RECIPE, 0, model_of(trainee))
    items = noise(8, 2, 4, 32).requires_grad_()

    terms = _probe_losses(trainee, items, batch)
    (shape,) = torch.autograd.grad(terms["shape probe"], items)
    (color,) = torch.autograd.grad(terms["color probe"], items)

    assert (shape[..., 16:] == 0).all()
    assert (color[..., :16] == 0).all()
    assert (shape[..., :16] != 0).all()
    assert (color[..., 16:] != 0).all()


def test_a_probe_that_knows_every_value_has_no_loss() -> None:
    trainee = new_trainee(replace(RECIPE, width=64))
    batch = draw_batch(RECIPE, 0, model_of(new_trainee()))
    with torch.no_grad():
        for probe in (trainee.shape_probe, trainee.color_probe):
            probe.weight.zero_()
            probe.weight[:, :16] = 50 * torch.eye(16)
    halves = [nn.functional.one_hot(value, 32).float() for value in (batch.shapes, batch.colors)]
    items = torch.cat(halves, -1)[:, :, None].expand(-1, -1, 4, -1)

    terms = _probe_losses(trainee, items, batch)

    assert terms["shape probe"] < 1e-6
    assert terms["color probe"] < 1e-6
    assert terms["shape probe accuracy"] == terms["color probe accuracy"] == 1


def test_the_probes_and_the_blocks_before_them_learn_from_the_disentanglement_loss() -> None:
    trainee = new_trainee()
    terms = losses(trainee, draw_batch(RECIPE, 0, model_of(trainee)), RECIPE)

    (terms["shape probe"] + terms["color probe"]).backward()

    assert trainee.shape_probe.weight.grad is not None
    assert trainee.color_probe.weight.grad is not None
    assert trainee.shape_probe.weight.grad.abs().sum() > 0
    assert trainee.color_probe.weight.grad.abs().sum() > 0
    reached = [block.mlp.fc1.weight.grad is not None for block in trainee.network.blocks]
    assert reached == [True, True, False, False]


def test_a_training_step_moves_the_probes() -> None:
    trainee = new_trainee()
    before = weights(trainee)
    batch = draw_batch(RECIPE, 0, model_of(trainee))

    _train_step(trainee, _optimizer(trainee, RECIPE), batch, RECIPE, 1)

    unmoved = {name for name, value in weights(trainee).items() if torch.equal(value, before[name])}
    assert unmoved == set()


def test_the_total_is_the_weighted_sum_and_a_weight_of_nought_leaves_a_term_out() -> None:
    trainee = new_trainee()
    batch = draw_batch(RECIPE, 0, model_of(trainee))
    recipe = replace(RECIPE, disentangle_weight=0.5, pipeline_weight=0.2)
    terms = losses(trainee, batch, recipe)

    total = total_loss(terms, recipe)

    probes = terms["shape probe"] + terms["color probe"]
    torch.testing.assert_close(total, terms["task"] + 0.5 * probes + 0.2 * terms["pipeline"])
    bare = replace(RECIPE, disentangle_weight=0.0, pipeline_weight=0.0)
    alone = losses(trainee, batch, bare)
    assert alone.keys() == {"task", "accuracy"}
    assert total_loss(alone, bare) is alone["task"]


def test_many_steps_on_one_batch_learn_it() -> None:
    recipe = replace(RECIPE, peak_lr=3e-3, n_images=10_000)
    trainee = new_trainee(recipe)
    optimizer = _optimizer(trainee, recipe)
    batch = draw_batch(recipe, 0, model_of(trainee))
    middle = recipe.n_steps // 2

    values = [_train_step(trainee, optimizer, batch, recipe, middle) for _ in range(150)]

    assert values[-1]["accuracy"] == 1.0
    assert values[-1]["pipeline"] < values[0]["pipeline"]
    assert values[-1]["shape probe"] < 0.5 * values[0]["shape probe"]
    assert values[-1]["color probe"] < 0.5 * values[0]["color probe"]


@given(n_steps=st.integers(2, 400), warmup_share=st.floats(0, 0.9))
def test_the_learning_rate_climbs_to_its_peak_and_falls_to_nothing(n_steps: int, warmup_share: float) -> None:
    recipe = Recipe(n_images=n_steps * 64, warmup_share=warmup_share, peak_lr=0.01)
    n_warmup = max(1, round(n_steps * warmup_share))

    rates = [learning_rate(recipe, step) for step in range(n_steps + 1)]

    assert max(rates) == pytest.approx(0.01)
    assert rates[n_warmup - 1] == pytest.approx(0.01)
    assert np.diff(rates[:n_warmup]) == pytest.approx(np.full(n_warmup - 1, 0.01 / n_warmup))
    assert (np.diff(rates[n_warmup:]) <= 0).all()
    assert rates[-1] == pytest.approx(0, abs=1e-9)
    halfway = (n_warmup + n_steps) / 2
    if halfway == int(halfway):
        assert rates[int(halfway)] == pytest.approx(0.005)


def test_only_matrices_decay() -> None:
    trainee = new_trainee()
    groups = _optimizer(trainee, RECIPE).param_groups

    decayed = {id(p) for group in groups if group["weight_decay"] for p in group["params"]}

    assert {name for name, p in trainee.named_parameters() if id(p) not in decayed} == {
        name for name, p in trainee.named_parameters() if p.ndim < 2
    }
    assert sum(len(group["params"]) for group in groups) == len(list(trainee.parameters()))


def test_a_trained_model_is_written_with_a_card_that_says_how_it_was_made(tmp_path: Path) -> None:
    out = tmp_path / "new" / "mine.safetensors"

    card = finish(train_model(RECIPE, out, CPU, n_test=20))

    model = open_model(str(out), CPU)
    assert json.loads(out.with_suffix(".json").read_text())["accuracy"] == card["accuracy"]
    assert set(card["accuracy"]) == {"test", "ood-shape", "ood-color", "ood-shape-color"}
    assert card["accuracy"]["test"]["n"] == 20
    assert (card["images_seen"], card["recipe"]["seed"]) == (48, 0)
    assert len(card["data_sha256"]) == 64
    assert model.geometry == Geometry(64, 16)
    assert model.card["weights_sha256"] == model.weights_hash
    assert model.assumed == (), "the card states ε and activation"
    assert (model.card["network"]["norm_eps"], model.card["network"]["act_layer"]) == (1e-6, "gelu")
    assert model.blocks[0].norm1.eps == new_trainee().network.blocks[0].norm1.eps


def test_training_that_runs_away_stops_with_a_sentence_and_writes_no_model(tmp_path: Path) -> None:
    out = tmp_path / "wild.safetensors"

    with pytest.raises(UserError, match=r"loss of step \d+ is not finite"):
        finish(train_model(replace(RECIPE, peak_lr=1e30), out, CPU, n_test=8))
    assert not out.exists()


def test_a_model_of_the_small_setting_is_measured_on_seen_and_unseen_combinations(tmp_path: Path) -> None:
    card = finish(train_model(replace(RECIPE, n_kinds=32), tmp_path / "a.safetensors", CPU, n_test=8))

    assert {"test_iid", "test"} <= card["accuracy"].keys()


def test_training_a_model_can_be_interrupted_and_taken_up_again(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    finish(train_model(RECIPE, whole, CPU, n_test=8))
    job = train_model(RECIPE, parts, CPU, n_test=8)
    for _ in range(3):
        next(job)
    job.close()

    finish(train_model(RECIPE, parts, CPU, n_test=8))

    assert parts.read_bytes() == whole.read_bytes()
