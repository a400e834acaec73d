"""The settings: a page for each group of choices, made by its form, and one for the keys. All is applied at once."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.choices import Choices, Computing, Keeping, Looks
from app.dialogs.command_palette import fitting
from app.dialogs.keys_page import KeysPage
from app.forms import Form
from app.keys import Keys
from app.widgets.marks import name_parts

Group = Looks | Computing | Keeping
SIZE = QSize(580, 460)
PAGES: dict[type[Group], tuple[str, str]] = {
    Looks: ("Looks", ""),
    Computing: ("Engine", "The engine is started again when one of these is changed; what is shown stays."),
    Keeping: ("Files and questions", "Whether changes are to be saved is always asked."),
}
"""The title of each page, and what is said below its form."""


class Settings(QDialog):
    """Stays open beside the window; what is changed elsewhere is seen here."""

    def __init__(self, choices: Choices, keys: Keys, window: QWidget) -> None:
        super().__init__(window)
        self.setWindowTitle("Settings")
        self._choices = choices
        self.pages, self.forms = QTabWidget(), {kind: Form[Group](self._now(kind)) for kind in PAGES}
        for kind, (title, note) in PAGES.items():
            self.pages.addTab(self._page(kind, note), title)
        self.keys = KeysPage(keys)
        self.pages.addTab(self.keys, "Keys")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.pages)
        layout.addWidget(buttons)
        choices.changed.connect(self._follow)
        name_parts(self, "Settings")
        self.resize(fitting(window, SIZE.width(), SIZE.height()))

    def _page(self, kind: type[Group], note: str) -> QWidget:
        form, body, area = self.forms[kind], QWidget(), QScrollArea()
        form.changed.connect(lambda: self._choices.change(form.value))
        reset, layout, said = QPushButton("As at first"), QVBoxLayout(body), QLabel(note)
        reset.setToolTip("Everything on this page as it was before anything was chosen")
        reset.clicked.connect(lambda: self._choices.change(kind()))
        said.setWordWrap(True)
        said.setVisible(bool(note))
        layout.addWidget(form)
        layout.addWidget(said)
        layout.addWidget(reset)
        layout.setAlignment(reset, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(1)
        area.setWidget(body)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        return area

    def _now(self, kind: type[Group]) -> Group:
        choices = self._choices
        return choices.looks if kind is Looks else choices.computing if kind is Computing else choices.keeping

    def _follow(self, _: object) -> None:
        for kind, form in self.forms.items():
            if form.value != self._now(kind):
                form.value = self._now(kind)
