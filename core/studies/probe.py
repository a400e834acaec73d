"""The study of linear probes.

Source: Lepori et al. 2024, linear probes and interventions; docs/methods.md, "Probes".
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from core.progress import Job
from core.studies.comparison import Table, by_block, of_another, over_blocks
from core.studies.published import PROBE
from core.studies.result import Row, StudyResult
from core.studies.study import Bench, Study, of_images

ALPHAS = (0.5, 1.0, 2.0, 20.0, 40.0)
"""The study's three strengths, and two more: a probe's row is added as it is, so that where the stream's norm is many
times its own, larger ones are needed."""


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    """How a probe is trained; the defaults are the study's."""

    n_images: int = 4000
    epochs: int = 10
    batch: int = 64
    lr: float = 1e-2


@dataclass(frozen=True, slots=True)
class Probes(Study):
    """Linear probes for the relation of a pair, and edits along them.

    `paper_convention` reads before a block and adds after it.
    """

    name: ClassVar[str] = "probe"
    label: ClassVar[str] = "Probes"
    title: ClassVar[str] = "Probes for the relation of a pair"
    order: ClassVar[int] = 40
    weight: ClassVar[int] = 25
    why_no_set: ClassVar[str] = "It trains probes on pictures of every relation, and tests them on others."

    n: int = 1000
    seed: int = 0
    paper_convention: bool = False
    probe: ProbeOptions = ProbeOptions()

    def settings(self, bench: Bench) -> dict[str, Any]:
        own = {"n": self.n, "seed": self.seed, "paper_convention": self.paper_convention}
        return {**of_images(bench), **own, "alphas": list(ALPHAS), "probe": asdict(self.probe)}

    def run(self, bench: Bench) -> Job[StudyResult]:
        """Probes at every site, trained on `probe.n_images` images and tested on `n` others, and edits along them."""
        from core.studies.measures.probe import measure_relation

        return self.result(bench, self.n, (yield from measure_relation(bench.model, self)))

    def published(self, result: StudyResult) -> dict[str, Table]:
        ours = [{**r, "measure": _measure(r)} for r in result.rows if r["pair"] == "mean"]
        names = {"probe": "probe", "intervention, α = 1": "intervention", "control, α = 1": "control"}
        known = {words: PROBE[name] for words, name in names.items()}
        other = "" if result.settings["task"] == "rmts" else "and on another task, match-to-sample"
        return {"probe": over_blocks(by_block(ours, "measure"), known, of_another(other))}


def _measure(row: Row) -> str:
    return str(row["measure"]) if row["alpha"] is None else f"{row['measure']}, α = {row['alpha']:g}"
