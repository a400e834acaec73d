from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import timm
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from core.assets.subspace_files import learned_subspaces, save_subspace, subspace_file
from core.engine import run, to_input
from core.errors import UserError
from core.families.files import open_model
from core.families.model import Model
from core.jobs import fit_subspace
from core.jobs.fit_subspace import (
    FittedSubspace,
    SearchOptions,
    base_error,
    class_directions,
    fit_subspaces,
    interchange,
    interchange_accuracy,
    search_subspace,
)
from core.jobs.pair_cache import PairCache, cache_pairs
from core.locations import subspace_folder, subspace_folders
from core.progress import Progress
from core.stimuli.counterfactuals import InterchangePair, interchange_pairs
from core.stimuli.datasets import all_kinds, compositional_kinds
from core.stimuli.render import render_many
from core.stimuli.stimulus import PROPERTIES, Geometry, Item, Property, Stimulus, item_patches
from core.stimuli.tokens import gather_tokens
from tests.core.networks import (
    WIDTH,
    as_model,
    balanced_model,
    finish,
    noise,
    orthogonal,
    save_tiny,
    tiny_model,
    tiny_network,
)

CANVAS = Geometry(64, 16)
QUICK = SearchOptions(n_pairs=150, n_test=60, epochs=2)
FEATURES = orthogonal(WIDTH, seed=3)
KNOWN = {"shape": FEATURES[:, :6], "color": FEATURES[:, 6:12]}
CODES = {"shape": 3 * orthogonal(16, seed=1)[:, :6], "color": 3 * orthogonal(16, seed=2)[:, :6]}


class Comparer(nn.Module):
    """A network that says "same" where its two items agree in the twelve known dimensions of the stream.

    Tokens 0–3 are those of item A, 4–7 those of item B; it has one block, which passes everything on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Identity()])
        self.norm = nn.Identity()
        self.known = nn.Parameter(torch.cat(list(KNOWN.values()), 1), requires_grad=False)  # [D, 12]
        closest = min(torch.pdist(codes).min() for codes in CODES.values())
        self.threshold = float(closest) ** 2 / 2

    def forward(self, images: Tensor) -> Tensor:
        return self.forward_head(self.norm(self.blocks[0](images.new_zeros(len(images), 8, WIDTH))))

    def forward_head(self, x: Tensor) -> Tensor:
        apart = (x[:, :4].mean(1) - x[:, 4:].mean(1)) @ self.known  # [B, 12]
        margin = self.threshold - apart.square().sum(1)
        return torch.stack([torch.zeros_like(margin), margin], 1) * 4


def tokens_of(items: Sequence[Item], seed: int) -> Tensor:
    """Eight tokens [8, D]: each item's codes in the known dimensions, noise in the others."""
    means = [KNOWN["shape"] @ CODES["shape"][i.shape] + KNOWN["color"] @ CODES["color"][i.color] for i in items]
    rest = FEATURES[:, 12:]
    spread = 0.05 * noise(8, WIDTH, seed=seed) + noise(8, WIDTH - 12, seed=seed + 1) @ rest.T
    return torch.stack(means).repeat_interleave(4, 0) + spread


def known_cache(property: Property, n: int, seed: int) -> PairCache:
    """Interchange pairs as the comparer's stream would hold them."""
    pairs = interchange_pairs(n, property, all_kinds(), seed)
    base = torch.stack([tokens_of(p.base.items, 7 * i + seed) for i, p in enumerate(pairs)])
    source = torch.stack([tokens_of(p.source.items, 7 * i + seed + 3) for i, p in enumerate(pairs)])
    return PairCache(
        base,
        source[:, :4],
        source[:, 4:],
        torch.arange(4).expand(n, -1),
        torch.tensor([p.label for p in pairs]),
        torch.stack([base[:, :4].mean(1), base[:, 4:].mean(1)], 1),
        torch.tensor([[getattr(i, property) for i in p.base.items] for p in pairs]),
    )


@pytest.fixture(scope="module")
def comparer() -> Model:
    return Model(Comparer(), CANVAS, weights_hash="known")


