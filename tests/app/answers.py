"""Answers as an engine would give them, for tests of what the window makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from unittest.mock import create_autospec

import numpy as np

from app.desk import Desk
from app.live import Live
from app.store import Store
from core.analyses import Analysis, Refusal
from core.analyses.attention import AttentionOfToken
from core.analyses.decision import Decision, Verdict
from core.analyses.pad import PadPlaces
from core.demo import demo_document
from core.document import Intervention, View
from core.questions import Answer, ModelInfo, Question
from core.stimuli.stimulus import Geometry, Property

RELATIONS = ("different", "same")
TINY = ModelInfo("tiny", "0", "cpu", 6, 4, 1, Geometry(), RELATIONS, {"network": {}}, {})
SAME = Verdict(RELATIONS, (0.0, 1.0), (0.0, 1.0))
NOTHING = Refusal("There is nothing to find.", "Look for something else.")


def a_desk() -> Desk:
    """A desk on the demo that asks nobody."""
    return Desk(Store(demo_document(), View()), create_autospec(Live, instance=True))


def question(desk: Desk) -> Question:
    """What the window asks of the current state."""
    return Question(desk.document, tuple(dict.fromkeys(desk.wanted())))


def answer(
    desk: Desk,
    found: Mapping[Analysis[Any], Any] | None = None,
    *,
    verdict: Verdict = SAME,
    model: ModelInfo = TINY,
    asked: Question | None = None,
    lost: Mapping[Intervention, str] | None = None,
) -> Answer:
    """A whole answer in one part: the verdict and what is `found`; nothing of whatever else is wanted."""
    asked = asked or question(desk)
    known = {**dict.fromkeys(asked.wanted, NOTHING), Decision(): verdict, **(found or {})}
    return Answer(asked, model, known, lost=lost or {}, complete=True)


def part(desk: Desk, found: Mapping[Analysis[Any], Any], *, model: ModelInfo = TINY, complete: bool = False) -> Answer:
    """A part of an answer about the current state, with nothing but what is `found`."""
    return Answer(question(desk), model, found, complete=complete)


def pad_places(
    property: Property = "color",
    block: int = 1,
    own: Sequence[tuple[float, float]] = ((0.0, 0.0), (1.0, 0.0)),
    now: Sequence[tuple[float, float]] | None = None,
    distance: Sequence[float] = (1.0, 9.0),
) -> PadPlaces:
    """A pad from −2 to 2 whose landmarks stand in a row below, each 0.2 to the right of the one before."""
    landmarks = np.stack([np.arange(16) * 0.2 - 1.5, np.full(16, -1.5)], axis=1).astype(np.float32)
    ellipses = np.tile(np.eye(2, dtype=np.float32), (16, 1, 1))
    places = (np.array(places, np.float32).reshape(-1, 2) for places in (own, own if now is None else now))
    far = np.array(distance, np.float32)
    return PadPlaces(property, block, landmarks, ellipses, 0.8, *places, far, (-2.0, 2.0, -2.0, 2.0))


def attention_of(token: int, model: ModelInfo = TINY, seed: int = 0) -> AttentionOfToken:
    """Attention of a token at random, with edits as without."""
    n_tokens = model.n_prefix + model.geometry.grid**2
    rows = np.random.default_rng(seed).random((model.n_blocks, model.n_heads, n_tokens)).astype(np.float32)
    top = np.ones(model.n_blocks, np.float32)
    return AttentionOfToken(token, rows, rows, rows, rows, top, top)
