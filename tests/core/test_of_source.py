"""Any analysis, of the source in place of the base."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.analyses import Refusal
from core.analyses.attention import Attention
from core.analyses.item_shares import ItemShares
from core.document import Document, random_pair
from core.interventions.knock_out_mlp import KnockOutMLP
from core.of_source import OfSource
from core.questions import Question
from core.session import Session
from core.stimuli.stimulus import Geometry
from tests.core.networks import save_tiny

CANVAS = Geometry(64, 16)


@pytest.fixture
def document(tmp_path: Path) -> Document:
    model = save_tiny(tmp_path / "tiny.safetensors", 0)
    return Document(model, random_pair(CANVAS, 1), random_pair(CANVAS, 2), (KnockOutMLP(0),))


def test_what_is_found_in_the_source_is_what_would_be_found_were_it_the_base_without_edits(document: Document) -> None:
    session, token = Session("cpu"), 5
    wanted = (OfSource(Attention(token)), OfSource(ItemShares()), Attention(token))
    found = session.answer(Question(document, wanted)).found
    assert document.source is not None
    alone = replace(document, base=document.source, source=None, interventions=())
    there = session.answer(Question(alone, (Attention(token), ItemShares()))).found

    assert np.array_equal(found[OfSource(Attention(token))].rows, there[Attention(token)].rows)
    assert not np.array_equal(found[OfSource(Attention(token))].rows, found[Attention(token)].rows)
    shares, wanted_shares = found[OfSource(ItemShares())], there[ItemShares()]
    assert {kind: masses.tolist() for kind, masses in shares.items()} == {
        kind: masses.tolist() for kind, masses in wanted_shares.items()
    }


def test_without_a_source_it_is_said(document: Document) -> None:
    analysis = OfSource(Attention(0))
    found = Session("cpu").answer(Question(replace(document, source=None), (analysis,))).found[analysis]

    assert isinstance(found, Refusal)
    assert "no source" in found.message


def test_findings_of_the_source_are_not_taken_for_those_of_the_base() -> None:
    assert OfSource(Attention(1)).kind == OfSource(Attention(2)).kind != Attention(1).kind
