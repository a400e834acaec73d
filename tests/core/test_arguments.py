"""Every number that can be typed has a range that is said in words, and a value may begin with a minus."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from core.arguments import blocks_named
from core.cli import command as cli
from core.cli import study as cli_study
from core.errors import UserError
from core.stimuli.datasets import SEED_MAX

NEEDED = {
    "render": ("--out", "x"),
    "das": (),
    "study": ("das", "--out", "x"),
}
VERBS = next(action.choices for action in cli._parser()._actions if isinstance(action, argparse._SubParsersAction))
NUMBERS = [
    (name, action.option_strings[0])
    for name, verb in VERBS.items()
    for action in verb._actions
    if action.type not in (None, Path, cli_study._folder_of_set)
]
FRACTIONS = ("--seconds", "--width", "--font", "--keep-background")
NO_NUMBERS = ["-4", "1.5", "", "four", "nan", "inf", "1e3", "٤", "４", "4_0", " 4", "+4", "10" * 15, "4" * 5000]


def test_every_number_of_every_verb_is_looked_at() -> None:
    assert {verb for verb, _ in NUMBERS} >= {"render", "train", "das", "study", "holds", "sweep", "set", "figure"}
    assert ("film", "--seconds") in NUMBERS


@pytest.mark.parametrize(
    ("verb", "option", "word"),
    [(*of, word) for of in NUMBERS for word in NO_NUMBERS if not (word == "1.5" and of[1] in FRACTIONS)],
)
def test_what_is_no_number_in_range_is_refused_with_the_range(
    capsys: pytest.CaptureFixture[str], verb: str, option: str, word: str
) -> None:
    for words in ([option, word], [f"{option}={word}"]):
        with pytest.raises(SystemExit, match="2"):
            cli.main([verb, *words])
        said = capsys.readouterr().err
        assert f"argument {option}: " in said
        assert " from " in said or " is none of " in said


@pytest.mark.parametrize(
    ("verb", "option", "word"),
    [
        ("das", "--epochs", "0"),
        ("das", "--pairs", "7"),
        ("das", "--seed", str(SEED_MAX + 1)),
        ("study", "--runs", "0"),
        ("study", "--n", "0"),
        ("render", "--n", "0"),
    ],
)
def test_a_number_just_outside_its_range_is_refused(
    capsys: pytest.CaptureFixture[str], verb: str, option: str, word: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main([verb, *NEEDED[verb], option, word])
    assert f"{word} is no " in capsys.readouterr().err


@pytest.mark.parametrize(("words", "blocks"), [("-1,0", [-1, 0]), ("-1", [-1]), ("−1, 2", [-1, 2]), ("2,0,2", [0, 2])])
@pytest.mark.parametrize("verb", ["das", "study"])
def test_blocks_that_begin_with_a_minus_can_be_typed_with_a_space(
    monkeypatch: pytest.MonkeyPatch, verb: str, words: str, blocks: list[int]
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(cli, "_das", lambda arguments: seen.append(arguments.layers) or 0)
    monkeypatch.setattr(cli_study, "_study", lambda arguments: seen.append(arguments.layers) or 0)

    for given in (["--layers", words], [f"--layers={words}"]):
        assert cli.main([verb, *NEEDED[verb], *given, "--seed", "3"]) == 0

    assert [blocks_named(word, 3, "it") for word in seen] == [blocks, blocks]


@pytest.mark.parametrize("words", ["٠", "1_0", "+1", "0.5", "--1", "1" * 5000, "-2", "3", "all,1"])
def test_what_names_no_block_is_refused_with_those_that_there_are(words: str) -> None:
    with pytest.raises(UserError, match="names no blocks of it") as refusal:
        blocks_named(words, 3, "it")
    assert "from -1 to 2" in refusal.value.hint


def test_the_largest_seed_works_in_every_search(tmp_path: Path) -> None:
    from core.jobs.fit_subspace import SearchOptions, fit_subspaces
    from tests.core.networks import finish, tiny_model

    options = SearchOptions(n_pairs=120, n_test=20, epochs=1, seed=SEED_MAX)

    assert [f.card["block"] for f in finish(fit_subspaces(tiny_model(), "color", [0], options))] == [0]
