from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from timm import create_model
from torch import Tensor

from core.engine import verify
from core.errors import UserError
from core.families.files import open_model, save_model
from core.families.low_rank import add_low_rank, low_rank_state, merged
from core.families.model import Model
from core.jobs import train as training
from core.jobs.fine_tune import fine_tuned, groups, has_stopped, of_model, validation_accuracy
from core.jobs.losses import losses
from core.jobs.recipe import Recipe, read_recipe
from core.jobs.train import _train_step, draw_batch, sees_all, train, train_model
from core.stimuli.stimulus import Geometry
from tests.core.networks import CARD, finish, tiny_network

CPU = torch.device("cpu")
RECIPE = Recipe(
    n_images=48,
    batch=8,
    peak_lr=1e-3,
    disentangle_weight=0.0,
    pipeline_weight=0.0,
    bfloat16=False,
    rank=3,
)
PARENT = {**CARD, "network": {**CARD["network"], "num_classes": 0}, "labels": [], "licence": "Apache-2.0"}


@pytest.fixture
def parent(tmp_path: Path) -> str:
    path = tmp_path / "parent.safetensors"
    network = tiny_network()
    network.reset_classifier(0)
    save_model(path, network, PARENT)
    return str(path)


def recipe_on(parent: str, **changes: Any) -> Recipe:
    return of_model(replace(RECIPE, init=parent, **changes), open_model(parent, CPU))


