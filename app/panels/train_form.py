"""What to fine-tune, on what and how: the model, a recipe to start from, what a person changes of it, and a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from app.as_left import as_left, leave_as
from app.forms import LARGEST, Form
from core.cards import card_n_blocks, read_card
from core.errors import UserError
from core.jobs.recipe import RANGES, Recipe, Tune, read_recipe
from core.jobs.train_job import TrainingRun
from core.library import file_name, listed, name_of
from core.locations import MODEL_SUFFIX, library_folder, model_path, resource_folder
from core.stimuli.datasets import EXAMPLES_MAX
from core.stimuli.stimulus import TASK_WORDS, Task

RECIPES = {"fine-tune": "low rank, 48,000 images", "study": "the study's: all weights"}
TUNE_WORDS: dict[Tune, str] = {"all": "all weights", "head": "the head only", "low-rank": "low rank"}
N_TEST = 800
N_VALIDATIONS = 8
"""A short run is validated more often than its recipe says, so that there is a curve."""


def _row(name: str, label: str, tip: str, **more: Any) -> dict[str, Any]:
    """What the form is told of a field; a number stays in the range that a recipe allows."""
    least, most = RANGES.get(name, (0, EXAMPLES_MAX))
    return {"label": label, "tip": tip, "least": least, "most": min(most, LARGEST), **more}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person changes of a recipe, whose names these are, and how many images the result is measured on."""

    task: Task = field(metadata=_row("task", "Task", "What is to be judged", words=TASK_WORDS))
    tune: Tune = field(
        metadata=_row("tune", "What learns", "Low rank: two small matrices a layer, and the head", words=TUNE_WORDS)
    )
    n_images: int = field(metadata=_row("n_images", "Images", "Images to learn from", step=1000))
    peak_lr: float = field(
        metadata=_row("peak_lr", "Peak rate", "Learning rate after the warm-up; then a cosine to 0", scientific=True)
    )
    batch: int = field(metadata=_row("batch", "Batch", "Images of one step", step=4))
    rank: int = field(metadata=_row("rank", "Rank", "Of the two matrices that each layer learns"))
    layer_decay: float = field(
        metadata=_row("layer_decay", "Layer decay", "How fast each block learns, times the one after it", step=0.05)
    )
    n_validate: int = field(
        metadata=_row("n_validate", "Validation", "Unseen images that are judged now and then", step=40, said="never")
    )
    patience: int = field(
        metadata=_row(
            "patience", "Stop early", "It ends after so many validations without a better accuracy", said="never"
        )
    )
    n_test: int = field(
        metadata=_row("n_test", "Test images", "Of each of the sets that the result is measured on", least=4, step=100)
    )
    disentangle_weight: float = field(
        metadata=_row("disentangle_weight", "Loss: probes", "Weight of the probes of shape and colour", said="off")
    )
    pipeline_weight: float = field(
        metadata=_row("pipeline_weight", "Loss: stages", "Weight of attention within, then between objects", said="off")
    )
    pair_probe_weight: float = field(
        metadata=_row("pair_probe_weight", "Loss: pairs", "Weight of the judgement of each pair", said="off")
    )


