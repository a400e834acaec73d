"""The study of attention preference on odd-one-out pictures.

Source: Pan et al. 2024, the odd-one-out experiment; docs/methods.md, "Attention preference".
What we changed: beside natural pictures with masks there are drawn ones, of which the masks are known exactly, and
beside the masses those over area and those without the query's own key.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from core.errors import UserError
from core.locations import resource_folder
from core.progress import Job
from core.stimuli.masked_folder import masked_pictures
from core.stimuli.stimulus import odd_one
from core.studies.comparison import Table
from core.studies.result import Row, StudyResult
from core.studies.study import Bench, Study, check_one_source, of_images
from core.texts import read_text


@dataclass(frozen=True, slots=True)
class Preference(Study):
    """Does attention go to the same, the different or the background, block by block, on odd-one-out pictures?

    `differs` is in what the odd one differs, "all" a third of each. With a `folder` of pictures and masks those are
    taken instead, `n` of them in an order drawn from the seed, or the odd ones out of a set that is given.
    """

    name: ClassVar[str] = "preference"
    label: ClassVar[str] = "Attention preference"
    title: ClassVar[str] = "Attention to the same, the different and the background"
    order: ClassVar[int] = 80
    weight: ClassVar[int] = 4
    in_all: ClassVar[bool] = False
    why_no_set: ClassVar[str] = ""
    of_own_pictures: ClassVar[tuple[str, ...]] = ("differs", "folder")

    n: int = 300
    seed: int = 0
    differs: Literal["all", "both", "shape", "color"] = "all"
    folder: str = ""

    def settings(self, bench: Bench) -> dict[str, Any]:
        if bench.given is not None:
            return {**self.options(), **of_images(bench)}
        return {**self.options(), "pictures": _digest(Path(self.folder)) if self.folder else "drawn"}

    def check_given(self, bench: Bench) -> None:
        Study.check_given(self, bench)
        check_one_source(self.folder)
        if bench.given is not None and all(odd_one(stimulus) is None for stimulus in bench.given.stimuli):
            raise UserError("No picture of the set has an odd one out.", "Make a set of one: Stimulus ▸ Odd one out.")

    def run(self, bench: Bench) -> Job[StudyResult]:
        """Preferences of every block on `n` pictures, or as many as the folder has."""
        from core.studies.measures.preference import measure_preference

        n, found = yield from measure_preference(bench, self)
        return self.result(bench, n, found)

    def published(self, result: StudyResult) -> dict[str, Table]:
        """What is said of other models, beside ours in the same words."""
        known = tomllib.loads(read_text(resource_folder("published") / "odd-one-out.toml"))
        rows: list[Row] = [{"model": result.model, "in words": result.notes[0], "what": "measured"}]
        for statement in known["statements"]:
            rows.append({"model": f"{statement['model']} †", "in words": statement["said"], "what": "published"})
        note = f"† Other models: {known['paper']}. Its curves exist as pictures alone, so none is drawn beside ours."
        return {"preference-non-self-enrichment": Table(tuple(rows), note)}


def _digest(folder: Path) -> str:
    """What tells the pictures of a folder from others: their names and sizes, and those of their masks.

    Raises UserError where it is no folder of pictures with masks.
    """
    files = [path for each in masked_pictures(folder) for path in (each.picture, *(mask for _, mask in each.masks))]
    said = "\n".join(f"{path.parent.name}/{path.name} {path.stat().st_size}" for path in files)
    return hashlib.sha256(said.encode()).hexdigest()[:16]
