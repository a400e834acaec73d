"""Where a training run stands, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.jobs import Run
from app.numbers import fixed, general, percent
from app.run_words import WAITING, time_left
from core.cards import read_card
from core.errors import UserError
from core.jobs.train_job import MEASURING, CurvePoint, TrainingRun
from core.progress import Progress

SETS = {
    "test": "unseen images",
    "ood-shape": "with new shapes",
    "ood-color": "with new colours",
    "ood-shape-color": "with both new",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A training run of the panel: as it was ordered, and its job once it was started in this window.

    `asks`: whether it was cancelled, and what becomes of its checkpoint is still to be said.
    """

    run: TrainingRun
    job: Run | None = None
    asks: bool = False

    @property
    def state(self) -> str:
        """In a word."""
        if self.job is None or self.job.state == "stopped":
            return "not finished" if self.job is None else "paused"
        return self.job.state

    @property
    def busy(self) -> bool:
        """Whether it learns, or will."""
        return self.job is not None and not self.job.over

    @property
    def finished(self) -> bool:
        """Whether its model is there and measured."""
        return self.job is not None and self.job.state == "finished"

    @property
    def points(self) -> tuple[CurvePoint, ...]:
        """Its curve so far; of one that goes on, until it says more, the one from before."""
        found = () if self.job is None else tuple(p for p in self.job.found if isinstance(p, CurvePoint))
        return found or self.run.points

    @property
    def progress(self) -> Progress:
        """How many images it has learned from, or was measured on."""
        said = None if self.job is None else self.job.progress
        if said is not None and said.total > 1:
            return said
        done = self.points[-1].n_seen if self.points else 0
        return Progress(done, self.run.recipe.n_steps * self.run.recipe.batch, "training")

    def as_it_is(self) -> TrainingRun:
        """The run with its curve so far, to be started again."""
        return replace(self.run, points=self.points)

    def title(self) -> str:
        """What the list says of it."""
        done = self.progress
        share = "" if self.finished else f"{percent(done.done / max(1, done.total))} · "
        return f"{self.run.name} · {share}{self.state}"

    def words(self) -> str:
        """Where it stands and what can be done, but for what went wrong."""
        progress, job = self.progress, self.job
        learned = f"{progress.done:,} of {progress.total:,} images"
        match self.state:
            case "waiting":
                return WAITING
            case "stopping":
                return "Stops at the end of this step…"
            case "not finished":
                return f"Not finished when Relata was closed: {learned}. Resume goes on from its checkpoint."
            case "paused":
                return f"Paused at {learned}. Resume goes on from its checkpoint."
            case "finished":
                return f"Finished. {_accuracies(self.run)}".strip()
            case _ if job is None or job.progress is None or job.progress.total <= 1:
                return "Starting: the first step takes a moment."
            case _ if progress.message == MEASURING:
                return f"Learned; {MEASURING} · {time_left(job.left_s)}"
        speed = f" · {general((progress.total - progress.done) / job.left_s)} images/s" if job.left_s else ""
        warning = "" if progress.message == "training" else f" · {progress.message}"
        return f"{learned}{speed} · {time_left(job.left_s)}{warning}"


def _accuracies(run: TrainingRun) -> str:
    """What the card of a finished model says of its accuracy."""
    try:
        measured = read_card(run.out).get("accuracy", {})
    except UserError:
        return ""
    rows: Mapping[str, Any] = measured if isinstance(measured, Mapping) else {}
    parts = [f"{fixed(rows[name]['accuracy'], 3)} {words}" for name, words in SETS.items() if name in rows]
    return f"Right: {', '.join(parts)} (n {rows['test']['n']:,} each)." if "test" in rows else ""
