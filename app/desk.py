"""`Desk`: what every panel shares — the state, the engine, and the last answer with the state it belongs to."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from PySide6.QtCore import QSettings
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app.choices import Choices, Computing
from app.jobs import Jobs
from app.live import Live
from app.query import FollowedQuery
from app.stage import Stage
from app.store import Store
from app.widgets.closeup import WHOLE, Closeup
from app.widgets.dropped import Dropped
from app.widgets.hand import Hand
from core.analyses import Analysis, Refusal
from core.analyses.decision import Decision, Verdict
from core.beside import OnCompared
from core.cards import TIMM_DEPTH, card_n_blocks, card_n_prefix, read_card
from core.document import AssetKey, Document, View, with_learned
from core.errors import UserError
from core.locations import model_path
from core.questions import Answer, Failure, ModelInfo, Question
from core.stimuli.stimulus import Property

DECISIONS_SPARE = 32
"""How many decisions of states that no step of the history shows are kept, such as those on the way of a drag."""

KEPT_OF_A_KIND = 8
"""Of how many questions of one kind about the current state the answers are kept, such as the tokens looked from."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, eq=False)
class Found(Generic[Value]):
    """What an analysis found last: in which state, on which model, and whether that is what is asked for now.

    `value` is None where there is a `refusal`.
    """

    analysis: Analysis[Value]
    value: Value | None
    refusal: Refusal | None
    document: Document
    model: ModelInfo
    current: bool = False

    @property
    def fits(self) -> tuple[object, ...]:
        """The weights that it was found on, of two models those of both, and with which fits of what was learned."""
        there = (self.value.model.fit,) if isinstance(self.value, OnCompared) else ()
        return (self.model.fit, *there)


