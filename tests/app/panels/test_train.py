"""The train panel: what it orders, what it shows of runs, and that none is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QValidator
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QSpinBox
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.forms import ScientificBox
from app.live import Live
from app.main_window import MainWindow
from app.panels.train import PAUSE_GRACE_MS, TrainPanel
from app.store import Store
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view
from core.jobs.recipe import recipe_of
from core.jobs.train_job import TRAIN_JOB, CurvePoint, TrainingRun
from core.locations import library_folder
from core.progress import Progress
from core.runner import Broken, Order
from tests.app.pretend_jobs import PretendJobs
from tests.core.networks import save_tiny

POINTS = (CurvePoint(320, 0.7, 0.5), CurvePoint(640, 0.6, 0.6, 0.65))


@pytest.fixture(autouse=True)
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty library of models."""
    for name in ("XDG_DATA_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "data"))
    assert tmp_path in library_folder().parents
    return library_folder()


@pytest.fixture
def jobs(qtbot: QtBot) -> PretendJobs:
    return PretendJobs()


@pytest.fixture
def new_panel(qtbot: QtBot, jobs: PretendJobs) -> Callable[[], TrainPanel]:
    """Open a panel, as each start of the window does."""

    def opened() -> TrainPanel:
        desk = Desk(Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))), Live(), jobs)
        panel = TrainPanel(desk)
        qtbot.addWidget(panel)
        panel.resize(760, 640)
        panel.refresh()
        with qtbot.waitExposed(panel):
            panel.show()
        return panel

    return opened


@pytest.fixture
def panel(new_panel: Callable[[], TrainPanel]) -> TrainPanel:
    return new_panel()


def left_unfinished(name: str, points: tuple[CurvePoint, ...] = POINTS, **recipe: Any) -> TrainingRun:
    """A run of 3,200 images in the library, with its checkpoint, that no window shows."""
    settings = {"init": DEFAULT_MODEL, "n_images": 3200, "batch": 32, **recipe}
    run = TrainingRun(recipe_of(settings, "a test"), library_folder() / f"{name}.safetensors", 800, "cpu", points)
    run.out.parent.mkdir(parents=True, exist_ok=True)
    rows = [[p.n_seen, p.loss, p.accuracy, p.validation] for p in points]
    run.record.write_text(json.dumps({**run.options, "points": rows}))
    run.checkpoint.write_bytes(b"what was learned")
    return run


def orders(jobs: PretendJobs) -> list[Order]:
    return [run.order for run in jobs._runs.values()]


def choose(panel: TrainPanel, name: str, words: str) -> None:
    box = panel.form.settings.rows[name]
    assert isinstance(box, QComboBox)
    box.setCurrentText(words)


def type_number(panel: TrainPanel, name: str, value: float) -> None:
    box = panel.form.settings.rows[name]
    assert isinstance(box, QSpinBox | QDoubleSpinBox)
    box.setValue(value)  # type: ignore[arg-type]


def shown_rows(panel: TrainPanel) -> set[str]:
    return {name for name, row in panel.form.settings.rows.items() if row.isVisible()}


def test_the_command_opens_the_panel(window: MainWindow) -> None:
    command: QAction = next(action for _, action in window.all_actions() if action.text() == "Fine-tune this model…")
    assert not window.panel(TrainPanel).isVisible()

    command.trigger()

    assert window.panel(TrainPanel).isVisible()
    assert window.panel(TrainPanel).form.model.currentData() == DEFAULT_MODEL


def test_start_orders_what_is_chosen(panel: TrainPanel, jobs: PretendJobs, library: Path) -> None:
    panel.form.choose_model("dinov2-small")
    panel.form.name.setText(" mine ")
    choose(panel, "task", "match-to-sample")
    choose(panel, "tune", "the head only")
    type_number(panel, "n_images", 6400)
    type_number(panel, "peak_lr", 3e-5)
    type_number(panel, "n_test", 401)

    panel.start.click()

    (order,) = orders(jobs)
    recipe = recipe_of(order.options["recipe"], "the order")
    assert order.what == TRAIN_JOB
    assert (recipe.init, recipe.task, recipe.tune) == ("dinov2-small", "rmts", "head")
    assert (recipe.n_images, recipe.peak_lr) == (6400, 3e-5)
    assert (recipe.disentangle_weight, recipe.pipeline_weight, recipe.pair_probe_weight) == (0, 0, 0)
    assert (order.options["out"], order.options["n_test"]) == (str(library / "mine.safetensors"), 400)
    assert order.options["device"] == "auto"
    assert not panel.refused.isVisible()


