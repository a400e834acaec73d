"""Whether what a document file holds can be drawn and asked about: its types are right, its numbers may not be."""

from __future__ import annotations

from core.analyses.decision import Verdict
from core.cards import LARGEST_IMAGE_PX
from core.document import Document, View
from core.documents.work import ModelNote, Work, documents_of
from core.interventions import MAX_SEED, check_edit
from core.stimuli.crops import check_crop
from core.stimuli.paint import layer_pixels
from core.stimuli.stimulus import (
    COLORS,
    ITEM_LETTERS,
    MAX_LEVEL,
    MAX_SCALE,
    MIN_SCALE,
    N_OOD,
    N_SHAPES,
    Geometry,
    Item,
    Photo,
    Stimulus,
    cell_side_px,
)

MAX_INDEX = 2**20
"""No network has so many blocks, heads or tokens."""
MAX_SHAPE = 4096
"""No network has more blocks, more heads in one, or more tokens before its patches."""


def check(work: Work) -> None:
    """Raises ValueError that says what cannot be."""
    documents = set(documents_of(work))
    for stimulus in {s for document in documents for s in (document.base, document.source) if s is not None}:
        check_stimulus(stimulus)
    for document in documents:
        _check_edits(document)
    views = {work.view, *(moment.view for moment in work.history), *(scene.view for scene in work.scenes)}
    for view in views:
        _check_view(view)
    for verdict in {moment.verdict for moment in work.history if moment.verdict is not None}:
        _check_verdict(verdict)
    for note in work.models:
        _check_note(note)


def check_document(document: Document) -> None:
    """Raises ValueError that says what of a state cannot be."""
    for stimulus in (document.base, document.source):
        if stimulus is not None:
            check_stimulus(stimulus)
    _check_edits(document)


def check_stimulus(stimulus: Stimulus) -> None:
    """Raises ValueError that says why a stimulus cannot be drawn."""
    geometry = stimulus.geometry
    if not 0 < geometry.patch_px <= geometry.image_px <= LARGEST_IMAGE_PX:
        raise ValueError(f"a picture of {geometry.image_px} px in patches of {geometry.patch_px} px cannot be")
    if stimulus.photo is not None:
        _check_photo(stimulus.photo, geometry)
    if stimulus.paint is not None:
        layer_pixels(stimulus.paint, geometry.image_px)
    if len(stimulus.items) > len(ITEM_LETTERS):
        raise ValueError(f"a picture has {len(stimulus.items)} items")
    for item in stimulus.items:
        _check_item(item, geometry)


def _check_photo(photo: Photo, geometry: Geometry) -> None:
    n_pixels = geometry.image_px**2
    if len(photo.pixels) != 3 * n_pixels:
        raise ValueError("a photo is not as large as its canvas")
    if photo.whole or photo.crop is not None:
        check_crop(photo)
    if any(len(mask.bits) != -(-n_pixels // 8) or not any(mask.bits) for mask in photo.masks):
        raise ValueError("a mask is not as large as its photo, or shows nothing")
    if len(photo.masks) > len(ITEM_LETTERS):
        raise ValueError(f"a photo has {len(photo.masks)} masks")


def _check_item(item: Item, geometry: Geometry) -> None:
    if not (0 <= item.color < len(COLORS) and 0 <= item.shape < N_SHAPES + N_OOD and 0 <= item.seed <= MAX_SEED):
        raise ValueError("an item has a shape, a colour or a seed that there is none of")
    sized = MIN_SCALE <= item.scale <= MAX_SCALE and abs(item.angle_deg) <= 360 and abs(item.level) <= MAX_LEVEL
    if not sized:
        raise ValueError("an item has a size, an angle or a level that cannot be")
    last = geometry.image_px - cell_side_px(item, geometry)
    inside = 0 <= item.x_px <= last and 0 <= item.y_px <= last
    if not inside or any(abs(jitter) > geometry.cell_px for jitter in item.jitter_px):
        raise ValueError("an item lies outside its picture")


def _check_edits(document: Document) -> None:
    """An edit says in words what it does: where that fails, so would the list of edits."""
    for edit in document.interventions:
        try:
            check_edit(edit)
            edit.words(document.base)
            edit.detail(document.base)
            sites = (edit.site, *edit.sites(1))
        except (LookupError, TypeError, ValueError, ArithmeticError) as error:
            raise ValueError(f"an edit is about what is not there: {error}") from error
        if any(abs(site.block) > MAX_INDEX for site in sites):
            raise ValueError("an edit acts in a block that no network has")


def _check_view(view: View) -> None:
    parts = (view.read, view.write, view.head, view.token, view.item, *view.also)
    if not all(-1 <= part <= MAX_INDEX for part in parts):
        raise ValueError("what is looked at is nowhere")


def _check_verdict(verdict: Verdict) -> None:
    """An answer is said in words and numbers: where that fails, so would what shows it."""
    try:
        fits = len(verdict.labels) == len(verdict.logits) == len(verdict.baseline)
        shown = fits and (verdict.margin, verdict.baseline_margin, verdict.baseline_answer)
    except (LookupError, ValueError, ArithmeticError) as error:
        raise ValueError(f"a recorded answer cannot be: {error}") from error
    if not shown:
        raise ValueError("a recorded answer has not as many classes as logits")


def _check_note(note: ModelNote) -> None:
    """What shows recorded answers is as large as the network that gave them."""
    if not all(0 <= n <= MAX_SHAPE for n in (note.n_blocks, note.n_heads, note.n_prefix)):
        raise ValueError("a network of such a shape cannot be")
