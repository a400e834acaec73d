"""The job that the window starts to fit probes."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.cards import read_card
from core.errors import UserError
from core.families.files import save_model
from core.locations import probe_file
from core.probe_job import FittedProbes, fit_probes
from core.progress import Progress
from core.session import Session
from tests.core.networks import CARD, save_tiny, tiny_network


@pytest.fixture
def file(tmp_path: Path) -> str:
    return save_tiny(tmp_path / "tiny.safetensors")


def test_probes_are_used_as_soon_as_they_are_said_to_be_there(file: str) -> None:
    session = Session("cpu")
    assert not session.open(file).probes

    said = list(fit_probes(file, n_images=16, device="cpu"))

    (fitted,) = [word for word in said if isinstance(word, FittedProbes)]
    assert said[-1] is fitted
    assert isinstance(said[0], Progress)
    assert sorted(session.open(file).probes) == [-1, 0, 1, 2]
    rows = read_card(probe_file(file))["blocks"]
    assert fitted.n_blocks == len(rows) == 4
    assert fitted.accuracy == max(row["accuracy"] for row in rows)
    assert {row["n"] for row in rows} == {fitted.n} == {16}


def test_a_fit_that_is_cancelled_leaves_no_probes(file: str) -> None:
    job = fit_probes(file, n_images=16, device="cpu")
    for _ in range(5):
        next(job)
    job.close()

    assert not probe_file(file).exists()


def test_a_model_that_judges_no_relation_has_no_probes_to_fit(tmp_path: Path) -> None:
    path = tmp_path / "plain.safetensors"
    save_model(
        path,
        tiny_network(num_classes=0),
        {**CARD, "network": {**CARD["network"], "num_classes": 0}, "labels": []},
    )

    with pytest.raises(UserError, match="labels “same” and “different”"):
        list(fit_probes(str(path), n_images=16, device="cpu"))
    assert not probe_file(str(path)).exists()
