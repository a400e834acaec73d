"""The study of the class lens.

Source: Vilas et al. 2023; docs/methods.md, "Many pictures".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Self

from core.errors import UserError
from core.progress import Job
from core.studies.comparison import Table
from core.studies.published_lens import NOTES, published
from core.studies.result import Row, StudyResult
from core.studies.study import Bench, Study, of_images

Direction = Literal["memories of the class", "classes of the memories"]


@dataclass(frozen=True, slots=True)
class Lens(Study):
    """What each token says of the right class, block by block, and what brings it there.

    `n_removed` pictures are in the test that removes tokens, `n_probed` in each half of that of linear probes,
    `n_random` in the control of random weights; 0 leaves it out. `paper_convention` compares the MLP with the input of
    the block, counts attention twice and the MLP never among what the answer of a block may be from, takes the softmax
    twice, counts CLS where attention is limited, and sums accuracies as the published code does.
    """

    name: ClassVar[str] = "lens"
    label: ClassVar[str] = "Class lens"
    title: ClassVar[str] = "Class lens"
    order: ClassVar[int] = 70
    weight: ClassVar[int] = 12
    in_all: ClassVar[bool] = False
    why_no_set: ClassVar[str] = ""
    of_own_pictures: ClassVar[tuple[str, ...]] = ("n_probed",)

    n: int = 200
    seed: int = 0
    paper_convention: bool = False
    direction: Direction = field(default="memories of the class", metadata={"label": "Memories agree by"})
    n_removed: int = field(default=40, metadata={"label": "Pictures with tokens removed"})
    n_probed: int = field(default=100, metadata={"label": "Pictures for linear probes"})
    n_random: int = field(default=40, metadata={"label": "Pictures for random weights"})

    def settings(self, bench: Bench) -> dict[str, Any]:
        return {**of_images(bench), **self.options()}

    def check(self) -> None:
        Study.check(self)
        for name in ("n_removed", "n_probed", "n_random"):
            if not 0 <= getattr(self, name) <= self.n or getattr(self, name) % 4:
                raise UserError(
                    f"{name} cannot be {getattr(self, name)}.", f"Use a multiple of 4 from 0 to n, {self.n}."
                )

    def of_given(self, n: int) -> Self:
        """Linear probes would need other pictures to learn from."""
        fewer = {name: min(getattr(self, name), n) for name in ("n_removed", "n_random")}
        return replace(self, n=n, n_probed=0, **fewer)

    def check_given(self, bench: Bench) -> None:
        Study.check_given(self, bench)
        bench.examples(self.n, self.seed)

    def run(self, bench: Bench) -> Job[StudyResult]:
        """Everything that the lens measures on `n` labelled pictures, or on those that are given."""
        from core.studies.measures.lens import measure_lens

        return self.result(bench, self.n, (yield from measure_lens(bench, self)))

    def published(self, result: StudyResult) -> dict[str, Table]:
        """Rate, coverage and accuracy beside every published model."""
        ours = {row["part"]: row["value"] for row in result.rows if row["measure"] == "rate"}
        rows: list[Row] = [{"model": result.model, **ours}]
        rows += [{"model": f"{model} †", **values} for model, values in published("rate").items()]
        return {"lens-rate": Table(tuple(rows), f"† Published: another model. {NOTES['rate']}")}
