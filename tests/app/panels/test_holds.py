"""Does it hold: what is asked, how far it is, what was found, and every pair to be opened."""

from __future__ import annotations

import json
from dataclasses import replace
from unittest.mock import create_autospec

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.live import Live
from app.main_window import MainWindow
from app.panels.holds import HoldsOptions, HoldsPanel
from app.store import Store
from core.analyses.decision import Verdict
from core.demo import demo_document
from core.document import View, move_item, open_photo_in, with_stimulus
from core.documents.files import from_bytes, to_bytes
from core.errors import UserError
from core.examples import example_path
from core.holding import Holding, PairAnswer
from core.holds_job import HOLDS_JOB
from core.interventions.knock_out_mlp import KnockOutMLP
from core.interventions.move import MoveInSubspace
from core.progress import Progress
from core.runner import Broken
from core.stimuli.render import open_photo
from core.stimuli.variants import EVERYTHING, Varied
from tests.app.answers import TINY, answer
from tests.app.pretend_jobs import PretendJobs

PAIRS = 2
MOVE = MoveInSubspace(1, 0, "color", (2.0, 1.0))
EDITED = replace(demo_document(), interventions=(MOVE,))


def pair(seed: int, after: float = 4.0) -> PairAnswer:
    return PairAnswer(seed, (replace(MOVE, point=(float(seed), 0.0)),), -5.0, (after, -5.5))


EMPTY = Holding(EDITED, ("with the edits", "wrong object"), "different", "same", 16, fit=TINY.fit)
FIRST = replace(EMPTY, pairs=(pair(1), pair(2), pair(3, -1.0)))
THEN = replace(EMPTY, pairs=(pair(4), pair(5)))


@pytest.fixture
def jobs(qtbot: QtBot) -> PretendJobs:
    return PretendJobs()


@pytest.fixture
def desk(jobs: PretendJobs) -> Desk:
    live = create_autospec(Live, instance=True)
    live.device = "cpu"
    return Desk(Store(EDITED, View()), live, jobs)


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> HoldsPanel:
    panel = HoldsPanel(desk)
    qtbot.addWidget(panel)
    desk.store.changed.connect(panel.refresh)
    desk.take(answer(desk))
    panel.resize(420, 620)
    panel.show()
    panel.refresh()
    return panel


def asked(panel: HoldsPanel, jobs: PretendJobs) -> None:
    """All that was asked for is there."""
    panel.start.click()
    jobs.tell(state="finished", found=(EMPTY, FIRST, THEN), result=None)


def test_what_is_asked_is_the_document_and_so_many_pairs(panel: HoldsPanel, jobs: PretendJobs, desk: Desk) -> None:
    panel.form.rows["n"].setValue(200)  # type: ignore[attr-defined]

    panel.start.click()

    order = jobs.run(0).order
    assert order.what == HOLDS_JOB
    asked = {"document": desk.document, "n": 200, "seed": 0, "varied": EVERYTHING}
    assert order.options == {**asked, "device": "cpu"}
    assert panel.cancel.isEnabled()
    assert not panel.start.isEnabled()


def test_where_not_everything_is_varied_it_is_said_and_one_click_varies_everything(
    panel: HoldsPanel, jobs: PretendJobs
) -> None:
    assert not panel.kept_words.isVisible()
    places = Varied(noise=False, shapes=False, colors=False)

    panel.ask_of(HoldsOptions(40, 3), places)
    assert panel.kept_words.text() == "Other places only."
    assert panel.kept_words.toolTip() == "Drawn again: places; noise, shapes and colours stay."
    assert not panel.about.isVisible()
    with pytest.raises(UserError, match="cancel that first"):
        panel.ask_of(HoldsOptions(), EVERYTHING)
    order = jobs.run(0).order.options
    assert (order["n"], order["seed"], order["varied"]) == (40, 3, places)
    jobs.tell(state="finished", found=(replace(EMPTY, varied=places), replace(FIRST, varied=places)))
    assert [row.number for row in panel.pairs.rows.shown] == [1, 2, 3]

    panel.all.click()
    assert not panel.kept_words.isVisible()
    panel.start.click()
    assert jobs.run(1).order.options["varied"] == EVERYTHING


