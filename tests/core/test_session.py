from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import locations
from core import state as state_module
from core.analyses import Analysis, Refusal
from core.analyses.attention import Attention, AttentionOfToken
from core.analyses.decision import Decision, Verdict
from core.analyses.decision_map import MAP_SIZE, DecisionMap
from core.analyses.item_shares import ItemShares
from core.analyses.pad import Pad, PadPlaces
from core.assets.probe_files import as_kept, save_probes
from core.assets.subspace_files import save_subspace, subspace_file
from core.document import Document, Intervention, make_counterfactual, random_pair
from core.engine import Edit, attention_rows, run, to_input
from core.errors import UserError
from core.families.files import save_model
from core.interventions.context import Context
from core.interventions.drop_tokens import DropTokens
from core.interventions.knock_out_heads import KnockOutHeads
from core.interventions.knock_out_mlp import KnockOutMLP
from core.interventions.move import MoveInSubspace, set_point
from core.interventions.novel import METHODS, WriteNovelVectors
from core.interventions.patch_tokens import PatchTokens
from core.interventions.probe import AddProbeDirection
from core.interventions.swap import SwapFromSource
from core.locations import probe_files, subspace_folders
from core.questions import Answer, Question
from core.session import Session
from core.site import Site
from core.state import CACHE_ENTRIES, Recent, State
from core.stimuli.render import render
from core.stimuli.stimulus import Geometry, Photo, Stimulus, item_patches
from tests.core.networks import CARD, TINY, random_subspace, save_tiny, tiny_network
from tests.core.test_probes import card as probe_card
from tests.core.test_probes import probes
from tests.core.test_subspaces import card, fitted

CANVAS = Geometry(64, 16)
N_BLOCKS, N_TOKENS = 3, 17
SUBSPACES = {
    **{("color", block): random_subspace("color", block, size=4, seed=block + 1) for block in range(-1, N_BLOCKS)},
    ("shape", 1): random_subspace("shape", 1, size=6, seed=9),
    ("shape", 2): random_subspace("shape", 2, size=0),
}

blocks = st.integers(-1, N_BLOCKS)  # the last one does not exist
places = st.floats(-6, 6, width=32)
strengths = st.sampled_from([1.0, 0.5, -1.0])
moves = st.builds(
    MoveInSubspace,
    block=blocks,
    item=st.integers(0, 2),
    property=st.sampled_from(["shape", "color"]),
    point=st.tuples(places, places),
    strength=strengths,
    enabled=st.booleans(),
)
swaps = st.builds(
    SwapFromSource,
    block=blocks,
    item=st.integers(0, 2),
    source_item=st.integers(0, 2),
    property=st.sampled_from(["shape", "color", "all"]),
    strength=strengths,
    enabled=st.booleans(),
)
novels = st.builds(
    WriteNovelVectors,
    block=blocks,
    item=st.just(0),
    partner=st.integers(1, 2),
    property=st.sampled_from(["shape", "color"]),
    method=st.sampled_from(METHODS),
    judgement=st.sampled_from(["same", "different"]),
    seed=st.integers(0, 3),
    strength=strengths,
    enabled=st.booleans(),
)
controls = st.sampled_from(["", "", "wrong object", "random subspace"])
controlled = st.builds(lambda edit, control: replace(edit, control=control), st.one_of(moves, swaps, novels), controls)
edit_lists = st.lists(controlled, max_size=5).map(tuple)
stimuli = st.integers(0, 5).map(lambda seed: random_pair(CANVAS, seed))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_tiny(tmp_path_factory.mktemp("model") / "tiny.safetensors")


@pytest.fixture(scope="module")
def documents(file: str) -> st.SearchStrategy[Document]:
    return st.builds(Document, model=st.just(file), base=stimuli, source=st.none() | stimuli, interventions=edit_lists)


def new_session(file: str) -> Session:
    session = Session("cpu")
    session.open(file).subspaces = dict(SUBSPACES)
    return session


@pytest.fixture(scope="module")
def session(file: str) -> Session:
    """One session for all tests of this file, so that its memory is never empty."""
    return new_session(file)


