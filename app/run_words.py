"""How far a job is, in words: the same ones wherever a job is shown."""

from __future__ import annotations

from app.jobs import Run
from app.numbers import fixed

WAITING, STOPPING, STARTING = "Waits until the job before it is over.", "Stopping…", "Starting…"


def run_words(run: Run, *, finished: str, stopped: str, starting: str = STARTING, under_way: str = "") -> str:
    """What is said of a job: what went wrong, else its state. `under_way` stands in for what the job says of itself."""
    if run.failure is not None:
        return f"⚠ {run.failure.message} {run.failure.hint}".strip()
    match run.state:
        case "waiting":
            return WAITING
        case "finished":
            return finished
        case "stopped":
            return stopped
        case "stopping":
            return STOPPING
        case _ if run.progress is None:
            return starting
        case _:
            return f"{under_way or run.progress.message} · {time_left(run.left_s)}"


def time_left(left_s: float | None) -> str:
    """Time left in words, never more exact than it can be."""
    if left_s is None:
        return "time left not known yet"
    if left_s < 60:
        return "less than a minute left"
    if left_s < 5400:
        return f"about {round(left_s / 60)} min left"
    return f"about {fixed(left_s / 3600, 1)} h left"
