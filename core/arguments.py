"""What can be typed after `relata`: whole numbers in a range, blocks, and values that begin with a minus."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from core.errors import UserError
from core.stimuli.datasets import EXAMPLES_MAX, SEED_MAX
from core.stimuli.stimulus import PROPERTIES
from core.stimuli.variants import Varied

EPOCHS_MAX = 10_000
RUNS_MAX = 1000


class Parser(argparse.ArgumentParser):
    """Takes `--layers -1,0` like `--layers=-1,0`; argparse alone would take `-1,0` for another option.

    `about` gives the description once it is read: it may take a moment.
    """

    about: Callable[[], str] | None = None

    def format_help(self) -> str:
        if self.about is not None:
            self.description = self.about()
        return super().format_help()

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        return super().parse_known_args(_joined(sys.argv[1:] if args is None else args), namespace)


def _joined(words: Sequence[str]) -> list[str]:
    """The words, each value that begins with a minus and a digit joined to the option before it."""
    joined: list[str] = []
    for word in words:
        if joined and re.fullmatch(r"--[a-z][a-z-]*", joined[-1]) and re.match(r"-\.?\d", word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def whole(low: int, high: int, *, step: int = 1) -> Callable[[str], int]:
    """Reads a whole number from `low` to `high` that `step` divides."""
    kind = {1: "whole number", 2: "even number"}.get(step, f"multiple of {step}")

    def read(word: str) -> int:
        number = int(word) if re.fullmatch(r"[0-9]{1,20}", word) else -1
        if not low <= number <= high or number % step:
            raise argparse.ArgumentTypeError(f"{word[:40]} is no {kind} from {low} to {high}")
        return number

    return read


def between(least: float, most: float) -> Callable[[str], float]:
    """Reads a number from `least` to `most`, neither of them negative."""

    def read(word: str) -> float:
        number = float(word) if re.fullmatch(r"[0-9]{0,6}(\.[0-9]{1,6})?", word) and word else -1.0
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{word[:40]} is no number from {least:g} to {most:g}")
        return number

    return read


def share(word: str) -> float:
    """Reads a share from 0 to 1."""
    if not re.fullmatch(r"[01]|[01]?\.[0-9]{1,20}", word) or float(word) > 1:
        raise argparse.ArgumentTypeError(f"{word[:40]} is no share from 0 to 1")
    return float(word)


def one_of(*numbers: int) -> Callable[[str], int]:
    """Reads one of a few numbers."""
    known = {str(number): number for number in numbers}

    def read(word: str) -> int:
        if word not in known:
            raise argparse.ArgumentTypeError(f"{word[:40]} is none of {', '.join(known)}")
        return known[word]

    return read


even = whole(2, EXAMPLES_MAX, step=2)
"""How many examples: half of them are same and half different."""
fourfold = whole(4, EXAMPLES_MAX, step=4)
"""How many examples: a multiple of 4 is balanced in both tasks."""
seed = whole(0, SEED_MAX)


def add_varied_arguments(verb: argparse.ArgumentParser, usual: Varied) -> None:
    """Add what of a picture is drawn again; places and noise are unless they are kept."""
    words = ",".join(usual.properties) or "none"
    verb.add_argument(
        "--vary",
        default=words,
        metavar="PROPERTIES",
        help=f"what is drawn again: shape, color, shape,color, or none (default: {words})",
    )
    verb.add_argument("--keep-positions", action="store_true", help="leave the items where they are")
    verb.add_argument("--keep-noise", action="store_true", help="leave noise and jitter as they are")


def varied_of(arguments: argparse.Namespace) -> Varied:
    """What is to be drawn again.

    Raises UserError for a property that there is none of.
    """
    vary = [] if arguments.vary == "none" else [name for name in arguments.vary.split(",") if name]
    if odd := next((name for name in vary if name not in PROPERTIES), ""):
        raise UserError(f"There is no property “{odd}”.", f"Name {' or '.join(PROPERTIES)}.")
    return Varied(
        positions=not arguments.keep_positions,
        noise=not arguments.keep_noise,
        shapes="shape" in vary,
        colors="color" in vary,
    )


def blocks_named(words: str, n_blocks: int, whose: str) -> list[int]:
    """The blocks in `all` or a list such as 0,1,2, in ascending order; -1 is the embeddings.

    Raises UserError for what is no block.
    """
    if words == "all":
        return list(range(-1, n_blocks))
    named = [word.strip().replace("−", "-") for word in words.split(",")]
    blocks = {int(word) if re.fullmatch(r"-?[0-9]{1,4}", word) else n_blocks for word in named}
    if not blocks <= set(range(-1, n_blocks)):
        raise UserError(f"“{words}” names no blocks of {whose}.", f"Use all, or numbers from -1 to {n_blocks - 1}.")
    return sorted(blocks)
