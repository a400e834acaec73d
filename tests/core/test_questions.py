from __future__ import annotations

import pytest

from core.questions import ModelInfo
from core.stimuli.stimulus import Geometry


@pytest.mark.parametrize(
    ("network", "n_prefix", "names"),
    [
        ({}, 1, ("CLS",)),
        ({"reg_tokens": 2}, 3, ("CLS", "R1", "R2")),
        ({"class_token": False}, 0, ()),
        ({"class_token": False, "reg_tokens": 2}, 2, ("R1", "R2")),
    ],
)
def test_tokens_before_the_patches_are_called_what_they_are(
    network: dict[str, object], n_prefix: int, names: tuple[str, ...]
) -> None:
    info = ModelInfo("m", "", "cpu", 2, 2, n_prefix, Geometry(), ("different", "same"), {"network": network}, {})

    assert info.prefix_names == names
