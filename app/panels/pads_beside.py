"""The pads of the compared model, each beside the first one's: where the same edits land there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.comparing import beside, found_beside, left_out, names
from app.desk import Desk, Found
from app.panels.pad_landmarks import Landmarks, landed
from app.panels.stimulus import item_role
from app.widgets.pad import EMPTY, PadPicture, SubspacePad, Thumb
from app.widgets.side_by_side import SideBySide
from app.widgets.still_pad import StillPad
from core.analyses import Analysis
from core.analyses.pad import Pad, PadPlaces
from core.site import Site
from core.stimuli.stimulus import ITEM_LETTERS, Property

LEAST_PAD_PX = 96
WHY_STILL = "Shown is where the same edit lands in this model; it is made on the other pad."


class PadsBeside:
    """`both` are the first model's pads with these beside them."""

    def __init__(self, desk: Desk, pads: Mapping[Property, SubspacePad]) -> None:
        self._desk = desk
        self._landmarks = Landmarks()
        self.pads: dict[Property, StillPad] = {property: StillPad() for property in pads}
        self.both = {property: SideBySide(pad, self.pads[property]) for property, pad in pads.items()}
        for property, pad in self.pads.items():
            pad.why = WHY_STILL
            for one in (pad, pads[property]):
                one.setMinimumWidth(LEAST_PAD_PX)  # two have room where one had

    def wanted(self, property: Property) -> tuple[Analysis[Any], ...]:
        """The pad of a property at the same depth of the compared model."""
        return beside(self._desk, Pad(property, self._desk.view.write))

    def known(self, property: Property) -> tuple[object, ...]:
        """All that is drawn of the compared model."""
        found = self._found(property)
        state = (None,) * 3 if found is None else (found.value, found.refusal, found.current)
        return (*state, self._names(), left_out(self._desk))

    def refresh(self, property: Property) -> None:
        """Draw the pad that was found last, if a model is compared."""
        found, both = self._found(property), self._names()
        self.both[property].show_names(both)
        if both is None:
            return
        pad = self.pads[property]
        pad.setAccessibleName(f"Pad of {both[1]}")
        known = found is not None and found.value is not None
        pad.show_picture(
            EMPTY if found is None or found.value is None else self._picture(found.value),
            stale=known and found is not None and not found.current,
        )

    def words(self, property: Property, item: int) -> str:
        """In a sentence, where an item lands in the compared model, and what that one was asked without."""
        both, found = self._names(), self._found(property)
        if both is None:
            return ""
        if found is None or (found.value is None and found.refusal is None):
            return f"{both[1]}: computing"
        if found.value is None:
            said = found.refusal.message if found.refusal is not None else ""
        else:
            said = f"{landed(found.value, item)} · {Site(found.value.block).words()}"
        lines = [f"{both[1]}: {said}"]
        for subject, reason in left_out(self._desk):
            why = "" if reason == said else f": {reason}"  # it is said already
            lines.append(f"Left out there, {subject}{why}")
        return "\n".join(lines)

    def _names(self) -> tuple[str, str] | None:
        return names(self._desk) if self._desk.document.compared else None

    def _found(self, property: Property) -> Found[PadPlaces] | None:
        """What is known of a property's pad in the compared model."""
        found = found_beside(self._desk, Pad(property, self._desk.view.write))
        same = found is not None and isinstance(found.analysis, Pad) and found.analysis.property == property
        return found if same else None

    def _picture(self, pad: PadPlaces) -> PadPicture:
        thumbs = tuple(_thumb(pad, index, item_role(self._desk.document.base, index)) for index in range(len(pad.own)))
        return PadPicture(self._landmarks.of(pad), thumbs, pad.axis_share, None, pad.extent)


def _thumb(pad: PadPlaces, index: int, role: str) -> Thumb:
    (x, y), (own_x, own_y) = pad.now[index].tolist(), pad.own[index].tolist()
    return Thumb(ITEM_LETTERS[index], role, x, y, own_x, own_y, (x, y) != (own_x, own_y))
