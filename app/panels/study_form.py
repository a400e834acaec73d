"""What to study: the model, the parts, how many examples, and where the results go."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)

from app.as_left import Choice, as_left, leave_as
from app.forms import Form
from core.errors import UserError
from core.runner import Order
from core.sets import SetNote, note_of_set
from core.stimuli.datasets import EXAMPLES_MAX, SEED_MAX
from core.studies.study import Study, every_study
from core.study_job import STUDY_JOB

ALL_MODELS = "all bundled models"
MODEL_FILTER = "Models (*.safetensors);;All files (*)"
SHARED = ("n", "seed", "paper_convention")
"""The options that are set for all parts at once."""
FOURFOLD = "Half of each label in both tasks: a multiple of 4"


class StudyForm(QWidget):
    """Every choice with a default that works."""

    folder_changed = Signal()
    pictures_changed = Signal()
    set_named = Signal(str)

    def __init__(self, models: list[str], folder: str = "") -> None:
        super().__init__()
        self._default = folder or default_folder()
        self._bundled = models
        self._files: list[str] = []
        self._set: tuple[str, SetNote] | None = None
        self.model, self.folder, self.pictures = QComboBox(), QLineEdit(self._default), QComboBox()
        self.n, self.seed = QSpinBox(), QSpinBox()
        self.paper = QCheckBox("The paper's conventions")
        self.parts = {study.name: QCheckBox(study.label) for study in every_study()}
        forms = {study.name: Form(study, hidden=SHARED) for study in every_study()}
        self.own = {name: form for name, form in forms.items() if form.chosen}
        self._open, self._browse, self._browse_sets = QToolButton(), QToolButton(), QToolButton()
        self._fill()
        self._arrange()
        self._follow_pictures()

    def use_folder(self, folder: str) -> None:
        """Another folder where none was named here; "" for `Relata` in the user's documents."""
        before, self._default = self._default, folder or default_folder()
        if self.folder.text() == before:
            self.folder.setText(self._default)

    def kept(self) -> dict[str, Any]:
        """What is chosen, but for the model, which follows the document, and the folder, which is of this computer."""
        options = {name: form.chosen for name, form in self.own.items()}
        return {**as_left(self._choices), "options": options}

    def take(self, kept: Mapping[str, Any]) -> None:
        """Choose again what was kept."""
        leave_as(self._choices, kept)
        options = kept.get("options")
        for name, form in self.own.items():
            form.take(options.get(name) if isinstance(options, Mapping) else None)

    @property
    def _choices(self) -> dict[str, Choice]:
        parts = {f"part {name}": box for name, box in self.parts.items()}
        return {**parts, "n": self.n, "seed": self.seed, "paper": self.paper}

    def _fill(self) -> None:
        self.model.currentTextChanged.connect(lambda _: self.model.setToolTip("\n".join(self.models)))
        self.model.addItems(self._bundled)
        if len(self._bundled) > 1:
            self.model.addItem(ALL_MODELS)
        for study in every_study():
            self.parts[study.name].setChecked(study.ticked)
            self.parts[study.name].setToolTip(study.about())
            self.parts[study.name].toggled.connect(lambda _: self._follow_parts())
        self.n.setRange(0, EXAMPLES_MAX)
        self.n.setSingleStep(100)
        self.n.setToolTip(f"Images or pairs behind each number. {FOURFOLD} up to {EXAMPLES_MAX:,}")
        self.n.editingFinished.connect(lambda: self.n.setValue(_fourfold(self.n.value())))
        self.seed.setRange(0, SEED_MAX)
        self.seed.setToolTip(f"The same seed draws the same images; from 0 to {SEED_MAX:,}")
        self.paper.setToolTip("The paper's formulas where its code differs from its idea; the sound version otherwise")
        self.folder.setToolTip("Results, figures and report.html; what is finished there is not run again")
        self.folder.textChanged.connect(lambda _: self.folder_changed.emit())
        self._open.setText("…")
        self._open.setToolTip("Models from files; several are studied one after another and put together")
        self._open.setAccessibleName("Choose models from files")
        self._open.clicked.connect(self._choose_files)
        self.pictures.addItem("each part's own")
        self.pictures.currentIndexChanged.connect(lambda _: self._follow_pictures())
        self._browse_sets.setText("…")
        self._browse_sets.setToolTip("A folder that Stimulus ▸ Make a set…, relata set or relata render wrote")
        self._browse_sets.setAccessibleName("Choose a set of pictures")
        self._browse_sets.clicked.connect(self._choose_set)
        self._browse.setText("…")
        self._browse.setAccessibleName("Choose the folder")
        self._browse.clicked.connect(self._choose_folder)

    def _arrange(self) -> None:
        boxes = QGridLayout()
        for index, box in enumerate(self.parts.values()):
            boxes.addWidget(box, index // 2, index % 2)
        self._layout = layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.addRow("Model", _beside(self.model, self._open))
        layout.addRow("Pictures", _beside(self.pictures, self._browse_sets))
        layout.addRow("Parts", boxes)
        layout.addRow("Examples", self.n)
        layout.addRow("Seed", self.seed)
        layout.addRow("", self.paper)
        for name, form in self.own.items():
            label = QLabel(self.parts[name].text())
            label.setWordWrap(True)  # or the longest would make the whole column wide
            layout.addRow(label, form)
        layout.addRow("Folder", _beside(self.folder, self._browse))
        named = {"Model": self.model, "Pictures": self.pictures, "Examples": self.n, "Seed": self.seed}
        for words, field in {**named, "Folder": self.folder}.items():
            field.setAccessibleName(words)

    def _follow_parts(self) -> None:
        """Only options that a chosen part has can be changed; those of its own are shown with it."""
        chosen = [study for study in every_study() if study.name in self.chosen]
        known = {option.name for study in chosen for option in fields(study)}
        for name, field in (("n", self.n), ("seed", self.seed), ("paper_convention", self.paper)):
            field.setEnabled(name in known)
        for study in every_study():
            if study.name in self.own:
                self._layout.setRowVisible(self.own[study.name], study in chosen and bool(self._own_of(study)))

    def _own_of(self, study: Study) -> dict[str, Any]:
        """What is chosen in a part's own options, of those that mean something for the pictures."""
        idle = () if self.set is None else study.of_own_pictures
        return {name: value for name, value in self.own[study.name].chosen.items() if name not in idle}

    @property
    def chosen(self) -> list[str]:
        """The parts that are ticked and can be run on the pictures."""
        return [name for name, box in self.parts.items() if box.isChecked() and box.isEnabled()]

    @property
    def set(self) -> SetNote | None:
        """The set whose pictures are studied; None for the study's own ones."""
        return None if self._set is None or not self.pictures.currentIndex() else self._set[1]

    @property
    def set_folder(self) -> str:
        """Where that set lies, "" for the study's own pictures."""
        return "" if self._set is None or self.set is None else self._set[0]

    def choose_set(self, folder: str) -> SetNote:
        """Study the pictures of a set, in the place of the one that was chosen before; returns which it is.

        Raises UserError where it is none.
        """
        note = note_of_set(Path(folder))
        self._set = (folder, note)
        if self.pictures.count() == 1:
            self.pictures.addItem("")
        self.pictures.setItemText(1, note.words())
        self.pictures.setCurrentIndex(1)
        self._follow_pictures()
        return note

    def choose_own_pictures(self) -> None:
        """Study what each part draws by itself."""
        self.pictures.setCurrentIndex(0)

    def _follow_pictures(self) -> None:
        """On a set only some parts can be run, each on all of it or on its first pictures."""
        on_set = self.set is not None
        self.pictures.setToolTip(self.set_folder or "Each part draws what it needs, unless a set is chosen")
        self.n.setSpecialValueText("all of the set" if on_set else "each part's own")
        for study in every_study():
            box = self.parts[study.name]
            box.setEnabled(not on_set or not study.why_no_set)
            box.setToolTip(study.about() if box.isEnabled() else f"Not on a set. {study.why_no_set}")
            for name in study.of_own_pictures:
                self.own[study.name].set_row_shown(name, not on_set)
        self._follow_parts()
        self.pictures_changed.emit()

    def choose_model(self, name: str) -> None:
        """Choose a model, and add it where it is not bundled."""
        if self.model.findText(name) < 0:
            self.model.insertItem(len(self._bundled), name)
        self.model.setCurrentText(name)

    def choose_study(self, study: Mapping[str, object]) -> None:
        """Choose one study with its model, its number and its seed, as far as a file says them and they can be."""
        self.choose_own_pictures()
        wanted = study.get("study")
        if isinstance(wanted, str) and wanted in self.parts:
            for name, box in self.parts.items():
                box.setChecked(name == wanted)
        model = study.get("model")
        if isinstance(model, str) and (model in self._bundled or os.path.isfile(model)):
            self.choose_model(model)
        settings = study.get("settings")
        known = {**settings, **study} if isinstance(settings, dict) else study
        for field, value in ((self.n, known.get("n")), (self.seed, known.get("seed"))):
            if type(value) is int and field.minimum() <= value <= field.maximum():
                field.setValue(value)

    @property
    def models(self) -> list[str]:
        """The models that are chosen."""
        chosen = self.model.currentText()
        if chosen == several(self._files):
            return list(self._files)
        return list(self._bundled) if chosen == ALL_MODELS else [chosen]

    def choose_files(self, paths: list[str]) -> None:
        """Choose models from files, all of them at once."""
        if len(paths) == 1:
            self.choose_model(paths[0])
        elif paths:
            self.model.removeItem(self.model.findText(several(self._files)))
            self._files = list(paths)
            self.choose_model(several(paths))

    @property
    def out(self) -> Path:
        """The folder of the results."""
        return Path(os.path.expanduser(self.folder.text().strip()))

    @property
    def results(self) -> Path:
        """Where the results on the chosen pictures are: those on a set lie in a folder of their own."""
        return self.out if self.set is None else self.out / self.set.results

    def order(self, device: str) -> Order:
        """The job that these choices ask for.

        Raises UserError where something is missing.
        """
        studies = self.chosen
        if not studies:
            raise UserError("No part is chosen.", "Tick at least one.")
        if not self.folder.text().strip():
            raise UserError("No folder is named.", "Name one for the results.")
        if self.folder.text().strip().startswith("~") and not self.out.is_absolute():
            raise UserError(f"There is no home folder {self.out.parts[0]}.", "Name the whole path.")
        options = {"models": self.models, "studies": studies, "out": str(self.out), "seed": self.seed.value()}
        n = _fourfold(self.n.value()) or None
        options |= {"device": device, "n": n, "paper_convention": self.paper.isChecked()}
        if folder := self.set_folder:
            self.choose_set(folder)  # it may have been made again
            options["pictures"] = folder
        own = [study for study in every_study() if study.name in self.own and study.name in studies]
        options["own"] = {study.name: self._own_of(study) for study in own}
        return Order(STUDY_JOB, options, "A study")

    def _choose_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Models to study", "", MODEL_FILTER)
        self.choose_files(paths)

    def _choose_set(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "A set of pictures", self.set_folder)
        if name:
            self.set_named.emit(name)

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Folder for the results", self.folder.text())
        if name:
            self.folder.setText(name)


def several(paths: list[str]) -> str:
    """How a choice of several files is called; empty for none."""
    return f"{len(paths)} files: {', '.join(Path(path).stem for path in paths)}" if paths else ""


def _fourfold(n: int) -> int:
    """The multiple of 4 that is nearest to `n`, and 0 for 0 alone, which asks for each part's own number."""
    return 4 * max(round(n / 4), min(n, 1))


def _beside(field: QWidget, button: QToolButton) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(field, 1)
    row.addWidget(button)
    return row


def default_folder() -> str:
    """`Relata` in the user's documents."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return str(Path(documents or Path.home()) / "Relata")
