"""`Study`: a published experiment with its options, as a value. Whatever the program needs of it is in its own file."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from inspect import isabstract
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from core.errors import UserError
from core.plots import Bars, Curves, Plot, Series
from core.progress import Job
from core.registry import kinds
from core.stimuli.datasets import EXAMPLES_MAX, SEED_MAX, Example, split_examples
from core.studies.comparison import Table
from core.studies.given import Given
from core.studies.result import Row, StudyResult, n_kinds_of

if TYPE_CHECKING:
    from core.families.model import Model

SET = "set"
"""The setting that says on which set a result was found; results on the study's own pictures have none."""

Scope = Literal["one model", "all models", "one task"]
"""What a result is about: one of the models, all of them together, or a task of theirs, with models of its own."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What a study works on: models, a folder for what it learns, what the studies that it `needs` found, and the
    pictures of a set where they are `given`."""

    models: tuple[Model, ...]
    folder: Path = Path()
    results: tuple[StudyResult, ...] = ()
    given: Given | None = None

    @property
    def model(self) -> Model:
        """The model, or the first of them."""
        return self.models[0]

    def examples(self, n: int, seed: int) -> Sequence[Example]:
        """The pictures of the set with their right answers, or `n` test images of the model's task.

        Raises UserError where the set poses another task.
        """
        model = self.model
        if self.given is not None:
            return self.given.examples(model)
        kinds = n_kinds_of(model)
        return split_examples("test", n, task=model.task, n_kinds=kinds, seed=seed, geometry=model.geometry)


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured: numbers in long form, plots by name, and what a reader must know."""

    rows: Sequence[Row]
    plots: Mapping[str, Plot]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Study(ABC):
    """A published experiment; its options are its fields, each with a default.

    `name` is its word on the command line and the name of its files, `label` its words in a list, `title` its heading,
    and the first line of its docstring says what it is. `weight` is its rough share of the time. `needs` names the
    studies whose results it is made of. `in_all`: whether it is run where all are asked for; `ticked`: whether it is
    chosen at first. `why_no_set`: why it cannot be run on the pictures of a set, "" where it can;
    `of_own_pictures` are the fields that mean nothing there.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    title: ClassVar[str]
    order: ClassVar[int] = 100
    weight: ClassVar[int] = 10
    scope: ClassVar[Scope] = "one model"
    needs: ClassVar[tuple[str, ...]] = ()
    in_all: ClassVar[bool] = True
    ticked: ClassVar[bool] = False
    why_no_set: ClassVar[str] = "It draws what it needs itself."
    of_own_pictures: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def run(self, bench: Bench) -> Job[StudyResult]:
        """Measure."""

    @classmethod
    def about(cls) -> str:
        """What it is, in one line."""
        return (cls.__doc__ or "").strip().splitlines()[0].removesuffix(".")

    def settings(self, bench: Bench) -> dict[str, Any]:
        """What decides the numbers beside the weights: a result with the same settings is not measured again."""
        return {**of_images(bench), **self.options()}

    def options(self) -> dict[str, Any]:
        """The fields as a file holds them."""
        options: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return options

    def weights(self, bench: Bench) -> str | None:
        """Which weights the numbers are of; None where they are made on the way."""
        match self.scope:
            case "one model":
                return bench.model.weights_hash
            case "all models":
                return "+".join(model.weights_hash[:12] for model in bench.models)
            case "one task":
                return None

    def kept(self, bench: Bench) -> Path | None:
        """The folder of what is learned on the way."""
        return None

    def published(self, result: StudyResult) -> dict[str, Table]:
        """For each figure of a result that has a published counterpart, by its name, both in one table."""
        return {}

    def published_series(self, name: str, settings: Mapping[str, Any], x: Sequence[float], model: str) -> list[Series]:
        """What was published of a model for the named plot, over its positions `x`."""
        return []

    def check(self) -> None:
        """Raises UserError where an option is out of its range."""
        n, seed = getattr(self, "n", 4), getattr(self, "seed", 0)
        if not 4 <= n <= EXAMPLES_MAX or n % 4:
            raise UserError(f"No study takes {n} examples.", f"Ask for a multiple of 4 from 4 to {EXAMPLES_MAX:,}.")
        if not 0 <= seed <= SEED_MAX:
            raise UserError(f"{seed} is no seed.", f"Use a whole number from 0 to {SEED_MAX:,}.")

    def of_given(self, n: int) -> Self:
        """The same study of `n` pictures that are given."""
        return replace(self, **({"n": n} if hasattr(self, "n") else {}))

    def check_given(self, bench: Bench) -> None:
        """Raises UserError where it cannot be run on the set that the bench holds."""
        if self.why_no_set:
            others = ", ".join(study.label for study in every_study() if not study.why_no_set)
            raise UserError(f"{self.label} cannot be run on a set. {self.why_no_set}", f"These can: {others}.")

    def result(self, bench: Bench, n: int, found: Found, title: str = "") -> StudyResult:
        """What was found of a model, with everything needed to tell how; under another title than the study's own where
        there is one."""
        given, title = bench.given, title or self.title
        return StudyResult(
            study=self.name,
            title=title if given is None else f"{title}, set “{given.name}”",
            model=bench.model.name,
            weights_sha256=bench.model.weights_hash,
            settings=self.settings(bench),
            n=n,
            rows=tuple(found.rows),
            plots=found.plots,
            notes=(*(() if given is None else given.notes(bench.model)), *found.notes, *bench.model.assumed),
            run_sha256=bench.model.run_sha256 if self.scope == "one model" else "",
        )


