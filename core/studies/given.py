"""The pictures of a set, in the place of the stimuli that a study would draw by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import UserError
from core.stimuli.datasets import Example, example_of
from core.stimuli.relayout import laid_out
from core.stimuli.stimulus import TASK_WORDS, Stimulus, task_of

if TYPE_CHECKING:
    from core.families.model import Model

SHORT = 8
"""How much of a hash tells one set from another where a person reads it."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is drawn in the pictures of a set, whose folder is called `name` and whose manifest has this hash."""

    name: str
    sha256: str
    stimuli: tuple[Stimulus, ...]

    @property
    def known(self) -> dict[str, Any]:
        """What settings say of it."""
        return {"name": self.name, "sha256": self.sha256}

    @property
    def folder(self) -> str:
        """Where results on it go, beside those of other pictures."""
        return folder_of_set(self.name, self.sha256)

    def laid_out(self, model: Model) -> list[Stimulus]:
        """The pictures on the canvas and the patch grid of a model.

        Raises UserError where that has no room for the items.
        """
        return [laid_out(stimulus, model.geometry) for stimulus in self.stimuli]

    def examples(self, model: Model) -> list[Example]:
        """The pictures with their right answers.

        Raises UserError where one poses another task than the model's, or the model answers something else.
        """
        if not model.judges_relation:
            raise UserError(
                f"The pictures of a set are same or different, and {model.name} does not say which.", _OTHER
            )
        for stimulus in self.stimuli:
            task = task_of(stimulus)
            if task != model.task:
                words = "no task" if task is None else TASK_WORDS[task]
                trained = f"{model.name} was trained on {TASK_WORDS[model.task]}"
                raise UserError(f"A picture of the set poses {words}, and {trained}.", _OTHER)
        return [example for stimulus in self.laid_out(model) if (example := example_of(stimulus)) is not None]

    def notes(self, model: Model) -> list[str]:
        """What a reader must know of results on it."""
        n = len(self.stimuli)
        what = f"{n} {'picture' if n == 1 else 'pictures'} of the set “{self.name}” ({self.sha256[:SHORT]})"
        notes = [f"On {what}, not on the study's own."]
        geometry = model.geometry
        if any(stimulus.geometry != geometry for stimulus in self.stimuli):
            canvas = f"{geometry.image_px} px in patches of {geometry.patch_px} px"
            notes.append(f"The items were laid out anew on the canvas of {model.name}, {canvas}.")
        return notes


def folder_of_set(name: str, sha256: str) -> str:
    """Where results on a set go, beside those of other pictures."""
    plain = re.sub(r"[^\w.-]+", "-", name).strip(".-") or "pictures"
    return f"set-{plain}-{sha256[:SHORT]}"


_OTHER = "Choose another model, or a part that needs no such answers: query-key modes, or preference of odd ones out."
