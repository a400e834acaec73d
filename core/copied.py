"""Items as text, to be carried from one window or program to another."""

from __future__ import annotations

import json
from collections.abc import Sequence

from core.documents.checks import check_stimulus
from core.documents.json import converter
from core.errors import UserError
from core.stimuli.stimulus import Geometry, Item, Stimulus

FORMAT = 1
MAX_LENGTH = 1_000_000
"""Of a text of items, far above what any has."""


def copied_text(items: Sequence[Item], geometry: Geometry) -> str:
    """The items with the canvas that they lie on."""
    stimulus = converter().unstructure(Stimulus(tuple(items), geometry))
    return json.dumps({"format": FORMAT, "items": stimulus["items"], "geometry": stimulus["geometry"]})


def read_copied(text: str, what: str = "What was copied", hint: str = "Copy the items again.") -> Stimulus:
    """What `copied_text` wrote: one item at least, as it lies on its canvas. `what` and `hint` are for a refusal.

    Raises UserError where it is something else.
    """
    from cattrs.errors import CattrsError, ForbiddenExtraKeysError

    try:
        if len(text) > MAX_LENGTH:
            raise ValueError("it is too long")
        value = json.loads(text)
        if value.pop("format") != FORMAT:
            raise ValueError("it is of another version")
        stimulus = converter().structure(value, Stimulus)
        check_stimulus(stimulus)
        if not stimulus.items:
            raise ValueError("it holds no item")
    except RecursionError as error:
        raise UserError(f"{what} is nested too deeply.", hint) from error
    except (ValueError, LookupError, TypeError, AttributeError, CattrsError, ForbiddenExtraKeysError) as error:
        raise UserError(f"{what} cannot be read: {error}.", hint) from error
    return stimulus
