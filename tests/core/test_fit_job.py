"""The job that the window starts to learn subspaces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.cards import subspace_cards
from core.errors import UserError
from core.fit_job import FIT_JOB, FitOptions, Fitted, fit
from core.locations import subspace_folder
from core.probe_job import PROBE_JOB
from core.progress import Progress
from core.session import Session
from core.stimuli.stimulus import PROPERTIES
from tests.core.networks import CARD, save_tiny, tiny_network

QUICK: dict[str, Any] = {"n_pairs": 64, "epochs": 1, "device": "cpu"}


@pytest.fixture
def file(tmp_path: Path) -> str:
    return save_tiny(tmp_path / "tiny.safetensors")


def test_each_subspace_is_used_as_soon_as_it_is_said_to_be_there(file: str) -> None:
    session, known = Session("cpu"), []
    said = []
    for word in fit(file, ("color", "shape"), (0, 1), **QUICK):
        said.append(word)
        if isinstance(word, Fitted):
            known.append(len(session.open(file).subspaces))

    fitted = [word for word in said if isinstance(word, Fitted)]
    assert [(each.property, each.block) for each in fitted] == [("color", 0), ("color", 1), ("shape", 0), ("shape", 1)]
    assert known == [1, 2, 3, 4]
    cards = {key: subspace.card for key, subspace in session.open(file).subspaces.items()}
    assert all(cards[each.property, each.block]["iia"] == each.iia for each in fitted)
    assert {each.n for each in fitted} == {64}


def test_progress_only_grows_and_is_of_one_whole(file: str) -> None:
    steps = [word for word in fit(file, ("color", "shape"), (0,), **QUICK) if isinstance(word, Progress)]

    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert len({step.total for step in steps}) == 1
    assert steps[0].message == "opening the model"


def test_what_was_finished_is_kept_when_it_is_cancelled(file: str) -> None:
    job = fit(file, ("color", "shape"), (0,), **QUICK)
    next(word for word in job if isinstance(word, Fitted))
    job.close()

    assert [path.name for path in sorted(subspace_folder(file).glob("*.safetensors"))] == ["color-block0.safetensors"]


def test_a_model_that_judges_no_relation_is_refused(tmp_path: Path) -> None:
    from core.families.files import save_model

    path = tmp_path / "plain.safetensors"
    network = {**CARD["network"], "num_classes": 0}
    save_model(path, tiny_network(num_classes=0), {**CARD, "network": network, "labels": []})

    with pytest.raises(UserError, match="labels “same” and “different”"):
        list(fit(str(path), ("color",), (0,), **QUICK))
    assert not subspace_folder(str(path)).is_dir() or not list(subspace_folder(str(path)).iterdir())


USUAL = {"properties": ("color",), "blocks": (0,), "n_pairs": 256, "epochs": 8, "start": "random"}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (FitOptions(), {}),
        (
            FitOptions("both", "all", 65),
            {"properties": PROPERTIES, "blocks": (-1, 0, 1), "n_pairs": 68},
        ),
        (FitOptions("shape", "1, -1", start=" "), {"properties": ("shape",), "blocks": (-1, 1)}),
        (FitOptions(start="class means"), {"start": "class means"}),
    ],
)
def test_what_is_typed_is_what_the_job_is_told(options: FitOptions, wanted: dict[str, Any]) -> None:
    assert options.of_job("tiny", 2) == {**USUAL, **wanted}


def test_a_search_of_the_window_can_start_from_another_model(file: str, tmp_path: Path) -> None:
    other = save_tiny(tmp_path / "other.safetensors", seed=1)
    for _ in fit(other, ("color",), (0,), **QUICK):
        pass

    for _ in fit(file, ("color",), (0,), **QUICK, start=other):
        pass

    cards = {name: subspace_cards(name)["color", 0] for name in (file, other)}
    assert [cards[name]["options"]["start"] for name in (file, other)] == [other, "random"]
    with pytest.raises(UserError, match="other has no subspace of shape"):
        list(fit(file, ("shape",), (0,), **QUICK, start=other))


def test_blocks_that_are_not_there_are_refused_in_words() -> None:
    with pytest.raises(UserError, match="names no blocks of tiny"):
        FitOptions(blocks="7").of_job("tiny", 2)


def test_probes_are_fitted_by_a_job_of_their_own_after_every_block() -> None:
    options = FitOptions("relation", blocks="7", n_pairs=65)

    assert options.job == PROBE_JOB
    assert options.of_job("tiny", 2) == {"n_images": 68}
    assert FitOptions().job == FIT_JOB
