"""Probes that are kept: what the card says was measured of the numbers in the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.assets.probe_files import as_kept, load_probes, save_probes
from core.cards import read_card
from core.studies.measures import probe
from core.studies.measures.probe_asset import probe_asset
from core.studies.probe import ALPHAS
from tests.core.networks import balanced_model, finish
from tests.core.studies.networks import Reader, feed_stimuli, model_of, planted_stream


def test_the_card_holds_what_the_study_measures_at_every_block_and_strength(monkeypatch: pytest.MonkeyPatch) -> None:
    feed_stimuli(monkeypatch, probe, planted_stream)

    model = replace(model_of(Reader()), assumed=("Assumed: mean 0.5.",))
    probes, card = finish(probe_asset(model, probe.ProbeOptions(n_images=400), n=100))

    assert sorted(probes) == [row["block"] for row in card["blocks"]] == [-1, 0]
    assert (card["weights_sha256"], card["base_accuracy"], card["settings"]["n"]) == ("known", 1.0, 100)
    assert card["assumed"] == ["Assumed: mean 0.5."]
    for row in card["blocks"]:
        low, high = row["accuracy_95"]
        assert low < row["accuracy"] <= high
        assert [e["alpha"] for e in row["edits"]] == list(ALPHAS)
        assert row["edits"][-1]["success"] >= 0.95
        assert row["edits"][-1]["control"] == 0
        assert probes[row["block"]].weight.norm(dim=1).mean() == pytest.approx(row["direction_norm"], abs=1e-3)


def test_the_measured_probes_are_those_in_the_file(tmp_path: Path) -> None:
    model = balanced_model()
    probes, card = finish(probe_asset(model, probe.ProbeOptions(n_images=32, epochs=1), n=8))

    save_probes(tmp_path / "probes.safetensors", probes, card)
    loaded = load_probes(tmp_path / "probes.safetensors", model)

    assert sorted(loaded) == [-1, 0, 1, 2]
    for block, kept in loaded.items():
        assert torch.equal(kept.weight, probes[block].weight)
        assert torch.equal(kept.weight, as_kept(kept).weight)
        assert torch.equal(kept.bias, probes[block].bias)
    assert [loaded[b].card for b in sorted(loaded)] == read_card(tmp_path / "probes.safetensors")["blocks"]
