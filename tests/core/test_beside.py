"""The same picture and the same edits in a second model: what is found there, what cannot be carried over, and when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core import session as session_module
from core.analyses import Analysis, Refusal
from core.analyses.decision import Decision, Verdict
from core.analyses.pad import Pad, PadPlaces
from core.assets.subspace import same_place
from core.assets.subspace_files import save_subspace, subspace_file
from core.beside import Beside, OnCompared
from core.document import Document, Intervention, random_pair
from core.families.files import save_model
from core.interventions.knock_out_heads import KnockOutHeads
from core.interventions.knock_out_mlp import KnockOutMLP
from core.interventions.move import MoveInSubspace
from core.locations import subspace_folder
from core.questions import Answer, Question
from core.session import Session
from core.site import Site
from core.stimuli.relayout import laid_out
from core.stimuli.stimulus import Geometry
from tests.core.networks import CARD, random_subspace, save_tiny, tiny_network
from tests.core.test_subspaces import card, fitted

CANVAS = Geometry(64, 16)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that are opened, in order."""
    seen: list[str] = []
    open_model = session_module.open_model
    monkeypatch.setattr(
        session_module, "open_model", lambda name, device: seen.append(Path(name).stem) or open_model(name, device)
    )
    return seen


@pytest.fixture
def session() -> Session:
    return Session("cpu")


@pytest.fixture
def document(tmp_path: Path) -> Document:
    """A pair in one model, compared with another of the same shape."""
    first, second = (save_tiny(tmp_path / f"{name}.safetensors", seed) for name, seed in (("first", 0), ("second", 1)))
    return Document(first, random_pair(CANVAS, 1), random_pair(CANVAS, 2), compared=second)


def saved(path: Path, **options: Any) -> str:
    """A tiny model that differs from the others in some options."""
    network = {**CARD["network"], **options}
    save_model(path, tiny_network(3, **options), {**CARD, "network": network})
    return str(path)


def fit(session: Session, reference: str, block: int = 1, *, keep: tuple[int, ...] = (3, 4, 9, 20, 31)) -> None:
    path = subspace_file(subspace_folder(reference), "color", block)
    save_subspace(path, fitted(keep), card(Session("cpu").open(reference).model, "color", block))


def parts(session: Session, document: Document, *wanted: Analysis[Any]) -> list[Answer]:
    return list(session.answers(Question(document, wanted)))


def beside(session: Session, document: Document, analysis: Analysis[Any]) -> OnCompared[Any]:
    found = session.answer(Question(document, (Beside(analysis),))).found[Beside(analysis)]
    assert isinstance(found, OnCompared), found
    return found


def verdict(session: Session, document: Document) -> Verdict:
    found: Verdict = session.answer(Question(document)).found[Decision()]
    return found


def edited(document: Document, *edits: Intervention) -> Document:
    return replace(document, interventions=edits)


def test_the_second_model_says_what_it_says_when_it_is_the_only_one(session: Session, document: Document) -> None:
    edits = (KnockOutMLP(0), KnockOutHeads(1, (1,)))

    there = beside(session, edited(document, *edits), Decision())

    assert there.value == verdict(Session("cpu"), edited(replace(document, model=document.compared), *edits))
    assert there.value != verdict(session, edited(document, *edits))
    assert (there.model.name, there.refusal, dict(there.left_out)) == ("second", None, {})


def test_a_copy_of_the_model_answers_the_same_to_every_edit(tmp_path: Path, session: Session) -> None:
    first, copy = (save_tiny(tmp_path / f"{name}.safetensors") for name in ("first", "copy"))
    for reference in (first, copy):
        fit(session, reference)
    document = edited(
        Document(first, random_pair(CANVAS, 1), compared=copy),
        MoveInSubspace(1, 0, "color", (2.5, -1.0), 0.7),
        KnockOutHeads(2, (0,)),
    )

    there = beside(session, document, Decision()).value
    here = verdict(session, document)

    assert here.logits == pytest.approx(there.logits, abs=1e-5)
    assert here.baseline == there.baseline
    assert here.logits != pytest.approx(here.baseline, abs=1e-3), "the edits do something"


