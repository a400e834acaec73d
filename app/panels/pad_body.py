"""The pads and what belongs to them: below them, or beside them where the panel is low."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QBoxLayout, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from app.widgets.flow import ScrolledBody

BESIDE_BELOW_PX = 400
"""In a panel that is lower and wide enough, what belongs to the pad stands beside it."""
BESIDE_PX = 184
"""How wide it is there at least."""
LEAST_PX = 320
"""How wide the panel must be for both."""
PAD_MIN_PX = 160
MOST_PX = 16_777_215  # of Qt: no limit


class PadBody(ScrolledBody):
    """The tabs take the room that the others leave; the last of these, a list, takes what the square pad leaves."""

    def __init__(self, tabs: QTabWidget, beneath: Sequence[QWidget]) -> None:
        super().__init__()
        self._tabs, self._beneath = tabs, QWidget()
        column = QVBoxLayout(self._beneath)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        for widget in beneath:
            column.addWidget(widget)
        column.setStretchFactor(beneath[-1], 1)
        self._all = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._all.setContentsMargins(4, 0, 4, 4)
        self._all.setSpacing(4)
        self._all.addWidget(tabs, 1)
        self._all.addWidget(self._beneath)
        self._room = (0, 0)
        tabs.currentChanged.connect(lambda _: self.fit(*self._room))

    def put_beneath(self, widget: QWidget) -> None:
        """One more widget under the tabs, before the others."""
        column = self._beneath.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(0, widget)

    def fit(self, width: int, height: int) -> None:
        """The pad is a square: in a low panel there is room beside it, in a high one below it. What is wider than a
        square, as the sliders of the probe are, has the whole width, and a form the height that it needs."""
        self._room = (width, height)
        page = self._tabs.currentWidget()
        inside = page.widget() if isinstance(page, QScrollArea) else page
        square = inside is None or inside.minimumSizeHint().width() <= width - max(BESIDE_PX, width - height)
        beside = square and height < BESIDE_BELOW_PX and width > max(height, LEAST_PX)
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if direction != self._all.direction():
            self._all.setDirection(direction)
        across = max(BESIDE_PX, width - height) if beside else MOST_PX
        self._beneath.setMaximumWidth(across)
        self._beneath.setMinimumWidth(across if beside else 0)
        bar = self._tabs.tabBar().sizeHint().height()
        form = inside.sizeHint().height() + bar if inside is not page and inside is not None else 0
        self._tabs.setMinimumHeight(max(PAD_MIN_PX, min(form, height - self._beneath.minimumSizeHint().height())))
        self._tabs.setMaximumHeight(MOST_PX if beside else width + bar)
