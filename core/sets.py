"""Sets of pictures that lie in folders, read from their manifests: those of `relata set` and of `relata render`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.copied import read_copied
from core.errors import UserError
from core.stimuli.paint import layer_pixels
from core.stimuli.stimulus import Layer, Stimulus
from core.studies.given import Given, folder_of_set
from core.texts import parse_json, text_of

MANIFEST, PAINT = "manifest.json", "paint.png"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class SetNote:
    """What a set is known by: the name of its folder, the hash of its manifest, and how many pictures it lists; and
    whether they are pairs, or two of them, about which a model can be right."""

    name: str
    sha256: str
    n: int
    poses_task: bool

    @property
    def results(self) -> str:
        """The folder of what is found on it, within that of a study."""
        return folder_of_set(self.name, self.sha256)

    def words(self) -> str:
        """Which set it is, in words."""
        return f"set “{self.name}”, {self.n} {'picture' if self.n == 1 else 'pictures'}"


def note_of_set(folder: Path) -> SetNote:
    """What a set is known by; its pictures are not looked at.

    Raises UserError where there is none.
    """
    content, entries, packed = _manifest(folder)
    poses_task = all(len(entry["items"]) in (2, 4) for entry in entries)
    return SetNote(folder.absolute().name, _hash(content, packed), len(entries), poses_task)


def given_set(folder: Path, n: int | None = None) -> Given:
    """The first `n` pictures of a set for a study, or all of them.

    Raises UserError where there is none, or it is damaged.
    """
    content, entries, packed = _manifest(folder)
    stimuli = [_stimulus(entry, packed) for entry in entries[:n]]
    return Given(folder.absolute().name, _hash(content, packed), tuple(stimuli))


def _manifest(folder: Path) -> tuple[bytes, Sequence[Any], bytes | None]:
    """The file, what it says of each picture, and what is painted over all of them."""
    try:
        content = (folder / MANIFEST).read_bytes()
        packed = (folder / PAINT).read_bytes() if (folder / PAINT).is_file() else None
        made = parse_json(text_of(content))
        if isinstance(made, list):  # of `relata render`
            entries = [{"format": FORMAT, **entry["stimulus"]} for entry in made]
        elif made["format"] != FORMAT:
            raise ValueError("it is of another version")
        else:
            entries = made["pictures"]
        entries = [{name: entry[name] for name in ("format", "items", "geometry")} for entry in entries]
        if not all(isinstance(entry["items"], list) for entry in entries):
            raise ValueError("items are no list")
    except OSError as error:
        hint = "Make one: Stimulus ▸ Make a set…, or relata set."
        raise UserError(f"{folder} holds no set: {error.strerror or error}.", hint) from error
    except (LookupError, TypeError, AttributeError) as error:
        raise UserError(f"The manifest in {folder} is that of no set.", "Choose another folder.") from error
    except ValueError as error:
        raise UserError(f"The manifest in {folder} cannot be read: {error}.", "Make the set again.") from error
    if not entries:
        raise UserError(f"The manifest in {folder} lists no picture.", "Make the set again.")
    return content, entries, packed


def _hash(content: bytes, packed: bytes | None) -> str:
    return hashlib.sha256(content + (packed or b"")).hexdigest()


def _stimulus(entry: dict[str, Any], packed: bytes | None) -> Stimulus:
    stimulus = read_copied(json.dumps(entry), "A picture in the manifest", "Make the set again.")
    if packed is None:
        return stimulus
    try:
        layer_pixels(Layer(packed), stimulus.geometry.image_px)
    except ValueError as error:
        raise UserError(f"{PAINT} of the set cannot be read: {error}.", "Make the set again.") from error
    return replace(stimulus, paint=Layer(packed))