@pytest.fixture(scope="module", params=PROPERTIES)
def property(request: pytest.FixtureRequest) -> Property:
    return request.param


@pytest.fixture(scope="module")
def found(comparer: Model, property: Property) -> FittedSubspace:
    """What the search finds in a network that keeps the property in known dimensions."""
    train, test = known_cache(property, 640, 0), known_cache(property, 400, 100_000)
    options = SearchOptions(n_pairs=640, n_test=400, epochs=60, rotation_lr=5e-3, bfloat16=False)
    return finish(search_subspace(comparer, property, -1, train, test, options))


def test_class_directions_span_what_tells_the_class_means_apart() -> None:
    means, classes = noise(5, WIDTH, seed=2), torch.arange(5).repeat(3)
    axes = class_directions(means[classes], classes)

    torch.testing.assert_close(axes.T @ axes, torch.eye(4), atol=1e-5, rtol=0)
    apart = means - means.mean(0)
    torch.testing.assert_close(apart @ axes @ axes.T, apart, atol=1e-5, rtol=0)


def basis_of(fitted: FittedSubspace) -> Tensor:
    return fitted.tensors["basis"]


def test_the_search_finds_the_dimensions_that_carry_the_property(found: FittedSubspace, property: Property) -> None:
    other = "shape" if property == "color" else "color"
    basis = basis_of(found)

    assert found.card["base_accuracy"] >= 0.99
    assert found.card["iia"] >= 0.97
    # The share of a known dimension that lies inside what was found.
    assert (basis.T @ KNOWN[property]).square().sum() / 6 > 0.9
    assert (basis.T @ KNOWN[other]).square().sum() / 6 < 0.1


def test_the_wrong_objects_value_succeeds_no_better_than_chance(found: FittedSubspace) -> None:
    assert 0.4 < found.card["wrong_object_iia"] < 0.6


def test_half_of_the_twenty_dimensions_that_carry_nothing_are_let_go(found: FittedSubspace) -> None:
    assert 6 <= found.card["subspace_size"] == basis_of(found).shape[1] <= 16


def test_what_was_found_is_an_orthonormal_basis_and_landmarks_for_every_value(found: FittedSubspace) -> None:
    basis = basis_of(found)

    torch.testing.assert_close(basis.T @ basis, torch.eye(basis.shape[1]), atol=1e-4, rtol=0)
    assert found.tensors["centroids"].shape == (16, found.card["subspace_size"])


def test_the_known_dimensions_themselves_succeed_and_the_others_properties_do_not(
    comparer: Model, property: Property
) -> None:
    cache = known_cache(property, 200, 5)
    other = "shape" if property == "color" else "color"
    chosen = {name: (FEATURES.T @ KNOWN[name]).square().sum(1).round() for name in PROPERTIES}  # [D]

    assert interchange_accuracy(comparer, cache, -1, FEATURES, chosen[property]) >= 0.99
    assert interchange_accuracy(comparer, cache, -1, FEATURES, chosen[other]) < 0.6
    assert base_error(comparer, cache, -1) <= 0.01


@pytest.fixture(scope="module")
def model() -> Model:
    return balanced_model()


@pytest.mark.parametrize("n_test", [60, 90])
def test_after_the_last_block_the_success_is_the_base_error(model: Model, n_test: int) -> None:
    (fitted,) = finish(fit_subspaces(model, "color", [2], replace(QUICK, n_test=n_test)))

    assert fitted.card["iia"] == fitted.card["wrong_object_iia"]
    assert fitted.card["iia"] == pytest.approx(1 - fitted.card["base_accuracy"], abs=1e-12)
    assert 0.1 < fitted.card["iia"] < 0.9
    assert fitted.card["subspace_size"] == 0


