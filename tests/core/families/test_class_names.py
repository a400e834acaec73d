"""What the classes of a model are called, and what its card may leave out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from core.engine import parity_error
from core.errors import UserError
from core.families.class_names import class_names
from core.families.files import open_model, save_model
from tests.core.networks import CARD, tiny_network

CPU = torch.device("cpu")


def saved(folder: Path, n_classes: int, **card: Any) -> Path:
    """A tiny model with a head of so many rows; what is None in `card` is left out of it."""
    file = folder / f"rows{n_classes}.safetensors"
    network = {**CARD["network"], "num_classes": n_classes}
    whole = {**CARD, "network": network, **card}
    save_model(file, tiny_network(num_classes=n_classes), {k: v for k, v in whole.items() if v is not None})
    return file


@pytest.mark.parametrize(
    ("stated", "n_classes", "first", "title"),
    [
        ("imagenet-1k", 1000, ("tench", "goldfish"), "ImageNet-1k"),
        ("imagenet-12k", 11821, ("benthos", "cell"), "ImageNet-12k"),
        ("imagenet-21k", 21841, ("organism", "benthos"), "ImageNet-21k"),
        ("imagenet-21k", 21843, ("organism", "benthos"), "ImageNet-21k"),
        ("imagenet-21k", 11221, ("benthos", "cell"), "ImageNet-21k"),
    ],
)
def test_the_classes_of_imagenet_have_their_names_and_each_its_own(
    stated: str, n_classes: int, first: tuple[str, str], title: str
) -> None:
    said, nothing_assumed = class_names({"labels": stated}, n_classes)
    taken, assumed = class_names({}, n_classes)

    assert said[:2] == first
    assert len({name.strip().casefold() for name in said}) == n_classes
    assert not nothing_assumed
    assert taken == said
    assert assumed == (f"Assumed, as the card names no classes: the {n_classes} are those of {title}.",)


def test_two_classes_of_one_name_are_told_apart() -> None:
    names, _ = class_names({"labels": "imagenet-1k"}, 1000)

    assert [names[134], names[517]] == ["crane (n02012849)", "crane (n03126707)"]
    assert [name for name in names if "maillot" in name] == ["maillot", "maillot, tank suit"]


@pytest.mark.parametrize(
    ("card", "words"),
    [({"labels": "imagenet-1k"}, "1001 classes are not those of ImageNet-1k"), ({}, "labels is missing")],
)
def test_rows_that_no_list_has_need_names(card: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        class_names(card, 1001)


def test_a_model_of_a_thousand_unnamed_classes_opens_and_says_what_it_assumes(tmp_path: Path) -> None:
    model = open_model(str(saved(tmp_path, 1000, labels=None)), CPU)

    assert (model.labels[0], len(model.labels)) == ("tench", 1000)
    assert any("ImageNet-1k" in words for words in model.assumed)


@pytest.mark.parametrize(
    ("label", "labels", "at"),
    [
        ("cat", ("not cat", "cat"), 1),
        ("same", ("different", "same"), 1),
        ("Different ", ("different", "same"), 0),
    ],
)
def test_one_logit_is_held_against_0_beside_what_it_is_not(
    tmp_path: Path, label: str, labels: tuple[str, str], at: int
) -> None:
    model = open_model(str(saved(tmp_path, 1, labels=[label])), CPU)

    x = torch.rand(3, 3, 64, 64)
    with torch.inference_mode():
        both = model.network(x)
        alone = tiny_network(num_classes=1).half().float()(x)
        assert parity_error(model) < 1e-5
    assert model.labels == labels
    assert model.judges_relation == ("same" in labels)
    torch.testing.assert_close(both[:, [at]], alone, atol=1e-5, rtol=0)
    assert (both[:, 1 - at] == 0).all()
    torch.testing.assert_close(both.softmax(-1)[:, at], alone.sigmoid()[:, 0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("labels", [None, []])
def test_a_network_without_classes_opens(tmp_path: Path, labels: list[str] | None) -> None:
    model = open_model(str(saved(tmp_path, 0, labels=labels)), CPU)

    assert model.labels == ()
    with torch.inference_mode():
        assert parity_error(model) < 1e-4


def test_a_network_without_classes_has_no_names_for_them(tmp_path: Path) -> None:
    file = saved(tmp_path, 0, labels=["different", "same"])

    with pytest.raises(UserError, match="2 labels for 0 classes"):
        open_model(str(file), CPU)


def test_a_set_of_names_for_other_rows_is_refused_in_words(tmp_path: Path) -> None:
    file = saved(tmp_path, 3, labels=["a", "b", "c"])
    card = json.loads(file.with_suffix(".json").read_text())
    file.with_suffix(".json").write_text(json.dumps({**card, "labels": "imagenet-1k"}))

    with pytest.raises(UserError, match="3 classes are not those of ImageNet-1k"):
        open_model(str(file), CPU)
