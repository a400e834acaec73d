"""The README's numbers are those of the cards."""

from __future__ import annotations

import json
from pathlib import Path

from core.cards import resource_folder, subspace_cards

README = Path(__file__).parents[2] / "README.md"
SPLITS = {"test": "unseen images", "ood-shape": "new shapes", "ood-color": "new colours", "ood-shape-color": "both new"}


def measured() -> str:
    """The block that the README must hold."""
    card = json.loads((resource_folder("models") / "discrimination.json").read_text())
    lines = ["| discrimination model, accuracy | | n |", "|---|---|---|"]
    for split, words in SPLITS.items():
        row = card["accuracy"][split]
        lines.append(f"| {words} | {row['accuracy']:.4f} | {row['n']} |")
    cards = subspace_cards("discrimination")
    blocks = sorted({block for _, block in cards})
    lines += ["", "| interchange accuracy | " + " | ".join(_name(b) for b in blocks) + " |"]
    lines.append("|---" * (len(blocks) + 1) + "|")
    for property, word in (("color", "colour"), ("shape", "shape")):
        for key, control in (("iia", ""), ("wrong_object_iia", ", wrong object")):
            values = (f"{cards[property, b][key]:.3f}" for b in blocks)
            lines.append(f"| {word}{control} | " + " | ".join(values) + " |")
    return "\n".join(lines)


def _name(block: int) -> str:
    return "embed" if block < 0 else f"block {block}"


def test_the_readme_shows_what_was_measured() -> None:
    assert measured() in README.read_text(encoding="utf-8")