class TrainForm(QWidget):
    """Every choice with a default that works; `is_taken` says whether a file is one of another model or run."""

    def __init__(self, is_taken: Callable[[Path], bool]) -> None:
        super().__init__()
        self._is_taken = is_taken
        self.model, self.recipe, self.name = QComboBox(), QComboBox(), QLineEdit()
        for name, words in RECIPES.items():
            self.recipe.addItem(words, name)
        self.settings = Form(_settings_of(self._base({})))
        self._named = ""
        rows = QFormLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for label, tip, widget in (
            ("Model", "The model that is fine-tuned, which stays as it is", self.model),
            ("Recipe", "Where the settings below start from", self.recipe),
            ("Name", "What the result is called in the library of models", self.name),
        ):
            rows.addRow(label, widget)
            widget.setAccessibleName(label)
            widget.setToolTip(tip)
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(rows)
        layout.addWidget(self.settings)
        layout.addStretch(1)
        self.model.currentIndexChanged.connect(lambda _: self.propose_name())
        self.recipe.currentIndexChanged.connect(lambda _: self._choose_recipe())
        self.settings.changed.connect(self._follow_settings)
        self.list_models()
        self._follow_settings()

    def list_models(self) -> None:
        """The models that can be fine-tuned: all that are known, and the one that is chosen."""
        chosen = self.model.currentData()
        known = {model.reference: model.name for model in listed() if not model.damaged}
        if chosen and chosen not in known:
            known[chosen] = name_of(chosen)
        with QSignalBlocker(self.model):
            self.model.clear()
            for reference, name in known.items():
                self.model.addItem(name, reference)
            self.model.setCurrentIndex(max(0, self.model.findData(chosen)))

    def choose_model(self, reference: str) -> None:
        """Choose a model, and list it where it is not known."""
        if self.model.findData(reference) < 0:
            self.model.addItem(name_of(reference), reference)
        self.model.setCurrentIndex(self.model.findData(reference))
        self.propose_name()

    def run(self, device: str) -> TrainingRun:
        """The run that these choices ask for.

        Raises UserError where they cannot work or the name is taken.
        """
        out = library_folder() / f"{file_name(self.name.text())}{MODEL_SUFFIX}"
        if self._is_taken(out):
            raise UserError(f"There is a model or a run called “{out.stem}” already.", "Choose another name.")
        settings = asdict(self.settings.value)
        n_test = 4 * round(settings.pop("n_test") / 4)
        reference = str(self.model.currentData())
        recipe = self._base({**settings, **_stages(settings, reference), "init": reference})
        every = max(1, min(recipe.validate_every, recipe.n_steps // N_VALIDATIONS))
        return TrainingRun(replace(recipe, validate_every=every), out, n_test, device)

    def propose_name(self) -> None:
        """A name that is free, unless one was typed."""
        if self.name.text() != self._named:
            return
        stem = f"{file_name(self.model.currentText())}-{TASK_WORDS[self.settings.value.task]}"
        names = (stem if n == 1 else f"{stem}-{n}" for n in range(1, 10**6))
        self._named = next(name for name in names if not self._is_taken(library_folder() / f"{name}{MODEL_SUFFIX}"))
        self.name.setText(self._named)

    def kept(self) -> dict[str, Any]:
        """What is chosen, but for the model, which follows the document, and the name, which is to be a new one."""
        return {**as_left({"recipe": self.recipe}), "options": self.settings.chosen}

    def take(self, kept: Mapping[str, Any]) -> None:
        """Choose again what was kept."""
        leave_as({"recipe": self.recipe}, kept)
        self.settings.take(kept.get("options"))
        self._follow_settings()

    def _base(self, changes: dict[str, Any]) -> Recipe:
        return read_recipe(resource_folder("recipes") / f"{self.recipe.currentData()}.toml", changes)

    def _choose_recipe(self) -> None:
        self.settings.value = _settings_of(self._base({"task": self.settings.value.task}))
        self._follow_settings()

    def _follow_settings(self) -> None:
        """Only what has an effect is shown."""
        value = self.settings.value
        self.settings.set_row_shown("rank", value.tune == "low-rank")
        self.settings.set_row_shown("layer_decay", value.tune != "head")
        self.settings.set_row_shown("patience", value.n_validate > 0)
        self.settings.set_row_shown("pair_probe_weight", value.task == "rmts")
        self.propose_name()


def _settings_of(recipe: Recipe) -> Settings:
    values: dict[str, Any] = {f.name: getattr(recipe, f.name, N_TEST) for f in fields(Settings)}
    return Settings(**values)


def _stages(settings: dict[str, Any], reference: str) -> dict[str, Any]:
    """Which blocks losses look into, by the depth of the model, in the shares of the bundled models; {} without any."""
    if not (settings["disentangle_weight"] or settings["pipeline_weight"] or settings["pair_probe_weight"]):
        return {}
    n = card_n_blocks(read_card(model_path(reference)))
    pairs = settings["task"] == "rmts"
    first, second = (3 * n // 8, 3 * n // 4) if pairs else (n // 2, n // 2)
    return {
        "depth": n,
        "within_blocks": tuple(range(first)),
        "pair_blocks": tuple(range(first, second)),
        "between_blocks": tuple(range(second, n)),
        "probe_block": max(0, n // 3 - 1),
        "pair_probe_block": max(0, second - 1),
        "pair_probe_weight": settings["pair_probe_weight"] if pairs else 0.0,
    }
