"""The inside view: whose attention is asked for, whose is drawn, and that it says so where it is another state's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.panels.inside import InsidePanel, item_rings
from core.analyses import Refusal
from core.analyses.attention import Attention
from core.analyses.item_shares import ItemShares
from core.document import make_counterfactual, move_item, with_stimulus
from core.masses import Masses
from core.of_source import OfSource
from tests.app.answers import NOTHING, TINY, answer, attention_of, part

KINDS = ("WO", "WP", "BG", "CLS", "score")


@pytest.fixture
def desk(desk: Desk) -> Desk:
    desk.look(head=1)
    return desk


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> InsidePanel:
    panel = InsidePanel(desk)
    desk.wanted = panel.wanted
    desk.store.changed.connect(panel.refresh)
    desk.store.changed.connect(desk.ask)
    qtbot.addWidget(panel)
    panel.resize(420, 640)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.refresh()
    return panel


def shares(value: float = 0.25) -> dict[str, Masses]:
    return {kind: np.full((TINY.n_blocks, TINY.n_heads), value) for kind in KINDS}


def take(desk: Desk, panel: InsidePanel, seed: int = 0, **found: Any) -> None:
    """The engine has found the attention that is looked at, drawn from `seed`, and shares."""
    token = desk.view.token
    known = {Attention(token): attention_of(token, seed=seed), ItemShares(): shares(), **found.get("found", {})}
    desk.take(answer(desk, known))
    panel.refresh()


def said(panel: InsidePanel) -> str:
    return panel.view.accessibleDescription()


def wanted(desk: Desk) -> tuple[Any, ...]:
    return desk.live.ask.call_args.args[0].wanted


def move_a(desk: Desk, x_px: int) -> None:
    desk.edit("Move A", with_stimulus(desk.document, "base", move_item(desk.document.base, 0, x_px, 48)))


def test_the_token_that_is_looked_at_is_asked_for_with_what_items_look_at(desk: Desk, panel: InsidePanel) -> None:
    desk.look(token=7)
    assert wanted(desk) == (Attention(7), ItemShares())

    panel.view.token_hovered.emit(58)
    assert wanted(desk) == (Attention(58), ItemShares())
    panel.view.token_pinned.emit(60)
    panel.view.token_hovered.emit(3)
    assert wanted(desk) == (Attention(60), ItemShares()), "it is held"


def test_another_head_or_layer_of_the_same_token_asks_nothing_new(desk: Desk, panel: InsidePanel) -> None:
    desk.ask()
    n_asked = desk.live.ask.call_count
    take(desk, panel)

    panel.atlas.head_chosen.emit(4, 3)

    assert desk.live.ask.call_count == n_asked
    assert "block 4, head 3" in said(panel)
    assert "computing" not in said(panel)


def test_attention_of_the_state_before_stays_drawn_over_its_own_picture_greyed(desk: Desk, panel: InsidePanel) -> None:
    take(desk, panel)
    before = panel.view._look
    assert "computing" not in said(panel)

    move_a(desk, 160)

    assert said(panel).startswith("computing, CLS looks at")
    assert panel.view._look.heat == before.heat
    assert panel.view._look.image == before.image, "the picture that the attention is of"
    assert panel.view._look.rings == before.rings
    assert panel.atlas.accessibleDescription().startswith("computing")
    take(desk, panel, seed=1)
    assert "computing" not in said(panel)
    assert panel.view._look.image != before.image
    assert panel.view._look.rings != before.rings


def test_attention_of_another_token_stays_drawn_under_its_own_name_greyed(desk: Desk, panel: InsidePanel) -> None:
    take(desk, panel)

    desk.look(token=7)
    assert said(panel).startswith("computing, CLS looks at")

    take(desk, panel, seed=1)
    assert said(panel).startswith("patch (6, 0) looks at")
    desk.look(token=0)
    assert said(panel).startswith("CLS looks at"), "what is known of this state is there at once"


def test_the_decision_alone_leaves_what_is_drawn_greyed(desk: Desk, panel: InsidePanel) -> None:
    take(desk, panel)
    move_a(desk, 160)

    desk.take(part(desk, {}))
    panel.refresh()

    assert said(panel).startswith("computing")


def test_the_shares_of_items_come_to_the_atlas_by_themselves_too(desk: Desk, panel: InsidePanel) -> None:
    desk.take(part(desk, {Attention(0): attention_of(0)}))
    panel.refresh()
    assert np.isnan(panel.atlas._scores).all()

    for value in (0.25, 0.75):
        desk.take(part(desk, {ItemShares(): shares(value)}))
        panel.refresh()
        assert (panel.atlas._scores == value).all()


def test_a_picture_without_items_has_attention_and_no_scores(desk: Desk, panel: InsidePanel) -> None:
    take(desk, panel)
    desk.edit("Empty", with_stimulus(desk.document, "base", replace(desk.document.base, items=())))

    take(desk, panel, seed=1, found={ItemShares(): NOTHING})

    assert "computing" not in said(panel)
    assert np.isnan(panel.atlas._scores).all()


def test_the_curves_are_drawn_when_their_tab_is_opened_and_greyed_with_the_state(
    desk: Desk, panel: InsidePanel
) -> None:
    take(desk, panel)
    assert panel.curves.plot is None

    panel.overview.setCurrentWidget(panel.curves)
    plot = panel.curves.plot
    assert plot is not None
    assert panel.curves.title.isEnabled()
    move_a(desk, 160)
    assert panel.curves.plot == plot
    assert not panel.curves.title.isEnabled()

    take(desk, panel, seed=1)
    assert panel.curves.title.isEnabled()


def test_direction_and_baseline_are_of_the_same_answer(desk: Desk, panel: InsidePanel) -> None:
    edited, plain = attention_of(0, seed=1), attention_of(0, seed=2)
    mixed = replace(edited, baseline_rows=plain.rows, received=plain.rows * 0.5, baseline_received=plain.rows * 0.25)
    take(desk, panel, found={Attention(0): mixed})
    n_asked = desk.live.ask.call_count

    def drawn() -> np.ndarray:
        return panel.view._heat.ravel().astype(np.float32)

    def of(maps: np.ndarray) -> np.ndarray:
        return maps[2, 1, TINY.n_prefix :]

    assert (drawn() == of(mixed.rows)).all()
    panel.view.blink.emit(True)
    assert (drawn() == of(mixed.baseline_rows)).all()
    assert "without edits" in said(panel)
    panel.view.direction_toggled.emit()
    assert (drawn() == of(mixed.baseline_received)).all()
    panel.view.blink.emit(False)
    assert (drawn() == of(mixed.received)).all()
    assert said(panel).startswith("who looks at CLS")
    assert desk.live.ask.call_count == n_asked


def test_in_a_wide_and_low_panel_picture_and_heads_stand_side_by_side(desk: Desk, panel: InsidePanel) -> None:
    take(desk, panel)
    above = panel.view.width()
    assert panel.overview.y() > panel.view.y()

    panel.resize(520, 260)

    assert panel.overview.x() > panel.view.x()
    assert panel.overview.y() == panel.view.y()
    assert panel.overview.width() > above / 2


def with_source(desk: Desk) -> None:
    desk.edit("Make", make_counterfactual(desk.document, "color", 1))
    desk.look(side="source")


def take_source(desk: Desk, panel: InsidePanel, seed: int = 0) -> None:
    """The engine has found the attention in the source."""
    token = desk.view.token
    found = {OfSource(Attention(token)): attention_of(token, seed=seed), OfSource(ItemShares()): shares()}
    desk.take(answer(desk, found))
    panel.refresh()


def test_while_the_base_is_shown_nothing_is_said_of_pictures(desk: Desk, panel: InsidePanel) -> None:
    take(desk, panel)

    assert not panel.which.isVisible()


def test_while_the_source_is_shown_it_is_said_that_this_is_of_the_base(desk: Desk, panel: InsidePanel) -> None:
    with_source(desk)
    take(desk, panel)

    assert panel.which.isVisible()
    assert panel.which.words.whole == "This is of the base."
    assert panel.view._look.rings == item_rings(desk.document.base)


def test_the_switch_asks_about_the_source_and_draws_it(desk: Desk, panel: InsidePanel) -> None:
    with_source(desk)
    take(desk, panel)

    panel.which.switch.click()
    assert wanted(desk) == (OfSource(Attention(desk.view.token)), OfSource(ItemShares()))
    take_source(desk, panel, seed=3)

    assert desk.document.source is not None
    assert panel.view._look.rings == item_rings(desk.document.source)
    assert panel.which.words.whole == "This is of the source, without edits."
    assert "source, block" in said(panel)
    assert "computing" not in said(panel)


def test_with_the_base_shown_again_the_inside_is_of_the_base_again(desk: Desk, panel: InsidePanel) -> None:
    with_source(desk)
    panel.which.switch.click()
    take_source(desk, panel)

    desk.look(side="base")

    assert wanted(desk) == (Attention(desk.view.token), ItemShares())
    assert not panel.which.isVisible()


def test_without_a_source_it_is_said_what_to_do(desk: Desk, panel: InsidePanel) -> None:
    desk.look(side="source")
    panel.which.switch.click()
    desk.take(answer(desk, {OfSource(Attention(desk.view.token)): Refusal("There is no source.")}))
    panel.refresh()

    assert panel.which.words.whole == "There is no source."


def test_whether_the_source_is_looked_into_is_kept(desk: Desk, panel: InsidePanel) -> None:
    panel.which.switch.click()
    kept = panel.kept()
    panel.which.switch.click()

    panel.take(kept)

    assert panel.which.switch.isChecked()


@pytest.mark.parametrize("overview", [10**12, -1, 2, "Heads"])
def test_a_tab_that_there_is_not_is_passed_over(panel: InsidePanel, overview: object) -> None:
    panel.take({"overview": overview})

    assert panel.overview.currentIndex() == 0
