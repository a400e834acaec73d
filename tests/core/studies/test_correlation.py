from __future__ import annotations

from typing import Any

import pytest

from core.plots import Scatter
from core.studies.correlation import FEWEST, TARGETS, correlate
from core.studies.result import Row, StudyResult
from core.studies.study import tables


def results(task: str, success: float, accuracy: float) -> tuple[StudyResult, StudyResult]:
    """A model's search, whose best layer has `success`, and its behaviour."""
    name = f"{task} {success}"
    das: list[Row] = [
        {"property": p, "condition": condition, "block": block, "success": value}
        for p in ("shape", "color")
        for condition, block, value in (
            ("right object", 0, success - 0.2),
            ("right object", 1, success),
            ("wrong object", 1, 1.0),
        )
    ]
    behaviour: list[Row] = [
        {"split": split, "accuracy": accuracy, "low": accuracy - 0.03, "n": 80} for split in TARGETS
    ]

    def result(study: str, rows: list[Row]) -> StudyResult:
        return StudyResult(study, study, name, f"hash of {name}", {"task": task}, 8, tuple(rows), {})

    return result("das", das), result("behaviour", behaviour)


def correlations(found: StudyResult) -> list[dict[str, Any]]:
    return [row for row in found.rows if row["kind"] == "rank correlation"]


def test_models_in_the_same_order_correlate_fully_and_the_best_layer_counts() -> None:
    found = correlate([results("discrimination", x, x / 2 + 0.4) for x in (0.3, 0.5, 0.6, 0.8, 0.9)])

    models = [row for row in found.rows if row["kind"] == "model"]
    assert [row["disentanglement"] for row in models] == pytest.approx([0.3, 0.5, 0.6, 0.8, 0.9])
    assert [(row["name"], row["rho"], row["n"]) for row in correlations(found)] == [
        (target, pytest.approx(1.0), 5) for target in TARGETS
    ]
    assert "over 5 models, discrimination: IID ρ = 1.00" in found.notes[0]


def test_each_task_has_its_own_correlation_and_both_together_one_more() -> None:
    """Within each task the order is turned round, and the task that is better in both hides it."""
    low = [results("rmts", x, 0.8 - x / 2) for x in (0.1, 0.2, 0.3, 0.4)]
    high = [results("discrimination", x, 1.3 - x / 2) for x in (0.6, 0.7, 0.8, 0.9)]

    found = correlate([*low, *high])

    of_iid = {row["over"]: row for row in correlations(found) if row["name"] == "test_iid"}
    assert {over: row["n"] for over, row in of_iid.items()} == {
        "match-to-sample": 4,
        "discrimination": 4,
        "both tasks": 8,
    }
    assert of_iid["match-to-sample"]["rho"] == of_iid["discrimination"]["rho"] == pytest.approx(-1.0)
    assert of_iid["both tasks"]["rho"] > 0
    plot = found.plots["correlation-test_iid"]
    assert isinstance(plot, Scatter)
    assert [(cloud.label[:13], cloud.hue) for cloud in plot.clouds] == [
        ("measured here", 0),
        ("measured here", 1),
        ("published, ma", 0),
        ("published, di", 1),
    ]


def test_of_too_few_models_no_correlation_is_given() -> None:
    found = correlate([results("rmts", 0.1 * i, 0.8) for i in range(1, FEWEST)])

    assert not any("rho" in row for row in correlations(found))
    assert "too few" in found.notes[0]


def test_models_at_chance_are_named_and_left_out() -> None:
    learned = [results("discrimination", x, x) for x in (0.6, 0.7, 0.8, 0.9)]
    at_chance = results("discrimination", 0.5, 0.52)

    found = correlate([at_chance, *learned])

    assert [row["n"] for row in correlations(found)] == [4] * len(TARGETS)
    assert [row["name"] for row in found.rows if row.get("at_chance")] == ["discrimination 0.5"]
    assert found.notes[-1] == "Left out, not told from chance on IID images: discrimination 0.5 (0.52, n = 80)."
    plot = found.plots["correlation-test_iid"]
    assert isinstance(plot, Scatter)
    assert "discrimination 0.5" not in plot.clouds[0].names


def test_the_tables_put_the_published_models_of_the_same_task_under_ours() -> None:
    found = tables(correlate([results("rmts", x, x) for x in (0.6, 0.7, 0.8, 0.9)]))

    both = found["correlation-ood-shape-color"]
    assert [row["model"] for row in both.rows[:4]] == ["rmts 0.6", "rmts 0.7", "rmts 0.8", "rmts 0.9"]
    clip = next(row for row in both.rows if row["model"] == "CLIP †")
    assert clip == {"model": "CLIP †", "task": "match-to-sample", "interchange": 0.905, "OOD shape and colour": 0.8508}
    assert "match-to-sample, n = 4: ρ = 1.00" in both.note


def test_equal_models_have_no_rank_correlation() -> None:
    found = correlate([results("discrimination", x, 1.0) for x in (0.6, 0.7, 0.8, 0.9)])

    assert "IID not defined, the models are equal" in found.notes[0]


def test_with_no_model_above_chance_nothing_is_drawn() -> None:
    found = correlate([results("discrimination", 0.5, 0.5)])

    assert (found.n, found.plots, tables(found)) == (0, {}, {})
    assert found.notes[0].startswith("No model is above chance")
