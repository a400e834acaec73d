"""The README's numbers are those of the cards. `python -m tests.app.test_readme` prints them."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from core.analyses.decision import Decision
from core.cards import read_card, subspace_cards
from core.documents.files import read_work
from core.locations import model_path
from core.questions import Question
from core.session import Session

README = Path(__file__).parents[2] / "README.md"
DOCS = README.parent / "docs"
MOST_BYTES = 1_500_000
SPLITS = {"test": "unseen images", "ood-shape": "new shapes", "ood-color": "new colours", "ood-shape-color": "both new"}


NAMES = {
    "discrimination": "discrimination",
    "rmts": "match-to-sample",
    "dinov2-discrimination": "DINOv2 discrimination",
    "dinov2-rmts": "DINOv2 match-to-sample",
}


def measured() -> str:
    """The block that the README must hold."""
    models = {name: read_card(model_path(name))["accuracy"] for name in NAMES}
    lines = [f"| accuracy | {' | '.join(NAMES.values())} | n |", "|---" * (len(NAMES) + 2) + "|"]
    for split, words in SPLITS.items():
        rows = [accuracy[split] for accuracy in models.values()]
        n = ", ".join(str(r["n"]) for r in rows)
        lines.append(f"| {words} | " + " | ".join(f"{r['accuracy']:.4f}" for r in rows) + f" | {n} |")
    lines += ["", *_emoji()]
    for name, words in NAMES.items():
        lines += ["", *_interchange(name, words)] if subspace_cards(name) else []
    return "\n".join(lines)


def _emoji() -> list[str]:
    accuracy = read_card(model_path("emoji"))["accuracy"]
    rows = {"all": accuracy, **accuracy["by size"]}
    lines = ["| emoji, 100 kinds, unseen pictures | " + " | ".join(rows) + " |", "|---" * (len(rows) + 1) + "|"]
    lines.append("| accuracy | " + " | ".join(f"{row['accuracy']:.3f}" for row in rows.values()) + " |")
    return [*lines, "| n | " + " | ".join(str(row["n"]) for row in rows.values()) + " |"]


def _interchange(model: str, words: str) -> list[str]:
    cards = subspace_cards(model)
    blocks = sorted({block for _, block in cards})
    lines = [f"| {words}, interchange accuracy | " + " | ".join(_name(b) for b in blocks) + " |"]
    lines.append("|---" * (len(blocks) + 1) + "|")
    for property, word in (("color", "colour"), ("shape", "shape")):
        for key, control in (("iia", ""), ("wrong_object_iia", ", wrong object")):
            known = (cards.get((property, b)) for b in blocks)
            values = ("" if card is None else f"{card[key]:.3f}" for card in known)
            lines.append(f"| {word}{control} | " + " | ".join(values) + " |")
    return lines


def _name(block: int) -> str:
    return "embed" if block < 0 else f"block {block}"


def test_the_readme_shows_what_was_measured() -> None:
    assert measured() in README.read_text(encoding="utf-8")


def test_the_film_of_the_readme_is_of_a_drag_that_flips_the_answer_and_loads_quickly() -> None:
    document = read_work(DOCS / "flip.relata").document

    with Image.open(DOCS / "flip.gif") as film:
        assert (film.size, film.n_frames) == ((960, 540), 40)
    assert (DOCS / "flip.gif").stat().st_size < MOST_BYTES
    verdict = Session("cpu").answer(Question(document)).found[Decision()]
    assert (verdict.flipped, verdict.answer) == (True, "same")
    assert (round(verdict.baseline_margin, 1), round(verdict.margin, 1)) == (-13.7, 10.2)


if __name__ == "__main__":
    print(measured())
