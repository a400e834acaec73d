from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from core.engine import to_input
from core.families.model import Model
from core.jobs.measure import answers, data_hash, measure, predictions
from core.stimuli.datasets import split_examples
from core.stimuli.render import render_many
from tests.core.networks import as_model, balanced_model, finish, tiny_model, tiny_network


def that_always_says(label: int) -> Model:
    network = tiny_network()
    network.head.weight.zero_()
    network.head.bias.zero_()
    network.head.bias[label] = 1.0
    return as_model(network)


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_the_answers_are_the_networks_own(batch: int) -> None:
    model = balanced_model()
    examples = split_examples("test", 20, geometry=model.geometry)

    chosen = finish(predictions(model, examples, batch=batch))

    with torch.inference_mode():
        logits = model.network(to_input(model, render_many([e.stimulus for e in examples])))
    assert chosen == logits.argmax(1).tolist()
    assert len(set(chosen)) == 2


def test_progress_ends_at_the_number_of_examples() -> None:
    model = tiny_model()
    examples = split_examples("test", 20, geometry=model.geometry)

    done = [(progress.done, progress.total) for progress in predictions(model, examples, batch=8)]

    assert done == [(8, 20), (16, 20), (20, 20)]


@pytest.mark.parametrize("label", [0, 1])
def test_a_model_that_always_says_one_thing_is_right_in_half_of_the_cases(label: int) -> None:
    table = finish(measure(that_always_says(label), ["test", "ood-shape"], 24))

    for row in table.values():
        assert (row["accuracy"], row["n"]) == (0.5, 24)
        assert row["accuracy, same"] == label
        assert row["accuracy, both"] == row["accuracy, shape"] == row["accuracy, color"] == 1 - label


def test_a_third_answer_is_right_about_no_pair() -> None:
    """The meter calls it a mistake as well."""
    network = tiny_network(num_classes=3)
    network.head.weight.zero_()
    network.head.bias.copy_(torch.tensor([0.0, 1.0, 2.0]))
    model = replace(as_model(network), labels=("different", "same", "unsure"))

    assert finish(measure(model, ["test"], 12))["test"]["accuracy"] == 0
    assert set(finish(answers(model, split_examples("test", 4, geometry=model.geometry)))) == {(2, 1.0)}


def test_the_conditions_together_are_the_whole() -> None:
    row = finish(measure(balanced_model(), ["test"], 60))["test"]

    parts = {"same": 30, "both": 10, "shape": 10, "color": 10}
    assert sum(row[f"accuracy, {name}"] * n for name, n in parts.items()) == pytest.approx(row["accuracy"] * 60)


def test_the_data_hash_tells_one_canvas_from_another_and_no_weights() -> None:
    assert data_hash(tiny_model(), 8) == data_hash(tiny_model(seed=1), 8)
    assert data_hash(tiny_model(), 8) != data_hash(tiny_model(img_size=96), 8)
