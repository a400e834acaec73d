from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.analyses import PlotAnalysis, Refusal
from core.analyses.class_values import ClassValues
from core.analyses.memories import Memories
from core.analyses.relevance import Relevance
from core.document import Document, random_pair
from core.interventions.drop_tokens import DropTokens
from core.plots import Curves, Heatmap, Maps
from core.questions import Question
from core.session import Session
from core.stimuli.stimulus import Geometry
from tests.core.networks import save_tiny


@pytest.fixture
def document(tmp_path: Path) -> Document:
    return Document(save_tiny(tmp_path / "tiny.safetensors", seed=4), random_pair(Geometry(64, 16), 1))


def found(document: Document, analysis: PlotAnalysis) -> Any:
    return Session("cpu").answer(Question(document, (analysis,))).found[analysis]


def maps_of(document: Document, analysis: PlotAnalysis) -> Maps:
    plots = found(document, analysis)
    assert isinstance(plots[0], Maps)
    return plots[0]


def test_relevance_is_shown_in_sum_in_the_block_and_in_the_head(document: Document) -> None:
    shown = maps_of(document, Relevance(read=1, head=1, label=1))

    assert [of.title for of in shown.maps] == ["All blocks and heads", "Block 1, all heads", "Block 1, head 1"]
    assert [of.head for of in shown.maps] == [(-1, -1), (1, -1), (1, 1)]
    assert shown.title == "For “same”: relevance at CLS"


def test_what_speaks_for_same_speaks_against_different(document: Document) -> None:
    """Of two classes: shares for the one and for the other add up to all."""
    sums = [
        sum(np.sum(of.values) + of.aside for of in maps_of(document, Relevance(label=label, shown="every head")).maps)
        for label in (1, 0)
    ]

    assert sum(sums) == pytest.approx(2.0, abs=1e-5)


def test_every_block_has_a_map(document: Document) -> None:
    assert len(maps_of(document, Relevance(shown="every block")).maps) == 3


def test_a_held_patch_is_marked(document: Document) -> None:
    shown = maps_of(document, Relevance(token=6))

    assert shown.rings[-1].patches == (5,)
    assert shown.title.endswith("at token 6")


def test_a_token_that_nobody_sees_speaks_for_nothing_less(document: Document) -> None:
    """An edit is in force: it changes what is relevant in the blocks after it, and none before."""
    edited = replace(document, interventions=(DropTokens(1),))
    before, after = (maps_of(each, Relevance(shown="every block", label=0)) for each in (document, edited))

    assert before.maps[0] == after.maps[0]
    assert before.maps[2] != after.maps[2]


def test_a_class_that_is_not_there_is_refused(document: Document) -> None:
    refusal = found(document, Relevance(label=2))

    assert isinstance(refusal, Refusal)
    assert "no class 2" in refusal.message


@pytest.mark.parametrize("of", ["MLP", "attention"])
@pytest.mark.parametrize("by", ["the token", "the picture", "the class"])
def test_memories_are_mapped_and_named(document: Document, of: Any, by: Any) -> None:
    maps, table = found(document, Memories(token=3, read=2, of=of, by=by))

    assert isinstance(maps, Maps)
    assert isinstance(table, Heatmap)
    assert [f"Memory {row}" for row in table.columns] == [each.title for each in maps.maps]
    assert table.rows == ("different", "same")
    assert f"{of} of block 2" in maps.title


def test_the_strongest_of_the_token_comes_first(document: Document) -> None:
    maps, _ = found(document, Memories(token=3, read=1))

    at_token = [of.values[0][2] for of in maps.maps]
    assert at_token[0] > 0


def test_classes_in_the_weights_have_random_vectors_beside_them(document: Document) -> None:
    (curves,) = found(document, ClassValues())

    assert isinstance(curves, Curves)
    assert [series.label for series in curves.series][:2] == ["attention", "MLP"]
    assert [series.role for series in curves.series] == ["measured", "measured", "control", "control"]
