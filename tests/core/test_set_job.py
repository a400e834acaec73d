"""Sets of variants: the pictures, the manifest, and both read back."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.analyses.decision import Decision
from core.cards import read_card
from core.cli.command import main
from core.demo import demo_document
from core.document import Document, View, random_match_to_sample, random_pair
from core.documents.files import write_work
from core.documents.work import Work
from core.errors import UserError
from core.families.files import save_model, write_tensors
from core.families.model import weights_hash
from core.families.tensors import read_tensors
from core.interventions.knock_out_mlp import KnockOutMLP
from core.locations import model_path
from core.progress import Progress
from core.questions import Question
from core.session import Session
from core.set_job import SetOptions, Written, write_set
from core.sets import given_set
from core.stimuli.datasets import random_odd_one_out
from core.stimuli.masked_folder import masked_pictures
from core.stimuli.paint import layer_of
from core.stimuli.render import item_insides, render
from core.stimuli.stimulus import Geometry, Photo, Stimulus, n_items, odd_one, truth
from core.stimuli.tokens import tokens_of_items
from core.stimuli.variants import Varied, variants
from tests.core.networks import CARD, tiny_network

PAIR = demo_document().base


def document_of(stimulus: Stimulus) -> Document:
    return replace(demo_document(), base=stimulus)


def job_of(stimulus: Stimulus, options: SetOptions, folder: Path) -> Generator[Progress, None, Written]:
    return write_set(document_of(stimulus), "base", options, str(folder))


def written(folder: Path, stimulus: Stimulus, options: SetOptions) -> list[Stimulus]:
    """A set, once its pictures are those of what its manifest says."""
    assert list(job_of(stimulus, options, folder))[-1].done == options.n
    stimuli = list(given_set(folder).stimuli)
    files = [entry["file"] for entry in manifest(folder)["pictures"]]
    assert len(stimuli) == len(files) == options.n
    for name, drawn in zip(files, stimuli, strict=True):
        assert np.array_equal(np.asarray(Image.open(folder / name)), render(drawn))
    return stimuli


def manifest(folder: Path) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def test_a_set_is_the_variants_of_what_is_drawn_and_is_read_as_it_was_written(tmp_path: Path) -> None:
    options = SetOptions(6, colors=True, seed=4)

    assert written(tmp_path / "set", PAIR, options) == variants(PAIR, 6, Varied(shapes=False), seed=4)


def test_the_manifest_has_the_truth_and_the_tokens_of_each_picture(tmp_path: Path) -> None:
    stimuli = written(tmp_path / "set", random_match_to_sample(Geometry(), 2), SetOptions(4))

    for entry, stimulus in zip(manifest(tmp_path / "set")["pictures"], stimuli, strict=True):
        known = truth(stimulus)
        assert known is not None
        assert entry["label"] == int(known.same)
        assert entry["tokens"] == [list(tokens) for tokens in tokens_of_items(stimulus, 1)]


def test_of_an_odd_one_out_the_masks_are_read_by_what_reads_masked_folders(tmp_path: Path) -> None:
    stimuli = written(tmp_path, random_odd_one_out(Geometry(), 1, "color"), SetOptions(3))

    pictures = masked_pictures(tmp_path)
    assert len(pictures) == 3
    for picture, stimulus in zip(pictures, stimuli, strict=True):
        read = picture.stimulus(Geometry())
        odd = odd_one(stimulus)
        assert odd is not None
        assert np.array_equal(item_insides(read)[odd_one(read) or 0], item_insides(stimulus)[odd])
        assert n_items(read) == 2


def test_what_is_painted_is_over_every_picture(tmp_path: Path) -> None:
    rgba = np.zeros((224, 224, 4), np.uint8)
    rgba[200:210, 3:9] = (9, 90, 200, 255)

    stimuli = written(tmp_path, replace(PAIR, paint=layer_of(rgba)), SetOptions(3))

    assert all((render(stimulus)[205, 5] == (9, 90, 200)).all() for stimulus in stimuli)


def test_a_set_that_is_stopped_keeps_what_is_there_and_says_what(tmp_path: Path) -> None:
    job = job_of(PAIR, SetOptions(50), tmp_path)
    for progress in job:
        if progress.done == 3:
            break
    job.close()

    assert len(given_set(tmp_path).stimuli) == 3
    assert len(list((tmp_path / "images").iterdir())) == 3


def test_a_folder_with_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")

    with pytest.raises(UserError, match=r"letter\.txt"):
        list(job_of(PAIR, SetOptions(2), tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_set_is_not_mixed_with_an_earlier_one(tmp_path: Path) -> None:
    list(job_of(PAIR, SetOptions(2), tmp_path))

    with pytest.raises(UserError, match="no part of this set"):
        list(job_of(PAIR, SetOptions(3), tmp_path))
    assert len(given_set(tmp_path).stimuli) == 2


def test_what_cannot_be_varied_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="A photo has no variants"):
        list(job_of(Stimulus(photo=Photo(b"", "a.png")), SetOptions(2), tmp_path / "set"))
    assert not (tmp_path / "set").exists()


def test_a_model_that_is_not_there_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no model “gone”"):
        finished(write_set(replace(document_of(PAIR), model="gone"), "base", SetOptions(1), str(tmp_path / "set")))
    assert not (tmp_path / "set").exists()


def test_the_command_writes_the_set_of_a_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_work(tmp_path / "a.relata", Work(demo_document(), View()))
    out = tmp_path / "set"
    words = ["set", str(tmp_path / "a.relata"), "--n", "5", "--vary", "shape,color", "--keep-noise", "--seed", "3"]

    assert main([*words, "--out", str(out)]) == 0

    assert "5 images and manifest.json" in capsys.readouterr().out
    assert list(given_set(out).stimuli) == variants(PAIR, 5, Varied(noise=False), seed=3)
    assert main([*words, "--vary", "size", "--out", str(tmp_path / "other")]) == 2
    assert "no property “size”" in capsys.readouterr().err


def finished(job: Generator[Progress, None, Written]) -> Written:
    while True:
        try:
            next(job)
        except StopIteration as stop:
            result: Written = stop.value
            return result


def test_the_model_is_asked_about_each_picture_and_its_answers_are_those_of_a_session(tmp_path: Path) -> None:
    edits = tuple(KnockOutMLP(block) for block in range(6))
    document = replace(document_of(PAIR), interventions=edits)

    found = finished(write_set(document, "base", SetOptions(4, colors=True, ask=True), str(tmp_path), "cpu"))

    answers = [entry["answer"] for entry in manifest(tmp_path)["pictures"]]
    session = Session("cpu")
    for answer, stimulus in zip(answers, given_set(tmp_path).stimuli, strict=True):
        verdict = session.answer(Question(replace(document, base=stimulus))).found[Decision()]
        assert answer["margin"] == pytest.approx(verdict.margin, abs=1e-4)  # type: ignore[index]
        assert answer["margin_without_edits"] == pytest.approx(verdict.baseline_margin, abs=1e-4)  # type: ignore[index]
    assert manifest(tmp_path)["edits"] == [edit.words(PAIR) for edit in edits]
    assert manifest(tmp_path)["weights_sha256"] == session.open("discrimination").model.weights_hash  # type: ignore[comparison-overlap]
    assert (found.n, found.n_asked, found.n_posed, found.n_right) == (4, 4, 4, 4)
    assert found.words(edited=True) == f"The model is right about 4 of 4. The edits turn {found.n_turned} of 4 answers."


def test_a_model_is_right_however_its_card_writes_same_and_different(tmp_path: Path) -> None:
    bundled = model_path("discrimination")
    tensors, card = read_tensors(bundled, ""), read_card(bundled)
    rows = {name: value.flip(0) if name.startswith("head.") else value for name, value in tensors.items()}
    path = tmp_path / "mine.safetensors"
    write_tensors(path, rows, {**card, "labels": ["Same ", "DIFFERENT"], "weights_sha256": weights_hash(rows)})
    document = replace(document_of(PAIR), model=str(path))

    found = finished(write_set(document, "base", SetOptions(4, ask=True), str(tmp_path / "set"), "cpu"))

    assert (found.n_posed, found.n_right) == (4, 4)


def test_of_another_task_nothing_is_said_of_right_and_wrong(tmp_path: Path) -> None:
    document = document_of(random_match_to_sample(Geometry(), 2))

    found = finished(write_set(document, "base", SetOptions(1, ask=True), str(tmp_path), "cpu"))

    assert found.words(edited=False) == "The model answered 1."


def test_of_a_network_without_classes_nothing_is_said_of_right_and_wrong(tmp_path: Path) -> None:
    network = tiny_network()
    network.reset_classifier(0)
    card = {**CARD, "network": {**CARD["network"], "num_classes": 0}, "labels": []}
    save_model(tmp_path / "bare.safetensors", network, card)
    document = Document(str(tmp_path / "bare.safetensors"), random_pair(Geometry(64, 16), 1))

    found = finished(write_set(document, "base", SetOptions(2, ask=True), str(tmp_path / "set"), "cpu"))

    assert found.words(edited=False) == "The model answered 2."
