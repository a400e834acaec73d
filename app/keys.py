"""Which keys each command has: its own, or those that the user chose, which are remembered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, QSettings, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from app.dialogs.command_palette import WIDGET_KEYS, NamedAction
from app.widgets.scene_strip import SceneStrip
from core.texts import parse_json

PLACE = "keys"
ARROWS = ("Up", "Down", "Left", "Right")
NO_KEYS = ("wheel", "click", "Shift", "Ctrl")
"""What the sheet of keys tells of that is no key by itself."""
_PAGED = (QComboBox, QAbstractSpinBox, QAbstractSlider, QAbstractItemView, QLineEdit, QPlainTextEdit, QTextEdit)
_PAGES = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_PLAIN = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
Match = QKeySequence.SequenceMatch
Native = QKeySequence.SequenceFormat.NativeText
Portable = QKeySequence.SequenceFormat.PortableText


class Keys:
    """The commands of a window by name, “View ▸ Next layer”. What is chosen for one is taken from the others."""

    def __init__(self, actions: Sequence[NamedAction], settings: QSettings | None) -> None:
        self._settings = settings
        self._actions = {f"{menu} ▸ {action.text().strip()}": action for menu, action in actions}
        self._own = {name: list(filter(is_whole, action.shortcuts())) for name, action in self._actions.items()}
        self._chosen = dict(self._remembered())
        self._apply()

    @property
    def names(self) -> list[str]:
        """Every command that can have keys."""
        return list(self._actions)

    def of(self, name: str) -> list[QKeySequence]:
        """The keys that a command has now."""
        if name in self._chosen:
            return list(self._chosen[name])
        taken = [keys for chosen in self._chosen.values() for keys in chosen]
        return [keys for keys in self._own[name] if not _any_alike(keys, taken)]

    def is_own(self, name: str) -> bool:
        """Whether a command has the keys that it came with."""
        return self.of(name) == self._own[name]

    def holder(self, keys: QKeySequence, but: str = "") -> str:
        """Which other command has these keys, or keys that begin or go on like them; "" where none has."""
        return next((name for name in self._actions if name != but and _any_alike(keys, self.of(name))), "")

    def choose(self, name: str, keys: Sequence[QKeySequence]) -> None:
        """Give a command these keys and no others; a command that had them goes without."""
        for other, chosen in self._chosen.items():
            self._chosen[other] = [each for each in chosen if not _any_alike(each, keys)]
        self._chosen[name] = list(keys)
        self._remember()

    def reset(self, name: str = "") -> None:
        """Give one command the keys again that it came with, without a name all of them.

        They are taken from a command for which they were chosen meanwhile.
        """
        if not name:
            self._chosen = {}
        else:
            self.choose(name, self._own[name])
            del self._chosen[name]
        self._remember()

    def _remember(self) -> None:
        self._apply()
        if self._settings is not None:
            named = {name: [keys.toString(Portable) for keys in chosen] for name, chosen in self._chosen.items()}
            self._settings.setValue(PLACE, json.dumps(named))

    def _remembered(self) -> Iterator[tuple[str, list[QKeySequence]]]:
        """What was chosen; nothing where that is damaged, and no command that there is not any more."""
        raw = "" if self._settings is None else self._settings.value(PLACE, "")
        try:
            named = parse_json(raw) if isinstance(raw, str) and raw else {}
        except ValueError:
            return
        for name, chosen in named.items() if isinstance(named, Mapping) else ():
            if name in self._actions and isinstance(chosen, list) and all(isinstance(each, str) for each in chosen):
                yield name, [keys for keys in map(QKeySequence, chosen) if is_whole(keys)]

    def _apply(self) -> None:
        for name, action in self._actions.items():
            before, now = list(filter(is_whole, action.shortcuts())), self.of(name)
            if before != now:
                action.setShortcuts(now)
                action.setToolTip(_with_keys(action.toolTip(), before, now))


class OwnKeys(QObject):
    """What has the keyboard keeps keys that commands have too: a box with choices the letters by which it finds them,
    and whatever goes through its values, its lines or its words by pages those for that."""

    def __init__(self, window: QObject) -> None:
        super().__init__(window)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._follow)

    def _follow(self, _: QWidget | None, now: QWidget | None) -> None:
        # In the strip of scenes these keys go from scene to scene, as everywhere else.
        if isinstance(now, _PAGED) and not isinstance(now, SceneStrip):
            now.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        is_letter = isinstance(watched, QComboBox) and event.text().isalnum()
        kept = (is_letter or event.key() in _PAGES) and not event.modifiers() & ~_PLAIN
        if kept:
            event.accept()
        return kept


def is_whole(keys: QKeySequence) -> bool:
    """Whether a text stood for keys."""
    return bool(keys.toString(Portable))


def said(keys: Sequence[QKeySequence]) -> str:
    """Keys in the words of the platform."""
    return ", ".join(each.toString(Native) for each in keys)


def used_in_panels(keys: QKeySequence) -> str:
    """For what a panel that has the focus uses these keys; "" where none does."""
    for place, what, told in WIDGET_KEYS:
        if _any_alike(keys, _keys_in(told)):
            return f"{place}: {what}"
    return ""


def _keys_in(told: str) -> Iterator[QKeySequence]:
    """The keys that a line of the sheet of keys tells of."""
    for word in re.split(r", | and ", told.removeprefix("hold ")):
        head, _, last = word.rpartition("+")
        for key in ARROWS if last == "arrows" else () if last in NO_KEYS else (last,):
            yield QKeySequence(f"{head}+{key}" if head else key)


def _alike(one: QKeySequence, other: QKeySequence) -> bool:
    """Whether keys would be taken for others: the same, or the first of them."""
    return one.matches(other) != Match.NoMatch or other.matches(one) != Match.NoMatch


def _any_alike(one: QKeySequence, others: Iterable[QKeySequence]) -> bool:
    return any(_alike(one, other) for other in others)


def _with_keys(tip: str, before: Sequence[QKeySequence], now: Sequence[QKeySequence]) -> str:
    """A tool tip that ends with the first keys of its command, with others in their place."""
    ending = f" ({before[0].toString(Native)})" if before else ""
    return tip.removesuffix(ending) + (f" ({now[0].toString(Native)})" if now else "")
