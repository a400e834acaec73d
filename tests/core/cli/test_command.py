from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.assets.subspace_files import load_subspaces
from core.cli import command as cli
from core.cli.command import main
from core.families.files import save_model
from core.stimuli.datasets import Example, split_examples
from core.stimuli.render import render
from core.stimuli.stimulus import Geometry, Item, Stimulus
from tests.core.networks import CARD, TINY, save_tiny, tiny_network

TINY_RECIPE = """
image_px = 64
width = 32
depth = 4
heads = 2
n_images = 16
batch = 8
probe_block = 1
within_blocks = [0, 1]
between_blocks = [2, 3]
between_heads = [0]
"""


def run(*words: object) -> int:
    return main([str(word) for word in words])


def example_from(entry: dict[str, Any]) -> Example:
    drawn = entry["stimulus"]
    items = tuple(Item(**{**item, "jitter_px": tuple(item["jitter_px"])}) for item in drawn["items"])
    return Example(Stimulus(items, Geometry(**drawn["geometry"])), entry["label"], entry["condition"])


@pytest.mark.parametrize(
    ("image", "patch", "split", "kinds"),
    [(224, 16, "test", 256), (448, 14, "compositional", 32), (224, 32, "ood-color", 256), (96, 8, "test", 256)],
)
def test_a_rendered_set_and_its_manifest_are_the_set(
    tmp_path: Path, image: int, patch: int, split: str, kinds: int
) -> None:
    out = tmp_path / "new" / "set"

    size = ("--image", image, "--patch", patch)
    status = run("render", "--split", split, "--n", 6, "--kinds", kinds, *size, "--seed", 3, "--out", out)

    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    wanted = split_examples(split, 6, n_kinds=kinds, seed=3, geometry=Geometry(image, patch))
    assert status == 0
    assert [example_from(entry) for entry in manifest] == wanted
    assert {path.name for path in out.iterdir()} == {"manifest.json", *(entry["file"] for entry in manifest)}
    for entry, example in zip(manifest, wanted, strict=True):
        assert np.array_equal(np.asarray(Image.open(out / entry["file"])), render(example.stimulus))


def test_an_odd_number_of_images_is_a_users_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("render", "--n", 7, "--out", tmp_path / "set") == 2
    assert "relata: A balanced set cannot have 7 images." in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_a_users_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("a file")

    assert run("render", "--n", 2, "--out", tmp_path / "taken") == 2
    assert "Nothing can be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [("das", "--model", "nothing"), ("selftest", "--model", "nothing"), ("train", "nothing", "--out", "x.safetensors")],
)
def test_what_is_not_there_ends_with_a_sentence_and_status_two(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2

    said = capsys.readouterr()
    assert said.err.startswith("relata: ")
    assert "nothing" in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_the_command_itself_ends_with_status_two(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "core", "render", "--n", "7", "--out", str(tmp_path)]

    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr == "relata: A balanced set cannot have 7 images. Ask for an even number.\n"


@pytest.mark.parametrize("words", [("paint",), ("render",), ("render", "--patch", "15", "--out", "x")])
def test_a_misspelt_command_ends_with_status_two(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(*words)
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("layers", ["first", "3", "-2", "", "0,,1", "0;1"])
def test_blocks_that_do_not_exist_are_a_users_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], layers: str
) -> None:
    model = save_tiny(tmp_path / "tiny.safetensors")

    assert run("das", "--model", model, f"--layers={layers}", "--device", "cpu") == 2
    assert "names no blocks of tiny" in capsys.readouterr().err


def test_subspaces_are_searched_and_written_where_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from core.families.files import open_model
    from core.families.model import choose_device

    reference = save_tiny(tmp_path / "tiny.safetensors")
    out = tmp_path / "found"

    status = run(
        *(
            "das",
            "--model",
            reference,
            "--layers=-1,2",
            "--pairs",
            120,
            "--tests",
            20,
            "--epochs",
            1,
            "--device",
            "cpu",
            "--out",
            out,
        )
    )

    found, errors = load_subspaces(out, open_model(reference, choose_device("cpu")))
    assert status == 0
    assert set(found) == {("shape", -1), ("shape", 2), ("color", -1), ("color", 2)}
    assert errors == []
    said = capsys.readouterr().out
    assert "shape after the embeddings: IIA" in said
    assert "color after block 2: IIA" in said


def test_a_recipe_is_trained_measured_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, out = tmp_path / "mine.toml", tmp_path / "mine.safetensors"
    recipe.write_text(TINY_RECIPE)

    status = run("train", recipe, "--out", out, "--device", "cpu", "--n-test", 8)

    said = capsys.readouterr()
    assert status == 0
    assert json.loads(said.out)["test"]["n"] == 8
    assert out.exists()
    assert out.with_suffix(".json").exists()


@pytest.mark.parametrize("n", [0, 7, -2])
def test_a_test_set_that_cannot_be_balanced_is_refused_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], n: int
) -> None:
    recipe, out = tmp_path / "mine.toml", tmp_path / "mine.safetensors"
    recipe.write_text(TINY_RECIPE)

    with pytest.raises(SystemExit, match="2"):
        run("train", recipe, "--out", out, "--device", "cpu", f"--n-test={n}")
    assert "even number" in capsys.readouterr().err
    assert not out.exists()


def test_stopping_says_so_and_ends_with_the_status_of_an_interrupt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "split_examples", interrupted)

    assert run("render", "--out", tmp_path) == 130
    assert "stopped" in capsys.readouterr().err


