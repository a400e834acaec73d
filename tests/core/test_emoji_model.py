"""The model of emoji that ships, and what it opens on."""

from __future__ import annotations

from functools import lru_cache

import pytest
import torch

from core import selftest
from core.analyses.decision import Decision
from core.cards import read_card
from core.demo import demo_of, names_example, token_of_first
from core.document import Document
from core.emoji import characters
from core.families.files import open_model
from core.families.model import Model
from core.jobs.head import accuracy
from core.locations import model_path
from core.questions import Question
from core.session import Session
from core.stimuli.masks import mask_patches
from core.stimuli.stimulus import Geometry
from tests.core.networks import finish

CARD = read_card(model_path("emoji"))
CANVAS = Geometry(224, 14)


@lru_cache
def emoji_model() -> Model:
    return open_model("emoji", torch.device("cpu"))


def test_it_is_a_head_on_the_bundled_dinov2_and_says_where_all_of_it_is_from() -> None:
    assert CARD["parent"]["model"] == "dinov2-small"
    assert "low_rank" not in CARD
    assert model_path("emoji").stat().st_size < 100_000
    assert emoji_model().labels == tuple(characters())
    for word in ("DINOv2", "Noto Color Emoji", "Open Font License"):
        assert word in CARD["provenance"]
    assert CARD["licence"] == "Apache-2.0"


def test_it_was_right_on_95_of_100_of_at_least_2000_unseen_pictures() -> None:
    measured = CARD["accuracy"]

    assert measured["n"] >= 2000
    assert measured["accuracy"] >= 0.95
    assert CARD["head"]["n_images"] <= 8000


def test_it_names_what_is_in_pictures_of_a_seed_that_was_never_used() -> None:
    assert finish(accuracy(emoji_model(), 24, seed=11))["accuracy"] > 0.8


@pytest.mark.slow
def test_it_names_nine_of_ten_emoji_on_unseen_grounds() -> None:
    assert finish(accuracy(emoji_model(), 100, seed=12))["accuracy"] > 0.9


@pytest.mark.slow
def test_the_selftest_holds() -> None:
    report = finish(selftest.selftest("emoji", "cpu"))

    assert report["ok"]
    assert {check["name"]: check["ok"] for check in report["checks"]} == {
        "parity": True,
        "answers": True,
        "accuracy": True,
        "flip": None,
    }


def test_it_opens_on_a_cat_and_says_so() -> None:
    stimulus = demo_of(CARD, CANVAS)

    verdict = Session("cpu").answer(Question(Document("emoji", stimulus))).found[Decision()]

    assert names_example(CARD)
    assert [mask.label for mask in stimulus.photo.masks] == ["cat"]
    assert verdict.answer == "cat"
    assert token_of_first(stimulus) - 1 in mask_patches(stimulus.photo.masks[0], CANVAS)


def test_a_card_that_names_an_example_that_is_not_there_opens_on_the_demo_of_its_task() -> None:
    card = {"example": "a-yeti", "task": "rmts"}

    assert not names_example(card)
    assert len(demo_of(card, CANVAS).items) == 4
