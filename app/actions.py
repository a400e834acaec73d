"""Every command as a row of data: menus, shortcuts, the command palette and the `?` sheet come from this table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from PySide6.QtCore import QPointF, QRectF

from app import edits, modes
from app.comparing import change_places, stop_comparing
from app.desk import Desk
from app.widgets.closeup import WHOLE
from core.analyses.item_shares import ItemShares
from core.cards import subspace_cards
from core.demo import best_block, demo_document, demo_view
from core.document import LENSES, Offer
from core.errors import UserError
from core.examples import example_names, example_path, example_words
from core.interventions import intervention_kinds
from core.interventions.novel import Method
from core.locations import bundled_models
from core.masses import KINDS
from core.options import option_name
from core.stimuli.datasets import Condition
from core.stimuli.render import shape_name
from core.stimuli.stimulus import COLOR_NAMES, N_COLORS, N_SHAPES, TASK_WORDS, Property

Do = Callable[[Desk], None]
WITHIN = " ▸ "
"""Between the names of a menu and of a menu within it."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: the menu it is in, its words, what it does, its shortcuts, and on which panel's buttons it is.

    `short` is what a button says; without it, the words of the menu. `tip` says in a sentence what it does, and `alias`
    is what else it is called where somebody types it.
    """

    menu: str
    text: str
    do: Do
    keys: tuple[str, ...] = ()
    panel: str = ""
    short: str = ""
    tip: str = ""
    alias: str = ""


def _step(marker: Literal["read", "write", "both"], by: int) -> Do:
    def do(desk: Desk) -> None:
        last = desk.answer.model.n_blocks - 1 if desk.answer else 0
        view = desk.view
        if marker in ("read", "both"):
            view = replace(view, read=min(max(view.read + by, -1), last))
        if marker in ("write", "both"):
            view = replace(view, write=min(max(view.write + by, -1), last))
        desk.store.look(view)

    return do


def _step_head(by: int) -> Do:
    def do(desk: Desk) -> None:
        heads = desk.answer.model.n_heads if desk.answer else 1
        desk.look(head=(desk.view.head + by) % heads)

    return do


def _look_at_cls(desk: Desk) -> None:
    if desk.answer is not None and "CLS" not in desk.answer.model.prefix_names:
        raise UserError(f"{desk.answer.model.name} has no CLS token.", "Point at a patch to see what it looks at.")
    desk.look(token=0)


def _best_layer(desk: Desk) -> None:
    cards = desk.answer.model.subspace_cards if desk.answer else subspace_cards(desk.document.model)
    block = _best_probe(desk) if desk.probe_shown else best_block(cards, desk.pad_shown)
    desk.look(read=block + 1, write=block)


def _best_probe(desk: Desk) -> int:
    """The block after which a probe's direction does most more than its control."""
    cards = {} if desk.answer is None else desk.answer.model.probe_cards
    if not cards:
        raise UserError("This model has no probes.", "Fit some: the Probe tab of the interventions has a button.")
    return max(cards, key=lambda block: edits.probe_gain(cards[block])[0])


def _leading_head(kind: str) -> Do:
    def do(desk: Desk) -> None:
        shares = desk.found(ItemShares())
        if shares is None or shares.value is None or kind not in shares.value:
            raise UserError(f"There is no attention {KINDS[kind]} here.", "Draw a pair, or two for match-to-sample.")
        masses = shares.value[kind]  # [L, H]
        block, head = divmod(int(masses.argmax()), masses.shape[1])
        desk.look(read=block, head=head)

    return do


def _demo(desk: Desk) -> None:
    document = demo_document()
    desk.store.edit("Open demo", document, view=demo_view(subspace_cards(document.model)))


def _zoom(factor: float) -> Do:
    middle, view = QPointF(0.5, 0.5), QRectF(0, 0, 1, 1)
    return lambda desk: desk.look_closer(desk.closeup.zoomed(factor, view, middle))


def _show_side(side: Literal["base", "source"]) -> Do:
    return lambda desk: desk.look(side=side, item=0)


ODD: tuple[tuple[Condition, str, tuple[str, ...]], ...] = (
    ("both", "shape and colour", ("Ctrl+Alt+O",)),
    ("shape", "shape", ()),
    ("color", "colour", ()),
)
_ODD_TIP = "Five to nine new items: all of one kind but one. It poses no task; see where attention goes."


def _odd(differs: Condition, words: str, keys: tuple[str, ...]) -> Command:
    draw = partial(edits.draw_odd_one_out, differs=differs)
    text = f"Odd one out by {words}"
    return Command("Stimulus", text, draw, keys, "family", f"Odd one out: {words}", tip=_ODD_TIP, alias="family")


LENS_TIPS = (
    "Of a network without classes: to which class mean of example stimuli its output is nearer.",
    "Of a network without classes: the cosine between the mean tokens of the two items after the last block.",
)


def _mode(short: str, text: str, do: Do, key: str, tip: str) -> Command:
    return Command("Intervene", text, do, (key,), "mode", short, tip)


