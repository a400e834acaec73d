"""The strip of scenes: a click goes to one; they are named, ordered and taken away like everything else is edited."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QDockWidget, QFrame, QHBoxLayout, QLabel, QMenu, QScrollArea, QWidget

from app import scenes
from app.desk import Desk
from app.panels import Panel
from app.panels.scene_note import SceneNote
from app.thumbnails import thumbnail
from app.widgets.scene_strip import SceneCard, SceneStrip

ROOM_PX, LOW_ROOM_PX = 34, 16
"""How much higher than a card the strip is."""


class ScenesPanel(QWidget, Panel):
    """Every scene in order, the one that was gone to last marked, with its note; without any it takes no room."""

    title, place, order = "Scenes", "bottom", 80
    bar = True

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._empty = True
        self.strip = SceneStrip()
        self.note: SceneNote | None = None
        self.strip.chosen.connect(lambda index: desk.stage.go_to(index))
        self.strip.opened.connect(self.write)
        self.strip.removed.connect(lambda index: scenes.delete_scene(desk, index))
        self.strip.moved.connect(lambda start, end: scenes.move_scene(desk, start, end))
        self.strip.brought.connect(lambda card, at: scenes.add_scene(desk, desk.store.cards()[card].moment, at))
        self.strip.menu_wanted.connect(self._open_menu)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.said.setAccessibleName("Note of the scene")
        self.page = QScrollArea()
        self.page.setWidget(self.said)
        self.page.setWidgetResizable(True)
        self.page.setFrameShape(QFrame.Shape.NoFrame)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 2)
        layout.addWidget(self.strip, 1)
        layout.addWidget(self.page, 1)
        self.set_low(False)
        desk.store.changed.connect(self._appear)

    def is_empty(self) -> bool:
        return not self._desk.store.scenes

    def set_low(self, low: bool) -> None:
        """The note scrolls where it has no room."""
        self.setFixedHeight(self.strip.sizeHint().height() + (LOW_ROOM_PX if low else ROOM_PX))

    def refresh(self) -> None:
        """Show the scenes."""
        desk = self._desk
        known, at = desk.store.scenes, desk.stage.at
        changed = at is not None and not desk.stage.moving and known[at].document != desk.document
        if not self.has_news(known, at, changed):
            return
        cards = [
            SceneCard(scene.name, scene.note, thumbnail(scene.document.base), changed and index == at)
            for index, scene in enumerate(known)
        ]
        self.strip.set_cards(cards, at)
        note = "" if at is None else known[at].note
        self.said.setText("\n".join(filter(None, note.splitlines())))  # the room is for words
        self.page.setVisible(bool(note))

    def write(self, index: int) -> None:
        """Open the name and the note of a scene, to be written."""
        self.note = SceneNote(self._desk, index, self)
        self.note.open()

    def menu_of(self, index: int) -> QMenu:
        """What can be done with a scene."""
        desk, menu = self._desk, QMenu(self)
        last = len(desk.store.scenes) - 1
        menu.addAction("Go to it", lambda: desk.stage.go_to(index))
        menu.addAction("Name and note…", lambda: self.write(index))
        menu.addAction("Update from what is shown", lambda: scenes.update_scene(desk, index))
        earlier = menu.addAction("Move earlier", lambda: scenes.move_scene(desk, index, index - 1))
        later = menu.addAction("Move later", lambda: scenes.move_scene(desk, index, index + 1))
        menu.addAction("Delete", lambda: scenes.delete_scene(desk, index))
        earlier.setEnabled(index > 0)
        later.setEnabled(index < last)
        return menu

    def _open_menu(self, index: int, place: QPoint) -> None:
        menu = self.menu_of(index)
        menu.exec(place)
        menu.deleteLater()

    def _appear(self) -> None:
        """The strip comes with the first scene, and goes with the last one."""
        dock = self.parentWidget()
        if self.is_empty() != self._empty and isinstance(dock, QDockWidget):
            self._empty = self.is_empty()
            dock.setVisible(not self._empty)
