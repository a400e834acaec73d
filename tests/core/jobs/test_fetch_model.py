"""A model by name: from the disk, from a server of our own, or with random weights; into the library once."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import load_file, save

from core import catalogue, library, locations
from core.cards import card_geometry, card_labels, card_n_blocks, card_n_heads, card_pixels, read_card
from core.catalogue import download_place
from core.cli.command import main
from core.engine import verify
from core.errors import UserError
from core.families.files import open_model
from core.families.model import weights_hash
from core.families.named import class_names, settings_of
from core.jobs.fetch_model import fetch_model
from core.library import find, listed
from core.locations import library_folder
from core.stimuli.stimulus import Geometry
from tests.core.jobs.server import Server, served
from tests.core.networks import finish

NAME, REPO = "test_vit.r160_in1k", "timm/test_vit.r160_in1k"
PATH = f"/{REPO}/resolve/main/model.safetensors"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (locations, catalogue, library):
        monkeypatch.setattr(module, "data_folder", lambda: tmp_path / "data")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_OFFLINE")
    return tmp_path / "data"


@pytest.fixture(scope="module")
def weights() -> bytes:
    """Published weights, as far as anybody here knows."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(7)
        return save(timm.create_model("test_vit").state_dict())


@pytest.fixture
def server(weights: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with served() as running:
        running.files[PATH] = weights
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        yield running


def put_by_hand(weights: bytes) -> Path:
    place = download_place(REPO, "model.safetensors")
    place.parent.mkdir(parents=True)
    place.write_bytes(weights)
    return place


def test_downloaded_weights_are_in_the_library_with_a_card_that_says_all(server: Server, data: Path) -> None:
    name = finish(fetch_model(f"timm:{NAME}", may_download=True))

    model = find(name)
    (red, *_), std = card_pixels(model.card)
    assert (name, model.place, model.origin) == (NAME, "library", f"timm:{NAME}")
    assert (card_geometry(model.card), card_n_blocks(model.card), card_n_heads(model.card)) == (Geometry(160, 16), 6, 2)
    assert (red, std) == (0.5, (0.5, 0.5, 0.5))
    assert card_labels(model.card)[:2] == ("tench", "goldfish")
    assert (model.card["licence"], model.card["network"]["timm"]) == ("apache-2.0", "test_vit")
    assert not (data / "downloads" / "timm--test_vit.r160_in1k").exists()


def test_the_weights_are_those_that_were_served(server: Server, weights: bytes, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(weights)

    finish(fetch_model(f"timm:{NAME}", may_download=True))

    path = library_folder() / f"{NAME}.safetensors"
    assert weights_hash(load_file(path)) == weights_hash(load_file(tmp_path / "w.safetensors"))
    assert read_card(path)["weights_sha256"] == weights_hash(load_file(path))


def test_nothing_is_downloaded_unless_it_was_asked_for(server: Server) -> None:
    with pytest.raises(UserError, match="not on this computer") as refusal:
        finish(fetch_model(f"timm:{NAME}"))

    assert server.asked == []
    assert "about 1.5 MB" in refusal.value.message
    assert all(words in refusal.value.hint for words in ("--download", "--random", server.address + PATH))
    assert str(download_place(REPO, "model.safetensors")) in refusal.value.hint


def test_where_no_network_is_wanted_none_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    with pytest.raises(UserError, match="HF_HUB_OFFLINE is set"):
        finish(fetch_model(f"timm:{NAME}", may_download=True))
    assert server.asked == []


def test_weights_that_were_put_by_hand_are_taken_without_a_network(weights: bytes) -> None:
    put_by_hand(weights)

    assert finish(fetch_model("timm:test_vit")) == NAME


def test_weights_in_the_cache_of_hugging_face_are_taken_and_stay_there(weights: bytes, tmp_path: Path) -> None:
    kept = tmp_path / "hf/hub/models--timm--test_vit.r160_in1k/snapshots/abc/model.safetensors"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(weights)

    assert finish(fetch_model(f"timm:{NAME}")) == NAME
    assert kept.exists()


def test_a_model_is_fetched_once(server: Server) -> None:
    first = finish(fetch_model(f"timm:{NAME}", may_download=True))
    n_asked = len(server.asked)

    again = finish(fetch_model(f"hf-hub:{REPO}", may_download=True))

    assert (again, len(server.asked)) == (first, n_asked)


def test_a_cancelled_download_leaves_no_model_and_goes_on_later(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.download.CHUNK_BYTES", 100_000)
    job = fetch_model(f"timm:{NAME}", may_download=True)
    while next(job).done < 30:
        pass
    job.close()
    assert [model for model in listed() if model.place == "library"] == []

    assert finish(fetch_model(f"timm:{NAME}", may_download=True)) == NAME
    assert server.asked[-1][2].startswith("bytes=")


def test_weights_of_another_network_are_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    put_by_hand(save({"cls_token": torch.zeros(1, 1, 8)}))

    with pytest.raises(UserError, match="does not hold the weights of test_vit"):
        finish(fetch_model(f"timm:{NAME}"))
    assert not library_folder().exists()


def test_random_weights_are_a_choice_that_the_name_tells_of() -> None:
    name = finish(fetch_model("timm:test_vit", seed=0))

    assert name == "test_vit (random weights, seed 0)"
    assert find(name).origin == "timm:test_vit, random weights, seed 0"
    assert finish(fetch_model("timm:test_vit", seed=0)) == name


def test_what_was_fetched_runs_and_is_what_timm_itself_makes_of_the_weights(weights: bytes, tmp_path: Path) -> None:
    put_by_hand(weights)
    (tmp_path / "w.safetensors").write_bytes(weights)
    theirs = timm.create_model("test_vit").eval()
    theirs.load_state_dict(load_file(tmp_path / "w.safetensors"))
    pixels = torch.rand(1, 3, 160, 160, generator=torch.Generator().manual_seed(0))

    model = verify(open_model(finish(fetch_model(f"timm:{NAME}")), torch.device("cpu")))

    with torch.inference_mode():
        torch.testing.assert_close(model.network(pixels), theirs(pixels))
    assert (model.name, len(model.labels)) == (NAME, 1000)


def test_random_weights_are_those_of_their_seed() -> None:
    hashes = [find(finish(fetch_model("timm:test_vit", seed=seed))).card["weights_sha256"] for seed in (0, 1)]
    before = torch.random.get_rng_state()

    library.remove("test_vit (random weights, seed 0)")
    again = find(finish(fetch_model("timm:test_vit", seed=0))).card["weights_sha256"]

    assert again == hashes[0] != hashes[1]
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("reference", "message", "hint"),
    [
        ("timm:vit_tiny_patch17", "has no “vit_tiny_patch17”", "vit_tiny"),
        ("timm:test_vit.nobody", "has no “test_vit.nobody”", "r160_in1k"),
        ("timm:resnet50", "resnet50 is not one row of blocks", "vision_transformer"),
    ],
)
def test_a_name_that_cannot_be_opened_is_refused_with_what_can(reference: str, message: str, hint: str) -> None:
    with pytest.raises(UserError, match=message) as refusal:
        finish(fetch_model(reference))
    assert hint in refusal.value.hint


@pytest.mark.parametrize(
    ("name", "n"), [("vit_base_patch16_224.augreg_in21k", 21843), ("vit_base_patch32_clip_224.openai", 0)]
)
def test_classes_have_names_of_which_no_two_are_alike_and_a_projection_is_no_class(name: str, n: int) -> None:
    names = class_names(settings_of(name))

    assert len(names) == len({label.strip().casefold() for label in names}) == n


def test_a_verb_takes_a_name_and_says_what_it_is_called_now(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def selftest(model: str, _: str) -> Generator[None, None, dict[str, Any]]:
        opened.append(model)
        yield
        return {"ok": True, "checks": []}

    monkeypatch.setattr("core.selftest.selftest", selftest)

    assert main(["selftest", "--model", "timm:test_vit", "--random", "0"]) == 0

    assert opened == ["test_vit (random weights, seed 0)"]
    assert "in your library as: test_vit (random weights, seed 0)" in capsys.readouterr().err


def test_a_verb_downloads_nothing_by_itself(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "decision", "--model", "timm:test_vit"]) == 2
    assert "Add --download" in capsys.readouterr().err
    assert server.asked == []
