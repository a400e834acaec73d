from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from core.plots import Maps
from core.stimuli.datasets import split_examples
from core.stimuli.render import render
from core.studies.attention import Attention
from core.studies.measures.stages import STAGES, StageHead, order_words, pick_heads, stage_maps, typical_image
from core.studies.study import Bench
from tests.core.networks import balanced_model, finish

# Two blocks of two heads.
MEANS = {
    "WO": np.array([[0.2, 0.91], [0.3, 0.1]]),
    "WP": np.array([[0.1, 0.02], [0.6, 0.2]]),
    "BG": np.array([[0.5, 0.05], [0.1, 0.3]]),
    "CLS": np.array([[0.2, 0.02], [0.0, 0.4]]),
}


def places(heads: tuple[StageHead, ...]) -> list[tuple[str, int, int]]:
    return [(h.stage, h.block, h.head) for h in heads]


def test_each_stage_gets_its_largest_head_in_order_of_depth() -> None:
    heads = pick_heads(MEANS, STAGES["discrimination"])

    assert places(heads) == [("WO", 0, 1), ("BG", 0, 0), ("WP", 1, 0), ("CLS", 1, 1)]
    assert [h.mean for h in heads] == [0.91, 0.5, 0.6, 0.4]


def test_a_head_that_leads_in_two_stages_stands_for_the_one_that_it_gives_more_to() -> None:
    means = {"WO": np.array([[0.4, 0.3]]), "WP": np.array([[0.5, 0.1]])}

    assert places(pick_heads(means, ("WO", "WP"))) == [("WO", 0, 1), ("WP", 0, 0)]


def test_of_equal_shares_the_earlier_stage_block_and_head_come_first() -> None:
    means = {kind: np.full((2, 2), 0.25) for kind in ("WO", "WP", "BP", "BG")}

    assert places(pick_heads(means, STAGES["rmts"])) == [("WO", 0, 0), ("WP", 0, 1), ("BP", 1, 0), ("BG", 1, 1)]


def test_no_head_is_picked_twice_even_where_there_are_fewer_heads_than_stages() -> None:
    means = {kind: np.array([[0.9]]) for kind in ("WO", "WP")}

    assert places(pick_heads(means, ("WO", "WP"))) == [("WO", 0, 0)]


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        (
            (0, 1, 2),
            "In order of depth: within the object (block 0), within the pair (block 1), background (block 2). "
            "Local comes before global, as published for CLIP B/16, another model.",
        ),
        (
            (0, 1, 1),
            "In order of depth: within the object (block 0), within the pair (block 1), background (block 1). "
            "Local comes no later than global, though stages share a block, as published for CLIP B/16, another model.",
        ),
        (
            (0, 2, 1),
            "In order of depth: within the object (block 0), background (block 1), within the pair (block 2). "
            "This is not the order from local to global (within the object, within the pair, background).",
        ),
    ],
)
def test_the_order_is_said_as_it_was_found(blocks: tuple[int, ...], said: str) -> None:
    heads = [StageHead(stage, b, 0, 0.5) for stage, b in zip(("WO", "WP", "BG"), blocks, strict=True)]

    assert order_words(sorted(heads, key=lambda h: h.block)) == said


def test_the_image_nearest_to_the_means_is_shown_and_of_two_the_first() -> None:
    shares = {"WO": np.array([0.9, 0.5, 0.1, 0.5])[:, None, None]}

    assert typical_image(shares, [StageHead("WO", 0, 0, 0.5)]) == 1


@pytest.mark.parametrize(
    ("stage", "item", "n_items", "caption"),
    [
        (
            "WO",
            0,
            2,
            "Block 1, head 0: of the attention of A’s tokens 91 % stays within A; 84 % on average over both objects "
            "of 500 images.",
        ),
        (
            "BP",
            2,
            4,
            "Block 1, head 0: of the attention of C’s tokens 91 % goes to the other pair; 84 % on average over all "
            "4 objects of 500 images.",
        ),
        (
            "WP",
            2,
            4,
            "Block 1, head 0: of the attention of C’s tokens 91 % goes to D; 84 % on average over all 4 objects of "
            "500 images.",
        ),
    ],
)
def test_the_caption_says_what_was_measured(stage: str, item: int, n_items: int, caption: str) -> None:
    model = balanced_model()
    task = "rmts" if n_items == 4 else "discrimination"
    stimulus = split_examples("test", 4, task=task, geometry=model.geometry)[0].stimulus

    maps = stage_maps(model, stimulus, item, [StageHead(stage, 1, 0, 0.84)], {stage: 0.914}, 500)

    assert maps.maps[0].caption.replace("\N{NO-BREAK SPACE}", " ") == caption
    assert [ring.label for ring in maps.rings if ring.asks] == ["ABCD"[item]]


def test_a_map_holds_all_attention_over_the_picture_that_the_model_saw() -> None:
    model = balanced_model()
    stimulus = split_examples("test", 2, geometry=model.geometry)[0].stimulus

    (of,) = stage_maps(model, stimulus, 0, [StageHead("WO", 2, 1, 0.5)], {"WO": 0.5}, 2).maps

    assert np.sum(of.values) + of.aside == pytest.approx(1, abs=1e-6)
    assert np.shape(of.values) == (model.geometry.grid,) * 2


def test_the_study_shows_its_heads_and_marks_them_in_its_rows() -> None:
    model = balanced_model()

    result = finish(Attention(n=8).run(Bench((model,))))

    maps = result.plots["attention-stages"]
    assert isinstance(maps, Maps)
    marked = {(row["block"], row["head"]) for row in result.rows if row["stage"]}
    assert marked == {of.head for of in maps.maps}
    assert len(marked) == 4
    assert [of.head[0] for of in maps.maps] == sorted(of.head[0] for of in maps.maps)
    means = {(row["block"], row["head"]): row for row in result.rows}
    for row in result.rows:
        if row["stage"]:
            taken = marked - {(row["block"], row["head"])}
            free = [means[place][row["stage"]] for place in means if place not in taken]
            assert row[row["stage"]] == max(free)
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(maps.picture))))
    stimuli = [e.stimulus for e in split_examples("test", 8, geometry=model.geometry)]
    assert any(np.array_equal(shown, render(s)) for s in stimuli)
