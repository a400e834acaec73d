from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.analyses.preference import AttentionPreference
from core.document import Document
from core.errors import UserError
from core.families.model import Model
from core.plots import Curves
from core.preference import preferences, regions_of, same_and_different
from core.state import Opened, State
from core.stimuli.datasets import random_odd_one_out
from core.stimuli.stimulus import Stimulus
from core.studies.measures import preference
from core.studies.measures.preference import change_with_depth, query_rows
from core.studies.preference import Preference
from core.studies.result import StudyResult
from core.studies.study import Bench, tables
from tests.core.networks import finish, tiny_model

WIDE = {"img_size": 96}


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny_model(**WIDE)


def study(model: Model, **options: object) -> StudyResult:
    return finish(Preference(n=8, **options).run(Bench((model,))))  # type: ignore[arg-type]


def folder_of(path: Path, *names: str, target: tuple[int, int] = (96, 96)) -> Path:
    """A folder of grey pictures, target at the top left, distractors at the bottom; target masks are of this size."""
    for part in ("images", "targ_labels", "dist_labels"):
        (path / part).mkdir()
    for name in names:
        Image.new("RGB", (96, 96), (90, 90, 90)).save(path / "images" / name)
        mask = np.zeros(target[::-1], np.uint8)
        mask[:32, :32] = 255
        Image.fromarray(mask).save(path / "targ_labels" / name)
        mask = np.zeros((96, 96), np.uint8)
        mask[64:] = 255
        Image.fromarray(mask).save(path / "dist_labels" / name)
    return path


def test_the_study_gives_the_same_numbers_again_and_others_for_another_seed(model: Model) -> None:
    first, again, other = study(model), study(model), study(model, seed=1)

    assert first == again
    assert first.rows != other.rows
    assert first.n == 8
    assert {row["measure"] for row in first.rows} == {"raw", "enrichment", "non-self", "non-self enrichment"}


def test_shares_of_a_row_add_up_to_one(model: Model) -> None:
    for row in study(model).rows:
        if "enrichment" not in row["measure"]:
            assert row["same"] + row["different"] + row["background"] == pytest.approx(1, abs=1e-5)
            assert row["target → target"] + row["target → distractors"] + row["target → background"] == pytest.approx(
                1, abs=1e-5
            )
        assert row["same, low"] <= row["same"] <= row["same, high"]


def test_planted_attention_moves_from_the_same_to_the_different(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every head looks at all of its own region in the first block, and at all of the other one in the last."""

    def planted(model: Model, stimuli: list[Stimulus], regions: list) -> np.ndarray:  # type: ignore[type-arg]
        shares = np.stack([each.shares[:2] for each in regions])  # [N, 2, P]
        own, other = shares, shares[:, ::-1]
        weights = np.linspace(1, 0, model.n_blocks)
        layers = [w * own + (1 - w) * other for w in weights]
        return np.stack(layers, 1)[:, :, None].repeat(model.n_heads, 2)

    monkeypatch.setattr(preference, "query_rows", planted)

    result = study(model)

    assert "toward the different" in result.notes[0]
    raw = [row for row in result.rows if row["measure"] == "raw"]
    assert raw[0]["same"] > 0.3 > 0.02 > raw[0]["different"]
    assert raw[-1]["different"] > 0.3 > 0.02 > raw[-1]["same"]
    heads = result.plots["preference-heads"]
    assert heads.values[0][0] < 0.2 < 0.8 < heads.values[-1][0]  # type: ignore[union-attr]


def test_attention_that_is_the_same_in_every_block_goes_neither_way() -> None:
    given = np.random.default_rng(0).dirichlet(np.ones(3), (9, 1, 2, 2)).repeat(6, 1)  # [N, L, H, 2, 3]

    early, late, (change, low, high) = change_with_depth(given)

    assert early == pytest.approx(late)
    assert (change, low, high) == pytest.approx((0, 0, 0))


def test_a_folder_of_pictures_with_masks_is_measured(model: Model, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "a.png", "b.png", "c.png")

    result = study(model, folder=str(folder))

    assert result.n == 3
    assert "3 pictures of the folder" in result.notes[1]
    assert all(math.isfinite(row["same"]) for row in result.rows)
    before = result.settings["pictures"]
    Image.new("RGB", (96, 96), (9, 200, 9)).save(folder / "images" / "b.png", compress_level=0)
    assert study(model, folder=str(folder)).settings["pictures"] != before


def test_a_folder_with_masks_of_another_size_says_so(model: Model, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "a.png", target=(48, 96))

    with pytest.raises(UserError, match=r"a\.png in targ_labels has 48×96 px, and its picture 96×96"):
        study(model, folder=str(folder))


def test_a_folder_that_is_none_is_refused_in_words(model: Model, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="could not be listed"):
        study(model, folder=str(tmp_path / "nowhere"))


def test_what_was_published_stands_beside_as_statements(model: Model) -> None:
    (table,) = tables(study(model)).values()

    assert table.rows[0]["what"] == "measured"
    assert len([row for row in table.rows if row["what"] == "published"]) == 3
    assert "Pan" in table.note


def test_live_curves_are_those_of_the_study(model: Model) -> None:
    stimulus = random_odd_one_out(model.geometry, 5, "color")
    regions = regions_of(stimulus)
    assert regions is not None
    with torch.inference_mode():
        state = State(Document("m", stimulus), Opened(model))
        (curves, of_target, _) = next(AttentionPreference("non-self").run(state))
        rows = query_rows(model, [stimulus], [regions])[0]

    wanted = preferences(rows, regions, "non-self").mean(1)  # [L, 2, 3]
    assert isinstance(curves, Curves)
    np.testing.assert_allclose([s.y for s in curves.series], same_and_different(wanted).T, atol=1e-5)
    assert isinstance(of_target, Curves)
    np.testing.assert_allclose([s.y for s in of_target.series], wanted[:, 0].T, atol=1e-5)


def test_a_picture_without_an_odd_one_is_refused_in_words(model: Model) -> None:
    with torch.inference_mode(), pytest.raises(UserError, match="no odd one out"):
        next(AttentionPreference().run(State(Document("m", Stimulus((), model.geometry)), Opened(model))))
