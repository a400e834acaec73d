"""A network without classes is read by examples, and one with very many classes by those that matter."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
import torch

from core.analyses.decision import Decision, Verdict
from core.analyses.decision_map import DecisionMap, grid_points
from core.analyses.layer_margins import LayerMargins
from core.analyses.pad import Pad
from core.assets.subspace_files import save_subspace, subspace_file
from core.document import LENSES, Document, Lens, random_pair, random_stimulus
from core.engine import run, to_input
from core.errors import UserError
from core.families.files import save_model, write_tensors
from core.interventions.knock_out_mlp import KnockOutMLP
from core.interventions.move import set_point
from core.locations import subspace_folder
from core.questions import Question
from core.readings import judges
from core.readings.judges import N_EXAMPLES, examples_of
from core.session import Session
from core.stimuli.datasets import split_examples
from core.stimuli.render import render_many
from core.stimuli.stimulus import Geometry, Photo, Stimulus
from core.stimuli.tokens import tokens_of_items
from tests.core.networks import CARD, tiny_model, tiny_network
from tests.core.test_subspaces import fitted

CANVAS = Geometry(64, 16)


def saved(folder: Path, n_classes: int, **card: Any) -> str:
    file = folder / f"of{n_classes}.safetensors"
    network = {**CARD["network"], "num_classes": n_classes}
    save_model(file, tiny_network(num_classes=n_classes), {**CARD, "network": network, **card})
    return str(file)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for what is kept on the disk, for each test its own."""
    monkeypatch.setattr(judges, "data_folder", lambda: tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def headless(tmp_path: Path) -> Document:
    return Document(saved(tmp_path, 0, labels=[]), random_pair(CANVAS, 0))


def verdict_of(document: Document, session: Session | None = None) -> Verdict:
    found: Verdict = (session or Session("cpu")).answer(Question(document)).found[Decision()]
    return found


def test_each_example_is_held_against_means_without_it() -> None:
    model = tiny_model(num_classes=0)
    found = examples_of(model, "discrimination")

    examples = split_examples("train", N_EXAMPLES, geometry=model.geometry)
    with torch.inference_mode():
        outputs = model.network(to_input(model, render_many([e.stimulus for e in examples])))  # [N, F]
    labels = torch.tensor([e.label for e in examples])
    right = 0
    for at in range(N_EXAMPLES):
        others = torch.arange(N_EXAMPLES) != at
        means = [outputs[others & (labels == label)].mean(0) for label in (0, 1)]
        far = [float((outputs[at] - mean).norm()) for mean in means]
        right += (far[1] < far[0]) == bool(labels[at])
    assert found.scales["class means"].right == pytest.approx(right / N_EXAMPLES)
    torch.testing.assert_close(found.means[1], outputs[labels == 1].mean(0), atol=1e-4, rtol=1e-4)


def test_the_nearer_class_mean_is_answered(headless: Document) -> None:
    session = Session("cpu")
    model = session.open(headless.model).model
    found = examples_of(model, "discrimination")
    answers = set()
    for seed in range(6):
        document = replace(headless, base=random_pair(CANVAS, seed))
        said = verdict_of(document, session)
        with torch.inference_mode():
            output = run(model, to_input(model, render_many([document.base]))).logits[0]
        different, same = ((output - mean).square().sum() for mean in found.means)
        assert said.labels == ("different", "same")
        assert said.margin == pytest.approx(float(different - same) / 2 / found.scales["class means"].sigma, abs=1e-3)
        answers.add(said.answer)
    assert len(answers) == 2, "both answers are given"


def test_the_cosine_is_of_the_mean_tokens_of_the_two_items(headless: Document) -> None:
    session = Session("cpu")
    model = session.open(headless.model).model
    with torch.inference_mode():
        last = run(model, to_input(model, render_many([headless.base]))).residuals[-1][0]
    a, b = (last[list(tokens)].mean(0) for tokens in tokens_of_items(headless.base, model.n_prefix))
    scale = examples_of(model, "discrimination").scales["cosine"]

    said = verdict_of(replace(headless, lens="cosine"), session)

    wanted = (float(torch.cosine_similarity(a, b, dim=0)) - scale.border) / scale.sigma
    assert said.margin == pytest.approx(wanted, abs=1e-3)
    assert scale.border == pytest.approx((scale.different + scale.same) / 2)


@pytest.mark.parametrize("lens", LENSES)
def test_it_is_said_that_there_are_no_classes_and_what_is_shown(headless: Document, lens: Lens) -> None:
    words = verdict_of(replace(headless, lens=lens)).lens

    assert words.startswith("This network has no classes: shown is the ")
    assert ("cosine of A and B" in words) == (lens == "cosine")
    assert f"{N_EXAMPLES} examples" in words


@pytest.mark.parametrize("lens", LENSES)
def test_edits_reach_what_is_shown_of_a_network_without_classes(headless: Document, lens: Lens) -> None:
    edited = replace(headless, lens=lens, interventions=(KnockOutMLP(1),))

    said = verdict_of(edited)

    assert said.margin != pytest.approx(said.baseline_margin, abs=1e-4)
    assert said.baseline == verdict_of(replace(headless, lens=lens)).logits


@pytest.mark.parametrize("lens", LENSES)
def test_the_last_layer_margin_and_the_map_agree_with_the_answer(headless: Document, lens: Lens) -> None:
    session = Session("cpu")
    weights = session.open(headless.model).model.weights_hash
    told = {"property": "color", "block": 0, "weights_sha256": weights, "iia": 0.9}
    save_subspace(subspace_file(subspace_folder(headless.model), "color", 0), fitted(), told)
    document = replace(headless, lens=lens)
    margins, pad, chart = LayerMargins(), Pad("color", 0), DecisionMap("color", 0)
    answer = Session("cpu").answer(Question(document, (margins, pad, chart)))

    (curves,) = answer.found[margins]
    assert curves.series[0].y[-1] == pytest.approx(answer.found[Decision()].margin, abs=1e-3)
    assert "σ of the examples" in curves.y_label
    point = grid_points(answer.found[pad].extent)[30]
    moved = verdict_of(set_point(document, 0, "color", 0, point))
    assert answer.found[chart].flat[30] == pytest.approx(1 / (1 + math.exp(-moved.margin)), abs=1e-4)


@pytest.mark.parametrize(
    "base",
    [
        Stimulus((), CANVAS, Photo(bytes(64 * 64 * 3), "night.png")),
        Stimulus((), CANVAS),
        random_stimulus("rmts", CANVAS, 0),
    ],
    ids=["photo", "empty", "four items"],
)
def test_where_there_are_not_two_items_there_is_no_cosine_and_class_means_are_shown(
    headless: Document, base: Stimulus
) -> None:
    said = verdict_of(replace(headless, base=base, lens="cosine"))

    assert "class means" in said.lens
    assert said == verdict_of(replace(headless, base=base))


def test_examples_are_seen_once_for_the_same_weights(headless: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    session, seen = Session("cpu"), []
    monkeypatch.setattr(judges, "_seen", lambda *a, _of=judges._seen: seen.append(1) or _of(*a))
    verdict_of(headless, session)
    first = len(seen)
    weights = session.open(headless.model).model.weights_hash
    told = {"property": "color", "block": 0, "weights_sha256": weights, "iia": 0.9}
    save_subspace(subspace_file(subspace_folder(headless.model), "color", 0), fitted(), told)

    verdict_of(headless, session)

    assert session.open(headless.model).subspaces, "it was opened again"
    assert len(seen) == first > 0


def test_examples_are_kept_on_the_disk_and_seen_again_where_the_file_is_damaged_or_the_card_says_other_pixels(
    headless: Document, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, seen = verdict_of(headless), []
    monkeypatch.setattr(judges, "_seen", lambda *a, _of=judges._seen: seen.append(1) or _of(*a))
    assert verdict_of(headless) == first
    assert not seen

    (kept,) = (data / "examples").glob("*.safetensors")
    kept.write_bytes(b"no tensors")
    assert verdict_of(headless) == first
    n = len(seen)
    assert n > 0

    card = Path(headless.model).with_suffix(".json")
    card.write_text(card.read_text().replace("[\n    0.5,", "[\n    0.4,", 1))
    assert verdict_of(headless) != first
    assert len(seen) == 2 * n


def test_a_disk_that_refuses_costs_no_answer(headless: Document, data: Path) -> None:
    first = verdict_of(headless)
    rmtree(data)
    data.write_text("a file")

    assert verdict_of(headless) == first


def test_of_very_many_classes_the_largest_are_held_with_their_true_shares(tmp_path: Path) -> None:
    document = Document(saved(tmp_path, 1000, labels="imagenet-1k"), random_pair(CANVAS, 0), None, (KnockOutMLP(0),))
    session = Session("cpu")
    said = verdict_of(document, session)

    model = session.open(document.model).model
    with torch.inference_mode():
        plain = model.network(to_input(model, render_many([document.base])))[0]
    assert len(said.labels) <= 40
    assert max(said.baseline) == pytest.approx(float(plain.max()), abs=1e-4)
    before = {each.label: each.baseline for each in said.largest(len(said.labels))}
    for label, share in before.items():
        assert share == pytest.approx(float(plain.softmax(0)[model.labels.index(label)]), abs=1e-6)
    top = said.largest(5)
    assert [each.logit for each in top] == sorted((each.logit for each in top), reverse=True)
    assert top[0].label == said.answer
    assert sum(each.share for each in said.largest(40)) < 1


def test_the_map_of_very_many_classes_is_of_the_answer_without_edits(tmp_path: Path) -> None:
    file = saved(tmp_path, 1000, labels="imagenet-1k")
    document = Document(file, random_pair(CANVAS, 0))
    weights = Session("cpu").open(file).model.weights_hash
    told = {"property": "color", "block": 0, "weights_sha256": weights, "iia": 0.9}
    save_subspace(subspace_file(subspace_folder(file), "color", 0), fitted(), told)
    pad, chart = Pad("color", 0), DecisionMap("color", 0)
    answer = Session("cpu").answer(Question(document, (pad, chart, LayerMargins())))

    said = answer.found[Decision()]
    moved = verdict_of(set_point(document, 0, "color", 0, grid_points(answer.found[pad].extent)[30]))
    shares = {each.label: each.share for each in moved.largest(40)}
    assert answer.found[chart].flat[30] == pytest.approx(shares[said.labels[said.mapped]], abs=1e-5)
    (curves,) = answer.found[LayerMargins()]
    assert curves.series[0].y[-1] == pytest.approx(said.margin, abs=1e-4)


@pytest.mark.parametrize("n_classes", [0, 1, 2, 1000])
def test_a_network_that_runs_into_numbers_that_are_none_is_refused_with_the_block_named(
    tmp_path: Path, n_classes: int
) -> None:
    network = tiny_network(num_classes=n_classes)
    with torch.no_grad():
        network.blocks[1].mlp.fc1.weight.mul_(1e9)
        network.blocks[1].mlp.fc2.weight.mul_(1e38)
    labels = {0: [], 1: ["cat"], 2: ["different", "same"], 1000: "imagenet-1k"}[n_classes]
    card = {**CARD, "network": {**CARD["network"], "num_classes": n_classes}, "labels": labels}
    write_tensors(tmp_path / "large.safetensors", dict(network.state_dict()), card)

    with pytest.raises(UserError, match="The output of block 1 of large is not finite"):
        Session("cpu").open(str(tmp_path / "large.safetensors"))


def test_a_card_that_is_mended_while_the_network_is_open_counts_from_the_next_answer_on(tmp_path: Path) -> None:
    reference, session = saved(tmp_path, 0, labels=[]), Session("cpu")
    document = Document(reference, random_pair(CANVAS, 0))
    before = verdict_of(document, session)

    saved(tmp_path, 0, labels=[], mean=[0.1, 0.2, 0.3])
    os.utime(reference, ns=(1, 1))

    assert verdict_of(document, session) == verdict_of(document)
    assert verdict_of(document, session) != before
