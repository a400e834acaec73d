"""`relata film`: what can be mended is said before anything starts; the rest reaches the program that paints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.cli.command import main
from core.cli.film import film_of

FILE = Path(__file__).parents[2] / "data" / "format-1.relata"


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    begun: list[list[str]] = []

    def become(command: list[str], environment: dict[str, str]) -> int:
        assert environment["QT_QPA_PLATFORM"] == "offscreen"
        begun.append(command)
        return 7

    monkeypatch.setattr("core.cli.film.become", become)
    return begun


def test_what_is_asked_for_reaches_the_program_that_paints(tmp_path: Path, commands: list[list[str]]) -> None:
    out = tmp_path / "a.gif"
    words = ["--of", "layers", "--size", "640x360", "--fps", "10", "--seconds", "1.5", "--look", "dark", "--no-map"]

    status = main(["film", str(FILE), "--out", str(out), "--device", "cpu", *words])

    (command,) = commands
    assert status == 7, "its exit status is the program's"
    start = command.index("film")
    found = _parsed(command[start + 1 :])
    assert (found.file, found.out, found.device) == (FILE, out, "cpu")
    assert film_of(found) == film_of(_parsed([str(FILE), "--out", str(out), *words]))


def _parsed(words: list[str]) -> Any:
    from core.arguments import Parser
    from core.cli.film import add_film_arguments

    parser = Parser()
    add_film_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "a.avi"], ".gif or .mp4"),
        (["--out", "a.gif", "--seconds", "0"], "0.2 to 60"),
        (["--out", "a.gif", "--seconds", "-1"], "-1 is no number from 0.2 to 60"),
        (["--out", "a.gif", "--seconds", "long"], "long is no number from 0.2 to 60"),
        (["--out", "a.gif", "--seconds", "nan"], "nan is no number"),
        (["--out", "a.gif", "--of", "dreams"], "dreams"),
    ],
)
def test_what_is_no_film_is_a_users_mistake(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    commands: list[list[str]],
    words: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)

    try:
        status = main(["film", str(FILE), *words])
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else -1

    assert status == 2
    assert said in capsys.readouterr().err
    assert commands == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_document_is_said_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], commands: list[list[str]]
) -> None:
    (tmp_path / "a.relata").write_text("no")

    assert main(["film", str(tmp_path / "a.relata"), "--out", str(tmp_path / "a.gif")]) == 2

    assert "no document of Relata" in capsys.readouterr().err
    assert commands == []


def test_a_device_that_is_not_here_is_said_with_what_can_be_typed(
    tmp_path: Path, commands: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["film", str(FILE), "--out", str(tmp_path / "a.gif"), "--device", "cuda:7"]) == 2

    said = capsys.readouterr().err
    assert "There is no device “cuda:7” here. Choose one of: auto" in said
    assert not commands
