"""Small pictures of stimuli, for cards."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image
from PySide6.QtGui import QImage

from app.widgets.painted import rgb_image
from core.stimuli.render import render, shape_mask
from core.stimuli.stimulus import COLORS, Stimulus, is_upright

THUMBNAIL_PX = 76
ITEM_PX = 24


@lru_cache(maxsize=2048)
def thumbnail(stimulus: Stimulus) -> QImage:
    """A sketch THUMBNAIL_PX wide and high: the items in their places, larger than life to be told apart; as it is
    where there is a photo, something is painted, or an item has another size or angle."""
    as_drawn = stimulus.photo is None and stimulus.paint is None and all(map(is_upright, stimulus.items))
    if not as_drawn:
        whole = Image.fromarray(render(stimulus))
        return rgb_image(np.asarray(whole.resize((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.BOX)))
    sketch = np.full((THUMBNAIL_PX, THUMBNAIL_PX, 3), 255, np.uint8)
    room = stimulus.geometry.image_px - stimulus.geometry.cell_px
    for item in stimulus.items:
        x = round(item.x_px / room * (THUMBNAIL_PX - ITEM_PX))
        y = round(item.y_px / room * (THUMBNAIL_PX - ITEM_PX))
        sketch[y : y + ITEM_PX, x : x + ITEM_PX][shape_mask(item.shape, ITEM_PX)] = COLORS[item.color]
    return rgb_image(sketch)