def _novel(short: str, method: Method, key: str, tip: str) -> Command:
    return _mode(short, f"Novel vectors: {method}", lambda desk: modes.write_novel(desk, method), key, tip)


def _control(control: str, key: str, tip: str) -> Command:
    def do(desk: Desk) -> None:
        modes.choose_control(desk, control)

    return Command("Intervene", f"Control: {control}", do, (key,), "control", control.capitalize(), tip)


MODES: tuple[Command, ...] = (
    _mode(
        "Move",
        "Move by hand",
        modes.by_hand,
        "Ctrl+Alt+0",
        tip="The thumb decides: swaps and novel vectors of the selected item leave this pad.",
    ),
    _mode(
        "Swap",
        "Swap from source",
        lambda desk: edits.swap_in_source(desk, desk.pad_shown),
        "Ctrl+Alt+1",
        tip="Interchange: each token receives what its counterpart in the source's item has in this subspace.",
    ),
    _mode(
        "Swap all",
        "Swap everything from source",
        lambda desk: edits.swap_in_source(desk, "all"),
        "Ctrl+Alt+A",
        tip="Interchange: each token receives the whole stream of its counterpart in the source's item.",
    ),
    _novel("Add", "added", "Ctrl+Alt+2", "Both items of the pair get a sum of two seen vectors, e₁ + e₂."),
    _novel("Interpolate", "interpolated", "Ctrl+Alt+3", "Both items of the pair get a mean of two seen vectors."),
    _novel("Sampled", "sampled", "Ctrl+Alt+4", "Both items get vectors drawn from the normal of the seen ones."),
    _novel("Random", "random", "Ctrl+Alt+5", "Both items get vectors drawn from the normal of mean 0 and spread 1."),
    _mode(
        "↻",
        "Draw again",
        modes.draw_again,
        "Ctrl+Alt+R",
        tip="Another draw of the novel vectors, or of the random subspace.",
    ),
)
"""How a pad's values are decided, one chip each: a click puts that edit on top of the list."""

CONTROLS: tuple[Command, ...] = (
    _control(
        "wrong object",
        "Ctrl+Alt+W",
        tip="A swap takes from the source's other object, a move puts the partner there, and of novel vectors the "
        "partner gets the one that makes the other judgement.",
    ),
    _control(
        "random subspace",
        "Ctrl+Alt+B",
        tip="The same edit along as many random directions.",
    ),
)
"""The controls of the edit in force; chosen again, a control gives way to the effect."""


def _choose(kind: Property, value: int, name: str) -> Command:
    word = "Shape" if kind == "shape" else "Colour"
    tip = f"The selected items take this {word.lower()}."

    def do(desk: Desk) -> None:
        edits.set_property_of(desk, edits.selected_items(desk), kind, value)

    return Command(f"Stimulus{WITHIN}{word}", name, do, tip=tip)


KINDS_OF_ITEMS: tuple[Command, ...] = (
    *(_choose("shape", shape, shape_name(shape)) for shape in range(N_SHAPES)),
    *(_choose("color", color, COLOR_NAMES[color]) for color in range(N_COLORS)),
)
"""What the selected item can be, for the menus and for whoever types it."""


def _offered(offer: Offer) -> Do:
    return lambda desk: desk.edit(offer.words, offer.make(desk.document, desk.view))


INSIDE = f"Intervene{WITHIN}Inside a block"
OFFERED: tuple[Command, ...] = tuple(
    Command(INSIDE, offer.words, _offered(offer), offer.keys, tip=offer.tip, alias=option_name(kind).replace("-", " "))
    for kind in intervention_kinds()
    for offer in kind.offers()
)
"""What the kinds of intervention bring with them."""


def _open_bundled(name: str) -> Do:
    return lambda desk: edits.choose_model(desk, name)


def _open_example(name: str) -> Do:
    return lambda desk: edits.show_photo(desk, example_path(name))


EXAMPLES: tuple[Command, ...] = tuple(
    Command(
        f"Stimulus{WITHIN}Example pictures", example_words(name), _open_example(name), alias="example picture emoji"
    )
    for name in example_names()
)
"""The pictures that ship, with masks."""

TASK_TOLD = {
    TASK_WORDS["discrimination"]: "Discrimination: are two items the same, in shape and in colour?",
    TASK_WORDS["rmts"]: "Relational match-to-sample: are the relations of two pairs, each same or different, the same?",
}
"""What a model of a task judges, in a sentence."""

MODELS: tuple[Command, ...] = (
    *(
        Command(
            "Model",
            f"Bundled: {name}",
            _open_bundled(name),
            tip=TASK_TOLD.get(edits.task_words(name), ""),
            alias=edits.task_words(name),
        )
        for name in bundled_models()
    ),
    Command("Model", "Change places of the two models", change_places, tip="The compared model becomes the first one"),
    Command("Model", "Stop comparing", stop_comparing),
)
"""What stands among the other commands of models."""

