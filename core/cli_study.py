"""The verb `relata study`: the published experiments on any models, into a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.arguments import EPOCHS_MAX, RUNS_MAX, blocks_named, fourfold, seed, whole
from core.studies.result import OF_ONE_MODEL, STUDIES
from core.terminal import DEVICE_HELP, device_of, say_assumed, watch

if TYPE_CHECKING:
    from core.families.model import Model
    from core.studies.series import SeriesOptions


ABOUT = """\
attention    where the tokens of items look, head by head
das          interchange accuracy of shape and colour after every block, with its controls
novel        vectors that no image made, written into the subspaces
probe        linear probes for the relation of a pair, and edits along them
behaviour    accuracy on every split, unseen shapes and colours included
correlation  disentanglement against generalisation, over the models
losses       small models trained with each choice of losses, for the tasks of the models
all          all but losses; the correlation where there are several models"""


def add_study_verb(verbs: Any) -> None:
    """Add the verb to a parser's verbs."""
    study = verbs.add_parser(
        "study",
        help="the published experiments on one or more models; run again to go on where it stopped",
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    study.add_argument(
        "what",
        metavar="STUDY",
        choices=(*STUDIES, "all"),
        help=f"one of {', '.join(STUDIES)}, or all",
    )
    study.add_argument(
        "--model",
        action="append",
        help="a bundled name or a .safetensors file; may be given again (default: discrimination)",
    )
    study.add_argument("--out", type=Path, required=True, help="folder for results, figures and report.html")
    study.add_argument("--n", type=fourfold, help="images or pairs behind each number; each part has its own default")
    study.add_argument("--seed", type=seed, default=0, help="of every draw (default: 0)")
    study.add_argument("--paper-convention", action="store_true", help="the paper's formulas where they differ")
    study.add_argument(
        "--layers",
        default="all",
        help="blocks to search, such as 0,1,2; -1 is the embeddings (default: all)",
    )
    study.add_argument("--search-pairs", type=fourfold, default=2000, help="to search a subspace on (default: 2000)")
    study.add_argument("--epochs", type=whole(1, EPOCHS_MAX), default=20, help="of a subspace search (default: 20)")
    study.add_argument("--search-again", action="store_true", help="do not use the subspaces shipped with a model")
    study.add_argument("--runs", type=whole(1, RUNS_MAX), default=1, help="of losses: for each choice (default: 1)")
    study.add_argument("--device", default="auto", help=DEVICE_HELP)
    study.set_defaults(run=_study)


def _study(arguments: argparse.Namespace) -> int:
    from core.engine import verify
    from core.families.files import open_model
    from core.studies.series import run_series

    device = device_of(arguments)
    models = [verify(open_model(reference, device)) for reference in arguments.model or ["discrimination"]]
    for model in models:
        say_assumed(model.assumed, model.name)
    report = watch(run_series(models, _options(arguments, models), arguments.out))
    print(f"report: {report}")
    return 0


def _options(arguments: argparse.Namespace, models: list[Model]) -> SeriesOptions:
    from core.jobs.fit_subspace import SearchOptions
    from core.studies.series import SeriesOptions

    if arguments.what == "all":
        studies = (*OF_ONE_MODEL, "correlation") if len(models) > 1 else OF_ONE_MODEL
    else:
        studies = (arguments.what,)
    search = SearchOptions(
        n_pairs=arguments.search_pairs,
        n_test=arguments.search_pairs,
        epochs=arguments.epochs,
        seed=arguments.seed,
    )
    return SeriesOptions(
        studies=studies,
        n=arguments.n,
        seed=arguments.seed,
        paper_convention=arguments.paper_convention,
        search=search,
        blocks=_blocks(arguments.layers, models),
        use_shipped=not arguments.search_again,
        n_runs=arguments.runs,
    )


def _blocks(words: str, models: list[Model]) -> tuple[int, ...]:
    """The blocks named; empty for all.

    Raises UserError for what is no block of every model.
    """
    n_blocks = min(model.n_blocks for model in models)
    return () if words == "all" else tuple(blocks_named(words, n_blocks, "these models"))
