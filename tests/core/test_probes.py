from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.assets.probe import Probe
from core.assets.probe_files import as_kept, load_probes, save_probes
from core.errors import UserError
from core.families.model import Model
from tests.core.networks import WIDTH, noise, tiny_model

WIDE = 8 * WIDTH


def probes() -> dict[int, Probe]:
    return {block: Probe(noise(2, WIDE, seed=block + 1), noise(2, seed=block + 9)) for block in (-1, 0, 2)}


def card(model: Model, *blocks: Any) -> dict[str, Any]:
    return {"weights_sha256": model.weights_hash, "blocks": [measured(block) for block in blocks or (-1, 0, 2)]}


def measured(block: int) -> dict[str, Any]:
    return {"block": block, "accuracy": 0.9, "n": 8, "edits": [{"alpha": 1.0, "success": 0.8, "control": 0.1}]}


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny_model()


@pytest.fixture
def file(tmp_path: Path, model: Model) -> Path:
    path = tmp_path / "tiny.safetensors"
    save_probes(path, dict(reversed(probes().items())), card(model))
    return path


def test_saved_probes_load_as_they_are_kept_each_with_its_block(file: Path, model: Model) -> None:
    loaded = load_probes(file, model)

    assert list(loaded) == [-1, 0, 2]
    for block, probe in probes().items():
        assert torch.equal(loaded[block].weight, as_kept(probe).weight)
        assert torch.equal(loaded[block].bias, as_kept(probe).bias)
        assert loaded[block].weight.dtype == torch.float32
        assert loaded[block].card == measured(block)


def test_a_model_without_a_file_has_no_probes(tmp_path: Path, model: Model) -> None:
    assert load_probes(tmp_path / "none.safetensors", model) == {}


def test_probes_of_other_weights_are_refused(file: Path) -> None:
    with pytest.raises(UserError, match="fitted on other weights"):
        load_probes(file, tiny_model(seed=1))


@pytest.mark.parametrize("length", [0, 7, 100])
def test_a_truncated_file_is_refused(file: Path, model: Model, length: int) -> None:
    file.write_bytes(file.read_bytes()[:length])

    with pytest.raises(UserError, match="could not be read"):
        load_probes(file, model)


@pytest.mark.parametrize("name", ["weight", "bias"])
def test_a_file_that_lacks_a_tensor_is_refused(file: Path, model: Model, name: str) -> None:
    tensors = load_file(file)
    del tensors[name]
    save_file(tensors, file)

    with pytest.raises(UserError, match="could not be read"):
        load_probes(file, model)


@pytest.mark.parametrize("blocks", [(0, 1), (-1, 0, 3), (-2, 0, 2), (0, -1, 2), (0, 0, 2)])
def test_a_card_that_lists_other_blocks_is_refused(file: Path, model: Model, blocks: tuple[int, ...]) -> None:
    file.with_suffix(".json").write_text(json.dumps(card(model, *blocks)))

    with pytest.raises(UserError, match="do not fit"):
        load_probes(file, model)


NO_NUMBER = {**measured(0), "accuracy": None}
NOT_AT_ONE = {**measured(0), "edits": [{"alpha": 2.0, "success": 0.8, "control": 0.1}]}


@pytest.mark.parametrize("blocks", ["all", [1], [{"n": 3}], None, [NO_NUMBER], [NOT_AT_ONE]])
def test_a_card_without_its_blocks_or_what_was_measured_is_refused(file: Path, model: Model, blocks: object) -> None:
    file.with_suffix(".json").write_text(json.dumps({**card(model), "blocks": blocks}))

    with pytest.raises(UserError, match="could not be read"):
        load_probes(file, model)


@pytest.mark.parametrize("wrong", [torch.zeros(3, 2, WIDE - 1), torch.zeros(3, 2)])
def test_weights_that_do_not_fit_the_models_tokens_are_refused(file: Path, model: Model, wrong: torch.Tensor) -> None:
    save_file({**load_file(file), "weight": wrong}, file)

    with pytest.raises(UserError, match="do not fit"):
        load_probes(file, model)


@pytest.mark.parametrize("name", ["weight", "bias"])
def test_probes_that_are_not_finite_are_refused(file: Path, model: Model, name: str) -> None:
    tensors = load_file(file)
    tensors[name][0] = float("inf")
    save_file(tensors, file)

    with pytest.raises(UserError, match=f"not finite, in “{name}”"):
        load_probes(file, model)
