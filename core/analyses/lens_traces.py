"""Traces of the lens over depth: how a few classes fare in CLS and in the token that is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from core.analyses import PlotAnalysis, check_token, follow
from core.analyses.class_lens import PART_OPTION, readings
from core.cards import card_has_cls
from core.errors import UserError
from core.plots import AxesPlot, Curves, Reference, Series
from core.site import ProjectedPart

if TYPE_CHECKING:
    from core.state import State

EditsIn = Literal["edited", "baseline"]
EDITS_OPTION: dict[str, Any] = {"words": {"edited": "in force", "baseline": "left out"}}
"""How a form shows whether the edits are in force."""
MOST_CLASSES = 5


@dataclass(frozen=True, slots=True)
class LensTraces(PlotAnalysis):
    """Identifiability and logit of a few classes over depth, for the first token and the one that is looked at.

        r = 1 − k / C,   k the 0-based rank of the class among C, in what the read-out says of the token by itself

    Source: Vilas et al. 2023; docs/methods.md, "Class lens".
    """

    title: ClassVar[str] = "Class lens: traces of classes"

    token: int = follow("token")
    classes: str = field(default="", metadata={"tip": "names or numbers with commas between; empty for the likeliest"})
    n: int = field(default=3, metadata={"label": "How many", "least": 1, "most": MOST_CLASSES})
    part: ProjectedPart = field(default="resid_post", metadata=PART_OPTION)
    edits: EditsIn = field(default="edited", metadata=EDITS_OPTION)

    def run(self, state: State) -> Iterator[tuple[AxesPlot, ...]]:
        edits = state.edits if self.edits == "edited" else ()
        labels, n_classes = self._labels(state), len(state.labels)
        check_token(self.token, state.stream(-1, ()).shape[1])
        found = [readings(state, label, self.part, edits) for label in labels]
        tokens = tuple(dict.fromkeys((0, self.token))) if state.model.n_prefix else (self.token,)
        names = [state.labels[label] for label in labels]
        r = _curves(state, tokens, names, [each.identifiability(n_classes) for each in found])
        logits = _curves(state, tokens, names, [each.logits for each in found])
        values = np.concatenate([each.logits[:, list(tokens)] for each in found])
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        chance = Reference(0.5 + 0.5 / n_classes, "chance")
        yield (
            _plot(state, "Identifiability", "1 − rank / classes", r, (0.0, 1.02), (chance,)),
            _plot(state, "Logit", "logit", logits, (low - 0.05 * (high - low) - 0.1, high + 0.05 * (high - low) + 0.1)),
        )

    def _labels(self, state: State) -> list[int]:
        """The named classes, else the likeliest of the model's own answer, the likeliest first.

        Raises UserError where a name is not that of a class.
        """
        names = [name.strip() for name in self.classes.split(",") if name.strip()]
        if not names:
            return state.logits(()).topk(min(self.n, len(state.labels))).indices.tolist()
        return [_label(state, name) for name in names[:MOST_CLASSES]]


def _label(state: State, name: str) -> int:
    if name in state.labels:
        return state.labels.index(name)
    if name.isdecimal() and int(name) < len(state.labels):
        return int(name)
    raise UserError(f"{state.model.name} has no class “{name}”.", "Use a class's name, or its number from 0.")


def _curves(state: State, tokens: Sequence[int], names: Sequence[str], values: Sequence[np.ndarray]) -> list[Series]:
    """One series a class and token; the token that is looked at is drawn as the measured one, CLS beside it dotted."""
    found = []
    for hue, (name, of) in enumerate(zip(names, values, strict=True)):
        for token in tokens:
            aside = token != tokens[-1]
            y = tuple(of[:, token].tolist())
            found.append(Series(f"{name}, {_where(state, token)}", y, role="control" if aside else "measured", hue=hue))
    return found


def _where(state: State, token: int) -> str:
    patch = token - state.model.n_prefix
    if patch < 0:
        return "CLS" if token == 0 and card_has_cls(state.model.card) else f"token {token}"
    row, column = divmod(patch, state.model.geometry.grid)
    return f"patch ({column}, {row})"


def _plot(
    state: State,
    title: str,
    y_label: str,
    series: list[Series],
    y_range: tuple[float, float],
    references: tuple[Reference, ...] = (),
) -> Curves:
    return Curves(
        title=title,
        x_label="after block",
        y_label=y_label,
        x=tuple(float(block) for block in state.blocks),
        ticks=tuple("embed" if block < 0 else str(block) for block in state.blocks),
        series=tuple(series),
        references=references,
        y_range=y_range,
    )
