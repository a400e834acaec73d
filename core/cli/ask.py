"""The verb `relata ask`: any analysis of any state, as JSON or as figures; what the window's panels show."""

from __future__ import annotations

import argparse
import dataclasses
import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.analyses import Analysis, Refusal
from core.analyses.decision import Verdict
from core.arguments import seed
from core.cards import Card, card_geometry, card_task, read_card
from core.demo import demo_of
from core.document import LENSES, Document, Intervention, View, make_counterfactual, random_stimulus
from core.errors import UserError
from core.examples import example_names, example_path
from core.figures.options import figure_files, figure_name
from core.interventions import check_edit, intervention_kinds
from core.locations import model_path
from core.options import made, option_name, options_of
from core.plots import Bars, Curves, Heatmap, Maps, Scatter, plot_to_json
from core.registry import kinds
from core.stimuli.datasets import Condition, random_odd_one_out
from core.stimuli.stimulus import Stimulus
from core.storage import check_file
from core.streams import print_json
from core.terminal import DEVICE_HELP, MODEL_HELP, add_named_arguments, device_of

if TYPE_CHECKING:
    from core.beside import OnCompared

ODD: dict[str, Condition] = {"odd-shape": "shape", "odd-color": "color", "odd-both": "both"}
"""Words for a random odd-one-out picture, and in what the odd one differs."""
N_SAID = 5
"""How many of the likeliest classes are named."""


