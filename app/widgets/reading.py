"""What meters show, as values: one decision, and all that a picture of it depends on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.widgets.painted import signed

WAITING = "waiting for the engine"
COMPUTING = "computing"


@dataclass(frozen=True)
class Reading:
    """One decision: the logit margin now and before the edits; positive means `high`.

    `control` names what the edits are a control of, "" where they are the effect.
    """

    margin: float
    baseline: float | None
    low: str = "DIFFERENT"
    high: str = "SAME"
    truth: str = ""
    mistake: bool = False
    control: str = ""

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
        if self.control:
            parts.append(f"control: {self.control}")
        if self.truth:
            parts.append(self.truth)
        if self.mistake:
            parts.append("mistake")
        return ", ".join(parts)


NO_READING = Reading(0.0, None)


@dataclass(frozen=True)
class Look:
    """What a picture of the meter depends on, beside its trail; `pulse` runs from 0 to 1."""

    reading: Reading | None
    stale: bool
    message: str
    reach: float
    pulse: float


def sign(value: float) -> int:
    """1, −1 or 0."""
    return (value > 0) - (value < 0)
