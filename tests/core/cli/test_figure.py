"""`relata figure` is checked before anything is started, and then drawn by a program of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.arguments import Parser
from core.cli.command import main
from core.cli.figure import VERB, add_figure_arguments, names_of, options_of
from core.figures.options import FigureOptions


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    """What programs are started, and in which environment; none is."""
    begun: list[tuple[list[str], dict[str, str]]] = []

    def become(command: list[str], environment: dict[str, str]) -> int:
        begun.append((command, environment))
        return 7

    monkeypatch.setattr("core.cli.figure.become", become)
    return begun


def test_what_is_asked_for_is_what_the_program_is_told(
    tmp_path: Path, started: list[tuple[list[str], dict[str, str]]]
) -> None:
    words = ["figure", "a.relata", "--panel", "pad,Heads", "--panel", "canvas", "--out", str(tmp_path / "a.svg")]
    more = ["--width", "85.5", "--font", "7", "--dpi", "600", "--theme", "dark", "--columns", "2", "--plain"]

    assert main([*words, *more, "--device", "cpu"]) == 7, "its exit status is that of the program"

    ((command, environment),) = started
    assert environment["QT_QPA_PLATFORM"] == "offscreen"
    told = command[command.index(VERB) + 1 :]
    parser = Parser()
    add_figure_arguments(parser)
    arguments = parser.parse_args(told)
    assert arguments.file == Path.cwd() / "a.relata"
    assert arguments.device == "cpu"
    assert names_of(arguments) == ["pad", "heads", "canvas"]
    assert options_of(arguments) == FigureOptions("SVG", "dark", 85.5, 7.0, 600, 2, carries=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "a.gif"], "a.gif does not end in .png, .svg, .pdf"),
        (["--out", "a.svg", "--width", "5"], "5 is no number from 10 to 1000"),
        (["--out", "a.svg", "--width", "wide"], "wide is no number"),
        (["--out", "a.svg", "--font", "-1"], "no number from 3 to 72"),
        (["--out", "a.svg", "--dpi", "1"], "1 is no whole number from 36 to 2400"),
        (["--out", "a.svg", "--theme", "blue"], "blue"),
        ([], "--out"),
    ],
)
def test_a_mistake_is_a_sentence_and_nothing_is_started(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    started: list[tuple[list[str], dict[str, str]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        status = main(["figure", "a.relata", *words])
    except SystemExit as stop:
        status = int(stop.code or 0)

    assert status == 2
    assert said in capsys.readouterr().err
    assert not started


def test_a_folder_that_cannot_be_written_is_said_before_the_model_is_loaded(
    tmp_path: Path, started: list[tuple[list[str], dict[str, str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")

    assert main(["figure", "a.relata", "--out", str(tmp_path / "file" / "a.svg")]) == 2
    assert "a part of it is a file" in capsys.readouterr().err
    assert not started


def test_the_figure_that_is_read_is_not_replaced(
    tmp_path: Path, started: list[tuple[list[str], dict[str, str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.svg").write_text("carries the document")

    assert main(["figure", str(tmp_path / "a.svg"), "--plain", "--out", str(tmp_path / "a.svg")]) == 2
    assert "a.svg is read, and would be replaced" in capsys.readouterr().err
    assert not started


def test_the_window_is_opened_on_a_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("core.cli.command.become", started.append)

    main(["a.svg"])

    assert started[0][-1] == str(Path.cwd() / "a.svg")


def test_a_device_that_is_not_here_is_said_with_what_can_be_typed(
    tmp_path: Path, started: list[tuple[list[str], dict[str, str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["figure", "a.relata", "--out", str(tmp_path / "a.png"), "--device", "cuda:7"]) == 2

    said = capsys.readouterr().err
    assert "There is no device “cuda:7” here. Choose one of: auto" in said
    assert not started
