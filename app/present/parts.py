"""What the room sees: the panels of the window without what only the one who works with them needs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget

from app.desk import Desk
from app.panels.interventions import InterventionsPanel
from app.panels.stimulus import StimulusPanel


class ShownStimulus(StimulusPanel):
    """The picture alone, with items to be taken hold of."""

    title = "Stimulus of the audience"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        for part in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            part.hide()
        layout = self.layout()
        assert layout is not None
        layout.addWidget(self.canvas)  # out of the easel, which lays out the palette as well
        self.canvas.show()


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
        document = self._desk.document
        told = [edit.words(document.base, self._near) for edit in document.interventions if edit.enabled]
        self.done.setText(" · ".join(told) or "no edits: the model's own answer")
