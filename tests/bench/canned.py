"""Answers as the engine would send them for the bundled model, made up from a seed: no torch, no engine process."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from typing import Any

import numpy as np

from core.analyses.attention import Attention, AttentionOfToken
from core.analyses.decision import Decision, Verdict
from core.analyses.decision_map import MAP_SIZE, DecisionMap
from core.analyses.item_shares import ItemShares
from core.analyses.pad import Pad, PadPlaces
from core.cards import Card, card_geometry, card_n_blocks, card_n_prefix, read_card, subspace_cards
from core.demo import DEFAULT_MODEL
from core.locations import model_path
from core.questions import Answer, ModelInfo, Question
from core.stimuli.stimulus import N_COLORS

LABELS = ("different", "same")
EXTENT = (-5.0, 5.0, -5.0, 5.0)
N_HEADS = 8
ANSWERS_A_FLIP = 30


class CannedAnswers:
    """Two parts for each question: the decision alone, then all that was wanted. No array comes twice: each part has
    been through a pipe."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(1)
        self._n_asked = 0
        card: Card = read_card(model_path(DEFAULT_MODEL))
        cards = subspace_cards(DEFAULT_MODEL)
        shape = (card_n_blocks(card), N_HEADS)
        self._geometry = card_geometry(card)
        self._info = ModelInfo(
            DEFAULT_MODEL, "0" * 12, "cpu", *shape, card_n_prefix(card), self._geometry, LABELS, card, cards
        )
        columns = np.arange(MAP_SIZE)
        self._map = (1 / (1 + np.exp(-(columns[:, None] - columns) / 2))).astype(np.float32)
        self._landmarks = self._random.uniform(-4, 4, (N_COLORS, 2)).astype(np.float32)
        tilted = self._random.normal(0, 0.5, (N_COLORS, 2, 2))
        self._ellipses = (tilted @ tilted.swapaxes(1, 2)).astype(np.float32)

    def parts(self, question: Question) -> tuple[Answer, Answer]:
        """What the engine would say to a question."""
        baseline = (0.0, 2.0)
        self._n_asked += 1
        margin = 3 * math.sin(self._n_asked / ANSWERS_A_FLIP * math.pi)
        logits = (0.0, margin) if question.document.interventions else baseline
        found: dict[Any, Any] = {
            wanted: self._value(wanted, len(question.document.base.items)) for wanted in question.wanted
        }
        found[Decision()] = Verdict(LABELS, logits, baseline)
        first = Answer(question, self._info, {Decision(): found[Decision()]}, engine_ms=30.0)
        return _through_a_pipe(first), _through_a_pipe(replace(first, found=found, complete=True))

    def _value(self, wanted: Any, n_items: int) -> Any:
        match wanted:
            case Attention():
                return self._attention(wanted.token)
            case ItemShares():
                return self._shares()
            case Pad():
                return self._pad(wanted, n_items)
            case DecisionMap():
                return self._map
        return None

    def _attention(self, token: int) -> AttentionOfToken:
        info = self._info
        n_tokens = info.n_prefix + self._geometry.grid**2
        shape = (info.n_blocks, info.n_heads, n_tokens)
        maps = [self._random.dirichlet(np.full(n_tokens, 0.1), shape[:2]).astype(np.float32) for _ in range(4)]
        return AttentionOfToken(token, *maps, maps[0].max((1, 2)), maps[2].max((1, 2)))

    def _shares(self) -> dict[str, np.ndarray]:
        shares = self._random.dirichlet(np.ones(4), (self._info.n_blocks, self._info.n_heads)).astype(np.float32)
        kinds = dict(zip(("WO", "BG", "CLS", "WP"), np.moveaxis(shares, -1, 0), strict=True))
        return kinds | {"score": 1 - kinds["WO"] - kinds["CLS"]}

    def _pad(self, wanted: Pad, n_items: int) -> PadPlaces:
        own, now = self._landmarks[:n_items], self._landmarks[:n_items] + 0.2
        distance = np.ones(n_items, np.float32)
        places = (self._landmarks, self._ellipses, 0.8, own, now, distance, EXTENT)
        return PadPlaces(wanted.property, wanted.block, *places)


def _through_a_pipe(answer: Answer) -> Answer:
    again: Answer = pickle.loads(pickle.dumps(answer))  # our own bytes, as between the window and the engine
    return again
