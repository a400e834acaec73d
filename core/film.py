"""Films: a drag, a walk through the layers, or the way from scene to scene, as states that a model is asked about."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar, get_args

from core.analyses.edit_at_blocks import EditAtBlocks
from core.analyses.pad import Pad, PadPlaces
from core.between import between
from core.document import Document, Intervention, View, changed, replace_intervention
from core.documents.work import Scene, Work
from core.errors import UserError
from core.interventions.move import MoveInSubspace
from core.questions import Answer, Question

Of = Literal["drag", "layers", "read", "scenes"]
OF_WORDS: dict[Of, str] = {
    "drag": "The edit, from the model's own value to where it is",
    "layers": "The edit at every layer",
    "read": "What every layer looks at",
    "scenes": "From scene to scene",
}
Size = Literal["640x360", "960x540", "1280x720", "1920x1080"]
SIZE_WORDS = {size: size.replace("x", " × ") for size in get_args(Size)}
Fps = Literal["10", "20", "25", "50"]
Look = Literal["light", "dark"]
SHORTEST_S, LONGEST_S = 0.2, 60.0
HOLD_S, LAYER_S = 0.8, 0.6
"""How long the ends of a way stand still, and how long one layer is looked at."""
MOST_FRAMES = 3000

Value = TypeVar("Value")
Asking = Generator[Question, Answer, Value]
"""Yields questions, and is sent the answer to each."""


@dataclass(frozen=True, slots=True)
class Film:
    """What a film is of, and how it is made."""

    of: Of = field(default="drag", metadata={"label": "Of", "words": OF_WORDS})
    size: Size = field(default="960x540", metadata={"tip": "Pixels", "words": SIZE_WORDS})
    fps: Fps = field(default="20", metadata={"label": "Frames a second"})
    seconds: float = field(
        default=2.0,
        metadata={
            "label": "Seconds of the way",
            "least": SHORTEST_S,
            "most": LONGEST_S,
            "step": 0.5,
            "tip": "Of each one",
        },
    )
    look: Look = field(default="light", metadata={"label": "Colours"})
    map: bool = field(
        default=True,
        metadata={
            "label": "Decision map behind the pad",
            "tip": "A few hundred answers more wherever something else changes than the thumb",
        },
    )

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        width, height = self.size.split("x")
        return int(width), int(height)


@dataclass(frozen=True, slots=True)
class Frame:
    """One state, how it is looked at, and for how many frames it stands."""

    document: Document
    view: View
    n_times: int = 1


def frames_of(work: Work, film: Film) -> Asking[tuple[Frame, ...]]:
    """The frames of a film of a document's file; what must be known of the model for it is asked.

    Raises UserError where there is nothing to show, or too much.
    """
    found = yield from _WAYS[film.of](work, film)
    n_frames = sum(frame.n_times for frame in found)
    if n_frames > MOST_FRAMES:
        raise UserError(f"The film would have {n_frames} frames.", "Make it shorter, or with fewer frames a second.")
    return found


def _drag(work: Work, film: Film) -> Asking[tuple[Frame, ...]]:
    """The last edit in force, from what leaves the model as it is to what it is; looked at is the layer of the edit."""
    document, index = work.document, _last_edit(work.document)
    edit = document.interventions[index]
    own = yield from _own_point(document, edit)
    view = replace(work.view, write=edit.site.block, side="base")
    view = replace(view, item=edit.item) if isinstance(edit, MoveInSubspace) else view
    there = (_part_of(edit, own, share) for share in _shares(film))
    return _still([Frame(replace_intervention(document, index, of), view) for of in there], film)


def _last_edit(document: Document) -> int:
    on = [index for index, edit in enumerate(document.interventions) if edit.enabled]
    if not on:
        raise UserError("There is no edit to show.", "Make one, or switch it on.")
    return on[-1]


def _own_point(document: Document, edit: Intervention) -> Asking[tuple[float, float]]:
    """Where the item of a move is on the pad by itself; no place for other edits, which grow in strength instead."""
    if not isinstance(edit, MoveInSubspace):
        return (0.0, 0.0)
    pad = Pad(edit.property, edit.block)
    answer = yield Question(document, (pad,))
    places = answer.found[pad]
    if not isinstance(places, PadPlaces):
        raise UserError(places.message, places.hint)
    if edit.item >= len(places.own):
        raise UserError("The edit is about an item that is not there.", "Take it off the list, or draw the item.")
    x, y = places.own[edit.item].tolist()
    return x, y


def _part_of(edit: Intervention, own: tuple[float, float], share: float) -> Intervention:
    """An edit on its way."""
    if share >= 1:
        return edit
    if isinstance(edit, MoveInSubspace):
        x, y = (a + (b - a) * share for a, b in zip(own, edit.point, strict=True))
        return changed(edit, point=(x, y))
    return changed(edit, strength=edit.strength * share)


def _layers(work: Work, film: Film) -> Asking[tuple[Frame, ...]]:
    """The last edit in force at every block where it can be made, and looked at one block later."""
    document, index = work.document, _last_edit(work.document)
    edits = EditAtBlocks(index)
    answer = yield Question(document, (edits,))
    found = answer.found[edits]
    if not isinstance(found, dict) or not found:
        raise UserError("This edit can be made at no layer.", "Choose another one.")
    last = answer.model.n_blocks - 1
    views = {block: replace(work.view, write=block, read=min(block + 1, last)) for block in found}
    return _each([Frame(replace_intervention(document, index, found[b]), view) for b, view in views.items()], film)


def _read(work: Work, film: Film) -> Asking[tuple[Frame, ...]]:
    answer = yield Question(work.document)
    blocks = range(answer.model.n_blocks)
    return _each([Frame(work.document, replace(work.view, read=block)) for block in blocks], film)


def _scenes(work: Work, film: Film) -> Asking[tuple[Frame, ...]]:
    """Every scene stands for a while; between two of them are the states that lie between."""
    yield from ()
    if len(work.scenes) < 2:
        raise UserError(f"There are {len(work.scenes)} scenes in this document.", "Make two or more of them.")
    ways = [_still(list(_way(a, b, film)), film) for a, b in zip(work.scenes, work.scenes[1:], strict=False)]
    return (*ways[0], *(frame for way in ways[1:] for frame in way[1:]))


def _way(a: Scene, b: Scene, film: Film) -> Iterator[Frame]:
    for share in _shares(film):
        yield Frame(between(a.document, b.document, share), (a if share < 0.5 else b).view)


def _shares(film: Film) -> list[float]:
    """How far along the way each frame is: it starts and ends gently."""
    n = max(2, round(film.seconds * int(film.fps)))
    return [share * share * (3 - 2 * share) for share in (index / (n - 1) for index in range(n))]


def _still(frames: Sequence[Frame], film: Film) -> tuple[Frame, ...]:
    """The first and the last one stand for a while."""
    first, *rest, last = frames
    n_times = max(1, round(HOLD_S * int(film.fps)))
    return (replace(first, n_times=n_times), *rest, replace(last, n_times=n_times))


def _each(frames: Sequence[Frame], film: Film) -> tuple[Frame, ...]:
    return tuple(replace(frame, n_times=max(1, round(LAYER_S * int(film.fps)))) for frame in frames)


_WAYS = {"drag": _drag, "layers": _layers, "read": _read, "scenes": _scenes}
