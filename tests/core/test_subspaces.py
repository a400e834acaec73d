from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.assets.subspace_files import (
    landmarks,
    learned_subspaces,
    load_subspace,
    load_subspaces,
    save_subspace,
    subspace_file,
)
from core.errors import UserError
from core.families.model import Model
from core.stimuli.stimulus import Property
from tests.core.networks import WIDTH, noise, orthogonal, tiny_model

CLASSES = torch.arange(16).repeat(30)
KEPT = (3, 4, 9, 20, 31)


def fitted(keep: tuple[int, ...] = KEPT) -> dict[str, Tensor]:
    """The tensors of a fitted subspace of some columns of a rotation."""
    basis = orthogonal(WIDTH, seed=4)[:, list(keep)]
    values = noise(16, WIDTH, seed=1)[CLASSES] * 3 + noise(len(CLASSES), WIDTH, seed=2)
    return {"basis": basis, **landmarks(basis, values, CLASSES, 16)}


def card(model: Model, property: Property = "color", block: int = 1) -> dict[str, Any]:
    return {"property": property, "block": block, "weights_sha256": model.weights_hash, "iia": 0.9}


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny_model()


@pytest.fixture
def file(tmp_path: Path, model: Model) -> Path:
    path = subspace_file(tmp_path, "color", 1)
    save_subspace(path, fitted(), card(model))
    return path


def change(file: Path, **tensors: Tensor) -> None:
    save_file({name: value.contiguous() for name, value in {**load_file(file), **tensors}.items()}, file)


def test_a_saved_subspace_loads_as_it_was_fitted(file: Path, model: Model) -> None:
    wanted = fitted()

    subspace = load_subspace(file, model)

    for name in ("basis", "centroids", "center", "axes", "ellipses", "precision"):
        torch.testing.assert_close(getattr(subspace, name), wanted[name])
    assert subspace.axis_share == pytest.approx(float(wanted["axis_share"]))
    assert (subspace.property, subspace.block, subspace.card["iia"]) == ("color", 1, 0.9)


def test_a_file_that_keeps_the_whole_rotation_and_a_mask_still_opens(file: Path, model: Model) -> None:
    tensors = load_file(file)
    basis = tensors.pop("basis")
    mask_logits = torch.full((WIDTH,), -0.3)
    mask_logits[list(KEPT)] = 0.2
    save_file({**tensors, "rotation": orthogonal(WIDTH, seed=4).contiguous(), "mask_logits": mask_logits}, file)

    assert torch.equal(load_subspace(file, model).basis, basis)


def test_a_subspace_of_no_dimension_loads_empty(tmp_path: Path, model: Model) -> None:
    path = subspace_file(tmp_path, "shape", 2)
    save_subspace(path, fitted(keep=()), card(model, "shape", 2))

    assert load_subspace(path, model).basis.shape == (WIDTH, 0)


def test_a_subspace_of_one_dimension_loads(tmp_path: Path, model: Model) -> None:
    path = subspace_file(tmp_path, "shape", 2)
    save_subspace(path, fitted(keep=(7,)), card(model, "shape", 2))

    subspace = load_subspace(path, model)

    assert subspace.basis.shape == (WIDTH, 1)
    assert subspace.axis_share == pytest.approx(1.0)


def test_every_property_and_block_has_a_file_of_its_own(tmp_path: Path) -> None:
    files = {subspace_file(tmp_path, p, b) for p in ("shape", "color") for b in range(-1, 12)}

    assert len(files) == 26


@pytest.mark.parametrize("length", [0, 7, 100, 1000])
def test_a_truncated_file_is_refused(file: Path, model: Model, length: int) -> None:
    file.write_bytes(file.read_bytes()[:length])

    with pytest.raises(UserError, match="could not be read"):
        load_subspace(file, model)


@pytest.mark.parametrize("name", sorted(fitted()))
def test_a_file_that_lacks_a_tensor_is_refused(file: Path, model: Model, name: str) -> None:
    tensors = load_file(file)
    del tensors[name]
    save_file(tensors, file)

    with pytest.raises(UserError, match="could not be read"):
        load_subspace(file, model)


@pytest.mark.parametrize("name", ["property", "block", "iia"])
def test_a_card_that_lacks_a_part_is_refused(file: Path, model: Model, name: str) -> None:
    rest = {key: value for key, value in card(model).items() if key != name}
    file.with_suffix(".json").write_text(json.dumps(rest))

    with pytest.raises(UserError, match="could not be read"):
        load_subspace(file, model)


@pytest.mark.parametrize("changes", [{"property": "size"}, {"property": ["color"]}, {"block": 3}, {"block": -2}])
def test_a_card_that_names_nothing_of_the_model_is_refused(file: Path, model: Model, changes: dict[str, Any]) -> None:
    file.with_suffix(".json").write_text(json.dumps({**card(model), **changes}))

    with pytest.raises(UserError, match="names no block or property"):
        load_subspace(file, model)


def test_a_subspace_of_another_width_is_refused(file: Path) -> None:
    with pytest.raises(UserError, match="another width"):
        load_subspace(file, tiny_model(embed_dim=64))


def test_a_subspace_of_other_weights_is_refused(file: Path) -> None:
    with pytest.raises(UserError, match="other weights"):
        load_subspace(file, tiny_model(seed=1))


def test_a_file_in_half_precision_opens_in_single(file: Path, model: Model) -> None:
    whole = load_subspace(file, model)
    save_file({name: value.half() for name, value in load_file(file).items()}, file)

    half = load_subspace(file, model)

    torch.testing.assert_close(half.basis, whole.basis, atol=1e-3, rtol=0)
    assert half.centroids.dtype == torch.float32


