"""Fine-tuning as a job for the window: its curve as it grows, and a record beside the checkpoint, by which a run that
ended too early is found and goes on.

Importing this loads no torch, so that the window can name it and read what it yields.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from core.cards import is_number, is_whole
from core.errors import UserError
from core.jobs.recipe import Recipe, recipe_of
from core.locations import MODEL_SUFFIX
from core.plots import Curves, Reference, Series
from core.progress import Progress
from core.storage import write_text
from core.texts import parse_json, read_text

TRAIN_JOB = "core.jobs.train_job:fine_tune"
RECORD_SUFFIX = ".run.json"
N_POINTS = 160
"""Points of the curve of a whole run, beside those of validations."""
N_DRAWN = 40
MEASURING = "measuring on unseen images"


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What a run had come to after `n_seen` images: means over the steps since the point before.

    `validation` is the accuracy of the validation there, None where there was none.
    """

    n_seen: int
    loss: float
    accuracy: float
    validation: float | None = None


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """A run: the recipe, the model file that it is to write, and its curve so far."""

    recipe: Recipe
    out: Path
    n_test: int = 800
    device: str = "auto"
    points: tuple[CurvePoint, ...] = ()

    @property
    def name(self) -> str:
        """What its model will be called."""
        return self.out.stem

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `fine_tune` with which it starts, or goes on."""
        return {"recipe": asdict(self.recipe), "out": str(self.out), "n_test": self.n_test, "device": self.device}

    @property
    def checkpoint(self) -> Path:
        """Where training keeps what it needs to go on."""
        return self.out.with_suffix(".checkpoint")

    @property
    def record(self) -> Path:
        """Where the run itself is kept until it is finished."""
        return self.out.with_suffix(RECORD_SUFFIX)


def fine_tune(
    recipe: Mapping[str, Any], out: str, *, n_test: int = 800, device: str = "auto"
) -> Generator[Progress | CurvePoint, None, str]:
    """Train as the recipe says, or go on, and measure; returns the model's file.

    Checkpoint and record lie beside it until it is finished.

    Raises UserError where the recipe cannot work, and as `train_model` does.
    """
    yield Progress(0, 1, "opening the model")
    from core.families.model import choose_device
    from core.jobs.train import train_model

    run = TrainingRun(recipe_of(recipe, "this run"), Path(out), n_test, device)
    curve = _Curve(replace(run, points=_read_points(run.record)))
    job = train_model(run.recipe, run.out, choose_device(device), n_test=n_test)
    try:
        while True:
            said = next(job)
            learns = "task" in said.values
            points = tuple(curve.take(said) if learns else curve.rest())
            # Progress first: where it follows something else at once, it may be left out on its way.
            yield said if learns else replace(said, message=MEASURING)
            yield from points
    except StopIteration:
        curve.begun = False
        forget(run, with_model=False)
        return out
    finally:
        curve.close()
        job.close()


@dataclass(slots=True)
class _Curve:
    """Puts steps together into points, and keeps the run's record up to date from its first step on.

    Of a run that goes on, points beyond its checkpoint are dropped: these steps are taken again.
    """

    run: TrainingRun
    steps: list[CurvePoint] = field(default_factory=list)
    begun: bool = False

    def take(self, said: Progress) -> Iterator[CurvePoint]:
        """The points that are known with this step."""
        if not self.begun:
            self.run = replace(self.run, points=tuple(p for p in self.run.points if p.n_seen < said.done))
        yield from self._begin()
        values = said.values
        step = CurvePoint(said.done, values["task"], values["accuracy"], values.get("validation accuracy"))
        self.steps.append(step)
        if len(self.steps) >= self.run.recipe.n_steps / N_POINTS or step.validation is not None:
            yield self._put_together()

    def rest(self) -> Iterator[CurvePoint]:
        """The point of the last steps."""
        yield from self._begin()
        if self.steps:
            yield self._put_together()

    def close(self) -> None:
        """Keep what there is of a run that has begun and is not finished."""
        if self.begun and self.steps:
            self._put_together()

    def _begin(self) -> Iterator[CurvePoint]:
        """The points from before, once."""
        if not self.begun:
            self.begun = True
            _write(self.run)
            yield from self.run.points

    def _put_together(self) -> CurvePoint:
        point = _mean(self.steps)
        self.run, self.steps = replace(self.run, points=(*self.run.points, point)), []
        _write(self.run)
        return point


def _mean(points: Sequence[CurvePoint]) -> CurvePoint:
    """Several points as one at the place of the last; its validation is the last."""
    validations = [p.validation for p in points if p.validation is not None]
    loss, accuracy = fmean(p.loss for p in points), fmean(p.accuracy for p in points)
    return CurvePoint(points[-1].n_seen, loss, accuracy, validations[-1] if validations else None)


def curves(points: Sequence[CurvePoint]) -> tuple[Curves, Curves]:
    """Loss and accuracy of at least one point over the images seen; of many points, means over neighbours."""
    share = math.ceil(len(points) / N_DRAWN)
    drawn = [_mean(points[start : start + share]) for start in range(0, len(points), share)]
    x, ticks = tuple(float(p.n_seen) for p in drawn), tuple(_short(p.n_seen) for p in drawn)
    losses, accuracies = tuple(p.loss for p in drawn), tuple(p.accuracy for p in drawn)
    validations = tuple(math.nan if p.validation is None else p.validation for p in drawn)
    known = [value for value in (*accuracies, *validations) if not math.isnan(value)]
    series = [Series("training", accuracies)]
    if len(known) > len(accuracies):
        series.append(Series("validation", validations, hue=1))
    top, bottom = math.ceil(10 * max(*losses, 0.7)) / 10, math.floor(10 * min(*known, 0.4)) / 10
    chance = Reference(0.5, "chance")
    return (
        Curves("Loss", "images", "cross-entropy", x, ticks, (Series("training", losses),), (), (0.0, top)),
        Curves("Accuracy", "images", "share right", x, ticks, tuple(series), (chance,), (bottom, 1.0)),
    )


def _short(n: int) -> str:
    return f"{n / 1000:.3g}k" if n >= 1000 else str(n)


def unfinished_runs(folder: Path) -> list[TrainingRun]:
    """The runs of a folder that are not finished, by name; records that cannot be read are left out."""
    found = (_read(path) for path in sorted(folder.glob(f"*{RECORD_SUFFIX}")))
    return [run for run in found if run is not None]


def is_begun(out: Path) -> bool:
    """Whether a run that will write this file has left something."""
    run = TrainingRun(Recipe(), out)
    return os.path.lexists(run.checkpoint) or os.path.lexists(run.record)


def forget(run: TrainingRun, *, with_model: bool = True) -> None:
    """Delete the checkpoint and the record of a run, and its model with them where that is not finished.

    Raises UserError where the disk refuses.
    """
    files = [run.checkpoint, run.record]
    if with_model and run.record.exists():
        files = [run.out, run.out.with_suffix(".json"), *files]
    for path in files:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"{path} could not be deleted: {error.strerror}.", "Delete it yourself.") from error


def _write(run: TrainingRun) -> None:
    text = json.dumps({**run.options, "points": [astuple(point) for point in run.points]})
    # Of a disk that refuses, the checkpoint speaks, which is more than a curve; training goes on.
    with suppress(UserError):
        write_text(run.record, f"{text}\n")


def _read(record: Path) -> TrainingRun | None:
    """The run that a record describes, which writes beside it; None where it is damaged."""
    out = record.with_name(record.name.removesuffix(RECORD_SUFFIX) + MODEL_SUFFIX)
    try:
        value = parse_json(read_text(record))
        n_test, device = value["n_test"], value["device"]
        points = tuple(_point(*row) for row in value["points"])
        recipe = recipe_of(value["recipe"], record.name)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, UserError):
        return None
    return TrainingRun(recipe, out, n_test, device, points) if is_whole(n_test) and isinstance(device, str) else None


def _read_points(record: Path) -> tuple[CurvePoint, ...]:
    run = _read(record)
    return () if run is None else run.points


def _point(n_seen: object, loss: object, accuracy: object, validation: object) -> CurvePoint:
    """Raises ValueError where these are not the numbers of a point."""
    numbers = (loss, accuracy, *(() if validation is None else (validation,)))
    if not is_whole(n_seen) or not all(map(is_number, numbers)):
        raise ValueError(f"{(n_seen, loss, accuracy, validation)} is no point of a curve")
    return CurvePoint(n_seen, loss, accuracy, validation)  # type: ignore[arg-type]
