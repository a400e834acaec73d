from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core import study_job
from core.plots import Curves, Heatmap, Series
from core.studies.published import DAS, das_curve
from core.studies.result import StudyResult, result_to_json
from core.study_job import shipped_parts

HEAT = Heatmap("Heads", "head", "block", ((0.0, 1.0),), ("0", "1"), ("0",))


def result(study: str, weights: str) -> StudyResult:
    settings = {"task": "discrimination"}
    return StudyResult(study, study.title(), "one", weights, settings, 8, ({"block": 0},), {"heat": HEAT}, ("A note.",))


def keep(folder: Path, of: StudyResult) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{of.study}.json").write_text(result_to_json(of), encoding="utf-8")


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of shipped results, beside one model of weights "w"."""
    (tmp_path / "one.json").write_text(json.dumps({"weights_sha256": "w"}))
    monkeypatch.setattr(study_job, "bundled_models", lambda: ["one"])
    monkeypatch.setattr(study_job, "model_path", lambda name: tmp_path / f"{name}.safetensors")
    monkeypatch.setattr(study_job, "resource_folder", lambda name: tmp_path / name)
    return tmp_path / "results"


def test_shipped_results_come_in_the_order_of_the_studies_and_losses_of_the_same_task_last(shipped: Path) -> None:
    for study in ("behaviour", "attention"):
        keep(shipped / "one", result(study, "w"))
    keep(shipped, result("losses", "w+v"))
    of_rmts = replace(result("losses", "u"), settings={"task": "rmts"})
    (shipped / "losses-rmts.json").write_text(result_to_json(of_rmts), encoding="utf-8")

    parts = shipped_parts(["one"])

    assert [part.study for part in parts] == ["attention", "behaviour", "losses"]
    assert (parts[0].n, parts[0].plots, parts[0].notes) == (8, (HEAT,), ("A note.",))


def test_a_part_can_be_drawn_beside_another_published_model(shipped: Path) -> None:
    curves = Curves(
        "Shape", "after block", "", (-1.0, 0.0, 1.0), ("embed", "0", "1"), (Series("right", (0.1, 0.2, 0.3)),)
    )
    nearest = replace(curves, series=(*curves.series, *das_curve("rmts", "shape", (-1, 0, 1))))
    of_das = replace(result("das", "w"), settings={"task": "rmts"}, plots={"das-shape": nearest})
    keep(shipped / "one", of_das)

    part = shipped_parts(["one"])[0]

    assert part.plots == (nearest,)
    assert set(part.published) == {"DINO B/16", "DINOv2 B/14", "ImageNet B/16", "CLIP B/32"}, "from scratch has none"
    drawn = part.published["DINO B/16"][0]
    assert isinstance(drawn, Curves)
    ours, theirs = drawn.series
    assert ours == curves.series[0]
    assert (theirs.label, theirs.y[1:]) == (
        "DINO B/16, published (another model)",
        DAS["DINO B/16"]["rmts"]["shape"][:2],
    )


def test_results_of_other_weights_are_left_out(shipped: Path) -> None:
    keep(shipped / "one", result("attention", "another"))
    keep(shipped, result("losses", "w+v"))

    assert shipped_parts(["one"]) == []


def test_a_damaged_result_is_left_out(shipped: Path) -> None:
    keep(shipped / "one", result("attention", "w"))
    (shipped / "one" / "das.json").write_text("{")

    assert [part.study for part in shipped_parts(["one"])] == ["attention"]


def test_nothing_ships_of_a_model_of_ones_own(shipped: Path) -> None:
    keep(shipped, result("losses", "w+v"))

    assert shipped_parts(["/far/mine.safetensors"]) == []
