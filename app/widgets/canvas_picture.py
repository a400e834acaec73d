"""How the stimulus canvas looks: where the image lies, the patch grid, and the ring of each item."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QFont, QImage, QPainter, QPainterPath, QPen

from app.theme import Theme
from app.widgets.closeup import Closeup
from app.widgets.marks import ink_on, keep_inside, paint_pill, pill_size
from app.widgets.painted import line_height, scaled

_MARGIN_PX = 3
_TAB_PX = 17.0
_PAIR_GAP_PX = 4.0


@dataclass(frozen=True, slots=True)
class CanvasItem:
    """One object: its letter, the theme role of its colour, its cell in image pixels and the patches under it.

    `patches` count row by row from the top left; `overlaps` and `aligned` are judged by the caller. Items with the
    same word for `pair` are ringed and named as one pair. One that is `fixed` is a set of patches, with a `name`, that
    can be selected alone. `unit_px` is the side of a cell of the usual size, `form` a word where the item is not as
    usual, and one of a higher `level` lies over others.
    """

    label: str
    role: str
    x_px: int
    y_px: int
    size_px: int
    patches: tuple[int, ...]
    overlaps: bool
    aligned: bool
    pair: str = ""
    name: str = ""
    fixed: bool = False
    scale: float = 1.0
    angle_deg: float = 0.0
    unit_px: int = 32
    form: str = ""
    level: int = 0
    locked: bool = False

    @property
    def unusual(self) -> str:
        """In what it is not as in training, in a word or two; "" where it is."""
        return " · ".join(word for word in ("" if self.aligned else "unaligned", self.form) if word)


@dataclass(frozen=True, slots=True)
class CanvasFrame:
    """Where the image lies in the widget (logical pixels) and how many of them one image pixel takes.

    `seen` is where a part of it is seen, None where the whole is.
    """

    left: float
    top: float
    zoom: float
    side_px: int
    seen: QRectF | None = None

    @property
    def view(self) -> QRectF:
        """Where the image is seen."""
        return self.rect if self.seen is None else self.seen

    def closer(self, closeup: Closeup) -> CanvasFrame:
        """The frame of a part of the image, seen where this one shows the whole."""
        if closeup.scale == 1:
            return self
        whole = closeup.whole(self.rect)
        return CanvasFrame(whole.left(), whole.top(), self.zoom * closeup.scale, self.side_px, self.rect)

    @property
    def rect(self) -> QRectF:
        return QRectF(self.left, self.top, self.side_px * self.zoom, self.side_px * self.zoom)

    def shown(self, x_px: float, y_px: float, size_px: float) -> QRectF:
        """A square of the image as it lies in the widget."""
        return QRectF(
            self.left + x_px * self.zoom, self.top + y_px * self.zoom, size_px * self.zoom, size_px * self.zoom
        )

    def item_rect(self, item: CanvasItem) -> QRectF:
        return self.shown(item.x_px, item.y_px, item.size_px)


@dataclass(frozen=True, slots=True)
class Marking:
    """What the person is doing with the items: indices, or −1; `also` are selected too. Where they are `bare`, nothing
    tints the pixels: one paints on them."""

    selected: int
    hovered: int
    target: int
    focused: bool
    also: tuple[int, ...] = ()
    bare: bool = False


def fit(side_px: int, patch_px: int, room: tuple[float, float], ratio: float) -> CanvasFrame:
    """The frame of an image of `side_px` in `room` (width, height) on a screen with device pixel `ratio`.

    It fills the room up to an integer number of device pixels for each patch, so that the grid stays even.
    """
    device_room = max(1, int((min(room) - 2 * _MARGIN_PX) * ratio))
    zoom = max(1, device_room * patch_px // side_px) / patch_px / ratio
    spare_x, spare_y = room[0] - side_px * zoom, room[1] - side_px * zoom
    return CanvasFrame(round(spare_x / 2 * ratio) / ratio, round(spare_y / 2 * ratio) / ratio, zoom, side_px)


@dataclass(frozen=True, slots=True)
class CanvasPainter:
    """Draws one state of the canvas."""

    painter: QPainter
    frame: CanvasFrame
    patch_px: int
    colors: Theme
    font: QFont

    @property
    def _tab_px(self) -> float:
        """The side of the square that a letter stands in: larger for larger type."""
        return max(_TAB_PX, 1.05 * line_height(self.font))

    def paint_picture(self, image: QImage) -> None:
        """The image with the patch grid on it."""
        self._clip()
        self.painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        self.painter.drawImage(self.frame.rect, image)
        self._paint_grid()

    def paint_over(self, image: QImage) -> None:
        """An image of the same pixels over the picture."""
        self.painter.save()
        self._clip()
        self.painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        self.painter.drawImage(self.frame.rect, image)
        self.painter.restore()

    def paint_items(self, items: tuple[CanvasItem, ...], marking: Marking) -> None:
        """What marks the items, and the edge that has the keyboard."""
        self._paint_edge(focused=marking.focused)
        self._clip()
        pairs = dict.fromkeys(item.pair for item in items if item.pair)
        rings = {pair: self._paint_pair([item for item in items if item.pair == pair]) for pair in pairs}
        chosen = (marking.selected, *marking.also)
        order = sorted(range(len(items)), key=lambda i: i in chosen)
        for index in order:
            self._paint_ring(items[index], index, marking)
        overlap = self._overlap([self._region(item) for item in items if item.overlaps])
        self._paint_overlap(overlap)
        boxes = [self._region(item).boundingRect().adjusted(0, -_TAB_PX, 0, 0) for item in items]  # with its letter
        for pair, places in rings.items():
            self._name_pair(pair, places, boxes)
        for index in order:
            self._paint_labels(items[index])
        if not overlap.isEmpty():
            self._paint_word("overlap", overlap.boundingRect())

    def _clip(self) -> None:
        """Keep to where a part of the image is seen."""
        if self.frame.seen is not None:
            self.painter.setClipRect(self.frame.seen)

    def _paint_grid(self) -> None:
        pen = QPen(self.colors.color("muted", 0.22), 0)
        self.painter.setPen(pen)
        rect, step = self.frame.rect, self.patch_px * self.frame.zoom
        for line in range(1, -(-self.frame.side_px // self.patch_px)):
            x, y = rect.left() + line * step, rect.top() + line * step
            self.painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
            self.painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))

    def _paint_edge(self, *, focused: bool) -> None:
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.setPen(QPen(self.colors.color("accent" if focused else "line"), 2 if focused else 1))
        out = 2.0 if focused else 0.5
        self.painter.drawRect(self.frame.view.adjusted(-out, -out, out, out))

    def _paint_pair(self, items: list[CanvasItem]) -> list[QRectF]:
        """A ring round the items of a pair, one for items that touch; where the rings are."""
        region = QPainterPath()
        for item in items:
            region = region.united(self._region(item))
        rings = []
        for part in region.simplified().toSubpathPolygons():
            ring = part.boundingRect().adjusted(-_PAIR_GAP_PX, -_PAIR_GAP_PX, _PAIR_GAP_PX, _PAIR_GAP_PX)
            self.painter.setBrush(Qt.BrushStyle.NoBrush)
            self.painter.setPen(QPen(self.colors.color("muted"), 1.5, Qt.PenStyle.DashLine))
            self.painter.drawRoundedRect(ring, 4, 4)
            rings.append(ring)
        return rings

    def _name_pair(self, pair: str, rings: list[QRectF], taken: list[QRectF]) -> None:
        """The pair's name at the right of each ring, or at another side where it would lie on an item."""
        painter, inside = self.painter, self.frame.rect
        painter.setFont(scaled(self.font, 0.8))
        width, height = pill_size(pair, painter.font())
        for ring in rings:
            corners = (
                QPointF(ring.right() + 2, ring.top()),
                QPointF(ring.left() - 2 - width, ring.top()),
                QPointF(ring.right() - width, ring.bottom() + 2),
                QPointF(ring.left(), ring.bottom() + 2),
                QPointF(ring.right() - width, ring.top() - 2 - height),
            )
            blocks = [QRectF(corner.x(), corner.y(), width, height) for corner in corners]
            free = [b for b in blocks if inside.contains(b) and not any(b.intersects(box) for box in taken)]
            block = free[0] if free else keep_inside(blocks[0], inside)
            paint_pill(painter, pair, block.topLeft(), self.colors.color("muted"))

    def _paint_ring(self, item: CanvasItem, index: int, marking: Marking) -> None:
        region = self._region(item)
        color = self.colors.color(item.role)
        painter = self.painter
        painter.setPen(Qt.PenStyle.NoPen)
        lit = index in (marking.target, marking.hovered)
        if not marking.bare:
            painter.setBrush(self.colors.color(item.role, 0.26 if lit else 0.13))
            painter.drawPath(region)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if index in (marking.selected, marking.target, *marking.also):
            halo = 11 if index == marking.target else 8
            painter.setPen(QPen(self.colors.color(item.role, 0.35), halo, j=Qt.PenJoinStyle.RoundJoin))
            painter.drawPath(region)
        painter.setPen(QPen(color, 3 if index in (marking.selected, marking.target, *marking.also) else 2))
        painter.drawPath(region)
        if not item.aligned:
            painter.setPen(QPen(color, 1.5, Qt.PenStyle.DotLine))
            painter.drawRect(self.frame.item_rect(item))

    def _overlap(self, regions: list[QPainterPath]) -> QPainterPath:
        """What two of `regions` share; all of them where no two meet, for the caller knows of a third thing."""
        shared = QPainterPath()
        for first, second in combinations(regions, 2):
            shared = shared.united(first.intersected(second))
        if shared.isEmpty():
            for region in regions:
                shared = shared.united(region)
        return shared.simplified()

    def _paint_overlap(self, overlap: QPainterPath) -> None:
        painter = self.painter
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(self.colors.color("warning", 0.5), Qt.BrushStyle.BDiagPattern))
        painter.drawPath(overlap)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(ink_on(self.colors.color("warning")), 3))
        painter.drawPath(overlap)
        painter.setPen(QPen(self.colors.color("warning"), 2, Qt.PenStyle.DashLine))
        painter.drawPath(overlap)

    def _paint_word(self, word: str, region: QRectF) -> None:
        """A pill with `word` in the middle of `region`, which may be smaller."""
        self.painter.setFont(scaled(self.font, 0.85))
        width, height = pill_size(word, self.painter.font())
        block = QRectF(0, 0, width, height)
        block.moveCenter(region.center())
        block = keep_inside(block, self.frame.rect)
        paint_pill(self.painter, word, block.topLeft(), self.colors.color("warning"))

    def _region(self, item: CanvasItem) -> QPainterPath:
        """The outline of all patches under the item; its cell where it covers none."""
        n_columns = -(-self.frame.side_px // self.patch_px)
        region = QPainterPath()
        for patch in item.patches:
            row, column = divmod(patch, n_columns)
            region.addRect(self.frame.shown(column * self.patch_px, row * self.patch_px, self.patch_px))
        if not item.patches:
            region.addRect(self.frame.item_rect(item))
        return region.simplified()

    def _paint_labels(self, item: CanvasItem) -> None:
        """The letter on a tab, and beside it in words what is not as in training, and that it is locked."""
        painter, gap = self.painter, 3
        words = [(item.unusual, "warning"), ("locked" if item.locked else "", "muted")]
        painter.setFont(scaled(self.font, 0.85))
        pills = [(word, role, pill_size(word, painter.font())) for word, role in words if word]
        width = self._tab_px + sum(gap + size[0] for _, _, size in pills)
        height = max([self._tab_px, *(size[1] for _, _, size in pills)])
        region = self._region(item).boundingRect()
        block = QRectF(region.left() - 1, region.top() - height - 1, width, height)
        if block.top() < self.frame.rect.top():
            block.moveTop(region.bottom() + 1)
        block = keep_inside(block, self.frame.rect)
        x = block.left() + self._tab_px + gap
        for word, role, size in pills:
            paint_pill(painter, word, QPointF(x, block.top()), self.colors.color(role))
            x += size[0] + gap
        self._paint_tab(item, QRectF(block.left(), block.bottom() - self._tab_px, self._tab_px, self._tab_px))

    def _paint_tab(self, item: CanvasItem, tab: QRectF) -> None:
        color = self.colors.color(item.role)
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(color)
        self.painter.drawRoundedRect(tab, 2.5, 2.5)
        self.painter.setFont(scaled(self.font, 0.95, bold=True))
        self.painter.setPen(ink_on(color))
        self.painter.drawText(tab, Qt.AlignmentFlag.AlignCenter, item.label)
