"""Any analysis that yields plots, with a form for its options: a new one is one new file in `core/analyses/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame, QLabel, QScrollArea, QSizePolicy, QVBoxLayout

from app.as_left import as_left, leave_as
from app.comparing import beside, found_beside, names
from app.desk import Desk, Found
from app.forms import Form
from app.panels import Panel
from app.plots.maps import MapsView
from app.plots.view import PlotView
from app.widgets.flow import ScrolledBody
from core.analyses import Analysis, PlotAnalysis, plot_analyses
from core.plots import Gallery, Maps, Plot

PLOT_MIN_PX, PLOT_STRETCH = 220, 1000


class AnalysisPanel(QScrollArea, Panel):
    """Choose what to look at; it follows the state like every other panel."""

    title = "Analyses"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._kinds = {kind.title: kind for kind in plot_analyses()}
        self.choice, self.said = QComboBox(), QLabel()
        self.choice.addItems(list(self._kinds))
        self.choice.setAccessibleName("Analysis")
        self.said.setWordWrap(True)
        self.form: Form[PlotAnalysis] = Form(self._kinds[self.choice.currentText()]())
        self.plots: list[PlotView | MapsView] = []
        body = ScrolledBody()
        self._layout = QVBoxLayout(body)
        self._layout.setContentsMargins(10, 6, 10, 8)
        for widget in (self.choice, self.form, self.said):
            self._layout.addWidget(widget)
        self._layout.addStretch(1)
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.choice.currentTextChanged.connect(self._choose)
        self.form.changed.connect(desk.ask)

    @property
    def analysis(self) -> PlotAnalysis:
        """What is asked for: the form's options, and what follows the view."""
        value = self.form.value
        view = self._desk.view
        followed = {f.name: getattr(view, f.metadata["follow"]) for f in fields(value) if "follow" in f.metadata}  # type: ignore[arg-type]
        return replace(value, **followed) if followed else value  # type: ignore[type-var]

    def kept(self) -> dict[str, Any]:
        return {**as_left({"analysis": self.choice}), "options": self.form.chosen}

    def take(self, kept: Mapping[str, Any]) -> None:
        leave_as({"analysis": self.choice}, kept)
        self.form.take(kept.get("options"))

    def wanted(self) -> tuple[Analysis[Any], ...]:
        return (self.analysis, *beside(self._desk, self.analysis))

    def refresh(self) -> None:
        """Draw the plots that were found last, of two models those of both, greyed where they are of another state."""
        found, there = self._desk.found(self.analysis), found_beside(self._desk, self.analysis)
        if found is None:
            self.said.setText("Computing…")
            for view in self.plots:
                view.set_stale(True)
            return
        both = names(self._desk) if self._desk.document.compared else ("", "")
        news = [(of.value, of.refusal, of.current) if of is not None else None for of in (found, there)]
        if not self.has_news(*news, both, self.said.text()):
            return
        known = [(of, name) for of, name in zip((found, there), both, strict=True) if of is not None]
        self.said.setText("\n".join(_refused(of, name) for of, name in known if of.refusal is not None))
        plots = [(_of_model(plot, name), of.current) for of, name in known for plot in of.value or ()]
        self._make_room([MapsView if isinstance(plot, Maps) else PlotView for plot, _ in plots])
        for view, (plot, current) in zip(self.plots, plots, strict=True):
            _show(view, plot)
            view.set_stale(not current)

    def _make_room(self, kinds: Sequence[type[PlotView | MapsView]]) -> None:
        if [type(view) for view in self.plots] == kinds:
            return
        while self.plots:
            self.plots.pop().deleteLater()
        for kind in kinds:
            view = kind()
            if isinstance(view, PlotView):
                # One plot fills the panel, and several of them scroll.
                view.setMinimumHeight(PLOT_MIN_PX)
                view.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
            else:
                view.head_chosen.connect(self._look_at)
            self.plots.append(view)
            stretch = PLOT_STRETCH if isinstance(view, PlotView) else 0
            self._layout.insertWidget(self._layout.count() - 1, view, stretch)

    def _look_at(self, block: int, head: int) -> None:
        looked_at = {name: value for name, value in (("read", block), ("head", head)) if value >= 0}
        self._desk.look(**looked_at)

    def _choose(self, title: str) -> None:
        before, self.form = self.form, Form(self._kinds[title]())
        self._layout.replaceWidget(before, self.form)
        before.deleteLater()
        self.form.changed.connect(self._desk.ask)
        self._make_room([])
        self._desk.ask()
        self.refresh()


def _refused(found: Found[Any], name: str) -> str:
    """Why there are no plots, of two models with the name of that one."""
    said = "" if found.refusal is None else f"{found.refusal.message} {found.refusal.hint}"
    return f"{name}: {said}" if name else said


def _of_model(plot: Plot, name: str) -> Plot:
    """A plot with the name of its model in its title, where there are two."""
    return replace(plot, title=f"{name}: {plot.title}") if name else plot


def _show(view: PlotView | MapsView, plot: Plot) -> None:
    """Draw a plot in a view of its kind, where it does not show it yet."""
    if plot == view.plot:
        return
    if isinstance(plot, Maps):
        assert isinstance(view, MapsView)
        view.show_plot(plot)
    elif not isinstance(plot, Gallery):  # galleries are of studies
        assert isinstance(view, PlotView)
        view.show_plot(plot)
