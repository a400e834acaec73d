"""What the studies of learned subspaces have in common: where these come from, and how they are searched for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from core.errors import UserError
from core.locations import bundled_models, subspace_folder, subspace_folders
from core.stimuli.datasets import SEED_MAX
from core.studies.study import Bench, Study

if TYPE_CHECKING:
    from core.jobs.fit_subspace import SearchOptions
    from core.studies.measures.fitted import Search


@dataclass(frozen=True, slots=True)
class StudyOfSubspaces(Study):
    """A study of the subspaces of shape and colour; those that are missing are searched for.

    `search` None means the defaults with the study's seed; `blocks` empty means the embeddings and every block.
    """

    why_no_set: ClassVar[str] = "It swaps values between pairs with counterfactuals, which a set does not have."

    n: int = 1000
    seed: int = 0
    search: SearchOptions | None = None
    blocks: tuple[int, ...] = ()
    use_shipped: bool = field(
        default=True,
        metadata={"label": "Use the subspaces that ship", "tip": "Of a bundled model; off searches for them"},
    )

    def kept(self, bench: Bench) -> Path:
        """Of a model of one's own they are kept where the window finds them, of a bundled one with the results."""
        own = bench.model.reference not in ("", *bundled_models())
        return subspace_folder(bench.model.reference) if own else bench.folder / "subspaces"

    def searched(self, bench: Bench) -> Search:
        """How this study comes by its subspaces.

        Raises UserError for a block that the model does not have.
        """
        last = bench.model.n_blocks - 1
        if not set(self.blocks) <= set(range(-1, last + 1)):
            named = ", ".join(map(str, self.blocks))
            raise UserError(f"{bench.model.name} does not have all the blocks {named}.", f"They go from -1 to {last}.")
        from core.jobs.fit_subspace import SearchOptions
        from core.studies.measures.fitted import Search

        bundled = bench.model.reference in bundled_models()
        shipped = subspace_folders(bench.model.reference) if bundled and self.use_shipped else ()
        blocks = tuple(sorted(set(self.blocks)))
        return Search(self.kept(bench), shipped, self.search or SearchOptions(seed=self.seed), blocks)

    def found_by(self, bench: Bench) -> dict[str, Any]:
        """What decides which subspaces are measured, for the settings."""
        from core.studies.measures.fitted import search_settings

        return search_settings(bench.model, self.searched(bench))

    def check(self) -> None:
        Study.check(self)
        if self.search and not 0 <= self.search.seed <= SEED_MAX:
            raise UserError(f"{self.search.seed} is no seed.", f"Use a whole number from 0 to {SEED_MAX:,}.")
        if self.search and self.search.epochs < 1:
            raise UserError("Nothing would be searched.", "Ask for at least one epoch.")
