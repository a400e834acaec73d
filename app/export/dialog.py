"""The dialog of a figure: which pictures, how they are written, and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from PySide6.QtCore import QSettings, QSize, Qt, QTimer
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from app import theme
from app.export.files import to_image
from app.export.sheet import MM_AN_INCH, Sheet
from app.export.shown import Shown
from app.export.written import OnceDrawn
from app.forms import Form
from app.layout import room_for
from core.errors import UserError
from core.figures.options import FigureOptions, Format
from core.options import field_types

if TYPE_CHECKING:
    from app.export.exports import Exports

SHOWN = Qt.ItemDataRole.UserRole
KEPT = "figure options"
WAIT_MS = 120
"""The preview is drawn once nothing has changed for so long."""
PREVIEW_PX = 900
SIZE = QSize(860, 560)


class ExportDialog(QDialog):
    """Pictures are ticked, and dragged into another order; the preview is the figure as it will be."""

    def __init__(
        self,
        exports: Exports,
        shown: Sequence[Shown],
        target: QWidget | None,
        settings: QSettings | None,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export figure")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._exports, self._settings = exports, settings
        self.list, self.form = QListWidget(), Form(_kept(settings))
        self.preview, self.said = Preview(), QLabel()
        self.chooser: QFileDialog | None = None
        self._fill(shown, target)
        self._arrange(parent)
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(WAIT_MS)
        self._turn.timeout.connect(self.draw)
        self._once_drawn = OnceDrawn(self._draw, self)
        self.form.changed.connect(self._change)
        self.list.itemChanged.connect(lambda _: self._change())
        self.list.model().rowsMoved.connect(lambda *_: self._change())
        self._change()
        self.draw()

    def _fill(self, shown: Sequence[Shown], target: QWidget | None) -> None:
        """Ticked is what was pointed at: a picture, all pictures of a panel, or else the first."""
        inside = [of for of in shown if target is not None and (of.widget is target or target.isAncestorOf(of.widget))]
        for of in shown:
            item = QListWidgetItem(of.words)
            item.setData(SHOWN, of)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if of in (inside or shown[:1]) else Qt.CheckState.Unchecked)
            self.list.addItem(item)

    def _arrange(self, parent: QWidget) -> None:
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setAccessibleName("Pictures")
        self.list.setToolTip("What is ticked is in the figure, in this order; drag to change it")
        self.list.setMinimumHeight(72)
        self.said.setWordWrap(True)
        self.buttons = QDialogButtonBox()
        self.save = self.buttons.addButton("Save…", QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.choose_file)
        self.buttons.rejected.connect(self.reject)
        side, whole, all_of_it = QVBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        for widget in (self.list, self.form):
            side.addWidget(widget)
        whole.addLayout(side)
        whole.addWidget(self.preview, 1)
        all_of_it.addLayout(whole, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.said, 1)
        foot.addWidget(self.buttons)
        all_of_it.addLayout(foot)
        self.resize(SIZE.boundedTo(room_for(parent)))

    @property
    def options(self) -> FigureOptions:
        """How it is to be written."""
        return self.form.value

    @property
    def chosen(self) -> list[Shown]:
        """The pictures, in their order; one may be gone since, like those of a talk that has ended."""
        items = [self.list.item(row) for row in range(self.list.count())]
        ticked: list[Shown] = [item.data(SHOWN) for item in items if item.checkState() == Qt.CheckState.Checked]
        return [of for of in ticked if isValid(of.widget)]

    def choose(self, names: Sequence[str]) -> None:
        """Tick these pictures and no others."""
        for row in range(self.list.count()):
            item = self.list.item(row)
            ticked = item.data(SHOWN).name in names
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)

    def _change(self) -> None:
        several, pixels = len(self.chosen) > 1, self.options.format == "PNG"
        for name, shown in (("columns", several), ("letters", several), ("dpi", pixels)):
            self.form.set_row_shown(name, shown)
        self.draw_soon()

    def draw_soon(self, _: object = None) -> None:
        """What is shown has changed, or may have."""
        self._turn.start()

    def draw(self) -> None:
        """Draw the preview, and say how large the figure is, once its plots are drawn."""
        self.save.setEnabled(False)
        self._once_drawn.go()
        if self._once_drawn.waits:
            self.said.setText("Drawing…")

    def _draw(self) -> None:
        try:
            sheet = self._sheet()
            size = sheet.size_mm
            longest = max(size.width(), size.height()) / MM_AN_INCH
            self.preview.show_image(to_image(sheet, PREVIEW_PX * self.devicePixelRatioF() / longest))
        except UserError as error:
            self.said.setText(f"{error.message} {error.hint}")
            self.save.setEnabled(bool(self.chosen))
            return
        self.save.setEnabled(True)
        unsettled = "" if self._exports.is_settled() else " · still computing: what is grey is of the state before"
        self.said.setText(f"{size.width():.0f} × {size.height():.0f} mm{unsettled}")

    def _sheet(self) -> Sheet:
        return Sheet(tuple(of.widget for of in self.chosen), self.options)

    def choose_file(self) -> None:
        """Ask where, and write."""
        ending = self.options.format.lower()
        others = [kind for kind in get_args(Format) if kind != self.options.format]
        filters = [f"{kind} (*.{kind.lower()})" for kind in (self.options.format, *others)]
        chooser = QFileDialog(self, "Export figure", "", ";;".join(filters))
        chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        chooser.setDefaultSuffix(ending)
        names = "-".join(of.name for of in self.chosen[:3])
        chooser.selectFile(f"{self._exports.name()} {names}.{ending}")
        if self._settings is not None:
            chooser.setDirectory(str(self._settings.value("figure folder", "")))
        chooser.fileSelected.connect(lambda name: self.write(Path(name)))
        chooser.finished.connect(chooser.deleteLater)
        chooser.finished.connect(self._forget_chooser)
        self.chooser = chooser
        chooser.open()

    def write(self, path: Path) -> None:
        """Write the file, in the format that its name says, and close; where that fails, say why and stay."""
        named: Format | None = {f".{kind.lower()}": kind for kind in get_args(Format)}.get(path.suffix.lower())
        if named is None:
            path = path.with_name(f"{path.name}.{self.options.format.lower()}")
        options = replace(self.options, format=named or self.options.format)
        try:
            self._exports.write(path, [of.widget for of in self.chosen], options)
        except UserError as error:
            self.said.setText(f"⚠ {error.message} {error.hint}")
            return
        if self._settings is not None:
            self._settings.setValue(KEPT, json.dumps(asdict(options)))
            self._settings.setValue("figure folder", str(path.parent))
        self.accept()

    def _forget_chooser(self) -> None:
        self.chooser = None


class Preview(QWidget):
    """The figure, as large as there is room, over squares that show through where it has no ground."""

    def __init__(self) -> None:
        super().__init__()
        self.image = QImage()
        self.setMinimumSize(320, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Preview")

    def show_image(self, image: QImage) -> None:
        """Show it."""
        self.image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.image.isNull():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        place = self.rect().adjusted(4, 4, -4, -4)
        size = self.image.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place.setSize(size)
        place.moveCenter(self.rect().center())
        painter.fillRect(place, Qt.GlobalColor.white)
        painter.fillRect(place, Qt.BrushStyle.Dense6Pattern)
        painter.fillRect(place, theme.LIGHT.color("raised", 0.85))
        painter.drawImage(place, self.image)
        painter.end()


def _kept(settings: QSettings | None) -> FigureOptions:
    """The options of the last figure; what is not known any more is passed over."""
    options = FigureOptions()
    try:
        kept = json.loads(str(settings.value(KEPT, "{}"))) if settings is not None else {}
    except ValueError:
        return options
    known: dict[str, Any] = kept if isinstance(kept, dict) else {}
    hints = field_types(FigureOptions)
    return replace(options, **{name: known[name] for name, kind in hints.items() if _fits(known.get(name), kind)})


def _fits(value: object, kind: object) -> bool:
    choices = get_args(kind)
    return value in choices if choices else type(value) is kind
