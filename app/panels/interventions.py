"""The shape and colour pads at the write layer, and the list of edits in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTabWidget,
    QWidget,
)

from app import choices
from app.desk import Desk, Found
from app.modes import choose_control, draw_again
from app.panels import Panel
from app.panels.fit_section import FitSection
from app.panels.modes import ModeChips
from app.panels.pad_body import PadBody
from app.panels.pad_landmarks import Landmarks, landed, nearest
from app.panels.pad_words import axes, lacks_fit, remedy, why_no_pad
from app.panels.pads_beside import PadsBeside
from app.panels.probe_section import ProbeSection
from app.panels.stimulus import item_role
from app.widgets.edit_list import EditList, EditRow
from app.widgets.flow import Flow
from app.widgets.pad import EMPTY, PadPicture, SubspacePad, Thumb
from core.analyses import Analysis
from core.analyses.decision import Decision
from core.analyses.decision_map import DecisionMap
from core.analyses.pad import Pad, PadPlaces
from core.analyses.pair_judgements import PairJudgements
from core.document import (
    Intervention,
    changed,
    controls_in_force,
    governing_edit,
    is_of_pad,
    remove_intervention,
    reorder_intervention,
    replace_intervention,
)
from core.interventions.move import find_move, moved_to, set_point
from core.stimuli.stimulus import ITEM_LETTERS, Property

PADS: tuple[tuple[Property, str], ...] = (("color", "Colour"), ("shape", "Shape"))
PAD_TABS = {property: tab for tab, (property, _) in enumerate(PADS)}
PROBE_TAB, FIT_TAB = len(PADS), len(PADS) + 1
MAX_STRENGTH = 2.0
EDITS_MIN_PX = 54
SMALLEST = QSize(250, 220)


class InterventionsPanel(QScrollArea, Panel):
    """Drag a thumb: the item's value in the subspace follows, and the decision with it."""

    title, place, order = "Interventions", "middle", 50

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._gesture = ""
        self._rows: list[EditRow] = []
        self._landmarks = Landmarks()
        self.pads = {property: SubspacePad() for property, _ in PADS}
        self.beside = PadsBeside(desk, self.pads)
        self.tabs = QTabWidget()
        for property, name in PADS:
            self.tabs.addTab(self.beside.both[property], name)
            self.pads[property].setAccessibleName(f"{name} pad")
        self.strength = QDoubleSpinBox()
        self.tie, self.magnet = QCheckBox("Tie"), QCheckBox("Magnet")
        self.words, self.edits, self.probe = QLabel(), EditList(), ProbeSection(desk)
        self.fit, self.offer, self.go = FitSection(desk), QPushButton("Fit subspaces…"), QPushButton()
        self.chips = ModeChips(desk, desk.actions["mode"], desk.actions["control"])
        handles = Flow((self.strength, self.tie, self.magnet, *self.chips.controls.values(), self.chips.again))
        self._of_pads: tuple[QWidget, ...] = (self.words, self.go, self.offer, handles, self.chips)
        self._arrange()
        self._connect()
        choices.keep_checked(desk.settings, "magnet", self.magnet)
        choices.keep_checked(desk.settings, "tie", self.tie)

    def _arrange(self) -> None:
        self.strength.setRange(0.0, MAX_STRENGTH)
        self.strength.setSingleStep(0.05)
        self.strength.setValue(1.0)
        self.strength.setPrefix("α ")
        self.strength.setAccessibleName("Strength of the pad's edits")
        self.strength.setToolTip(
            "α, the strength of the pad's edits: 0 leaves the model's own value, 1 puts it where the thumb is, 2 goes "
            "as far again.\nThe wheel over the pad changes it."
        )
        self.tie.setToolTip("Both thumbs move together, to the same place")
        self.magnet.setToolTip("Thumbs snap to landmarks; Alt frees them")
        self.magnet.setChecked(True)
        self.words.setWordWrap(True)
        self.tabs.setStyleSheet("QTabBar::tab { padding: 4px 8px; }")  # all of them are in sight in a narrow panel
        for inside, name, tip in (
            (self.probe, "Probe", "Push a pair along the direction of a linear probe for its relation"),
            (self.fit, "Fit", "Learn the subspaces that the pads show, and probes"),
        ):
            page = QScrollArea()
            page.setWidget(inside)
            page.setWidgetResizable(True)
            page.setFrameShape(QScrollArea.Shape.NoFrame)
            self.tabs.setTabToolTip(self.tabs.addTab(page, name), tip)
        self.edits.setMinimumHeight(EDITS_MIN_PX)
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        # They take the room that is left, and shrink before the panel scrolls: the list scrolls by itself.
        self.tabs.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.edits.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._body = PadBody(self.tabs, (*self._of_pads, self.edits))
        self.setWidget(self._body)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)

    def _connect(self) -> None:
        for property, pad in self.pads.items():
            pad.magnet = True
            pad.gesture_started.connect(self._start)
            pad.thumb_moved.connect(lambda i, x, y, _, p=property: self._move(p, i, (x, y)))
            pad.gesture_finished.connect(self._start)
            pad.gesture_cancelled.connect(lambda: self._desk.store.cancel(self._gesture))
            pad.thumb_reset.connect(lambda i, p=property: self._reset(p, i))
            pad.strength_wheeled.connect(lambda n: self.strength.setValue(self.strength.value() + 0.05 * n))
            self.magnet.toggled.connect(lambda on, p=pad: setattr(p, "magnet", on))
        self.tabs.currentChanged.connect(self._show_pad)
        self.offer.clicked.connect(self.offer_fit)
        self.probe.fit_wanted.connect(self.offer_fit)
        self.go.clicked.connect(self._mend)
        self.fit.finished.connect(self._back_from_fit)
        self.strength.valueChanged.connect(self._set_strength)
        self.edits.toggled.connect(self._toggle)
        self.edits.strength_changed.connect(self._set_edit_strength)
        self.edits.removed.connect(self._remove)
        self.edits.moved.connect(self._reorder)
        self.edits.control_picked.connect(lambda index, control: choose_control(self._desk, control, index))
        self.edits.drawn_again.connect(lambda index: draw_again(self._desk, index))
        self.edits.gesture_started.connect(self._start)
        self.edits.gesture_finished.connect(self._start)

    def minimumSizeHint(self) -> QSize:
        return SMALLEST

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._body.fit(self.width(), self.height())
        super().resizeEvent(event)

    @property
    def property_shown(self) -> Property:
        """The property whose pad is in front, or was before the probe."""
        index = self.tabs.currentIndex()
        return PADS[index][0] if index < len(PADS) else self._desk.pad_shown

    def wanted(self) -> tuple[Analysis[Any], ...]:
        """Both pads, whose landmarks the list of edits names, and the map behind the one shown; or what probes say."""
        if self._desk.probe_shown:
            return (PairJudgements(self._desk.view.write),)
        return (*self._pads_and_map(), *self.beside.wanted(self.property_shown))

    def _pads_and_map(self) -> tuple[Analysis[Any], ...]:
        return (*(Pad(property, self._desk.view.write) for property, _ in PADS), self._map())

    def kept(self) -> dict[str, Any]:
        return {"tab": self.tabs.currentIndex(), "tie": self.tie.isChecked(), "magnet": self.magnet.isChecked()}

    def take(self, kept: Mapping[str, Any]) -> None:
        for name, box in (("tie", self.tie), ("magnet", self.magnet)):
            box.setChecked(kept.get(name, box.isChecked()) is True)
        tab = kept.get("tab")
        if isinstance(tab, int) and 0 <= tab < FIT_TAB:
            self.tabs.setCurrentIndex(tab)

    def refresh(self) -> None:
        """Draw the pads that were found last and the edits of the document."""
        desk = self._desk
        self._follow()
        if desk.probe_shown:
            self.probe.refresh()
        elif self.tabs.currentIndex() == FIT_TAB:
            self.fit.refresh()
        lost = {} if desk.answer is None else desk.answer.lost
        known = [_known(desk.found(wanted)) for wanted in self._pads_and_map()]
        state = (desk.document, desk.view, desk.model, lost, self.property_shown, *self._map_words(), *chain(*known))
        if not self.has_news(*state, *self.beside.known(self.property_shown)):
            return
        rows = [self._row(edit, lost) for edit in desk.document.interventions]
        if rows != self._rows:
            self._rows = rows
            self.edits.set_rows(rows)
        found = self._pad(self.property_shown)
        shown = None if found is None else found.value
        widget = self.pads[self.property_shown]
        widget.setEnabled(shown is not None)
        if shown is None:
            if found is None or found.current:
                widget.show_picture(EMPTY, stale=found is None)
        else:
            widget.show_picture(self._picture(shown), stale=found is None or not found.current)
        self.beside.refresh(self.property_shown)
        there = self.beside.words(self.property_shown, desk.view.item)
        self.words.setText("\n".join(filter(None, (self._words(found), there))))
        self.offer.setVisible(self.tabs.currentIndex() < len(PADS) and lacks_fit(desk, self.property_shown, found))
        mend = remedy(desk, self.property_shown, found)
        self.go.setVisible(self.tabs.currentIndex() < len(PADS) and mend is not None)
        self.go.setText("" if mend is None else mend[0])
        self.words.setToolTip("" if shown is None else axes(shown))
        self.chips.refresh()
        mine = [e for e in desk.document.interventions if self._is_of_pad(e)]
        with QSignalBlocker(self.strength):
            if mine and not self.strength.hasFocus():
                self.strength.setValue(mine[-1].strength)

    def _pad(self, property: Property) -> Found[PadPlaces] | None:
        """What is known of a property's pad: the one at the write layer, or the one that was shown before it."""
        found = self._desk.found(Pad(property, self._desk.view.write))
        # Of another model or an earlier fit nothing is drawn: its landmarks are no place to go to.
        if found is None or found.document.model != self._desk.document.model or not self._desk.is_of_this_fit(found):
            return None
        return found if _property_of(found) == property else None

    def _map(self) -> DecisionMap:
        return DecisionMap(self.property_shown, self._desk.view.write, max(0, self._desk.view.item))

    def _picture(self, pad: PadPlaces) -> PadPicture:
        thumbs = tuple(self._thumb(pad, index) for index in range(len(pad.own)))
        low, high = self._map_words()
        return PadPicture(
            self._landmarks.of(pad),
            thumbs,
            pad.axis_share,
            self._grid(pad),
            pad.extent,
            high=high,
            low=low,
            control=self._control_on(pad),
        )

    def _grid(self, pad: PadPlaces) -> np.ndarray | None:
        """The decision map of the pad that is drawn, if some of it is known."""
        found = self._desk.found(self._map())
        if found is None or found.value is None or np.isnan(found.value).all() or not self._desk.is_of_this_fit(found):
            return None
        mine = DecisionMap(pad.property, pad.block, max(0, self._desk.view.item))
        return found.value if found.analysis == mine else None

    def _map_words(self) -> tuple[str, str]:
        """What the two colours of a decision map mean."""
        found = self._desk.found(Decision())
        if found is None or found.value is None:
            return "", ""
        verdict = found.value
        high = verdict.labels[verdict.mapped].upper()
        return (verdict.labels[0].upper() if len(verdict.labels) == 2 else f"NOT {high}"), high

    def _control_on(self, pad: PadPlaces) -> str:
        """What the edits of a pad that are on are controls of, in words."""
        shown = tuple(e for e in self._desk.document.interventions if is_of_pad(e, pad.property, pad.block))
        return ", ".join(controls_in_force(replace(self._desk.document, interventions=shown)))

    def _thumb(self, pad: PadPlaces, index: int) -> Thumb:
        """A thumb stands where the hand put it, or where a swap or novel vectors landed; else at the item's own place.

        A thumb that the hand put somewhere keeps its place where it is off or a control: that is what was asked for.
        """
        document, own = self._desk.document, tuple(float(v) for v in pad.own[index])
        governing = governing_edit(document, index, pad.property, pad.block)
        at = find_move(document, index, pad.property, pad.block) if governing is None else governing
        x, y = moved_to(document, at, index) or (float(v) for v in pad.now[index])
        return Thumb(ITEM_LETTERS[index], item_role(document.base, index), x, y, own[0], own[1], governing is not None)

    def _words(self, found: Found[PadPlaces] | None) -> str:
        block = self._desk.view.write
        where = "embeddings" if block < 0 else f"block {block} output"
        if self._desk.answer is None:
            return f"{where} · the engine is starting"
        if found is None or found.value is None:
            return f"{where} · {why_no_pad(self._desk, self.property_shown, found)}"
        return landed(found.value, self._desk.view.item)

    def offer_fit(self) -> None:
        """Go to the form for what the pad or the probe lacks."""
        self.fit.offer("relation" if self._desk.probe_shown else self.property_shown, self._desk.view.write)
        self.tabs.setCurrentIndex(FIT_TAB)

    def _mend(self) -> None:
        mend = remedy(self._desk, self.property_shown, self._pad(self.property_shown))
        if mend is not None:
            mend[1]()

    def _back_from_fit(self) -> None:
        """To the pad that was looked at before, or the probe, if nobody has gone elsewhere meanwhile."""
        if self.tabs.currentIndex() == FIT_TAB:
            self.tabs.setCurrentIndex(PROBE_TAB if self.fit.is_of_probes else PAD_TABS[self._desk.pad_shown])

    def _row(self, edit: Intervention, lost: Mapping[Intervention, str]) -> EditRow:
        base = self._desk.document.base
        return EditRow(
            edit.words(base, self._near),
            edit.detail(base),
            edit.enabled,
            edit.strength,
            lost.get(edit, ""),
            edit.control,
            edit.controls(),
            drawn=edit.drawn_again(0) is not None,
        )

    def _near(self, property: Property, block: int, point: tuple[float, float]) -> str:
        """Words for a place on a pad: the landmark nearest to it, where the pad is known."""
        found = self._pad(property)
        pad = None if found is None else found.value
        known = pad is not None and pad.block == block
        return f"near {nearest(pad, np.asarray(point))}" if pad is not None and known else "by hand"

    def _start(self, index: int = -1) -> None:
        """A gesture begins; its thumb's item is the one that the decision map moves."""
        self._gesture = self._desk.new_gesture()
        if self.sender() in self.pads.values() and index >= 0:
            self._desk.look(item=index, side="base")

    def _move(self, property: Property, index: int, point: tuple[float, float]) -> None:
        desk, document = self._desk, self._desk.document
        items = range(min(2, len(document.base.items))) if self.tie.isChecked() else (index,)
        for item in items:
            document = set_point(document, item, property, desk.view.write, point, self.strength.value())
        word = "colour" if property == "color" else "shape"
        desk.edit(f"Move {word} of {'A+B' if self.tie.isChecked() else ITEM_LETTERS[index]}", document, self._gesture)

    def _reset(self, property: Property, index: int) -> None:
        at = find_move(self._desk.document, index, property, self._desk.view.write)
        if at is not None:
            self._desk.edit("Back to own value", remove_intervention(self._desk.document, at))

    def _follow(self) -> None:
        """Another panel like this one, or a scene, brought another tab to the front."""
        shown = PROBE_TAB if self._desk.probe_shown else PAD_TABS[self._desk.pad_shown]
        if self.tabs.currentIndex() not in (shown, FIT_TAB):
            with QSignalBlocker(self.tabs):
                self.tabs.setCurrentIndex(shown)
            self._show_below()

    def _show_below(self) -> None:
        for below in self._of_pads:
            below.setVisible(self.tabs.currentIndex() < len(PADS))

    def _show_pad(self) -> None:
        desk = self._desk
        desk.pad_shown, desk.probe_shown = self.property_shown, self.tabs.currentIndex() == PROBE_TAB
        self._show_below()
        self.refresh()
        desk.store.changed.emit()  # the layers and the status line speak of what is shown here

    def _is_of_pad(self, edit: Intervention) -> bool:
        return is_of_pad(edit, self.property_shown, self._desk.view.write)

    def _set_strength(self, value: float) -> None:
        document = self._desk.document
        for index, edit in enumerate(document.interventions):
            if self._is_of_pad(edit):
                document = replace_intervention(document, index, changed(edit, strength=value))
        self._desk.edit("Change strength", document, gesture="strength of the pad")

    def _toggle(self, index: int, enabled: bool) -> None:
        edit = self._desk.document.interventions[index]
        text = "Switch edit on" if enabled else "Switch edit off"
        self._desk.edit(text, replace_intervention(self._desk.document, index, changed(edit, enabled=enabled)))

    def _set_edit_strength(self, index: int, value: float) -> None:
        edit = changed(self._desk.document.interventions[index], strength=value)
        gesture = f"{self._gesture}, strength of edit {index}"  # the wheel and the keys have no beginning and no end
        self._desk.edit("Change strength", replace_intervention(self._desk.document, index, edit), gesture)

    def _remove(self, index: int) -> None:
        self._desk.edit("Remove edit", remove_intervention(self._desk.document, index))

    def _reorder(self, start: int, end: int) -> None:
        self._desk.edit("Reorder edits", reorder_intervention(self._desk.document, start, end))


def _known(found: Found[Any] | None) -> tuple[object, ...]:
    """What of a find the panel draws."""
    return (None,) * 3 if found is None else (found.analysis, found.value, found.current)


def _property_of(found: Found[PadPlaces]) -> Property | None:
    """The property that a pad was asked for."""
    return found.analysis.property if isinstance(found.analysis, Pad) else None
