from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import answering, cards
from core.answering import CACHE_ENTRIES, Laboratory
from core.cards import probe_files, subspace_folders
from core.document import Document, random_pair
from core.interventions.move import set_point
from core.engine import Edit, attention_rows, run, to_input
from core.errors import UserError
from core.families.files import save_model
from core.interventions.context import Context
from core.document import Intervention
from core.interventions.move import MoveInSubspace
from core.interventions.swap import SwapFromSource
from core.interventions.novel import WriteNovelVectors
from core.interventions.novel import METHODS
from core.probes import as_kept, save_probes
from core.questions import MAP_SIZE, Answer, Question
from core.render import render
from core.scene import Geometry, Photo, Stimulus, item_patches
from core.subspaces import save_subspace, subspace_file
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


def new_laboratory(file: str) -> Laboratory:
    laboratory = Laboratory("cpu")
    laboratory.open(file)
    laboratory.subspaces = dict(SUBSPACES)
    return laboratory


@pytest.fixture(scope="module")
def laboratory(file: str) -> Laboratory:
    """One laboratory for all tests of this file, so that its memory is never empty."""
    return new_laboratory(file)


@pytest.fixture
def document(file: str) -> Document:
    return Document(file, random_pair(CANVAS, 1), random_pair(CANVAS, 2))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The blocks that are run, in order."""
    seen: list[int] = []
    advance, resume = answering.advance, answering.resume
    monkeypatch.setattr(answering, "advance", lambda m, x, block: seen.append(block) or advance(m, x, block))
    monkeypatch.setattr(answering, "resume", lambda m, x, start: seen.append(start) or resume(m, x, start))
    return seen


def tokens_of(stimulus: Stimulus) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(patch + 1 for patch in item_patches(item, CANVAS)) for item in stimulus.items)


def plain_pass(laboratory: Laboratory, document: Document) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """Logits and streams of one pass without any memory, each usable edit applied after its block."""
    model = laboratory.model
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
            context = Context(tokens_of(document.base), SUBSPACES, donors, stream)
            edits.append((edit.block, lambda x, edit=edit, context=context: edit.apply(x, context)))
    trace = run(model, to_input(model, render(document.base)[None]), edits)
    return trace.logits[0], trace.residuals


def arrays(answer: Answer) -> Iterator[np.ndarray]:
    yield np.array([answer.decision.logits, answer.decision.baseline])
    for pad in answer.pads.values():
        yield from (pad.landmarks, pad.own, pad.now, pad.distance, np.array(pad.extent))
    if answer.attention is not None:
        yield from (answer.attention.rows, answer.attention.baseline_rows, answer.attention.received)
        yield from (answer.attention.baseline_received, answer.attention.vmax)
        yield from answer.attention.masses.values()
    if answer.map is not None:
        yield answer.map.values


def assert_equal(a: Answer, b: Answer) -> None:
    assert a.notes == b.notes
    for one, other in zip(arrays(a), arrays(b), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@given(data=st.data(), write=st.integers(-1, 2))
@settings(max_examples=60)
def test_what_is_remembered_never_changes_an_answer(
    laboratory: Laboratory, documents: st.SearchStrategy[Document], file: str, data: st.DataObject, write: int
) -> None:
    question = Question(data.draw(documents), write, token=3, map_cells=(90, 93), map_item=1)

    remembered = laboratory.answer(question)

    assert_equal(remembered, new_laboratory(file).answer(question))
    assert_equal(remembered, laboratory.answer(question))


@given(data=st.data())
def test_the_decision_is_that_of_one_pass_with_the_usable_edits(
    laboratory: Laboratory, documents: st.SearchStrategy[Document], data: st.DataObject
) -> None:
    document = data.draw(documents)

    decision = laboratory.answer(Question(document, 1, attention=False)).decision

    with torch.inference_mode():
        wanted, _ = plain_pass(laboratory, document)
        baseline, _ = plain_pass(laboratory, replace(document, interventions=()))
    np.testing.assert_allclose(decision.logits, wanted, atol=1e-4)
    np.testing.assert_allclose(decision.baseline, baseline, atol=1e-4)


@given(data=st.data(), token=st.integers(0, N_TOKENS - 1))
@settings(max_examples=30)
def test_attention_is_that_of_the_edited_and_of_the_untouched_stream(
    laboratory: Laboratory, documents: st.SearchStrategy[Document], data: st.DataObject, token: int
) -> None:
    document = data.draw(documents)

    attention = laboratory.answer(Question(document, 1, token)).attention

    assert attention is not None
    everything = torch.arange(N_TOKENS)
    with torch.inference_mode():
        for edited, rows, received in (
            (document, attention.rows, attention.received),
            (replace(document, interventions=()), attention.baseline_rows, attention.baseline_received),
        ):
            _, streams = plain_pass(laboratory, edited)
            for block in range(N_BLOCKS):
                pattern = attention_rows(laboratory.model, streams[block], block, everything)[0]  # [H, T, T]
                np.testing.assert_allclose(rows[block], pattern[:, token], atol=1e-5)
                np.testing.assert_allclose(received[block], pattern[:, :, token], atol=1e-5)
    np.testing.assert_allclose(attention.vmax, attention.rows.max((1, 2)))
    np.testing.assert_allclose(attention.received_vmax, attention.received.max((1, 2)))


@given(data=st.data(), first=st.integers(0, MAP_SIZE**2 - 2), item=st.integers(0, 1))
@settings(max_examples=40)
def test_a_cell_of_the_map_is_the_answer_with_the_thumb_there(
    laboratory: Laboratory, documents: st.SearchStrategy[Document], data: st.DataObject, first: int, item: int
) -> None:
    document = data.draw(documents)
    question = Question(document, 1, attention=False, map_cells=(first, first + 2), map_item=item)

    answer = laboratory.answer(question)

    x0, x1, y0, y1 = answer.pads["color"].extent
    mine = [e for e in document.interventions if isinstance(e, MoveInSubspace)]
    mine = [e for e in mine if (e.block, e.item, e.property) == (1, item, "color")]
    strength = mine[0].strength if mine else 1.0
    assert answer.map is not None
    assert (answer.map.first, len(answer.map.values)) == (first, 2)
    for cell, value in enumerate(answer.map.values, start=first):
        row, column = divmod(cell, MAP_SIZE)
        point = (x0 + (x1 - x0) * (column + 0.5) / MAP_SIZE, y0 + (y1 - y0) * (row + 0.5) / MAP_SIZE)
        there = laboratory.answer(Question(set_point(document, item, "color", 1, point, strength), 1, attention=False))
        logits = torch.tensor(there.decision.logits)
        assert value == pytest.approx(float(logits.softmax(0)[-1]), abs=1e-4)


def test_the_last_cell_of_a_map_is_its_upper_right_corner(laboratory: Laboratory, document: Document) -> None:
    whole = laboratory.answer(Question(document, 1, attention=False, map_cells=(0, MAP_SIZE**2))).map

    assert whole is not None
    assert len(whole.values) == MAP_SIZE**2
    beyond = laboratory.answer(Question(document, 1, attention=False, map_cells=(MAP_SIZE**2 - 1, 999))).map
    assert beyond is not None
    np.testing.assert_allclose(beyond.values, whole.values[-1:], atol=1e-6)


@pytest.mark.parametrize("edit_of", [lambda e: replace(e, enabled=False), lambda e: replace(e, strength=0.0)])
@pytest.mark.parametrize(
    "edit",
    [MoveInSubspace(1, 0, "color", (5.0, 5.0)), SwapFromSource(0, 0, 0, "all"), SwapFromSource(1, 1, 0, "color")],
)
def test_an_edit_that_is_off_does_nothing(
    laboratory: Laboratory, document: Document, edit: Intervention, edit_of: Callable[[Intervention], Intervention]
) -> None:
    on = laboratory.answer(Question(replace(document, interventions=(edit,)), 1)).decision

    off = laboratory.answer(Question(replace(document, interventions=(edit_of(edit),)), 1)).decision

    assert on.logits != pytest.approx(on.baseline, abs=1e-5)
    assert off.logits == pytest.approx(off.baseline, abs=1e-6)


PROBLEMS: list[tuple[Intervention, str]] = [
    (MoveInSubspace(3, 0, "color", (0.0, 0.0)), "has no block 3"),
    (MoveInSubspace(-2, 0, "color", (0.0, 0.0)), "has no block -2"),
    (MoveInSubspace(0, 0, "shape", (0.0, 0.0)), "no shape subspace after block 0"),
    (MoveInSubspace(2, 0, "shape", (0.0, 0.0)), "no shape subspace after block 2"),
    (MoveInSubspace(1, 2, "color", (0.0, 0.0)), "no longer in the stimulus"),
    (SwapFromSource(1, 0, 2, "all"), "no source image"),
]


@pytest.mark.parametrize(("edit", "note"), PROBLEMS, ids=[note for _, note in PROBLEMS])
@pytest.mark.parametrize("place", [0, 1])
def test_an_edit_that_cannot_be_applied_becomes_a_note_and_the_others_still_apply(
    laboratory: Laboratory, document: Document, edit: Intervention, note: str, place: int
) -> None:
    good = MoveInSubspace(1, 0, "color", (4.0, -4.0))
    edits = (edit, good) if place == 0 else (good, edit)
    alone = laboratory.answer(Question(replace(document, interventions=(good,)), 1)).decision

    answer = laboratory.answer(Question(replace(document, interventions=edits), 1))

    assert len(answer.notes) == 1
    assert note in answer.notes[0]
    assert answer.decision == alone


def test_a_swap_without_a_source_is_a_note(laboratory: Laboratory, document: Document) -> None:
    edits = (SwapFromSource(1, 0, 0, "all"),)
    for source in (None, Stimulus((), CANVAS)):
        answer = laboratory.answer(Question(replace(document, source=source, interventions=edits), 1))
        assert len(answer.notes) == 1
        assert answer.decision.logits == answer.decision.baseline


def test_a_dragged_thumb_costs_only_the_blocks_after_it(
    laboratory: Laboratory, document: Document, calls: list[int]
) -> None:
    for block in range(-1, N_BLOCKS):
        laboratory.answer(Question(set_point(document, 0, "color", block, (0.5, 0.5)), block, attention=False))
        calls.clear()

        laboratory.answer(Question(set_point(document, 0, "color", block, (0.25, 0.75)), block, attention=False))

        assert calls == list(range(block + 1, N_BLOCKS))


def test_an_answer_given_before_costs_no_block(laboratory: Laboratory, document: Document, calls: list[int]) -> None:
    question = Question(set_point(document, 1, "color", 0, (2.0, 2.0)), 1)
    laboratory.answer(question)
    calls.clear()

    laboratory.answer(question)

    assert not calls


def test_a_long_drag_does_not_fill_the_memory(laboratory: Laboratory, document: Document) -> None:
    for step in range(2 * CACHE_ENTRIES):
        laboratory.answer(Question(set_point(document, 0, "color", 1, (step / 9, 0.0)), 1, attention=False))

    assert len(laboratory._streams) <= CACHE_ENTRIES


def test_the_pads_show_the_landmarks_and_the_items_before_and_after(laboratory: Laboratory, document: Document) -> None:
    before = laboratory.answer(Question(document, 1)).pads["color"]

    pad = laboratory.answer(Question(set_point(document, 1, "color", 1, (1.5, -0.5)), 1)).pads["color"]

    subspace = SUBSPACES["color", 1]
    np.testing.assert_allclose(pad.landmarks, subspace.on_pad(subspace.centroids), atol=1e-5)
    np.testing.assert_allclose(pad.own, before.own, atol=1e-5)
    np.testing.assert_allclose(before.own, before.now, atol=1e-5)
    np.testing.assert_allclose(pad.now, [before.own[0], (1.5, -0.5)], atol=1e-4)


def test_an_items_own_place_counts_the_edits_of_earlier_blocks_but_not_the_pads_own(
    laboratory: Laboratory, document: Document
) -> None:
    earlier = set_point(document, 0, "color", 0, (3.0, 3.0))
    both = set_point(earlier, 0, "color", 1, (-3.0, 1.0))

    plain, after_earlier, after_both = (
        laboratory.answer(Question(d, 1)).pads["color"] for d in (document, earlier, both)
    )

    np.testing.assert_allclose(after_both.own, after_earlier.now, atol=1e-5)
    assert not np.allclose(after_both.own, plain.own, atol=1e-2)


@pytest.mark.parametrize(
    "edit",
    [WriteNovelVectors(1, 0, 1, "color", "added", "same"), SwapFromSource(1, 0, 0, "all")],
    ids=["novel", "swap"],
)
def test_the_pad_shows_where_a_swap_or_novel_vectors_landed(
    laboratory: Laboratory, document: Document, edit: Intervention
) -> None:
    before = laboratory.answer(Question(document, 1)).pads["color"]

    pad = laboratory.answer(Question(replace(document, interventions=(edit,)), 1)).pads["color"]

    np.testing.assert_allclose(pad.own, before.own, atol=1e-5)
    assert not np.allclose(pad.now[0], before.own[0], atol=1e-2)
    if isinstance(edit, WriteNovelVectors):
        np.testing.assert_allclose(pad.now[0], pad.now[1], atol=1e-4)


def test_the_map_of_a_wrong_object_that_is_not_there_is_the_answer_without_it(
    laboratory: Laboratory, document: Document
) -> None:
    alone = replace(document, base=Stimulus(document.base.items[:1], CANVAS))
    move = MoveInSubspace(1, 0, "color", (1.0, 1.0), control="wrong object")

    answer = laboratory.answer(Question(replace(alone, interventions=(move,)), 1, map_cells=(0, 3)))

    assert answer.map is not None
    wanted = torch.tensor(answer.decision.baseline).softmax(0)[-1]
    np.testing.assert_allclose(answer.map.values, [wanted] * 3, atol=1e-5)


def test_every_landmark_lies_inside_the_pads_square(laboratory: Laboratory, document: Document) -> None:
    pad = laboratory.answer(Question(document, 1)).pads["color"]

    x0, x1, y0, y1 = pad.extent
    assert x1 - x0 == pytest.approx(y1 - y0)
    assert ((pad.landmarks > (x0, y0)) & (pad.landmarks < (x1, y1))).all()


@given(data=st.data())
@settings(max_examples=20)
def test_the_pads_square_holds_the_items_or_is_twice_as_wide_as_the_landmarks_need(
    laboratory: Laboratory, documents: st.SearchStrategy[Document], data: st.DataObject
) -> None:
    pad = laboratory.answer(Question(data.draw(documents), 1, attention=False)).pads["color"]

    x0, x1, y0, y1 = pad.extent
    span = (pad.landmarks.max(0) - pad.landmarks.min(0)).max()
    held = ((pad.own > (x0, y0)) & (pad.own < (x1, y1))).all()
    assert held or x1 - x0 == pytest.approx(2 * 1.24 * span, rel=1e-4)
    assert x1 - x0 >= 1.24 * span


def test_a_block_without_a_learned_subspace_has_no_pad(laboratory: Laboratory, document: Document) -> None:
    assert set(laboratory.answer(Question(document, 1)).pads) == {"shape", "color"}
    assert set(laboratory.answer(Question(document, 2)).pads) == {"color"}
    assert set(laboratory.answer(Question(document, 7)).pads) == set()
    assert laboratory.answer(Question(document, 2, map_cells=(0, 5), map_property="shape")).map is None


def test_a_photo_has_a_decision_but_no_pads_no_masses_and_no_map(laboratory: Laboratory, document: Document) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, 64 * 64 * 3, dtype=np.uint8).tobytes()
    photo = replace(document, base=Stimulus((), CANVAS, Photo(pixels, "dog.jpg")))

    answer = laboratory.answer(Question(photo, 1, map_cells=(0, 5)))

    assert answer.attention is not None
    assert answer.attention.masses == {}
    assert (answer.pads, answer.map, answer.notes) == ({}, None, ())
    assert answer.decision.logits != laboratory.answer(Question(document, 1)).decision.logits


@pytest.mark.parametrize("side", ["base", "source"])
def test_a_stimulus_for_another_canvas_is_refused(laboratory: Laboratory, document: Document, side: str) -> None:
    for geometry in (Geometry(64, 32), Geometry(96, 16)):
        with pytest.raises(UserError, match=f"stimulus is {geometry.image_px} px in patches of {geometry.patch_px} px"):
            laboratory.answer(Question(replace(document, **{side: Stimulus((), geometry)}), 1))


def test_a_model_that_cannot_be_opened_leaves_the_one_before_it(file: str, document: Document, tmp_path: Path) -> None:
    laboratory = new_laboratory(file)
    before = laboratory.answer(Question(document, 1))
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"no tensors")
    damaged.with_suffix(".json").write_text("{}")

    for reference in ("nothing", str(damaged)):
        with pytest.raises(UserError):
            laboratory.answer(Question(replace(document, model=reference), 1))

    assert laboratory.model.weights_hash == before.model.weights_hash
    assert_equal(laboratory.answer(Question(document, 1)), before)


def test_another_model_answers_with_its_own_streams(file: str, document: Document, tmp_path: Path) -> None:
    laboratory = new_laboratory(file)
    before = laboratory.answer(Question(document, 1))
    second = save_tiny(tmp_path / "second.safetensors", seed=1)

    answer = laboratory.answer(Question(replace(document, model=second), 1))

    fresh = Laboratory("cpu").answer(Question(replace(document, model=second), 1))
    assert_equal(answer, fresh)
    assert answer.decision.baseline != before.decision.baseline
    assert (answer.model.name, answer.pads) == ("second", {})


def test_an_answer_names_the_question_and_describes_the_model(laboratory: Laboratory, document: Document) -> None:
    question = Question(document, 1)

    answer = laboratory.answer(question)

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
    monkeypatch.setattr(cards, "data_folder", lambda: tmp_path / "data")
    reference = save_tiny(tmp_path / "mine.safetensors")
    laboratory = Laboratory("cpu")
    document = Document(reference, random_pair(CANVAS, 0))
    assert laboratory.answer(Question(document, 1)).pads == {}

    path = subspace_file(subspace_folders(reference)[place], "color", 1)
    save_subspace(path, fitted(), card(laboratory.model, "color", 1))

    assert set(laboratory.answer(Question(document, 1)).pads) == {"color"}


def test_the_users_own_probes_are_found_and_come_before_those_beside_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "data_folder", lambda: tmp_path / "data")
    reference = save_tiny(tmp_path / "mine.safetensors")
    laboratory = Laboratory("cpu")
    weights = laboratory.open(reference)
    own, beside = probe_files(reference)
    save_probes(beside, probes(), probe_card(weights))
    save_probes(own, {0: probes()[2]}, probe_card(weights, 0))

    laboratory.open(reference)

    assert list(laboratory.probes) == [-1, 0, 2]
    assert torch.equal(laboratory.probes[0].weight, as_kept(probes()[2]).weight)


def test_a_model_of_a_very_long_name_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "data_folder", lambda: tmp_path / "data")
    laboratory = Laboratory("cpu")

    laboratory.open(save_tiny(tmp_path / f"{'x' * 235}.safetensors"))

    assert (laboratory.subspaces, laboratory.probes) == ({}, {})


def test_a_card_that_is_changed_is_read_again(tmp_path: Path) -> None:
    reference = save_tiny(tmp_path / "mine.safetensors")
    laboratory = Laboratory("cpu")
    question = Question(Document(reference, random_pair(CANVAS, 0)), 1)
    before = laboratory.answer(question)
    card_file = Path(reference).with_suffix(".json")
    turned = {**json.loads(card_file.read_text(encoding="utf-8")), "labels": ["same", "different"]}
    card_file.write_text(json.dumps(turned), encoding="utf-8")
    os.utime(card_file, ns=(1, 1))

    assert laboratory.answer(question).decision.margin == pytest.approx(-before.decision.margin, abs=1e-5)


def test_an_edit_that_makes_numbers_too_large_is_a_note_and_is_left_out(
    laboratory: Laboratory, document: Document
) -> None:
    wild = replace(MoveInSubspace(1, 0, "color", (1.0, 1.0)), strength=1e39)

    answer = laboratory.answer(Question(replace(document, interventions=(wild,)), 1))

    assert answer.decision.logits == answer.decision.baseline
    assert "edited stream after block 1" in answer.notes[0]
    assert "not finite" in answer.notes[0]


def test_what_the_card_does_not_say_is_the_last_note(tmp_path: Path) -> None:
    reference = str(tmp_path / "silent.safetensors")
    save_model(Path(reference), tiny_network(), {**CARD, "network": TINY})
    lost = MoveInSubspace(7, 0, "color", (1.0, 1.0))

    answer = Laboratory("cpu").answer(Question(Document(reference, random_pair(CANVAS, 0), interventions=(lost,)), 1))

    assert len(answer.notes) == 2
    assert "no block 7" in answer.notes[0]
    assert answer.notes[1].startswith("Assumed")
