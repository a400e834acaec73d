"""Studies on the pictures of a set: these alone, told apart from everything else, and refused where they do not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from core.document import random_match_to_sample, random_pair
from core.engine import run, to_input
from core.errors import UserError
from core.families.model import Model
from core.jobs.measure import answers
from core.plots import Bars, Curves
from core.statistics import wilson
from core.stimuli.datasets import random_odd_one_out, split_examples
from core.stimuli.render import render_many
from core.stimuli.stimulus import Geometry, Stimulus
from core.stimuli.variants import variants
from core.studies.attention import Attention
from core.studies.behaviour import Behaviour
from core.studies.das import Alignment
from core.studies.given import Given
from core.studies.lens import Lens
from core.studies.modes import QueryKeyModes
from core.studies.preference import Preference
from core.studies.result import StudyResult, result_from_json, result_to_json
from core.studies.study import Bench, Study, every_study, tables
from tests.core.networks import balanced_model, finish, tiny_model

SMALL = Geometry(64, 16)


@pytest.fixture(scope="module")
def model() -> Model:
    return balanced_model()


def given(stimuli: list[Stimulus], name: str = "mine") -> Given:
    return Given(name, "0123456789abcdef", tuple(stimuli))


def unseen() -> list[Stimulus]:
    return [example.stimulus for example in split_examples("test", 12, seed=5, geometry=SMALL)]


def measured(study: Study, model: Model, stimuli: list[Stimulus]) -> StudyResult:
    bench, study = Bench((model,), given=given(stimuli)), study.of_given(len(stimuli))
    study.check_given(bench)
    result: StudyResult = finish(study.run(bench))
    return result


def test_behaviour_is_of_exactly_these_pictures_and_of_each_condition(model: Model) -> None:
    examples = split_examples("test", 12, seed=5, geometry=SMALL)

    result = measured(Behaviour(), model, unseen())

    with torch.inference_mode():
        logits = run(model, to_input(model, render_many([e.stimulus for e in examples]))).logits
    right = [int(label) == e.label for label, e in zip(logits.argmax(1), examples, strict=True)]
    every, *conditions = [row for row in result.rows if row["kind"] == "mean"]
    assert (every["accuracy"], (every["low"], every["high"])) == (sum(right) / 12, wilson(sum(right), 12))
    assert {row["split"]: row["n"] for row in conditions} == {"both": 2, "same": 6, "shape": 2, "color": 2}
    pictures = [row for row in result.rows if row["kind"] == "picture"]
    assert [row["margin"] for row in pictures] == pytest.approx((logits[:, 1] - logits[:, 0]).tolist(), abs=1e-4)
    assert [bool(row["right"]) for row in pictures] == right
    assert every["margin"] == pytest.approx(sum(row["margin"] for row in pictures) / 12)
    assert f"Right about {sum(right)} of 12." in result.notes[1]
    accuracy, spread = result.plots.values()
    assert isinstance(accuracy, Bars)
    assert isinstance(spread, Curves)
    assert accuracy.groups == ("all", "both differ", "same", "shape differs", "colour differs")
    same = [row["margin"] for row in pictures if row["condition"] == "same"]
    assert (spread.series[1].label, spread.series[1].y[::10]) == ("same", (min(same), max(same)))
    assert all(series.role == "measured" for plot in (accuracy, spread) for series in plot.series)


def test_the_answers_are_the_sides_of_the_margins(model: Model) -> None:
    examples = split_examples("test", 12, seed=5, geometry=SMALL)

    found = finish(answers(model, examples, batch=5))
    margins = [margin for _, margin in found]

    assert len(found) == 12
    assert min(margins) < 0 < max(margins)
    assert [chosen for chosen, _ in found] == [int(margin > 0) for margin in margins]


@pytest.mark.parametrize("study", [Behaviour(), Attention(), Lens(n_random=4), QueryKeyModes(n_modes=1)])
def test_a_result_says_which_set_it_is_of(model: Model, study: Study) -> None:
    stimuli = variants(random_pair(SMALL, 1), 6)  # all of one label

    result = measured(study, model, stimuli)

    assert result.title.endswith(", set “mine”")
    assert result.settings["set"] == {"name": "mine", "sha256": "0123456789abcdef"}
    assert (result.n, result.settings["n"]) == (6, 6)
    assert result.notes[0].startswith("On 6 pictures of the set “mine” (01234567)")
    assert "test images" not in " ".join(result.notes)
    assert tables(result) == {}
    text = result_to_json(result)
    assert result_to_json(result_from_json(text)) == text


def test_attention_and_modes_are_measured_in_these_pictures(model: Model) -> None:
    first, other = unseen(), variants(random_pair(SMALL, 2), 12)

    for study in (Attention(), QueryKeyModes(n_modes=1)):
        assert measured(study, model, first).rows == measured(study, model, first).rows
        assert measured(study, model, first).rows != measured(study, model, other).rows
    own: StudyResult = finish(Attention(n=12, seed=5).run(Bench((model,))))
    assert measured(Attention(), model, first).rows == own.rows, "they are the test images of that seed"


def test_preference_is_measured_in_the_odd_ones_out_of_a_set() -> None:
    wide = tiny_model(img_size=96)
    odd = random_odd_one_out(wide.geometry, 1, "color")

    result = measured(Preference(), wide, variants(odd, 4))

    assert result.n == 4
    assert "4 pictures of the set" in result.notes[2]
    assert "pictures" not in result.settings


def test_pictures_of_another_patch_grid_are_laid_out_anew_and_the_result_says_so(model: Model) -> None:
    stimuli = [random_pair(Geometry(224, 16), seed) for seed in range(4)]

    result = measured(Behaviour(), model, stimuli)

    assert "laid out anew" in result.notes[1]
    assert "64 px in patches of 16 px" in result.notes[1]


def refused(study: Study, model: Model, stimuli: list[Stimulus]) -> UserError:
    with pytest.raises(UserError) as refusal:
        study.check_given(Bench((model,), given=given(stimuli)))
    assert refusal.value.hint
    return refusal.value


def test_a_part_that_needs_other_pictures_says_which(model: Model) -> None:
    known = {study.name for study in every_study() if not study.why_no_set}
    assert known == {"attention", "behaviour", "lens", "modes", "preference"}

    error = refused(Alignment(), model, unseen())

    assert "Subspaces cannot be run on a set" in error.message
    assert "counterfactuals" in error.message
    assert "Behaviour" in error.hint


@pytest.mark.parametrize(
    ("study", "stimuli", "said"),
    [
        (Behaviour(), [random_match_to_sample(Geometry(), 1)], "poses match-to-sample, and tiny was trained on"),
        (Attention(), [random_odd_one_out(Geometry(), 1, "color")], "poses no task"),
        (Preference(), [random_pair(SMALL, 1)], "No picture of the set has an odd one out"),
        (QueryKeyModes(folder="/somewhere"), [random_pair(SMALL, 1)], "of a folder and those of a set"),
    ],
)
def test_what_does_not_fit_is_said(model: Model, study: Study, stimuli: list[Stimulus], said: str) -> None:
    assert said in refused(study, replace(model, name="tiny"), stimuli).message


def test_a_model_of_other_classes_is_asked_for_none(model: Model) -> None:
    animals = replace(model, name="animals", labels=("cat", "dog"))

    for study in (Behaviour(), Lens()):
        assert "animals does not say which" in refused(study, animals, unseen()).message


def test_items_of_several_sizes_cannot_be_compared_by_their_attention(model: Model) -> None:
    pair = random_pair(SMALL, 1)
    off_the_grid = replace(pair, items=(replace(pair.items[0], x_px=8, y_px=24), pair.items[1]))

    assert "cover from 4 to 9 patches" in refused(Attention(), model, [off_the_grid]).message