def test_a_document_brings_back_what_was_varied(panel: HoldsPanel, jobs: PretendJobs) -> None:
    panel.ask_of(HoldsOptions(16), Varied(noise=False))
    jobs.tell(state="finished", found=(replace(EMPTY, varied=Varied(noise=False)), FIRST))
    kept = panel.kept()

    panel.take({})
    assert panel.varied == EVERYTHING
    panel.take(kept)

    assert panel.varied == Varied(noise=False)
    assert panel.kept_words.isVisible()


def test_what_is_there_so_far_is_shown_with_the_time_left(panel: HoldsPanel, jobs: PretendJobs) -> None:
    panel.start.click()

    jobs.tell(progress=Progress(3, 16, "3 of 16 pairs"), left_s=130.0, found=(EMPTY, FIRST))

    said = panel.said.text().splitlines()
    assert said[0] == "3 of 16 pairs · about 2 min left"
    assert said[1].startswith("With the edits: 2 of 3 answers turned")
    assert said[2].startswith("Control, wrong object: 0 of 3 answers turned")
    assert panel.progress.value() == round(1000 * 3 / 16)
    assert len(panel.pairs.rows.shown) == 3
    assert panel.turned.plot == FIRST.plots()[0]


def test_cancelled_it_keeps_what_was_found(panel: HoldsPanel, jobs: PretendJobs) -> None:
    panel.start.click()
    jobs.tell(found=(EMPTY, FIRST))

    panel.cancel.click()
    jobs.tell(state="stopped")

    assert jobs.cancelled == [0]
    assert panel.said.text().startswith("Cancelled; what was found is kept.")
    assert panel.holding == FIRST
    assert panel.start.isEnabled()
    assert not panel.progress.isVisible()


def test_a_click_opens_a_pair_in_one_step_and_undo_goes_back(panel: HoldsPanel, jobs: PretendJobs, desk: Desk) -> None:
    asked(panel, jobs)
    panel.tabs.setCurrentIndex(PAIRS)
    place = panel.pairs.visualRect(panel.pairs.rows.index(1)).center()

    QTest.mouseClick(panel.pairs.viewport(), Qt.MouseButton.LeftButton, pos=place)

    holding = panel.holding
    assert holding is not None
    assert desk.document == holding.opened(holding.pairs[1])
    assert desk.document.interventions == holding.pairs[1].edits
    assert (panel.opened, panel.pairs.opened) == (1, 1)
    assert not panel.stale, "it is one of these pairs"
    assert desk.store.undo.count() == 1
    desk.store.undo.undo()
    assert desk.document == EDITED
    assert panel.opened is None
    assert not panel.stale


def test_enter_opens_the_pair_that_the_keys_are_on(panel: HoldsPanel, jobs: PretendJobs) -> None:
    asked(panel, jobs)
    panel.tabs.setCurrentIndex(PAIRS)
    panel.pairs.setCurrentIndex(panel.pairs.rows.index(3))

    QTest.keyClick(panel.pairs, Qt.Key.Key_Return)

    assert panel.opened == 3


def test_what_was_found_is_work_that_is_not_saved_yet(panel: HoldsPanel, jobs: PretendJobs, desk: Desk) -> None:
    panel.start.click()
    assert desk.store.is_clean

    jobs.tell(state="finished", found=(EMPTY, FIRST))

    assert not desk.store.is_clean
    desk.store.set_clean()
    panel.refresh()
    assert desk.store.is_clean


def test_those_that_did_not_turn_can_be_listed_alone(panel: HoldsPanel, jobs: PretendJobs) -> None:
    asked(panel, jobs)
    panel.tabs.setCurrentIndex(PAIRS)

    panel.misses.click()

    assert [row.number for row in panel.pairs.rows.shown] == [3]
    panel.pairs.chosen.emit(0)
    assert (panel.opened, panel.pairs.opened) == (2, 0)
    panel.misses.click()
    assert panel.pairs.opened == 2


def test_a_row_says_whether_the_answer_turned(panel: HoldsPanel, jobs: PretendJobs) -> None:
    asked(panel, jobs)

    turned, stays = panel.pairs.rows.shown[0], panel.pairs.rows.shown[2]
    assert turned.told.startswith("Pair 1: different turned into same, margin −5.0 to +4.0.")
    assert stays.told.startswith("Pair 3: stays different, margin −5.0 to −1.0.")
    assert panel.pairs.accessibleDescription().startswith("4 of 5 answers turned")


