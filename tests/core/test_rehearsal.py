"""Before a talk: every scene is run, and what is missing is said in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from core.analyses.decision import Decision
from core.cli.command import main
from core.document import changed
from core.documents.files import read_work, write_work
from core.documents.work import ModelNote, Scene, Work
from core.progress import Progress
from core.questions import Question
from core.rehearsal import Rehearsed, rehearse, wanted_of
from core.session import Session
from core.talk import talk_path

WORK = read_work(talk_path())


@pytest.fixture(scope="module")
def session() -> Session:
    return Session("cpu")


def rehearsed(session: Session, scenes: Sequence[Scene], notes: Sequence[ModelNote] = ()) -> list[Rehearsed]:
    return [found for found in rehearse(scenes, notes, session) if isinstance(found, Rehearsed)]


def of_no_model(scene: Scene) -> Scene:
    return replace(scene, document=replace(scene.document, model="gone"))


def of_another_fit(scene: Scene) -> Scene:
    (edit,) = scene.document.interventions
    return replace(scene, document=replace(scene.document, interventions=(changed(edit, learned="0" * 64),)))


def test_every_scene_is_run_and_has_the_answer_that_the_model_gives(session: Session) -> None:
    found = list(rehearse(WORK.scenes[:2], (), session))

    assert [each.done for each in found if isinstance(each, Progress)] == [0, 1, 2]
    for scene, each in zip(WORK.scenes, rehearsed(session, WORK.scenes[:2]), strict=False):
        assert each.answer is not None
        assert each.missing == ()
        assert each.answer.question == Question(scene.document, wanted_of(scene))
        own = session.answer(Question(scene.document)).found[Decision()]
        assert each.answer.found[Decision()].margin == pytest.approx(own.margin)


def test_a_model_a_subspace_and_a_probe_that_are_not_there_are_said(session: Session) -> None:
    no_model, no_subspace, no_probe = rehearsed(
        session, [of_no_model(WORK.scenes[0]), of_another_fit(WORK.scenes[0]), of_another_fit(WORK.scenes[4])]
    )

    assert no_model.answer is None
    assert "There is no model “gone”" in no_model.missing[0]
    assert "“colour of A → by hand” is not in force: " in no_subspace.missing[0]
    assert "subspace" in no_subspace.missing[0]
    assert "probe" in no_probe.missing[0]


def test_other_weights_than_the_scene_was_made_with_are_said(session: Session) -> None:
    note = ModelNote("discrimination", "other", "", 6, 4, 1, ("different", "same"))

    (found,) = rehearsed(session, WORK.scenes[:1], (note,))

    assert found.missing == ("discrimination has other weights than those that the scene was made with.",)


def test_the_check_in_the_terminal_tells_each_scene_and_fails_where_something_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["talk", "--check", "--device", "cpu"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "1  The colour of A: same +10.19 (flip)"
    assert [line[0] for line in told[:5]] == list("12345")
    assert told[-1] == "Nothing is missing."

    broken = tmp_path / "broken.relata"
    write_work(broken, replace(WORK, scenes=(WORK.scenes[0], of_no_model(WORK.scenes[1]))))
    assert main(["talk", str(broken), "--check", "--device", "cpu"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[2].startswith("   missing: There is no model “gone”")
    assert told[-1] == "Something is missing."


def test_a_document_without_scenes_and_a_file_that_is_not_there_are_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.relata"
    write_work(empty, Work(WORK.document, WORK.view))

    assert main(["talk", str(empty), "--check"]) == 2
    assert "empty.relata holds no scenes" in capsys.readouterr().err
    assert main(["talk", str(tmp_path / "none.relata")]) == 2
    assert "none.relata could not be read" in capsys.readouterr().err
