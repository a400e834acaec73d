from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.document import random_pair
from core.documents.figures import read_figure
from core.errors import UserError
from core.families.files import open_model, save_model
from core.families.model import Model, choose_device
from core.jobs.fit_subspace import SearchOptions
from core.progress import Progress
from core.series import run_series
from core.stimuli.stimulus import Geometry
from core.stimuli.variants import variants
from core.studies.given import Given
from core.studies.probe import ProbeOptions
from core.studies.result import StudyResult, result_from_json, result_to_csv
from core.studies.study import Study, all_names, chosen
from tests.core.networks import CARD, balanced_model

QUICK: dict[str, Any] = {
    "n": 8,
    "search": SearchOptions(n_pairs=152, n_test=8, epochs=1, bfloat16=False),
    "blocks": (1,),
    "probe": ProbeOptions(n_images=16, epochs=1),
}


def quick(*names: str, **options: Any) -> list[Study]:
    """These studies, or all that are over the models that are there, with options that take little time."""
    return chosen(names or all_names(2), **{**QUICK, **options})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("models") / "tiny.safetensors"
    save_model(path, balanced_model().network, CARD)
    return open_model(str(path), choose_device("cpu"))


@pytest.fixture(scope="module")
def out(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    run([model], quick(), folder)
    return folder


def run(models: list[Model], studies: list[Study], out: Path) -> list[Progress]:
    return [said for said in run_series(models, studies, out) if isinstance(said, Progress)]


def started(progress: list[Progress]) -> list[str]:
    return [p.message.split(":")[0] for p in progress if p.message.endswith("starting")]


def test_every_part_writes_numbers_figures_and_the_report(out: Path, model: Model) -> None:
    report = (out / "report.html").read_text(encoding="utf-8")

    for study in all_names(2):
        folder = out / ("correlation" if study == "correlation" else "tiny")
        result = result_from_json((folder / f"{study}.json").read_text(encoding="utf-8"))
        assert (folder / f"{study}.csv").read_text(encoding="utf-8") == result_to_csv(result)
        for name in result.plots:
            carried = read_figure(folder / "figures" / f"{name}.png")
            assert carried is not None
            assert carried.study is not None, "a figure says of what study it is"
            assert carried.study["study"] == result.study
            assert carried.study["settings"] == result.settings
            assert carried.study["weights_sha256"] == result.weights_sha256
        assert result.title in report
    assert model.weights_hash in report
    assert "another model" in report
    assert "Left out, not told from chance on IID images: tiny" in report
    assert "http-equiv" not in report
    assert "<script" not in report
    assert "src=" not in report


def test_a_study_is_run_again_where_the_card_says_now_that_the_same_weights_are_run_otherwise(tmp_path: Path) -> None:
    network = balanced_model().network
    models = []
    for mean in (0.5, 0.5, 0.1):
        save_model(tmp_path / "tiny.safetensors", network, {**CARD, "mean": [mean] * 3})
        models.append(open_model(str(tmp_path / "tiny.safetensors"), choose_device("cpu")))

    assert [started(run([model], quick("behaviour"), tmp_path / "out")) for model in models] == [
        ["behaviour"],
        [],
        ["behaviour"],
    ]


def test_a_second_run_runs_nothing(out: Path, model: Model) -> None:
    before = (out / "tiny" / "das.json").read_bytes()

    assert started(run([model], quick(), out)) == []
    assert (out / "tiny" / "das.json").read_bytes() == before


def test_changed_settings_run_only_what_they_change(out: Path, model: Model) -> None:
    changed = quick(probe=ProbeOptions(n_images=16, epochs=2))

    assert started(run([model], changed, out)) == ["probe"]


def test_a_lost_figure_is_made_again(out: Path, model: Model) -> None:
    (out / "tiny" / "figures" / "behaviour.svg").unlink()

    assert started(run([model], quick("behaviour"), out)) == ["behaviour"]


def test_the_same_seed_gives_the_same_numbers(out: Path, model: Model, tmp_path: Path) -> None:
    run([model], quick("das", "novel"), tmp_path)

    for study in ("das", "novel"):
        assert (tmp_path / "tiny" / f"{study}.csv").read_text() == (out / "tiny" / f"{study}.csv").read_text()


def titles(out: Path) -> list[str]:
    """The headings of the report's parts."""
    return re.findall("<section><h2>(.*?)</h2>", (out / "report.html").read_text(encoding="utf-8"))


def test_the_report_holds_the_parts_of_every_run_on_these_weights(model: Model, tmp_path: Path) -> None:
    run([model], quick("behaviour"), tmp_path)
    run([model], quick("attention", seed=5, paper_convention=True), tmp_path)

    assert titles(tmp_path) == ["Attention pattern", "Accuracy by split"]
    assert "conventions were used wherever" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_cancelled_run_has_a_report_of_what_is_finished(model: Model, tmp_path: Path) -> None:
    job = run_series([model], quick("attention", "behaviour"), tmp_path)
    assert any(isinstance(said, Progress) and said.message == "behaviour: starting" for said in job)
    job.close()

    assert titles(tmp_path) == ["Attention pattern"]


@pytest.mark.parametrize("changed", ["weights", "version"])
def test_parts_of_other_weights_or_another_version_are_left_out(model: Model, tmp_path: Path, changed: str) -> None:
    run([model], quick("behaviour"), tmp_path)
    path = tmp_path / "tiny" / "behaviour.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    if changed == "weights":
        value["weights_sha256"] = "0" * 64
    else:
        del value["settings"]["splits"]
    path.write_text(json.dumps(value), encoding="utf-8")

    run([model], quick("attention"), tmp_path)

    assert titles(tmp_path) == ["Attention pattern"]


def test_published_numbers_are_printed_beside_each_figure(out: Path, model: Model) -> None:
    report = (out / "report.html").read_text(encoding="utf-8")

    for number in (">0.936<", ">0.883<", ">0.983<", ">0.980<"):
        assert f'<td class="number published"{number}' in report


def test_a_cancelled_run_keeps_the_subspaces_that_it_found_beside_the_model(tmp_path: Path) -> None:
    save_model(tmp_path / "own.safetensors", balanced_model().network, CARD)
    model = open_model(str(tmp_path / "own.safetensors"), choose_device("cpu"))
    job = run_series([model], quick("das"), tmp_path)
    kept = tmp_path / "own-subspaces" / "shape-block1.safetensors"

    while not kept.is_file():
        next(job)
    job.close()

    assert not (tmp_path / "own" / "das.json").exists()
    messages = [p.message for p in run([model], quick("das"), tmp_path)]
    assert not any(message.startswith("shape, block") for message in messages)


def test_a_correlation_of_another_version_is_left_out(model: Model, tmp_path: Path) -> None:
    run([model], quick("correlation"), tmp_path)
    path = tmp_path / "correlation" / "correlation.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    del value["settings"]["chance"]
    value["rows"] = [{k: v for k, v in row.items() if k != "at_chance"} for row in value["rows"]]
    path.write_text(json.dumps(value), encoding="utf-8")

    run([model], quick("attention"), tmp_path)

    assert titles(tmp_path) == ["Attention pattern", "Distributed alignment search", "Accuracy by split"]


def test_a_correlation_is_made_again_where_what_it_is_made_of_has_changed(model: Model, tmp_path: Path) -> None:
    run([model], quick("correlation"), tmp_path)

    assert started(run([model], quick("correlation"), tmp_path)) == []
    assert started(run([model], quick("correlation", n=12), tmp_path)) == ["das", "behaviour", "correlation"]


def test_results_come_in_order_and_the_losses_last(model: Model, tmp_path: Path) -> None:
    """What is trained for an hour keeps nothing waiting, and cancelling it loses nothing."""
    job = run_series([model], quick("losses", "correlation", "behaviour"), tmp_path)
    found = []
    for said in job:
        if isinstance(said, StudyResult):
            found.append(said.study)
        elif said.message == "losses: starting":
            job.close()

    assert found == ["das", "behaviour", "correlation"]
    assert (tmp_path / "correlation" / "correlation.json").is_file()


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_measured(model: Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(UserError, match="Nothing can be written"):
        next(run_series([model], quick(), tmp_path / "file"))


@pytest.mark.parametrize(
    "changes",
    [
        *({"n": n} for n in (0, -4, 6, 10**30)),
        *({"seed": seed} for seed in (-1, 2**31, 10**30)),
        {"search": SearchOptions(seed=-1)},
        {"search": SearchOptions(epochs=0)},
        {"n_runs": 0},
    ],
)
def test_a_number_out_of_its_range_is_refused_before_anything_is_written(
    model: Model, tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(UserError) as refusal:
        next(run_series([model], quick(*all_names(2), "losses", **changes), tmp_path / "out"))
    assert refusal.value.hint.startswith(("Ask for", "Use a whole number"))
    assert not (tmp_path / "out").exists()


def test_what_is_found_on_a_set_lies_by_itself_and_leaves_the_rest_as_it_was(model: Model, tmp_path: Path) -> None:
    run([model], quick("behaviour"), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    sets = [
        Given("mine", f"{index}" * 64, tuple(variants(random_pair(Geometry(64, 16), index), 6))) for index in (1, 2)
    ]

    said = [list(run_series([model], quick("behaviour"), tmp_path, given)) for given in sets]

    assert {path: path.read_bytes() for path in before} == before
    for given, of in zip(sets, said, strict=True):
        folder = tmp_path / f"set-mine-{given.sha256[:8]}"
        result = result_from_json((folder / "tiny" / "behaviour.json").read_text(encoding="utf-8"))
        assert [each for each in of if isinstance(each, StudyResult)] == [result]
        assert result.settings["set"]["sha256"] == given.sha256
        assert "set “mine”" in (folder / "report.html").read_text(encoding="utf-8")
    again = list(run_series([model], quick("behaviour"), tmp_path, sets[0]))
    assert not started([each for each in again if isinstance(each, Progress)])


def test_what_cannot_be_run_on_a_set_is_said_before_anything_is_written(model: Model, tmp_path: Path) -> None:
    given = Given("mine", "1" * 64, tuple(variants(random_pair(Geometry(64, 16), 1), 4)))

    with pytest.raises(UserError, match="Probes cannot be run on a set"):
        list(run_series([model], quick("behaviour", "probe"), tmp_path / "out", given))

    assert not (tmp_path / "out").exists()


def test_a_folder_of_pictures_is_studied_where_no_set_is_given(model: Model, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (64, 64), (200, 60, 90)).save(tmp_path / "pictures" / "a.png")
    studies = chosen(["modes"], folder=str(tmp_path / "pictures"), n_modes=1)

    said = list(run_series([model], studies, tmp_path / "out"))

    (result,) = [each for each in said if isinstance(each, StudyResult)]
    assert (result.n, result.settings["folder"]) == (1, str(tmp_path / "pictures"))
