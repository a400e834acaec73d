"""A figure opens as the document that it was made of; what others put into one is checked as a document file is."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.analyses.decision import Decision, Verdict
from core.demo import demo_document
from core.document import View, with_learned
from core.documents import figures as figure_work
from core.documents.figures import read_figure, state_of
from core.documents.files import to_bytes
from core.documents.learned import with_learned_files
from core.documents.work import Moment, Scene, Work, recorded_answer
from core.errors import UserError
from core.families.model import weights_hash
from core.families.tensors import read_tensors
from core.figures.state import SVG_SPACE, state_in, with_state
from core.interventions.move import set_point
from core.locations import subspace_folders
from core.questions import Answer, ModelInfo, Question
from core.stimuli.stimulus import Geometry

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><rect/></svg>"
SAID = Verdict(("different", "same"), (1.0, 4.0), (3.0, 1.0))
DOCUMENT = set_point(demo_document(), 0, "color", 1, (0.5, 1.0))
VIEW = View(read=3, write=1, head=2, token=60)
INFO = ModelInfo("discrimination", "feed", "cpu", 6, 4, 1, Geometry(), ("different", "same"), {"network": {}}, {})
ANSWER = Answer(Question(DOCUMENT), INFO, {Decision(): SAID}, complete=True)


def a_work() -> Work:
    before = Moment("Opened", demo_document(), View())
    return Work(
        DOCUMENT, VIEW, {}, (before, Moment("Move colour", DOCUMENT, VIEW, SAID)), (Scene("one", "", DOCUMENT, VIEW),)
    )


def written(folder: Path, state: Mapping[str, Any]) -> Path:
    path = folder / "figure.svg"
    path.write_bytes(with_state(SVG, state))
    return path


def opened(path: Path) -> Work:
    carried = read_figure(path)
    assert carried is not None
    assert carried.work is not None
    return carried.work


def test_a_figure_says_what_was_assumed_of_the_model(tmp_path: Path) -> None:
    words = ("Assumed: activation gelu: weights do not say it.",)
    answer = replace(ANSWER, model=replace(INFO, assumed=words))

    state = state_of(a_work(), answer)

    assert state["assumed"] == list(words)
    again = opened(written(tmp_path, state))
    recorded = recorded_answer(again)
    assert again.models[0].assumed == words
    assert recorded is not None
    assert recorded.model.assumed == words
    assert "assumed" not in state_of(a_work(), ANSWER)


def test_a_figure_opens_as_what_it_shows_with_the_answer_it_was_given(tmp_path: Path) -> None:
    work = opened(written(tmp_path, state_of(a_work(), ANSWER, ["pad"])))

    assert (work.document, work.view) == (DOCUMENT, VIEW)
    answer = recorded_answer(work)
    assert answer is not None
    assert answer.found[Decision()] == SAID
    assert answer.model.weights_hash == "feed"


def test_it_says_how_it_was_made(tmp_path: Path) -> None:
    state = state_in(written(tmp_path, state_of(a_work(), ANSWER, ["pad"])).read_bytes())

    assert state is not None
    said = {
        name: state[name] for name in ("model", "weights_sha256", "device", "read_layer", "write_layer", "pictures")
    }
    assert said == {
        "model": "discrimination",
        "weights_sha256": "feed",
        "device": "cpu",
        "read_layer": 3,
        "write_layer": 1,
        "pictures": ["pad"],
    }
    assert state["picture_seeds"] == [item.seed for item in DOCUMENT.base.items]
    assert state["edits"] == [edit.words(DOCUMENT.base) for edit in DOCUMENT.interventions]
    content = base64.b64decode(state["document"])
    assert state["document_sha256"] == hashlib.sha256(content).hexdigest()


def test_the_subspaces_of_the_pads_at_hand_are_named_without_an_edit() -> None:
    known = {("color", 1): "cc", ("shape", 1): "dd", ("color", 2): "ee", ("probe", 1): "ff"}
    answer = replace(ANSWER, model=replace(INFO, asset_hashes=known))

    assert state_of(Work(demo_document(), VIEW), answer)["subspaces"] == ["cc", "dd", "ff"]


def test_how_one_came_there_stays_behind(tmp_path: Path) -> None:
    work = opened(written(tmp_path, state_of(a_work(), ANSWER)))

    assert [moment.document for moment in work.history] == [DOCUMENT]
    assert work.scenes == ()


def a_work_with_a_subspace() -> Work:
    """A work whose edit was made with a subspace that ships."""
    path = subspace_folders("discrimination")[1] / "color-block1.safetensors"
    document = with_learned(DOCUMENT, {("color", 1): weights_hash(read_tensors(path, ""))})
    return with_learned_files(Work(document, VIEW))


def test_what_edits_were_made_with_goes_along_and_is_named(tmp_path: Path) -> None:
    work = a_work_with_a_subspace()
    (asset,) = work.learned
    assert asset.file, "it is there to go along"
    state = state_of(work)

    assert state["subspaces"] == [asset.hash]
    back = opened(written(tmp_path, state))
    assert back.learned == work.learned
    assert back.files == work.files


def test_a_large_document_leaves_what_was_learned_behind_and_a_larger_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = a_work_with_a_subspace()
    (asset,) = work.learned
    small = len(to_bytes(figure_work._lean(replace(work, files={}, learned=(replace(asset, file=""),)), None)))

    monkeypatch.setattr(figure_work, "CARRIED_BYTES", small)
    back = opened(written(tmp_path, state_of(work)))
    assert (back.learned, back.files) == ((replace(asset, file=""),), {})

    monkeypatch.setattr(figure_work, "CARRIED_BYTES", small - 1)
    state = state_of(work)
    with pytest.raises(UserError, match="names the document that it was made of, but does not hold it") as refused:
        read_figure(written(tmp_path, state))
    assert state["document_sha256"][:12] in refused.value.hint


def test_a_figure_of_a_study_says_of_which(tmp_path: Path) -> None:
    study = {"study": "behaviour", "n": 400}
    carried = read_figure(written(tmp_path, {"study": study}))

    assert carried is not None
    assert (carried.work, carried.study) == (None, study)


def test_without_a_state_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_bytes(SVG)

    assert read_figure(tmp_path / "a.svg") is None


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"document": "no base 64"}, "its document is damaged"),
        ({"document": base64.b64encode(b"no zip").decode()}, "no document of Relata"),
        ({"document": base64.b64encode(b"PK\x03\x04").decode()}, "damaged"),
        ({"document": ["x"]}, "does not hold it"),
        ({"document": 7, "document_sha256": [1]}, "does not hold it"),
        ({"study": "behaviour"}, "does not hold it"),
        ({"format": 99}, "later version"),
    ],
)
def test_what_is_no_document_is_a_sentence_and_nothing_is_opened(
    tmp_path: Path, state: dict[str, Any], words: str
) -> None:
    text = json.dumps({"format": 1, **state}).replace('"', "&quot;")
    (tmp_path / "a.svg").write_text(f'<svg><r:state xmlns:r="{SVG_SPACE}">{text}</r:state></svg>')

    with pytest.raises(UserError, match=words) as refused:
        read_figure(tmp_path / "a.svg")
    assert "what you were working on was kept" in refused.value.hint


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a\.png could not be read"):
        read_figure(tmp_path / "a.png")
