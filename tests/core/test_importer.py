"""A checkpoint is looked into, tried with other assumptions, and leaves one model in the library or none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core import importer
from core.cards import read_card
from core.errors import UserError
from core.importer import Found, Tried, look_into, try_out
from core.library import listed
from core.locations import library_folder
from tests.core.networks import finish, tiny_network


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "data"))
    monkeypatch.setattr(torch, "set_num_threads", lambda n: None)


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    """Weights by timm's names, and nothing beside them."""
    path = tmp_path / "mine.pth"
    torch.save(tiny_network(img_size=64).state_dict(), path)
    return str(path)


def own() -> list[str]:
    return [model.name for model in listed() if model.place == "library"]


def test_what_a_checkpoint_does_not_say_is_named_with_a_reason(checkpoint: str) -> None:
    found = finish(look_into(checkpoint))

    assert isinstance(found, Found)
    assert found.shape.startswith("3 × ")
    assert {"num_heads", "mean", "std", "labels"} <= {each.name for each in found.unsaid}
    assert all(each.why for each in found.unsaid)
    assert own() == []


def test_a_try_is_in_the_library_and_says_what_it_answers_to_the_demo(checkpoint: str) -> None:
    tried = finish(try_out(checkpoint, {"num_heads": 2}, device="cpu"))

    assert isinstance(tried, Tried)
    assert (tried.reference, tried.is_new) == ("mine", True)
    assert own() == ["mine"]
    assert {label for label, _ in tried.answers} == {"different", "same"}
    assert sum(share for _, share in tried.answers) == pytest.approx(1)


def test_another_assumption_gives_another_answer_and_takes_the_place_of_the_first(checkpoint: str) -> None:
    first = finish(try_out(checkpoint, {"num_heads": 2}, device="cpu"))

    second = finish(try_out(checkpoint, {"num_heads": 4}, instead_of=first.reference, device="cpu"))

    assert own() == ["mine"]
    assert second.reference == "mine"
    assert dict(second.answers) != dict(first.answers)
    card = read_card(library_folder() / "mine.safetensors")
    assert card["network"]["num_heads"] == 4
    assert "num_heads" in {part["name"] for part in card["assumptions"]}


def test_what_was_there_before_is_reused_and_not_new(checkpoint: str) -> None:
    finish(try_out(checkpoint, {}, device="cpu"))

    again = finish(try_out(checkpoint, {}, device="cpu"))

    assert (again.is_new, own()) == (False, ["mine"])


def test_a_model_that_cannot_be_asked_leaves_nothing_in_the_library(
    checkpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UserError("Block 0 cannot be run.")

    monkeypatch.setattr(importer, "_answers", refuse)

    with pytest.raises(UserError, match="Block 0 cannot be run"):
        finish(try_out(checkpoint, {}, device="cpu"))
    assert own() == []


def test_numbers_that_are_none_are_refused_and_what_was_tried_before_stays(checkpoint: str, tmp_path: Path) -> None:
    finish(try_out(checkpoint, {}, device="cpu"))
    state = {**tiny_network().state_dict(), "cls_token": torch.full((1, 1, 32), float("nan"))}
    save_file(state, tmp_path / "nan.safetensors")

    with pytest.raises(UserError, match="not finite"):
        finish(try_out(str(tmp_path / "nan.safetensors"), {}, instead_of="mine", device="cpu"))
    assert own() == ["mine"]
