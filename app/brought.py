"""Subspaces and probes that came with a document, for a model that has none: offered, and put where they are looked
for."""

from __future__ import annotations

from collections.abc import Callable

from app.desk import Desk
from app.outcomes import Outcomes
from core.documents.learned import asset_words, brought, install
from core.documents.work import RECORDED, Learned, Work
from core.errors import UserError
from core.library import name_of
from core.questions import Answer

NAMED = 3


class Brought:
    """Offers what `opened`, the file of the document, brings: once in words, and by a button where it is missing."""

    def __init__(self, desk: Desk, outcomes: Outcomes, opened: Callable[[], Work | None]) -> None:
        self._desk, self._outcomes, self._opened = desk, outcomes, opened
        self._told: Work | None = None

    def answered(self, answer: Answer) -> None:
        """What the model has is known now."""
        desk, assets = self._desk, self._missing(answer)
        desk.install = (lambda: self._outcomes.attempt(self.install, opening=True)) if assets else None
        if assets and self._told is not self._opened():
            self._told = self._opened()
            words = [asset_words(asset.asset) for asset in assets]
            more = f" and {len(words) - NAMED} more" if len(words) > NAMED else ""
            said = f"{name_of(desk.document.model)} lacks what this document brings: {', '.join(words[:NAMED])}{more}."
            hint = "Edits with them are off until File ▸ Install what came along."
            self._outcomes.say(UserError(said, hint), self.install)

    def install(self) -> None:
        """Put it where what is learned on the model is looked for.

        Raises UserError where nothing came along that the model lacks, or it is not what it should be.
        """
        answer, work = self._desk.answer, self._opened()
        assets = () if answer is None else self._missing(answer)
        if answer is None or work is None or not assets:
            raise UserError("Nothing came along that this model lacks.", "Fit subspaces or probes, if it needs some.")
        install(work, assets, answer.model.weights_hash)
        self._desk.install = None
        self._desk.ask_again()

    def _missing(self, answer: Answer) -> tuple[Learned, ...]:
        work, model = self._opened(), self._desk.document.model
        if work is None or answer.model.device == RECORDED or answer.question.document.model != model:
            return ()
        return brought(work, model, answer.model.asset_hashes)
