"""What is kept while a person works for long: the steps of the history, and nothing else that grows."""

from __future__ import annotations

import gc
import pickle
import random
import secrets
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QGraphicsItem, QWidget

from app.desk import DECISIONS_SPARE, KEPT_OF_A_KIND
from app.layout import WORKSPACES
from app.main_window import MainWindow
from core.analyses.attention import Attention, AttentionOfToken
from core.analyses.decision import Verdict
from core.document import Document
from core.interventions.move import set_point
from core.questions import Answer
from core.stimuli.stimulus import Geometry, Photo, Stimulus
from tests.app import answers

LEFT_OUT = (
    *("Open picture…", "Open model…", "Quit", "Run on", "Restart engine", "Bundled", "Theme"),
    *("Open…", "New", "Save", "Duplicate", "Revert", "Locate"),
)
"""Those that wait for a person, end the window, start another, need an engine, or change the look of every test after
this."""
N_WARM, N_ACTIONS = 150, 300


def answer(window: MainWindow, rng: np.random.Generator) -> Answer:
    """An answer about the current state as it comes out of the pipe: nothing in it is shared with the document."""
    token, verdict = window.desk.view.token, Verdict(answers.RELATIONS, (0.0, float(rng.normal())), (0.0, 1.0))
    attention = answers.attention_of(token, seed=int(rng.integers(2**32)))
    whole = answers.answer(window.desk, {Attention(token): attention}, verdict=verdict)
    found: Answer = pickle.loads(pickle.dumps(whole))
    return found


def actions(window: MainWindow) -> list[QAction]:
    return [action for _, action in window.all_actions() if not action.text().startswith(LEFT_OUT)]


def act(window: MainWindow, rng: random.Random, numbers: np.random.Generator) -> None:
    """One random command, its answer, and now and then a click on a card of the history."""
    give(window, rng.choice(actions(window)), rng, numbers)


def give(window: MainWindow, action: QAction, rng: random.Random, numbers: np.random.Generator) -> None:
    """One command and its answer."""
    if action.isEnabled():
        action.trigger()
    for dialog in (QApplication.activeModalWidget(), QApplication.activePopupWidget()):
        if dialog is not None:
            dialog.close()
    if rng.random() < 0.1:
        window.desk.store.go_to(rng.randrange(window.desk.store.undo.count() + 1))
    window._answered(answer(window, numbers))
    QApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def rest(window: MainWindow) -> None:
    """The same things on the screen whatever was done before."""
    next(action for action in actions(window) if action.text() == "Clear edits").trigger()
    next(action for action in actions(window) if action.text() == "Open the demo").trigger()
    window.workspaces.choose(WORKSPACES[0])
    window.workspaces.reset()
    window._answered(answer(window, np.random.default_rng(0)))
    for _ in range(5):
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def living() -> Counter[str]:
    gc.collect()
    kinds = (Answer, AttentionOfToken, Verdict, Document, QWidget, QGraphicsItem)
    # By their type: some libraries' objects answer `isinstance` with a warning.
    types = Counter(type(thing) for thing in gc.get_objects())
    return Counter({kind.__name__: sum(n for t, n in types.items() if issubclass(t, kind)) for kind in kinds})


def test_after_hundreds_of_random_actions_only_the_steps_of_the_history_are_kept(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, numbers = random.Random(0), np.random.default_rng(0)
    monkeypatch.setattr(secrets, "randbits", rng.getrandbits)
    for action in actions(window):  # what stays open is made once, when it is first asked for
        give(window, action, rng, numbers)
    window.models.show_dialog()
    for _ in range(N_WARM):
        act(window, rng, numbers)
    rest(window)
    before, widgets = living(), len(QApplication.allWidgets())
    n_steps = window.desk.store.undo.count()

    for _ in range(N_ACTIONS):
        act(window, rng, numbers)
    rest(window)

    after, n_new = living(), window.desk.store.undo.count() - n_steps
    assert n_new > N_ACTIONS / 10
    assert after["Answer"] <= before["Answer"] + 1
    assert after["AttentionOfToken"] <= before["AttentionOfToken"] + 1
    assert after["QGraphicsItem"] <= before["QGraphicsItem"] + 20
    assert after["Verdict"] - before["Verdict"] <= n_new + DECISIONS_SPARE
    assert after["Document"] - before["Document"] <= 3 * n_new + DECISIONS_SPARE
    assert len(QApplication.allWidgets()) <= widgets + 10


def test_a_drag_over_a_photo_keeps_few_copies_of_it(window: MainWindow) -> None:
    desk, numbers = window.desk, np.random.default_rng(1)
    photo = Photo(bytes(3 * 224 * 224), "grey")
    desk.edit("Open photo", replace(desk.document, base=Stimulus((), Geometry(), photo), interventions=()))

    for step in range(5 * DECISIONS_SPARE):
        desk.edit("Move", set_point(desk.document, 0, "color", 1, (0.01 * step, 0.0)), "drag")
        window._answered(answer(window, numbers))

    copies = {id(document.base.photo.pixels) for document in desk.decisions if document.base.photo is not None}
    assert len(copies) <= DECISIONS_SPARE + 2


def test_a_look_from_every_token_of_a_state_keeps_the_attention_of_few(window: MainWindow) -> None:
    numbers = np.random.default_rng(2)
    window._answered(answer(window, numbers))
    before = living()["AttentionOfToken"]

    for token in range(1 + Geometry().grid ** 2):
        window.desk.look(token=token)
        window._answered(answer(window, numbers))

    assert window.desk.found(Attention(window.desk.view.token)).current
    assert living()["AttentionOfToken"] <= before + KEPT_OF_A_KIND
