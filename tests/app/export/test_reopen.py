"""A figure that is dropped or opened is the document again; what is none stays what it was, or is a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app import edits, file_menu, opening
from app.main_window import MainWindow
from app.panels.stimulus import StimulusPanel
from app.panels.study import StudyPanel
from app.widgets.dropped import Dropped
from core.analyses.decision import Decision
from core.errors import UserError
from core.figures.options import FigureOptions
from core.figures.state import with_state
from core.interventions.move import set_point
from core.questions import Question
from tests.app.answers import SAME, answer

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><rect/></svg>"


@pytest.fixture
def figures(window: MainWindow, tmp_path: Path) -> dict[str, Path]:
    """The canvas with an edit and its answer, in each format; the window is then on something else, and saved."""
    desk = window.desk
    desk.edit("Move colour", set_point(desk.document, 0, "color", 1, (0.5, 1.0)))
    desk.look(read=3, write=1, head=2)
    window._answered(answer(desk, asked=Question(desk.document)))
    canvas = window.panel(StimulusPanel).canvas
    written = {}
    for ending in ("png", "svg", "pdf"):
        written[ending] = tmp_path / f"figure.{ending}"
        window.exports.write(written[ending], [canvas], FigureOptions(ending.upper(), dpi=96))  # type: ignore[arg-type]
    return written


def test_a_dropped_figure_is_the_document_again_untitled_and_clean(
    window: MainWindow, figures: dict[str, Path], tmp_path: Path
) -> None:
    shown, view = window.desk.document, window.desk.view
    for path in figures.values():
        edits.draw_random_pair(window.desk)
        window.documents.save_to(tmp_path / "other.relata")

        opening.open_dropped(window.desk, Dropped((path,)))

        assert (window.desk.document, window.desk.view) == (shown, view), path
        found = window.desk.found(Decision())
        assert found is not None
        assert found.value == SAME, "its answer is the recorded one until the model has answered"
        assert window.windowTitle().startswith("Untitled[*]")
        assert window.desk.store.is_clean
        assert window.documents.path is None, "saving asks for a name, and does not write over the figure"


def test_what_is_shown_is_asked_about_first(window: MainWindow, figures: dict[str, Path]) -> None:
    edits.draw_random_pair(window.desk)
    changed = window.desk.document

    opening.open_path(window.desk, figures["svg"])

    assert window.desk.document == changed
    question = window.leaving.question
    assert isinstance(question, QMessageBox)
    question.button(QMessageBox.StandardButton.Cancel).click()


def test_a_picture_without_a_state_is_a_photograph(window: MainWindow, tmp_path: Path) -> None:
    window.exports.write(tmp_path / "plain.png", [window.panel(StimulusPanel).canvas], FigureOptions(carries=False))

    opening.open_path(window.desk, tmp_path / "plain.png")

    photo = window.desk.document.base.photo
    assert photo is not None
    assert photo.name == "plain.png"


def test_a_figure_can_be_looked_at_as_a_photograph_all_the_same(
    window: MainWindow, figures: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(figures["png"]), ""))

    file_menu.open_picture(window.desk, window)

    assert window.desk.document.base.photo is not None


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_a_drawing_without_a_state_is_a_sentence(window: MainWindow, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_bytes(SVG)
    before = window.desk.document

    with pytest.raises(UserError, match="carries nothing that can be opened"):
        opening.open_path(window.desk, path)
    assert window.desk.document == before


def test_a_damaged_state_is_a_sentence_and_loses_nothing(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_bytes(with_state(SVG, {"document": "AAAA"}))
    edits.draw_random_pair(window.desk)
    before = window.desk.document

    with pytest.raises(UserError, match="no document of Relata"):
        opening.open_path(window.desk, tmp_path / "a.svg")
    assert window.desk.document == before
    assert window.leaving.question is None


def test_a_figure_of_a_study_opens_the_study(window: MainWindow, tmp_path: Path) -> None:
    study = {
        "study": "behaviour",
        "title": "What it says",
        "model": "rmts",
        "n": 800,
        "settings": {"seed": 7, "n": 800},
    }
    (tmp_path / "a.svg").write_bytes(with_state(SVG, {"study": study}))

    opening.open_path(window.desk, tmp_path / "a.svg")

    panel = window.panel(StudyPanel)
    assert panel.isVisible()
    assert [name for name, box in panel.form.parts.items() if box.isChecked()] == ["behaviour"]
    assert panel.form.models == ["rmts"]
    assert (panel.form.n.value(), panel.form.seed.value()) == (800, 7)
    assert "What it says · rmts · n = 800" in panel.said.text()


def test_a_study_that_is_not_known_is_said_and_nothing_chosen(window: MainWindow, tmp_path: Path) -> None:
    window._docks[StudyPanel].show()
    form = window.panel(StudyPanel).form
    before = [box.isChecked() for box in form.parts.values()], form.models, form.n.value(), form.seed.value()
    study = {"study": ["x"], "model": "/nowhere", "n": -4, "settings": {"seed": "7"}}
    (tmp_path / "a.svg").write_bytes(with_state(SVG, {"study": study}))

    opening.open_path(window.desk, tmp_path / "a.svg")

    after = [box.isChecked() for box in form.parts.values()], form.models, form.n.value(), form.seed.value()
    assert after == before
    assert "a.svg shows: ? · /nowhere · n = -4" in window.panel(StudyPanel).said.text()
