"""A painter for paper: what the formats of figures cannot do, it does by other means."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPaintDevice, QPainter, QPainterPath

SMOOTH = QPainter.RenderHint.SmoothPixmapTransform
FINE_PX = 512
"""A picture to be smoothed is given so many pixels at least: a reader of the file may not smooth it."""
MARK = "\N{SYMBOL FOR UNIT SEPARATOR}"
"""What a text begins with that is no text, but says in an SVG where a clip begins or ends."""


class FigurePainter(QPainter):
    """Draws parts of images as images of their own, and smooths them itself.

    Qt's writer of SVG knows no clips: with `marks_clips`, the paths that are clipped to are kept in `clips`, and the
    file has a text with the number of each where it begins, to be made into one (`app.export.svg`).
    """

    def __init__(self, device: QPaintDevice, *, marks_clips: bool = False) -> None:
        super().__init__(device)
        self.clips: list[QPainterPath] = []
        self._marks_clips = marks_clips
        self._clip, self._saved = -1, list[int]()
        self.setRenderHint(QPainter.RenderHint.Antialiasing)

    def drawImage(self, target: Any, image: Any, source: Any = None, *more: Any) -> None:
        """Draw an image, or a part of it, into a rectangle: crisp, or as smooth as the hint says.

        At a point, an image is drawn as every painter does it.
        """
        if not isinstance(target, QRectF | QRect) or more:
            super().drawImage(target, image, *(() if source is None else (source, *more)))
            return
        place = QRectF(target)
        part = image if source is None else image.copy(QRectF(source).toAlignedRect())
        if self.testRenderHint(SMOOTH) and part.width() < FINE_PX and place.width() > part.width() / 4:
            grown = QSize(part.size() * max(1, round(FINE_PX / part.width())))
            part = part.scaled(grown, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
        super().drawImage(place, part)

    def setClipPath(self, path: QPainterPath, operation: Qt.ClipOperation = Qt.ClipOperation.ReplaceClip) -> None:
        if not self._marks_clips:
            super().setClipPath(path, operation)
            return
        if operation == Qt.ClipOperation.NoClip:
            self.setClipping(False)
            return
        clip = self.transform().map(path)
        if operation == Qt.ClipOperation.IntersectClip and self._clip >= 0:
            clip = clip.intersected(self.clips[self._clip])
        self.clips.append(clip)
        self._mark(len(self.clips) - 1)

    def setClipRect(self, *place: Any, operation: Qt.ClipOperation = Qt.ClipOperation.ReplaceClip) -> None:
        if place and isinstance(place[-1], Qt.ClipOperation):
            *place, operation = place  # type: ignore[assignment]
        path = QPainterPath()
        path.addRect(QRectF(*place))
        self.setClipPath(path, operation)

    def setClipping(self, enable: bool) -> None:
        if not self._marks_clips:
            super().setClipping(enable)
        elif not enable:
            self._mark(-1)

    def save(self) -> None:
        self._saved.append(self._clip)
        super().save()

    def restore(self) -> None:
        super().restore()
        clip = self._saved.pop()
        if clip != self._clip:
            self._mark(clip)

    def _mark(self, clip: int) -> None:
        self._clip = clip
        super().save()
        self.resetTransform()
        self.setPen(Qt.GlobalColor.black)
        self.setOpacity(1.0)
        self.drawText(0, 0, f"{MARK}{clip}")
        super().restore()
