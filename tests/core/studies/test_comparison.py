from __future__ import annotations

from typing import Any

import pytest

from core.studies.comparison import PUBLISHED
from core.studies.published import DAS, NOVEL, PROBE, SPLIT_NAMES, WRONG_OBJECT
from core.studies.result import Row, StudyResult
from core.studies.study import tables


def result(study: str, rows: list[Row], **settings: Any) -> StudyResult:
    settings = {"task": "discrimination", "n_kinds": 256, **settings}
    return StudyResult(study, "A study", "ours", "hash", settings, 8, tuple(rows), {})


def curve(name: str, value: str, blocks: range, **more: Any) -> list[Row]:
    return [{name: value, "block": b, "success": 0.1 * (b + 1), **more} for b in blocks]


def test_alignment_stands_beside_the_published_numbers_block_by_block() -> None:
    rows = [
        row
        for p in ("shape", "color")
        for c in ("right object", "wrong object", "random tokens")
        for row in curve("condition", c, range(-1, 6), property=p)
    ]

    table = tables(result("das", rows))["das-shape"]

    assert [row["after block"] for row in table.rows] == ["embed", *map(str, range(12))]
    assert list(table.rows[0]) == [
        "after block",
        "right object\nmeasured",
        f"right object\n{PUBLISHED}",
        "wrong object\nmeasured",
        f"wrong object\n{PUBLISHED}",
        "random tokens\nmeasured",
    ]
    assert table.rows[0][f"right object\n{PUBLISHED}"] is None
    assert table.rows[3]["right object\nmeasured"] == pytest.approx(0.3)
    assert table.rows[3][f"right object\n{PUBLISHED}"] == DAS["CLIP B/16"]["discrimination"]["shape"][2] == 0.936
    assert table.rows[3][f"wrong object\n{PUBLISHED}"] == WRONG_OBJECT["discrimination"]["shape"][2]
    assert table.rows[12]["right object\nmeasured"] is None, "our model has no block 11"
    assert "another model" in table.note


def test_all_four_published_methods_of_novel_vectors_are_in_the_table() -> None:
    methods = ("added", "interpolated", "sampled", "random")
    rows = [row for m in methods for row in curve("method", m, range(3), property="color")]

    table = tables(result("novel", rows))["novel-color"]

    theirs = [[row[f"{m}\n{PUBLISHED}"] for m in methods] for row in table.rows]
    known = NOVEL["discrimination"]["color"]
    assert theirs[2] == [known[m][2] for m in methods] == [0.919, 0.801, 0.634, 0.566]


@pytest.mark.parametrize(("task", "said"), [("rmts", "12 blocks."), ("discrimination", "another task")])
def test_probes_stand_beside_those_of_match_to_sample(task: str, said: str) -> None:
    rows = [
        *curve("measure", "probe", range(2), alpha=None, pair="mean"),
        *curve("measure", "intervention", range(2), alpha=1.0, pair="mean"),
        *curve("measure", "intervention", range(2), alpha=2.0, pair="mean"),
        *curve("measure", "probe", range(2), alpha=None, pair="display"),
    ]

    table = tables(result("probe", rows, task=task))["probe"]

    assert table.rows[1][f"intervention, α = 1\n{PUBLISHED}"] == PROBE["intervention"][1] == 0.321
    assert f"intervention, α = 2\n{PUBLISHED}" not in table.rows[1]
    assert said in table.note


def test_accuracy_stands_beside_that_of_the_same_setting() -> None:
    rows = [{"split": split, "accuracy": 0.5} for split in SPLIT_NAMES]

    table = tables(result("behaviour", rows, n_kinds=32))["behaviour"]

    assert table.rows[-1] == {"split": "OOD both", "measured": 0.5, PUBLISHED: 0.9516}


def test_peaks_stand_beside_the_captions_of_other_models() -> None:
    rows = [
        {"block": b, "head": 0, "WO": wo, "WP": 1 - wo, "BG": 0.1 * b, "CLS": 0.0} for b, wo in enumerate((0.5, 0.9, 0))
    ]

    ours, *theirs = tables(result("attention", rows))["attention-curves"].rows

    assert {kind: ours[kind] for kind in ("WO", "WP", "BG")} == {"WO": 1, "WP": 2, "BG": 2}
    photographs = next(row for row in theirs if row["model"] == "CLIP B/16, photographs †")
    assert {kind: photographs[kind] for kind in ("WO", "WP", "BG")} == {"WO": 3, "WP": 6, "BG": 10}
    assert photographs["in words"].endswith("(published caption, Fig. 10)")
    assert all(row["WO"] is None for row in theirs if row is not photographs), "no other caption names a peak"
