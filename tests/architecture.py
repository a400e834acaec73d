"""What ruff, mypy and import-linter do not check: files and functions stay short, and no pickle is opened.

The import rules are contracts in pyproject.toml; `make lint` checks them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for package in ("app", "core", "resources") for path in (ROOT / package).rglob("*.py"))

MAX_FILE_LINES = 400
MAX_WINDOW_LINES = 300
MAX_FUNCTION_LINES = 40

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_stays_short(path: Path) -> None:
    limit = MAX_WINDOW_LINES if name_of(path) == "app/main_window.py" else MAX_FILE_LINES

    assert len(path.read_text(encoding="utf-8").splitlines()) <= limit


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_function_stays_short(path: Path) -> None:
    too_long = {f.name: n_lines(f) for f in functions(path) if n_lines(f) > MAX_FUNCTION_LINES}

    assert not too_long, f"above {MAX_FUNCTION_LINES} lines without their docstrings: {too_long}"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_file_of_a_user_is_unpickled(path: Path) -> None:
    assert not [f"line {call.lineno}" for call in calls(path) if loads_pickle(call)]


def test_the_build_recipe_is_python() -> None:
    recipe = ROOT / "pyinstaller.spec"

    compile(recipe.read_text(encoding="utf-8"), recipe.name, "exec")


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def n_lines(function: Function) -> int:
    """Lines of signature and body, without the docstring."""
    documented = ast.get_docstring(function, clean=False) is not None
    docstring = function.body[0] if documented else None
    n_docstring = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - n_docstring


def loads_pickle(call: ast.Call) -> bool:
    """`pickle.load(s)`, or `torch.load` without `weights_only=True`."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="pickle"), attr="load" | "loads"):
            return True
        case ast.Attribute(value=ast.Name(id="torch"), attr="load"):
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            flag = given.get("weights_only")
            return not (isinstance(flag, ast.Constant) and flag.value is True)
        case _:
            return False