def test_the_studys_recipe_is_a_start_for_all_settings(panel: TrainPanel) -> None:
    choose(panel, "task", "match-to-sample")

    panel.form.recipe.setCurrentIndex(1)

    value = panel.form.settings.value
    assert (value.task, value.tune, value.n_images, value.peak_lr, value.batch) == ("rmts", "all", 192_000, 1e-6, 128)
    assert panel.form.run("cpu").recipe.n_train == 6400


@pytest.mark.parametrize(("n_images", "every"), [(48_000, 187), (64_000, 250), (3200, 12), (32, 1)])
def test_a_short_run_is_validated_often_enough_for_a_curve(panel: TrainPanel, n_images: int, every: int) -> None:
    type_number(panel, "n_images", n_images)

    assert panel.form.run("cpu").recipe.validate_every == every


def test_only_settings_with_an_effect_are_shown(panel: TrainPanel) -> None:
    assert {"rank", "layer_decay", "patience"} <= shown_rows(panel)
    assert "pair_probe_weight" not in shown_rows(panel)

    choose(panel, "tune", "the head only")
    type_number(panel, "n_validate", 0)
    choose(panel, "task", "match-to-sample")

    assert not {"rank", "layer_decay", "patience"} & shown_rows(panel)
    assert "pair_probe_weight" in shown_rows(panel)


@pytest.mark.parametrize(
    ("task", "within", "pairs", "between"),
    [
        ("discrimination", range(3), range(0), range(3, 6)),
        ("match-to-sample", range(2), range(2, 4), range(4, 6)),
    ],
)
def test_losses_look_into_blocks_by_the_depth_of_the_model(
    panel: TrainPanel, task: str, within: range, pairs: range, between: range
) -> None:
    choose(panel, "task", task)
    type_number(panel, "pipeline_weight", 0.3)

    recipe = panel.form.run("cpu").recipe

    stages = (recipe.within_blocks, recipe.pair_blocks, recipe.between_blocks)
    assert stages == (tuple(within), tuple(pairs), tuple(between))
    assert (recipe.depth, recipe.pipeline_weight, recipe.disentangle_weight) == (6, 0.3, 0.0)


@pytest.mark.parametrize(("typed", "value"), [("0.0005", 5e-4), ("3e-5", 3e-5), ("1E-6", 1e-6), (".01", 0.01)])
def test_a_learning_rate_is_typed_either_way(panel: TrainPanel, typed: str, value: float) -> None:
    box = panel.form.settings.rows["peak_lr"]
    assert isinstance(box, ScientificBox)
    box.selectAll()

    QTest.keyClicks(box, typed)
    QTest.keyClick(box, Qt.Key.Key_Return)

    assert panel.form.settings.value.peak_lr == value
    assert float(box.text()) == value


@pytest.mark.parametrize("typed", ["", ".", "2e", "2e-", "1e-20", "99"])
def test_a_learning_rate_that_is_not_whole_yet_is_not_taken(qtbot: QtBot, typed: str) -> None:
    box = ScientificBox()
    qtbot.addWidget(box)
    box.setRange(1e-9, 10)

    assert box.validate(typed, 0)[0] == QValidator.State.Intermediate
    assert box.validate("x", 0)[0] == QValidator.State.Invalid


def test_a_step_doubles_a_learning_rate(panel: TrainPanel) -> None:
    box = panel.form.settings.rows["peak_lr"]
    assert isinstance(box, ScientificBox)

    box.stepUp()
    assert box.text() == "0.0004"
    box.stepDown()
    box.stepDown()

    assert box.text() == "0.0001"


def test_a_model_is_named_after_its_parent_and_its_task_and_what_was_typed_stays(panel: TrainPanel) -> None:
    left_unfinished("rmts-match-to-sample")
    panel.form.choose_model("rmts")
    choose(panel, "task", "match-to-sample")
    assert panel.form.name.text() == "rmts-match-to-sample-2"

    panel.form.name.setText("mine")
    choose(panel, "task", "discrimination")

    assert panel.form.name.text() == "mine"


@pytest.mark.parametrize("name", ["", " ", "..", "/"])
def test_a_name_that_is_none_is_said_and_nothing_starts(panel: TrainPanel, jobs: PretendJobs, name: str) -> None:
    panel.form.name.setText(name)

    panel.start.click()

    assert "is no name" in panel.refused.text()
    assert orders(jobs) == []