def decision(session: Session, document: Document) -> Verdict:
    verdict: Verdict = session.answer(Question(document)).found[Decision()]
    return verdict


def found(session: Session, document: Document, analysis: Analysis[Any]) -> Any:
    return session.answer(Question(document, (analysis,))).found[analysis]


def pad(session: Session, document: Document, block: int = 1) -> PadPlaces:
    places = found(session, document, Pad("color", block))
    assert isinstance(places, PadPlaces)
    return places


def everything(write: int) -> tuple[Analysis[Any], ...]:
    return (Pad("color", write), Pad("shape", write), Attention(3), ItemShares())


@pytest.fixture
def document(file: str) -> Document:
    return Document(file, random_pair(CANVAS, 1), random_pair(CANVAS, 2))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The blocks that are run, in order."""
    seen: list[int] = []
    advance, resume = state_module.advance, state_module.resume
    monkeypatch.setattr(state_module, "advance", lambda m, x, block, e: seen.append(block) or advance(m, x, block, e))
    monkeypatch.setattr(state_module, "resume", lambda m, x, start: seen.append(start) or resume(m, x, start))
    return seen


def tokens_of(stimulus: Stimulus) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(patch + 1 for patch in item_patches(item, CANVAS)) for item in stimulus.items)


def plain_pass(session: Session, document: Document) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """Logits and streams of one pass without any memory, each usable edit applied after its block."""
    model = session.open(document.model).model
    source = document.source
    donor = None if source is None else run(model, to_input(model, render(source)[None]))
    edits: list[Edit] = []
    for edit in document.interventions:
        empty = getattr(edit, "property", None) == "shape" and edit.block != 1
        lost = isinstance(edit, SwapFromSource) and (
            donor is None or edit.source_item > 1 or (edit.property, edit.control) == ("all", "random subspace")
        )
        lost = lost or (isinstance(edit, WriteNovelVectors) and edit.partner > 1)
        if edit.enabled and edit.block < N_BLOCKS and edit.item < 2 and not empty and not lost:
            donors = () if source is None else tokens_of(source)
            stream = None if donor is None else donor.after(edit.block)
            context = Context(
                tokens_of(document.base), SUBSPACES, donors, None if source is None else lambda _, s=stream: s
            )
            edits.append((Site(edit.block), lambda x, edit=edit, context=context: edit.apply(x, context)))
    trace = run(model, to_input(model, render(document.base)[None]), edits)
    return trace.logits[0], trace.residuals


def arrays(answer: Answer) -> Iterator[np.ndarray]:
    for value in answer.found.values():
        match value:
            case Verdict(_, logits, baseline):
                yield np.array([logits, baseline])
            case PadPlaces():
                yield from (value.landmarks, value.own, value.now, value.distance, np.array(value.extent))
            case AttentionOfToken():
                yield from (value.rows, value.baseline_rows, value.received, value.baseline_received)
                yield from (value.vmax, value.received_vmax)
            case np.ndarray():
                yield value
            case Mapping():
                yield from value.values()
            case _:
                assert isinstance(value, Refusal)


def assert_equal(a: Answer, b: Answer) -> None:
    assert a.notes == b.notes
    assert a.found.keys() == b.found.keys()
    for one, other in zip(arrays(a), arrays(b), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@given(data=st.data(), write=st.integers(-1, 2))
@settings(max_examples=60)
def test_what_is_remembered_never_changes_an_answer(
    session: Session, documents: st.SearchStrategy[Document], file: str, data: st.DataObject, write: int
) -> None:
    question = Question(data.draw(documents), everything(write))

    remembered = session.answer(question)

    assert_equal(remembered, new_session(file).answer(question))
    assert_equal(remembered, session.answer(question))


@given(data=st.data())
def test_the_decision_is_that_of_one_pass_with_the_usable_edits(
    session: Session, documents: st.SearchStrategy[Document], data: st.DataObject
) -> None:
    document = data.draw(documents)

    verdict = decision(session, document)

    with torch.inference_mode():
        wanted, _ = plain_pass(session, document)
        baseline, _ = plain_pass(session, replace(document, interventions=()))
    np.testing.assert_allclose(verdict.logits, wanted, atol=1e-4)
    np.testing.assert_allclose(verdict.baseline, baseline, atol=1e-4)


@given(data=st.data(), token=st.integers(0, N_TOKENS - 1))
@settings(max_examples=30)
def test_attention_is_that_of_the_edited_and_of_the_untouched_stream(
    session: Session, documents: st.SearchStrategy[Document], data: st.DataObject, token: int
) -> None:
    document = data.draw(documents)

    model = session.open(document.model).model
    attention = found(session, document, Attention(token))

    with torch.inference_mode():
        for edited, rows, received in (
            (document, attention.rows, attention.received),
            (replace(document, interventions=()), attention.baseline_rows, attention.baseline_received),
        ):
            _, streams = plain_pass(session, edited)
            for block in range(N_BLOCKS):
                pattern = attention_rows(model, streams[block], block, torch.arange(N_TOKENS))[0]  # [H, T, T]
                np.testing.assert_allclose(rows[block], pattern[:, token], atol=1e-5)
                np.testing.assert_allclose(received[block], pattern[:, :, token], atol=1e-5)
    np.testing.assert_allclose(attention.vmax, attention.rows.max((1, 2)))
    np.testing.assert_allclose(attention.received_vmax, attention.received.max((1, 2)))


@given(data=st.data(), cell=st.integers(0, MAP_SIZE**2 - 1), item=st.integers(0, 1))
@settings(max_examples=20)
def test_a_cell_of_the_map_is_the_answer_with_the_thumb_there(
    session: Session, documents: st.SearchStrategy[Document], data: st.DataObject, cell: int, item: int
) -> None:
    document = data.draw(documents)

    whole = found(session, document, DecisionMap("color", 1, item))

    x0, x1, y0, y1 = pad(session, document).extent
    mine = [e for e in document.interventions if isinstance(e, MoveInSubspace)]
    mine = [e for e in mine if (e.block, e.item, e.property) == (1, item, "color")]
    strength = mine[0].strength if mine else 1.0
    assert whole.shape == (MAP_SIZE, MAP_SIZE)
    row, column = divmod(cell, MAP_SIZE)
    point = (x0 + (x1 - x0) * (column + 0.5) / MAP_SIZE, y0 + (y1 - y0) * (row + 0.5) / MAP_SIZE)
    there = decision(session, set_point(document, item, "color", 1, point, strength))
    assert whole[row, column] == pytest.approx(float(torch.tensor(there.logits).softmax(0)[-1]), abs=1e-4)


def test_a_map_begins_in_the_lower_left_corner_and_ends_in_the_upper_right_one(
    session: Session, document: Document
) -> None:
    whole = found(session, document, DecisionMap("color", 1))

    x0, x1, y0, y1 = pad(session, document).extent
    half = (x1 - x0) / (2 * MAP_SIZE)
    for cell, point in ((whole[0, 0], (x0 + half, y0 + half)), (whole[-1, -1], (x1 - half, y1 - half))):
        there = decision(session, set_point(document, 0, "color", 1, point))
        assert cell == pytest.approx(float(torch.tensor(there.logits).softmax(0)[-1]), abs=1e-4)


def test_a_map_is_known_a_few_cells_at_a_time_and_never_asks_for_one_twice(file: str, document: Document) -> None:
    session = new_session(file)
    analysis = DecisionMap("color", 1)
    maps = [part.found[analysis] for part in session.answers(Question(document, (analysis,))) if analysis in part.found]

    known = [int(np.isfinite(grid).sum()) for grid in maps]
    assert known[0] == 0
    assert known == sorted(set(known))
    assert known[-1] == MAP_SIZE**2
    moved = set_point(document, 0, "color", 1, (0.3, 0.4))
    again = [p.found[analysis] for p in session.answers(Question(moved, (analysis,))) if analysis in p.found]
    assert len(again) == 1
    np.testing.assert_array_equal(again[0], maps[-1])


def test_what_was_dropped_half_way_goes_on_from_there(file: str, document: Document) -> None:
    session = new_session(file)
    analysis = DecisionMap("color", 1)
    parts = session.answers(Question(document, (analysis,)))
    half = [next(parts) for _ in range(5)][-1].found[analysis]
    parts.close()

    first = next(p for p in session.answers(Question(document, (analysis,))) if p.complete).found[analysis]

    np.testing.assert_array_equal(first, half)
    assert 0 < np.isfinite(half).sum() < MAP_SIZE**2


def test_the_decision_comes_first_and_then_everything_else_at_once(session: Session, document: Document) -> None:
    wanted = everything(1)

    parts = list(session.answers(Question(document, wanted)))

    assert [set(part.found) for part in parts] == [{Decision()}, set(wanted)]
    assert [part.complete for part in parts] == [False, True]


@pytest.mark.parametrize("edit_of", [lambda e: replace(e, enabled=False), lambda e: replace(e, strength=0.0)])
@pytest.mark.parametrize(
    "edit",
    [MoveInSubspace(1, 0, "color", (5.0, 5.0)), SwapFromSource(0, 0, 0, "all"), SwapFromSource(1, 1, 0, "color")],
)
def test_an_edit_that_is_off_does_nothing(
    session: Session, document: Document, edit: Intervention, edit_of: Callable[[Intervention], Intervention]
) -> None:
    on = decision(session, replace(document, interventions=(edit,)))

    off = decision(session, replace(document, interventions=(edit_of(edit),)))

    assert on.logits != pytest.approx(on.baseline, abs=1e-5)
    assert off.logits == pytest.approx(off.baseline, abs=1e-6)


PROBLEMS: list[tuple[Intervention, str]] = [
    (MoveInSubspace(3, 0, "color", (0.0, 0.0)), "has no block 3"),
    (MoveInSubspace(-2, 0, "color", (0.0, 0.0)), "has no block -2"),
    (MoveInSubspace(0, 0, "shape", (0.0, 0.0)), "no shape subspace after block 0"),
    (MoveInSubspace(2, 0, "shape", (0.0, 0.0)), "no shape subspace after block 2"),
    (MoveInSubspace(1, 2, "color", (0.0, 0.0)), "no longer in the stimulus"),
    (SwapFromSource(1, 0, 2, "all"), "no source image"),
    (KnockOutHeads(1, (0, 2)), "Block 1 has no head 2"),
    (KnockOutMLP(-1), "has no block -1"),
    (PatchTokens(3, "resid_pre"), "has no block 3"),
    (DropTokens(1, item=2), "no longer in the stimulus"),
    (AddProbeDirection(1, 0, "same"), "has no probes"),
]


@pytest.mark.parametrize(("edit", "note"), PROBLEMS, ids=[note for _, note in PROBLEMS])
@pytest.mark.parametrize("place", [0, 1])
def test_an_edit_that_cannot_be_applied_becomes_a_note_and_the_others_still_apply(
    session: Session, document: Document, edit: Intervention, note: str, place: int
) -> None:
    good = MoveInSubspace(1, 0, "color", (4.0, -4.0))
    edits = (edit, good) if place == 0 else (good, edit)
    alone = decision(session, replace(document, interventions=(good,)))

    answer = session.answer(Question(replace(document, interventions=edits)))

    assert len(answer.notes) == 1
    assert note in answer.notes[0]
    assert answer.found[Decision()] == alone


def test_every_part_of_an_answer_says_which_edits_are_lost_and_why(session: Session, document: Document) -> None:
    good = MoveInSubspace(1, 0, "color", (4.0, -4.0))
    nowhere, alien = replace(good, block=3), replace(good, block=0, property="shape")
    off = replace(nowhere, item=1, enabled=False)
    edits = (nowhere, good, off, alien)

    parts = list(session.answers(Question(replace(document, interventions=edits), everything(1))))

    for part in parts:
        assert part.lost.keys() == {nowhere, alien}
        assert "has no block 3" in part.lost[nowhere]
        assert "no shape subspace after block 0" in part.lost[alien]
        assert part.notes == tuple(part.lost.values())


@given(data=st.data())
def test_an_edit_that_is_on_is_applied_or_lost_and_without_the_lost_ones_nothing_is_another(
    session: Session, documents: st.SearchStrategy[Document], data: st.DataObject
) -> None:
    document = data.draw(documents)

    with torch.inference_mode():
        state = State(document, session.open(document.model))
        rest = state.of(replace(document, interventions=tuple(state.edits)))

    assert {*state.edits, *state.lost} == {edit for edit in document.interventions if edit.enabled}
    assert not set(state.edits) & state.lost.keys()
    assert all(state.lost.values())
    assert session.answer(Question(document)).lost == state.lost
    assert (rest.edits, rest.lost) == (state.edits, {})
    assert decision(session, rest.document) == decision(session, document)


def test_a_swap_without_a_source_is_a_note(session: Session, document: Document) -> None:
    edits = (SwapFromSource(1, 0, 0, "all"),)
    for source in (None, Stimulus((), CANVAS)):
        answer = session.answer(Question(replace(document, source=source, interventions=edits)))
        assert len(answer.notes) == 1
        verdict = answer.found[Decision()]
        assert verdict.logits == verdict.baseline


def test_a_dragged_thumb_costs_only_the_blocks_after_it(session: Session, document: Document, calls: list[int]) -> None:
    for block in range(-1, N_BLOCKS):
        session.answer(Question(set_point(document, 0, "color", block, (0.5, 0.5)), (Pad("color", block),)))
        calls.clear()

        session.answer(Question(set_point(document, 0, "color", block, (0.25, 0.75)), (Pad("color", block),)))

        assert calls == list(range(block + 1, N_BLOCKS))


def test_an_answer_given_before_costs_no_block(session: Session, document: Document, calls: list[int]) -> None:
    question = Question(set_point(document, 1, "color", 0, (2.0, 2.0)), everything(1))
    session.answer(question)
    calls.clear()

    session.answer(question)

    assert not calls


def test_a_long_drag_does_not_fill_the_memory(session: Session, document: Document) -> None:
    for step in range(2 * CACHE_ENTRIES):
        session.answer(Question(set_point(document, 0, "color", 1, (step / 9, 0.0)), (Pad("color", 1),)))

    assert len(session.open(document.model).streams) <= CACHE_ENTRIES


def test_what_is_remembered_takes_no_more_memory_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered, made = Recent(), []
    monkeypatch.setattr(Recent, "n_bytes", 1000)

    def compute() -> torch.Tensor:
        made.append(1)
        return torch.zeros(100)

    for key in (1, 2, 3, 2):
        remembered.recall((key,), compute, CACHE_ENTRIES)

    assert list(remembered) == [(3,), (2,)]
    assert len(made) == 3
    large = remembered.recall((4,), lambda: torch.zeros(1000), CACHE_ENTRIES)
    assert list(remembered) == [(4,)]
    assert remembered.recall((4,), compute, CACHE_ENTRIES) is large


def test_the_pads_show_the_landmarks_and_the_items_before_and_after(session: Session, document: Document) -> None:
    before = pad(session, document)

    places = pad(session, set_point(document, 1, "color", 1, (1.5, -0.5)))

    subspace = SUBSPACES["color", 1]
    np.testing.assert_allclose(places.landmarks, subspace.on_pad(subspace.centroids), atol=1e-5)
    np.testing.assert_allclose(places.own, before.own, atol=1e-5)
    np.testing.assert_allclose(before.own, before.now, atol=1e-5)
    np.testing.assert_allclose(places.now, [before.own[0], (1.5, -0.5)], atol=1e-4)


def test_an_items_own_place_counts_the_edits_of_earlier_blocks_but_not_the_pads_own(
    session: Session, document: Document
) -> None:
    earlier = set_point(document, 0, "color", 0, (3.0, 3.0))
    both = set_point(earlier, 0, "color", 1, (-3.0, 1.0))

    plain, after_earlier, after_both = (pad(session, d) for d in (document, earlier, both))

    np.testing.assert_allclose(after_both.own, after_earlier.now, atol=1e-5)
    assert not np.allclose(after_both.own, plain.own, atol=1e-2)


@pytest.mark.parametrize(
    "edit",
    [WriteNovelVectors(1, 0, 1, "color", "added", "same"), SwapFromSource(1, 0, 0, "all")],
    ids=["novel", "swap"],
)
def test_the_pad_shows_where_a_swap_or_novel_vectors_landed(
    session: Session, document: Document, edit: Intervention
) -> None:
    before = pad(session, document)

    places = pad(session, replace(document, interventions=(edit,)))

    np.testing.assert_allclose(places.own, before.own, atol=1e-5)
    assert not np.allclose(places.now[0], before.own[0], atol=1e-2)
    if isinstance(edit, WriteNovelVectors):
        np.testing.assert_allclose(places.now[0], places.now[1], atol=1e-4)


def test_the_map_of_a_wrong_object_that_is_not_there_is_the_answer_without_it(
    session: Session, document: Document
) -> None:
    alone = replace(document, base=Stimulus(document.base.items[:1], CANVAS))
    move = MoveInSubspace(1, 0, "color", (1.0, 1.0), control="wrong object")

    whole = found(session, replace(alone, interventions=(move,)), DecisionMap("color", 1))

    wanted = torch.tensor(decision(session, alone).logits).softmax(0)[-1]
    np.testing.assert_allclose(whole, np.full((MAP_SIZE, MAP_SIZE), wanted), atol=1e-5)


def test_every_landmark_lies_inside_the_pads_square(session: Session, document: Document) -> None:
    places = pad(session, document)

    x0, x1, y0, y1 = places.extent
    assert x1 - x0 == pytest.approx(y1 - y0)
    assert ((places.landmarks > (x0, y0)) & (places.landmarks < (x1, y1))).all()


@given(data=st.data())
@settings(max_examples=20)
def test_the_pads_square_holds_the_items_or_is_twice_as_wide_as_the_landmarks_need(
    session: Session, documents: st.SearchStrategy[Document], data: st.DataObject
) -> None:
    places = pad(session, data.draw(documents))

    x0, x1, y0, y1 = places.extent
    span = (places.landmarks.max(0) - places.landmarks.min(0)).max()
    held = ((places.own > (x0, y0)) & (places.own < (x1, y1))).all()
    assert held or x1 - x0 == pytest.approx(2 * 1.24 * span, rel=1e-4)
    assert x1 - x0 >= 1.24 * span


@pytest.mark.parametrize("analysis", [Pad("shape", 2), Pad("color", 7), DecisionMap("shape", 2)])
def test_a_block_without_a_learned_subspace_has_no_pad_and_no_map(
    session: Session, document: Document, analysis: Analysis[Any]
) -> None:
    refusal = found(session, document, analysis)

    assert isinstance(found(session, document, Pad("shape", 1)), PadPlaces)
    assert isinstance(found(session, document, Pad("color", 2)), PadPlaces)
    assert isinstance(refusal, Refusal)
    assert "no shape subspace after block 2" in refusal.message or "no color subspace after block 7" in refusal.message
    assert refusal.hint


def test_a_photo_has_a_decision_and_attention_but_no_pads_no_shares_and_no_map(
    session: Session, document: Document
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, 64 * 64 * 3, dtype=np.uint8).tobytes()
    photo = replace(document, base=Stimulus((), CANVAS, Photo(pixels, "dog.jpg")))

    answer = session.answer(Question(photo, (*everything(1), DecisionMap("color", 1))))

    refused = {type(analysis) for analysis, value in answer.found.items() if isinstance(value, Refusal)}
    assert refused == {Pad, ItemShares, DecisionMap}
    assert answer.notes == ()
    assert answer.found[Decision()].logits != decision(session, document).logits


@pytest.mark.parametrize("side", ["base", "source"])
def test_a_stimulus_for_another_canvas_is_refused(session: Session, document: Document, side: str) -> None:
    for geometry in (Geometry(64, 32), Geometry(96, 16)):
        with pytest.raises(UserError, match=f"stimulus is {geometry.image_px} px in patches of {geometry.patch_px} px"):
            session.answer(Question(replace(document, **{side: Stimulus((), geometry)})))


def test_a_model_that_cannot_be_opened_leaves_the_one_before_it(file: str, document: Document, tmp_path: Path) -> None:
    session = new_session(file)
    opened = session.open(file)
    before = session.answer(Question(document, everything(1)))
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"no tensors")
    damaged.with_suffix(".json").write_text("{}")

    for reference in ("nothing", str(damaged)):
        with pytest.raises(UserError):
            session.answer(Question(replace(document, model=reference)))

    assert session.open(file) is opened
    assert_equal(session.answer(Question(document, everything(1))), before)


def test_another_model_answers_with_its_own_streams(file: str, document: Document, tmp_path: Path) -> None:
    session = new_session(file)
    before = session.answer(Question(document, everything(1)))
    second = save_tiny(tmp_path / "second.safetensors", seed=1)

    question = Question(replace(document, model=second), everything(1))
    answer = session.answer(question)

    assert_equal(answer, Session("cpu").answer(question))
    assert answer.found[Decision()].baseline != before.found[Decision()].baseline
    assert answer.model.name == "second"
    assert isinstance(answer.found[Pad("color", 1)], Refusal)


def test_an_answer_names_the_question_and_describes_the_model(session: Session, document: Document) -> None:
    question = Question(document)

    answer = session.answer(question)

    assert answer.question is question
    info = answer.model
    assert (info.name, info.n_blocks, info.n_heads, info.n_prefix, info.device) == ("tiny", 3, 2, 1, "cpu")
    assert (info.geometry, info.labels) == (CANVAS, ("different", "same"))
    assert info.subspace_cards.keys() == SUBSPACES.keys()
    assert answer.engine_ms > 0


@pytest.mark.parametrize("place", [0, 1])
def test_a_subspace_that_is_learned_later_is_found_without_opening_another_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    monkeypatch.setattr(locations, "data_folder", lambda: tmp_path / "data")
    reference = save_tiny(tmp_path / "mine.safetensors")
    session = Session("cpu")
    document = Document(reference, random_pair(CANVAS, 0))
    assert isinstance(found(session, document, Pad("color", 1)), Refusal)

    path = subspace_file(subspace_folders(reference)[place], "color", 1)
    save_subspace(path, fitted(), card(session.open(reference).model, "color", 1))

    assert isinstance(found(session, document, Pad("color", 1)), PadPlaces)
    assert isinstance(found(session, document, Pad("shape", 1)), Refusal)


def test_the_hash_of_what_was_learned_changes_with_its_content_alone(tmp_path: Path) -> None:
    reference = save_tiny(tmp_path / "mine.safetensors")
    session = Session("cpu")
    model, path = session.open(reference).model, subspace_file(subspace_folders(reference)[1], "color", 1)
    hashes = [session.open(reference).learned_hash]
    for score in (0.5, 0.6, 0.6):
        save_subspace(path, fitted(), {**card(model, "color", 1), "iia": score})
        os.utime(path, ns=(len(hashes), len(hashes)))
        hashes.append(session.open(reference).learned_hash)

    assert hashes[2] == hashes[3]
    assert len(set(hashes)) == 3


def test_what_was_learned_and_found_is_of_another_fit_once_the_card_says_that_the_weights_are_run_otherwise(
    tmp_path: Path,
) -> None:
    reference, session = save_tiny(tmp_path / "mine.safetensors"), Session("cpu")
    model = session.open(reference).model
    path, probe_path = subspace_file(subspace_folders(reference)[1], "color", 1), probe_files(reference)[1]
    save_subspace(path, fitted(), {**card(model, "color", 1), "run_sha256": model.run_sha256})
    save_probes(probe_path, probes(), {**probe_card(model), "run_sha256": model.run_sha256})
    before = session.open(reference)
    assert (set(before.subspaces), set(before.probes)) == ({("color", 1)}, {-1, 0, 2})

    save_model(Path(reference), tiny_network(), {**CARD, "network": {**CARD["network"], "norm_eps": 1e-3}})
    os.utime(reference, ns=(1, 1))
    after = session.open(reference)

    assert after.model.weights_hash == model.weights_hash
    assert after.learned_hash != before.learned_hash
    assert (after.subspaces, after.probes) == ({}, {})
    assert sorted(after.notes) == [
        "color-block1.safetensors was learned when the card of the model said otherwise. Fit the subspace again.",
        "mine-probes.safetensors was fitted when the card of the model said otherwise. Fit its probes again.",
    ]


def test_a_card_that_says_what_was_assumed_runs_its_weights_as_before(tmp_path: Path) -> None:
    silent = {**CARD, "network": dict(TINY)}
    hashes = []
    for of in (silent, CARD):
        save_model(tmp_path / "mine.safetensors", tiny_network(), of)
        hashes.append(Session("cpu").open(str(tmp_path / "mine.safetensors")).model.run_sha256)

    assert hashes[0] == hashes[1]


def test_the_users_own_probes_are_found_and_come_before_those_beside_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locations, "data_folder", lambda: tmp_path / "data")
    reference = save_tiny(tmp_path / "mine.safetensors")
    session = Session("cpu")
    weights = session.open(reference).model
    own, beside = probe_files(reference)
    save_probes(beside, probes(), probe_card(weights))
    save_probes(own, {0: probes()[2]}, probe_card(weights, 0))

    learned = session.open(reference).probes

    assert list(learned) == [-1, 0, 2]
    assert torch.equal(learned[0].weight, as_kept(probes()[2]).weight)


def test_a_model_of_a_very_long_name_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locations, "data_folder", lambda: tmp_path / "data")

    opened = Session("cpu").open(save_tiny(tmp_path / f"{'x' * 235}.safetensors"))

    assert (opened.subspaces, opened.probes) == ({}, {})


def test_a_card_that_is_changed_is_read_again(tmp_path: Path) -> None:
    reference = save_tiny(tmp_path / "mine.safetensors")
    session = Session("cpu")
    document = Document(reference, random_pair(CANVAS, 0))
    before = decision(session, document)
    card_file = Path(reference).with_suffix(".json")
    turned = {**json.loads(card_file.read_text(encoding="utf-8")), "labels": ["same", "different"]}
    card_file.write_text(json.dumps(turned), encoding="utf-8")
    os.utime(card_file, ns=(1, 1))

    assert decision(session, document).margin == pytest.approx(-before.margin, abs=1e-5)


def test_an_edit_that_makes_numbers_too_large_is_a_note_and_is_left_out(session: Session, document: Document) -> None:
    wild = replace(MoveInSubspace(1, 0, "color", (1.0, 1.0)), strength=1e39)

    answer = session.answer(Question(replace(document, interventions=(wild,))))

    verdict = answer.found[Decision()]
    assert verdict.logits == verdict.baseline
    assert "edited stream after block 1" in answer.notes[0]
    assert "not finite" in answer.notes[0]


def test_what_the_card_does_not_say_is_the_last_note(tmp_path: Path) -> None:
    reference = str(tmp_path / "silent.safetensors")
    save_model(Path(reference), tiny_network(), {**CARD, "network": TINY})
    lost = MoveInSubspace(7, 0, "color", (1.0, 1.0))

    answer = Session("cpu").answer(Question(Document(reference, random_pair(CANVAS, 0), interventions=(lost,))))

    assert len(answer.notes) == 2
    assert "no block 7" in answer.notes[0]
    assert answer.notes[1].startswith("Assumed")


@dataclass(frozen=True)
class Broken(Analysis[int]):
    def run(self, state: State) -> Iterator[int]:
        raise IndexError("of all things")
        yield 0


def test_an_analysis_that_breaks_takes_no_other_with_it(
    session: Session, document: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = session.answer(Question(document, (Broken(), ItemShares())))

    assert answer.found[Broken()] == Refusal(
        "This analysis failed: IndexError: of all things", "The others are as they should be."
    )
    assert not isinstance(answer.found[ItemShares()], Refusal)
    assert "Traceback" in capsys.readouterr().err


def test_a_photo_has_no_counterfactual(document: Document) -> None:
    photo = replace(document, base=Stimulus((), CANVAS, Photo(bytes(64 * 64 * 3), "dog.jpg")))

    with pytest.raises(UserError, match="needs a base of two or four items"):
        make_counterfactual(photo, "color", 0)
