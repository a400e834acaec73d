"""Where a process of the program imports from: never from the folder that the user happens to stand in.

Importing this loads nothing that Python has not loaded already, so that it can be done first of all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TALK = "talk"
"""Before a file among the arguments of a window: its scenes are to be presented."""
INSTALLED = ("site-packages", "dist-packages", "lib-dynload")
SAFE_PATH, SEARCH_PATH = "PYTHONSAFEPATH", "PYTHONPATH"


def own_path() -> list[str]:
    """`sys.path` without the working directory.

    Where the program itself is found only there, its folder stands behind the standard library, so that a file beside
    it cannot stand for a standard module.
    """
    path = [entry for entry in sys.path if not _is_working_directory(entry)]
    if not _finds_program(path):
        place = next((i for i, entry in enumerate(path) if _is_installed(entry)), len(path))
        path.insert(place, ROOT)
    return path


def window_command(*arguments: str) -> list[str]:
    """What starts a window, in a program of its own: it imports from where this one does, and from no file of the
    folder in which it is started."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    open_window = (
        f"import sys; sys.path[:] = {own_path()!a}; import runpy; runpy.run_module('app', None, '__main__', True)"
    )
    return [sys.executable, "-P", "-c", open_window, *arguments]


def own_variables() -> dict[str, str]:
    """What an interpreter must be told to look, from its first import on, into no file of the folder in which it is
    started; a program that is told no path later must not get it."""
    entries = os.environ.get(SEARCH_PATH, "").split(os.pathsep)
    return {SAFE_PATH: "1", SEARCH_PATH: os.pathsep.join(e for e in entries if not _is_working_directory(e))}


def become(command: list[str], environment: Mapping[str, str] = os.environ) -> int:
    """Let a program take this process's place: the signals that come are its own, and so is the exit status.

    Windows knows no such thing; there it is waited for, and its exit status is returned.
    """
    if os.name == "nt":
        import subprocess

        return subprocess.run(command, env=environment, check=False).returncode
    os.execve(command[0], command, environment)


def has_working_directory() -> bool:
    """Whether there is one: it may have been deleted."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _is_working_directory(entry: str) -> bool:
    """Whether an entry stands for the folder of the user, whatever it is called; where packages lie it is none."""
    if not entry:
        return True
    try:
        return os.path.samefile(entry, os.curdir) and entry != os.path.dirname(os.__file__) and not _is_installed(entry)
    except OSError:
        return False


def _is_installed(entry: str) -> bool:
    return os.path.basename(entry) in INSTALLED


def _finds_program(path: list[str]) -> bool:
    """Whether the first `core` that is found along the path is this one."""
    before, sys.path[:] = sys.path[:], path
    try:
        found = (finder.find_spec(__package__, None) for finder in sys.meta_path)
        first = next((spec for spec in found if spec is not None), None)
    finally:
        sys.path[:] = before
    return first is not None and first.origin == os.path.join(ROOT, __package__, "__init__.py")