@pytest.mark.parametrize("factor", [1.01, 0.0])
def test_a_basis_that_is_not_orthonormal_is_refused(file: Path, model: Model, factor: float) -> None:
    basis = fitted()["basis"]
    basis[:, 2] *= factor
    change(file, basis=basis)

    with pytest.raises(UserError, match="not orthonormal"):
        load_subspace(file, model)


@pytest.mark.parametrize("name", ["centroids", "center", "axes", "ellipses", "precision"])
@pytest.mark.parametrize("wrong", [torch.zeros(3, 2), torch.tensor(0.0)])
def test_landmarks_that_do_not_fit_are_refused(file: Path, model: Model, name: str, wrong: Tensor) -> None:
    change(file, **{name: wrong})

    with pytest.raises(UserError, match="landmarks"):
        load_subspace(file, model)


@pytest.mark.parametrize("name", [*fitted()])
@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused_by_the_name_of_its_tensor(
    file: Path, model: Model, name: str, wrong: float
) -> None:
    change(file, **{name: torch.full_like(fitted()[name], wrong)})

    with pytest.raises(UserError, match=rf"color-block1\.safetensors .* not finite, in “{name}”"):
        load_subspace(file, model)


@pytest.mark.parametrize("changes", [{"iia": "0.9"}, {"iia": None}, {"iia": True}, {"block": 1.5}, {"block": True}])
def test_a_subspace_whose_card_has_words_for_numbers_is_refused(
    file: Path, model: Model, changes: dict[str, Any]
) -> None:
    file.with_suffix(".json").write_text(json.dumps({**card(model), **changes}))

    with pytest.raises(UserError, match="no number"):
        load_subspace(file, model)


def test_a_folder_gives_the_subspaces_that_fit_and_says_what_is_wrong_with_the_others(file: Path, model: Model) -> None:
    save_subspace(subspace_file(file.parent, "shape", 0), fitted(), card(model, "shape", 0))
    subspace_file(file.parent, "shape", 2).write_bytes(b"damaged")

    found, errors = load_subspaces(file.parent, model)

    assert set(found) == {("color", 1), ("shape", 0)}
    assert len(errors) == 1
    assert "shape-block2" in errors[0].message


def test_a_folder_that_is_not_there_has_no_subspaces(tmp_path: Path, model: Model) -> None:
    assert load_subspaces(tmp_path / "none", model) == ({}, [])


def test_a_subspace_in_an_earlier_folder_comes_first_unless_it_is_damaged(tmp_path: Path, model: Model) -> None:
    own, given = tmp_path / "own", tmp_path / "given"
    for folder, iia in ((own, 0.7), (given, 0.9)):
        for property in ("shape", "color"):
            save_subspace(subspace_file(folder, property, 1), fitted(), {**card(model, property), "iia": iia})
    subspace_file(own, "shape", 1).write_bytes(b"damaged")

    found, errors = learned_subspaces((own, given), model)

    assert {property: subspace.card["iia"] for (property, _), subspace in found.items()} == {"shape": 0.9, "color": 0.7}
    assert ["shape-block1" in error.message for error in errors] == [True]


def spread(size: int, seed: int) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    basis = orthogonal(WIDTH, seed)[:, :size]
    values = noise(16, WIDTH, seed=seed)[CLASSES] * 3 + noise(len(CLASSES), WIDTH, seed=seed + 1)
    return basis, values, landmarks(basis, values, CLASSES, 16)


@given(size=st.integers(1, 12), seed=st.integers(0, 30))
def test_landmarks_are_class_means_and_their_center(size: int, seed: int) -> None:
    basis, values, fields = spread(size, seed)

    means = torch.stack([values[kind == CLASSES].mean(0) for kind in range(16)]) @ basis
    torch.testing.assert_close(fields["centroids"], means, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(fields["center"], means.mean(0), atol=1e-4, rtol=1e-4)


@given(size=st.integers(2, 12), seed=st.integers(0, 30))
def test_the_axes_are_orthonormal_and_show_more_between_classes_than_any_other_two(size: int, seed: int) -> None:
    _, _, fields = spread(size, seed)
    offsets = fields["centroids"] - fields["center"]

    shown = (offsets @ fields["axes"]).pow(2).sum()

    torch.testing.assert_close(fields["axes"].T @ fields["axes"], torch.eye(2), atol=1e-5, rtol=0)
    assert fields["axis_share"] == pytest.approx(float(shown / offsets.pow(2).sum()), abs=1e-4)
    for other in range(5):
        elsewhere = orthogonal(size, seed + other)[:, :2]
        assert (offsets @ elsewhere).pow(2).sum() <= shown * (1 + 1e-4)


def test_ellipses_are_the_spread_of_a_class_on_the_pad() -> None:
    basis, values, fields = spread(5, 0)

    for kind in range(16):
        on_pad = values[kind == CLASSES] @ basis @ fields["axes"]
        torch.testing.assert_close(fields["ellipses"][kind], on_pad.T.cov(), atol=1e-4, rtol=1e-4)


def test_the_precision_inverts_the_spread_within_classes_but_for_the_shrinkage() -> None:
    basis, values, fields = spread(5, 0)
    centered = torch.cat([(values[kind == CLASSES] - values[kind == CLASSES].mean(0)) @ basis for kind in range(16)])
    pooled = centered.T @ centered / (len(centered) - 16)

    shrunk = 0.95 * pooled + 0.05 * pooled.diagonal().mean() * torch.eye(5)

    torch.testing.assert_close(fields["precision"] @ shrunk, torch.eye(5), atol=1e-4, rtol=0)
