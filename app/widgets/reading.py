"""What meters show, as values: one decision, and all that a picture of it depends on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app import numbers
from app.numbers import written
from app.widgets.painted import signed

WAITING = "waiting for the engine"
COMPUTING = "computing"
TOLD_RECORDED = "recorded, not computed now"


@dataclass(frozen=True)
class Reading:
    """One decision: the logit margin now and before the edits; positive means `high`.

    `control` names what the edits are a control of, "" where they are the effect. `unit` is what a margin is measured
    in, and `note` what else must be known of it. `recorded`: it stands in a file, and no model has answered now.
    """

    margin: float
    baseline: float | None
    low: str = "DIFFERENT"
    high: str = "SAME"
    truth: str = ""
    mistake: bool = False
    control: str = ""
    unit: str = "logit margin"
    note: str = ""
    recorded: bool = False

    @property
    def noted(self) -> str:
        """What stands out before all that is true of it."""
        return noted(self.control, recorded=self.recorded)

    @property
    def word(self) -> str:
        """The answer in a word."""
        if self.margin == 0:
            return "UNDECIDED"
        return self.high if self.margin > 0 else self.low

    @property
    def flipped(self) -> bool:
        """Whether the edits changed the answer."""
        return self.baseline is not None and sign(self.margin) != sign(self.baseline)

    @property
    def setting(self) -> Reading:
        """What of it stays as it is while the margin moves on one side of zero."""
        return replace(self, margin=float(sign(self.margin)), baseline=None)

    def told(self) -> str:
        """The reading as a sentence."""
        parts = [f"{self.word}, margin {signed(self.margin)}"]
        if self.baseline is not None:
            parts.append(f"was {signed(self.baseline)}")
        if self.flipped:
            parts.append("flip")
        if self.recorded:
            parts.append(TOLD_RECORDED)
        if self.control:
            parts.append(f"control: {self.control}")
        if self.truth:
            parts.append(self.truth)
        if self.mistake:
            parts.append("mistake")
        return ", ".join(parts)


NO_READING = Reading(0.0, None)


@dataclass(frozen=True)
class Bar:
    """One class: its probability now, and as the ghost without edits, None where there are none."""

    label: str
    share: float
    ghost: float | None = None


@dataclass(frozen=True)
class ClassReading:
    """The likeliest classes, the largest first, and what was answered without edits, "" where there are none."""

    bars: tuple[Bar, ...]
    was: Bar | None = None
    truth: str = ""
    mistake: bool = False
    control: str = ""
    recorded: bool = False

    @property
    def noted(self) -> str:
        """What stands out before all that is true of it."""
        return noted(self.control, recorded=self.recorded)

    @property
    def word(self) -> str:
        """The answer."""
        return self.bars[0].label

    @property
    def flipped(self) -> bool:
        """Whether the edits changed the answer."""
        return self.was is not None and self.was.label != self.word

    def told(self) -> str:
        """The reading as a sentence."""
        first, *others = self.bars
        parts = [f"{first.label} {percent(first.share)}"]
        if self.was is not None:
            before = f"{self.was.label} " if self.flipped else ""
            parts.append(f"was {before}{percent(self.was.ghost or 0.0)}")
        parts += ["flip"] if self.flipped else []
        parts += [TOLD_RECORDED] if self.recorded else []
        parts += [f"control: {self.control}"] if self.control else []
        parts += [self.truth] if self.truth else []
        parts += ["mistake"] if self.mistake else []
        told = ", ".join(parts)
        rest = ", ".join(f"{bar.label} {percent(bar.share)}" for bar in others)
        return f"{told}; then {rest}" if rest else told


@dataclass(frozen=True)
class Look:
    """What a picture of the meter depends on, beside its trail; `pulse` runs from 0 to 1."""

    reading: Reading | None
    stale: bool
    message: str
    reach: float
    pulse: float


def noted(control: str, *, recorded: bool) -> str:
    """That an answer was recorded, and what its edits are a control of; "" where neither is so."""
    return " · ".join(filter(None, ("RECORDED" if recorded else "", f"CONTROL: {control}" if control else "")))


def sign(value: float) -> int:
    """1, −1 or 0."""
    return (value > 0) - (value < 0)


def percent(share: float) -> str:
    """A probability in words: `43 %`, `4.2 %`, `<0.1 %`."""
    if 0 < share < 0.001:
        return written("<0.1 %")
    return numbers.percent(share, 1 if share < 0.0995 else 0)
