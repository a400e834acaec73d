"""How numbers are written in the window: with a point or a comma, and with how many digits.

What leaves the window as numbers (tables, scripts, the command line) keeps the point.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from PySide6.QtCore import QLocale

MINUS = "\N{MINUS SIGN}"
POINT = re.compile(r"\.(?=\d)")


@dataclass(frozen=True, slots=True)
class Format:
    """A comma in the place of the point, and so many digits more than usual."""

    comma: bool = False
    more: int = 0

    @property
    def locale(self) -> QLocale:
        """For the fields into which numbers are typed."""
        locale = QLocale(QLocale.Language.German) if self.comma else QLocale.c()
        locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
        return locale


_chosen = [Format()]


def choose(form: Format) -> None:
    """Write numbers so from now on."""
    _chosen[:] = [form]


def current() -> Format:
    """How numbers are written now."""
    return _chosen[0]


def written(text: str) -> str:
    """A number that stands as a text, alone or before its unit, in the current form; its digits stay as they are."""
    text = f"{MINUS}{text[1:]}" if text.startswith("-") else text
    return POINT.sub(",", text) if current().comma else text


def tick(text: str) -> str:
    """The word of a tick in the current form, where it is nothing but a number."""
    return written(text) if re.fullmatch(rf"[+\-{MINUS}]?[0-9]*\.[0-9]+", text) else text


def fixed(value: float, digits: int) -> str:
    """So many digits after the point, with a real minus: `−2.40`; what is told in whole numbers stays so."""
    return written(f"{value:.{digits and digits + current().more}f}")


def general(value: float, digits: int = 3) -> str:
    """So many digits that count, with a real minus; a dash where there is no number."""
    return "–" if math.isnan(value) else written(f"{value:.{digits + current().more}g}")


def signed(value: float, digits: int = 1) -> str:
    """`value` with its sign and a real minus: `+3.1`, `−2.4`; zero has no sign."""
    text = fixed(abs(value), digits)
    if not text.strip("0.,"):
        return text
    return (MINUS if value < 0 else "+") + text


def share(value: float) -> str:
    """A share in 0–1 in three or four characters: `.08`, `.41`, `1.0`."""
    if math.isnan(value):
        return "–"
    text = f"{value:.2f}"
    return written(text[1:] if text.startswith("0.") else text[:3])


def percent(of_one: float, digits: int = 0) -> str:
    """A share in per cent: `43 %`."""
    return f"{fixed(100 * of_one, digits)} %"
