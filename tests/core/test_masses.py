from __future__ import annotations

import numpy as np
import pytest

from core.masses import attention_shares, kind_series, mass_curves
from core.stimuli.stimulus import pairs_of


def test_items_without_a_partner_have_a_score_but_no_mass_within_a_pair() -> None:
    one = np.array([[[[0.2, 0.5, 0.3]]]])  # [L, H, I, I + 2]: itself, background, CLS

    kinds = attention_shares(one, pairs_of(1))

    assert {name: value.item() for name, value in kinds.items()} == pytest.approx(
        {"WO": 0.2, "BG": 0.5, "CLS": 0.3, "score": 0.5}
    )


def test_curves_take_the_head_with_the_most_and_star_the_peak() -> None:
    within = np.array([[0.1, 0.4], [0.9, 0.2], [0.3, 0.3]])  # [L, H]

    curves = mass_curves({"WO": within, "CLS": 1 - within})

    wo, cls = curves.series
    assert (wo.y, wo.star) == ((0.4, 0.9, 0.3), 1)
    assert cls.y == pytest.approx((0.9, 0.8, 0.7))
    assert (cls.star, cls.role) == (None, "control")


def test_a_kind_keeps_its_color_whatever_is_beside_it() -> None:
    assert kind_series("BG", (0.5,)).hue == kind_series("BG", (0.1, 0.2)).hue != kind_series("WP", (0.5,)).hue


def test_what_items_without_partners_give_to_each_other_completes_the_shares() -> None:
    masses = np.random.default_rng(0).dirichlet(np.ones(5), (2, 4, 3))  # [L, H, I, I + 2]

    kinds = attention_shares(masses, ())

    assert "WP" not in kinds
    np.testing.assert_allclose(kinds["BO"], (masses[..., :3].sum((-1, -2)) - np.trace(masses[..., :3], 0, 2, 3)) / 3)
    np.testing.assert_allclose(kinds["WO"] + kinds["BO"] + kinds["BG"] + kinds["CLS"], 1)