def add_ask_verb(verbs: Any) -> None:
    """Add the verb to a parser's verbs."""
    verb = verbs.add_parser(
        "ask",
        help="what an analysis finds in a picture, with interventions or without",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.about = _about
    verb.add_argument("what", metavar="ANALYSIS", nargs="+", help="its name, then option=value for what is not default")
    verb.add_argument("--model", default="discrimination", help=MODEL_HELP)
    add_named_arguments(verb)
    verb.add_argument(
        "--beside",
        default="",
        metavar="MODEL",
        help="another model that is asked the same",
    )
    verb.add_argument(
        "--picture",
        default="demo",
        help=f"demo, random, {', '.join(ODD)} (the odd one out), an example that ships, such as cat-and-pizza, or a "
        "picture file, with the masks that NAME.mask.png beside it numbers (default: demo)",
    )
    verb.add_argument("--source", choices=("color", "shape"), help="make a counterfactual source for this property")
    verb.add_argument("--seed", type=seed, default=0, help="of a random picture and of the source (default: 0)")
    verb.add_argument(
        "--edit",
        action="append",
        default=[],
        metavar="WORDS",
        help="an intervention, such as “knock-out-heads block=1 heads=0,2”; may be given again",
    )
    verb.add_argument("--figure", type=Path, help="write the plots there as SVG, PDF and PNG, and print no JSON")
    verb.add_argument("--lens", choices=LENSES, default=LENSES[0], help="what is shown of a network without classes")
    verb.add_argument("--device", default="auto", help=DEVICE_HELP)
    verb.set_defaults(run=_ask)


def analysis_kinds() -> tuple[type[Analysis[Any]], ...]:
    """Every kind of analysis."""
    return kinds("core.analyses", Analysis)


def _about() -> str:
    found = {"analyses": analysis_kinds(), "interventions (--edit)": intervention_kinds()}
    return "\n\n".join("\n".join([f"{title}:", *map(_entry, of)]) for title, of in found.items())


def _entry(kind: type[Any]) -> str:
    summary = (kind.__doc__ or "").strip().split("\n")[0]
    return f"  {option_name(kind)}  {options_of(kind)}\n      {summary}"


def _ask(arguments: argparse.Namespace) -> int:
    from core.beside import Beside
    from core.documents.figures import state_of
    from core.documents.work import Work
    from core.questions import Question
    from core.session import Session

    analysis = made(analysis_kinds(), arguments.what)
    edits = [_edit(words) for words in arguments.edit]
    document = _document(arguments, edits)
    for path in figure_files(arguments.figure) if arguments.figure is not None else ():
        check_file(path, Path(arguments.picture))
    beside = (Beside(analysis),) if arguments.beside else ()
    answer = Session(str(device_of(arguments))).answer(Question(document, (analysis, *beside)))
    if answer.lost:
        raise UserError(" ".join(answer.lost.values()), "Nothing was computed without what was asked for.")
    found = answer.found[analysis]
    if isinstance(found, Refusal):
        raise UserError(found.message, found.hint)
    there = [_on_compared(answer.found[other]) for other in beside]
    if arguments.figure is not None:
        state = {**state_of(Work(document, View()), answer), "analysis": repr(analysis)}
        _write_figures(found, arguments.figure, state)
        for other in there:
            _write_figures(other.value, figure_name(arguments.figure, "-beside"), state | {"beside": other.model.name})
        return 0
    value: dict[str, Any] = {
        "analysis": repr(analysis),
        "model": answer.model.name,
        "weights_sha256": answer.model.weights_hash,
    }
    value |= {"edits": [edit.words(document.base) for edit in edits], "notes": list(answer.notes)}
    if isinstance(found, Verdict):
        value |= {"answer": found.answer, "flipped": found.flipped, "largest": _plain(found.largest(N_SAID))}
    value["found"] = _plain(found)
    for other in there:
        value["beside"] = _beside(other, document)
    print_json(value)
    return 0


def _on_compared(there: OnCompared[Any] | Refusal) -> OnCompared[Any]:
    """What was found on the compared model.

    Raises UserError where that is nothing.
    """
    if isinstance(there, Refusal):
        raise UserError(there.message, there.hint)
    if there.refusal is not None:
        raise UserError(f"{there.model.name}: {there.refusal.message}", there.refusal.hint)
    return there


def _beside(there: OnCompared[Any], document: Document) -> dict[str, Any]:
    """What the compared model was found to say, and which edits it was asked without."""
    left_out = {edit.words(document.base): reason for edit, reason in there.left_out.items()}
    named = {"model": there.model.name, "weights_sha256": there.model.weights_hash}
    return {**named, "left_out": left_out, "found": _plain(there.value)}


def _edit(words: str) -> Intervention:
    edit = made(intervention_kinds(), _split(words))
    try:
        check_edit(edit)
    except ValueError as error:
        raise UserError(f"“{words}” is no edit: {error}.", "Nothing was computed.") from error
    return edit


def _split(words: str) -> list[str]:
    try:
        return shlex.split(words)
    except ValueError as error:
        raise UserError(f"“{words}” cannot be read: {error}.", "Close every quotation mark.") from error


def _document(arguments: argparse.Namespace, edits: Sequence[Intervention]) -> Document:
    card = read_card(model_path(arguments.model))
    document = Document(arguments.model, _picture(arguments, card), lens=arguments.lens)
    if arguments.source is not None:
        document = make_counterfactual(document, arguments.source, arguments.seed)
    return dataclasses.replace(document, interventions=tuple(edits), compared=arguments.beside)


def _picture(arguments: argparse.Namespace, card: Card) -> Stimulus:
    geometry, named = card_geometry(card), arguments.picture
    if named == "demo":
        return demo_of(card, geometry)
    if named == "random":
        return random_stimulus(card_task(card), geometry, arguments.seed)
    if named in ODD:
        return random_odd_one_out(geometry, arguments.seed, ODD[named])
    from core.stimuli.render import open_photo

    path = example_path(named) if named in example_names() else Path(named)
    return Stimulus((), geometry, open_photo(path, geometry))


def _write_figures(found: Any, path: Path, state: Mapping[str, Any]) -> None:
    from core.figures.writer import write_figure

    plots = (
        [plot for plot in found if isinstance(plot, Bars | Curves | Heatmap | Maps | Scatter)]
        if _is_plots(found)
        else []
    )
    if not plots:
        raise UserError("This analysis yields no plots.", "Leave --figure out to print what it finds.")
    for index, plot in enumerate(plots):
        to = path if len(plots) == 1 else figure_name(path, f"-{index + 1}")
        for written in write_figure(plot, to, state=state):
            print(written)


def _is_plots(found: Any) -> bool:
    return isinstance(found, tuple)


def _plain(value: Any) -> Any:
    """A value as JSON has it; what is not finite is null."""
    if isinstance(value, Bars | Curves | Heatmap | Maps | Scatter):
        return plot_to_json(value)
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
