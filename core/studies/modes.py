"""The study of query-key modes.

Source: Pan et al. 2024; docs/methods.md, "Query-key modes".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from core.errors import UserError
from core.figures.looks import signed
from core.progress import Job
from core.readings.modes import Convention
from core.studies.comparison import Table
from core.studies.result import Row, StudyResult
from core.studies.study import Bench, Study, check_one_source, of_images

STATEMENTS = (
    ("the cosine is high in the first blocks and falls with depth", "most vision transformers"),
    ("it reaches about 0 in middle blocks", "some models"),
    ("it rises again at the end", "SimMIM pretrained, DINO, DeiT, ViT-huge"),
    ("minus how alike centre tokens are, it falls all the same", "relative curve"),
)
"""What Pan et al. 2024 say of their curves, in our words, and of what; they give no numbers."""
MOST_ROWS = 12


@dataclass(frozen=True, slots=True)
class QueryKeyModes(Study):
    """By which pairs of features heads attend, whether these are alike, and which pictures have most of each.

    The pictures are those of a set or of a `folder`, or without one test images of the model's task. The gallery is of
    the head `head` of `block`; at −1 of the head whose sides are most alike, and of the one whose are least.
    `paper_convention` looks at the raw stream and leaves norm and bias out.
    """

    name: ClassVar[str] = "modes"
    label: ClassVar[str] = "Query-key modes"
    title: ClassVar[str] = "Query-key modes"
    order: ClassVar[int] = 75
    weight: ClassVar[int] = 6
    in_all: ClassVar[bool] = False
    why_no_set: ClassVar[str] = ""
    of_own_pictures: ClassVar[tuple[str, ...]] = ("folder",)

    n: int = 200
    seed: int = 0
    paper_convention: bool = False
    block: int = field(default=-1, metadata={"label": "Gallery of block", "least": -1, "said": "most and least alike"})
    head: int = field(default=0, metadata={"label": "Gallery of head", "least": 0})
    n_modes: int = field(default=4, metadata={"label": "Modes in the gallery", "least": 1, "most": MOST_ROWS})
    folder: str = field(default="", metadata={"label": "Folder of pictures"})

    @property
    def convention(self) -> Convention:
        """Which modes."""
        return "paper" if self.paper_convention else "exact"

    def settings(self, bench: Bench) -> dict[str, Any]:
        return {**of_images(bench), **self.options()}

    def check(self) -> None:
        Study.check(self)
        if not 1 <= self.n_modes <= MOST_ROWS:
            raise UserError(f"A gallery has no {self.n_modes} modes.", f"Use from 1 to {MOST_ROWS}.")

    def check_given(self, bench: Bench) -> None:
        Study.check_given(self, bench)
        check_one_source(self.folder)

    def run(self, bench: Bench) -> Job[StudyResult]:
        """Weights of all heads, then one pass over the pictures."""
        from core.studies.measures.modes import measure_modes

        found, n = yield from measure_modes(bench, self)
        return self.result(bench, n, found)

    def published(self, result: StudyResult) -> dict[str, Table]:
        """What is said of other models beside our curve; no numbers were published."""
        curve = [row for row in result.rows if row["kind"] == "block"]
        values = [row["cosine"] for row in curve]
        relative = [row["relative"] for row in curve if row["relative"] is not None]
        low = min(range(len(values)), key=values.__getitem__)
        ours = (
            f"first {signed(values[0])}, last {signed(values[-1])}",
            f"lowest {signed(values[low])}, in block {low}",
            f"from the lowest to the last {signed(values[-1] - values[low])}",
            f"first {signed(relative[0])}, last {signed(relative[-1])}" if relative else "not known from one picture",
        )
        rows: list[Row] = [
            {"published †": words, "of": of, f"{result.model}, measured": value}
            for (words, of), value in zip(STATEMENTS, ours, strict=True)
        ]
        return {
            "modes-depth": Table(tuple(rows), "† Pan et al. 2024, of other models, in words: no numbers are given.")
        }
