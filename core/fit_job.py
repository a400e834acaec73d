"""Learning subspaces as a job for the window: each is yielded as soon as its file is written.

Importing this loads no torch, so that the window can name it and read what it yields.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.arguments import EPOCHS_MAX, blocks_named
from core.probe_job import PROBE_JOB
from core.progress import Progress, part
from core.stimuli.datasets import EXAMPLES_MAX
from core.stimuli.stimulus import PROPERTIES, Property

if TYPE_CHECKING:
    from core.families.model import Model
    from core.jobs.fit_subspace import FittedSubspace

FIT_JOB = "core.fit_job:fit"
OF_SUBSPACES = ("blocks", "epochs", "start")
"""Options that probes do not have."""
What = Literal["color", "shape", "both", "relation"]
LEAST_PAIRS = 64
STEPS = 1000


@dataclass(frozen=True, slots=True)
class FitOptions:
    """What to fit, with defaults for a first look; the study's are 2,000 pairs and 20 epochs."""

    what: What = field(
        default="color",
        metadata={
            "label": "What",
            "tip": "The property that subspaces are to carry; or probes for the relation of a pair, after every block",
            "words": {"color": "colour", "relation": "probes"},
        },
    )
    blocks: str = field(
        default="0", metadata={"label": "After blocks", "tip": "Numbers such as 0,1,2; -1 is the embeddings; or all"}
    )
    n_pairs: int = field(
        default=256,
        metadata={
            "label": "Pairs",
            "tip": "To search on, and as many others to measure on; the study's are 2,000. Of probes, pictures",
            "least": LEAST_PAIRS,
            "most": EXAMPLES_MAX,
        },
    )
    epochs: int = field(
        default=8, metadata={"label": "Epochs", "tip": "The study's are 20", "least": 1, "most": EPOCHS_MAX}
    )
    start: str = field(
        default="random",
        metadata={
            "label": "Start from",
            "tip": "random, as in the study; class means; or a model that this one was fine-tuned from, by its name: "
            "what that one compares along, this one does too, more or less",
        },
    )

    @property
    def job(self) -> str:
        """The job that does it."""
        return PROBE_JOB if self.what == "relation" else FIT_JOB

    def of_job(self, name: str, n_blocks: int) -> dict[str, Any]:
        """The options of the job for a model that is called `name`.

        Raises UserError for what names no blocks of it.
        """
        if self.what == "relation":
            return {"n_images": 4 * -(-self.n_pairs // 4)}
        return {
            "properties": PROPERTIES if self.what == "both" else (self.what,),
            "blocks": tuple(blocks_named(self.blocks, n_blocks, name)),
            "n_pairs": 4 * -(-self.n_pairs // 4),  # balanced in both tasks
            "epochs": self.epochs,
            "start": self.start.strip() or "random",
        }


@dataclass(frozen=True, slots=True)
class Fitted:
    """A subspace that lies on the disk now: how good it is, and of how many dimensions; none where none was found."""

    property: Property
    block: int
    iia: float
    wrong_object_iia: float
    n: int
    size: int


def fit(
    model: str,
    properties: Sequence[Property],
    blocks: Sequence[int],
    *,
    n_pairs: int,
    epochs: int,
    device: str,
    start: str = "random",
) -> Generator[Progress | Fitted, None, str]:
    """Learn subspaces of a model where the window looks for them, and return their folder.

    Raises UserError where the model cannot be opened, does not judge relations, or has nothing to start from, or the
    folder cannot be written.
    """
    total = STEPS * len(properties)
    yield Progress(0, total, "opening the model")
    from core.assets.subspace_files import save_subspace, subspace_file
    from core.jobs.fit_subspace import SearchOptions, fit_subspaces
    from core.studies.result import n_kinds_of

    opened, folder = _opened(model, device)
    options = SearchOptions(n_pairs=n_pairs, n_test=n_pairs, epochs=epochs, start=start)
    fresh: list[FittedSubspace] = []

    def keep(fitted: FittedSubspace) -> None:
        card = fitted.card
        save_subspace(subspace_file(folder, card["property"], card["block"]), fitted.tensors, card)
        fresh.append(fitted)

    for index, property in enumerate(properties):
        search = fit_subspaces(opened, property, blocks, options, n_kinds=n_kinds_of(opened), keep=keep)
        with closing(part(search, STEPS * index, STEPS, total)) as job:
            for progress in job:
                yield from map(_of, fresh)
                fresh.clear()
                yield progress
        yield from map(_of, fresh)
        fresh.clear()
    return str(folder)


def _opened(model: str, device: str) -> tuple[Model, Path]:
    """The model, and the folder that its subspaces are to be written to."""
    from core.engine import verify
    from core.families.files import open_model
    from core.families.model import choose_device
    from core.locations import subspace_folder
    from core.storage import check_folder

    opened = verify(open_model(model, choose_device(device)))
    folder = subspace_folder(model)
    check_folder(folder)
    return opened, folder


def _of(fitted: FittedSubspace) -> Fitted:
    card = fitted.card
    measured = (card["iia"], card["wrong_object_iia"], card["n_test"], card["subspace_size"])
    return Fitted(card["property"], card["block"], *measured)
