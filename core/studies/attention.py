"""The study of attention patterns.

Source: Lepori et al. 2024, attention patterns; docs/methods.md, "Attention pattern".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from core.errors import UserError
from core.masses import KINDS
from core.progress import Job
from core.stimuli.tokens import patches_of_items
from core.studies.comparison import Table
from core.studies.published import ATTENTION
from core.studies.result import Row, StudyResult
from core.studies.study import Bench, Study, of_images

RULE = "largest mean share over heads and blocks, each head once; the most typical image"
"""How the heads and the image of the stages are picked."""


@dataclass(frozen=True, slots=True)
class Attention(Study):
    """Where the tokens of items look, head by head.

    `paper_convention` takes the larger of the two objects of a pair, and calls 1 − WP − BG, attention to CLS included,
    WO.
    """

    name: ClassVar[str] = "attention"
    label: ClassVar[str] = "Attention"
    title: ClassVar[str] = "Attention pattern"
    order: ClassVar[int] = 10
    weight: ClassVar[int] = 2
    ticked: ClassVar[bool] = True
    why_no_set: ClassVar[str] = ""

    n: int = 500
    seed: int = 0
    paper_convention: bool = False

    def settings(self, bench: Bench) -> dict[str, Any]:
        own = {} if bench.given else {"split": "test"}
        return {**own, **of_images(bench), **self.options(), "stage_heads": RULE}

    def check_given(self, bench: Bench) -> None:
        Study.check_given(self, bench)
        n_patches = {len(of) for e in bench.examples(self.n, self.seed) for of in patches_of_items(e.stimulus)}
        if len(n_patches) > 1:
            raise UserError(
                f"The items of these pictures cover from {min(n_patches)} to {max(n_patches)} patches each, and shares "
                "of attention are compared between items of one size.",
                "Use items of one size that all lie on the patch grid.",
            )

    def run(self, bench: Bench) -> Job[StudyResult]:
        """Masses per head on `n` test images, half of each label, or on the pictures that are given."""
        from core.studies.measures.attention import measure_attention

        return self.result(bench, self.n, (yield from measure_attention(bench, self)))

    def published(self, result: StudyResult) -> dict[str, Table]:
        """The blocks of our peaks, and what captions say of other models."""
        kinds = [kind for kind in KINDS if kind != "CLS" and kind in result.rows[0]]
        rows: list[Row] = [{"model": result.model, **peak_blocks(result.rows), "in words": "measured"}]
        for caption in ATTENTION:
            peaks = {kind: caption.peaks.get(kind) for kind in kinds}
            source = "published caption" if caption.source == "caption" else f"published caption, {caption.source}"
            rows.append({"model": f"{caption.model} †", **peaks, "in words": f"{caption.said} ({source})"})
        note = "Blocks in which the largest head peaks. † Another model; captions name the peaks of one model alone."
        return {"attention-curves": Table(tuple(rows), note)}


def peak_blocks(rows: Sequence[Row]) -> dict[str, int]:
    """The block of the head with the largest mean of each kind, CLS left out."""
    kinds = [name for name in KINDS if name != "CLS" and name in rows[0]]
    return {name: int(max(rows, key=lambda row: row[name])["block"]) for name in kinds}