@pytest.mark.parametrize("name", ["mine", "discrimination"])
def test_a_name_that_is_taken_is_said_and_nothing_starts(panel: TrainPanel, jobs: PretendJobs, name: str) -> None:
    left_unfinished("mine")
    panel.form.name.setText(name)

    panel.start.click()

    assert f"a model or a run called “{name}” already" in panel.refused.text()
    assert orders(jobs) == []


def test_settings_that_cannot_work_are_said_and_nothing_starts(panel: TrainPanel, jobs: PretendJobs) -> None:
    choose(panel, "task", "match-to-sample")
    type_number(panel, "batch", 6)

    panel.start.click()

    assert "a batch that 4 divides" in panel.refused.text()
    assert orders(jobs) == []


def test_progress_speed_and_time_left_are_said(panel: TrainPanel, jobs: PretendJobs) -> None:
    panel.start.click()
    jobs.tell(progress=Progress(0, 1, "opening the model"))
    assert "Starting" in panel.said.text()

    jobs.tell(progress=Progress(12_000, 48_000, "training"), left_s=1200.0)

    assert panel.said.text() == "12,000 of 48,000 images · 30 images/s · about 20 min left"
    assert panel.progress.value() == 250
    assert panel.list.item(0).text() == "discrimination-discrimination · 25 % · running"


def test_a_disk_that_takes_no_checkpoint_is_said_while_it_goes_on(panel: TrainPanel, jobs: PretendJobs) -> None:
    panel.start.click()

    jobs.tell(progress=Progress(32, 48_000, "checkpoint not written (No space left); training goes on"))

    assert "No space left" in panel.said.text()


def test_curves_grow_with_the_run(panel: TrainPanel, jobs: PretendJobs) -> None:
    panel.start.click()
    assert panel.waiting.isVisible()
    assert not panel.plots[0].isVisible()

    jobs.tell(found=POINTS[:1])
    jobs.tell(found=POINTS)

    loss, accuracy = (view.plot for view in panel.plots)
    assert not panel.waiting.isVisible()
    assert [s.y for s in loss.series] == [(0.7, 0.6)]  # type: ignore[union-attr]
    assert [s.y[-1] for s in accuracy.series] == [0.6, 0.65]  # type: ignore[union-attr]
    assert accuracy.x == (320.0, 640.0)  # type: ignore[union-attr]


def test_pause_asks_the_job_to_stop_with_time_for_a_long_step_and_resume_orders_the_same(
    panel: TrainPanel, jobs: PretendJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int | None]] = []
    monkeypatch.setattr(jobs, "cancel", lambda *order: asked.append(order))
    panel.start.click()
    jobs.tell(found=POINTS, progress=Progress(640, 48_000, "training"))

    panel.pause.click()
    jobs.tell(state="stopping")
    assert not panel.pause.isEnabled()
    jobs.tell(state="stopped")

    assert asked == [(0, PAUSE_GRACE_MS)]
    assert panel.said.text() == "Paused at 640 of 48,000 images. Resume goes on from its checkpoint."
    assert panel.pause.text() == "Resume"
    panel.pause.click()
    first, again = orders(jobs)
    assert again == first
    assert panel.plots[0].plot is not None
    assert panel.plots[0].isVisible(), "its curve stays until it says more"
    assert panel.pause.text() == "Pause"
    assert panel.list.count() == 1


@pytest.mark.parametrize("keeps", [True, False])
def test_a_cancelled_run_asks_what_becomes_of_its_checkpoint(
    new_panel: Callable[[], TrainPanel], jobs: PretendJobs, keeps: bool
) -> None:
    run = left_unfinished("mine")
    panel = new_panel()
    panel.pause.click()

    panel.cancel.click()
    jobs.tell(state="stopping")
    assert not panel.question.isVisible(), "while it stops it still writes"
    jobs.tell(state="stopped")
    assert panel.question.isVisible()
    (panel.keep if keeps else panel.delete).click()

    assert jobs.cancelled == [0]
    assert not panel.question.isVisible()
    assert run.checkpoint.exists() == run.record.exists() == keeps
    assert panel.list.count() == int(keeps)
    assert panel.pause.isVisible() == keeps


