"""Several studies on several models, one after another, into a folder that can be gone on with.

DIR/report.html
DIR/MODEL/das.json, das.csv, figures/das-color.svg, .pdf, .png
DIR/MODEL/subspaces/ (of a model of one's own beside its weights, if they can be written there)
DIR/losses-TASK/losses.json, losses.csv, figures/, models/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.cards import bundled_models, subspace_folder, subspace_folders
from core.datasets import EXAMPLES_MAX, SEED_MAX
from core.errors import UserError
from core.families.model import Model
from core.figures import write_figure
from core.jobs.fit_subspace import SearchOptions
from core.jobs.progress import Job, Progress, part
from core.jobs.recipe import Recipe
from core.scene import Task
from core.storage import check_file, check_folder, write_text
from core.studies.attention import attention_settings, attention_study
from core.studies.behaviour import behaviour_settings, behaviour_study
from core.studies.correlation import correlate, correlation_settings
from core.studies.das import das_settings, das_study
from core.studies.fitted import Search
from core.studies.losses import losses_recipe, losses_settings, losses_study
from core.studies.novel import novel_settings, novel_study
from core.studies.probe import ProbeOptions, probe_settings, probe_study
from core.studies.report import write_report
from core.studies.result import OF_ONE_MODEL, STUDIES, Study, StudyResult, read_result, result_to_csv, result_to_json

WEIGHTS: Mapping[Study, int] = {"attention": 2, "das": 40, "novel": 20, "probe": 25, "behaviour": 14, "losses": 90}
"""Rough shares of the time that the studies take, for the time left."""


@dataclass(frozen=True, slots=True)
class SeriesOptions:
    """What to run: studies, examples a number (each study's own where None), seed, and the paper's conventions.

    Of the losses: a recipe a task, the shipped one where none is given, and how many training runs for each choice.
    """

    studies: tuple[Study, ...] = OF_ONE_MODEL
    n: int | None = None
    seed: int = 0
    paper_convention: bool = False
    search: SearchOptions = field(default_factory=SearchOptions)
    blocks: tuple[int, ...] = ()
    probe: ProbeOptions = field(default_factory=ProbeOptions)
    use_shipped: bool = True
    recipes: Mapping[Task, Recipe] = field(default_factory=dict)
    n_runs: int = 1


@dataclass(frozen=True, slots=True)
class _Part:
    """One study on one model, or on models that it makes: what decides its numbers, and how to run it.

    `kept` is the folder of what it learns on the way.
    """

    study: Study
    folder: Path
    weights_sha256: str | None
    settings: Mapping[str, Any]
    run: Callable[[], Job[StudyResult]]
    kept: Path | None = None


def run_series(
    models: Sequence[Model], options: SeriesOptions, out: Path
) -> Generator[Progress | StudyResult, None, Path]:
    """Run what has not been run with these settings and weights, write results, figures and the report.

    Yields each result as soon as its files are written, those of earlier runs included, and returns the report's
    path. Closing the job keeps every finished study, and every subspace found.

    Raises UserError where a number is out of its range, or the folder cannot be written.
    """
    _check_numbers(options)
    check_folder(out)
    check_file(out / "report.html")
    studies = _needed(options.studies)
    parts = [p for model in models for p in _parts(model, studies, options, out / folder_name(model, models))]
    losses = [_losses(task, models, options, out) for task in _tasks(models)] if "losses" in studies else []

    _check_places([*parts, *losses])

    def report() -> Path:
        return _write_report(models, options, out)

    first, total = _time(parts), _time([*parts, *losses]) + 1000
    results = yield from _run_parts(parts, 0, total, report)
    if "correlation" in studies:
        # Before the losses, which may train for an hour and are no part of it.
        yield _correlation(results, options.seed, out)
    yield from _run_parts(losses, first, total, report)
    yield Progress(total - 1000, total, "writing the report")
    return report()


def _check_numbers(options: SeriesOptions) -> None:
    """Raises UserError where a number is out of its range, before the first image is drawn."""
    if options.n is not None and (not 4 <= options.n <= EXAMPLES_MAX or options.n % 4):
        raise UserError(f"No study takes {options.n} examples.", f"Ask for a multiple of 4 from 4 to {EXAMPLES_MAX:,}.")
    if not 0 <= options.seed <= SEED_MAX or not 0 <= options.search.seed <= SEED_MAX:
        raise UserError(f"{options.seed} is no seed.", f"Use a whole number from 0 to {SEED_MAX:,}.")
    if options.n_runs < 1 or options.search.epochs < 1:
        raise UserError("Nothing would be trained or searched.", "Ask for at least one run and one epoch.")


def _check_places(parts: Sequence[_Part]) -> None:
    """Raises UserError where a part's files could not be written when it has been run."""
    for p in parts:
        check_folder(p.folder / "figures")
        for ending in (".csv", ".json"):
            check_file(p.folder / f"{p.study}{ending}")
        if p.kept is not None:
            check_folder(p.kept)


def _time(parts: Sequence[_Part]) -> int:
    """A thousand times the weight of what has to be run."""
    return 1000 * sum(WEIGHTS[p.study] for p in parts if _finished(p) is None)


def _run_parts(
    parts: Sequence[_Part], done: int, total: int, report: Callable[[], Path]
) -> Generator[Progress | StudyResult, None, list[StudyResult]]:
    """Run what is missing, write it and the report, and yield and return every result."""
    results = []
    for p in parts:
        result = _finished(p)
        if result is None:
            share = 1000 * WEIGHTS[p.study]
            yield Progress(done, total, f"{p.study}: starting")
            result = yield from part(p.run(), done, share, total)
            _write(result, p.folder)
            done += share
            report()
        results.append(result)
        yield result
    return results


def _write_report(models: Sequence[Model], options: SeriesOptions, out: Path) -> Path:
    """The report of all that is finished, so that a run which is cancelled has one as well."""
    parts = [p for model in models for p in _parts(model, STUDIES, options, out / folder_name(model, models))]
    alone = [r for p in parts if (r := _earlier(p)) is not None]
    losses = [r for task in _tasks(models) if (r := _earlier(_losses(task, models, options, out))) is not None]
    return write_report([*alone, *_together(models, out), *losses], out / "report.html")


def _tasks(models: Sequence[Model]) -> list[Task]:
    return list(dict.fromkeys(model.task for model in models))


def _earlier(p: _Part) -> StudyResult | None:
    """What this run or an earlier one, perhaps with other settings, found on the same weights.

    What another version wrote, with settings of other names, is left out.
    """
    result = read_result(p.folder / f"{p.study}.json")
    return result if result and _same_weights(result, p) and result.settings.keys() == p.settings.keys() else None


def _same_weights(result: StudyResult, p: _Part) -> bool:
    return p.weights_sha256 in (None, result.weights_sha256)


def _together(models: Sequence[Model], out: Path) -> list[StudyResult]:
    """The correlation in the folder, if it is over these models alone and not of another version."""
    result = read_result(out / "correlation" / "correlation.json")
    if result is None or result.settings.keys() != correlation_settings(0, []).keys():
        return []
    weights = {row.get("weights") for row in result.rows if row.get("kind") == "model"}
    return [result] if weights <= {model.weights_hash for model in models} else []


def _needed(studies: Sequence[Study]) -> list[Study]:
    """The studies asked for, in order, and those that a correlation is made of."""
    wanted = set(studies)
    if "correlation" in wanted:
        wanted |= {"das", "behaviour"}
    return [s for s in STUDIES if s in wanted]


def folder_name(model: Model, models: Sequence[Model]) -> str:
    """A model's folder: its name, and where two share it, the beginning of its hash."""
    name = re.sub(r"[^\w.-]+", "-", model.name).strip(".-") or "model"
    shared = sum(other.name == model.name for other in models) > 1
    return f"{name}-{model.weights_hash[:8]}" if shared else name


def _search(model: Model, options: SeriesOptions, folder: Path) -> Search:
    """Subspaces of a model of one's own are kept where the window finds them, of a bundled one with the results."""
    if model.reference and model.reference not in bundled_models():
        return Search(subspace_folder(model.reference), (), options.search, options.blocks)
    shipped = subspace_folders(model.reference) if model.reference and options.use_shipped else ()
    return Search(folder / "subspaces", shipped, options.search, options.blocks)


def _parts(model: Model, studies: Sequence[Study], options: SeriesOptions, folder: Path) -> list[_Part]:
    search = _search(model, options, folder)
    sized: dict[str, Any] = {"seed": options.seed} | ({} if options.n is None else {"n": options.n})
    paper: dict[str, Any] = {**sized, "paper_convention": options.paper_convention}
    calls: dict[Study, tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = {
        "attention": (attention_settings, attention_study, (model,), paper),
        "das": (das_settings, das_study, (model, search), sized),
        "novel": (novel_settings, novel_study, (model, search), paper),
        "probe": (probe_settings, probe_study, (model, options.probe), paper),
        "behaviour": (behaviour_settings, behaviour_study, (model,), sized),
    }
    parts = []
    for study in studies:
        if study in calls:
            settings, run, args, kwargs = calls[study]
            job = _Call(run, args, kwargs)
            kept = search.kept if search in args else None
            parts.append(_Part(study, folder, model.weights_hash, settings(*args, **kwargs), job, kept))
    return parts


def _losses(task: Task, models: Sequence[Model], options: SeriesOptions, out: Path) -> _Part:
    """The table of losses of a task; its models are its own."""
    recipe = options.recipes.get(task) or losses_recipe(task)
    folder = out / f"losses-{task}"
    seeds = range(options.seed, options.seed + options.n_runs)
    sized = {} if options.n is None else {"n": options.n}
    call = _Call(losses_study, (recipe, folder / "models", models[0].device), {"seeds": seeds, **sized})
    return _Part("losses", folder, None, losses_settings(recipe, seeds, **sized), call, folder / "models")


@dataclass(frozen=True, slots=True)
class _Call:
    function: Callable[..., Job[StudyResult]]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __call__(self) -> Job[StudyResult]:
        return self.function(*self.args, **self.kwargs)


def _finished(p: _Part) -> StudyResult | None:
    """The result of an earlier run, if weights and settings were the same and its figures are there."""
    result = read_result(p.folder / f"{p.study}.json")
    if result is None or not _same_weights(result, p) or dict(result.settings) != p.settings:
        return None
    figures = [p.folder / "figures" / f"{name}{ending}" for name in result.plots for ending in (".svg", ".png")]
    whole = [p.folder / f"{p.study}.csv", *figures]
    return result if all(path.is_file() for path in whole) else None


def _write(result: StudyResult, folder: Path) -> None:
    """Figures and CSV first, the JSON that says “finished” last."""
    for name, plot in result.plots.items():
        write_figure(plot, folder / "figures" / name)
    write_text(folder / f"{result.study}.csv", result_to_csv(result))
    write_text(folder / f"{result.study}.json", result_to_json(result))


def _correlation(results: Sequence[StudyResult], seed: int, out: Path) -> StudyResult:
    """The correlation over the models, written if it is new."""
    das = [r for r in results if r.study == "das"]
    behaviour = [r for r in results if r.study == "behaviour"]
    pairs = list(zip(das, behaviour, strict=True))
    folder = out / "correlation"
    before = read_result(folder / "correlation.json")
    result = correlate(pairs, seed=seed)
    if before is None or before.rows != result.rows or dict(before.settings) != result.settings:
        _write(result, folder)
    return result
