"""timm's names in the shipped table are those of timm, and what is on the disk is found where it may lie."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from timm.models import list_models, list_pretrained

from core import catalogue, locations
from core.cards import card_n_prefix
from core.catalogue import Named, download_place, find_named, hub_url, on_disk
from core.families.model import Model, geometry_of
from core.families.named import MODULES, card_of, runs, with_random_weights

NAMES = catalogue.catalogue()
REPO, FILE = "timm/test_vit.r160_in1k", "model.safetensors"


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(catalogue, "data_folder", lambda: tmp_path / "data")
    monkeypatch.setattr(locations, "data_folder", lambda: tmp_path / "data")
    for name in ("HF_HUB_CACHE", "HF_ENDPOINT", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    return tmp_path


def test_the_table_has_every_network_of_timms_that_runs_and_all_of_its_weights() -> None:
    """Make it anew with: python -m core.families.named"""
    architectures = {name for module in MODULES for name in list_models(module=module) if runs(name)}
    tagged = {known for name in architectures for known in list_pretrained(f"{name}.*") if runs(known)}

    assert {named.name.partition(".")[0] for named in NAMES} == architectures
    assert {named.name for named in NAMES if "." in named.name} == tagged


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "test_vit4", "eva02_tiny_patch14_224", "cait_xxs24_224"])
def test_the_table_says_what_the_network_itself_says(name: str) -> None:
    named = find_named(name)
    assert named is not None
    network = with_random_weights(named.name, 0)
    shape = card_of(named.name, network, {})["shape"]

    assert named.n_numbers == sum(value.numel() for value in network.state_dict().values())
    assert (named.image_px, named.patch_px) == (shape["img_size"], shape["patch_size"])
    assert (named.blocks, named.heads, named.width) == (shape["depth"], shape["num_heads"], shape["embed_dim"])


@pytest.mark.parametrize("name", ["cait_xxs24_224", "deit_tiny_distilled_patch16_224", "vit_tiny_patch16_224"])
def test_a_card_counts_the_tokens_before_the_patches_as_the_stream_does(name: str) -> None:
    network = with_random_weights(name, 0)

    assert card_n_prefix(card_of(name, network, {})) == Model(network, geometry_of(network)).n_prefix


def test_an_architecture_alone_means_its_first_weights() -> None:
    named = find_named("timm:vit_small_patch14_dinov2")

    assert named is not None
    assert named == find_named("vit_small_patch14_dinov2.lvd142m")
    assert (named.image_px, named.patch_px, named.blocks, named.heads, named.n_classes) == (518, 14, 12, 6, 0)
    assert named.n_bytes == pytest.approx(88_200_000, rel=0.01)
    assert find_named("resnet50") is None


def test_names_are_read_without_torch() -> None:
    program = "import sys, core.catalogue; core.catalogue.catalogue(); assert not {'torch', 'timm'} & set(sys.modules)"
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)

    assert child.returncode == 0, child.stderr


def test_weights_put_by_hand_or_downloaded_are_on_disk(places: Path) -> None:
    assert on_disk(REPO, FILE) is None
    place = download_place(REPO, FILE)
    place.parent.mkdir(parents=True)
    place.touch()

    assert on_disk(REPO, FILE) == place == places / "data/downloads/timm--test_vit.r160_in1k" / FILE


@pytest.mark.parametrize("with_ref", [True, False])
def test_weights_in_the_cache_of_hugging_face_are_on_disk(places: Path, with_ref: bool) -> None:
    kept = places / "hf/hub/models--timm--test_vit.r160_in1k"
    for commit in ("abc", "def"):
        (kept / "snapshots" / commit).mkdir(parents=True)
        (kept / "snapshots" / commit / FILE).touch()
    if with_ref:
        (kept / "refs").mkdir()
        (kept / "refs" / "main").write_text("def")

    assert on_disk(REPO, FILE) == kept / "snapshots" / ("def" if with_ref else "abc") / FILE


def test_a_network_that_nobody_has_weights_of_is_never_on_disk() -> None:
    assert on_disk("", FILE) is None


def test_another_server_can_be_named_as_for_hugging_faces_own_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hub_url(REPO, FILE) == f"https://huggingface.co/{REPO}/resolve/main/{FILE}"
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror:80/")
    assert hub_url(REPO, FILE) == f"http://mirror:80/{REPO}/resolve/main/{FILE}"


def test_no_two_names_are_the_same() -> None:
    assert len({named.name for named in NAMES}) == len(NAMES)
    assert all(isinstance(named, Named) and named.blocks > 0 and named.patch_px > 0 for named in NAMES)
