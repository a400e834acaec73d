from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from core.studies import published
from core.studies.published import ATTENTION, BEHAVIOUR, DAS, MODELS, NEAREST, PROBE, SOURCES, SPLIT_NAMES, WRONG_OBJECT


@pytest.mark.parametrize("section", SOURCES)
def test_every_section_says_where_its_numbers_are_from(section: str) -> None:
    source = SOURCES[section]

    assert getattr(published, section.upper())
    assert source.evidence in ("log", "caption")
    assert source.shown.startswith(("Fig.", "Table"))
    assert source.taken_from.startswith("logs/" if source.evidence == "log" else "caption")


def numbers(value: Any) -> Iterator[Any]:
    for inner in value.values() if isinstance(value, Mapping) else value:
        yield from numbers(inner) if isinstance(inner, Mapping | tuple) else [inner]


@pytest.mark.parametrize("section", sorted(SOURCES.keys() - {"attention"}))
def test_every_number_is_a_share_or_is_missing(section: str) -> None:
    found = list(numbers(getattr(published, section.upper())))

    assert len(found) > 10
    assert all(v is None or (0 <= v <= 1 and not math.isnan(v)) for v in found)


def test_every_row_has_a_number_for_each_column() -> None:
    assert {len(row) for row in BEHAVIOUR.values()} == {len(SPLIT_NAMES)}
    assert {len(curve) for tasks in DAS.values() for curves in tasks.values() for curve in curves.values()} == {12}


def test_the_nearest_model_is_offered_first_and_has_every_curve() -> None:
    assert MODELS[0] == NEAREST
    assert DAS[NEAREST].keys() == WRONG_OBJECT.keys()


def test_numbers_are_those_of_the_sources() -> None:
    assert DAS["DINO B/16"]["rmts"]["color"][1] == 0.714
    assert PROBE["intervention"][5] == 0.983
    assert BEHAVIOUR["ImageNet B/16", "rmts", 256] == (0.9969, 0.882, 0.8934, 0.8934, 0.6847, 0.7047, None)
    assert [caption.peaks for caption in ATTENTION if caption.peaks] == [{"WO": 3, "WP": 6, "BG": 10}]
