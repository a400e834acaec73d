"""`Desk`: what every panel shares — the state, the engine, and the last answer with the state it belongs to."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from app.live import Live
from app.query import FollowedQuery
from app.store import Store
from core.cards import DEFAULT_DEPTH, card_n_blocks, card_n_prefix, model_path, read_card
from core.document import Document, View, find_move, set_point
from core.errors import UserError
from core.questions import MAP_SIZE, Answer, Decision, Failure, Question
from core.scene import Property

MAP_CELLS_AT_ONCE = 6
DECISIONS_KEPT = 1000

MapKey = tuple[Document, int, int]


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
        self._maps: dict[Property, tuple[MapKey, np.ndarray]] = {}
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
        else:
            property = answer.question.map_property
            key = _map_key(answer.question)
            grid = self._grid(property, key).copy()
            grid.flat[answer.map.first : answer.map.first + len(answer.map.values)] = answer.map.values
            self._maps[property] = (key, grid)

    def _remember(self, answer: Answer) -> None:
        """Keep the decisions of the latest states, for the history."""
        self.decisions[answer.question.document] = answer.decision
        while len(self.decisions) > DECISIONS_KEPT:
            del self.decisions[next(iter(self.decisions))]

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
            return 1, DEFAULT_DEPTH

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
        """The decision map [MAP_SIZE, MAP_SIZE] of the current state and selected item, nan where not known yet."""
        return self._grid(property, _map_key(replace(self.question(), map_property=property)))

    def _grid(self, property: Property, key: MapKey) -> np.ndarray:
        known, grid = self._maps.get(property, (None, None))
        if grid is None or known != key:
            return np.full((MAP_SIZE, MAP_SIZE), np.nan, np.float32)
        return grid

    def _asked_for(self, name: str, value: object) -> bool:
        return self.answer is not None and getattr(self.answer.question, name) == value

    def _more_of_map(self, _: Answer) -> Question | None:
        """While nothing else is asked, the next cells of the decision map behind the pad that is shown."""
        question = replace(self.question(), map_property=self.pad_shown)
        if (
            self.answer is None
            or self.pad_shown not in self.answer.pads
            or not self.pads_are_current()
            or not self.attention_is_current()
        ):
            return None
        missing = np.flatnonzero(np.isnan(self.map_of(self.pad_shown)))
        if not len(missing):
            return None
        first = int(missing[0])
        return replace(question, attention=False, map_cells=(first, first + MAP_CELLS_AT_ONCE))


def _map_key(question: Question) -> MapKey:
    """All that a decision map depends on: the state with the thumb that the map moves at one and the same place."""
    document, item, property = question.document, question.map_item, question.map_property
    mine = find_move(document, item, property, question.write)
    strength = 1.0 if mine is None else document.interventions[mine].strength
    return (set_point(document, item, property, question.write, (0.0, 0.0), strength), question.write, item)