@pytest.mark.parametrize(("ok", "status"), [(True, 0), (False, 1)])
def test_the_selftest_prints_its_report_and_only_that_as_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, ok: bool, status: int
) -> None:
    from core import selftest
    from core.progress import Progress

    report = {"ok": ok, "checks": [{"name": "parity", "ok": ok, "said": "largest difference 0"}]}

    def job(*_: str) -> Any:
        yield Progress(1, 2, "answering")
        return report

    monkeypatch.setattr(selftest, "selftest", job)

    assert run("selftest", "--json") == status
    said = capsys.readouterr()
    assert json.loads(said.out) == report
    assert said.err == ""
    assert run("selftest") == status
    assert ("ok  " if ok else "FAIL") in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("train", "discrimination", "--out", "x.safetensors"),
        ("das",),
        ("probe",),
        ("study", "probe", "--out", "x"),
        ("selftest",),
        ("selftest", "--json"),
    ],
)
@pytest.mark.parametrize(
    ("device", "said"),
    [
        ("cuda:7", "There is no device “cuda:7” here."),
        ("cuda", "cuda is here but does not work: no kernel. Use another device: --device cpu."),
    ],
)
def test_every_verb_that_computes_refuses_a_device_that_it_cannot_use(
    words: tuple[str, ...],
    device: str,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    def no_kernel(*_: object, **__: object) -> None:
        raise RuntimeError("no kernel")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch, "ones", no_kernel)

    assert run(*words, "--device", device) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_selftest_says_that_a_device_was_passed_over(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from core import selftest

    def no_kernel(*_: object, **__: object) -> None:
        raise RuntimeError("no kernel")

    def job(_: str, device: str) -> Any:
        yield
        return {"ok": True, "device": device, "checks": []}

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch, "ones", no_kernel)
    monkeypatch.setattr(selftest, "selftest", job)

    assert run("selftest", "--json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["device"] == "cpu"
    assert said.err == "relata: cuda is here but does not work: no kernel. cpu is used instead.\n"


DAS = ("das", "--layers", 0, "--property", "color", "--pairs", 200, "--tests", 20, "--epochs", 1)
PROBE = ("probe", "--images", 8, "--tests", 8)
STUDY = ("study", "behaviour", "--n", 8)


def saved(path: Path, network: dict[str, Any], **card: Any) -> Path:
    save_model(path, tiny_network(**network), {**CARD, "network": {**TINY, **network}, **card})
    return path


@pytest.mark.parametrize("words", [DAS, PROBE, STUDY], ids=lambda words: words[0])
def test_what_a_card_does_not_say_is_said_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[object, ...]
) -> None:
    silent = saved(tmp_path / "silent.safetensors", {})

    assert run(*words, "--model", silent, "--out", tmp_path / "out" / "x") == 0
    assert capsys.readouterr().err.count("Assumed, as the card does not say it: a LayerNorm ε of 1e-6, GELU") == 1


@pytest.mark.parametrize("words", [DAS, PROBE, STUDY], ids=lambda words: words[0])
def test_a_model_of_other_classes_is_refused_by_their_names(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[object, ...]
) -> None:
    animals = saved(tmp_path / "animals.safetensors", {}, labels=["cat", "dog"])

    assert run(*words, "--model", animals, "--out", tmp_path / "out" / "x") == 2
    assert "answers “cat”, “dog”" in capsys.readouterr().err


@pytest.mark.parametrize("words", [DAS, PROBE, STUDY, ("selftest",)], ids=lambda words: words[0])
@pytest.mark.parametrize("n", [1, 4])
def test_a_network_for_images_of_other_channels_is_a_users_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[object, ...], n: int
) -> None:
    grey = saved(tmp_path / "grey.safetensors", {"in_chans": n})
    out = () if words == ("selftest",) else ("--out", tmp_path / "x")

    assert run(*words, "--model", grey, *out) == 2
    assert f"{n} channels (in_chans)" in capsys.readouterr().err


def test_a_set_is_studied_on_the_small_model_of_its_task_where_none_is_named(tmp_path: Path) -> None:
    assert run("render", "--task", "rmts", "--n", 4, "--out", tmp_path / "four") == 0

    assert run("study", "behaviour", "--set", tmp_path / "four", "--out", tmp_path / "out") == 0

    (found,) = (tmp_path / "out").glob("set-four-*/*/behaviour.json")
    assert found.parent.name == "rmts"


def test_a_study_of_a_rendered_folder_is_of_its_first_pictures(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model = saved(tmp_path / "tiny.safetensors", {})
    assert run("render", "--image", 64, "--n", 8, "--out", tmp_path / "mine") == 0
    words = ("study", "all", "--model", model, "--out", tmp_path / "out", "--set", tmp_path / "mine")

    assert run(*words, "--n", 4) == 0
    (folder,) = (tmp_path / "out").glob("set-mine-*")
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (folder / "tiny").glob("*.json")}
    assert {name: result["n"] for name, result in found.items()} == {"attention": 4, "behaviour": 4}
    assert (
        run("study", "lens", *words[2:-1], tmp_path / "mine" / "manifest.json", "--n", 3, "--option", "n_random=4") == 0
    )
    (lens,) = (tmp_path / "out").glob("set-mine-*/tiny/lens.json")
    found = json.loads(lens.read_text(encoding="utf-8"))
    assert (found["n"], found["settings"]["n_removed"]) == (3, 3)
    assert "On 3 pictures of the set" in found["notes"][0]
    assert run("study", "das", *words[2:]) == 2
    assert "Subspaces cannot be run on a set" in capsys.readouterr().err
    assert run(*words[:-1], tmp_path) == 2
    assert "holds no set" in capsys.readouterr().err
