"""A pad that has nothing to show offers to learn it, and what was learned is used as soon as it is there."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import create_autospec

import pytest
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.live import Live
from app.panels.interventions import FIT_TAB, PROBE_TAB, InterventionsPanel
from app.panels.layers import LayersPanel
from app.store import Store
from app.widgets.pad import EMPTY
from core.analyses.decision import Verdict
from core.analyses.pad import Pad
from core.demo import demo_document
from core.document import View
from core.fit_job import FIT_JOB, Fitted
from core.probe_job import PROBE_JOB, FittedProbes
from core.progress import Progress
from core.runner import Broken
from tests.app.answers import TINY, answer, pad_places
from tests.app.panels.small_panel import interventions_panel
from tests.app.panels.test_study import PretendJobs

FITTED = {("color", 1): {"iia": 0.8}}
ANIMALS = ("cat", "dog", "cow")


@pytest.fixture
def jobs(qtbot: QtBot) -> PretendJobs:
    return PretendJobs()


@pytest.fixture
def live(qtbot: QtBot) -> Live:
    live = create_autospec(Live, instance=True)
    live.device = "cpu"
    return live


@pytest.fixture
def desk(live: Live, jobs: PretendJobs) -> Desk:
    """The demo on a model without subspaces, written after block 1."""
    desk = Desk(Store(demo_document(), View(write=1, item=0)), live, jobs)
    return desk


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> InterventionsPanel:
    panel = interventions_panel(desk)
    qtbot.addWidget(panel)
    panel.resize(365, 560)
    panel.show()
    desk.take(answer(desk))
    panel.refresh()
    return panel


def test_a_model_without_subspaces_says_so_and_offers_to_fit_them(panel: InterventionsPanel) -> None:
    assert "this model has no colour subspaces yet" in panel.words.text()
    assert panel.offer.isVisible()

    panel.offer.click()

    assert panel.tabs.currentIndex() == FIT_TAB
    value = panel.fit.form.value
    assert (value.what, value.blocks) == ("color", "1"), "what the pad lacks"
    assert panel.fit.start.isVisible()


def test_in_a_low_window_the_form_is_not_cut_at_the_side(qtbot: QtBot, panel: InterventionsPanel) -> None:
    panel.resize(410, 330)
    panel.offer.click()

    page = panel.tabs.currentWidget()
    assert isinstance(page, QScrollArea)
    qtbot.waitUntil(lambda: page.width() < 250, timeout=2000)
    assert panel.fit.minimumSizeHint().width() <= page.viewport().width()


def test_start_orders_what_is_in_the_form(panel: InterventionsPanel, jobs: PretendJobs, desk: Desk) -> None:
    panel.tabs.setCurrentIndex(1)
    panel.offer.click()

    panel.fit.start.click()

    order = jobs.run(0).order
    assert order.what == FIT_JOB
    assert order.options == {
        "model": desk.document.model,
        "properties": ("shape",),
        "blocks": (1,),
        "n_pairs": 256,
        "epochs": 8,
        "start": "random",
        "device": "cpu",
    }
    assert not panel.fit.form.isVisible(), "the room goes to how far it is"
    assert panel.fit.cancel.isEnabled()


def test_a_model_without_probes_offers_to_fit_them_and_its_tab_comes_back_when_they_are_there(
    panel: InterventionsPanel, jobs: PretendJobs, desk: Desk
) -> None:
    panel.tabs.setCurrentIndex(PROBE_TAB)
    panel.refresh()
    assert panel.probe.go.text() == "Fit probes…"

    panel.probe.go.click()
    assert panel.tabs.currentIndex() == FIT_TAB
    fit = panel.fit
    assert {name for name, row in fit.form.rows.items() if row.isVisible()} == {"what", "n_pairs"}
    assert fit.form.rows["what"].currentText() == "probes"  # type: ignore[attr-defined]
    assert "Learns to read" in fit.about.text()
    fit.start.click()
    order = jobs.run(0).order
    assert (order.what, order.words) == (PROBE_JOB, "A fit of probes")
    assert order.options == {"model": desk.document.model, "n_images": 256, "device": "cpu"}

    jobs.tell(state="finished", found=(FittedProbes(7, 3, 0.97, 256),))
    assert "Probes after 7 layers; the best is right 0.97 after block 3 (n 256)" in fit.said.text()
    assert panel.tabs.currentIndex() == PROBE_TAB


def test_blocks_that_are_not_there_are_said_beside_the_form(panel: InterventionsPanel, jobs: PretendJobs) -> None:
    panel.offer.click()
    panel.fit.form.value = replace(panel.fit.form.value, blocks="9")

    panel.fit.start.click()

    assert "names no blocks of tiny" in panel.fit.said.text()
    assert not jobs._runs


def test_progress_time_left_and_what_was_found_are_said(panel: InterventionsPanel, jobs: PretendJobs) -> None:
    panel.offer.click()
    panel.fit.start.click()

    jobs.tell(progress=Progress(250, 1000, "color, block 1"), left_s=130.0)
    assert panel.fit.progress.value() == 250
    assert panel.fit.said.text() == "colour, block 1 · about 2 min left"
    jobs.tell(found=(Fitted("color", 1, 0.84, 0.52, 256, 9),))
    assert "Colour after block 1: IIA 0.84, wrong object 0.52 (n 256)" in panel.fit.said.text()


def test_a_search_that_found_nothing_says_so(panel: InterventionsPanel, jobs: PretendJobs) -> None:
    panel.offer.click()
    panel.fit.start.click()

    jobs.tell(found=(Fitted("shape", -1, 0.5, 0.5, 256, 0),))

    assert "Shape after the embeddings: no direction was found" in panel.fit.said.text()


def test_cancel_asks_the_job_to_stop_and_says_what_is_kept(panel: InterventionsPanel, jobs: PretendJobs) -> None:
    panel.offer.click()
    panel.fit.start.click()

    panel.fit.cancel.click()
    jobs.tell(state="stopped")

    assert jobs.cancelled == [0]
    assert panel.fit.said.text().startswith("Cancelled. What was finished is kept.")
    assert panel.fit.form.isVisible()
    assert panel.tabs.currentIndex() == FIT_TAB


def test_a_failure_is_said_with_what_to_do(panel: InterventionsPanel, jobs: PretendJobs) -> None:
    panel.offer.click()
    panel.fit.start.click()

    jobs.tell(state="failed", failure=Broken("Nothing can be written.", "Free some space.", ""))

    assert panel.fit.said.text() == "⚠ Nothing can be written. Free some space."
    assert panel.fit.start.isEnabled()


def test_the_engine_is_asked_again_for_each_subspace_and_when_it_next_looks_at_files(
    panel: InterventionsPanel, jobs: PretendJobs, live: Live, qtbot: QtBot
) -> None:
    panel.offer.click()
    panel.fit.start.click()
    panel._desk.ask()
    before = live.ask.call_count

    jobs.tell(progress=Progress(1, 2, "color, block 1"))
    assert live.ask.call_count == before
    jobs.tell(found=(Fitted("color", 1, 0.84, 0.52, 256, 9),))
    assert live.ask.call_count == before + 1
    jobs.tell(progress=Progress(2, 2, "color, block 1"))
    assert live.ask.call_count == before + 1, "nothing more was found"

    qtbot.waitUntil(lambda: live.ask.call_count == before + 2)


def test_when_all_is_there_the_pad_comes_to_the_front_unless_something_else_is_looked_at(
    panel: InterventionsPanel, jobs: PretendJobs
) -> None:
    panel.offer.click()
    panel.fit.start.click()
    jobs.tell(state="finished", found=(Fitted("color", 1, 0.84, 0.52, 256, 9),))
    assert panel.tabs.currentIndex() == 0

    panel.tabs.setCurrentIndex(FIT_TAB)
    panel.fit.start.click()
    panel.tabs.setCurrentIndex(1)
    jobs.tell(state="finished")
    assert panel.tabs.currentIndex() == 1


def test_a_pad_that_is_there_offers_nothing(panel: InterventionsPanel, desk: Desk) -> None:
    places = pad_places("color", 1)
    desk.take(answer(desk, {Pad("color", 1): places}, model=replace(TINY, subspace_cards=FITTED, learned_hash="1")))
    panel.refresh()

    assert not panel.offer.isVisible()
    assert panel.pads["color"]._picture != EMPTY
    desk.look(write=2)
    desk.take(answer(desk, model=replace(TINY, subspace_cards=FITTED, learned_hash="1")))
    panel.refresh()
    assert panel.offer.isVisible(), "another block can be fitted too"


@pytest.mark.parametrize(
    ("labels", "words"),
    [(ANIMALS, "answers “cat” or “dog” or “cow”"), (tuple("abcd"), "answers 4 classes"), ((), "tiny has no classes")],
    ids=["three", "four", "none"],
)
def test_where_a_fit_makes_no_sense_it_is_said_and_not_offered(
    panel: InterventionsPanel, desk: Desk, labels: tuple[str, ...], words: str
) -> None:
    logits = tuple(float(index) for index in range(len(labels) or 2))
    verdict = Verdict(labels or ("different", "same"), logits, logits)
    desk.take(answer(desk, verdict=verdict, model=replace(TINY, labels=labels)))
    panel.refresh()

    assert words in panel.words.text()
    assert not panel.offer.isVisible()
    panel.tabs.setCurrentIndex(FIT_TAB)
    assert words in panel.fit.about.text()
    assert not panel.fit.start.isVisible()


def test_a_photo_has_nothing_to_fit_for(panel: InterventionsPanel, desk: Desk) -> None:
    desk.edit("Clear", replace(desk.document, base=replace(desk.document.base, items=())))
    desk.take(answer(desk))
    panel.refresh()

    assert not panel.offer.isVisible()


def test_nothing_of_the_model_before_stays_on_the_pads_and_the_strip(
    panel: InterventionsPanel, desk: Desk, qtbot: QtBot
) -> None:
    strip = LayersPanel(desk)
    qtbot.addWidget(strip)
    places = {Pad(kind, 1): pad_places(kind, 1) for kind in ("color", "shape")}
    desk.take(answer(desk, places, model=replace(TINY, subspace_cards=FITTED, learned_hash="1")))
    for tab in (1, 0):
        panel.tabs.setCurrentIndex(tab)
    strip.refresh()
    assert any(cell.known for cell in strip.strip._cells)
    assert all(panel.pads[kind]._picture != EMPTY for kind in ("color", "shape"))

    desk.edit("Open model", replace(desk.document, model="other"))
    strip.refresh()

    assert not any(cell.known for cell in strip.strip._cells)
    assert panel.pads["color"]._picture == EMPTY
    assert not panel.pads["color"].isEnabled()
    assert panel.words.text() == "block 1 output · computing"
    panel.tabs.setCurrentIndex(1)
    assert panel.pads["shape"]._picture == EMPTY


def test_a_job_is_shown_with_the_model_that_it_is_of(panel: InterventionsPanel, jobs: PretendJobs, desk: Desk) -> None:
    panel.offer.click()
    panel.fit.start.click()
    jobs.tell(progress=Progress(250, 1000, "color, block 1"))

    desk.edit("Open model", replace(desk.document, model="other"))
    desk.take(answer(desk, model=replace(TINY, name="other", weights_hash="1")))
    panel.refresh()
    assert panel.fit.said.text() == ""
    assert panel.fit.start.isEnabled()

    desk.store.undo.undo()
    desk.take(answer(desk))
    panel.refresh()
    assert "colour, block 1" in panel.fit.said.text()
    assert panel.fit.cancel.isEnabled()
