"""The study panel: what it orders, what it shows of a running study, and where a head leads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QSpinBox
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.layout import STUDY_SIZE
from app.live import Live
from app.panels.study import StudyPanel
from app.plots.maps import MapsView
from app.run_words import time_left
from app.store import Store
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view
from core.errors import UserError
from core.plots import Curves, Heatmap, Map, Maps, Ring, Series
from core.progress import Progress
from core.runner import Broken, Order
from core.set_job import SetOptions, write_set
from core.sets import note_of_set
from core.stimuli.datasets import random_odd_one_out
from core.stimuli.stimulus import Geometry, item_patches
from core.study_job import STUDY_JOB, StudyPart
from tests.app.answers import TINY, answer
from tests.app.pretend_jobs import PretendJobs

HEAT = Heatmap("Heads", "head", "block", ((0.0, 0.5), (0.7, 1.0)), ("0", "1"), ("0", "1"))
CURVES = Curves("Curves", "block", "share", (0.0, 1.0), ("0", "1"), (Series("within", (0.2, 0.4)),))
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAFElEQVR4nGP8//8/AwwwMSAB3BwAlm4DBfIlvvkAAAAASUVORK5CYII="
STAGES = Maps(
    "Stages", PNG, (Ring("A", (0,), 0, True),), (Map("One", "A caption.", ((1.0, 0.0), (0.0, 0.0)), 0.0, (1, 0)),)
)
ATTENTION = StudyPart("attention", "Attention pattern", DEFAULT_MODEL, 20, (CURVES, HEAT), ("A note.",))


@pytest.fixture
def jobs(qtbot: QtBot) -> PretendJobs:
    return PretendJobs()


@pytest.fixture
def panel(qtbot: QtBot, jobs: PretendJobs, tmp_path: Path) -> StudyPanel:
    desk = Desk(Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))), Live(), jobs)
    panel = StudyPanel(desk)
    qtbot.addWidget(panel)
    panel.resize(760, 640)
    panel.form.folder.setText(str(tmp_path / "out"))
    panel.refresh()
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def test_start_orders_what_is_chosen(panel: StudyPanel, jobs: PretendJobs, tmp_path: Path) -> None:
    panel.form.parts["das"].setChecked(False)
    panel.form.parts["behaviour"].setChecked(True)
    panel.form.n.setValue(20)
    panel.form.seed.setValue(3)
    panel.form.paper.setChecked(True)

    panel.start.click()

    assert jobs.run(0).order == Order(
        STUDY_JOB,
        {
            "models": [DEFAULT_MODEL],
            "studies": ["attention", "behaviour"],
            "out": str(tmp_path / "out"),
            "device": "auto",
            "seed": 3,
            "n": 20,
            "paper_convention": True,
            "own": {},
        },
    )
    assert not panel.form.isEnabled()
    assert panel.cancel.isEnabled()


def a_set(folder: Path, n: int = 6, seed: int = 0) -> str:
    for _ in write_set(demo_document(), "base", SetOptions(n, seed=seed), str(folder)):
        pass
    return str(folder)


def test_a_set_is_studied_in_a_folder_of_its_own_and_by_the_parts_that_can(
    panel: StudyPanel, jobs: PretendJobs, tmp_path: Path
) -> None:
    form, folder = panel.form, a_set(tmp_path / "mine")
    assert set(form.chosen) == {"attention", "das"}

    panel.choose_set(folder)

    assert form.pictures.currentText() == "set “mine”, 6 pictures"
    assert form.n.text() == "all of the set"
    assert form.chosen == ["attention", "behaviour"]
    assert not form.parts["das"].isEnabled()
    assert "counterfactuals" in form.parts["das"].toolTip()
    assert not form.own["das"].isVisible()
    assert panel.parts.parts == [], "what ships was found on other pictures"
    assert "exactly the pictures of the set “mine”, 6 pictures" in panel.said.text()
    assert panel.report_path.parent == tmp_path / "out" / note_of_set(tmp_path / "mine").results
    panel.start.click()
    options = jobs.run(0).order.options
    assert (options["pictures"], options["studies"], options["n"]) == (folder, ["attention", "behaviour"], None)


def test_the_way_back_to_the_studys_own_pictures_is_one_choice(
    panel: StudyPanel, jobs: PretendJobs, tmp_path: Path
) -> None:
    panel.choose_set(a_set(tmp_path / "mine"))
    panel.start.click()
    on_set = replace(ATTENTION, title="Attention pattern, set “mine”")
    jobs.tell(found=(on_set,), state="finished", result="report.html")
    assert [view.part for view in panel.parts.parts] == [on_set]

    panel.form.pictures.setCurrentIndex(0)

    assert panel.form.chosen == ["attention", "das", "behaviour"]
    assert on_set not in [view.part for view in panel.parts.parts]
    assert "ship with Relata" in panel.said.text()
    assert panel.report_path == tmp_path / "out" / "report.html"
    assert "pictures" not in panel.form.order("cpu").options
    panel.form.pictures.setCurrentIndex(1)
    assert [view.part for view in panel.parts.parts] == [on_set]


def test_results_on_other_pictures_are_seen_from_the_first_on(
    panel: StudyPanel, jobs: PretendJobs, tmp_path: Path
) -> None:
    panel.choose_set(a_set(tmp_path / "mine"))
    panel.start.click()
    jobs.tell(found=(ATTENTION, replace(ATTENTION, n=24)), state="finished", result="report.html")
    bar = panel.parts.verticalScrollBar()
    bar.setValue(bar.maximum())
    assert bar.value() > 0

    panel.form.pictures.setCurrentIndex(0)

    assert panel.parts.parts
    assert bar.value() == 0


def test_of_odd_ones_out_what_attention_prefers_is_chosen(panel: StudyPanel, tmp_path: Path) -> None:
    document = replace(demo_document(), base=random_odd_one_out(Geometry(), 1, "color"))
    for _ in write_set(document, "base", SetOptions(2), str(tmp_path / "odd")):
        pass

    panel.form.set_named.emit(str(tmp_path / "odd"))

    assert panel.form.chosen == ["preference"]
    panel.form.set_named.emit(a_set(tmp_path / "pairs"))
    assert panel.form.chosen == ["behaviour"], "pairs have no odd one out"


def test_options_about_a_parts_own_pictures_are_not_asked_for_on_a_set(panel: StudyPanel, tmp_path: Path) -> None:
    form = panel.form
    form.own["modes"].take({"folder": "/pictures"})
    for name in ("lens", "modes", "preference"):
        form.parts[name].setChecked(True)

    panel.choose_set(a_set(tmp_path / "mine"))
    form.parts["preference"].setChecked(True)

    assert not form.own["modes"].rows["folder"].isVisible()
    assert form.own["modes"].rows["n_modes"].isVisible()
    assert not form.own["lens"].rows["n_probed"].isVisible()
    assert not form.own["preference"].isVisible()
    own = form.order("cpu").options["own"]
    assert own["preference"] == {}
    assert "folder" not in own["modes"]
    form.choose_own_pictures()
    assert form.own["modes"].rows["folder"].isVisible()
    assert form.own["preference"].isVisible()
    assert form.order("cpu").options["own"]["modes"]["folder"] == "/pictures"


def test_another_set_takes_the_place_of_the_one_before(panel: StudyPanel, tmp_path: Path) -> None:
    panel.choose_set(a_set(tmp_path / "one"))
    first = panel.form.results

    panel.form.set_named.emit(a_set(tmp_path / "two", 3))

    assert panel.form.pictures.count() == 2
    assert panel.form.pictures.currentText() == "set “two”, 3 pictures"
    assert panel.form.results != first


def test_a_folder_that_holds_no_set_is_said_and_the_pictures_stay(panel: StudyPanel, tmp_path: Path) -> None:
    panel.form.set_named.emit(str(tmp_path))

    assert "holds no set" in panel.said.text()
    assert panel.form.set is None


def test_a_set_that_is_gone_is_said_and_nothing_starts(panel: StudyPanel, tmp_path: Path) -> None:
    folder = a_set(tmp_path / "mine")
    panel.choose_set(folder)
    (tmp_path / "mine" / "manifest.json").unlink()

    panel.start.click()

    assert "holds no set" in panel.said.text()
    assert panel.run is None


def test_no_set_is_chosen_while_a_study_runs(panel: StudyPanel, jobs: PretendJobs, tmp_path: Path) -> None:
    panel.start.click()

    with pytest.raises(UserError, match="A study runs"):
        panel.choose_set(a_set(tmp_path / "mine"))


def test_a_figure_of_a_set_says_so_and_chooses_no_other_pictures(panel: StudyPanel, tmp_path: Path) -> None:
    panel.choose_set(a_set(tmp_path / "mine"))
    settings = {"set": {"name": "theirs", "sha256": "0" * 64}, "n": 8}

    panel.show_study(
        "a.svg", {"study": "behaviour", "title": "Accuracy and margins, set “theirs”", "settings": settings}
    )

    assert "a.svg is of a set: Accuracy and margins, set “theirs”" in panel.said.text()
    assert panel.form.set is None


def test_options_that_only_one_part_has_are_shown_with_it_and_ordered(panel: StudyPanel, jobs: PretendJobs) -> None:
    form = panel.form
    form.parts["das"].setChecked(True)
    form.parts["losses"].setChecked(False)
    form.own["das"].findChild(QCheckBox).setChecked(False)
    assert form.own["das"].isVisible()
    assert not form.own["losses"].isVisible()

    form.parts["losses"].setChecked(True)
    form.own["losses"].findChild(QSpinBox).setValue(3)
    assert form.own["losses"].isVisible()
    panel.start.click()

    assert jobs.run(0).order.options["own"] == {"das": {"use_shipped": False}, "losses": {"n_runs": 3}}


def test_a_study_runs_on_the_device_that_was_chosen_in_the_window(panel: StudyPanel, jobs: PretendJobs) -> None:
    panel._desk.live.device = "cpu"

    panel.start.click()

    assert jobs.run(0).order.options["device"] == "cpu"


def test_without_a_number_each_part_takes_its_own(panel: StudyPanel, jobs: PretendJobs) -> None:
    panel.start.click()

    assert jobs.run(0).order.options["n"] is None
    assert panel.form.n.text() == "each part's own"


def test_only_options_that_a_chosen_part_has_can_be_changed(panel: StudyPanel) -> None:
    form = panel.form
    for name, box in form.parts.items():
        box.setChecked(name == "das")
    assert (form.n.isEnabled(), form.seed.isEnabled(), form.paper.isEnabled()) == (True, True, False)

    form.parts["correlation"].setChecked(True)
    form.parts["das"].setChecked(False)
    assert (form.n.isEnabled(), form.seed.isEnabled(), form.paper.isEnabled()) == (False, True, False)

    form.parts["novel"].setChecked(True)
    assert form.paper.isEnabled()


def test_the_number_of_examples_is_a_multiple_of_four(panel: StudyPanel) -> None:
    panel.form.n.setValue(21)
    panel.form.n.editingFinished.emit()

    assert panel.form.n.value() == 20


@pytest.mark.parametrize(("typed", "ordered"), [("1", 4), ("2", 4), ("21", 20), ("999999", 1_000_000), ("0", None)])
def test_a_number_that_is_still_being_typed_is_a_multiple_of_four_too(
    panel: StudyPanel, jobs: PretendJobs, typed: str, ordered: int | None
) -> None:
    panel.form.n.setValue(int(typed))

    assert panel.form.order("cpu").options["n"] == ordered


@pytest.mark.parametrize("typed", ["-4", "1.5", "٤", "nan", "1" + "0" * 30])
def test_what_is_no_number_of_the_range_cannot_be_typed(panel: StudyPanel, typed: str) -> None:
    for field in (panel.form.n, panel.form.seed):
        field.selectAll()
        field.lineEdit().insert(typed)  # as a paste does
        field.interpretText()

        assert field.minimum() <= field.value() <= field.maximum()
        assert f"{field.maximum():,}" in field.toolTip()
    assert (panel.form.order("cpu").options["n"] or 0) % 4 == 0


@pytest.mark.parametrize("folder", ["~nobody-of-this-name/out", " ~nobody-of-this-name"])
def test_a_home_folder_that_does_not_exist_is_said_and_nothing_starts(
    panel: StudyPanel, jobs: PretendJobs, folder: str
) -> None:
    panel.form.folder.setText(folder)

    panel.start.click()

    assert "There is no home folder ~nobody-of-this-name." in panel.said.text()
    assert panel.run is None


def test_a_path_that_can_be_no_folder_can_be_typed(panel: StudyPanel) -> None:
    panel.form.folder.setText("/" + "x" * 5000)

    assert not panel.folder.isEnabled()
    assert not panel.report.isEnabled()


def test_the_model_of_the_document_is_chosen(panel: StudyPanel) -> None:
    desk = panel._desk
    desk.edit("Choose model", replace(desk.document, model="/somewhere/mine.safetensors"))

    panel.refresh()

    assert panel.form.models == ["/somewhere/mine.safetensors"]


def test_several_files_are_studied_together(panel: StudyPanel, jobs: PretendJobs) -> None:
    panel.form.choose_files(["/far/one.safetensors", "/far/two.safetensors"])
    panel.form.choose_files(["/far/one.safetensors", "/far/three.safetensors"])

    panel.start.click()

    assert jobs.run(0).order.options["models"] == ["/far/one.safetensors", "/far/three.safetensors"]
    texts = [panel.form.model.itemText(i) for i in range(panel.form.model.count())]
    assert [text for text in texts if "files" in text] == ["2 files: one, three"]
    assert panel.form.model.toolTip() == "/far/one.safetensors\n/far/three.safetensors"
    panel.form.choose_model(DEFAULT_MODEL)
    assert panel.form.model.toolTip() == DEFAULT_MODEL


def test_one_file_is_a_model_like_any_other(panel: StudyPanel) -> None:
    panel.form.choose_files([])
    assert panel.form.models == [DEFAULT_MODEL]

    panel.form.choose_files(["/far/one.safetensors"])

    assert panel.form.models == ["/far/one.safetensors"]


@pytest.mark.parametrize(("missing", "said"), [("parts", "No part is chosen."), ("folder", "No folder is named.")])
def test_what_is_missing_is_said_and_nothing_starts(
    panel: StudyPanel, jobs: PretendJobs, missing: str, said: str
) -> None:
    if missing == "folder":
        panel.form.folder.setText(" ")
    else:
        for box in panel.form.parts.values():
            box.setChecked(False)

    panel.start.click()

    assert said in panel.said.text()
    assert panel.run is None
    assert panel.start.isEnabled()


def test_progress_time_left_and_finished_parts_are_shown(panel: StudyPanel, jobs: PretendJobs) -> None:
    panel.start.click()

    jobs.tell(progress=Progress(250, 1000, "attention of item tokens"), left_s=170.0, found=(ATTENTION,))

    assert panel.progress.value() == 250
    assert panel.said.text() == "attention of item tokens · about 3 min left"
    assert [view.plot for view in panel.parts.parts[0].plots] == [CURVES, HEAT]
    assert "A note." in panel.parts.parts[0].notes.text()


def test_another_published_model_is_drawn_beside_what_is_there_and_what_comes(
    panel: StudyPanel, jobs: PretendJobs
) -> None:
    theirs = replace(CURVES, series=(*CURVES.series, Series("DINO B/16, published", (0.3, 0.3), role="published")))
    das = replace(ATTENTION, study="das", plots=(CURVES,), published={"DINO B/16": (theirs,)})
    panel.start.click()
    jobs.tell(found=(ATTENTION, das))

    panel.published.setCurrentText("DINO B/16")
    jobs.tell(found=(ATTENTION, das, replace(das, model="another")))

    assert [view.plot for part in panel.parts.parts for view in part.plots] == [CURVES, HEAT, theirs, theirs]
    panel.published.setCurrentText("CLIP B/16")
    assert [view.plot for part in panel.parts.parts for view in part.plots] == [CURVES, HEAT, CURVES, CURVES]


def test_parts_that_are_shown_stay_when_more_come(panel: StudyPanel, jobs: PretendJobs) -> None:
    panel.start.click()
    jobs.tell(found=(ATTENTION,))
    first = panel.parts.parts[0]

    jobs.tell(found=(ATTENTION, replace(ATTENTION, study="das")))

    assert panel.parts.parts[0] is first
    assert len(panel.parts.parts) == 2


def test_another_study_starts_with_an_empty_list(panel: StudyPanel, jobs: PretendJobs) -> None:
    panel.start.click()
    jobs.tell(found=(ATTENTION,), state="finished", result="report.html")
    assert "Finished" in panel.said.text()

    panel.start.click()

    assert panel.parts.parts == []


def test_another_model_shows_what_ships_of_it_and_the_first_what_was_run(panel: StudyPanel, jobs: PretendJobs) -> None:
    panel.start.click()
    jobs.tell(found=(ATTENTION,), state="finished", result="report.html")

    panel.form.choose_model("rmts")
    assert {view.part.model for view in panel.parts.parts} >= {"rmts"}
    assert "ship with Relata" in panel.said.text()

    panel.form.choose_model(DEFAULT_MODEL)
    assert [view.part for view in panel.parts.parts] == [ATTENTION]
    assert "Finished" in panel.said.text()


def test_while_a_study_runs_its_plots_stay(panel: StudyPanel, jobs: PretendJobs) -> None:
    panel.start.click()
    jobs.tell(found=(ATTENTION,))

    panel.form.choose_model("rmts")

    assert [view.part for view in panel.parts.parts] == [ATTENTION]


def test_cancel_asks_the_job_to_stop(panel: StudyPanel, jobs: PretendJobs) -> None:
    panel.start.click()

    panel.cancel.click()
    jobs.tell(state="stopping")
    assert not panel.cancel.isEnabled()
    jobs.tell(state="stopped")

    assert jobs.cancelled == [0]
    assert "What was finished is kept" in panel.said.text()
    assert panel.start.isEnabled()


def test_a_failure_is_said_with_its_details(panel: StudyPanel, jobs: PretendJobs) -> None:
    panel.start.click()

    jobs.tell(state="failed", failure=Broken("The disk is full.", "Free some space.", "Traceback …"))

    assert "The disk is full. Free some space." in panel.said.text()
    assert panel.copy.isVisibleTo(panel)
    assert panel.start.isEnabled()


def test_the_job_goes_on_while_the_panel_is_closed(panel: StudyPanel, jobs: PretendJobs) -> None:
    panel.start.click()
    panel.close()

    jobs.tell(found=(ATTENTION,))

    assert len(panel.parts.parts) == 1


def test_a_click_on_the_attention_map_goes_to_that_head(panel: StudyPanel, jobs: PretendJobs, qtbot: QtBot) -> None:
    panel.start.click()
    jobs.tell(found=(ATTENTION,))
    view = panel.parts.parts[0].plots[1]
    qtbot.waitUntil(lambda: view.width() > 100 and view.isVisible())

    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.place_of(3).toPoint())

    assert (panel._desk.view.read, panel._desk.view.head) == (1, 1)


def test_a_head_is_looked_at_from_a_token_of_the_selected_item(panel: StudyPanel) -> None:
    desk, n_prefix = panel._desk, 1
    desk.take(answer(desk, model=replace(TINY, name=DEFAULT_MODEL, n_prefix=n_prefix)))
    tokens = [[n_prefix + p for p in item_patches(item, Geometry())] for item in desk.document.base.items]

    desk.look(token=0, item=1)
    panel.parts.head_chosen.emit(DEFAULT_MODEL, 2, 3)
    assert (desk.view.read, desk.view.head, desk.view.token) == (2, 3, tokens[1][0])

    desk.look(token=tokens[0][2])
    panel.parts.head_chosen.emit(DEFAULT_MODEL, 1, 0)
    assert desk.view.token == tokens[0][2], "a token of an item stays the one that is looked from"


def test_the_stages_take_the_whole_width_under_the_plots_beside_each_other(
    panel: StudyPanel, jobs: PretendJobs, qtbot: QtBot
) -> None:
    panel.resize(1200, 640)
    panel.start.click()
    jobs.tell(found=(replace(ATTENTION, plots=(CURVES, HEAT, STAGES)),))
    curves, heat, stages = panel.parts.parts[0].plots

    qtbot.waitUntil(lambda: curves.y() == heat.y() and stages.y() > curves.geometry().bottom())

    assert stages.width() >= heat.geometry().right() - curves.x()
    assert isinstance(stages, MapsView)
    stages.head_chosen.emit(4, 2)
    assert (panel._desk.view.read, panel._desk.view.head) == (4, 2)


def test_a_long_title_does_not_push_the_plots_out_of_sight(panel: StudyPanel, jobs: PretendJobs, qtbot: QtBot) -> None:
    panel.start.click()

    jobs.tell(found=(replace(ATTENTION, title="Distributed alignment search over every block of the model"),))

    view = panel.parts
    qtbot.waitUntil(lambda: view.parts[0].height() > 100)
    assert view.horizontalScrollBar().maximum() == 0


def test_a_head_of_another_model_leads_nowhere(panel: StudyPanel, jobs: PretendJobs) -> None:
    panel.start.click()
    jobs.tell(found=(replace(ATTENTION, model="another"),))
    before = panel._desk.view

    panel.parts.parts[0].head_chosen.emit(1, 1)

    assert panel._desk.view == before
    assert "head of another" in panel.said.text()


def test_the_report_can_be_opened_once_it_is_there(panel: StudyPanel, tmp_path: Path) -> None:
    assert not panel.report.isEnabled()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.html").write_text("<html>")

    panel.refresh()

    assert panel.report.isEnabled()
    assert panel.folder.isEnabled()


def test_plots_stand_beside_the_choices_where_there_is_room_and_under_them_where_not(
    panel: StudyPanel, qtbot: QtBot
) -> None:
    assert panel.parts.x() > panel.form.x()
    assert panel.parts.y() == panel._side.y()

    panel.resize(400, 640)

    qtbot.waitUntil(lambda: panel.parts.y() >= panel._side.geometry().bottom())


def test_every_choice_is_whole_beside_the_plots(panel: StudyPanel) -> None:
    panel.resize(760, 640)

    fields = [*panel.form.parts.values(), panel.form.model, panel.start, panel.cancel, panel.folder]

    assert all(field.visibleRegion().boundingRect().width() == field.width() for field in fields if field.y() < 500)


@pytest.mark.parametrize("on_set", [False, True])
def test_every_choice_stays_whole_when_a_part_with_wide_options_is_ticked(
    panel: StudyPanel, tmp_path: Path, qtbot: QtBot, on_set: bool
) -> None:
    panel.resize(STUDY_SIZE)
    if on_set:
        panel.choose_set(a_set(tmp_path / "mine"))
    before = panel.parts.x()

    for name in ("lens", "modes", "preference"):
        panel.form.parts[name].setChecked(True)

    qtbot.waitUntil(lambda: panel.parts.x() > before)
    assert panel.parts.y() == panel._side.y(), "beside the plots"
    assert panel._body.width() >= panel._body.minimumSizeHint().width()
    assert panel._side.viewport().width() >= panel._body.width()


def test_plots_that_stood_side_by_side_stand_under_each_other_when_the_panel_becomes_narrow(
    panel: StudyPanel, qtbot: QtBot
) -> None:
    panel.resize(1400, 640)
    room = panel.parts.viewport()

    def ends() -> list[int]:
        return [plot.mapTo(room, plot.rect().topRight()).x() for part in panel.parts.parts for plot in part.plots]

    qtbot.waitUntil(lambda: len({plot.x() for part in panel.parts.parts for plot in part.plots}) > 1)

    panel.resize(760, 640)

    qtbot.waitUntil(lambda: max(ends()) <= room.width())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "time left not known yet"),
        (4.0, "less than a minute left"),
        (170.0, "about 3 min left"),
        (9000.0, "about 2.5 h left"),
    ],
)
def test_time_left_is_not_said_more_exactly_than_it_is_known(seconds: float | None, words: str) -> None:
    assert time_left(seconds) == words
