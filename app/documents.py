"""Document files of a window: what is new, opened, saved and found again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QSettings
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QDockWidget, QFileDialog, QMainWindow, QMenu

from app.brought import Brought
from app.choices import Keeping
from app.desk import Desk
from app.dock_layout import stand, standing
from app.export.reopen import reopen
from app.journal import Entry, Journal, entry_at, left_behind, new_entry
from app.layout import Docks
from app.leaving import Leaving, Then
from app.outcomes import Outcomes
from app.panels import Panel
from app.recovery import Recovery
from core.cards import read_card, subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view
from core.documents.figures import is_figure_name
from core.documents.files import SUFFIX, document_file, read_preview, read_work, to_bytes, write_work
from core.documents.learned import with_learned_files
from core.documents.work import (
    RECORDED,
    ModelNote,
    Work,
    documents_of,
    note_of,
    recorded_answer,
    recorded_verdicts,
    with_model,
)
from core.errors import UserError
from core.library import find, name_of
from core.locations import model_path
from core.questions import Answer
from core.start import window_command
from core.storage import Stamp, replace_file, stamp

UNTITLED = "Untitled"
DOCUMENTS = f"Documents of Relata (*{SUFFIX});;All files (*)"
OPENED = (
    f"All that is opened (*{SUFFIX} *.safetensors *.pt *.pth *.bin *.ckpt *.png *.jpg *.jpeg *.webp *.tif *.tiff "
    "*.bmp *.gif *.svg *.pdf);;All files (*)"
)
N_RECENT = 8
DOCKS = "Window"
"""Beside the titles of panels: how their docks stand, and in which workspace."""

Standing = Callable[[], Iterable[tuple[Panel, QDockWidget]]]


class Documents(QObject):
    """The file of a window's document, the journal of what is not saved, and the dialogs about both.

    The window says which `workspace` it shows, and how to `enter` one by its name.
    """

    def __init__(
        self,
        window: QMainWindow,
        desk: Desk,
        standing: Standing,
        outcomes: Outcomes,
        settings: QSettings | None = None,
        journal: Path | None = None,
    ) -> None:
        super().__init__(window)
        self._window, self._desk, self._standing, self._outcomes = window, desk, standing, outcomes
        self._settings, self._folder = settings, journal
        self.workspace: Callable[[], str] = str
        self.enter: Callable[[object], None] = lambda _: None
        self.path: Path | None = None
        self._opened: Work | None = None
        self._on_disk: Stamp | None = None
        self._notes: dict[str, ModelNote] = {}
        self.dialog: QFileDialog | None = None
        self.recovery: Recovery | None = None
        self.brought = Brought(desk, outcomes, lambda: self._opened)
        self.leaving = Leaving(window, desk.store, self.name, self.save, self._save_now)
        self.journal = None if journal is None else Journal(self, journal, self._unsaved, self._not_kept)
        desk.open_document = self.open
        desk.store.changed.connect(self._changed)
        desk.choices.changed.connect(self._follow_choice)
        self._follow_choice(desk.choices.keeping)
        self._changed()

    def name(self) -> str:
        """What the document is called."""
        return UNTITLED if self.path is None else self.path.stem

    def work(self) -> Work:
        """Everything that a file of it would hold."""
        desk, before = self._desk, self._opened
        history = tuple(
            replace(card.moment, verdict=desk.decisions.get(card.moment.document)) for card in desk.store.cards()
        )
        panels = {panel.title: panel.kept() for panel, _ in self._standing()}
        panels[DOCKS] = standing(self._window, self._docks()) | {"workspace": self.workspace()}
        kept = {title: kept for title, kept in panels.items() if kept}
        work = Work(desk.document, desk.view, kept, history, desk.store.scenes)
        used = {name for document in documents_of(work) for name in (document.model, document.compared)}
        notes = tuple(self._notes[name] for name in sorted(used & self._notes.keys()))
        if before is None:
            return replace(work, models=notes)
        return replace(work, models=notes, learned=before.learned, files=before.files)

    def _docks(self) -> Docks:
        return {type(panel): dock for panel, dock in self._standing()}

    def _unsaved(self) -> Work:
        return replace(self.work(), journal_of=str(self.path or ""))

    def standing(self) -> Iterable[tuple[Panel, QDockWidget]]:
        """Every panel with its dock."""
        return self._standing()

    def _changed(self) -> None:
        store = self._desk.store
        self._window.setWindowTitle(f"{self.name()}[*] — {name_of(store.document.model)} — Relata")
        self._window.setWindowModified(not store.is_clean)
        if self.journal is not None and not store.is_clean:
            self.journal.note()

    def _follow_choice(self, group: object) -> None:
        if self.journal is not None and isinstance(group, Keeping):
            self.journal.keep(on=group.journal, every_s=group.journal_every_s)
            self._changed()

    def _not_kept(self, error: UserError) -> None:
        self._outcomes.say(UserError(f"What is not saved could not be written down: {error.message}", error.hint))

    def answered(self, answer: Answer) -> None:
        """Keep what the model is; where it is not the one that the file is about, say so."""
        self.brought.answered(answer)
        reference, model = answer.question.document.model, answer.model
        known = self._notes.get(reference)
        if model.device == RECORDED or (known and (known.weights_hash, known.learned_hash) == model.fit):
            return
        if known is not None and known.weights_hash != model.weights_hash and self._opened is not None:
            self._outcomes.say(
                UserError(
                    f"{name_of(reference)} has other weights than those that this document was made with.",
                    "Its answers are computed anew; use File ▸ Locate the model… if you have the others.",
                )
            )
        try:
            origin = find(reference).origin
        except UserError:
            origin = ""
        self._notes[reference] = note_of(reference, model, origin)

    # What is shown

    def begin(self, work: Work, path: Path | None, *, saved: bool = True) -> None:
        """Show what a file holds; its answers are recorded ones until the model has answered."""
        desk = self._desk
        if saved or path != self.path:
            self._on_disk = stamp(path)
        self.path, self._opened = path, work
        self._notes = {note.reference: note for note in work.models}
        self.leaving.discarded = False
        if self.journal is not None:
            self.journal.discard()
        desk.answer, desk.failure = recorded_answer(work), None
        if desk.answer is not None:
            desk.take(desk.answer)
        desk.decisions |= recorded_verdicts(work.history)
        desk.stage.at = None
        desk.store.begin(work.document, work.view, work.history, work.scenes, saved=saved)
        for panel, _ in self._standing():
            panel.take(work.panels.get(panel.title, {}))
        self.enter(work.panels.get(DOCKS, {}).get("workspace"))
        stand(self._window, self._docks(), work.panels.get(DOCKS, {}))
        desk.ask_again()

    def open(self, path: Path) -> None:
        """Open a document file, or what a figure carries, once what is shown may go.

        Raises UserError where it is none: then nothing is asked and nothing lost.
        """
        path = path.absolute()
        if self._folder is not None and path.parent == self._folder:
            entry = entry_at(path)
            if entry is not None:
                self.restore(entry)
            return
        if is_figure_name(path):
            reopen(path, lambda work: self.leaving.ask(lambda: self.begin(work, None)), self._standing)
            return
        work = read_work(path)
        self.leaving.ask(lambda: self._open(work, path))

    def _open(self, work: Work, path: Path) -> None:
        self.begin(replace(work, journal_of=""), path)
        self._remember(path)

    def open_file(self) -> None:
        """Choose a document, a picture or a model."""
        from app.opening import open_path

        dialog = QFileDialog(self._window, "Open", self._where(), OPENED)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._show(dialog, lambda path: self._attempt(lambda: open_path(self._desk, path)))

    def new(self) -> None:
        """A document on the demo."""
        document, view = demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))
        self.leaving.ask(lambda: self.begin(Work(document, view), None))

    def new_window(self) -> None:
        """Another window, in a program of its own."""
        _start()

    def duplicate(self) -> None:
        """Another window on the same, as a document that has no file yet."""
        entry = new_entry(self._folder or Path(self._where()))
        replace_file(entry.path, to_bytes(replace(self.work(), journal_of="")), keep=False)
        entry.release()
        _start(str(entry.path))

    def revert(self) -> None:
        """Back to what is in the file, once the changes may go.

        Raises UserError where there is no file.
        """
        if self.path is None:
            raise UserError("This document has no file yet.", "Save it first; undo goes back as far as it was opened.")
        path, work = self.path, read_work(self.path)
        self.leaving.ask(lambda: self.begin(work, path))

    def locate(self) -> None:
        """Choose the file of a model that is not where the document says."""
        dialog = QFileDialog(self._window, "Locate the model", self._where(), "Models (*.safetensors);;All files (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._show(dialog, lambda path: self._attempt(lambda: self.found_model(path)))

    def found_model(self, path: Path) -> None:
        """Go on with a file as the document's model.

        Raises UserError where it holds other weights than the document was made with.
        """
        reference = self._desk.document.model
        note = self._notes.get(reference)
        weights = read_card(model_path(str(path))).get("weights_sha256")
        if note is not None and weights != note.weights_hash:
            hint = f"The document was made with those whose hash begins with {note.weights_hash[:12]}."
            raise UserError(f"{path.name} holds other weights.", hint)
        self.begin(with_model(self.work(), reference, str(path)), self.path, saved=False)

    # What is saved

    def save(self, then: Then = lambda: None) -> None:
        """Save to the file, or ask where; then go on."""
        if self.path is None:
            self.save_as(then)
        elif self._attempt_saving(self._save_again):
            then()

    def _save_again(self) -> None:
        """Save to the file that it has.

        Raises UserError where another window, or another program, has written that since: it may hold other work.
        """
        path, now = self.path, stamp(self.path)
        if path is not None and now is not None and now != self._on_disk:
            hint = "Use File ▸ Save as…, with this name to replace it; File ▸ Revert shows what it holds now."
            raise UserError(f"{path.name} was changed from elsewhere since. Nothing was saved.", hint)
        self.save_to(path)

    def save_as(self, then: Then = lambda: None) -> None:
        """Ask for a file, save there, and go on."""
        dialog = QFileDialog(self._window, "Save as", self._where(), DOCUMENTS)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
        dialog.selectFile(f"{self.name()}{SUFFIX}")
        self._show(dialog, lambda path: then() if self._attempt_saving(lambda: self.save_to(path)) else None)

    def save_to(self, path: Path | None) -> None:
        """Write the file, whose name ends as those of documents do; the document is clean after that.

        Raises UserError where the disk refuses, or nobody agreed to replace a file of that name: the document then
        stays changed, and the file as it was.
        """
        assert path is not None
        chosen, path = path.absolute(), document_file(path.absolute())
        if path != chosen and path.exists():
            raise UserError(f"There is a {path.name} already. Nothing was saved.", "Choose it by its whole name.")
        work = with_learned_files(self.work())
        write_work(path, work)
        self.path, self._opened, self._on_disk = path, work, stamp(path)
        if self.journal is not None:
            self.journal.discard()
        self._remember(path)
        self._desk.store.set_clean()

    def _save_now(self) -> bool:
        if self.path is not None:
            return self._attempt_saving(self._save_again)
        name, _ = QFileDialog.getSaveFileName(self._window, "Save as", self._where(), DOCUMENTS)
        return bool(name) and self._attempt_saving(lambda: self.save_to(Path(name)))

    def _attempt(self, do: Callable[[], object]) -> bool:
        return self._outcomes.attempt(do, opening=True)

    def _attempt_saving(self, do: Callable[[], object]) -> bool:
        return self._outcomes.attempt(do, saving=True)

    def _show(self, dialog: QFileDialog, chosen: Callable[[Path], object]) -> None:
        """Without a wait: the window can be closed by other means while a dialog is open."""
        self.dialog = dialog
        dialog.fileSelected.connect(lambda name: chosen(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.finished.connect(self._forget_dialog)
        dialog.open()

    def _forget_dialog(self) -> None:
        self.dialog = None

    def _where(self) -> str:
        recent = self.recent()
        return str((self.path or (recent[0] if recent else Path.home() / "x")).parent)

    # What is found again

    def recent(self) -> list[Path]:
        """The files that were opened or saved last and are still there, the latest first."""
        names = self._settings.value("recent documents", []) if self._settings is not None else []
        names = [names] if isinstance(names, str) else names if isinstance(names, list) else []
        return [Path(name) for name in names if isinstance(name, str) and os.path.isfile(name)]

    def _remember(self, path: Path) -> None:
        if self._settings is not None:
            others = [str(other) for other in self.recent() if other != path]
            self._settings.setValue("recent documents", [str(path), *others][:N_RECENT])

    def list_recent(self, menu: QMenu) -> None:
        """Fill a menu with them, each with its picture."""
        menu.clear()
        for path in self.recent():
            picture = QPixmap()
            picture.loadFromData(read_preview(path), "PNG")
            action = menu.addAction(QIcon(picture), path.stem)
            action.setToolTip(str(path))
            action.triggered.connect(lambda _=False, path=path: self._attempt(lambda: self.open(path)))
        menu.setDisabled(menu.isEmpty())

    def offer_recovery(self) -> None:
        """Ask what is to be done with what windows left behind that ended without saving."""
        entries = [] if self._folder is None else list(left_behind(self._folder))
        if entries:
            self.recovery = Recovery(entries, self.restore, self._window)
            self.recovery.finished.connect(self._forget_recovery)
            self.recovery.open()

    def _forget_recovery(self) -> None:
        self.recovery = None

    def restore(self, entry: Entry) -> None:
        """Go on with it here, or in a window of its own where this one shows something.

        Raises UserError where it cannot be read: then it is kept.
        """
        if self.path is not None or not self._desk.store.is_clean or self._desk.store.undo.count():
            entry.release()
            _start(str(entry.path))
            return
        try:
            work = read_work(entry.path)
        except UserError:
            entry.release()
            raise
        self.begin(work, Path(work.journal_of) if work.journal_of else None, saved=False)
        if self.journal is not None:
            self.journal.adopt(entry)

    def stop(self) -> None:
        """The window closes; what nobody agreed to lose waits in the journal."""
        if self.recovery is not None:
            self.recovery.close()
        if self.journal is not None:
            self.journal.stop(discard=self._desk.store.is_clean or self.leaving.discarded)


def _start(*arguments: str) -> None:
    program, *rest = window_command(*arguments)
    QProcess.startDetached(program, rest)
