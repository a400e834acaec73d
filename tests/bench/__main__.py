"""Measure speed: `make bench`, or `python tests/bench --only drag --json speed.json`.

Every family runs in a process of its own with a time limit. The exit status is 0 if each was measured or says why
it cannot be measured here; a target that is not met is a number like any other.
"""

from __future__ import annotations

import argparse
import faulthandler
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from measure import Row, Skipped
from report import circumstances, footer, load_average, table

from core.streams import open_streams

FAMILIES = {
    "stimuli": 120.0,
    "start": 300.0,
    "executor": 300.0,
    "resume": 300.0,
    "sizes": 300.0,
    "drag": 300.0,
    "painting": 300.0,
    "search": 300.0,
    "training": 600.0,
    "attention": 300.0,
    "relevance": 300.0,
    "modes": 300.0,
    "commands": 900.0,
    "study": 3600.0,
}
"""Each is a module beside this one with a function `rows`; its time limit in seconds."""

GRACE_S = 10.0
"""From when a family should have ended itself to when it is ended from outside."""


def main() -> int:
    """Run families, print the table and the JSON."""
    open_streams()
    parser = argparse.ArgumentParser(prog="make bench", description="Measure speed, as ratios where that is possible.")
    parser.add_argument("--only", action="append", choices=FAMILIES, help="one family; may be given more than once")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON here instead of printing it")
    parser.add_argument("--measure", choices=FAMILIES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")  # what the offscreen screen cannot do
    if options.measure:
        options.json.write_text(json.dumps(_measure(options.measure)), encoding="utf-8")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # by way of `finally`, which ends the children
    facts = circumstances()
    found = {family: _measure_apart(family) for family in options.only or FAMILIES}
    facts["load_average_after"] = load_average()
    _tell(found, facts, options.json)
    return int(any("failed" in result for result in found.values()))


def _measure(family: str) -> dict[str, Any]:
    faulthandler.dump_traceback_later(FAMILIES[family], exit=True)
    try:
        return {"rows": [asdict(row) for row in importlib.import_module(family).rows()]}
    except Skipped as reason:
        return {"skipped": str(reason)}


def _measure_apart(family: str) -> dict[str, Any]:
    """What a family found: its rows, or why it was skipped or failed."""
    print(f"{family} …", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "rows.json"
        command = [sys.executable, str(Path(__file__).parent), "--measure", family, "--json", str(answer)]
        process = subprocess.Popen(command, start_new_session=True)
        try:
            status = process.wait(FAMILIES[family] + GRACE_S)
        except subprocess.TimeoutExpired:
            return {"failed": f"it was not done after {FAMILIES[family]:.0f} s"}
        finally:
            _end_with_children(process)
        if status:
            return {"failed": f"it ended with exit status {status}"}
        result: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return result


def _end_with_children(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _tell(found: Mapping[str, Mapping[str, Any]], facts: Mapping[str, Any], file: Path | None) -> None:
    rows = {family: [Row(**row) for row in result.get("rows", ())] for family, result in found.items()}
    absent = {family: result for family, result in found.items() if "rows" not in result}
    print(table([row for of_family in rows.values() for row in of_family]))
    for family, result in absent.items():
        print(*(f"{family} {how}: {why}" for how, why in result.items()))
    print(footer(facts))
    told = {family: [{**asdict(row), "met": row.met} for row in of_family] for family, of_family in rows.items()}
    text = json.dumps({"circumstances": facts, "rows": told, "absent": absent}, indent=2, ensure_ascii=False)
    if file is None:
        print(text)
    else:
        file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
