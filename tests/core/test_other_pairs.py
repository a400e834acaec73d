"""Another pair of the same kind is alike and different where the drawn one is, and the edits mean the same on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analyses.pad import Pad
from core.demo import demo_document
from core.document import (
    Document,
    Intervention,
    make_counterfactual,
    open_photo_in,
    random_match_to_sample,
    random_pair,
)
from core.errors import UserError
from core.interventions.knock_out_heads import KnockOutHeads
from core.interventions.knock_out_mlp import KnockOutMLP
from core.interventions.move import MoveInSubspace
from core.interventions.novel import WriteNovelVectors
from core.interventions.probe import AddProbeDirection
from core.interventions.swap import SwapFromSource
from core.other_pairs import EFFECT, conditions, moved_to, on_other, other_pair, why_no_others
from core.questions import Question
from core.session import Session
from core.state import State
from core.stimuli.counterfactuals import counterfactual_source
from core.stimuli.stimulus import Geometry, Layer, Photo, Stimulus, is_trained_layout, item_box, overlaps, truth
from core.stimuli.variants import Varied, seed_of, variants

seeds = st.integers(0, 10_000)
bases = st.one_of(
    seeds.map(lambda seed: random_pair(Geometry(), seed)),
    seeds.map(lambda seed: random_match_to_sample(Geometry(), seed)),
)


@given(bases, seeds)
@settings(max_examples=40, deadline=None)
def test_all_that_is_alike_stays_alike_and_all_that_differs_differs(base: Stimulus, seed: int) -> None:
    found = other_pair(Document("m", base, base), seed)[0]

    assert truth(found.base) == truth(base)
    for property in ("shape", "color"):
        before, now = ([getattr(item, property) for item in s.items] for s in (base, found.base))
        assert [[a == b for b in before] for a in before] == [[a == b for b in now] for a in now]
    assert is_trained_layout(found.base)
    assert not any(overlaps(a, b, base.geometry) for a in found.base.items for b in found.base.items if a is not b)
    assert found == other_pair(Document("m", base, base), seed)[0]


@given(seeds, seeds, st.sampled_from(["shape", "color"]))
@settings(max_examples=30, deadline=None)
def test_a_source_that_turns_the_answer_turns_that_of_the_other_pair(seed: int, other: int, property: str) -> None:
    document = make_counterfactual(Document("m", random_pair(Geometry(), seed)), property, seed)  # type: ignore[arg-type]

    found = other_pair(document, other)[0]

    for each in (document, found):
        assert each.source is not None
    donors = [getattr(d.source.items[0], property) for d in (document, found)]  # type: ignore[union-attr]
    partners = [getattr(d.base.items[1], property) for d in (document, found)]
    assert (donors[0] == partners[0]) == (donors[1] == partners[1])


def test_a_match_to_sample_source_stays_in_the_places_of_its_base() -> None:
    document = Document("m", random_match_to_sample(Geometry(), 3))
    document = make_counterfactual(document, "color", 1, 2)

    found = other_pair(document, 5)[0]

    assert found.source is not None
    assert [(i.x_px, i.y_px) for i in found.source.items] == [(i.x_px, i.y_px) for i in found.base.items]
    assert [i.seed for i in found.source.items] != [i.seed for i in found.base.items]


def test_many_pairs_show_every_shape_and_colour() -> None:
    document = demo_document()

    found = [other_pair(document, seed)[0].base.items[0] for seed in range(200)]

    assert {item.shape for item in found} == set(range(16))
    assert {item.color for item in found} == set(range(16))


def test_new_shapes_and_colours_stay_among_the_new_ones() -> None:
    base = demo_document().base
    new = replace(base, items=tuple(replace(item, color=16 + at, flat=True) for at, item in enumerate(base.items)))

    found = other_pair(Document("m", new), 3)[0].base.items

    assert all(16 <= item.color < 20 and item.flat for item in found)


@given(bases, seeds)
@settings(max_examples=20, deadline=None)
def test_the_base_of_another_pair_is_the_variant_of_its_seed(base: Stimulus, seed: int) -> None:
    varied = Varied(colors=False)

    for index, variant in enumerate(variants(base, 3, varied, seed=seed)):
        assert other_pair(Document("m", base, base), seed_of(seed, index), varied)[0].base == variant


def test_a_locked_item_stays_in_every_other_pair() -> None:
    base = demo_document().base
    first = replace(base.items[0], locked=True)
    document = Document("m", replace(base, items=(first, base.items[1])))

    found = [other_pair(document, seed)[0].base.items for seed in range(5)]

    assert {(a.x_px, a.y_px) for a, _ in found} == {(first.x_px, first.y_px)}
    assert len({(b.x_px, b.y_px) for _, b in found}) > 1


@pytest.mark.parametrize("task", ["discrimination", "rmts"])
def test_large_and_turned_items_stay_so_and_go_where_there_is_room(task: str) -> None:
    base = demo_document("m", task).base  # type: ignore[arg-type]
    large = [replace(item, scale=1.5, angle_deg=30.0 * at, level=at) for at, item in enumerate(base.items)]
    places = ((0, 0), (80, 0), (16, 112), (112, 112)) if task == "rmts" else ((0, 0), (96, 96))
    items = tuple(replace(item, x_px=x, y_px=y) for item, (x, y) in zip(large, places, strict=True))
    document = Document("m", replace(base, items=items))

    found = [other_pair(document, seed)[0].base for seed in range(5)]

    assert len({tuple((i.x_px, i.y_px) for i in each.items) for each in found}) == 5
    for each in found:
        assert [(i.scale, i.angle_deg, i.level) for i in each.items] == [(i.scale, i.angle_deg, i.level) for i in items]
        assert not any(overlaps(a, b, each.geometry) for a in each.items for b in each.items if a is not b)
        boxes = [item_box(item, each.geometry) for item in each.items[2 if task == "rmts" else 0 :]]
        assert all(min(box) >= 0 and max(box) <= each.geometry.image_px for box in boxes)


def test_where_there_are_no_others_it_is_said() -> None:
    photo = open_photo_in(demo_document(), "base", Photo(bytes(3 * 224 * 224), "a.png"))
    three = replace(demo_document().base, items=demo_document().base.items * 2)
    three = replace(three, items=three.items[:3])

    assert "photo" in why_no_others(photo, ("different", "same"))
    assert why_no_others(replace(photo, base=three), ()).startswith("3 items pose no task")
    assert "chooses among 3 classes" in why_no_others(demo_document(), ("cat", "dog", "cow"))
    assert why_no_others(demo_document(), ()) == ""
    painted = replace(demo_document().base, paint=Layer(b"x"))
    assert "painted by hand" in why_no_others(replace(demo_document(), base=painted), ())
    assert "painted by hand" in why_no_others(replace(demo_document(), source=painted), ())
    with pytest.raises(UserError, match="photo"):
        other_pair(photo, 0)


@pytest.fixture(scope="module")
def session() -> Session:
    return Session("cpu")


def state_with(session: Session, *edits: Intervention, document: Document | None = None) -> State:
    document = document or demo_document()
    with torch.inference_mode():
        return State(replace(document, interventions=edits), session.open(document.model))


def landmark(session: Session, document: Document, value: int, block: int = 1) -> tuple[float, float]:
    pad = Pad("color", block)
    x, y = session.answer(Question(document, (pad,))).found[pad].landmarks[value]
    return float(x), float(y)


def test_a_move_to_the_partners_landmark_goes_to_the_partners_landmark(session: Session) -> None:
    document = demo_document()
    move = MoveInSubspace(1, 0, "color", landmark(session, document, document.base.items[1].color))
    state = state_with(session, move)

    for seed in range(4):
        other, renaming = other_pair(state.document, seed)
        (edit,) = on_other(state, renaming, seed)
        assert isinstance(edit, MoveInSubspace)
        assert edit.point == pytest.approx(landmark(session, other, other.base.items[1].color), abs=1e-3)
        assert (edit.block, edit.item, edit.strength) == (1, 0, 1.0)


def test_at_another_layer_it_goes_to_the_landmark_of_the_same_colour(session: Session) -> None:
    document = demo_document()
    move = MoveInSubspace(1, 0, "color", landmark(session, document, 5))

    (edit,) = moved_to(state_with(session, move), 3)

    assert isinstance(edit, MoveInSubspace)
    assert edit.block == 3
    assert edit.point == pytest.approx(landmark(session, document, 5, 3), abs=1e-3)
    assert moved_to(state_with(session, move), 1) == (move,)


def test_a_layer_without_a_subspace_has_no_counterpart(session: Session) -> None:
    with pytest.raises(UserError, match="no color subspace after block 5"):
        moved_to(state_with(session, MoveInSubspace(1, 0, "color", (0.0, 0.0))), 5)


def test_knock_outs_are_as_they_are_and_heads_stay_in_their_block(session: Session) -> None:
    heads, mlp = KnockOutHeads(2, (1,)), KnockOutMLP(2)
    state = state_with(session, heads, mlp)

    assert on_other(state, other_pair(state.document, 1)[1], 1) == (heads, mlp)
    assert moved_to(state, 4) == (heads, KnockOutMLP(4))


def test_what_is_drawn_is_drawn_again_for_each_pair(session: Session) -> None:
    novel = WriteNovelVectors(1, 0, 1, "color", "sampled", "same", 7)
    state = state_with(session, novel)
    renaming = other_pair(state.document, 1)[1]

    assert on_other(state, renaming, 11) == (replace(novel, seed=11),)
    assert moved_to(state, 2) == (replace(novel, block=2),), "on the picture itself it is the same draw"


def test_edits_are_the_same_ones_where_no_name_is_exchanged(session: Session) -> None:
    edits = (MoveInSubspace(1, 0, "color", (9.0, -4.0)), WriteNovelVectors(1, 0, 1, "shape", "sampled", "same", 7))
    state = state_with(session, *edits)

    renaming = other_pair(state.document, 1, Varied(shapes=False, colors=False))[1]

    assert renaming is None
    assert on_other(state, renaming, 11) == edits


def test_a_move_by_a_property_that_is_not_varied_stays_where_it_is(session: Session) -> None:
    edits = (MoveInSubspace(1, 0, "color", (9.0, -4.0)), MoveInSubspace(1, 0, "shape", (9.0, -4.0)))
    state = state_with(session, *edits)

    color, shape = on_other(state, other_pair(state.document, 1, Varied(colors=False))[1], 1)

    assert color == edits[0]
    assert shape != edits[1]


def test_a_control_is_that_of_every_edit_that_has_it(session: Session) -> None:
    base, move, mlp = demo_document().base, MoveInSubspace(1, 0, "color", (0.0, 0.0)), KnockOutMLP(2)

    found = conditions((move, mlp), base, 5)

    assert list(found) == [EFFECT, "wrong object", "random subspace"]
    assert found[EFFECT] == (move, mlp)
    assert found["wrong object"] == (replace(move, control="wrong object"), mlp)
    assert found["random subspace"] == (replace(move, control="random subspace", seed=5), mlp)
    assert list(conditions((replace(move, control="wrong object"),), base)) == [EFFECT, "random subspace"]


def test_the_control_of_a_push_is_toward_the_relation_that_the_pair_has() -> None:
    base = random_match_to_sample(Geometry(), 1)
    known = truth(base)
    assert known is not None
    own = "same" if known.pairs[0].same else "different"
    against = "different" if own == "same" else "same"

    found = conditions((AddProbeDirection(2, 0, against, 3.0),), base)  # type: ignore[arg-type]

    assert found["probe, own relation"] == (AddProbeDirection(2, 0, own, 3.0),)  # type: ignore[arg-type]
    assert list(conditions((AddProbeDirection(2, 0, own),), base)) == [EFFECT]  # type: ignore[arg-type]


def test_a_swap_takes_from_the_other_pairs_own_source(session: Session) -> None:
    document = demo_document()
    source = counterfactual_source(document.base, "color", np.random.default_rng(0))
    swap = SwapFromSource(1, 0, 0, "color")
    state = state_with(session, swap, document=replace(document, source=source))

    other, renaming = other_pair(state.document, 2)

    assert on_other(state, renaming, 2) == (swap,)
    assert other.source is not None
    assert other.source.items[0].color == other.base.items[1].color
