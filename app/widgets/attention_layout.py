"""Where the parts of the attention view lie: the picture, its scale, the chips of prefix tokens, the caption."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF

from app.widgets.closeup import WHOLE, Closeup
from app.widgets.painted import line_height, scaled, width_of

WRAP = int(Qt.TextFlag.TextWordWrap)
_LEAST_BAR = 4.0  # lines


@dataclass(frozen=True)
class Parts:
    """What has to find a place; `rows` and `cols` count patches."""

    rows: int
    cols: int
    prefix: tuple[str, ...]
    scale_label: str
    caption: str
    widest: str = ".88"
    closeup: Closeup = WHOLE
    hinted: bool = True

    @property
    def chips(self) -> tuple[str, ...]:
        """The words of the chips, each with the widest value."""
        return tuple(f"{label} {self.widest}" for label in self.prefix)


@dataclass(frozen=True)
class AttentionFrame:
    """Rectangles in logical pixels; an empty one is not drawn. Tokens count prefix tokens first, then patches."""

    picture: QRectF
    whole: QRectF
    """Where the whole picture lies, of which a part fills `picture`."""
    rows: int
    cols: int
    bar: QRectF
    label: QRectF
    chips: tuple[QRectF, ...]
    caption: QRectF
    hint: QRectF

    def patch(self, row: int, col: int) -> QRectF:
        """The rectangle of one patch."""
        width, height = self.whole.width() / self.cols, self.whole.height() / self.rows
        return QRectF(self.whole.left() + col * width, self.whole.top() + row * height, width, height)

    def token_rect(self, token: int) -> QRectF:
        """The rectangle of a token: a chip or a patch; empty where there is no such token."""
        if token < len(self.chips):
            return self.chips[token] if token >= 0 else QRectF()
        row, col = divmod(token - len(self.chips), max(1, self.cols))
        return self.patch(row, col) if row < self.rows else QRectF()

    def token_at(self, at: QPointF) -> int | None:
        """The token at a point."""
        for token, chip in enumerate(self.chips):
            if chip.contains(at):
                return token
        if not self.picture.contains(at) or not self.rows or not self.cols:
            return None
        row = int((at.y() - self.whole.top()) / self.whole.height() * self.rows)
        col = int((at.x() - self.whole.left()) / self.whole.width() * self.cols)
        return len(self.chips) + min(row, self.rows - 1) * self.cols + min(col, self.cols - 1)


def chip_font(font: QFont) -> QFont:
    """The type of the chips and of the scale."""
    return scaled(font, 0.92)


def caption_font(font: QFont) -> QFont:
    """The type of the caption."""
    return scaled(font, 1.0)


def chip_size(font: QFont, words: str) -> tuple[float, float]:
    """Width and height of a chip with room for these words."""
    em = line_height(font)
    return width_of(chip_font(font), words) + 1.75 * em, 1.45 * em


def frame_in(area: QRectF, font: QFont, parts: Parts, ratio: float) -> AttentionFrame:
    """The largest square picture with the scale and chips beside it; chips that do not fit there go below.

    `ratio` is the number of device pixels in a logical one.
    """
    em = line_height(font)
    column = _column_width(font, parts)
    caption = _caption_height(font, parts.caption, area.width())
    hint = 1.25 * em if parts.hinted and area.height() > 18 * em else 0.0
    foot = 0.35 * em + caption + hint
    side = _side(min(area.width() - column - 0.7 * em - 2, area.height() - foot - 3), parts, ratio)
    chips_height = len(parts.prefix) * 1.75 * em
    beside = side - chips_height - 2.6 * em >= _LEAST_BAR * em
    row_height = 0.0
    if not beside and parts.prefix:
        row_height = _flow(area.left(), 0.0, area.width(), font, parts.chips)[-1].bottom() + 0.4 * em
        side = _side(min(side, area.height() - foot - row_height - 3), parts, ratio)
    edge = round(2 * ratio) / ratio  # whole device pixels
    picture = QRectF(area.left() + edge, area.top() + edge, side, side)
    chips_top = picture.bottom() + 0.4 * em
    left = picture.right() + 0.7 * em
    if beside:
        chips = _stack(left, picture.bottom() - chips_height + 0.3 * em, font, parts.chips)
    else:
        chips = _flow(area.left() + 2, chips_top, area.width(), font, parts.chips)
    text_top = picture.bottom() + row_height + 0.35 * em
    bar = _bar(picture, left, em, chips_height if beside else 0.0)
    return AttentionFrame(
        picture=picture,
        whole=parts.closeup.whole(picture),
        rows=parts.rows,
        cols=parts.cols,
        bar=bar,
        label=QRectF(left, bar.bottom() + 0.35 * em, column, 2.1 * em) if side > 6 * em else QRectF(),
        chips=tuple(chips),
        caption=QRectF(area.left() + 2, text_top, area.width() - 2, caption),
        hint=QRectF(area.left() + 2, text_top + caption, area.width() - 2, hint),
    )


def _column_width(font: QFont, parts: Parts) -> float:
    em = line_height(font)
    small = chip_font(font)
    chips = [chip_size(font, words)[0] for words in parts.chips]
    return max([*chips, width_of(small, parts.scale_label), 3.2 * em]) + 2


def _caption_height(font: QFont, caption: str, width: float) -> float:
    face = caption_font(font)
    metrics = QFontMetricsF(face)
    wrapped = metrics.boundingRect(QRectF(0, 0, max(1.0, width - 2), 10_000), WRAP, caption or "x").height()
    return min(wrapped, 3 * metrics.height()) + 2


def _side(room: float, parts: Parts, ratio: float) -> float:
    """As large as the room, with the same number of device pixels for each patch."""
    device = max(16, int(room * ratio))
    if 0 < parts.cols <= device:
        device -= device % parts.cols
    return device / ratio


def _bar(picture: QRectF, left: float, em: float, chips_height: float) -> QRectF:
    label = 2.6 * em if picture.height() > 6 * em else 0.0
    height = max(1.5 * em, picture.height() - chips_height - label)
    return QRectF(left, picture.top(), 0.85 * em, height)


def _stack(left: float, top: float, font: QFont, labels: tuple[str, ...]) -> list[QRectF]:
    pitch = 1.75 * line_height(font)
    return [QRectF(left, top + i * pitch, *chip_size(font, label)) for i, label in enumerate(labels)]


def _flow(left: float, top: float, width: float, font: QFont, labels: tuple[str, ...]) -> list[QRectF]:
    """Chips in lines."""
    pitch = 1.75 * line_height(font)
    x, y = left, top
    chips = []
    for label in labels:
        chip_width, height = chip_size(font, label)
        if x > left and x + chip_width > left + width - 2:
            x, y = left, y + pitch
        chips.append(QRectF(x, y, chip_width, height))
        x += chip_width + 5
    return chips
