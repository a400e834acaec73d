"""What the room sees: the panels of the window without what only the one who works with them needs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget

from app.desk import Desk
from app.panels.interventions import InterventionsPanel
from app.panels.stimulus import StimulusPanel
from core.document import Intervention


class ShownStimulus(StimulusPanel):
    """The picture alone, with items to be taken hold of."""

    title = "Stimulus of the audience"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.easel.is_bare = True
        for part in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            part.setVisible(part is self.easel)


class ShownPads(InterventionsPanel):
    """The pad or the probe that is shown, and in words what is done; its modes and its list stay with the speaker."""

    title = "Pads of the audience"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.tabs.tabBar().hide()
        self.done = QLabel()
        self.done.setWordWrap(True)
        self.done.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for beneath in (*self._of_pads, self.edits):
            beneath.hide()
        for area in (self, *self.findChildren(QScrollArea)):
            for ground in (area.viewport(), *area.viewport().findChildren(QWidget)):
                ground.setAutoFillBackground(False)
        self._of_pads = ()
        self._body.put_beneath(self.done)

    @property
    def is_of_use(self) -> bool:
        """Whether the model that answered has something for pads or the probe to show of the picture."""
        model = self._desk.model
        learned = model is None or bool(model.subspace_cards or model.probe_cards)
        return learned and self._desk.document.base.photo is None

    def refresh(self) -> None:
        super().refresh()
        for offer in (self.offer, self.go):
            offer.hide()
        told = [self._told(edit) for edit in self._desk.document.interventions if edit.enabled]
        self.done.setText("\n".join(told) or "no edits: the model's own answer")

    def _told(self, edit: Intervention) -> str:
        """What an edit does and where, and what it is a control of: a room does not see the strip of layers."""
        base, site = self._desk.document.base, edit.site
        where = f"after {site.words()}" if site.part == "resid_post" else site.words()
        control = edit.control_in(base)
        return f"{f'control, {control}: ' if control else ''}{edit.words(base, self._near)}, {where}"
