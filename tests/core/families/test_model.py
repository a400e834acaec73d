from __future__ import annotations

import pytest
import torch

from core.errors import UserError
from core.families.model import choose_device, geometry_of, weights_hash
from core.scene import Geometry
from tests.core.networks import as_model, tiny_model, tiny_network


def test_a_model_says_its_sizes() -> None:
    model = tiny_model(reg_tokens=3)

    assert (model.n_blocks, model.n_heads, model.width, model.n_prefix) == (3, 2, 32, 4)
    assert model.device == torch.device("cpu")
    assert len(model.blocks) == 3


@pytest.mark.parametrize(("pool", "cls_only"), [("token", True), ("avg", False), ("max", False)])
def test_only_a_token_read_out_looks_at_cls_alone(pool: str, cls_only: bool) -> None:
    assert tiny_model(global_pool=pool).reads_cls_only is cls_only


@pytest.mark.parametrize(("image_px", "patch_px"), [(224, 14), (224, 16), (224, 32), (64, 16)])
def test_the_canvas_is_the_one_that_the_network_cuts_up(image_px: int, patch_px: int) -> None:
    network = tiny_network(img_size=image_px, patch_size=patch_px)

    geometry = geometry_of(network)

    assert geometry == Geometry(image_px, patch_px)
    assert geometry.grid**2 == network.patch_embed.num_patches


def test_equal_weights_have_equal_hashes_in_any_order_and_format() -> None:
    state = {name: value.half() for name, value in tiny_network().state_dict().items()}

    reordered = dict(reversed(list(state.items())))
    as_float = {name: value.float() for name, value in state.items()}

    assert weights_hash(state) == weights_hash(reordered) == weights_hash(as_float)


def test_one_changed_weight_changes_the_hash() -> None:
    state = tiny_network().state_dict()
    before = weights_hash(state)

    state["blocks.1.mlp.fc1.weight"][0, 0] += 1e-3

    assert weights_hash(state) != before


def test_moving_a_value_to_another_name_or_shape_changes_the_hash() -> None:
    value = torch.arange(6.0)

    hashes = {weights_hash(state) for state in ({"a": value}, {"b": value}, {"a": value.view(2, 3)})}

    assert len(hashes) == 3


def test_the_cpu_can_always_be_chosen() -> None:
    assert choose_device("cpu") == torch.device("cpu")


def test_a_chosen_device_is_one_that_runs() -> None:
    model = as_model(tiny_network().to(choose_device()))

    assert model.network(torch.zeros(1, 3, 64, 64, device=model.device)).shape == (1, 2)


@pytest.mark.parametrize("name", ["tpu", "", "cuda:9"])
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="no device"):
        choose_device(name)
