"""The study of learned subspaces.

Source: Geiger et al. 2023; Lepori et al. 2024, distributed alignment search; docs/methods.md, "DAS".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from core.plots import Series
from core.progress import Job
from core.stimuli.stimulus import PROPERTIES, Property
from core.studies.comparison import Table, by_block, of_another, over_blocks
from core.studies.published import DAS, NEAREST, WRONG_OBJECT, das_curve
from core.studies.result import StudyResult
from core.studies.study import Bench, of_images
from core.studies.subspaces import StudyOfSubspaces


@dataclass(frozen=True, slots=True)
class Alignment(StudyOfSubspaces):
    """Distributed alignment search (DAS): interchange accuracy after every block; fast with shipped subspaces."""

    name: ClassVar[str] = "das"
    label: ClassVar[str] = "Subspaces"
    title: ClassVar[str] = "Distributed alignment search"
    order: ClassVar[int] = 20
    weight: ClassVar[int] = 40
    ticked: ClassVar[bool] = True

    def settings(self, bench: Bench) -> dict[str, Any]:
        return {**of_images(bench), "n": self.n, "seed": self.seed, **self.found_by(bench)}

    def run(self, bench: Bench) -> Job[StudyResult]:
        """Interchange accuracy on `n` unseen pairs, after the embeddings and every block."""
        from core.studies.measures.das import measure_das

        return self.result(bench, self.n, (yield from measure_das(bench.model, self.searched(bench), self)))

    def published(self, result: StudyResult) -> dict[str, Table]:
        task = result.settings["task"]
        found = {}
        for p in PROPERTIES:
            ours = by_block([r for r in result.rows if r["property"] == p], "condition")
            known = {
                "right object": DAS[NEAREST].get(task, {}).get(p, ()),
                "wrong object": WRONG_OBJECT.get(task, {}).get(p, ()),
            }
            found[f"das-{p}"] = over_blocks(ours, known, of_another("trained on all 256 combinations"))
        return found

    def published_series(self, name: str, settings: Mapping[str, Any], x: Sequence[float], model: str) -> list[Series]:
        property: Property = "shape" if name == "das-shape" else "color"
        return das_curve(settings["task"], property, [int(block) for block in x], model)
