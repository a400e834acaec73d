"""A button that shows how the hand draws, and changes that in a pop-over: size, hardness, colour, noise."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QRadialGradient
from PySide6.QtWidgets import QCheckBox, QColorDialog, QFormLayout, QLabel, QPushButton, QSizePolicy, QSlider, QWidget

from app import theme
from app.widgets.fold import PopOver
from app.widgets.hand import SIZES_PX, Hand
from app.widgets.marks import paint_focus
from app.widgets.painted import Paints, box
from app.widgets.tool_strip import TOOL_PX


class BrushOptions(QWidget):
    """Size and hardness as sliders, noise as a switch, any colour by a dialog; `changed` names a field of the hand."""

    changed = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.width_slider, self.hardness_slider = QSlider(Qt.Orientation.Horizontal), QSlider(Qt.Orientation.Horizontal)
        self.noise, self.other_color = QCheckBox("Noise, as in the study"), QPushButton("Other colour…")
        self.width_slider.setRange(SIZES_PX[0], SIZES_PX[-1])
        self.hardness_slider.setRange(0, 100)
        self.width_slider.setAccessibleName("Size")
        self.hardness_slider.setAccessibleName("Hardness")
        self.noise.setToolTip("Gaussian noise round the colour, as the study fills its items")
        self._hand = Hand()
        self._told = QLabel(), QLabel()
        self._form = QFormLayout(self)
        for label, slider in zip(self._told, (self.width_slider, self.hardness_slider), strict=True):
            self._form.addRow(label, slider)
        self._form.addRow(self.noise)
        self._form.addRow(self.other_color)
        self.width_slider.valueChanged.connect(lambda value: self.changed.emit("size_px", value))
        self.hardness_slider.valueChanged.connect(lambda value: self.changed.emit("hardness", value / 100))
        self.noise.toggled.connect(lambda on: self.changed.emit("noisy", on))
        self.other_color.clicked.connect(self._choose)
        self.show_hand(self._hand)

    def show_hand(self, hand: Hand) -> None:
        """Stand as the hand draws."""
        self._hand = hand
        with QSignalBlocker(self.width_slider), QSignalBlocker(self.hardness_slider), QSignalBlocker(self.noise):
            self.width_slider.setValue(hand.size_px)
            self.hardness_slider.setValue(round(100 * hand.hardness))
            self.noise.setChecked(hand.noisy)
        self._told[0].setText(f"Size {hand.size_px} px")
        self._told[1].setText(f"Hardness {hand.hardness:.0%}")

    def _choose(self) -> None:
        dialog = QColorDialog(QColor(*self._hand.rgb), self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.colorSelected.connect(lambda color: self.changed.emit("rgb", color.getRgb()[:3]))
        dialog.open()


class BrushButton(Paints, PopOver):
    """Shows the colour, and how large and hard a stroke would be."""

    def __init__(self) -> None:
        self.options = BrushOptions()
        self._hand = Hand()
        super().__init__("", (self.options,))
        self.setProperty("chip", False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Brush")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.show_hand(self._hand)

    def show_hand(self, hand: Hand) -> None:
        """Show how the hand draws."""
        if hand == self._hand and self.toolTip():
            return
        self._hand = hand
        self.options.show_hand(hand)
        noise = ", noise" if hand.noisy else ""
        self.setToolTip(f"Brush: {hand.size_px} px, {hand.hardness:.0%} hard{noise}\n− and + change the size")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(TOOL_PX, TOOL_PX)

    def paint(self, painter: QPainter) -> None:
        colors, rect, hand = theme.current(), self.rect().toRectF().adjusted(1, 1, -1, -1), self._hand
        box(painter, rect, radius=5, fill=colors.color("raised") if self.underMouse() else None)
        if self.hasFocus():
            paint_focus(painter, rect, colors)
        radius = 3.5 + 6.0 * min(1.0, hand.size_px / SIZES_PX[-4])
        middle, color = rect.center(), QColor(*hand.rgb)
        clear = QColor(color)
        clear.setAlpha(40)
        falling = QRadialGradient(middle, radius)
        falling.setColorAt(min(hand.hardness, 0.99), color)
        falling.setColorAt(1.0, color if hand.hardness >= 1 else clear)
        painter.setBrush(falling)
        painter.setPen(QPen(colors.color("muted"), 1, Qt.PenStyle.DotLine if hand.noisy else Qt.PenStyle.SolidLine))
        painter.drawEllipse(QPointF(middle), radius, radius)
