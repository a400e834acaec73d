"""Copy as Python: whatever the document, its script makes the same one again, and prints what the session answers."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings

from core.analyses.decision import Decision, Verdict
from core.demo import demo_document, demo_stimulus
from core.document import Document, add_intervention, make_counterfactual
from core.examples import example_names, example_stimulus
from core.interventions.knock_out_heads import KnockOutHeads
from core.interventions.mode_gain import ModeGain
from core.interventions.move import MoveInSubspace, set_point
from core.interventions.probe import AddProbeDirection
from core.interventions.swap import SwapFromSource
from core.questions import Question
from core.script import script_of
from core.session import Session
from core.stimuli.stimulus import Geometry, Item, Mask, Photo, Stimulus
from tests.core.documents.test_files import documents

ROOT = Path(__file__).parents[2]
RUN_ALL = """
import runpy, sys
for path in sys.argv[1:]:
    print("#", path)
    runpy.run_path(path, run_name="__main__")
"""
EVIL = 'x"\n"""\'\\\u202e\x00import os'


def run(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "a_script"}
    exec(compile(text, "a_script.py", "exec"), names)
    return names


@settings(max_examples=40)
@given(documents)
@example(Document(EVIL, Stimulus(), None, (MoveInSubspace(1, 0, "color", (0.1, -0.0), learned=EVIL),), compared=EVIL))
@example(
    Document("m", Stimulus((), Geometry(32, 16), Photo(bytes(3 * 32**2), EVIL, EVIL, (Mask(EVIL, b"\xff" * 128),))))
)
def test_the_script_of_any_document_makes_an_equal_one(document: Document) -> None:
    """Whatever its texts are: none of them becomes code."""
    names = run(script_of(document))

    assert names["state"]() == document
    assert "os" not in names


def test_what_the_model_answered_stands_in_a_comment_of_one_line() -> None:
    labels = ("different\nimport os", "same")

    text = script_of(demo_document(), Verdict(labels, (1.0, 0.5), (0.0, 0.0)))

    assert "    # When this was written it answered different import os, with a margin of -0.500000.\n" in text


def test_a_colleague_can_read_it() -> None:
    document = set_point(demo_document(), 0, "color", 2, (3.0, 1.0))

    text = script_of(document)

    assert "Item(shape=6, color=3, x_px=32, y_px=48, seed=7),  # A: indigo star\n" in text
    edit = 'MoveInSubspace(block=2, item=0, property="color", point=(3.0, 1.0)),\n'
    assert f"        # colour of A → by hand\n        {edit}" in text
    assert 'return Document(model="discrimination", base=base, interventions=edits)\n' in text


def test_it_is_laid_out_as_ruff_would(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(script_of(make_counterfactual(demo_document(), "color", 0)), encoding="utf-8")

    ruff = [sys.executable, "-m", "ruff"]
    for command in (["format", "--check", "--line-length", "100"], ["check", "--select", "E4,E9,F,I,UP"]):
        found = subprocess.run([*ruff, *command, "--isolated", str(tmp_path / "a.py")], capture_output=True, text=True)
        assert found.returncode == 0, found.stdout


def test_pixels_of_one_photo_stand_in_it_once() -> None:
    photo = Photo(os.urandom(3 * 32**2), "noise")
    picture = Stimulus((), Geometry(32, 16), photo)
    text = script_of(Document("m", picture, replace(picture)))

    assert text.count("PACKED_1 = ") == 1
    assert "PACKED_2" not in text


def edited(*edits: Any, model: str = "discrimination", base: Stimulus | None = None) -> Document:
    document = Document(model, base or demo_stimulus("rmts" if model == "rmts" else "discrimination"))
    for edit in edits:
        document = add_intervention(document, edit)
    return document


def with_source(*edits: Any) -> Document:
    return make_counterfactual(edited(*edits), "color", 3)


FOUR = Stimulus(tuple(Item(shape, 3, 32 * shape, 64, seed=shape) for shape in range(4)))
STATES = {
    "the demo": demo_document(),
    "a move on the pad": set_point(demo_document(), 0, "color", 2, (3.25, -1.5)),
    "an interchange": with_source(SwapFromSource(2, 0, 0, "color", strength=0.7)),
    "a head switched off": edited(KnockOutHeads(1, (0, 3), "mean")),
    "a push along a probe": edited(AddProbeDirection(3, 1, "different", 5.0), model="rmts"),
    "a mode gained": edited(ModeGain(2, 1, (0, 1), gain=2.5)),
    "a photo with masks": edited(KnockOutHeads(1, (2,)), base=example_stimulus(example_names()[0], Geometry())),
    "four items": edited(KnockOutHeads(0, (1,)), base=FOUR),
}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What each script prints, in a process that knows nothing of this one; one after another, to load torch once."""
    folder = tmp_path_factory.mktemp("scripts")
    paths = []
    for index, document in enumerate(STATES.values()):
        paths.append(folder / f"state_{index}.py")
        paths[-1].write_text(script_of(document), encoding="utf-8")
    command = [sys.executable, "-c", RUN_ALL, *map(str, paths)]
    found = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert found.returncode == 0, found.stderr
    return dict(zip(STATES, (part.splitlines()[1:] for part in found.stdout.split("# ")[1:]), strict=True))


@pytest.fixture(scope="module")
def session() -> Session:
    return Session("cpu")


@pytest.mark.parametrize("state", STATES)
def test_run_by_itself_it_prints_what_the_session_answers(
    printed: dict[str, list[str]], session: Session, state: str
) -> None:
    answer = session.answer(Question(STATES[state]))
    verdict = answer.found[Decision()]

    said = dict(line.rsplit(" ", 1) for line in printed[state])

    assert answer.lost == {}, "a test of an edit that is left out tests nothing"
    assert said["answer"] == verdict.answer or printed[state][0] == f"answer {verdict.answer}"
    assert float(said["margin"]) == pytest.approx(verdict.margin, abs=1e-4)
    assert float(said["without edits"]) == pytest.approx(verdict.baseline_margin, abs=1e-4)
    if STATES[state].interventions:
        assert abs(verdict.margin - verdict.baseline_margin) > 1e-4, "the edit does something"
