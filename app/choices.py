"""What a user chooses once and for all: applied at once, and remembered from one start to the next where there are
settings to keep it in."""

from __future__ import annotations

import math
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, Literal, TypeVar, cast, get_args, get_origin

from PySide6.QtCore import QEvent, QLocale, QObject, QSettings, Signal
from PySide6.QtWidgets import QApplication, QCheckBox

from app import numbers, theme
from app.journal import WRITE_EVERY_MS
from app.live import Live
from core.cores import n_cores
from core.options import field_types

Group = TypeVar("Group")
ThemeName = Literal["", "light", "dark"]
Device = Literal["auto", "cpu", "cuda", "mps"]
THEMES: dict[str, theme.Theme] = {"light": theme.LIGHT, "dark": theme.DARK}
THEME_WORDS: dict[ThemeName, str] = {"": "follow the system", "light": "light", "dark": "dark"}
DEVICES: tuple[Device, ...] = get_args(Device)
DEVICE_WORDS = {"auto": "the fastest there is", "cpu": "CPU", "cuda": "CUDA", "mps": "MPS (Apple)"}


@dataclass(frozen=True, slots=True)
class Looks:
    """How the window looks, and how it writes numbers."""

    theme: ThemeName = field(default="", metadata={"label": "Theme", "words": THEME_WORDS})
    decimal: Literal["point", "comma"] = field(
        default="point",
        metadata={
            "label": "Decimal sign",
            "words": {"point": "point: 0.25", "comma": "comma: 0,25"},
            "tip": "In the window; tables, scripts and the command line keep the point",
        },
    )
    more_digits: Literal[0, 1, 2] = field(
        default=0,
        metadata={
            "label": "Digits",
            "words": {0: "as usual", 1: "one more", 2: "two more"},
            "tip": "Of margins, shares and other measured numbers",
        },
    )


@dataclass(frozen=True, slots=True)
class Computing:
    """On what the engine computes. The device is the engine's own: one that is not there is not remembered."""

    device: Device = field(
        default="auto",
        metadata={"label": "Device", "words": DEVICE_WORDS, "tip": "The engine is started again on it"},
    )
    threads: int = field(
        default=0,
        metadata={
            "label": "Threads of the engine",
            "most": n_cores(),
            "said": "all cores but one",
            "tip": "The engine is started again with so many; one core is best left to the window",
        },
    )


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept, where, and what is asked before something is lost.

    Whether changes are to be saved is always asked.
    """

    journal: bool = field(
        default=True,
        metadata={
            "label": "Write down what is not saved yet",
            "tip": "It is offered after a crash; without it, a crash loses what was not saved",
        },
    )
    journal_every_s: float = field(
        default=WRITE_EVERY_MS / 1000,
        metadata={"label": "… after at most, in seconds", "least": 0.1, "most": 60.0, "step": 0.1},
    )
    ask_remove_model: bool = field(default=True, metadata={"label": "Ask before a model is removed from the library"})
    ask_delete_card: bool = field(default=True, metadata={"label": "Ask before a state of the history is deleted"})
    study_folder: str = field(
        default="",
        metadata={
            "label": "Folder of studies",
            "folder": True,
            "empty": "Relata, in your documents",
            "tip": "Where the results of studies go unless another folder is named",
        },
    )


class Choices(QObject):
    """What is chosen now. `changed` carries the group that was."""

    changed = Signal(object)

    def __init__(self, settings: QSettings | None, live: Live) -> None:
        super().__init__()
        self._settings, self._live = settings, live
        self.looks, self.keeping = remembered(settings, Looks), remembered(settings, Keeping)
        if settings is None:
            return
        computing = remembered(settings, Computing)
        live.threads = computing.threads
        live.device = computing.device if settings.contains("device") else live.device
        self._wear()

    @property
    def computing(self) -> Computing:
        """On what the engine computes now."""
        return Computing(cast(Device, self._live.device), self._live.threads)

    def change(self, group: Looks | Computing | Keeping) -> None:
        """Choose something else: it holds from now on, and at the next start."""
        match group:
            case Looks():
                self.looks = group
                self._wear()
            case Computing():
                self._live.device, self._live.threads = group.device, group.threads
                if self._live.pid is not None:
                    self._live.restart()
            case Keeping():
                self.keeping = group
        _remember(self._settings, group)
        self.changed.emit(group)

    def remember_device(self) -> None:
        """Keep the device that has answered: one that is not there must not be in the way at the next start."""
        if self._settings is not None and self._settings.value("device", "auto") != self._live.device:
            self._settings.setValue("device", self._live.device)

    def _wear(self) -> None:
        form = numbers.Format(self.looks.decimal == "comma", self.looks.more_digits)
        app = cast(QApplication, QApplication.instance())
        theme.choose(THEMES.get(self.looks.theme))
        theme.apply(app)
        QLocale.setDefault(form.locale)
        if form != numbers.current():
            write_numbers(app, form)


def write_numbers(app: QApplication, form: numbers.Format) -> None:
    """Write numbers in another form, also where some are written already."""
    numbers.choose(form)
    for window in app.topLevelWidgets():
        window.setLocale(form.locale)
    for widget in app.allWidgets():  # those whose locale is the same may write other digits
        app.sendEvent(widget, QEvent(QEvent.Type.LocaleChange))


def keep_checked(settings: QSettings | None, name: str, box: QCheckBox) -> None:
    """Let a box be checked or not as it was left, and remember how it is left now."""
    if settings is not None:
        box.setChecked(bool(settings.value(name, box.isChecked(), type=bool)))
        box.toggled.connect(lambda on: settings.setValue(name, on))


def remembered(settings: QSettings | None, kind: type[Group]) -> Group:
    """A group as it was left; what is damaged, or of another version, is as at first."""
    value, hints = kind(), field_types(kind)
    for option in fields(cast(Any, kind)) if settings is not None else ():
        known = _taken(cast(QSettings, settings).value(option.name), hints[option.name], option)
        if known is not None:
            value = replace(cast(Any, value), **{option.name: known})
    return value


def _remember(settings: QSettings | None, group: object) -> None:
    """Write a group down, but for the device, which has to answer first."""
    for option in fields(cast(Any, group)) if settings is not None else ():
        if option.name != "device":
            cast(QSettings, settings).setValue(option.name, getattr(group, option.name))


def _taken(raw: object, hint: Any, option: Field[Any]) -> object | None:
    """What was read as a value of a type, for a file holds texts; None where it is none."""
    if get_origin(hint) is Literal:
        return next((each for each in get_args(hint) if isinstance(raw, str | int) and str(each) == str(raw)), None)
    if hint is bool:
        return {"true": True, "false": False}.get(str(raw).lower())
    if hint is str:
        return raw if isinstance(raw, str) else None
    try:
        number = hint(raw) if isinstance(raw, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    least, most = option.metadata.get("least", 0), option.metadata["most"]
    return cast(object, number) if least <= number <= most else None
