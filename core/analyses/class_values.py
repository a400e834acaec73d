"""How well the weights alone hold the classes: the memory of each sub-layer that is most like a class.

Source: Vilas et al. 2023, class-value agreement; docs/methods.md, "Memories".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from core.analyses import PlotAnalysis
from core.plots import Curves, Plot, Series

if TYPE_CHECKING:
    from core.state import State

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ClassValues(PlotAnalysis):
    """For each class the largest cosine with a value vector of a sub-layer, block by block: mean and quartiles.

    The control has as many random vectors. The picture plays no part.
    """

    title: ClassVar[str] = "Classes in the weights"

    def run(self, state: State) -> Iterator[tuple[Plot, ...]]:
        from core.readings.memories import SUBLAYERS, class_value_agreement, random_values, values_of
        from core.readings.relevance import class_head

        model = state.model
        head = state.remember((class_head,), lambda: class_head(model))
        best: dict[str, list[Floats]] = {
            name: [] for name in (*SUBLAYERS.values(), *map(control_of, SUBLAYERS.values()))
        }
        for block in range(model.n_blocks):
            values = state.remember((values_of, block), lambda block=block: values_of(model, block))  # type: ignore[misc]
            for part, name in SUBLAYERS.items():
                for of, v in ((name, values[part]), (control_of(name), random_values(values[part]))):
                    best[of].append(state.numpy(class_value_agreement(head.weight, v).amax(1)))
        yield (agreement_curves(best),)


def control_of(name: str) -> str:
    """What the control of a sub-layer is called."""
    return f"{name}, random vectors"


def agreement_curves(best: Mapping[str, Sequence[Floats]], published: Sequence[Series] = ()) -> Curves:
    """The largest cosine of each class [C] in each block, by sub-layer: mean over classes, between the quartiles."""
    series = []
    for index, (name, blocks) in enumerate(best.items()):
        mean, low, high = (
            tuple(float(of(block)) for block in blocks)
            for of in (np.mean, lambda x: np.quantile(x, 0.25), lambda x: np.quantile(x, 0.75))
        )
        is_control = name not in ("attention", "MLP")
        bounds = ((), ()) if is_control else (low, high)
        series.append(Series(name, mean, *bounds, role="control" if is_control else "measured", hue=index % 2))
    n_blocks = len(next(iter(best.values())))
    top = max(max(s.high or s.y) for s in series)
    return Curves(
        "Classes in the weights of each block",
        "block",
        "largest cosine of a class with a memory",
        tuple(map(float, range(n_blocks))),
        tuple(map(str, range(n_blocks))),
        (*series, *published),
        y_range=(0.0, max(0.5, 1.05 * top)),
    )
