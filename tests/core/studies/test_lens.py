from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.emoji import characters
from core.engine import embed, run, to_input
from core.errors import UserError
from core.families.model import Model
from core.plots import Bars, Curves
from core.readings.memories import values_of
from core.readings.projection import project
from core.readings.relevance import class_head
from core.stimuli.datasets import split_examples
from core.stimuli.render import render_many
from core.studies.lens import Lens
from core.studies.measures.deletion import FIRST, ORDERS, SHARES, area, check_removable, measure_deletion
from core.studies.measures.lens import measure_lens, pictures
from core.studies.measures.lens_found import (
    agreement_of_right_answers,
    change_rates,
    composition,
    evolution,
    objects_and_context,
    shuffle_test,
)
from core.studies.measures.lens_random import with_random_weights
from core.studies.measures.lens_walk import Walked, walk
from core.studies.measures.linear_probes import ridge_answers
from core.studies.measures.perturbed import measure_perturbed
from core.studies.published_lens import EVIDENCE, known_bars, known_curve, published
from core.studies.result import result_from_json, result_to_json
from core.studies.study import Bench, Found
from tests.core.networks import balanced_model, finish, noise, tiny_model

N = 16


@pytest.fixture(scope="module")
def model() -> Model:
    return balanced_model(seed=4, reg_tokens=1)


@pytest.fixture(scope="module")
def walked(model: Model) -> Walked:
    return walk_of(model)


def walk_of(model: Model) -> Walked:
    head = class_head(model)
    scores = [
        {name: head.weight @ v.T for name, v in values_of(model, block).items()} for block in range(model.n_blocks)
    ]
    return finish(walk(model, pictures(Bench((model,)), N, 0), scores, "memories of the class", 0))


def test_a_walk_keeps_what_the_projection_says_of_every_token(model: Model, walked: Walked) -> None:
    examples = pictures(Bench((model,)), N, 0)
    labels = torch.tensor([example.label for example in examples])
    with torch.inference_mode():
        trace = run(model, to_input(model, render_many([example.stimulus for example in examples])))
        last = project(model, trace.residuals[-1])  # [N, T, C]

    own = last[torch.arange(N), :, labels]
    np.testing.assert_allclose(walked.logits["resid_post"][:, -1], own.numpy(), atol=1e-4)
    assert (walked.top["resid_post"][:, -1] == last.argmax(-1).numpy()).all()
    assert (walked.answers == trace.logits.argmax(-1).numpy()).all()
    right = walked.top["resid_post"] == labels.numpy()[:, None, None]
    assert (walked.found == np.where(right, 1.0, 0.5)).all()


def test_identifiability_ends_at_the_accuracy(model: Model, walked: Walked) -> None:
    cls, image = evolution(walked, model.n_prefix)

    accuracy = (walked.answers == walked.labels).mean()
    assert cls.rows()[-1]["value"] == pytest.approx(0.5 + accuracy / 2)
    assert [row["block"] for row in image.rows()] == [-1, 0, 1, 2]


def test_a_network_of_random_weights_is_at_chance(model: Model) -> None:
    random = with_random_weights(model, seed=1)
    _, image = evolution(walk_of(random), random.n_prefix)

    assert all(abs(row["value"] - 0.75) < 0.13 for row in image.rows())
    assert random.network is not model.network
    assert not torch.equal(random.network.head.weight, model.network.head.weight)  # type: ignore[union-attr, arg-type]


def planted(**values: Any) -> Walked:
    """One picture of two tokens and one block, CLS and a patch."""
    plain = np.zeros((1, 1, 2))
    found = {
        "labels": np.zeros(1, int),
        "answers": np.zeros(1, int),
        "on_items": np.array([[False, True]]),
        "found": np.zeros((1, 2, 2)),
        "logits": {"resid_post": np.zeros((1, 2, 2)), "attn_out": plain, "mlp_out": plain, "resid_mid": plain},
        "top": {"resid_post": np.zeros((1, 2, 2)), "attn_out": plain, "mlp_out": plain, "resid_mid": plain},
        "agrees": {},
        "by_chance": {},
        "composed": {},
    }
    return Walked(**{**found, **values})


def test_a_class_from_the_mlp_alone_is_not_from_nowhere() -> None:
    after_block = {"resid_post": np.array([[[0, 0], [2, 3]]]), "attn_out": np.array([[[1, 1]]])}
    walked = planted(top={**after_block, "mlp_out": np.array([[[2, 2]]])})

    shares = {curve.part: curve.values[0, 0] for curve in composition(walked, paper_convention=False)}
    as_published = {curve.part: curve.values[0, 0] for curve in composition(walked, paper_convention=True)}

    assert shares == {"previous": 0.0, "attention": 0.0, "MLP": 0.5, "none": 0.5}
    assert as_published["none"] == 1.0


