"""Find names by a few letters of their words, in British or American spelling, and with a typing error or two."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

AMERICAN = {"colour": "color", "grey": "gray", "centre": "center", "behaviour": "behavior", "neighbour": "neighbor"}
LIKE_ENOUGH = 0.75
FEWEST_LETTERS = 4
"""A shorter word may be anything's misspelling."""


@dataclass(frozen=True, slots=True)
class Name:
    """What is looked for: its own words, those of the place where it stands, and what else it is called."""

    text: str
    place: str = ""
    alias: str = ""


def ranked(query: str, names: Sequence[Name]) -> list[int]:
    """Indices of the names that have every word of the query, the best first; all of them for an empty query."""
    wanted = _parts(query)
    scores = {index: _score(wanted, name) for index, name in enumerate(names)}
    return sorted((index for index, score in scores.items() if score > 0), key=lambda index: -scores[index])


def _score(wanted: Sequence[str], name: Name) -> float:
    """0 where a word is missing; the more of the name's own words are named, and the more exactly, the higher."""
    if not wanted:
        return 1.0
    if list(wanted) in (_parts(name.text), _parts(name.alias)):
        return 2.0 + 1 / len(_parts(name.text))  # of two that are called so, the shorter
    own, other = _words(name.text), _words(f"{name.place} {name.alias}")
    of_words = [max(_best(word, own), 0.9 * _best(word, other)) for word in wanted]
    if min(of_words) == 0:
        return 0.0
    return sum(of_words) / len(of_words) + 0.1 * len(wanted) / (len(wanted) + len(_parts(name.text)))


def _best(word: str, candidates: Sequence[str]) -> float:
    return max((_likeness(word, candidate) for candidate in candidates), default=0.0)


def _likeness(word: str, candidate: str) -> float:
    """How well a typed word stands for one of a name, 0–1."""
    if word == candidate:
        return 1.0
    if word in candidate:
        return 0.9 if candidate.startswith(word) else 0.8
    matcher = SequenceMatcher(None, word, candidate, autojunk=False)
    if len(word) < FEWEST_LETTERS or matcher.real_quick_ratio() < LIKE_ENOUGH:
        return 0.0
    ratio = matcher.ratio()
    return 0.7 * ratio if ratio >= LIKE_ENOUGH else 0.0


def _words(text: str) -> list[str]:
    """The words of a text in both spellings; hyphenated ones also as one word."""
    joined = [re.sub(r"\W", "", word) for word in text.lower().split()]
    found = [*joined, *re.findall(r"[^\W_]+", text.lower())]
    return [*found, *(AMERICAN[word] for word in found if word in AMERICAN)]


def _parts(text: str) -> list[str]:
    """The words of a text in one spelling."""
    return [AMERICAN.get(word, word) for word in re.findall(r"[^\W_]+", text.lower())]
