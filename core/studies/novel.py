"""The study of novel representations.

Source: Lepori et al. 2024, novel representations; docs/methods.md, "Novel representations".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from core.interventions.novel import METHODS
from core.progress import Job
from core.stimuli.stimulus import PROPERTIES
from core.studies.comparison import Table, by_block, of_another, over_blocks
from core.studies.published import NOVEL
from core.studies.result import StudyResult
from core.studies.study import Bench, of_images
from core.studies.subspaces import StudyOfSubspaces


@dataclass(frozen=True, slots=True)
class NovelVectors(StudyOfSubspaces):
    """Vectors that no image made, written into the subspaces.

    `paper_convention` draws them once for 64 images, so that an accuracy on 2,000 images rests on 32 draws.
    """

    name: ClassVar[str] = "novel"
    label: ClassVar[str] = "Novel vectors"
    title: ClassVar[str] = "Novel representations"
    order: ClassVar[int] = 30
    weight: ClassVar[int] = 20

    paper_convention: bool = False

    def settings(self, bench: Bench) -> dict[str, Any]:
        own = {"n": self.n, "seed": self.seed, "n_pool": self.n, "paper_convention": self.paper_convention}
        return {**of_images(bench), **own, **self.found_by(bench)}

    def run(self, bench: Bench) -> Job[StudyResult]:
        """Counterfactual answers by four kinds of vectors on `n` pairs, after every block but a blind last."""
        from core.studies.measures.novel import measure_methods

        return self.result(bench, self.n, (yield from measure_methods(bench.model, self.searched(bench), self)))

    def published(self, result: StudyResult) -> dict[str, Table]:
        known = NOVEL.get(result.settings["task"], {})
        drawn = of_another("whose vectors were drawn once for 64 images")
        found = {}
        for p in PROPERTIES:
            ours = by_block([r for r in result.rows if r["property"] == p], "method")
            found[f"novel-{p}"] = over_blocks({m: ours[m] for m in METHODS if m in ours}, known.get(p, {}), drawn)
        return found