def test_an_edit_that_reaches_the_answer_after_the_last_block_is_an_error(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_cls = lambda x, tokens, donor, rotation, mask: x + mask.sum() * donor.mean(1, keepdim=True)  # noqa: E731
    monkeypatch.setattr(fit_subspace, "interchange", to_cls)

    with pytest.raises(AssertionError, match="after the last block"):
        finish(fit_subspaces(model, "color", [2], QUICK))


def test_where_the_read_out_averages_the_last_block_can_be_searched() -> None:
    (fitted,) = finish(fit_subspaces(balanced_model(global_pool="avg"), "color", [2], QUICK))

    assert fitted.card["subspace_size"] > 0


def test_a_search_gives_the_same_twice(model: Model) -> None:
    first, second = (finish(fit_subspaces(model, "shape", [0], QUICK))[0] for _ in range(2))

    for name, value in first.tensors.items():
        assert torch.equal(value, second.tensors[name])
    assert first.card == second.card


def test_another_seed_searches_on_other_pairs_from_another_start(model: Model) -> None:
    first, second = (finish(fit_subspaces(model, "shape", [0], replace(QUICK, seed=s)))[0] for s in (0, 1))

    ours, others = basis_of(first), basis_of(second)
    assert ours.shape != others.shape or not torch.allclose(ours, others, atol=1e-2)


def test_a_search_can_be_stopped_while_its_pairs_are_run(model: Model) -> None:
    kept: list[FittedSubspace] = []
    search = fit_subspaces(model, "color", [0, 1], replace(QUICK, n_pairs=300, n_test=200), keep=kept.append)

    said = [next(search).message for _ in range(4)]
    search.close()

    assert said[:3] == [f"running pairs up to block 1: {done} of 300" for done in (100, 200, 300)]
    assert said[3].endswith("100 of 200")
    assert torch.is_grad_enabled()
    assert kept == []


def test_every_block_asked_for_is_searched_and_progress_never_falls(model: Model) -> None:
    job = fit_subspaces(model, "color", [-1, 1, 2], QUICK)
    seen: list[Progress] = []
    while True:
        try:
            seen.append(next(job))
        except StopIteration as stop:
            results: list[FittedSubspace] = stop.value
            break

    assert [r.card["block"] for r in results] == [-1, 1, 2]
    shares = [progress.done / progress.total for progress in seen]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1


def test_the_card_says_what_was_measured_on_which_weights(model: Model) -> None:
    assumed = replace(model, assumed=("Assumed: mean 0.5.",))

    (fitted,) = finish(fit_subspaces(assumed, "color", [1], QUICK))

    card = fitted.card
    assert card["assumed"] == ["Assumed: mean 0.5."]
    assert (card["property"], card["block"], card["n_test"], card["width"]) == ("color", 1, 60, WIDTH)
    assert card["weights_sha256"] == model.weights_hash
    assert card["options"]["n_pairs"] == 150
    assert card["subspace_size"] == basis_of(fitted).shape[1]


def test_too_few_pairs_to_see_every_value_are_refused_before_the_search(model: Model) -> None:
    with pytest.raises(UserError, match="Use more pairs"):
        next(fit_subspaces(model, "color", [0], replace(QUICK, n_pairs=8)))


@pytest.mark.parametrize("n_kinds", [256, 32])
def test_pairs_are_drawn_for_the_models_own_canvas_and_setting(
    model: Model, monkeypatch: pytest.MonkeyPatch, n_kinds: int
) -> None:
    asked: list[list[InterchangePair]] = []

    def draw(*given_: Any, **named: Any) -> list[InterchangePair]:
        asked.append(interchange_pairs(*given_, **named))
        return asked[-1]

    monkeypatch.setattr(fit_subspace, "interchange_pairs", draw)

    next(job := fit_subspaces(model, "color", [2], QUICK, n_kinds=n_kinds))
    finish(job)

    kinds = set(all_kinds() if n_kinds == 256 else compositional_kinds()[0])
    train, test = asked
    assert not {p.base for p in train} & {p.base for p in test}
    assert {s.geometry for p in (*train, *test) for s in (p.base, p.source)} == {model.geometry}
    assert {(i.shape, i.color) for p in (*train, *test) for i in p.base.items} <= kinds


@pytest.mark.parametrize("options", [{}, {"class_token": False, "global_pool": "avg"}, {"reg_tokens": 3}])
@pytest.mark.parametrize("batch", [3, 100])
def test_the_prefixes_are_those_of_a_whole_pass(options: dict[str, object], batch: int) -> None:
    model = tiny_model(**options)
    pairs = interchange_pairs(7, "shape", all_kinds(), 0, CANVAS)

    caches = finish(cache_pairs(model, pairs, [-1, 1, 2], batch=batch))

    with torch.no_grad():
        base = run(model, to_input(model, render_many([p.base for p in pairs])))
        source = run(model, to_input(model, render_many([p.source for p in pairs])))
    assert set(caches) == {-1, 1, 2}
    for block, cache in caches.items():
        torch.testing.assert_close(cache.base, base.after(block), atol=1e-4, rtol=1e-4)
        for row, pair in enumerate(pairs):
            at = [[patch + model.n_prefix for patch in item_patches(i, CANVAS)] for i in pair.source.items]
            own = [[patch + model.n_prefix for patch in item_patches(i, CANVAS)] for i in pair.base.items]
            there = source.after(block)[row]
            torch.testing.assert_close(cache.donor[row], there[at[0]], atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(cache.wrong[row], there[at[1]], atol=1e-4, rtol=1e-4)
            assert cache.tokens[row].tolist() == own[0]
            values = torch.stack([base.after(block)[row, tokens].mean(0) for tokens in own])
            torch.testing.assert_close(cache.item_values[row], values, atol=1e-4, rtol=1e-4)
            assert cache.classes[row].tolist() == [item.shape for item in pair.base.items]
        assert cache.labels.tolist() == [pair.label for pair in pairs]


@pytest.fixture
def parent(tmp_path: Path) -> str:
    """A model of which one subspace of colour is known, after block 0."""
    reference = save_tiny(tmp_path / "parent.safetensors", seed=3)
    model = open_model(reference, torch.device("cpu"))
    (fitted,) = finish(fit_subspaces(model, "color", [0], QUICK))
    save_subspace(subspace_file(subspace_folder(reference), "color", 0), fitted.tensors, fitted.card)
    return reference


def test_a_search_can_start_from_the_subspace_of_another_model(model: Model, parent: str) -> None:
    other = open_model(parent, torch.device("cpu"))
    wanted = learned_subspaces(subspace_folders(parent), other)[0]["color", 0].basis
    resting = replace(QUICK, start=parent, rotation_lr=0.0, mask_lr=0.0)

    (fitted,) = finish(fit_subspaces(model, "color", [0], resting))

    basis = basis_of(fitted)
    torch.testing.assert_close(basis @ basis.T, wanted @ wanted.T, atol=1e-4, rtol=0)
    assert fitted.card["options"]["start"] == parent


def test_a_model_without_that_subspace_is_no_start(model: Model, parent: str) -> None:
    with pytest.raises(UserError, match="parent has no subspace of colour after the embeddings, block 1, so"):
        next(fit_subspaces(model, "color", [-1, 0, 1], replace(QUICK, start=parent)))


def test_a_model_of_another_width_is_no_start(parent: str) -> None:
    with pytest.raises(UserError, match=f"is {WIDTH} wide"):
        next(fit_subspaces(tiny_model(embed_dim=64), "color", [0], replace(QUICK, start=parent)))


def test_what_is_no_model_is_no_start_and_the_other_starts_are_named(model: Model) -> None:
    with pytest.raises(UserError, match="clas means") as refused:
        next(fit_subspaces(model, "color", [0], replace(QUICK, start="clas means")))

    assert refused.value.hint.startswith("Start: random, class means, or a model.")


def test_a_search_may_run_on_a_part_of_the_background(model: Model) -> None:
    pairs = interchange_pairs(7, "shape", all_kinds(), 0, model.geometry)

    whole, few = (finish(cache_pairs(model, pairs, [-1], keep_background=share))[-1] for share in (1.0, 0.25))

    n_items = 2 * model.geometry.cell_patches**2
    n_background = model.geometry.grid**2 - n_items
    assert few.base.shape[1] == model.n_prefix + n_items + round(0.25 * n_background)
    torch.testing.assert_close(gather_tokens(few.base, few.tokens), gather_tokens(whole.base, whole.tokens))
    torch.testing.assert_close(few.donor, whole.donor)
    torch.testing.assert_close(few.wrong, whole.wrong)
    torch.testing.assert_close(few.item_values, whole.item_values)


def test_what_was_searched_on_few_tokens_is_measured_on_all(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[int] = []

    def measure(model: Model, cache: PairCache, *_: object, **__: object) -> float:
        measured.append(cache.base.shape[1])
        return 0.5

    monkeypatch.setattr(fit_subspace, "interchange_accuracy", measure)
    options = replace(QUICK, keep_background=0.1, start="class means")

    finish(fit_subspaces(model, "shape", [0], options))

    assert set(measured) == {model.wiring.n_tokens}


def test_a_network_that_needs_all_its_tokens_is_not_searched_on_few() -> None:
    network = timm.create_model("beit_base_patch16_224", depth=1, embed_dim=48, num_heads=2, img_size=64, num_classes=2)
    model = as_model(network)

    with pytest.raises(UserError, match="part of its tokens"):
        next(fit_subspaces(model, "shape", [0], replace(QUICK, keep_background=0.5)))


@given(seed=st.integers(0, 100))
def test_interchange_mixes_base_and_donor_in_the_rotated_dimensions(seed: int) -> None:
    x, donor, rotation = noise(2, 9, WIDTH, seed=seed), noise(2, 3, WIDTH, seed=seed + 1), orthogonal(WIDTH, seed)
    tokens, mask = torch.tensor([[4, 1, 7], [0, 8, 2]]), torch.sigmoid(noise(WIDTH, seed=seed + 2))
    before = x.clone()

    y = interchange(x, tokens, donor, rotation, mask)

    for row in range(2):
        at = tokens[row].tolist()
        mixed = ((1 - mask) * (x[row, at] @ rotation) + mask * (donor[row] @ rotation)) @ rotation.T
        torch.testing.assert_close(y[row, at], mixed, atol=1e-4, rtol=1e-4)
        others = [t for t in range(9) if t not in at]
        assert torch.equal(y[row, others], x[row, others])
    assert torch.equal(x, before)


def test_the_donors_tokens_are_mixed_up_in_training_and_not_when_measuring(comparer: Model) -> None:
    cache = known_cache("color", 200, 5)
    rows = torch.arange(200)
    search = SimpleNamespace(rotation=SimpleNamespace(weight=torch.eye(WIDTH)), mask_logits=torch.full((WIDTH,), 100.0))
    orders: list[Tensor] = []

    def spy(x: Tensor, tokens: Tensor, donor: Tensor, rotation: Tensor, mask: Tensor) -> Tensor:
        orders.append(donor)
        return interchange(x, tokens, donor, rotation, mask)

    shuffled = torch.tensor([2, 0, 3, 1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit_subspace, "interchange", spy)
        loss = fit_subspace._search_loss
        loss(comparer, search, -1, cache, rows, shuffled, 1.0, SearchOptions(bfloat16=False))  # type: ignore[arg-type]
        interchange_accuracy(comparer, cache, -1, torch.eye(WIDTH), torch.ones(WIDTH))

    assert torch.equal(orders[0], cache.donor[:, shuffled])
    assert torch.equal(torch.cat(orders[1:]), cache.donor)


def test_swapping_everything_gives_the_answer_for_the_swapped_picture() -> None:
    model = as_model(tiny_network(global_pool="avg"))
    base, other = (Stimulus((Item(s, s, 0, 0), Item(3, 3, 32, 32)), CANVAS) for s in (1, 5))
    x, y = (run(model, to_input(model, render_many([s]))) for s in (base, other))
    tokens = torch.tensor([[patch + 1 for patch in item_patches(base.items[0], CANVAS)]])

    swapped = interchange(x.after(-1), tokens, y.after(-1)[:, tokens[0]], torch.eye(WIDTH), torch.ones(WIDTH))

    torch.testing.assert_close(swapped, y.after(-1), atol=1e-5, rtol=0)