class Desk:
    """Asks the engine about the current state and remembers what it found, never as another state's.

    The window says what else its panels share: `wanted` is what those in sight want to know, `actions` are the commands
    by the panel whose buttons they are, `open` takes what was dropped, `import_model` what another program made,
    `redraw` draws the panels in sight, `open_document` a document file, `fit` goes to where subspaces are learned,
    `show` brings the panel of a title to the front, `add_figure_rows` gives a menu that a picture has of its own what
    all pictures have, and `install` puts in place what came with the document, None where nothing did.
    """

    def __init__(self, store: Store, live: Live, jobs: Jobs | None = None, settings: QSettings | None = None) -> None:
        self.store = store
        self.live = live
        self.jobs = jobs or Jobs()
        self.settings = settings
        self.choices = Choices(settings, live)
        self.wanted: Callable[[], tuple[Analysis[Any], ...]] = tuple
        self.actions: Mapping[str, Sequence[QAction]] = defaultdict(list)
        self.open: Callable[[Dropped], None] = lambda _: None
        self.import_model: Callable[[Path], None] = lambda _: None
        self.open_document: Callable[[Path], None] = lambda _: None
        self.redraw: Callable[[], None] = lambda: None
        self.fit: Callable[[], None] = lambda: None
        self.install: Callable[[], object] | None = None
        self.add_figure_rows: Callable[[QMenu, QWidget], None] = lambda *_: None
        self.show: Callable[[str], None] = lambda _: None
        self._tried: Document | None = None
        self.answer: Answer | None = None
        self.failure: Failure | None = None
        self.decisions: dict[Document, Verdict] = {}
        self.pad_shown: Property = "color"
        self.probe_shown = False
        self.closeup = WHOLE
        self.free = self.query_held = False
        self.hand = Hand()
        self._found: dict[object, dict[Analysis[Any], Found[Any]]] = {}
        self._made_by: dict[str, tuple[str, str]] = {}
        self._asked: Question | None = None
        self._query = FollowedQuery()
        self._gestures = itertools.count()
        self.stage = Stage(self)
        store.follow = self.view_after
        store.changed.connect(self._forget_trial)
        self.choices.changed.connect(self._follow_choice)

    @property
    def document(self) -> Document:
        """The current document."""
        return self.store.document

    @property
    def shown(self) -> Document:
        """What is asked about: the document, or what is tried out."""
        return self._tried or self.document

    def try_out(self, document: Document | None) -> None:
        """Ask about another document without a step of the history, until the next change; None ends it."""
        self._tried = None if document is None else with_learned(document, self.asset_hashes(document))
        self.ask()
        self.redraw()

    def _forget_trial(self) -> None:
        self._tried = None

    @property
    def view(self) -> View:
        """What is looked at."""
        return self.store.view

    @property
    def model(self) -> ModelInfo | None:
        """The model that answered last."""
        return None if self.answer is None else self.answer.model

    @property
    def n_prefix(self) -> int:
        """Tokens before the patches, of the model: as it answered, else by its card."""
        return self._shape_of(self.document)[0]

    @property
    def n_blocks(self) -> int:
        """Blocks of the model: as it answered, else by its card."""
        return self._shape_of(self.document)[1]

    def ask(self) -> None:
        """Ask what the visible panels want to know of the current state, unless that is the question asked last."""
        question = Question(self.shown, tuple(dict.fromkeys(self.wanted())))
        if question != self._asked:
            self._asked = question
            self.live.ask(question)

    def _follow_choice(self, group: object) -> None:
        """Numbers are written otherwise, or the engine was started again."""
        if isinstance(group, Computing):
            self.ask_again()
        self.redraw()

    def ask_again(self) -> None:
        """Ask even if it was asked before: the engine, or what was learned on the model, has changed."""
        self._asked = None
        self.ask()

    def take(self, answer: Answer) -> None:
        """Remember a part of an answer."""
        self.answer, self.failure = answer, None
        asked = answer.question.document
        document = self.shown if asked == self.shown else asked
        if Decision() in answer.found:
            self._remember(answer, document)
        for analysis, value in answer.found.items():
            refusal = value if isinstance(value, Refusal) else None
            found = Found(analysis, None if refusal else value, refusal, document, answer.model)
            of_kind = self._found.setdefault(analysis.kind, {})
            if not all(each.document == document and each.fits == found.fits for each in of_kind.values()):
                of_kind.clear()
            of_kind.pop(analysis, None)
            of_kind[analysis] = found
            while len(of_kind) > KEPT_OF_A_KIND:
                of_kind.pop(next(iter(of_kind)))

    def found(self, analysis: Analysis[Value]) -> Found[Value] | None:
        """What this analysis found, or else the one of its kind that is most like it, and whether it is of the
        current state."""
        of_kind = self._found.get(analysis.kind, {})
        if not of_kind:
            return None
        last = of_kind.get(analysis)
        last = last or max(reversed(of_kind.values()), key=lambda each: _likeness(each.analysis, analysis))
        current = last.analysis == analysis and last.document == self.shown and self.is_of_this_fit(last)
        if current != last.current:
            last = of_kind[last.analysis] = replace(last, current=current)
        return last

    def is_of_this_fit(self, found: Found[Any]) -> bool:
        """Whether something was found on the weights, and with what was learned on them, that answered last."""
        return self.answer is not None and found.model.fit == self.answer.model.fit

    def is_settled(self) -> bool:
        """Whether all that is wanted is known of the current state."""
        found = (self.found(analysis) for analysis in (Decision(), *self.wanted()))
        return all(each is not None and each.current for each in found)

    def made_by(self, model: str) -> tuple[str, str] | None:
        """The weights and the fit by which a model's verdicts were found last; None where it has not answered."""
        return self._made_by.get(model)

    def _remember(self, answer: Answer, document: Document) -> None:
        """Keep the verdicts of the states in the history; nothing that the model would not find now."""
        model, now = document.model, answer.model.fit
        before, self._made_by[model] = self._made_by.get(model, now), now
        if before != now:
            plain = before[0] == now[0]  # without edits, what was learned does not matter
            kept = (d for d in self.decisions if d.model != model or (plain and not d.interventions))
            self.decisions = {document: self.decisions[document] for document in kept}
        self.decisions[document] = answer.found[Decision()]
        if len(self.decisions) > len(self.store.cards()) + DECISIONS_SPARE:
            # By the store's own documents: those of answers are copies, each with its own photo.
            states = (card.moment.document for card in self.store.cards())
            self.decisions = {d: self.decisions[d] for d in states if d in self.decisions}

    def new_gesture(self) -> str:
        """A name for one gesture: its edits are one undo step."""
        return f"gesture {next(self._gestures)}"

    def edit(self, text: str, document: Document, gesture: str = "") -> None:
        """Propose the next document; new edits say which subspace or probe they are made with."""
        self.store.edit(text, with_learned(document, self.asset_hashes(document)), gesture)

    def asset_hashes(self, document: Document) -> Mapping[AssetKey, str]:
        """What is learned on a document's model; nothing where another model answered last."""
        known = self.answer is not None and self.answer.question.document.model == document.model
        return self.answer.model.asset_hashes if self.answer is not None and known else {}

    def take_up(self, **changes: object) -> None:
        """Take another tool into the hand over the canvas, or draw otherwise."""
        self.hand = replace(self.hand, **changes)  # type: ignore[arg-type]
        self.redraw()

    def look_closer(self, closeup: Closeup) -> None:
        """Look at a part of the picture, in every view of it."""
        self.closeup = closeup
        self.redraw()

    def look(self, **changes: object) -> None:
        """Look at something else; another item, or picture, ends the selection of several."""
        if changes.keys() & {"item", "side"}:
            changes = {"also": (), **changes}
        self.store.look(replace(self.view, **changes))  # type: ignore[arg-type]

    def look_from(self, token: int) -> None:
        """Look from a token, unless one is held."""
        if not self.query_held:
            self.look(token=token)

    def hold_query(self, token: int) -> None:
        """Look from a token until another one is chosen, or this one again."""
        self.query_held = not (self.query_held and token == self.view.token)
        self.look(token=token)
        self.redraw()

    def view_after(self, view: View, before: Document, after: Document) -> View:
        """How another document is looked at: the query stays on its item as the items move, also where an undo moves
        them back, and the markers stay within the blocks of its model.
        """
        if before.base is after.base and before.model == after.model:
            return view
        (n_before, _), (n_prefix, n_blocks) = self._shape_of(before), self._shape_of(after)
        view = replace(view, read=min(view.read, n_blocks - 1), write=min(view.write, n_blocks - 1))
        patch = view.token - n_before
        if patch < 0:
            return replace(view, token=max(0, min(view.token, n_prefix - 1)))
        return replace(view, token=n_prefix + self._query.patch(patch, before.base, after.base))

    def _shape_of(self, document: Document) -> tuple[int, int]:
        """Tokens before the patches, and blocks, of a document's model: as it answered, else by its card."""
        if self.answer is not None and self.answer.question.document.model == document.model:
            return self.answer.model.n_prefix, self.answer.model.n_blocks
        try:
            card = read_card(model_path(document.model))
            return card_n_prefix(card), card_n_blocks(card)
        except UserError:
            return 1, TIMM_DEPTH


def _likeness(one: Analysis[Any], other: Analysis[Any]) -> int:
    """In how many options two analyses of the same kind are the same."""
    pairs = [(getattr(one, o.name), getattr(other, o.name)) for o in fields(cast(Any, one))]
    return sum(_likeness(a, b) if isinstance(a, Analysis) else a == b for a, b in pairs)
