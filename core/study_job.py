"""The studies as a job for the window: what each part found is yielded as soon as its files are written. And what
ships of them.

Importing this loads no torch, so that the window can name it and read what it yields.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.cards import card_task, read_card
from core.locations import bundled_models, model_path, resource_folder
from core.plots import Plot
from core.progress import Progress
from core.sets import given_set
from core.studies.published import MODELS
from core.studies.result import StudyResult, read_result
from core.studies.study import beside, chosen, every_study

STUDY_JOB = "core.study_job:study"


@dataclass(frozen=True, slots=True)
class StudyPart:
    """What one study found on one model, without its numbers.

    `published`: the same plots with the numbers of another published model than the nearest, by its name.
    """

    study: str
    title: str
    model: str
    n: int
    plots: tuple[Plot, ...]
    notes: tuple[str, ...]
    published: Mapping[str, tuple[Plot, ...]] = field(default_factory=dict)


def study(
    models: Sequence[str],
    studies: Sequence[str],
    out: str,
    *,
    n: int | None = None,
    seed: int = 0,
    paper_convention: bool = False,
    own: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    pictures: str = "",
    device: str = "auto",
) -> Generator[Progress | StudyPart, None, str]:
    """Run the studies of these names on the models into the folder `out`, and return the report's path.

    `own`: for a study, by its name, options that only it has. `pictures`: the folder of a set, to run them on its first
    `n` pictures, or on all of them, in the place of the study's own.

    Parts that were finished earlier with the same settings are shown and not run again.

    Raises UserError where a model cannot be opened, the folder cannot be written, or there is no such set.
    """
    given = given_set(Path(pictures), n) if pictures else None
    yield Progress(0, 1, "opening the model")
    from core.engine import verify
    from core.families.files import open_model
    from core.families.model import choose_device
    from core.series import run_series

    where = choose_device(device)
    opened = [verify(open_model(reference, where)) for reference in models]
    wanted = chosen(studies, n=None if given else n, seed=seed, paper_convention=paper_convention)
    job = run_series(opened, [replace(study, **own.get(study.name, {})) for study in wanted], Path(out), given)
    try:
        while True:
            said = next(job)
            yield _part_of(said) if isinstance(said, StudyResult) else said
    except StopIteration as stop:
        return str(stop.value)
    finally:
        job.close()


def _part_of(result: StudyResult) -> StudyPart:
    plots = tuple(result.plots.values())
    published = {m: tuple(beside(name, plot, result, m) for name, plot in result.plots.items()) for m in MODELS}
    return StudyPart(
        study=result.study,
        title=result.title,
        model=result.model,
        n=result.n,
        plots=plots,
        notes=tuple(result.notes),
        published={model: of for model, of in published.items() if of != plots},
    )


def shipped_parts(models: Sequence[str]) -> list[StudyPart]:
    """The shipped results of bundled models, in the order of the studies, then those over several models or of losses.

    Results of other weights are left out; without a bundled model there is nothing.
    """
    folder, found, tasks = resource_folder("results"), [], set()
    for model in (m for m in models if m in bundled_models()):
        card = read_card(model_path(model))
        weights = card["weights_sha256"]
        tasks.add(card_task(card))
        own = (read_result(folder / model / f"{study.name}.json") for study in every_study())
        found += [r for r in own if r is not None and r.weights_sha256 == weights]
    others = [r for path in sorted(folder.glob("*.json")) if (r := read_result(path)) is not None] if found else []
    of_tasks = [r for r in others if r.settings.get("task") in (None, *tasks)]
    return [_part_of(r) for r in [*found, *of_tasks]]
