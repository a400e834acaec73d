from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

from core.analyses.lens_traces import LensTraces
from core.errors import UserError
from core.interventions import intervention_kinds
from core.interventions.drop_tokens import DropTokens
from core.interventions.knock_out_heads import KnockOutHeads
from core.interventions.knock_out_mlp import KnockOutMLP
from core.interventions.move import MoveInSubspace
from core.interventions.patch_tokens import PatchTokens
from core.options import field_types, made, option_name, options_of, with_options
from core.studies.das import Alignment
from core.studies.losses import Losses
from core.studies.study import Study, every_study


@dataclass(frozen=True)
class QKModes:
    block: int
    colour: Literal["red", "blue"] = "red"
    on: bool = True
    places: tuple[float, float] = (0.0, 1.0)


def test_kinds_are_called_by_their_names_in_words() -> None:
    assert [option_name(kind) for kind in (KnockOutMLP, MoveInSubspace, QKModes)] == [
        "knock-out-mlp",
        "move-in-subspace",
        "qk-modes",
    ]
    assert options_of(QKModes) == "block=… colour=red on=yes places=0.0,1.0"


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("knock-out-heads block=1 heads=0,2 fill=mean", KnockOutHeads(1, (0, 2), "mean")),
        ("move-in-subspace block=0 item=1 property=color point=1.5,-2", MoveInSubspace(0, 1, "color", (1.5, -2.0))),
        ("patch-tokens block=2 part=v item=none", PatchTokens(2, "v")),
        ("drop-tokens block=2 which=background enabled=no", DropTokens(2, "background", enabled=False)),
    ],
)
def test_words_become_the_value_that_they_describe(words: str, value: object) -> None:
    assert made(intervention_kinds(), words.split()) == value


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("knock-out-heads block=1_0 heads=1", "“1_0” is nothing for block"),
        ("knock-out-heads block=１ heads=1", "“１” is nothing for block"),
        ("knock-out-heads block=1 heads=1,٣", "“1,٣” is nothing for heads"),
        ("knock-out-heads block=1 heads=1 strength=1_0.5", "“1_0.5” is nothing for strength"),
        ("", "There is no “”"),
        ("knock-out", "There is no “knock-out”"),
        ("knock-out-heads heads=1", "needs block="),
        ("knock-out-heads block=1 heads=1 head=2", "has no option “head=2”"),
        ("knock-out-heads block=1 heads=1 strength", "has no option “strength”"),
        ("knock-out-heads block=one heads=1", "“one” is nothing for block"),
        (
            "knock-out-heads block=1 heads=1 fill=half",
            "for fill of knock-out-heads. Choose zero or mean",
        ),
        ("knock-out-heads block=1 heads=1 enabled=perhaps", "“perhaps” is nothing for enabled"),
        ("knock-out-heads block=1 heads=1 strength=nan", "“nan” is nothing for strength"),
        ("knock-out-heads block=1 heads=1 strength=inf", "“inf” is nothing for strength"),
        ("knock-out-heads block=1 heads=1 seed=99999999999999999999999", "is nothing for seed"),
        ("move-in-subspace block=1 item=0 property=color point=1", "“1” is nothing for point"),
        ("move-in-subspace block=1 item=0 property=color point=1,2,3", "“1,2,3” is nothing for point"),
    ],
)
def test_words_that_describe_nothing_say_what_there_is(words: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as refusal:
        made(intervention_kinds(), words.split())
    assert refusal.value.hint


def test_a_field_whose_type_only_a_type_checker_sees_is_no_obstacle_to_the_others() -> None:
    das = Alignment()
    assert with_options(das, ["use_shipped=no", "blocks=0,1"], "das") == Alignment(use_shipped=False, blocks=(0, 1))
    with pytest.raises(UserError, match="nothing for search of das"):
        with_options(das, ["search=1"], "das")
    with pytest.raises(UserError, match="nothing for recipes of losses"):
        with_options(Losses(), ["recipes=1"], "losses")


@pytest.mark.parametrize("study", every_study(), ids=lambda study: study.name)
def test_the_numbers_and_switches_of_every_study_can_be_written(study: Study) -> None:
    simple = [name for name, kind in field_types(type(study)).items() if kind in (int, bool)]
    assert "seed" in simple
    words = {name: getattr(study, name) for name in simple}
    written = [f"{name}={value}".lower() for name, value in words.items()]
    assert with_options(study, written, study.name) == study


@pytest.mark.parametrize("word", ["0", "-1", "6", "999999", "1_0"])
def test_an_option_that_says_its_range_takes_nothing_beyond_it(word: str) -> None:
    with pytest.raises(UserError, match=f"“{word}” is nothing for n of lens-traces") as refusal:
        made([LensTraces], ["lens-traces", f"n={word}"])
    assert refusal.value.hint == "Use a number from 1 to 5."


@pytest.mark.parametrize(
    ("word", "value"), [("-2", -2.0), ("+.5", 0.5), ("1e3", 1000.0), ("3.", 3.0), ("2E-4", 0.0002)]
)
def test_a_number_may_be_typed_as_numbers_are(word: str, value: float) -> None:
    edit = made(intervention_kinds(), ["knock-out-mlp", "block=1", f"strength={word}"])

    assert isinstance(edit, KnockOutMLP)
    assert edit.strength == value
