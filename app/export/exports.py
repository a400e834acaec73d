"""What takes pictures out of the window: the menu of every panel, copies, and files that open again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QMimeData, QObject, QPoint, QSettings, Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QMenu, QWidget
from shiboken6 import isValid

from app import theme
from app.desk import Desk
from app.documents import Documents
from app.export.dialog import ExportDialog
from app.export.files import figure_bytes, png_of, to_image, to_svg
from app.export.paint import pictures_in
from app.export.sheet import MM_AN_INCH, Sheet
from app.export.shown import Shown, name_of, picture_at, shown_of, study_of
from app.export.written import OnceDrawn
from app.file_menu import Add
from app.outcomes import Outcomes
from app.panels import Panel
from core.documents.figures import state_of
from core.documents.learned import with_learned_files
from core.errors import UserError
from core.figures.options import WIDTH_MM, FigureOptions, Palette
from core.figures.state import with_state
from core.storage import replace_file

Row = tuple[str, Callable[[], object]]
"""An entry of a menu: its words, and what it does."""
Rows = Callable[[QWidget], Sequence[Row]]
"""What can be done with a picture or a panel."""
COPIED_DPI = 300


def panel_menu(parent: QWidget, rows: Iterable[Row], attempt: Callable[[Callable[[], object]], object]) -> QMenu:
    """A menu of rows, deleted once it is closed; `attempt` runs what is chosen and says what a user can mend."""
    menu = QMenu(parent)
    add_rows(menu, rows, attempt)
    menu.aboutToHide.connect(menu.deleteLater)
    return menu


def add_rows(menu: QMenu, rows: Iterable[Row], attempt: Callable[[Callable[[], object]], object]) -> None:
    """Add rows to a menu that has others."""
    for words, do in rows:
        menu.addAction(words).triggered.connect(lambda _=False, do=do: attempt(do))


class Exports(QObject):
    """Figures of the panels in sight. `more` gives further rows of the menu of a picture."""

    def __init__(
        self,
        window: QMainWindow,
        desk: Desk,
        documents: Documents,
        outcomes: Outcomes,
        in_sight: Callable[[], list[Panel]],
        settings: QSettings | None,
    ) -> None:
        super().__init__(window)
        self._window, self._desk, self._documents = window, desk, documents
        self._outcomes, self._in_sight, self._settings = outcomes, in_sight, settings
        self.more: list[Rows] = []
        self.dialog: QWidget | None = None
        self._copying: OnceDrawn | None = None
        desk.add_figure_rows = self.add_to

    def add_commands(self, add: Add) -> None:
        """Add the command that has keys."""
        add("Edit", "Copy picture", self.copy_pointed, "Ctrl+Shift+C")

    # Menus

    def attach(self, dock: QDockWidget, panel: QWidget) -> None:
        """Give a dock its menu: of the picture under the pointer, or of the panel."""
        dock.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        dock.customContextMenuRequested.connect(partial(self._open_menu, dock, panel))

    def _open_menu(self, dock: QDockWidget, panel: QWidget, at: QPoint) -> None:
        self.menu_of(picture_at(dock.childAt(at), panel)).popup(dock.mapToGlobal(at))

    def menu_of(self, target: QWidget) -> QMenu:
        """The menu of a picture or a panel."""
        return panel_menu(self._window, self.rows_of(target), self._outcomes.attempt)

    def rows_of(self, target: QWidget) -> list[Row]:
        """What can be done with a picture or a panel."""
        own: list[Row] = [
            ("Export figure…", lambda: self.export(target)),
            ("Copy picture", lambda: self.copy(target)),
        ]
        return own + [row for rows in self.more for row in rows(target)]

    def add_to(self, menu: QMenu, target: QWidget) -> None:
        """Add the rows of a picture to a menu of its own."""
        menu.addSeparator()
        add_rows(menu, self.rows_of(target), self._outcomes.attempt)

    # Pictures

    def shown(self) -> list[Shown]:
        """What can be drawn now."""
        return shown_of(self._in_sight())

    def pointed(self) -> QWidget:
        """The picture or panel under the pointer, else the one that has the keyboard.

        Raises UserError where both are elsewhere.
        """
        found = self._pointed()
        if found is None:
            raise UserError("Which picture is meant cannot be told.", "Point at it, or choose File ▸ Export figure….")
        return found

    def _pointed(self) -> QWidget | None:
        for widget in (QApplication.widgetAt(QCursor.pos()), QApplication.focusWidget()):
            panel = next((p for p in self._in_sight() if widget is not None and _holds(p, widget)), None)
            if panel is not None:
                return picture_at(widget, cast(QWidget, panel))
        return None

    def copy_pointed(self) -> None:
        """Copy the picture under the pointer."""
        self.copy(self.pointed())

    def copy(self, target: QWidget) -> None:
        """Put a picture, or those of a panel below each other, into the clipboard, as pixels and as lines, once plots
        among them are drawn.

        They are as wide as on the screen.
        """
        if self._copying is not None:
            self._copying.deleteLater()
        self._copying = OnceDrawn(lambda: self._copy(target), self)
        self._copying.go()

    def _copy(self, target: QWidget) -> None:
        if not isValid(target):
            return
        pictures = tuple(pictures_in(target)) or (target,)
        sheet = Sheet(pictures, self._as_on_screen(target))
        state, data = self.state(pictures), QMimeData()
        image = to_image(sheet, COPIED_DPI)
        data.setImageData(image)
        data.setData("image/png", with_state(png_of(image), state))
        data.setData("image/svg+xml", with_state(to_svg(sheet), state))
        QApplication.clipboard().setMimeData(data)

    def _as_on_screen(self, target: QWidget) -> FigureOptions:
        palette: Palette = "dark" if theme.current().dark else "light"
        width_mm = max(WIDTH_MM[0], target.width() / target.logicalDpiX() * MM_AN_INCH)
        font_pt = QApplication.font().pointSizeF()
        return FigureOptions("PNG", palette, width_mm, font_pt, columns=1, letters=False)

    def state(self, pictures: Sequence[QWidget]) -> dict[str, Any]:
        """What a figure of these pictures says of how it was made."""
        studies = [study_of(picture) for picture in pictures]
        if studies and all(study is not None for study in studies):
            return {"study": studies[0], "pictures": [name_of(picture) for picture in pictures]}
        names = [name_of(picture) or picture.accessibleName() for picture in pictures]
        answer = self._desk.answer
        of_this = answer is not None and answer.question.document == self._desk.document
        return state_of(with_learned_files(self._documents.work()), answer if of_this else None, names)

    # Files

    def write(self, path: Path, pictures: Sequence[QWidget], options: FigureOptions) -> None:
        """Write a figure in one step.

        Raises UserError where the disk refuses: the file is then as it was.
        """
        state = self.state(pictures) if options.carries else None
        replace_file(path, figure_bytes(Sheet(tuple(pictures), options), state), keep=False)

    def export(self, target: QWidget | None = None) -> None:
        """Ask how a figure is to be; ticked is the picture that is meant, or else the one pointed at."""
        shown = self.shown()
        if not shown:
            raise UserError("No panel is in sight.", "Open one in the menu Window.")
        dialog = ExportDialog(self, shown, target or self._pointed(), self._settings, self._window)
        self.dialog = dialog
        dialog.finished.connect(self._forget_dialog)
        self._desk.live.answered.connect(dialog.draw_soon)
        dialog.open()

    def attempt(self, do: Callable[[], object]) -> bool:
        """Do it and tell whether it was done; what a user can mend is said in the status line."""
        return self._outcomes.attempt(do)

    def is_settled(self) -> bool:
        """Whether what is shown is of the current state."""
        return self._desk.is_settled()

    def name(self) -> str:
        """What the document is called."""
        return self._documents.name()

    def _forget_dialog(self) -> None:
        self.dialog = None


def _holds(panel: Panel, widget: QWidget) -> bool:
    inside = cast(QWidget, panel)
    return inside is widget or inside.isAncestorOf(widget)
