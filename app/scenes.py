"""What is done to the scenes: each is one undo step with a name, and what is shown stays as it is."""

from __future__ import annotations

from dataclasses import replace

from app.desk import Desk
from app.store import BACK_TO
from core.documents.work import Moment, Scene
from core.errors import UserError


def add_scene(desk: Desk, moment: Moment | None = None, at: int | None = None) -> None:
    """A scene of what is shown, or of a moment; after the one that was gone to last, or before the one `at`."""
    scenes = desk.store.scenes
    here = moment is None
    moment = moment or desk.store.cards()[desk.store.card_in_force].moment
    after = len(scenes) if desk.stage.at is None else desk.stage.at + 1
    place = min(after if at is None else at, len(scenes))
    name = moment.name or moment.text.removeprefix(BACK_TO).removeprefix(desk.stage.GOING)
    # What is looked at now may be another thing than when the state was made.
    scene = Scene(name, "", desk.document, desk.view) if here else Scene(name, "", moment.document, moment.view)
    desk.store.edit_scenes(f"Add scene {place + 1}", (*scenes[:place], scene, *scenes[place:]))
    if here:
        desk.stage.at = place


def update_scene(desk: Desk, index: int) -> None:
    """A scene shows what is shown now; its name and its note stay."""
    scene = desk.store.scenes[index]
    _put(desk, f"Update scene {index + 1}", index, replace(scene, document=desk.document, view=desk.view))
    desk.stage.at = index


def write_scene(desk: Desk, index: int, name: str, note: str) -> None:
    """Call a scene something, and write down what is to be said of it."""
    _put(desk, f"Name and note of scene {index + 1}", index, replace(desk.store.scenes[index], name=name, note=note))


def delete_scene(desk: Desk, index: int) -> None:
    """Take a scene away."""
    scenes, at = desk.store.scenes, desk.stage.at
    desk.store.edit_scenes(f"Delete scene {index + 1}", scenes[:index] + scenes[index + 1 :])
    if index == at:
        desk.stage.at = at - 1 if at > 0 else None


def move_scene(desk: Desk, start: int, end: int) -> None:
    """Show a scene earlier or later: it is the one at `end` then."""
    scenes = list(desk.store.scenes)
    scenes.insert(end, scenes.pop(start))
    desk.store.edit_scenes(f"Move scene {start + 1}", tuple(scenes))


def scene_at(desk: Desk) -> int:
    """Which scene was gone to last.

    Raises UserError where there is none.
    """
    if not desk.store.scenes:
        raise UserError("There are no scenes yet.", "Use Scenes ▸ Add scene to keep what is shown as the first one.")
    if desk.stage.at is None:
        raise UserError("No scene is shown.", "Click one in the strip of scenes.")
    return desk.stage.at


def _put(desk: Desk, text: str, index: int, scene: Scene) -> None:
    scenes, at = desk.store.scenes, desk.stage.at
    desk.store.edit_scenes(text, (*scenes[:index], scene, *scenes[index + 1 :]))
    desk.stage.at = at