def test_after_a_change_what_was_found_is_of_another_state(panel: HoldsPanel, jobs: PretendJobs, desk: Desk) -> None:
    asked(panel, jobs)
    assert panel.turned._box.opacity() == 1

    desk.edit("Move A", with_stimulus(desk.document, "base", move_item(desk.document.base, 0, 0, 0)))

    assert panel.said.text().startswith("Of another state than the one that is shown.")
    assert panel.turned._box.opacity() < 1


def test_after_another_fit_what_was_found_says_so(panel: HoldsPanel, jobs: PretendJobs, desk: Desk) -> None:
    asked(panel, jobs)

    desk.take(answer(desk, model=replace(TINY, learned_hash="another")))
    panel.refresh()

    assert "another fit of what was learned" in panel.said.text()
    assert panel.turned._box.opacity() < 1


def test_where_there_are_no_other_pairs_it_is_said_and_not_asked(panel: HoldsPanel, desk: Desk) -> None:
    desk.edit("Clear edits", replace(desk.document, interventions=()))
    assert panel.about.text().startswith("No edit is on")
    assert not panel.start.isEnabled()

    photo = open_photo(example_path("cat"), desk.document.base.geometry)
    document = replace(open_photo_in(desk.document, "base", photo), interventions=(KnockOutMLP(1),))
    desk.edit("Open cat", document)
    assert "A photo has no other pairs of its kind" in panel.about.text()
    assert not panel.start.isEnabled()

    desk.edit("Back", EDITED)
    assert panel.start.isEnabled()
    animals = ("cat", "dog", "cow")
    model = replace(TINY, labels=animals)
    desk.take(answer(desk, verdict=Verdict(animals, (0.0, 1.0, 2.0), (0.0, 1.0, 2.0)), model=model))
    panel.refresh()
    assert "chooses among 3 classes" in panel.about.text()


def test_a_failure_is_said_with_what_to_do(panel: HoldsPanel, jobs: PretendJobs) -> None:
    panel.start.click()

    jobs.tell(state="failed", failure=Broken("There is no such subspace.", "Fit one.", ""))

    assert panel.said.text() == "⚠ There is no such subspace. Fit one."
    assert panel.start.isEnabled()


def test_another_document_does_not_get_what_is_asked_for_this_one(panel: HoldsPanel, jobs: PretendJobs) -> None:
    panel.start.click()

    panel.take({})
    jobs.tell(0, state="stopped", found=(EMPTY, FIRST))

    assert jobs.cancelled == [0]
    assert panel.holding is None
    assert not panel.tabs.isVisible()


def test_what_is_damaged_in_a_file_is_passed_over(panel: HoldsPanel) -> None:
    panel.take({"found": {"pairs": 3}})

    assert panel.holding is None


def test_a_document_file_keeps_it_and_it_is_shown_as_recorded(window: MainWindow, qtbot: QtBot) -> None:
    desk, panel = window.desk, window.panel(HoldsPanel)
    desk.edit("Edit", EDITED)
    panel.holding = holding = replace(FIRST.with_pairs(THEN.pairs), n=50)
    content = to_bytes(window.documents.work())
    window.documents.begin(from_bytes(to_bytes(replace(window.documents.work(), panels={}))), None)
    assert panel.holding is None

    window.documents.begin(from_bytes(content), None)

    assert panel.holding == holding
    assert "Recorded in the document's file." in panel.said.text()
    assert not panel.stale
    assert json.loads(json.dumps(panel.kept()))["found"]["n"] == 50
    assert panel.form.value.n == 50, "asked again it is of as many"


def test_both_are_found_in_the_menu_and_come_to_the_front(window: MainWindow) -> None:
    for title, text in (("Sweep", "Sweep over the layers"), ("Does it hold?", "Does it hold?")):
        menu = next(a for name, a in window.all_actions() if name == "Intervene" and a.text() == text)
        menu.trigger()
        dock = next(dock for kind, dock in window._docks.items() if kind.title == title)
        assert not dock.isHidden()


def test_in_a_low_panel_one_line_says_what_was_found_and_its_tip_the_rest(panel: HoldsPanel, jobs: PretendJobs) -> None:
    asked(panel, jobs)
    assert len(panel.said.text().splitlines()) > 2

    panel.resize(240, 300)

    assert panel.said.text().splitlines() == [FIRST.with_pairs(THEN.pairs).words()[0]]
    assert "wrong object" in panel.said.toolTip()
    assert panel.minimumHeight() <= 200
