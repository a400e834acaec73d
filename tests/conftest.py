"""What every test gets: no screen needed, one torch thread, and nothing left behind."""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

# Set before anything imports Qt or torch; child processes inherit them.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the same sums, in the same order, on every machine
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a test that would download fails at once
# What the developer's own Relata learned must not change what is tested, nor what an earlier run kept.
os.environ["XDG_DATA_HOME"] = os.environ["WIN_PD_OVERRIDE_LOCAL_APPDATA"] = mkdtemp(prefix="nothing-learned-")

import pytest

atexit.register(rmtree, os.environ["XDG_DATA_HOME"], ignore_errors=True)

GRACE_S = 5.0  # how long a widget, thread or child may take to go after its test has ended


def pytest_collection_finish() -> None:
    """All that is loaded by now stays, so that no search for what a test has left behind goes through it."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # what ends with the interpreter is looked for once more


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test after which a top-level widget, a thread or a child process is still there.

    Fixtures of a wider scope start before this one, so what they keep running is not held against a test.
    """
    before = Running.now()
    yield
    left = Running.now() - before
    deadline = time.monotonic() + GRACE_S
    while left and time.monotonic() < deadline:
        settle()
        left = Running.now() - before
    if left:
        pytest.fail(f"{request.node.name} left behind: {left}", pytrace=False)


@dataclass(frozen=True)
class Running:
    """What is running at one moment: an id for each thing, and words for the message."""

    things: dict[tuple[str, int], str] = field(default_factory=dict)

    @classmethod
    def now(cls) -> Running:
        return cls({**top_level_widgets(), **threads(), **child_processes()})

    def __sub__(self, earlier: Running) -> Running:
        return Running({key: words for key, words in self.things.items() if key not in earlier.things})

    def __bool__(self) -> bool:
        return bool(self.things)

    def __str__(self) -> str:
        return "; ".join(sorted(self.things.values()))


def settle() -> None:
    """Let finished things go: reference cycles, widgets that wait for `deleteLater`, threads about to end."""
    gc.collect()
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is not None and widgets.QApplication.instance() is not None:
        from PySide6.QtCore import QCoreApplication, QEvent

        QCoreApplication.processEvents()
        # Outside an event loop processEvents leaves these waiting.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    time.sleep(0.01)


def top_level_widgets() -> dict[tuple[str, int], str]:
    # A test that never imported Qt has no widgets, and must not import it here.
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return {}
    return {
        ("widget", address(widget)): f"widget {type(widget).__name__} {widget.objectName()!r}"
        for widget in widgets.QApplication.topLevelWidgets()
        # A dialog or menu with a parent goes with it. Qt keeps one tool tip label for itself.
        if widget.parent() is None and widget.metaObject().className() != "QTipLabel"
    }


def address(widget: Any) -> int:
    import shiboken6

    return int(shiboken6.getCppPointer(widget)[0])


def threads() -> dict[tuple[str, int], str]:
    # A dummy stands for a thread that something else started and once called into Python.
    return {
        ("thread", id(thread)): f"thread {thread.name!r}"
        for thread in threading.enumerate()
        if not isinstance(thread, threading._DummyThread)
    }


def child_processes() -> dict[tuple[str, int], str]:
    """Every running child, however it was started; elsewhere than on Linux those of multiprocessing."""
    children = {child.pid: child.name for child in multiprocessing.active_children() if child.pid is not None}
    children.update(children_by_proc())
    # multiprocessing keeps one tracker until the interpreter ends.
    children.pop(getattr(resource_tracker._resource_tracker, "_pid", None), None)
    return {("process", pid): f"child process {pid} ({name})" for pid, name in children.items()}


def children_by_proc() -> dict[int, str]:
    if not sys.platform.startswith("linux"):
        return {}
    return {pid: name for pid, (name, parent) in processes_by_proc().items() if parent == os.getpid()}


def descendants(pid: int) -> set[int]:
    """The running children of a process, their children and so on; on Linux."""
    parents = {child: parent for child, (_, parent) in processes_by_proc().items()}
    found: set[int] = set()
    newer = {pid}
    while newer:
        newer = {child for child, parent in parents.items() if parent in newer}
        found |= newer
    return found


def processes_by_proc() -> dict[int, tuple[str, int]]:
    """Name and parent of every process that runs, by its id."""
    found = {}
    for stat_file in Path("/proc").glob("[0-9]*/stat"):
        try:
            stat = stat_file.read_text()
        except OSError:  # it ended while we looked
            continue
        name, rest = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()
        state, parent = rest[0], int(rest[1])
        if state not in "ZX":  # a zombie has ended; only its status is unread
            found[int(stat_file.parent.name)] = (name, parent)
    return found
