"""The study of query-key modes: rows of every head and block, the pictures with most of a mode, and folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.engine import run, to_input
from core.errors import UserError
from core.figures.writer import to_svg
from core.plots import Gallery, plot_from_json, plot_to_json
from core.progress import Progress
from core.readings.modes import block_modes
from core.stimuli.render import render_many
from core.studies.measures.modes import N_BEST, Best, _pictures
from core.studies.modes import STATEMENTS, QueryKeyModes
from core.studies.result import StudyResult, result_from_json, result_to_json
from core.studies.study import Bench, tables
from tests.core.networks import finish, noise, tiny_model


@pytest.fixture(scope="module")
def result() -> StudyResult:
    found: StudyResult = finish(QueryKeyModes(n=12, n_modes=2).run(Bench((tiny_model(),))))
    return found


def gallery(result: StudyResult) -> Gallery:
    plot = next(plot for plot in result.plots.values() if isinstance(plot, Gallery))
    assert isinstance(plot, Gallery)
    return plot


def test_there_is_a_row_for_every_head_and_block_and_for_the_best_pictures(result: StudyResult) -> None:
    kinds = [row["kind"] for row in result.rows]

    assert kinds.count("block") == 3
    assert kinds.count("head") == 6
    assert kinds.count("picture") >= 2
    assert result.n == 12
    for row in result.rows:
        assert row["kind"] != "block" or row["relative"] == pytest.approx(row["cosine"] - row["centre tokens"])


def test_the_best_pictures_are_those_with_the_largest_product_of_both_sides(result: StudyResult) -> None:
    model = tiny_model()
    row = next(row for row in result.rows if row["kind"] == "picture")
    stimuli, _ = _pictures(Bench((model,)), QueryKeyModes(n=12))
    with torch.inference_mode():
        modes = block_modes(model, row["block"])
        streams = run(model, to_input(model, render_many(stimuli))).after(row["block"] - 1)
        scores = []
        for stream in streams:
            query, key = (row["sign"] * side[row["head"], row["mode"], 1:] for side in modes.sides(stream))
            scores.append(float(query.max().clamp_min(0) * key.max().clamp_min(0)))

    assert row["picture"] == int(np.argmax(scores))
    assert row["score"] == pytest.approx(max(scores), rel=1e-4)


def test_the_running_best_are_those_of_the_whole_table() -> None:
    modes = block_modes(tiny_model(), 1)
    table = noise(2, 2, 16, 20, seed=3)
    best = Best(modes)
    for first in range(0, 20, 7):
        best.take(table[..., first : first + 7], first)

    wanted = table.topk(N_BEST, dim=-1)
    torch.testing.assert_close(best.scores, wanted.values)
    assert torch.equal(best.pictures, wanted.indices)


def test_the_result_is_read_back_and_its_gallery_is_a_figure(result: StudyResult) -> None:
    plot = gallery(result)

    assert result_from_json(result_to_json(result)) == result
    assert plot_from_json(plot_to_json(plot)) == plot
    assert plot.title.split(":")[0] in to_svg(plot)
    assert len(plot.rows) == len(plot.pictures) == 2


def test_published_statements_stand_beside_what_was_measured(result: StudyResult) -> None:
    (table,) = tables(result).values()

    assert [row["published †"] for row in table.rows] == [words for words, _ in STATEMENTS]
    assert "no numbers" in table.note


def test_pictures_of_a_folder_are_taken_and_what_is_none_is_left_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png", "c.jpg"):
        Image.fromarray(rng.integers(0, 255, (80, 100, 3), dtype=np.uint8)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")

    found = finish(QueryKeyModes(n=8, n_modes=1, block=1, head=0, folder=str(tmp_path)).run(Bench((tiny_model(),))))

    assert found.n == 3
    assert any("1 files of the folder" in note for note in found.notes)
    assert "modes-gallery-1-0" in found.plots


@pytest.mark.parametrize(
    ("study", "words"),
    [
        (QueryKeyModes(n=4, block=7), "no head 0 in a block 7"),
        (QueryKeyModes(n=4, folder="/nowhere at all"), "could not be listed"),
    ],
)
def test_what_is_not_there_is_said(study: QueryKeyModes, words: str) -> None:
    with pytest.raises(UserError, match=words) as refusal:
        finish(study.run(Bench((tiny_model(),))))
    assert refusal.value.hint


def test_it_says_how_far_it_is_and_can_be_stopped() -> None:
    job = QueryKeyModes(n=12).run(Bench((tiny_model(),)))

    said = [next(job) for _ in range(4)]
    job.close()

    assert all(isinstance(progress, Progress) for progress in said)
    assert said[-1].message == "pictures of every mode"
    with pytest.raises(UserError, match="no 99 modes"):
        replace(QueryKeyModes(), n_modes=99).check()
