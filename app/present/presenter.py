"""The speaker's window: the note, what comes next, the time, and every scene to be gone to."""

from __future__ import annotations

import time

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QIcon, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QWidget,
)

from app.desk import Desk
from app.numbers import signed
from app.thumbnails import thumbnail
from core.analyses.decision import Decision
from core.documents.work import Scene

NOTE_SHARE, SMALL_SHARE, TIMER_SHARE = 1 / 26, 1 / 36, 1 / 14
"""Of the window's height: the type of the note, of what stands beside it, and of the time."""
SMALLEST_TYPE_PX = 12
ICON = QSize(48, 48)
KEYS = (
    "→ PgDn Space next   ← PgUp back   number Enter goes there   R reset   L laser   B black   double click zooms   "
    "F11 full screen   P these notes   Esc ends"
)


class Presenter(QWidget):
    """What only the speaker sees. `gone_to` asks for a scene, `ended` for the end."""

    gone_to = Signal(int)
    ended = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._scenes: tuple[Scene, ...] | None = None
        self._began_s = time.monotonic()
        self.setWindowTitle("Presenter — Relata")
        self.name, self.note, self.next, self.said = QLabel(), QLabel(), QLabel(), QLabel()
        self.timer, self.again, self.end = QLabel(), QPushButton("Time from 0"), QPushButton("End")
        self.list = QListWidget()
        self.list.setIconSize(ICON)
        self.list.setAccessibleName("Scenes")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(lambda item: self.gone_to.emit(self.list.row(item)))
        self.again.clicked.connect(self._start)
        self.end.clicked.connect(self.ended)
        self._arrange()
        self._seconds = QTimer(self)
        self._seconds.setInterval(1000)
        self._seconds.timeout.connect(self._tell_time)
        self._start()
        self.resize(960, 600)

    def _arrange(self) -> None:
        for label in (self.name, self.note, self.next):
            label.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.note.setMargin(10)
        page, keys, foot = QScrollArea(), QLabel(KEYS), QHBoxLayout()
        page.setWidget(self.note)
        page.setWidgetResizable(True)
        page.setAccessibleName("Note")
        keys.setWordWrap(True)
        for button in (self.again, self.end):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Space is for the next scene
            foot.addWidget(button)
        grid = QGridLayout(self)
        grid.addWidget(self.name, 0, 0)
        grid.addWidget(self.timer, 0, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(page, 1, 0, 3, 1)
        grid.addWidget(self.said, 1, 1)
        grid.addWidget(self.next, 2, 1)
        grid.addWidget(self.list, 3, 1)
        grid.addWidget(keys, 4, 0)
        grid.addLayout(foot, 4, 1)
        grid.setRowStretch(3, 1)
        grid.setColumnStretch(0, 5)
        grid.setColumnStretch(1, 3)

    @property
    def elapsed_s(self) -> float:
        """How long the talk has been going on."""
        return time.monotonic() - self._began_s

    def refresh(self) -> None:
        """Say where we are."""
        desk, scenes, at = self._desk, self._desk.store.scenes, self._desk.stage.at
        if scenes != self._scenes:
            self._scenes = scenes
            self.list.clear()
            for index, scene in enumerate(scenes):
                picture = QPixmap.fromImage(thumbnail(scene.document.base))
                self.list.addItem(QListWidgetItem(QIcon(picture), f"{index + 1}  {scene.name}"))
        here = None if at is None else scenes[at]
        self.list.setCurrentRow(-1 if at is None else at)
        follows = 0 if at is None else at + 1
        self.name.setText("No scene: what is shown is shown live" if here is None else f"{follows}  {here.name}")
        self.note.setText("" if here is None else here.note)
        self.next.setText(f"Next: {scenes[follows].name}" if follows < len(scenes) else "This is the last scene.")
        self.said.setText(_verdict(desk))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        sizes: dict[QWidget, float] = {
            **dict.fromkeys((self.name, self.note), NOTE_SHARE),
            **dict.fromkeys((self.said, self.next, self.list), SMALL_SHARE),
            self.timer: TIMER_SHARE,
        }
        for widget, share in sizes.items():
            font = QFont(self.font())
            font.setPixelSize(max(SMALLEST_TYPE_PX, round(self.height() * share)))
            font.setBold(widget is self.name)
            widget.setFont(font)

    def _start(self) -> None:
        self._began_s = time.monotonic()
        self._seconds.start()
        self._tell_time()

    def _tell_time(self) -> None:
        minutes, seconds = divmod(int(self.elapsed_s), 60)
        self.timer.setText(f"{minutes}:{seconds:02d}")


def _verdict(desk: Desk) -> str:
    """What the model answers to what is shown, and whether that is of now."""
    found = desk.found(Decision())
    if found is None or found.value is None:
        return "no answer yet"
    if not found.current:
        return "computing"
    flip = " · FLIP" if found.value.flipped else ""
    return f"{found.value.answer.upper()} {signed(found.value.margin)}{flip}"