def test_the_mlp_is_compared_with_what_enters_it() -> None:
    walked = planted(
        logits={
            "resid_post": np.array([[[0.0, 0.0], [4.0, 4.0]]]),
            "attn_out": np.array([[[2.0, -1.0]]]),
            "resid_mid": np.array([[[3.0, 0.5]]]),
            "mlp_out": np.array([[[1.0, 1.0]]]),
        }
    )

    def rates(*, paper_convention: bool) -> dict[tuple[str, str], float]:
        measured = change_rates(walked, 1, paper_convention=paper_convention)
        return {(curve.part, curve.tokens): float(curve.values[0, 0]) for curve in measured}

    ours, theirs = rates(paper_convention=False), rates(paper_convention=True)
    assert ours["MLP", "CLS"] == 0.0
    assert theirs["MLP", "CLS"] == 1.0
    assert (ours["attention", "CLS"], ours["attention", "image"]) == (1.0, 0.0)
    assert ours["block", "image"] == ours["MLP", "image"] == 1.0


def test_shuffles_find_what_is_no_chance_and_only_that() -> None:
    values = np.random.default_rng(0).normal(size=(400, 2))
    marked = np.arange(400) < 100
    values[marked, 1] += 1.0

    differences, p = shuffle_test(values, marked, seed=0)

    assert p[1] == 0.0
    assert 0.02 < p[0] < 0.98
    assert differences[1] == pytest.approx(1.0, abs=0.3)


def test_objects_are_told_from_context_by_where_items_lie(model: Model, walked: Walked) -> None:
    measured, rows = objects_and_context(walked, model.n_prefix, seed=0)

    by_name = {curve.part: curve for curve in measured}
    share = walked.on_items[0, model.n_prefix :].mean()
    mixed = share * by_name["objects"].values + (1 - share) * by_name["context"].values
    np.testing.assert_allclose(mixed, walked.found[:, :, model.n_prefix :].mean(-1), atol=1e-6)
    assert {row["measure"] for row in rows} == {"objects − context", "logit change, objects − context"}


def test_agreement_is_held_against_whether_the_answer_is_right(walked: Walked) -> None:
    rows = agreement_of_right_answers(walked, seed=0)
    right = walked.answers == walked.labels
    agrees = walked.agrees["mlp_out"][:, 1, 0].astype(float)

    row = next(row for row in rows if (row["part"], row["block"]) == ("MLP", 1))
    assert row["value"] == pytest.approx(agrees[right].mean() - agrees[~right].mean())


def test_nothing_removed_leaves_the_accuracy_as_it_is(model: Model, walked: Walked) -> None:
    head, values = class_head(model), [values_of(model, block) for block in range(model.n_blocks)]

    curves = finish(
        measure_deletion(model, pictures(Bench((model,)), N, 0), head, values, loss="cross-entropy", seed=0)
    )

    accuracy = (walked.answers == walked.labels).mean()
    assert set(curves) == {(order, first) for order in ORDERS for first in FIRST}
    assert {curve[0] for curve in curves.values()} == {accuracy}
    assert curves["relevance", "least first"] != curves["relevance", "most first"]


def test_an_area_is_in_units_of_accuracy_and_the_published_one_is_not() -> None:
    flat = [0.8] * len(SHARES)

    assert area(flat, paper_convention=False) == pytest.approx(0.8)
    assert area(flat, paper_convention=True) == pytest.approx(6 / 7)


def test_tokens_stay_where_positions_are_handed_to_each_block() -> None:
    from timm.models.eva import Eva

    from tests.core.networks import TINY, as_model
    from tests.core.timm_networks import perturbed

    rotary = as_model(perturbed(Eva(**TINY, use_rot_pos_emb=True, use_abs_pos_emb=False, global_pool="token")))  # type: ignore[arg-type]

    check_removable(tiny_model())
    with pytest.raises(UserError, match="cannot be taken out"):
        check_removable(rotary)
    with pytest.raises(UserError, match="no CLS"):
        check_removable(tiny_model(class_token=False, global_pool="avg"))


def test_limits_begin_at_the_rate_of_the_intact_network(model: Model, walked: Walked) -> None:
    shares = finish(measure_perturbed(model, pictures(Bench((model,)), N, 0), paper_convention=False))

    intact = (walked.found[:, -1, model.n_prefix :] == 1).mean(-1)
    assert shares["intact"] == pytest.approx(intact.tolist())
    on = walked.on_items[:, model.n_prefix :]
    objects = [(row == 1)[here].mean() for row, here in zip(walked.found[:, -1, model.n_prefix :], on, strict=True)]
    assert shares["objects, intact"] == pytest.approx(objects)
    assert shares["no context"] != shares["objects, intact"]


