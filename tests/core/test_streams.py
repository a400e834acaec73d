"""What is printed arrives, whatever the encoding; where it cannot arrive the program ends quietly."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.start import ROOT
from core.streams import READER_GONE, open_streams, print_json, print_source

PROGRAM = (sys.executable, "-m", "core")
VERBS = ("render", "train", "das", "probe", "study", "selftest")

# A verb that says all that is hard to print: an arrow, Greek, a byte of a path that is no text, half of a character.
HARD = r"""
import json
import sys
from core.cli import command as cli
from core.progress import Progress
from core.terminal import watch

words = "caf\udce9 \u2192 \u03b1 \ud800"

def job():
    yield Progress(1, 2, words)
    return words

def verb(arguments):
    report = watch(job())
    print(json.dumps(report) if arguments.json else report)
    return 0

cli._selftest = verb
sys.exit(cli.main(sys.argv[1:]))
"""
ARROW = {"ascii": r"\u2192", "cp1252": r"\u2192", "latin-1": r"\u2192", "utf-8": "→", "utf-16": "→"}


@pytest.fixture(autouse=True)
def buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printing is held back, as it is by default where no terminal shows it, and fails only at the end."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    monkeypatch.setenv("PYTHONPATH", ROOT)


def run(
    *command: str, encoding: str = "", redirect: str = "", folder: str | Path = ROOT
) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONIOENCODING": encoding} if encoding else None
    shell = ("sh", "-c", f'"$@" {redirect}', "sh") if redirect else ()
    return subprocess.run([*shell, *command], env=environment, cwd=folder, capture_output=True, check=False)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1:strict", "utf-8:strict", "utf-16"])
def test_a_report_and_its_progress_are_printed_in_any_encoding(encoding: str) -> None:
    name = encoding.partition(":")[0]

    done = run(sys.executable, "-c", HARD, "selftest", encoding=encoding)

    assert done.returncode == 0, done.stderr
    assert f"{ARROW[name]} " in done.stdout.decode(name)
    assert f"{ARROW[name]} " in done.stderr.decode(name)


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8"])
def test_a_report_is_printed_in_any_locale(locale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LC_ALL": locale, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}.items():
        monkeypatch.setenv(name, value)

    done = run(sys.executable, "-c", HARD, "selftest")

    assert done.returncode == 0, done.stderr
    assert b"caf" in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_is_printed_in_any_encoding(verb: str) -> None:
    done = run(*PROGRAM, verb, "--help", encoding="ascii:strict")

    assert (done.returncode, done.stderr) == (0, b"")
    assert b"--" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
@pytest.mark.parametrize("encoding", ["ascii", "utf-8:strict"])
def test_a_path_that_is_no_text_is_printed(tmp_path: Path, encoding: str) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9 \xce\xb1")

    done = run(*PROGRAM, "render", "--n", "2", "--out", folder, encoding=encoding)

    assert (done.returncode, done.stderr) == (0, b"")
    assert b"2 images and manifest.json" in done.stdout
    assert os.path.exists(os.path.join(folder, "manifest.json"))


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252", "utf-8", "utf-16"])
def test_json_and_scripts_are_read_again_whatever_encoding_they_were_printed_in(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", out)
    open_streams()
    name = "caf\xe9 \xd7 \u03b1 \U0001f600 \udce9"

    print_json({"name": name})
    out.flush()
    assert json.loads(out.buffer.getvalue().decode(encoding, "surrogatepass")) == {"name": name}  # type: ignore[attr-defined]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_script_runs_whatever_encoding_it_was_printed_in(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", out)
    name = "caf\xe9 \xd7 \u03b1 \U0001f600 \\"

    print_source(f"name = {name!r}  # {name}\n")
    out.flush()
    found: dict[str, str] = {}
    exec(compile(out.buffer.getvalue(), "a.py", "exec"), found)  # type: ignore[attr-defined]
    assert found["name"] == name


@pytest.fixture
def pipe_without_reader() -> Iterator[int]:
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize("words", [("--help",), ("render", "--help"), ("selftest",), ("selftest", "--json")])
def test_a_reader_that_has_gone_is_no_error(words: tuple[str, ...], pipe_without_reader: int) -> None:
    command = [sys.executable, "-c", HARD, *words]

    done = subprocess.run(command, stdout=pipe_without_reader, stderr=subprocess.PIPE, cwd=ROOT, check=False)

    assert done.returncode == READER_GONE
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr


@pytest.mark.parametrize("words", [("selftest",), ("selftest", "--json")])
def test_a_reader_that_has_gone_is_no_error_where_nothing_is_held_back(
    words: tuple[str, ...], pipe_without_reader: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")

    test_a_reader_that_has_gone_is_no_error(words, pipe_without_reader)


@pytest.mark.parametrize(
    "words", [("selftest",), ("selftest", "--model"), ("train", "nothing", "--out", "x.safetensors")]
)
def test_a_reader_of_progress_and_errors_that_has_gone_is_no_error(
    words: tuple[str, ...], pipe_without_reader: int
) -> None:
    command = [sys.executable, "-c", HARD, *words]

    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=pipe_without_reader, cwd=ROOT, check=False)

    assert (done.returncode, done.stdout) == (READER_GONE, b"")


@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
@pytest.mark.parametrize("words", [("--help",), ("selftest",), ("selftest", "--json")])
def test_a_program_without_streams_does_its_work(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(sys.executable, "-c", HARD, *words, redirect="<&- >&- 2>&-")

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
def test_what_belongs_on_a_closed_stderr_does_not_go_to_stdout() -> None:
    done = run(*PROGRAM, "selftest", "--model", "nothing", redirect="2>&-")

    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full disk to write to")
@pytest.mark.parametrize("words", [("--help",), ("selftest",), ("selftest", "--json")])
def test_a_full_disk_under_the_output_is_said(words: tuple[str, ...]) -> None:
    done = run(sys.executable, "-c", HARD, *words, redirect=">/dev/full")

    assert done.returncode == 2
    assert b"could not be printed: No space left on device." in done.stderr
    assert b"Exception" not in done.stderr