def test_an_edit_acts_at_the_same_share_of_the_blocks_of_a_deeper_model(
    tmp_path: Path, session: Session, document: Document
) -> None:
    document = replace(document, compared=saved(tmp_path / "deep.safetensors", depth=6))

    there = beside(session, edited(document, KnockOutMLP(1)), Decision())

    assert there.value == verdict(session, edited(replace(document, model=document.compared), KnockOutMLP(3)))
    assert there.model.n_blocks == 6


@given(n=st.integers(1, 48), n_there=st.integers(1, 48), share=st.floats(0, 1))
def test_relative_depth_keeps_both_ends_and_the_order_of_blocks(n: int, n_there: int, share: float) -> None:
    block = round(share * n) - 1

    assert Site(-1).at_depth(n, n_there) == Site(-1)
    assert Site(n - 1).at_depth(n, n_there) == Site(n_there - 1)
    assert Site(block).at_depth(n, n) == Site(block)
    assert Site(block).at_depth(n, n_there).block <= Site(min(block + 1, n - 1)).at_depth(n, n_there).block
    for part in ("resid_pre", "mlp_out"):
        inside = Site(max(block, 0), part)
        assert 0 <= inside.at_depth(n, n_there).block < n_there
        assert inside.at_depth(n, n) == inside


@pytest.mark.parametrize(
    ("site", "there"),
    [(Site(0), 1), (Site(2), 5), (Site(0, "resid_pre"), 0), (Site(1, "resid_pre"), 2), (Site(5, "mlp_out"), 11)],
)
def test_the_middle_of_six_blocks_is_the_middle_of_twelve(site: Site, there: int) -> None:
    assert site.at_depth(6, 12) == replace(site, block=there)


def test_a_thumb_on_a_landmark_lands_on_the_landmark_of_that_name() -> None:
    here, there = random_subspace("color", 1, seed=1), random_subspace("color", 2, size=7, seed=8)
    ours, theirs = (pad.on_pad(pad.centroids).tolist() for pad in (here, there))

    for landmark, counterpart in zip(ours, theirs, strict=True):
        assert same_place(tuple(landmark), here, there) == pytest.approx(counterpart, abs=1e-4)


@given(x=st.floats(-9, 9), y=st.floats(-9, 9))
def test_on_the_same_pad_a_place_stays_where_it_is(x: float, y: float) -> None:
    pad = random_subspace("color", 1, seed=1)

    assert same_place((x, y), pad, pad) == pytest.approx((x, y), abs=1e-5)


def test_a_pad_that_is_turned_and_scaled_takes_every_place_with_it() -> None:
    here = random_subspace("color", 1, seed=1)
    there = replace(here, axes=here.axes @ torch.tensor([[0.0, 2.0], [-2.0, 0.0]]))

    x, y = same_place((40.0, -7.0), here, there)

    assert (x, y) == pytest.approx((14.0, 80.0), abs=1e-3)


def test_an_edit_that_needs_what_the_second_has_not_learned_is_left_out_and_said(
    session: Session, document: Document
) -> None:
    fit(session, document.model)
    move, mlp = MoveInSubspace(1, 0, "color", (2.0, 1.0)), KnockOutMLP(0)

    there = beside(session, edited(document, move, mlp), Decision())

    assert there.left_out == {move: "There is no color subspace after block 1."}
    assert there.value == verdict(session, edited(replace(document, model=document.compared), mlp))


def test_heads_have_no_counterpart_in_a_network_of_another_shape(
    tmp_path: Path, session: Session, document: Document
) -> None:
    document = replace(document, compared=saved(tmp_path / "deep.safetensors", depth=6))
    heads = KnockOutHeads(1, (1,))

    there = beside(session, edited(document, heads), Decision())

    assert "of another shape" in there.left_out[heads]
    assert there.value.logits == there.value.baseline


def test_the_picture_is_laid_out_on_the_canvas_of_the_second(
    tmp_path: Path, session: Session, document: Document
) -> None:
    document = replace(document, compared=saved(tmp_path / "fine.safetensors", patch_size=8))
    there = beside(session, document, Decision())
    geometry = there.model.geometry

    alone = Document(document.compared, laid_out(document.base, geometry))

    assert geometry == Geometry(64, 8)
    assert there.value == verdict(session, alone)


def test_no_room_on_its_canvas_is_said_and_the_first_goes_on(
    tmp_path: Path, session: Session, document: Document
) -> None:
    document = replace(document, compared=saved(tmp_path / "coarse.safetensors", patch_size=64))

    answer = session.answer(Question(document, (Beside(Decision()),)))

    assert "do not fit" in answer.found[Beside(Decision())].message
    assert answer.found[Decision()] == verdict(session, replace(document, compared=""))


