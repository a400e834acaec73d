"""Open what was dropped or chosen, by what it is: a document, a picture or a model; at most one undo step, and a clear
word on the rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from app.desk import Desk
from app.edits import choose_model, show_photo
from app.export.reopen import carries_document
from app.widgets.dropped import Dropped
from core.documents.figures import is_figure_name
from core.documents.files import SUFFIX
from core.errors import UserError
from core.locations import INDEX_SUFFIX, is_checkpoint, is_foreign, is_model_file
from core.own_files import why_not_opened
from core.stimuli.masks import MASK_SUFFIX
from core.stimuli.pictures import FORMAT_WORDS

WHAT_CAN = (
    f"Open a document (.relata), a figure that Relata exported (PNG, SVG, PDF), a picture ({FORMAT_WORDS}) or a model "
    "(.safetensors, .pt, .pth, .bin, .ckpt, its folder)."
)
N_NAMED = 3
PHOTO_SUFFIX = ".png"
"""Of figures, the one that may be a photograph as well."""


def open_dropped(desk: Desk, dropped: Dropped) -> None:
    """Open the first thing of a drop that can be.

    Raises UserError where that leaves something over, or nothing could be opened.
    """
    if dropped.paths:
        open_paths(desk, dropped.paths, others=dropped.addresses)
    elif dropped.image is not None:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "dropped picture.png"
            dropped.image.save(str(path))
            show_photo(desk, path)
    elif dropped.addresses:
        are = "is" if len(dropped.addresses) == 1 else "are"
        said = f"{_list(dropped.addresses)} {are} not on this computer."
        raise UserError(said, "Save the picture, then drop its file.")
    else:
        raise UserError("There is nothing to open in what was dropped.", WHAT_CAN)


def open_paths(desk: Desk, paths: Sequence[Path], others: Sequence[str] = ()) -> None:
    """Open the first of some files that can be; cards go with the model of their name, and what lies beside a model of
    another program with that.

    Raises UserError that names the files left over, and `others`; where none could be opened, says why.
    """
    refused: list[UserError] = []
    for used in sorted(paths, key=_rank):
        try:
            open_path(desk, used)
        except UserError as error:
            refused.append(error)
            continue
        left = [path.name for path in paths if path != used and not _goes_with(path, used)]
        if left or others:
            message = f"Opened {used.name}, and not {_list([*left, *others])}."
            raise UserError(message, "One picture or model is shown at a time.")
        return
    if len(refused) == 1:
        raise refused[0]
    raise UserError(f"None of these {len(refused)} could be opened. {refused[0].message}", WHAT_CAN)


def open_path(desk: Desk, path: Path) -> None:
    """Open a document, figure, picture or model, by the end of its name; one of another program is imported first.

    Raises UserError for anything else.
    """
    suffix = path.suffix.lower()
    if suffix == SUFFIX or (is_figure_name(path) and (suffix != PHOTO_SUFFIX or carries_document(path))):
        desk.open_document(path)
    elif (own := why_not_opened(path)) is not None:
        raise own
    elif is_foreign(path):
        desk.import_model(path)
    elif path.is_dir():
        raise UserError(f"{path.name or path} is a folder.", WHAT_CAN)
    elif is_model_file(path) or is_checkpoint(path):
        choose_model(desk, str(path))
    elif path.suffix.lower() == ".json":
        raise UserError(f"{path.name} is a card, which is read with the model beside it.", WHAT_CAN)
    else:
        show_photo(desk, path)


def _rank(path: Path) -> int:
    """Which of several files is tried first: an index before the parts of its model, a picture before its masks."""
    return 0 if path.name.endswith(INDEX_SUFFIX) else 2 if path.name.endswith(MASK_SUFFIX) else 1


def _goes_with(path: Path, used: Path) -> bool:
    """Whether a file is the card of the model that was opened, or lies beside one of another program, or has the masks
    of the picture."""
    if path == used.with_name(used.stem + MASK_SUFFIX):
        return True
    if is_foreign(used):
        return path.parent == used.parent and (is_foreign(path) or path.suffix.lower() == ".json")
    return is_model_file(used) and path == used.with_suffix(path.suffix) and path.suffix.lower() == ".json"


def _list(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - N_NAMED
    return ", ".join(names[:N_NAMED]) + (f" and {more} more" if more > 0 else "")
