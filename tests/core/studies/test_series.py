from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.families.files import open_model, save_model
from core.families.model import Model, choose_device
from core.jobs.fit_subspace import SearchOptions
from core.jobs.progress import Progress
from core.studies.probe import ProbeOptions
from core.studies.result import STUDIES, result_from_json, result_to_csv
from core.studies.series import SeriesOptions, run_series
from tests.core.networks import CARD, balanced_model

QUICK = SeriesOptions(
    n=8,
    search=SearchOptions(n_pairs=152, n_test=8, epochs=1, bfloat16=False),
    blocks=(1,),
    probe=ProbeOptions(n_images=16, epochs=1),
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("models") / "tiny.safetensors"
    save_model(path, balanced_model().network, CARD)
    return open_model(str(path), choose_device("cpu"))


@pytest.fixture(scope="module")
def out(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    run([model], QUICK, folder)
    return folder


def run(models: list[Model], options: SeriesOptions, out: Path) -> list[Progress]:
    return list(run_series(models, options, out))


def started(progress: list[Progress]) -> list[str]:
    return [p.message.split(":")[0] for p in progress if p.message.endswith("starting")]


def test_every_part_writes_numbers_figures_and_the_report(out: Path, model: Model) -> None:
    report = (out / "report.html").read_text(encoding="utf-8")

    for study in STUDIES:
        folder = out / ("correlation" if study == "correlation" else "tiny")
        result = result_from_json((folder / f"{study}.json").read_text(encoding="utf-8"))
        assert (folder / f"{study}.csv").read_text(encoding="utf-8") == result_to_csv(result)
        assert all((folder / "figures" / f"{name}.png").is_file() for name in result.plots)
        assert result.title in report
    assert model.weights_hash in report
    assert "another model" in report
    assert "Too few models" in report
    assert "http-equiv" not in report
    assert "<script" not in report
    assert "src=" not in report


def test_a_second_run_runs_nothing(out: Path, model: Model) -> None:
    before = (out / "tiny" / "das.json").read_bytes()

    assert started(run([model], QUICK, out)) == []
    assert (out / "tiny" / "das.json").read_bytes() == before


def test_changed_settings_run_only_what_they_change(out: Path, model: Model) -> None:
    changed = replace(QUICK, probe=ProbeOptions(n_images=16, epochs=2))

    assert started(run([model], changed, out)) == ["probe"]


def test_a_lost_figure_is_made_again(out: Path, model: Model) -> None:
    (out / "tiny" / "figures" / "behaviour.svg").unlink()

    assert started(run([model], replace(QUICK, studies=("behaviour",)), out)) == ["behaviour"]


def test_the_same_seed_gives_the_same_numbers(out: Path, model: Model, tmp_path: Path) -> None:
    run([model], replace(QUICK, studies=("das", "novel")), tmp_path)

    for study in ("das", "novel"):
        assert (tmp_path / "tiny" / f"{study}.csv").read_text() == (out / "tiny" / f"{study}.csv").read_text()


def test_a_cancelled_run_keeps_the_subspaces_that_it_found(model: Model, tmp_path: Path) -> None:
    job = run_series([model], replace(QUICK, studies=("das",)), tmp_path)
    kept = tmp_path / "tiny" / "subspaces" / "shape-block1.safetensors"

    while not kept.is_file():
        next(job)
    job.close()

    assert not (tmp_path / "tiny" / "das.json").exists()
    messages = [p.message for p in run([model], replace(QUICK, studies=("das",)), tmp_path)]
    assert not any(message.startswith("shape, block") for message in messages)