def test_the_first_models_findings_come_before_the_second_is_opened(
    session: Session, document: Document, opened: list[str]
) -> None:
    fit(session, document.model)
    opened.clear()
    wanted = (Beside(Decision()), Pad("color", 1), Beside(Pad("color", 1)))
    asked = session.answers(Question(document, wanted))

    decision, own = next(asked), next(asked)

    assert opened == ["first"]
    assert (list(decision.found), list(own.found)) == ([Decision()], [Pad("color", 1)])
    assert not own.complete
    beside = next(asked)
    assert opened == ["first", "second"]
    assert beside.complete
    assert list(beside.found) == [Beside(Decision()), Beside(Pad("color", 1))]


def test_nothing_of_a_second_model_is_opened_where_none_is_compared_and_it_is_let_go(
    session: Session, document: Document, opened: list[str]
) -> None:
    alone = replace(document, compared="")

    verdict(session, alone)
    assert opened == ["first"]
    beside(session, document, Decision())
    beside(session, document, Decision())
    assert opened == ["first", "second"]
    verdict(session, alone)
    beside(session, document, Decision())
    assert opened == ["first", "second", "second"], "it was not held while nobody compared"


def test_the_two_change_places_without_being_opened_again(
    session: Session, document: Document, opened: list[str]
) -> None:
    beside(session, document, Decision())

    there = beside(session, replace(document, model=document.compared, compared=document.model), Decision())

    assert opened == ["first", "second"]
    assert there.model.name == "first"


def test_a_second_model_that_cannot_be_opened_says_so_once_for_its_files_and_the_first_goes_on(
    session: Session, document: Document, opened: list[str]
) -> None:
    path = Path(document.compared)
    weights = path.read_bytes()
    path.write_bytes(weights[:100])
    wanted = (Beside(Decision()), Beside(Pad("color", 1)))

    answer = session.answer(Question(document, wanted))
    again = session.answer(Question(document, wanted))

    assert answer.found[Decision()] == verdict(session, replace(document, compared=""))
    refusal = again.found[Beside(Decision())]
    assert isinstance(refusal, Refusal)
    assert "second" in refusal.message
    assert opened == ["first", "second"], "a broken file is not read at every step of a drag"
    path.write_bytes(weights)
    assert beside(session, document, Decision()).model.name == "second"


def test_a_second_model_that_is_not_there_is_named(session: Session, document: Document) -> None:
    answer = session.answer(Question(replace(document, compared="nowhere"), (Beside(Decision()),)))

    assert answer.found[Beside(Decision())].message == "There is no model “nowhere”."


def test_another_fit_of_the_second_makes_its_findings_others(session: Session, document: Document) -> None:
    fit(session, document.compared)
    before = beside(session, document, Pad("color", 1))
    fit(session, document.compared, keep=(0, 1, 7))

    after = beside(session, document, Pad("color", 1))

    assert before.model.fit != after.model.fit
    assert before.model.weights_hash == after.model.weights_hash
    assert isinstance(after.value, PadPlaces)
    assert after.value.axis_share != before.value.axis_share


def test_an_analysis_looks_after_the_same_share_of_the_blocks_of_a_deeper_model(
    tmp_path: Path, session: Session, document: Document
) -> None:
    document = replace(document, compared=saved(tmp_path / "deep.safetensors", depth=6))
    fit(session, document.compared, block=3)

    there = beside(session, document, Pad("color", 1))

    assert isinstance(there.value, PadPlaces)
    assert there.value.block == 3


def test_what_the_second_refuses_is_said_with_its_name(session: Session, document: Document) -> None:
    there = beside(session, document, Pad("color", 1))

    assert there.value is None
    assert there.refusal == Refusal("There is no color subspace after block 1.", "Choose a block that has one.")
    assert there.model.name == "second"


def test_findings_of_one_kind_in_the_second_are_shown_in_each_others_place() -> None:
    assert Beside(Pad("color", 1)).kind == Beside(Pad("shape", 2)).kind
    assert Beside(Pad("color", 1)).kind != Beside(Decision()).kind
    assert Beside(Pad("color", 1)).kind != Pad("color", 1).kind
