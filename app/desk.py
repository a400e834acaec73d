"""`Desk`: what every panel shares — the state, the engine, and the last answer with the state it belongs to."""

from __future__ import annotations

import itertools
from collections.abc import Hashable
from dataclasses import replace

import numpy as np

from app.live import Live
from app.query import FollowedQuery
from app.store import Store
from core.cards import TIMM_DEPTH, card_n_blocks, card_n_prefix, model_path, read_card
from core.document import Document, View, find_move, set_point
from core.errors import UserError
from core.questions import MAP_SIZE, Answer, Decision, Failure, Question
from core.scene import Property

MAP_CELLS_AT_ONCE = 6
DECISIONS_SPARE = 32
"""How many decisions of states that no step of the history shows are kept, such as those on the way of a drag."""


class Desk:
    """Asks the engine about the current state and remembers its last answer, never as another state's."""

    def __init__(self, store: Store, live: Live) -> None:
        self.store = store
        self.live = live
        self.answer: Answer | None = None
        self.failure: Failure | None = None
        self.decisions: dict[Document, Decision] = {}
        self.pad_shown: Property = "color"
        self.probe_shown = False
        self._maps: dict[Property, tuple[Hashable, np.ndarray]] = {}
        self._made_by: dict[str, tuple[str, str]] = {}
        self._asked: Question | None = None
        self._query = FollowedQuery()
        self._gestures = itertools.count()
        live.follow_up = self._more_of_map
        store.follow = self.view_after

    @property
    def document(self) -> Document:
        """The current document."""
        return self.store.document

    @property
    def view(self) -> View:
        """What is looked at."""
        return self.store.view

    def question(self) -> Question:
        """What there is to know of the current state."""
        return Question(self.document, self.view.write, self.view.token, map_item=max(0, self.view.item))

    def ask(self) -> None:
        """Ask about the current state, unless that is the question asked last."""
        question = self.question()
        if question != self._asked:
            self._asked = question
            self.live.ask(question)

    def ask_again(self) -> None:
        """Ask about the current state even if it was asked before: the engine has changed."""
        self._asked = None
        self.ask()

    def take(self, answer: Answer) -> None:
        """Remember an answer; cells of a decision map join those of the same map."""
        if answer.map is None:
            self.answer, self.failure = answer, None
            self._remember(answer)
        elif self.answer is None or _made_by(answer) != _made_by(self.answer):
            # What was learned on the model has changed since the answer that is shown.
            self.ask_again()
        else:
            property = answer.question.map_property
            key = _map_key(answer, property)
            grid = self._grid(property, key).copy()
            grid.flat[answer.map.first : answer.map.first + len(answer.map.values)] = answer.map.values
            self._maps[property] = (key, grid)

    def _remember(self, answer: Answer) -> None:
        """Keep the decisions of the states in the history; none that the model would not make now."""
        model, now = answer.question.document.model, _made_by(answer)
        before, self._made_by[model] = self._made_by.get(model, now), now
        if before != now:
            plain = before[0] == now[0]  # without edits, what was learned does not matter
            kept = (d for d in self.decisions if d.model != model or (plain and not d.interventions))
            self.decisions = {document: self.decisions[document] for document in kept}
        self.decisions[answer.question.document] = answer.decision
        if len(self.decisions) > self.store.undo.count() + DECISIONS_SPARE:
            # By the store's own documents: those of answers are copies, each with its own photo.
            states = (document for _, document in self.store.steps())
            self.decisions = {d: self.decisions[d] for d in states if d in self.decisions}

    def new_gesture(self) -> str:
        """A name for one gesture: its edits are one undo step."""
        return f"gesture {next(self._gestures)}"

    def edit(self, text: str, document: Document, gesture: str = "") -> None:
        """Propose the next document."""
        self.store.edit(text, document, gesture)

    def look(self, **changes: object) -> None:
        """Look at something else."""
        self.store.look(replace(self.view, **changes))  # type: ignore[arg-type]

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

    def decision_is_current(self) -> bool:
        """Whether the last answer's decision belongs to the current document."""
        return self.answer is not None and self.answer.question.document == self.document

    def pads_are_current(self) -> bool:
        """Whether the last answer's pads belong to the current document and write layer."""
        return self.decision_is_current() and self._asked_for("write", self.view.write)

    def attention_is_current(self) -> bool:
        """Whether the last answer's attention belongs to the current document and query token."""
        return self.decision_is_current() and self._asked_for("token", self.view.token)

    def map_of(self, property: Property) -> np.ndarray:
        """The decision map [MAP_SIZE, MAP_SIZE] of the last answer, on its pad; nan where not known yet."""
        return self._grid(property, None if self.answer is None else _map_key(self.answer, property))

    def _grid(self, property: Property, key: Hashable) -> np.ndarray:
        known, grid = self._maps.get(property, (None, None))
        if grid is None or known != key:
            return np.full((MAP_SIZE, MAP_SIZE), np.nan, np.float32)
        return grid

    def _asked_for(self, name: str, value: object) -> bool:
        return self.answer is not None and getattr(self.answer.question, name) == value

    def _more_of_map(self, _: Answer) -> Question | None:
        """While nothing else is asked, the next cells of the decision map behind the pad that is shown."""
        question = self.question()
        if self.answer is None or self.answer.question != question or self.pad_shown not in self.answer.pads:
            return None
        missing = np.flatnonzero(np.isnan(self.map_of(self.pad_shown)))
        if not len(missing):
            return None
        first = int(missing[0])
        cells = (first, first + MAP_CELLS_AT_ONCE)
        return replace(question, attention=False, map_property=self.pad_shown, map_cells=cells)


def _made_by(answer: Answer) -> tuple[str, str]:
    """Which weights, and which fit of all that was learned on them, made an answer."""
    return (answer.model.weights_hash, answer.model.learned_hash)


def _map_key(answer: Answer, property: Property) -> Hashable:
    """All that a decision map depends on: weights, fit, the pad that it lies under, and the state.

    Of the state the thumb that the map moves is left out: it is put at one and the same place.
    """
    question, pad = answer.question, answer.pads.get(property)
    document, item, write = question.document, question.map_item, question.write
    mine = find_move(document, item, property, write)
    strength = 1.0 if mine is None else document.interventions[mine].strength
    state = set_point(document, item, property, write, (0.0, 0.0), strength)
    return (_made_by(answer), None if pad is None else pad.landmarks.tobytes(), state, write, item)
