"""An edit means what it was made with: another fit of a subspace, or another probe, never changes it unseen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.analyses.decision import Decision
from core.assets.subspace_files import save_subspace, subspace_file
from core.document import Document, Intervention, random_pair, with_learned
from core.interventions.move import MoveInSubspace, set_point
from core.interventions.novel import WriteNovelVectors
from core.interventions.probe import AddProbeDirection
from core.interventions.swap import SwapFromSource
from core.locations import subspace_folder
from core.questions import Question
from core.session import Session
from core.stimuli.stimulus import Geometry
from tests.core.networks import save_tiny
from tests.core.test_subspaces import card, fitted

CANVAS = Geometry(64, 16)
EDITS: list[Intervention] = [
    MoveInSubspace(1, 0, "color", (3.0, -2.0)),
    SwapFromSource(1, 0, 0, "color"),
    WriteNovelVectors(1, 0, 1, "color", "added", "same"),
]


def fit(reference: str, session: Session, seed: int) -> None:
    path = subspace_file(subspace_folder(reference), "color", 1)
    save_subspace(path, fitted(keep=(0, 1, 2 + seed)), card(session.open(reference).model, "color", 1))


@pytest.fixture
def session() -> Session:
    return Session("cpu")


@pytest.fixture
def document(tmp_path: Path, session: Session) -> Document:
    reference = save_tiny(tmp_path / "mine.safetensors")
    fit(reference, session, 0)
    return Document(reference, random_pair(CANVAS, 0), random_pair(CANVAS, 1))


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: type(edit).__name__)
def test_after_another_fit_an_edit_is_off_and_says_why_until_it_is_accepted(
    session: Session, document: Document, edit: Intervention
) -> None:
    hashes = session.answer(Question(document)).model.asset_hashes
    made = with_learned(replace(document, interventions=(edit,)), hashes)
    before = session.answer(Question(made))
    fit(document.model, session, 7)

    after = session.answer(Question(made))

    assert not before.lost
    assert "Made with another color subspace after block 1." in after.lost[made.interventions[0]]
    assert after.found[Decision()].logits == after.found[Decision()].baseline
    accepted = with_learned(made, after.model.asset_hashes, anew=True)
    answer = session.answer(Question(accepted))
    assert not answer.lost
    assert answer.found[Decision()].logits != pytest.approx(before.found[Decision()].logits, abs=1e-4)


def test_the_same_fit_saved_again_is_the_same(session: Session, document: Document) -> None:
    hashes = session.answer(Question(document)).model.asset_hashes
    made = with_learned(replace(document, interventions=(EDITS[0],)), hashes)

    fit(document.model, session, 0)

    assert session.answer(Question(made)).model.asset_hashes == hashes
    assert not session.answer(Question(made)).lost


def test_an_edit_that_says_what_it_was_made_with_keeps_it_and_one_that_does_not_is_told(document: Document) -> None:
    old, new = replace(EDITS[0], learned="old"), EDITS[1]  # type: ignore[type-var]

    told = with_learned(replace(document, interventions=(old, new)), {("color", 1): "today"})

    assert [edit.learned for edit in told.interventions] == ["old", "today"]
    assert with_learned(told, {}) == told


def test_a_thumb_that_is_moved_again_is_made_with_what_there_is_now(document: Document) -> None:
    old = replace(document, interventions=(replace(EDITS[0], learned="old"),))  # type: ignore[type-var]

    assert set_point(old, 0, "color", 1, (0.0, 0.0)).interventions[0].learned == ""


def test_an_edit_of_everything_needs_nothing_that_was_learned_and_a_push_its_probe() -> None:
    assert SwapFromSource(1, 0, 0, "all").asset is None
    assert AddProbeDirection(2, 0, "same").asset == ("probe", 2)
