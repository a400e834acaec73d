"""A repository of Hugging Face's: its files are fetched from a server of our own and imported like any folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.torch import save

from core.cards import read_card
from core.catalogue import download_place
from core.errors import UserError
from core.jobs.fetch_model import fetch_model
from core.library import find, listed
from core.locations import library_folder
from tests.core.jobs.server import Server, served
from tests.core.networks import finish, tiny_network

REPO = "me/my-vit"
CONFIG = {"architecture": "vit_tiny_patch16_224", "num_classes": 2}


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "data"))
    monkeypatch.delenv("HF_HUB_OFFLINE")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with served() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        publish(running, {"model.safetensors": save(tiny_network().state_dict()), "README.md": b"# mine"})
        yield running


def publish(server: Server, files: dict[str, bytes]) -> None:
    listed = {"siblings": [{"rfilename": name} for name in files]}
    server.files = {f"/{REPO}/resolve/main/{name}": content for name, content in files.items()}
    server.files[f"/api/models/{REPO}"] = json.dumps(listed).encode()


def fetched(server: Server) -> set[str]:
    return {path.rpartition("/")[2] for method, path, _ in server.asked if method == "GET"}


def own() -> list[str]:
    return [model.name for model in listed() if model.place == "library"]


def test_a_repository_becomes_a_model_that_says_where_it_came_from(server: Server) -> None:
    name = finish(fetch_model(f"hf-hub:{REPO}", may_download=True))

    assert (name, find(name).origin) == ("my-vit", f"hf-hub:{REPO}")
    assert "README.md" not in fetched(server)
    assert not download_place(REPO, "x").parent.exists()


def test_a_repository_is_fetched_once(server: Server) -> None:
    finish(fetch_model(f"hf-hub:{REPO}", may_download=True))
    n_asked = len(server.asked)

    assert finish(fetch_model(f"hf-hub:{REPO}", may_download=True)) == "my-vit"
    assert len(server.asked) == n_asked


def test_weights_in_several_files_are_all_fetched(server: Server) -> None:
    state = sorted(tiny_network().state_dict().items())
    shards = {"a.safetensors": dict(state[::2]), "b.safetensors": dict(state[1::2])}
    index = {"weight_map": {key: shard for shard, tensors in shards.items() for key in tensors}}
    files = {name: save(tensors) for name, tensors in shards.items()}
    publish(server, {**files, "model.safetensors.index.json": json.dumps(index).encode()})

    assert finish(fetch_model(f"hf-hub:{REPO}", may_download=True)) == "my-vit"
    assert {"a.safetensors", "b.safetensors"} <= fetched(server)


def test_what_is_stated_goes_into_the_card(server: Server) -> None:
    finish(fetch_model(f"hf-hub:{REPO}", may_download=True, stated={"num_heads": "4"}))

    assert read_card(library_folder() / "my-vit.safetensors")["network"]["num_heads"] == 4


def test_nothing_of_a_repository_is_fetched_unless_that_was_asked_for(server: Server) -> None:
    with pytest.raises(UserError, match="are not on this computer") as refusal:
        finish(fetch_model(f"hf-hub:{REPO}"))

    assert server.asked == []
    assert str(download_place(REPO, "x").parent) in refusal.value.hint


def test_files_that_were_put_by_hand_are_taken_without_a_network() -> None:
    place = download_place(REPO, "model.safetensors")
    place.parent.mkdir(parents=True)
    place.write_bytes(save(tiny_network().state_dict()))

    assert finish(fetch_model(f"hf-hub:{REPO}")) == "my-vit"


def test_without_a_network_it_is_said_which_files_to_fetch_elsewhere_and_where_to_put_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    with pytest.raises(UserError, match="cannot be reached") as refusal:
        finish(fetch_model(f"hf-hub:{REPO}", may_download=True))

    assert f"http://127.0.0.1:9/{REPO}" in refusal.value.hint
    assert "api/models" not in refusal.value.hint
    assert {"model.safetensors", "config.json"} <= set(refusal.value.hint.replace(",", "").split())
    assert str(download_place(REPO, "x").parent) in refusal.value.hint


def test_a_download_of_several_files_that_was_stopped_between_them_goes_on(server: Server) -> None:
    state = tiny_network().state_dict()
    shards = {f"model-{name}.safetensors": save({name: value}) for name, value in state.items()}
    index = {"weight_map": {name: f"model-{name}.safetensors" for name in state}}
    publish(server, {"model.safetensors.index.json": json.dumps(index).encode(), **shards})
    job = fetch_model(f"hf-hub:{REPO}", may_download=True)
    while not any("cls_token" in path for path in fetched(server)):
        next(job)
    job.close()
    assert own() == []

    assert finish(fetch_model(f"hf-hub:{REPO}", may_download=True)) == "my-vit"


@pytest.mark.parametrize("evil", ["../../a.safetensors", "/etc/passwd", "a/b.safetensors", ".."])
def test_an_index_that_names_files_elsewhere_is_refused(server: Server, evil: str) -> None:
    index = {"weight_map": {"cls_token": evil}}
    publish(server, {"model.safetensors.index.json": json.dumps(index).encode()})

    with pytest.raises(UserError, match="names files that are not beside it"):
        finish(fetch_model(f"hf-hub:{REPO}", may_download=True))
    assert own() == []


@pytest.mark.parametrize(
    ("files", "words"),
    [({"README.md": b""}, "holds no weights"), ({"model.safetensors": b"no"}, "could not be opened")],
)
def test_a_repository_without_a_model_is_refused(server: Server, files: dict[str, bytes], words: str) -> None:
    publish(server, files)

    with pytest.raises(UserError, match=words):
        finish(fetch_model(f"hf-hub:{REPO}", may_download=True))
    assert own() == []


@pytest.mark.parametrize("listing", [b"<html>", b"[]", b'{"siblings": 3}'])
def test_a_server_that_says_something_else_is_refused(server: Server, listing: bytes) -> None:
    server.files[f"/api/models/{REPO}"] = listing

    with pytest.raises(UserError, match="says is no"):
        finish(fetch_model(f"hf-hub:{REPO}", may_download=True))


@pytest.mark.parametrize("odd", ["hf-hub:", "hf-hub:me", "hf-hub:a/b/c", "hf-hub:../..", "hf-hub:a/b?x"])
def test_what_names_no_repository_is_refused(odd: str) -> None:
    with pytest.raises(UserError, match="names no repository"):
        finish(fetch_model(odd, may_download=True))