def test_context_that_is_hidden_can_be_anything(model: Model) -> None:
    """The rate of patches of items does not depend on what lies where no item is."""
    from core.studies.measures.perturbed import _last

    on = np.zeros((1, 18), bool)
    on[0, [5, 6]] = True
    x = embed(model, noise(1, 3, 64, 64))
    other = x.clone()
    other[:, 9:12] += 3.0

    here, there = (_last(model, each, on, "no context") for each in (x, other))

    torch.testing.assert_close(here[:, [0, 5, 6]], there[:, [0, 5, 6]], atol=1e-5, rtol=1e-5)


def test_probes_are_ridge_regressions() -> None:
    x, unseen = noise(30, 2, 5), noise(8, 2, 5, seed=1)
    labels = torch.arange(30) % 3

    answers = ridge_answers(x, labels, unseen, 3)

    for position in range(2):
        h = torch.cat([x[:, position], torch.ones(30, 1)], 1).double()
        targets = 2.0 * torch.nn.functional.one_hot(labels, 3).double() - 1
        penalty = torch.diag(torch.tensor([1.0] * 5 + [0.0], dtype=torch.float64))  # none on the intercept
        weights = torch.linalg.solve(h.T @ h + penalty, h.T @ targets)
        wanted = torch.cat([unseen[:, position], torch.ones(8, 1)], 1).double() @ weights
        assert torch.equal(answers[:, position], wanted.argmax(-1))


def test_the_whole_study_has_a_figure_for_every_part_and_survives_its_file(model: Model) -> None:
    study = Lens(n=N, n_removed=4, n_probed=8, n_random=4)

    result = finish(study.run(Bench((model,))))

    assert set(result.plots) == {
        "lens-rate",
        "lens-evolution",
        "lens-change-CLS",
        "lens-change-image",
        "lens-composition",
        "lens-objects",
        "lens-agreement",
        "lens-composed",
        "lens-class-values",
        "lens-limited",
        "lens-removed-least-first",
        "lens-removed-most-first",
        "lens-probes",
    }
    text = result_to_json(result)
    assert result_to_json(result_from_json(text)) == text
    assert study.published(result)["lens-rate"].rows[0]["accuracy"] == pytest.approx(
        next(row["value"] for row in result.rows if (row["measure"], row["part"]) == ("rate", "accuracy"))
    )


def test_parts_that_are_not_wanted_are_left_out() -> None:
    model = balanced_model(seed=4, class_token=False, global_pool="avg")

    found: Found = finish(measure_lens(Bench((model,)), Lens(n=4, n_removed=4, n_probed=0, n_random=0)))

    assert not [name for name in found.plots if "removed" in name or "probes" in name or "CLS" in name]
    assert any(note.startswith("No tokens were removed") for note in found.notes)


def test_pictures_of_many_classes_are_of_the_models_classes() -> None:
    labels = tuple(reversed(characters()))
    model = replace(tiny_model(num_classes=len(labels)), labels=labels)

    for example in pictures(Bench((model,)), 4, 0):
        assert example.condition == labels[example.label]
    with pytest.raises(UserError, match="no labelled pictures"):
        pictures(Bench((replace(tiny_model(), labels=("cat", "dog")),)), 4, 0)


def test_a_two_way_model_is_shown_pairs() -> None:
    model = tiny_model()

    assert pictures(Bench((model,)), 4, 0) == split_examples("test", 4, geometry=model.geometry)


@pytest.mark.parametrize("option", ["n_removed", "n_probed", "n_random"])
def test_parts_take_no_more_pictures_than_there_are(option: str) -> None:
    with pytest.raises(UserError, match=f"{option} cannot be 24"):
        replace(Lens(n=20, n_removed=4, n_probed=4, n_random=4), **{option: 24}).check()


def test_published_numbers_say_where_they_are_from() -> None:
    assert set(EVIDENCE.values()) == {"output", "figure"}
    assert {len(curve) for curves in published("change").values() for curve in curves.values()} == {12}
    (series,) = known_curve("change", "block", range(6), 0)
    assert series.label == "ViT-B/16, block, published (another model)"
    assert series.y[1:] == (0.51, 0.53, 0.58, 0.64, 0.63)
    assert known_bars("rate", ["rate", "coverage"], 0)[0].y == (0.6704, 0.9745)
    assert not known_curve("evolution", "image", range(6), 0)


def test_plots_are_of_the_kinds_that_the_window_draws(model: Model) -> None:
    found = finish(measure_lens(Bench((model,)), Lens(n=4, n_removed=0, n_probed=0, n_random=0)))

    assert {type(plot) for plot in found.plots.values()} == {Bars, Curves}
