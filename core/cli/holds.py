"""The verbs `relata holds` and `relata sweep`: does it hold for other pairs, and what would it do at another layer."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.analyses import Refusal
from core.analyses.layer_sweep import MAX_PAIRS, TOO_LATE, LayerSweep, Sweep
from core.analyses.layer_sweep import kept_of as kept_sweep
from core.arguments import add_varied_arguments, seed, varied_of, whole
from core.document import Document
from core.documents.figures import work_in
from core.documents.work import Work
from core.errors import UserError
from core.figures.options import figure_files, figure_name
from core.figures.tables import to_csv
from core.holding import N_MOST, Holding, kept_of
from core.holds_job import MAX_PAIRS as MAX_OTHERS
from core.holds_job import holds
from core.plots import Bars, Curves
from core.progress import Job, Progress
from core.stimuli.variants import EVERYTHING
from core.storage import check_file, write_text
from core.streams import print_json
from core.terminal import DEVICE_HELP, device_of, watch

PLOTS = (1, 2)
"""How the figures are numbered."""


def add_holds_verbs(verbs: Any) -> None:
    """Add both verbs to a parser's verbs."""
    held = verbs.add_parser("holds", help="whether what the edits of a document do holds for other pairs of its kind")
    _add_common(held)
    held.add_argument("--n", type=whole(1, MAX_OTHERS), default=N_MOST, help=f"pairs (default: {N_MOST})")
    held.add_argument("--seed", type=seed, default=0, help="of the pairs (default: 0)")
    add_varied_arguments(held, EVERYTHING)
    held.add_argument("--csv", type=Path, help="write a line for each pair there")
    held.set_defaults(run=_holds)
    sweep = verbs.add_parser("sweep", help="what the edits of a document would do at every layer")
    _add_common(sweep)
    sweep.add_argument(
        "--n", type=whole(0, MAX_PAIRS), default=LayerSweep().n, help="other pairs (default: %(default)s)"
    )
    sweep.set_defaults(run=_sweep)


def _add_common(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", type=Path, help="a .relata file, or a figure that carries its document")
    verb.add_argument("--json", action="store_true", help="print all numbers as JSON")
    verb.add_argument("--figure", type=Path, help="write the plots there as SVG, PDF and PNG")
    verb.add_argument("--device", default="auto", help=DEVICE_HELP)


def _begun(arguments: argparse.Namespace, table: Path | None = None) -> Work:
    """The document, once what is to be written can be: before all is asked."""
    work = work_in(arguments.file)
    if table is not None and table.suffix.lower() != ".csv":
        raise UserError(f"{table} does not end in .csv.", f"Name it {table}.csv.")
    figures = [] if arguments.figure is None else [figure_name(arguments.figure, f"-{index}") for index in PLOTS]
    for path in [*([] if table is None else [table]), *(file for name in figures for file in figure_files(name))]:
        check_file(path, arguments.file)
    return work


def _holds(arguments: argparse.Namespace) -> int:
    work = _begun(arguments, arguments.csv)
    varied = varied_of(arguments)
    job = holds(work.document, arguments.n, arguments.seed, str(device_of(arguments)), varied=varied)
    found = watch(job, quiet=arguments.json)
    if arguments.csv is not None:
        write_text(arguments.csv, to_csv(found.rows()))
    lines = [*found.words(), *found.notes]
    if found.n_right is not None:
        lines.append(f"Without edits the model is right about {found.n_right} of {len(found.pairs)} pairs.")
    _print(arguments, found.to_json(), lines)
    _write_figures(arguments, replace(work, panels={"Does it hold?": {"found": kept_of(found)}}), found)
    return 0


def _sweep(arguments: argparse.Namespace) -> int:
    work = _begun(arguments)
    found = watch(_swept(work.document, arguments.n, str(device_of(arguments))), quiet=arguments.json)
    _print(arguments, _as_json(found), _table(found))
    kept = {"n": arguments.n, "shown": "margin", "found": kept_sweep(found), "of_this": True}
    _write_figures(arguments, replace(work, panels={"Sweep": kept}), found)
    return 0


def _swept(document: Document, n: int, device: str) -> Job[Sweep]:
    """The whole sweep.

    Raises UserError where there is none.
    """
    from core.questions import Question
    from core.session import Session

    analysis, found = LayerSweep(n), None
    for part in Session(device).answers(Question(document, (analysis,))):
        found = part.found.get(analysis, found)
        if isinstance(found, Refusal):
            raise UserError(found.message, found.hint)
        yield Progress(len(found.others) if found is not None else 0, max(1, n), "sweeping")
    assert isinstance(found, Sweep)
    return found


def _print(arguments: argparse.Namespace, value: object, lines: Sequence[str]) -> None:
    if arguments.json:
        print_json(value)
    else:
        print("\n".join(lines))


def _write_figures(arguments: argparse.Namespace, work: Work, found: Sweep | Holding) -> None:
    """Write the figures, if they are wanted; each opens as the document with what was found, and says on what."""
    if arguments.figure is None:
        return
    from core.documents.figures import state_of
    from core.figures.writer import write_figure

    state = {**state_of(work), "weights_sha256": found.fit[0], "device": str(device_of(arguments))}
    plots: Sequence[Curves | Bars] = (found.plot(), found.plot("flips")) if isinstance(found, Sweep) else found.plots()
    for index, plot in zip(PLOTS, plots, strict=False):
        for written in write_figure(plot, figure_name(arguments.figure, f"-{index}"), state=state):
            if not arguments.json:
                print(written)


def _as_json(found: Sweep) -> dict[str, Any]:
    rows = []
    for index, name in enumerate(found.conditions):
        (mean, low, high), (share, _, _) = found.means(index), found.flips(index)
        own = found.own.margins[index]
        rows.append({"condition": name, "this_picture": own, "mean": mean, "low": low, "high": high, "turned": share})
    return {
        "blocks": list(found.blocks),
        "margin": f"{found.high} - {found.low}",
        "without_edits": {"this_picture": found.own.baseline, "others": [pair.baseline for pair in found.others]},
        "n": len(found.others),
        "weights_sha256": found.fit[0],
        "found": _finite(rows),
        "too_late": list(found.too_late),
        "gaps": {str(block): why for block, why in found.gaps.items()},
        "notes": list(found.notes),
    }


def _finite(value: Any) -> Any:
    """JSON has no NaN: what is not known is null."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _table(found: Sweep) -> list[str]:
    """A line for each layer."""
    others = f"mean of {len(found.others)} pairs" if found.others else "this picture"
    lines = [f"Margin {found.high} − {found.low}, without edits {found.own.baseline:+.2f}; {others}:"]
    lines.append("  ".join(["layer ", *(f"{name:>16}" for name in found.conditions)]))
    means = [found.means(index)[0] for index in range(len(found.conditions))]
    for at, block in enumerate(found.blocks):
        values = (f"{of[at]:+16.2f}" if not math.isnan(of[at]) else f"{'–':>16}" for of in means)
        words = TOO_LATE if block in found.too_late else found.gaps.get(block, "")
        lines.append("  ".join([f"{'embed' if block < 0 else block:<6}", *values, words]).rstrip())
    return [*lines, *found.notes]
