"""The pill of an edit's row that says whether it is the effect or a control, and changes that."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QWidget

from app import theme
from app.widgets.edit_controls import RowButton
from app.widgets.marks import ink_on, paint_focus
from app.widgets.painted import box, scaled, write

EFFECT = "effect"
_PREFIX = "control: "
_PAD_PX = 7


class ControlButton(RowButton):
    """A click on the effect offers the controls; a click on a control goes back to the effect.

    The menu key and the right button always offer everything.
    """

    picked = Signal(str)
    drawn_again = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._control = ""
        self._controls: tuple[str, ...] = ()
        self._drawn = False
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clicked.connect(self._change)

    def set_choice(self, control: str, controls: tuple[str, ...], *, of: str, drawn: bool) -> None:
        """Show which control an edit is ("" for the effect) of those that it has; without any, show nothing."""
        self._control, self._controls, self._drawn = control, controls, drawn
        self.setVisible(bool(controls))
        self.setText(control or EFFECT)
        self.setAccessibleName(f"{'Control' if control else 'Effect'}: {of}")
        back = f"A control: {control}. Click for the effect"
        self.setToolTip(back if control else "The effect itself. Click for its controls")
        self.updateGeometry()
        self.update()

    def choices(self) -> QMenu:
        """Effect, controls, and where it was drawn another draw."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for control in ("", *self._controls):
            action = menu.addAction(f"Control: {control}" if control else "Effect")
            action.setCheckable(True)
            action.setChecked(control == self._control)
            action.triggered.connect(lambda _=False, wanted=control: self.picked.emit(wanted))
        if self._drawn:
            menu.addSeparator()
            menu.addAction("Draw again").triggered.connect(lambda _=False: self.drawn_again.emit())
        return menu

    def sizeHint(self) -> QSize:
        font = scaled(self.font(), 0.85, bold=bool(self._control))
        return QSize(round(QFontMetricsF(font).horizontalAdvance(self._words())) + 2 * _PAD_PX, 18)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.choices().popup(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        colors, control = theme.current(), bool(self._control)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pill = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        fill = colors.color("warning" if control else "panel")
        line = colors.color("text" if self.underMouse() else "line")
        box(painter, pill, radius=pill.height() / 2, fill=fill, line=line)
        ink = ink_on(fill) if control else colors.color("muted")
        font = scaled(self.font(), 0.85, bold=control)
        words = self._words() if self.sizeHint().width() <= self.width() else self._words().removeprefix(_PREFIX)
        write(painter, pill.adjusted(_PAD_PX - 1, 0, 1 - _PAD_PX, 0), words, font=font, color=ink)
        if self.hasFocus():
            paint_focus(painter, pill.adjusted(1, 1, -1, -1), colors, radius=pill.height() / 2)
        painter.end()

    def _words(self) -> str:
        return f"{_PREFIX}{self._control} ✕" if self._control else f"{EFFECT} ▾"

    def _change(self) -> None:
        if self._control:
            self.picked.emit("")
        else:
            self.choices().popup(self.mapToGlobal(QPoint(0, self.height())))
