"""Several studies on several models, one after another, into a folder that can be gone on with.

DIR/report.html
DIR/MODEL/das.json, das.csv, figures/das-color.svg, .pdf, .png
DIR/MODEL/subspaces/ (of a model of one's own beside its weights, if they can be written there)
DIR/correlation/correlation.json, …
DIR/losses-TASK/losses.json, losses.csv, figures/, models/
DIR/set-NAME-HASH/report.html, MODEL/… (on the pictures of a set: everything that was found on them, and nothing else)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.families.model import Model
from core.figures.writer import write_figure
from core.progress import Progress, part
from core.report import write_report
from core.storage import check_file, check_folder, write_text
from core.studies.given import Given
from core.studies.result import StudyResult, read_result, result_to_csv, result_to_json
from core.studies.study import Bench, Study, every_study


@dataclass(frozen=True, slots=True)
class _Part:
    """One study on one model, or on what else it is of."""

    study: Study
    bench: Bench

    @property
    def weight(self) -> int:
        """A thousand times the share of the time."""
        return 1000 * self.study.weight

    def file(self, ending: str) -> Path:
        """The file of its numbers."""
        return self.bench.folder / f"{self.study.name}{ending}"


def run_series(
    models: Sequence[Model], wanted: Sequence[Study], out: Path, given: Given | None = None
) -> Generator[Progress | StudyResult, None, Path]:
    """Run what has not been run with these settings and weights, write results, figures and the report.

    Where pictures are `given`, on these alone, in a folder of their own.

    Yields each result as soon as its files are written, those of earlier runs included, and returns the report's
    path. Closing the job keeps every finished study, and every subspace found.

    Raises UserError where a number is out of its range, the folder cannot be written, or a study cannot be run on what
    is given.
    """
    for study in wanted:
        study.check()
    if given is not None:
        wanted, out = [study.of_given(len(given.stimuli)) for study in wanted], out / given.folder
    parts = _parts(models, wanted, out, given)
    if given is not None:
        for p in reversed(parts):  # what needs other parts says so before them
            p.study.check_given(p.bench)
    check_folder(out)
    check_file(out / "report.html")
    _check_places(parts)
    total = sum(p.weight for p in parts if _finished(p) is None) + 1000
    yield from _run_parts(parts, total, lambda: _write_report(models, wanted, out, given))
    yield Progress(total - 1000, total, "writing the report")
    return _write_report(models, wanted, out, given)


def _parts(models: Sequence[Model], wanted: Sequence[Study], out: Path, given: Given | None) -> list[_Part]:
    """Everything about one model, then about the next; what is of several models, or trains its own, comes last."""
    alone = [study for study in wanted if study.scope == "one model"]
    benches = [Bench((model,), out / folder_name(model, models), given=given) for model in models]
    parts = [_Part(study, bench) for bench in benches for study in alone]
    for study in wanted:
        if study.scope == "all models":
            parts.append(_Part(study, Bench(tuple(models), out / study.name, given=given)))
        if study.scope == "one task":
            for task in dict.fromkeys(model.task for model in models):
                of_task = tuple(model for model in models if model.task == task)
                parts.append(_Part(study, Bench(of_task, out / f"{study.name}-{task}", given=given)))
    return parts


def _check_places(parts: Sequence[_Part]) -> None:
    """Raises UserError where a part's files could not be written when it has been run."""
    for p in parts:
        check_folder(p.bench.folder / "figures")
        for ending in (".csv", ".json"):
            check_file(p.file(ending))
        kept = p.study.kept(p.bench)
        if kept is not None:
            check_folder(kept)


def _run_parts(
    parts: Sequence[_Part], total: int, report: Callable[[], Path]
) -> Generator[Progress | StudyResult, None, None]:
    """Run what is missing, write it and the report, and yield every result."""
    done = 0
    results: list[StudyResult] = []
    for p in parts:
        needed = tuple(r for r in results if r.study in p.study.needs)
        p = replace(p, bench=replace(p.bench, results=needed))
        result = _finished(p)
        if result is None:
            yield Progress(done, total, f"{p.study.name}: starting")
            result = yield from part(p.study.run(p.bench), done, p.weight, total)
            _write(result, p)
            done += p.weight
            report()
        results.append(result)
        yield result


def _write_report(models: Sequence[Model], wanted: Sequence[Study], out: Path, given: Given | None) -> Path:
    """The report of all that is finished, so that a run which is cancelled has one as well."""
    asked = {study.name: study for study in wanted}
    known = [study for study in every_study() if given is None or not study.why_no_set]
    parts = _parts(models, [asked.get(study.name, study) for study in known], out, given)
    return write_report([r for p in parts if (r := _earlier(p)) is not None], out / "report.html")


def _earlier(p: _Part) -> StudyResult | None:
    """What this run or an earlier one, perhaps with other settings or of fewer models, found on the same weights.

    What another version wrote, with settings of other names, is left out.
    """
    result, weights = read_result(p.file(".json")), p.study.weights(p.bench)
    if result is None or result.settings.keys() != p.study.settings(p.bench).keys():
        return None
    there = weights is None or set(result.weights_sha256.split("+")) <= set(weights.split("+"))
    return result if there and _runs_so(p, result) else None


def _runs_so(p: _Part, result: StudyResult) -> bool:
    """Whether the card of the model said the same when the result was found; what is of several does not say it."""
    return result.run_sha256 in ("", p.bench.model.run_sha256)


def _finished(p: _Part) -> StudyResult | None:
    """The result of an earlier run, if weights and settings were the same and its figures are there."""
    result = read_result(p.file(".json"))
    if result is None or dict(result.settings) != p.study.settings(p.bench):
        return None
    if p.study.weights(p.bench) not in (None, result.weights_sha256) or not _runs_so(p, result):
        return None
    figures = [p.bench.folder / "figures" / f"{name}{ending}" for name in result.plots for ending in (".svg", ".png")]
    return result if all(path.is_file() for path in (p.file(".csv"), *figures)) else None


def _write(result: StudyResult, p: _Part) -> None:
    """Figures and CSV first, the JSON that says “finished” last."""
    of = {"study": result.study, "title": result.title, "model": result.model, "n": result.n}
    made = {**of, "weights_sha256": result.weights_sha256, "settings": dict(result.settings)}
    for name, plot in result.plots.items():
        write_figure(plot, p.bench.folder / "figures" / name, state={"study": made, "plot": name})
    write_text(p.file(".csv"), result_to_csv(result))
    write_text(p.file(".json"), result_to_json(result))


def folder_name(model: Model, models: Sequence[Model]) -> str:
    """A model's folder: its name, and where two share it, the beginning of its hash."""
    name = re.sub(r"[^\w.-]+", "-", model.name).strip(".-") or "model"
    shared = sum(other.name == model.name for other in models) > 1
    return f"{name}-{model.weights_hash[:8]}" if shared else name