def test_runs_that_were_left_unfinished_are_offered_and_go_on_as_they_were(
    new_panel: Callable[[], TrainPanel], jobs: PretendJobs
) -> None:
    runs = [left_unfinished("first"), left_unfinished("second", POINTS[:1])]
    (library_folder() / "broken.run.json").write_text("{")

    panel = new_panel()

    assert [panel.list.item(row).text() for row in range(panel.list.count())] == [
        "first · 20 % · not finished",
        "second · 10 % · not finished",
    ]
    panel.list.setCurrentRow(0)
    assert panel.said.text().startswith("Not finished when Relata was closed: 640 of 3,200 images.")
    assert panel.plots[0].plot is not None
    panel.pause.click()
    assert orders(jobs) == [Order(TRAIN_JOB, runs[0].options)]


def test_a_run_that_another_window_has_finished_is_no_longer_offered(new_panel: Callable[[], TrainPanel]) -> None:
    run = left_unfinished("mine")
    panel = new_panel()
    panel.hide()

    run.record.unlink()
    panel.show()

    assert panel.list.count() == 0
    assert not panel.pause.isVisible()


def test_several_runs_are_listed_and_the_chosen_one_is_shown(panel: TrainPanel, jobs: PretendJobs) -> None:
    panel.form.name.setText("one")
    panel.start.click()
    panel.form.name.setText("two")
    panel.start.click()
    assert panel.list.currentRow() == 1

    jobs.tell(0, progress=Progress(4800, 48_000, "training"))
    jobs.tell(1, state="waiting")

    assert panel.said.text() == "Waits until the job before it is over."
    panel.list.setCurrentRow(0)
    assert panel.said.text().startswith("4,800 of 48,000 images")
    assert panel.list.item(1).text() == "two · 0 % · waiting"


def test_jobs_of_other_panels_are_none_of_its_runs(panel: TrainPanel, jobs: PretendJobs) -> None:
    jobs.start(Order("core.study_job:study", {}))

    jobs.tell(progress=Progress(1, 2, "somewhere else"))

    assert panel.list.count() == 0


def test_a_failure_is_said_with_what_to_do_and_the_run_can_go_on(panel: TrainPanel, jobs: PretendJobs) -> None:
    panel.start.click()

    jobs.tell(state="failed", failure=Broken("The job's process stopped (SIGKILL).", "Start it again.", "Details"))

    assert "stopped (SIGKILL). Start it again." in panel.said.text()
    assert panel.copy.isVisible()
    assert (panel.pause.text(), panel.pause.isEnabled()) == ("Resume", True)
    panel.pause.click()
    assert len(orders(jobs)) == 2
    assert not panel.copy.isVisible()


def test_a_finished_model_says_how_good_it_is_and_opens(panel: TrainPanel, jobs: PretendJobs, library: Path) -> None:
    panel.form.name.setText("mine")
    panel.start.click()
    library.mkdir(parents=True)
    save_tiny(library / "mine.safetensors")
    card = json.loads((library / "mine.json").read_text())
    measured = {name: {"accuracy": 0.9, "n": 800} for name in ("test", "ood-shape", "ood-color", "ood-shape-color")}
    (library / "mine.json").write_text(json.dumps({**card, "accuracy": measured}))

    jobs.tell(state="finished", result=str(library / "mine.safetensors"))

    assert panel.said.text().startswith("Finished. Right: 0.900 unseen images, 0.900 with new shapes")
    assert not panel.pause.isVisible()
    assert panel.form.model.findData("mine") >= 0, "it can be fine-tuned further"
    panel.open.click()
    assert panel._desk.document.model == "mine"


def test_a_finished_model_that_is_gone_is_said(panel: TrainPanel, jobs: PretendJobs) -> None:
    panel.start.click()
    jobs.tell(state="finished", result="gone")

    panel.open.click()

    assert "There is no model" in panel.said.text()


def test_the_panel_follows_the_model_of_the_window(panel: TrainPanel) -> None:
    desk = panel._desk
    desk.edit("Choose model", replace(desk.document, model="/somewhere/mine.safetensors"))

    panel.refresh()

    assert (panel.form.model.currentText(), panel.form.name.text()) == ("mine", "mine-discrimination")


@pytest.mark.parametrize("size", [(380, 320), (704, 500), (1100, 800)])
def test_start_and_pause_stay_in_sight_at_every_size(panel: TrainPanel, size: tuple[int, int], qtbot: QtBot) -> None:
    panel.start.click()
    panel.resize(*size)

    def whole() -> bool:
        return all(b.visibleRegion().boundingRect() == b.rect() for b in (panel.start, panel.pause, panel.cancel))

    qtbot.waitUntil(lambda: panel.size().toTuple() == size and whole())