COMMANDS: tuple[Command, ...] = (
    Command("File", "Open the demo", _demo, ("Ctrl+Shift+D",)),
    Command(
        "Stimulus",
        "Exchange places",
        edits.exchange,
        ("Ctrl+Shift+S",),
        "pair",
        "A ⇄ B",
        tip="The two items take each other's place in the picture.",
        alias="swap places",
    ),
    Command(
        "Stimulus",
        "Random pair",
        edits.draw_random_pair,
        ("Ctrl+R",),
        "family",
        tip="Two new items: are they the same? One case out of two is.",
        alias="discrimination family",
    ),
    Command(
        "Stimulus",
        "New match-to-sample",
        edits.draw_match_to_sample,
        ("Ctrl+Shift+M",),
        "family",
        "Match to sample",
        tip="A new display pair and sample pair: are they alike in being same or different?",
        alias="rmts relational family",
    ),
    *(_odd(*each) for each in ODD),
    Command(
        "Stimulus",
        "Empty canvas",
        edits.clear_canvas,
        ("Ctrl+Alt+E",),
        "family",
        tip="Nothing yet: drag shapes out of the palette. What is no pair, and not two, poses no task.",
        alias="free family new blank",
    ),
    Command("Stimulus", "Match shape", lambda d: edits.match(d, "shape"), ("Ctrl+Shift+1",), "pair"),
    Command("Stimulus", "Match colour", lambda d: edits.match(d, "color"), ("Ctrl+Shift+2",), "pair"),
    Command(
        "Stimulus", "Make counterfactual source", edits.counterfactual, ("Ctrl+Shift+F",), "pair", "Counterfactual"
    ),
    Command("Stimulus", "Re-roll noise", edits.reroll, ("Ctrl+Shift+R",), "pair"),
    *KINDS_OF_ITEMS,
    *EXAMPLES,
    Command("Stimulus", "Show base", _show_side("base"), ("Ctrl+B",)),
    Command("Stimulus", "Show source", _show_side("source"), ("Ctrl+Shift+B",)),
    *MODES,
    Command("Intervene", "Swap colour from source", lambda d: edits.swap_in_source(d, "color"), ("Ctrl+Alt+C",)),
    Command("Intervene", "Swap shape from source", lambda d: edits.swap_in_source(d, "shape"), ("Ctrl+Alt+P",)),
    *CONTROLS,
    Command("Intervene", "Back to the effect", lambda d: modes.choose_control(d, ""), ("Ctrl+Alt+X",)),
    Command(
        "Intervene",
        "Flip the selected pair along its probe",
        lambda d: edits.flip_pair(d, edits.pair_selected(d)),
        ("Ctrl+Alt+F",),
    ),
    Command(
        "Intervene",
        "Control: push the selected pair toward what it is",
        lambda d: edits.control_pair(d, edits.pair_selected(d)),
        ("Ctrl+Alt+Shift+F",),
    ),
    *OFFERED,
    Command(
        "Intervene",
        "Sweep over the layers",
        lambda desk: desk.show("Sweep"),
        ("Ctrl+Alt+Y",),
        tip="What the edits would do at every layer, beside their controls",
    ),
    Command(
        "Intervene",
        "Does it hold?",
        lambda desk: desk.show("Does it hold?"),
        ("Ctrl+Alt+J",),
        tip="The same edits on random other pairs of this kind, with an interval and controls",
    ),
    Command("Intervene", "Use what is learned now", edits.accept_learned),
    Command("Intervene", "Clear edits", edits.clear_edits, ("Ctrl+Shift+Backspace",)),
    *(
        Command("Model", f"Without classes: {lens}", partial(edits.read_by, lens=lens), tip=tip)
        for lens, tip in zip(LENSES, LENS_TIPS, strict=True)
    ),
    Command(
        "Model",
        "Fit subspaces…",
        lambda desk: desk.fit(),
        tip="Learn along which directions the model carries a property",
    ),
    Command("View", "Next layer", _step("both", 1), ("]",)),
    Command("View", "Previous layer", _step("both", -1), ("[",)),
    Command("View", "Next read layer", _step("read", 1), ("Shift+]", "}")),
    Command("View", "Previous read layer", _step("read", -1), ("Shift+[", "{")),
    Command("View", "Next head", _step_head(1), (";",)),
    Command("View", "Previous head", _step_head(-1), (",",)),
    Command("View", "Best layer for this property", _best_layer, ("Ctrl+L",)),
    Command(
        "View", "Zoom in", _zoom(1.5), ("Ctrl++", "Ctrl+="), tip="Stimulus and attention; so does Ctrl and the wheel"
    ),
    Command("View", "Zoom out", _zoom(1 / 1.5), ("Ctrl+-",)),
    Command("View", "Whole picture", lambda desk: desk.look_closer(WHOLE), ("Ctrl+9",)),
    Command("View", "Attention of CLS", _look_at_cls, ("Ctrl+0",)),
    Command("View", "Head that looks most within objects", _leading_head("WO"), ("Alt+1",)),
    Command("View", "Head that looks most within pairs", _leading_head("WP"), ("Alt+2",)),
    Command("View", "Head that looks most between pairs", _leading_head("BP"), ("Alt+3",)),
    Command("View", "Head that looks most at the background", _leading_head("BG"), ("Alt+4",)),
)