def state(network: torch.nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


@pytest.mark.parametrize(
    ("tune", "moves"),
    [
        ("all", lambda name: True),
        ("head", lambda name: name.startswith("head.")),
        ("low-rank", lambda name: name.startswith("head.") or "low_rank" in name),
    ],
)
def test_only_what_the_recipe_names_learns(tmp_path: Path, parent: str, tune: str, moves: Any) -> None:
    recipe = recipe_on(parent, tune=tune)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        before = state(fine_tuned(recipe, open_model(parent, CPU)).network)

    after = state(finish(train(recipe, tmp_path / "c", CPU)).network)

    assert before.keys() == after.keys()
    still = {name for name in before if torch.equal(before[name], after[name])}
    assert still == {name for name in before if not moves(name)}


@pytest.mark.parametrize("tune", ["all", "head", "low-rank"])
def test_a_fine_tuned_model_opens_with_the_pixels_and_the_licence_of_its_parent(
    tmp_path: Path, parent: str, tune: str
) -> None:
    out = tmp_path / "tuned.safetensors"

    card = finish(train_model(recipe_on(parent, tune=tune), out, CPU, n_test=8))

    with torch.no_grad():
        model = verify(open_model(str(out), CPU))
    before = open_model(parent, CPU)
    assert (model.mean, model.std, model.geometry) == (before.mean, before.std, before.geometry)
    assert (model.labels, card["licence"]) == (("different", "same"), "Apache-2.0")
    assert card["start_from_sha256"] == before.weights_hash
    assert ("parent" in card) == (tune == "low-rank")


@pytest.mark.parametrize("tune", ["all", "head", "low-rank"])
@pytest.mark.parametrize("labels", [["different", "same"], ["same", "different"], ["Same ", "DIFFERENT"]])
def test_a_head_for_same_and_different_is_kept_in_whatever_order_and_case_its_card_writes_it(
    tmp_path: Path, tune: str, labels: list[str]
) -> None:
    path = tmp_path / "judge.safetensors"
    save_model(path, tiny_network(), {**CARD, "labels": labels})
    model = open_model(str(path), CPU)

    trainee = fine_tuned(recipe_on(str(path), tune=tune), model)

    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(trainee.eval().network(x), model.network(x), atol=1e-5, rtol=1e-5)


def test_what_was_assumed_of_the_parent_is_said_of_what_was_learned_on_it_but_not_of_the_head(
    tmp_path: Path, parent: str
) -> None:
    taken = [{"name": name, "value": "x", "why": "nobody says"} for name in ("act_layer", "labels", "head")]
    Path(parent).with_suffix(".json").write_text(json.dumps({**PARENT, "assumptions": taken}))

    card = finish(train_model(recipe_on(parent), tmp_path / "tuned.safetensors", CPU, n_test=8))

    assert [one["name"] for one in card["assumptions"]] == ["act_layer"]
    said = [words for words in open_model(str(tmp_path / "tuned.safetensors"), CPU).assumed if "nobody" in words]
    assert said == ["Assumed: activation x: nobody says."]


def test_a_delta_finds_a_parent_named_by_a_path_from_every_folder(
    tmp_path: Path, parent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = replace(recipe_on(parent, tune="low-rank"), init=Path(parent).name)
    finish(train_model(recipe, tmp_path / "tuned.safetensors", CPU, n_test=8))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    assert open_model(str(tmp_path / "tuned.safetensors"), CPU).labels == ("different", "same")


def test_low_rank_goes_on_from_a_delta_on_the_same_parent(tmp_path: Path, parent: str) -> None:
    first = tmp_path / "first.safetensors"
    finish(train_model(recipe_on(parent, tune="low-rank"), first, CPU, n_test=8))
    delta = open_model(str(first), CPU)
    recipe = replace(recipe_on(parent, tune="low-rank", task="rmts"), init=str(first))

    trainee = fine_tuned(recipe, delta)

    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(trainee.eval().network(x), delta.network(x), atol=1e-5, rtol=1e-5)
    second = tmp_path / "second.safetensors"
    card = finish(train_model(recipe, second, CPU, n_test=8))
    assert card["parent"] == delta.card["parent"], "its parent is the pretrained one"


def test_a_delta_of_another_rank_cannot_go_on(tmp_path: Path, parent: str) -> None:
    first = tmp_path / "first.safetensors"
    finish(train_model(recipe_on(parent, tune="low-rank"), first, CPU, n_test=8))

    with pytest.raises(UserError, match="cannot be fine-tuned so"):
        fine_tuned(replace(recipe_on(parent, tune="low-rank"), init=str(first), rank=4), open_model(str(first), CPU))


@pytest.mark.parametrize("tune", ["all", "low-rank"])
@pytest.mark.parametrize("n_steps", [1, 4])
def test_a_run_that_was_interrupted_ends_with_the_same_weights(
    tmp_path: Path, parent: str, tune: str, n_steps: int
) -> None:
    recipe = recipe_on(parent, tune=tune, n_validate=8, validate_every=2)
    whole = state(finish(train(recipe, tmp_path / "whole", CPU)))
    job = train(recipe, tmp_path / "parts", CPU)
    for _ in range(n_steps):
        next(job)
    job.close()

    resumed = state(finish(train(recipe, tmp_path / "parts", CPU)))

    assert [name for name in whole if not torch.equal(whole[name], resumed[name])] == []


def test_a_checkpoint_on_another_parent_is_refused(tmp_path: Path, parent: str) -> None:
    job = train(recipe_on(parent, tune="low-rank"), tmp_path / "c", CPU)
    next(job)
    job.close()
    other = tiny_network(seed=5)
    other.reset_classifier(0)
    save_model(Path(parent), other, PARENT)

    with pytest.raises(UserError, match=r"other settings \(the weights of init\)"):
        finish(train(recipe_on(parent, tune="low-rank"), tmp_path / "c", CPU))


def test_a_checkpoint_of_low_rank_holds_no_frozen_weight(tmp_path: Path, parent: str) -> None:
    job = train(recipe_on(parent, tune="low-rank"), tmp_path / "c", CPU)
    next(job)
    job.close()

    kept = torch.load(tmp_path / "c", weights_only=True)["trainee"]

    assert {name for name in kept if name.startswith("network.")} == {
        name for name in kept if "low_rank" in name or name.startswith("network.head.")
    }


@pytest.mark.parametrize("n_at_once", [1, 3, 8])
def test_gradients_of_parts_add_up_to_those_of_the_batch(parent: str, n_at_once: int) -> None:
    recipe = recipe_on(parent)
    ends = []
    for n in (0, n_at_once):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            trainee = fine_tuned(recipe, open_model(parent, CPU))
        optimizer = torch.optim.SGD(groups(trainee, recipe), lr=0.1)
        batch = draw_batch(recipe, 0, open_model(parent, CPU))
        values = _train_step(trainee, optimizer, batch, recipe, 0, n_at_once=n)
        ends.append((state(trainee), values))

    for name, value in ends[0][0].items():
        torch.testing.assert_close(ends[1][0][name], value, atol=1e-6, rtol=1e-4)
    assert ends[1][1] == pytest.approx(ends[0][1], rel=1e-4)


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to …")]
)
def test_what_does_not_fit_into_memory_is_tried_in_halves(
    tmp_path: Path, parent: str, monkeypatch: pytest.MonkeyPatch, error: RuntimeError
) -> None:
    seen: list[int] = []

    def small_memory(trainee: Any, batch: Any, recipe: Recipe) -> dict[str, Tensor]:
        seen.append(len(batch))
        if len(batch) > 2:
            raise error
        return losses(trainee, batch, recipe)

    recipe = recipe_on(parent)
    monkeypatch.setattr(training, "losses", small_memory)
    few = state(finish(train(recipe, tmp_path / "few", CPU)))
    monkeypatch.undo()
    whole = state(finish(train(recipe, tmp_path / "whole", CPU)))

    assert seen[:3] == [8, 4, 2]
    assert set(seen[3:]) == {2}, "it is not tried again in every step"
    for name, value in whole.items():
        torch.testing.assert_close(few[name], value, atol=1e-3, rtol=1e-2)


def test_memory_for_not_even_one_image_is_a_sentence(
    tmp_path: Path, parent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_: object) -> dict[str, Tensor]:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(training, "losses", no_memory)

    with pytest.raises(UserError, match="one image at a time"):
        finish(train(recipe_on(parent), tmp_path / "c", CPU))


def test_another_error_than_of_memory_is_not_taken_for_one(
    tmp_path: Path, parent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> dict[str, Tensor]:
        raise RuntimeError("a shape is wrong")

    monkeypatch.setattr(training, "losses", broken)

    with pytest.raises(RuntimeError, match="a shape is wrong"):
        finish(train(recipe_on(parent), tmp_path / "c", CPU))


def test_earlier_blocks_learn_slower_by_the_decay_and_the_head_faster(parent: str) -> None:
    recipe = recipe_on(parent, layer_decay=0.5, head_lr=20.0)
    trainee = fine_tuned(recipe, open_model(parent, CPU))
    rates = {id(p): group["rate"] for group in groups(trainee, recipe) for p in group["params"]}

    found = {name: rates[id(p)] for name, p in trainee.network.named_parameters()}

    assert found["head.weight"] == 20.0
    assert [found[f"blocks.{block}.attn.qkv.weight"] for block in range(3)] == [0.25, 0.5, 1.0]
    assert (found["pos_embed"], found["patch_embed.proj.weight"], found["norm.weight"]) == (0.125, 0.125, 1.0)


def test_training_ends_once_validation_gets_no_better(
    tmp_path: Path, parent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    accuracies = iter([0.6, 0.7, 0.7, 0.65, 0.9])
    monkeypatch.setattr(training, "validation_accuracy", lambda *_: next(accuracies))
    recipe = recipe_on(parent, n_images=800, n_validate=8, validate_every=3, patience=2)

    finish(train(recipe, tmp_path / "c", CPU))

    kept = torch.load(tmp_path / "c", weights_only=True)
    assert (kept["step"], kept["validated"]) == (12, [0.6, 0.7, 0.7, 0.65])


@pytest.mark.parametrize(
    ("accuracies", "patience", "stopped"),
    [([], 2, False), ([0.5, 0.5], 0, False), ([0.5, 0.6, 0.7], 2, False), ([0.7, 0.6, 0.7], 2, True)],
)
def test_stopping_needs_patience(accuracies: list[float], patience: int, stopped: bool) -> None:
    assert has_stopped(accuracies, patience) is stopped


def test_validation_is_on_all_tokens_of_unseen_images(parent: str) -> None:
    recipe = recipe_on(parent, n_validate=40)
    model = open_model(parent, CPU)
    trainee = fine_tuned(recipe, model)
    with torch.no_grad():
        trainee.network.head.weight.zero_()
        trainee.network.head.bias.copy_(torch.tensor([0.0, 1.0]))
    of_trainee = Model(trainee.network, model.geometry)

    assert validation_accuracy(trainee, recipe, of_trainee) == 0.5
    assert trainee.training


def test_some_steps_on_the_way_see_all_tokens() -> None:
    recipe = replace(RECIPE, full_every=3, full_share=0.0)

    assert [sees_all(recipe, step) for step in range(6)] == [False, False, True, False, False, True]


@pytest.mark.parametrize(
    ("name", "tune"),
    [
        ("dinov2-discrimination", "low-rank"),
        ("dinov2-rmts", "low-rank"),
        ("fine-tune", "low-rank"),
        ("dinov2-full", "all"),
    ],
)
def test_shipped_recipes_of_fine_tuning_pay_for_no_stage(name: str, tune: str) -> None:
    from core.locations import resource_folder

    recipe = read_recipe(resource_folder("recipes") / f"{name}.toml")

    assert (recipe.disentangle_weight, recipe.pipeline_weight, recipe.pair_probe_weight) == (0, 0, 0)
    assert recipe.tune == tune


def test_a_low_rank_layer_gives_its_whole_weight_to_blocks_that_take_it_apart() -> None:
    """As those of EVA and BEiT do, which put the biases of queries and values together themselves."""
    network = create_model("beit_base_patch16_224", img_size=64, embed_dim=32, depth=2, num_heads=2, num_classes=2)
    network = network.eval()
    add_low_rank(network, 3, 2.0)
    for name, value in network.named_parameters():
        if "low_rank" in name:
            torch.nn.init.normal_(value, std=0.1)
    whole = create_model("beit_base_patch16_224", img_size=64, embed_dim=32, depth=2, num_heads=2, num_classes=2).eval()
    parent = {name.replace(".linear.", "."): v for name, v in network.state_dict().items() if "low_rank" not in name}
    x = torch.rand(2, 3, 64, 64)

    whole.load_state_dict(merged(parent, low_rank_state(network), 2.0))

    with torch.no_grad():
        torch.testing.assert_close(whole(x), network(x), atol=1e-5, rtol=1e-5)


def test_a_network_of_another_class_is_trained_on_all_tokens_and_without_stages() -> None:
    network = create_model("beit_base_patch16_224", img_size=64, embed_dim=32, depth=2, num_heads=2, num_classes=2)
    model = Model(network, Geometry(64, 16))
    recipe = of_model(replace(RECIPE, init="beit", tune="all"), model)

    trainee = fine_tuned(recipe, model)

    batch = draw_batch(recipe, 0, model)
    logits = trainee.network(batch.images)
    torch.testing.assert_close(losses(trainee, batch, recipe)["task"], F.cross_entropy(logits, batch.labels))
    with pytest.raises(UserError, match="cannot look into a Beit"):
        fine_tuned(replace(recipe, pipeline_weight=0.3), model)
