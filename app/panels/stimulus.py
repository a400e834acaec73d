"""The stimulus canvas with the palette along it, and a tab for the base and one for the source."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPoint, QSignalBlocker, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QTabBar, QToolButton, QVBoxLayout, QWidget

from app.desk import Desk
from app.drawing import Drawing
from app.edits import item_names, set_item_property
from app.item_edits import place_chip
from app.panels import Panel
from app.panels.palette import Palette
from app.panels.toolbox import Toolbox
from app.widgets.canvas import CanvasItem, StimulusCanvas
from app.widgets.cut import CutLabel
from app.widgets.easel import Easel
from app.widgets.fold import FoldingRow
from app.widgets.tools.crop import Crop
from app.widgets.tools.handles import Shape
from core.arrange import shaped, with_places
from core.document import Side, stimulus_of
from core.of_source import OfSource
from core.stimuli.crops import whole_picture
from core.stimuli.masks import mask_pixels
from core.stimuli.render import render, shape_name
from core.stimuli.stimulus import (
    COLOR_NAMES,
    PAIR_NAMES,
    Geometry,
    Item,
    Stimulus,
    cell_side_px,
    is_aligned,
    is_trained_layout,
    item_name,
    n_items,
    odd_one,
    overlaps,
    task_of,
)
from core.stimuli.tokens import patches_of_items

SIDES: tuple[Side, ...] = ("base", "source")
N_NAMED = 6
"""How many masks of a photo are named."""
CROPPING = "drag the square, the wheel sizes it · Esc is done"
ROLES = ("item_a", "item_b", "same", "different")


def item_role(stimulus: Stimulus, index: int) -> str:
    """The theme role of an item's colour: one for the odd one out and one for all others; else each its own, from the
    first again where they are used up."""
    odd = odd_one(stimulus)
    return ROLES[index % len(ROLES)] if odd is None else ROLES[int(index == odd)]


def canvas_items(stimulus: Stimulus) -> tuple[CanvasItem, ...]:
    """The items as the canvas marks them; masks of a photo stay where they are."""
    geometry, patches = stimulus.geometry, patches_of_items(stimulus)
    roles = [item_role(stimulus, index) for index in range(n_items(stimulus))]
    if stimulus.photo is not None:
        named = zip(stimulus.photo.masks, patches, strict=True)
        return tuple(_fixed(i, roles[i], of, geometry, mask.label) for i, (mask, of) in enumerate(named))
    two_pairs = task_of(stimulus) == "rmts"
    return tuple(
        CanvasItem(
            item_name(index),
            roles[index],
            item.x_px,
            item.y_px,
            cell_side_px(item, geometry),
            patches[index],
            any(overlaps(item, other, geometry) for other in stimulus.items if other is not item),
            is_aligned(item, geometry),
            PAIR_NAMES[index // 2] if two_pairs else "",
            scale=item.scale,
            angle_deg=item.angle_deg,
            unit_px=geometry.cell_px,
            form=_form(item),
            level=item.level,
            locked=item.locked,
        )
        for index, item in enumerate(stimulus.items)
    )


def _form(item: Item) -> str:
    """In what an item is drawn otherwise than in training, in a word or two."""
    return " · ".join(word for word, of in (("resized", item.scale != 1), ("turned", item.angle_deg != 0)) if of)


def _fixed(index: int, role: str, patches: tuple[int, ...], geometry: Geometry, name: str) -> CanvasItem:
    row, column = divmod(patches[0] if patches else 0, geometry.grid)
    place = (column * geometry.patch_px, row * geometry.patch_px, geometry.patch_px)
    return CanvasItem(item_name(index), role, *place, patches, False, True, name=name, fixed=True)


class StimulusPanel(QWidget, Panel):
    """Draw, drag and drop; every gesture is one undo step."""

    title, place, order = "Stimulus", "middle", 30

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._drawn: Stimulus | None = None
        self._image: np.ndarray | None = None
        self.tabs = QTabBar()
        for name in ("Base", "Source"):
            self.tabs.addTab(name)
        self.tabs.setDrawBase(False)
        self.tabs.setAccessibleName("Picture")
        self.canvas, self.chips = StimulusCanvas(), Palette(desk)
        self.toolbox = Toolbox(desk, self.chips)
        self.drawing = Drawing(desk, self.canvas)
        self.easel = Easel(self.canvas, self.chips.strip, self.toolbox.strip)
        actions = [*desk.actions["pair"], *desk.actions["free"]]
        for action in desk.actions["free"]:
            action.setCheckable(True)
            action.setAutoRepeat(False)
        buttons = [*_chooser(desk.actions["family"]), *(_tool(action) for action in actions)]
        self.tools = FoldingRow(buttons, "More that can be done to the pair")
        self.caption, self.note = CutLabel(), CutLabel()
        self._arrange()
        self._connect()

    def _arrange(self) -> None:
        self.note.setProperty("warning", True)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setStyleSheet("QTabBar::tab { padding: 4px 8px; }")
        top, foot = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.toolbox.folded)
        self.toolbox.folded.hide()
        top.addWidget(self.tools, 1)
        top.addWidget(self.tabs)
        foot.setSpacing(12)
        foot.addWidget(self.caption, 1)
        foot.addWidget(self.note)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 0, 10, 4)
        layout.setSpacing(3)
        layout.addLayout(top)
        layout.addWidget(self.easel, 1)
        layout.addLayout(foot)

    def _connect(self) -> None:
        canvas = self.canvas
        canvas.closeup_wanted.connect(self._desk.look_closer)
        canvas.items_moved.connect(self._move)
        canvas.item_shaped.connect(self._shape)
        canvas.items_selected.connect(self._select)
        canvas.chip_dropped.connect(lambda index, kind, value: set_item_property(self._desk, index, kind, value))
        canvas.chip_placed.connect(self._place_chip)
        canvas.dropped.connect(lambda dropped: self._desk.open(dropped))
        canvas.patch_hovered.connect(self._look_from)
        canvas.customContextMenuRequested.connect(self._open_menu)
        self.easel.folded.connect(self.toolbox.folded.setVisible)
        self.tabs.currentChanged.connect(lambda index: self._desk.look(side=SIDES[index], item=0))

    def refresh(self) -> None:
        """Draw the stimulus of the tab."""
        view = self._desk.view
        stimulus = stimulus_of(self._desk.document, view.side)
        self.canvas.show_closeup(self._desk.closeup)
        self._show_freedom()
        self.drawing.refresh()
        self.toolbox.refresh()
        self.chips.refresh()
        if not self.has_news(stimulus, view.side, view.item, view.also, self._desk.hand.tool):
            return
        with QSignalBlocker(self.tabs):
            self.tabs.setCurrentIndex(SIDES.index(view.side))
        if stimulus != self._drawn or self._image is None:
            self._drawn, self._image = stimulus, render(stimulus)
        selected = view.item if view.item < n_items(stimulus) else None
        items, geometry = canvas_items(stimulus), stimulus.geometry
        self.canvas.show_picture(
            self._image, items, geometry.patch_px, selected=selected, also=view.also, cell_px=geometry.cell_px
        )
        self._show_photo(stimulus)
        self.caption.show_text(_caption(stimulus), _counted(stimulus))
        self.note.show_text(CROPPING if self._desk.hand.tool == Crop.name else _note(stimulus))

    def _show_photo(self, stimulus: Stimulus) -> None:
        """What is beyond the picture of a photo: the whole of it, and which pixels the selected object has."""
        photo, index = stimulus.photo, self._desk.view.item
        whole = None if photo is None or photo.crop is None else np.asarray(whole_picture(photo.whole))
        self.canvas.show_whole(whole, None if photo is None else photo.crop)
        if photo is not None and 0 <= index < len(photo.masks):
            inside = mask_pixels(photo.masks[index], stimulus.geometry.image_px)
            self.canvas.show_inside(inside, item_role(stimulus, index))
        else:
            self.canvas.show_inside(None)

    def _select(self, items: tuple[int, ...]) -> None:
        first, *also = items or (-1,)
        self._desk.look(item=first, also=tuple(also))

    def _move(self, places: dict[int, tuple[int, int]]) -> None:
        text = f"Move {item_names(sorted(places))}"
        self.drawing.edit(text, lambda s: with_places(s, places))

    def _shape(self, index: int, wanted: Shape) -> None:
        def change(stimulus: Stimulus) -> Stimulus:
            return shaped(stimulus, index, (wanted.x_px, wanted.y_px), wanted.scale, wanted.angle_deg)

        turns = wanted.scale == stimulus_of(self._desk.document, self._desk.view.side).items[index].scale
        self.drawing.edit(f"{'Turn' if turns else 'Resize'} {item_name(index)}", change)

    def _place_chip(self, kind: str, value: int, middle: tuple[int, int], free: bool) -> None:
        place_chip(self._desk, kind, value, middle, free=free)

    def _look_from(self, patch: int) -> None:
        """Attention is of the patch under the pointer, unless a token is held or it is of the other picture."""
        of_source = any(isinstance(analysis, OfSource) for analysis in self._desk.wanted())
        if of_source == (self._desk.view.side == "source"):
            self._desk.look_from(self._desk.n_prefix + patch)

    def _show_freedom(self) -> None:
        self.canvas.free = self._desk.free
        for action in self._desk.actions["free"]:
            action.setChecked(self._desk.free)

    def _open_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self._desk.actions["item"])
        if stimulus_of(self._desk.document, self._desk.view.side).photo is not None:
            menu.addActions(self._desk.actions["object"])
        menu.addMenu("Arrange").addActions(self._desk.actions["arrange"])
        menu.addSeparator()
        menu.addActions(self._desk.actions["pair"])
        self._desk.add_figure_rows(menu, self.canvas)
        menu.popup(self.canvas.mapToGlobal(at))


def _chooser(families: Sequence[QAction]) -> list[QToolButton]:
    """A button that draws another stimulus of the family that was chosen last, and lists all of them."""
    if not families:
        return []
    button = _tool(families[0])
    menu = QMenu(button)
    menu.setToolTipsVisible(True)
    menu.addActions(families)
    menu.triggered.connect(button.setDefaultAction)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
    return [button]


def _tool(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setProperty("chip", True)
    return button


def _caption(stimulus: Stimulus) -> str:
    if stimulus.photo is not None:
        names = [f"{item_name(i)} {mask.label}" for i, mask in enumerate(stimulus.photo.masks)]
        more = [f"and {len(names) - N_NAMED} more"] if len(names) > N_NAMED else []
        unbroken = [name.replace(" ", "\u00a0") for name in (*names[:N_NAMED], *more)]
        return f"Photo: {stimulus.photo.name} · {', '.join(unbroken) or 'no ground truth'}."
    if not stimulus.items:
        return "Empty: drag shapes here, or make a random pair or a counterfactual"
    odd = odd_one(stimulus)
    if odd is not None:
        one, others = _kind_words(stimulus.items[odd]), _kind_words(stimulus.items[odd - 1])
        return f"{item_name(odd)} {one}   {n_items(stimulus) - 1} others {others}"
    return "   ".join(f"{item_name(i)} {_kind_words(item)}" for i, item in enumerate(stimulus.items))


def _counted(stimulus: Stimulus) -> str:
    """The caption of items at length; empty where the caption says it all."""
    counted = zip(stimulus.items, patches_of_items(stimulus), strict=False)
    told = [f"{item_name(i)} {_kind_words(item)} · {len(of)} tokens" for i, (item, of) in enumerate(counted)]
    manner = f"Patches of {stimulus.geometry.patch_px} px; Alt or Shift drags free of their grid"
    return "\n".join((*told, manner)) if told else ""


def _kind_words(item: Item) -> str:
    return f"{shape_name(item.shape)} · {COLOR_NAMES[item.color]}"


def _note(stimulus: Stimulus) -> str:
    """What must be known of the picture; nothing where it is as in training."""
    if stimulus.photo is not None:
        masked = "Its masks are its items: click one to select it."
        told = stimulus.photo.note or (masked if stimulus.photo.masks else "M, N or K marks objects, I paints an item.")
        return told if stimulus.paint is None else f"Painted over. {told}"
    unusual = [word for item in canvas_items(stimulus) for word in item.unusual.split(" · ") if word]
    if not unusual and not is_trained_layout(stimulus):
        unusual = ["display pair not alone in its corner"]
    if stimulus.paint is not None:
        unusual = ["painted", *unusual]
    return f"{', '.join(dict.fromkeys(unusual))} — outside the training distribution" if unusual else ""
