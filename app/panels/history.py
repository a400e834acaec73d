"""The history strip, every state that was shown: a click goes back to one in a step of its own; the keys undo and
redo."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QInputDialog, QMenu, QMessageBox, QVBoxLayout, QWidget

from app.desk import Desk
from app.panels import Panel
from app.panels.history_comparison import Comparison, pads_of
from app.scenes import add_scene
from app.store import Card
from app.thumbnails import thumbnail
from app.widgets.history_strip import HistoryStrip, Step
from core.analyses import Analysis
from core.document import controls_in_force
from core.documents.work import Moment


class HistoryPanel(QWidget, Panel):
    """Every state that was shown, each with the margin that was measured for it; those that undo has left are faint."""

    title, place, order = "History", "bottom", 70
    bar = True

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._made: dict[int, tuple[Card, Step]] = {}
        self._decisions: object = None
        self.strip = HistoryStrip()
        self.naming: QInputDialog | None = None
        self.deleting: QMessageBox | None = None
        self.comparison: Comparison | None = None
        self.strip.chosen.connect(desk.store.go_to_card)
        self.strip.stepped.connect(self._step_to)
        self.strip.compared.connect(self.compare)
        self.strip.naming.connect(self.ask_name)
        self.strip.menu_wanted.connect(self._open_menu)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 2)
        layout.addWidget(self.strip)
        self.setFixedHeight(self.strip.sizeHint().height() + 16)

    def wanted(self) -> tuple[Analysis[Any], ...]:
        """The pads of two states while they are compared."""
        return () if self.comparison is None else (self.comparison.pads,)

    def refresh(self) -> None:
        """Show the cards; those that are as before are not drawn again."""
        if self.comparison is not None:
            self.comparison.show_pads(self._desk.found(self.comparison.pads))
        desk, cards = self._desk, self._desk.store.cards()
        forgotten = desk.decisions is not self._decisions
        current = desk.store.card_in_force
        if not self.has_news(cards, current, len(desk.decisions), desk.decisions.get(desk.document)) and not forgotten:
            return
        if forgotten:
            self._decisions, self._made = desk.decisions, {}
        self.strip.set_steps([self._kept(at, card, current=at == current) for at, card in enumerate(cards)], current)

    def _kept(self, at: int, card: Card, *, current: bool) -> Step:
        """A card as it was made last if it is the same and no answer can have come for it meanwhile."""
        before, step = self._made.get(at, (None, None))
        kept = step is not None and before is card and not current
        if step is None or not kept or (step.margin is None and card.moment.document in self._desk.decisions):
            step = self._step(card)
            self._made[at] = (card, step)
        return step

    def _step(self, card: Card) -> Step:
        moment = card.moment
        document = moment.document
        decision = self._desk.decisions.get(document)
        return Step(
            moment.text,
            f"b{document.interventions[-1].site.block}" if document.interventions else "",
            None if decision is None else decision.margin,
            decision is not None and decision.flipped,
            thumbnail(document.base),
            ", ".join(controls_in_force(document)),
            "" if decision is None else decision.answer,
            decision is None or len(decision.labels) == 2,
            moment.name,
            moment.starred,
            faint=card.at is None,
        )

    def _step_to(self, index: int) -> None:
        """Undo or redo as far as a card; to one that undo does not reach, a step of its own."""
        at = self._desk.store.cards()[index].at
        if at is None:
            self._desk.store.go_to_card(index)
        else:
            self._desk.store.undo.setIndex(at)

    def _open_menu(self, index: int, place: QPoint) -> None:
        menu = self.menu_of(index)
        menu.exec(place)
        menu.deleteLater()

    def menu_of(self, index: int) -> QMenu:
        """What can be done with a card."""
        store = self._desk.store
        starred, in_force = store.cards()[index].moment.starred, store.card_in_force
        menu = QMenu(self)
        menu.addAction("Name…", lambda: self.ask_name(index))
        menu.addAction("Take the star away" if starred else "Star", lambda: store.mark(index, starred=not starred))
        compare = menu.addAction("Compare with what is shown", lambda: self.compare(index, in_force))
        delete = menu.addAction("Delete", lambda: self.delete(index))
        menu.addAction("Make a scene of it", lambda: add_scene(self._desk, store.cards()[index].moment))
        for action in (compare, delete):
            action.setEnabled(index != in_force)
        self._desk.add_figure_rows(menu, self)
        return menu

    def delete(self, index: int) -> None:
        """Take a card away, once that is agreed to where it is to be asked."""
        store, moment = self._desk.store, self._desk.store.cards()[index].moment
        if not self._desk.choices.keeping.ask_delete_card:
            store.delete_card(index)
            return
        words = f"Delete “{moment.name or moment.text}” from the history? It does not come back."
        asking = self.deleting = QMessageBox(QMessageBox.Icon.Question, "Delete a state", words, parent=self)
        asking.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        asking.addButton("Delete", QMessageBox.ButtonRole.AcceptRole)
        asking.setDefaultButton(asking.addButton(QMessageBox.StandardButton.Cancel))
        asking.accepted.connect(lambda: self._delete(moment))
        asking.open()

    def _delete(self, moment: Moment) -> None:
        """Other cards may have come or gone while it was asked."""
        at = next((i for i, card in enumerate(self._desk.store.cards()) if card.moment is moment), None)
        if at is not None and at != self._desk.store.card_in_force:
            self._desk.store.delete_card(at)

    def ask_name(self, index: int) -> None:
        """Ask what a card is to be called."""
        asking = self.naming = QInputDialog(self)
        asking.setWindowTitle("Name this state")
        asking.setLabelText("It is called:")
        asking.setTextValue(self._desk.store.cards()[index].moment.name)
        asking.textValueSelected.connect(lambda name: self._desk.store.mark(index, name=name.strip()))
        asking.finished.connect(asking.deleteLater)
        asking.open()

    def compare(self, one: int, other: int) -> None:
        """Show in what two cards differ."""
        cards = self._desk.store.cards()
        moments = [cards[index].moment for index in sorted((one, other))]
        verdicts = [self._desk.decisions.get(moment.document) for moment in moments]
        if self.comparison is not None:
            self.comparison.close()
        pads = pads_of(moments, self._desk.pad_shown, self._desk.view.write)
        self.comparison = Comparison(moments, verdicts, pads, self)
        self.comparison.finished.connect(self._end_comparison)
        self.comparison.show()
        self._desk.ask()
        self.refresh()

    def _end_comparison(self) -> None:
        self.comparison = None
