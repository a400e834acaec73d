"""A talk under way: its two windows, and the keys of remotes and keyboards in both of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent, QScreen
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QMainWindow, QWidget

from app.panels import Panel
from app.present.audience import Audience, on_thumb
from app.present.presenter import Presenter
from app.widgets.interaction import ENTERS, Holding

if TYPE_CHECKING:
    from app.desk import Desk

Key = Qt.Key
NEXT = (Key.Key_PageDown, Key.Key_Right, Key.Key_Down, Key.Key_Space)
BACK = (Key.Key_PageUp, Key.Key_Left, Key.Key_Up)
BLACK = (Key.Key_B, Key.Key_Period)
HOLD_S = 0.4
"""L held for longer is a laser for as long as it is held; pressed shorter, it stays on."""
WINDOW_SHARE = 0.8
"""Of its screen: how large the audience's window is where it does not fill it."""


class Presenting(QObject):
    """Starts and ends a talk, and takes its keys before anything in its windows does."""

    def __init__(self, window: QMainWindow, desk: Desk) -> None:
        super().__init__(window)
        self._window, self._desk = window, desk
        self.audience: Audience | None = None
        self.presenter: Presenter | None = None
        self._digits = ""
        self._laser_since_s = 0.0
        self._keys = self._table()
        self._standard = {
            QKeySequence.StandardKey.Undo: desk.stage.undo,
            QKeySequence.StandardKey.Redo: desk.store.undo.redo,
        }

    def _table(self) -> Mapping[int, Callable[[], object]]:
        stage = self._desk.stage
        return {
            **dict.fromkeys(NEXT, lambda: stage.go_on(1)),
            **dict.fromkeys(BACK, lambda: stage.go_on(-1)),
            Key.Key_Home: lambda: stage.go_to(0),
            Key.Key_End: lambda: stage.go_to(len(self._desk.store.scenes) - 1),
            Key.Key_R: stage.reset,
        }

    @property
    def running(self) -> bool:
        """Whether a talk is under way."""
        return self.audience is not None

    def start(self, *, from_first: bool = False) -> None:
        """Show the audience's window on the other screen, if there is one, and the presenter's on this one."""
        desk = self._desk
        if self.audience is not None:
            self.audience.activateWindow()
            return
        desk.stage.begin()
        self.audience, self.presenter = Audience(desk), Presenter(desk)
        for each in (self.audience, self.presenter):
            for widget in (each, *each.findChildren(QWidget)):
                widget.installEventFilter(self)
        self.presenter.gone_to.connect(lambda index: desk.stage.go_to(index))
        self.presenter.ended.connect(self.stop)
        here, there = self._window.screen(), other_screen(self._window)
        self.audience.setGeometry((there or here).geometry())
        self.audience.showFullScreen()
        self.presenter.resize(here.availableGeometry().size() * WINDOW_SHARE)
        self.presenter.move(here.availableGeometry().center() - self.presenter.rect().center())
        self.presenter.setVisible(there is not None)
        self.audience.activateWindow()
        if desk.store.scenes and (from_first or desk.stage.at is None):
            desk.stage.go_to(0)
        desk.redraw()
        desk.ask()

    def stop(self) -> None:
        """End the talk, if there is one; the window shows what was shown last."""
        if self.audience is None:
            self._desk.stage.halt()
            return
        self._desk.stage.arrive()
        windows, self.audience, self.presenter = (self.audience, self.presenter), None, None
        for each in windows:
            if each is not None:
                each.close()
                each.deleteLater()
        self._digits = ""
        self._desk.redraw()  # what the audience's window covered
        self._desk.ask()

    def with_audience(self, seen: Sequence[Panel]) -> list[Panel]:
        """The panels that can be seen: those of the window, unless the audience's covers it, and those of the room."""
        audience = self.audience
        if audience is None:
            return list(seen)
        covers = audience.isFullScreen() and audience.screen() is self._window.screen()
        return [*([] if covers else seen), *audience.parts]

    def refresh(self) -> None:
        """Draw what changed, beside the panels themselves."""
        if self.audience is not None and self.presenter is not None:
            self.audience.refresh()
            self.presenter.refresh()

    # Keys and mouse

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the talk go before those of what has the keyboard; the mouse only shows where the laser is."""
        kind, audience = event.type(), self.audience
        if audience is None or not isinstance(watched, QWidget):
            return False
        if isinstance(event, QKeyEvent):
            return self._key(watched, event)
        if watched.window() is not audience:
            return kind == QEvent.Type.Close and watched is self.presenter and self._put_away(event)
        if kind == QEvent.Type.Close and watched is audience:
            self.stop()
        elif kind == QEvent.Type.ToolTip:
            return True  # nothing comes up before the room by itself
        elif isinstance(event, QMouseEvent):
            place = QPointF(watched.mapTo(audience, event.position().toPoint()))
            audience.overlay.point(place)
            double = kind == QEvent.Type.MouseButtonDblClick
            return double and not on_thumb(watched, event.position()) and audience.zoom(place.toPoint())
        return False

    def _key(self, watched: QWidget, event: QKeyEvent) -> bool:
        """Whether a key was one of the talk. None is a shortcut of the window behind it."""
        if isinstance(watched, QLineEdit | QAbstractSpinBox):
            return False
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.key() == Key.Key_L and kind == QEvent.Type.KeyRelease and not event.isAutoRepeat():
            return self._release_laser()
        do = self._what(watched, event) if kind == QEvent.Type.KeyPress else None
        if do is None:
            return False
        if not event.isAutoRepeat():
            do()
        return True

    def _what(self, watched: QWidget, event: QKeyEvent) -> Callable[[], object] | None:
        """What a key does in a talk; while something is in the hand, such as words, it is for that."""
        if isinstance(watched, Holding) and watched.held is not None:
            return None
        for standard, do in self._standard.items():
            if event.matches(standard):
                return do
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return None
        key, text = event.key(), event.text()
        if key == Key.Key_Escape:
            return self._escape
        if text.isdecimal() and len(text) == 1:
            return lambda: self._type(text)
        if key in ENTERS:
            return self._jump if self._digits else None
        if key in BLACK:
            return self._toggle_black
        others = {Key.Key_L: self._press_laser, Key.Key_P: self._show_presenter, Key.Key_F11: self._toggle_full_screen}
        return others.get(Key(key)) or self._scene_key(key)

    def _scene_key(self, key: int) -> Callable[[], object] | None:
        if key not in self._keys or not self._desk.store.scenes:
            return None

        def go() -> None:
            self._set_black(False)
            self._type("", clear=True)
            self._keys[key]()

        return go

    def _type(self, digit: str, *, clear: bool = False) -> None:
        self._digits = "" if clear else f"{self._digits}{digit}"[-3:]
        if self.audience is not None:
            self.audience.overlay.say(self._digits)

    def _jump(self) -> None:
        number = int(self._digits)
        self._type("", clear=True)
        if 1 <= number <= len(self._desk.store.scenes):
            self._set_black(False)
            self._desk.stage.go_to(number - 1)

    def _escape(self) -> None:
        if self._digits:
            self._type("", clear=True)
        else:
            self.stop()

    def _toggle_black(self) -> None:
        if self.audience is not None:
            self._set_black(not self.audience.overlay.black)

    def _set_black(self, on: bool) -> None:
        if self.audience is not None:
            self.audience.overlay.set_black(on)

    def _press_laser(self) -> None:
        if self.audience is not None:
            self._laser_since_s = time.monotonic()
            self.audience.overlay.set_laser(not self.audience.overlay.laser)

    def _release_laser(self) -> bool:
        if self.audience is not None and time.monotonic() - self._laser_since_s > HOLD_S:
            self.audience.overlay.set_laser(False)
        return True

    def _show_presenter(self) -> None:
        presenter = self.presenter
        if presenter is None:
            return
        presenter.setVisible(not presenter.isVisible())
        if presenter.isVisible():
            presenter.raise_()
            presenter.activateWindow()
            presenter.refresh()

    def _put_away(self, event: QEvent) -> bool:
        """Closing the notes is no end of the talk."""
        event.ignore()
        if self.presenter is not None:
            self.presenter.hide()
        return True

    def _toggle_full_screen(self) -> None:
        audience = self.audience
        if audience is None:
            return
        if not audience.isFullScreen():
            audience.showFullScreen()
            return
        room = audience.screen().availableGeometry()
        audience.showNormal()
        audience.resize(room.size() * WINDOW_SHARE)
        audience.move(room.center() - audience.rect().center())
        audience.raise_()
        audience.activateWindow()


def other_screen(window: QWidget) -> QScreen | None:
    """A screen that the window is not on."""
    return next((screen for screen in QGuiApplication.screens() if screen is not window.screen()), None)
