"""The talk that ships is what the program makes of the bundled models, and every number in its notes is theirs."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from core.analyses.decision import Decision, Verdict
from core.analyses.pad import Pad
from core.cards import subspace_cards
from core.document import Document, Intervention, changed, set_property
from core.documents.files import read_work
from core.documents.work import Scene
from core.interventions.move import MoveInSubspace, set_point
from core.interventions.probe import push_pair
from core.questions import Question
from core.session import Session
from core.talk import ALPHA, EARLY, LATE, PROBE_BLOCK, TITLE, color_talk, talk_path

WORK = read_work(talk_path())
FLIP, TOO_LATE, CONTROL, MATCH, PROBE = WORK.scenes


@pytest.fixture(scope="module")
def session() -> Session:
    return Session("cpu")


def verdict(session: Session, document: Document) -> Verdict:
    answer = session.answer(Question(document))
    assert answer.lost == {}
    found: Verdict = answer.found[Decision()]
    return found


def with_edit(scene: Scene, edit: Intervention) -> Document:
    return replace(scene.document, interventions=(edit,))


def claimed(scene: Scene) -> list[float]:
    """Every margin and share that the note of a scene names, in order."""
    return [float(text.replace("−", "-")) for text in re.findall(r"[−+]\d+\.\d|(?<![\d])\.\d\d", scene.note)]


def measured(session: Session) -> dict[str, list[float]]:
    """The same, from the models and their cards."""
    margins = {scene.name: verdict(session, scene.document) for scene in WORK.scenes}
    cards = subspace_cards("discrimination")
    exchanged = [float(cards["color", block]["iia"]) for block in (EARLY, LATE)]
    row = session.answer(Question(PROBE.document)).model.probe_cards[PROBE_BLOCK]
    pushed = next(edit for edit in row["edits"] if edit["alpha"] == ALPHA)
    assert row["n"] == 800
    other = push_pair(PROBE.document, 0, PROBE_BLOCK, "different", ALPHA)
    return {
        FLIP.name: [margins[FLIP.name].baseline_margin, margins[FLIP.name].margin],
        TOO_LATE.name: [margins[TOO_LATE.name].margin, *exchanged],
        CONTROL.name: [margins[CONTROL.name].margin],
        MATCH.name: [margins[MATCH.name].baseline_margin, margins[MATCH.name].margin],
        PROBE.name: [margins[PROBE.name].margin, pushed["success"], pushed["control"], verdict(session, other).margin],
    }


def test_the_talk_that_ships_is_made_of_the_bundled_models(session: Session) -> None:
    assert color_talk(session) == WORK
    assert len(WORK.scenes) == 5
    assert WORK.scenes[0].name == TITLE
    assert not WORK.document.interventions, "it opens on the model itself"


def test_every_number_in_the_notes_is_the_models_own(session: Session) -> None:
    found = measured(session)
    for scene in WORK.scenes:
        assert claimed(scene) == [round(value, 1 if abs(value) > 1 else 2) for value in found[scene.name]], scene.name


def test_the_answers_that_the_notes_name_are_the_models_own(session: Session) -> None:
    said = {scene.name: re.findall(r"(SAME|DIFFERENT)(?=[:,] [−+])", scene.note) for scene in WORK.scenes}
    for scene in WORK.scenes:
        found = verdict(session, scene.document)
        answers = [found.baseline_answer.label, found.answer] if found.flipped else [found.answer]
        expected = [answer.upper() for answer in answers][-len(said[scene.name]) :]
        assert said[scene.name] == ([] if scene is TOO_LATE else expected), scene.name
        assert found.flipped == (scene in (FLIP, MATCH, PROBE))


def test_what_the_notes_say_to_try_does_what_they_say(session: Session) -> None:
    (control,) = CONTROL.document.interventions
    assert verdict(session, with_edit(CONTROL, changed(control, control=""))).flipped, "back to the effect"
    assert not verdict(session, with_edit(CONTROL, changed(control, control="wrong object"))).flipped

    (late,) = TOO_LATE.document.interventions
    assert isinstance(late, MoveInSubspace)
    pad = session.answer(Question(TOO_LATE.document, (Pad("color", LATE),))).found[Pad("color", LATE)]
    for x, y in pad.landmarks.tolist():
        assert not verdict(session, with_edit(TOO_LATE, changed(late, point=(x, y)))).flipped, "nothing turns it"

    plain = replace(MATCH.document, interventions=())
    block = MATCH.view.write
    places = session.answer(Question(plain, (Pad("color", block),))).found[Pad("color", block)]
    x, y = places.landmarks[plain.base.items[0].color].tolist()
    assert verdict(session, set_point(plain, 1, "color", block, (x, y))).flipped, "B where yellow lies"
    other_bowl = replace(MATCH.document, base=set_property(MATCH.document.base, 3, "color", 3))
    assert verdict(session, replace(other_bowl, interventions=())).answer == "same", "two different pairs are alike"
    assert verdict(session, other_bowl).answer == "different"
