"""The verb `relata study`: the published experiments on any models, into a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.arguments import EPOCHS_MAX, RUNS_MAX, blocks_named, fourfold, seed, whole
from core.errors import UserError
from core.options import with_options
from core.sets import MANIFEST, given_set
from core.stimuli.datasets import EXAMPLES_MAX
from core.stimuli.stimulus import task_of
from core.storage import check_folder
from core.studies.study import all_names, chosen, every_study
from core.terminal import DEVICE_HELP, MODEL_HELP, add_named_arguments, device_of, say_assumed, watch

if TYPE_CHECKING:
    from core.families.model import Model
    from core.studies.given import Given
    from core.studies.study import Study


def add_study_verb(verbs: Any) -> None:
    """Add the verb to a parser's verbs."""
    names = [study.name for study in every_study()]
    study = verbs.add_parser(
        "study",
        help="the published experiments on one or more models; run again to go on where it stopped",
        description=_about(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    study.add_argument(
        "what",
        metavar="STUDY",
        choices=(*names, "all"),
        help=f"one of {', '.join(names)}, or all",
    )
    study.add_argument(
        "--model",
        action="append",
        help=f"{MODEL_HELP}; may be given again (default: discrimination, or rmts for a set of such pictures)",
    )
    add_named_arguments(study)
    study.add_argument("--out", type=Path, required=True, help="folder for results, figures and report.html")
    _add_picture_arguments(study)
    study.add_argument("--paper-convention", action="store_true", help="the paper's formulas where they differ")
    study.add_argument("--runs", type=whole(1, RUNS_MAX), default=1, help="of losses: for each choice (default: 1)")
    study.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other option of the study that is named; may be given again",
    )
    study.add_argument("--device", default="auto", help=DEVICE_HELP)
    _add_search_arguments(study)
    study.set_defaults(run=_study)


def _add_picture_arguments(study: argparse.ArgumentParser) -> None:
    """Add which pictures it is run on."""
    study.add_argument(
        "--set",
        type=_folder_of_set,
        metavar="FOLDER",
        help="run on the pictures of this folder, which relata set or relata render wrote, or on the first --n of them",
    )
    study.add_argument(
        "--n",
        type=whole(1, EXAMPLES_MAX),
        help="images or pairs behind each number, a multiple of 4 but for a set; each part has its own default",
    )
    study.add_argument("--seed", type=seed, default=0, help="of every draw (default: 0)")


def _folder_of_set(words: str) -> Path:
    """The folder that is named, or in which the manifest that is named lies."""
    path = Path(words)
    return path.parent if path.name == MANIFEST else path


def _add_search_arguments(study: argparse.ArgumentParser) -> None:
    """Add what a study that searches subspaces can be told."""
    study.add_argument(
        "--layers",
        default="all",
        help="blocks to search, such as 0,1,2; -1 is the embeddings (default: all)",
    )
    study.add_argument("--search-pairs", type=fourfold, default=2000, help="to search a subspace on (default: 2000)")
    study.add_argument("--epochs", type=whole(1, EPOCHS_MAX), default=20, help="of a subspace search (default: 20)")
    study.add_argument("--search-again", action="store_true", help="do not use the subspaces shipped with a model")


def _about() -> str:
    """A line for each study."""
    left_out = ", ".join(study.name for study in every_study() if not study.in_all)
    of_several = ", ".join(study.name for study in every_study() if study.scope == "all models")
    lines = {study.name: study.about() for study in every_study()}
    lines["all"] = f"All but {left_out}; {of_several} where there are several models"
    return "\n".join(f"{name:12} {words}" for name, words in lines.items())


def _study(arguments: argparse.Namespace) -> int:
    from core.engine import verify
    from core.families.files import open_model
    from core.series import run_series

    device = device_of(arguments)
    check_folder(arguments.out)
    given = given_set(arguments.set, arguments.n) if arguments.set else None
    models = [verify(open_model(reference, device)) for reference in arguments.model or [_usual_model(given)]]
    for model in models:
        say_assumed(model.assumed, model.name)
    report = watch(run_series(models, _studies(arguments, models), arguments.out, given))
    print(f"report: {report}")
    return 0


def _usual_model(given: Given | None) -> str:
    """The small model of the task that the pictures of a set pose, or of discrimination."""
    task = None if given is None else task_of(given.stimuli[0])
    return "discrimination" if task is None else task


def _studies(arguments: argparse.Namespace, models: list[Model]) -> list[Study]:
    from core.jobs.fit_subspace import SearchOptions

    search = SearchOptions(
        n_pairs=arguments.search_pairs,
        n_test=arguments.search_pairs,
        epochs=arguments.epochs,
        seed=arguments.seed,
    )
    studies = chosen(
        _all(arguments, len(models)) if arguments.what == "all" else [arguments.what],
        n=None if arguments.set else arguments.n,
        seed=arguments.seed,
        paper_convention=arguments.paper_convention,
        search=search,
        blocks=_blocks(arguments.layers, models),
        use_shipped=not arguments.search_again,
        n_runs=arguments.runs,
    )
    named = [study for study in studies if study.name == arguments.what]
    if arguments.option and not named:
        raise UserError("--option is for one study.", "Name it in place of all.")
    return [with_options(s, arguments.option, s.name) if s in named else s for s in studies]


def _all(arguments: argparse.Namespace, n_models: int) -> list[str]:
    """What “all” means for so many models; of a set, those that can be run on one."""
    alone = {study.name for study in every_study() if not study.why_no_set}
    return [name for name in all_names(n_models) if not arguments.set or name in alone]


def _blocks(words: str, models: list[Model]) -> tuple[int, ...]:
    """The blocks named; empty for all.

    Raises UserError for what is no block of every model.
    """
    n_blocks = min(model.n_blocks for model in models)
    return () if words == "all" else tuple(blocks_named(words, n_blocks, "these models"))