def check_one_source(folder: str) -> None:
    """Raises UserError where pictures of a folder are asked for beside those of a set."""
    if folder:
        raise UserError("Pictures of a folder and those of a set were asked for.", "Name one of them.")


def of_images(bench: Bench) -> dict[str, Any]:
    """What decides the images: of a model, and which set is given in their place."""
    known = {"task": bench.model.task, "n_kinds": n_kinds_of(bench.model)}
    return known if bench.given is None else {**known, SET: bench.given.known}


@cache
def every_study() -> tuple[Study, ...]:
    """Every study with its defaults, in the order in which they are run."""
    found = kinds("core.studies", Study)  # type: ignore[type-abstract]
    return tuple(kind() for kind in found if not isabstract(kind))


def study_named(name: str) -> Study | None:
    """The study of this name, or None."""
    return next((study for study in every_study() if study.name == name), None)


def all_names(n_models: int) -> list[str]:
    """What “all” means for so many models."""
    return [s.name for s in every_study() if s.in_all and (s.scope != "all models" or n_models > 1)]


def chosen(names: Iterable[str], **options: Any) -> list[Study]:
    """These studies and those that they need, in order, each with the options that it has; None leaves its own."""
    wanted = set(names)
    wanted |= {needed for study in every_study() if study.name in wanted for needed in study.needs}
    given = {name: value for name, value in options.items() if value is not None}
    return [
        replace(study, **{f.name: given[f.name] for f in fields(study) if f.name in given})
        for study in every_study()
        if study.name in wanted
    ]


def tables(result: StudyResult) -> dict[str, Table]:
    """For each figure of a result, by its name, the measured and the published numbers; none where none are known, and
    none for a set: nothing was published of its pictures."""
    study = study_named(result.study)
    return study.published(result) if study and SET not in result.settings else {}


def beside(name: str, plot: Plot, result: StudyResult, model: str) -> Plot:
    """The named plot of a result with a published model's numbers in place of those it has.

    It stays as it is where that model has none, so that its labels always tell whose numbers are drawn.
    """
    study = study_named(result.study)
    if study is None or SET in result.settings or not isinstance(plot, Curves | Bars):
        return plot
    x = plot.x if isinstance(plot, Curves) else ()
    series = study.published_series(name, result.settings, x, model)
    return replace(plot, series=(*(s for s in plot.series if s.role != "published"), *series)) if series else plot
