from __future__ import annotations

import pytest
import torch

from core.errors import UserError
from core.families.model import choose_device, geometry_of, weights_hash
from core.stimuli.stimulus import Geometry
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


def test_cuda_computes_convolutions_in_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)

    choose_device("cpu")

    assert not torch.backends.cudnn.allow_tf32


@pytest.mark.parametrize("name", ["tpu", "", "cuda:9", "cuda:", "cuda:-1", "cuda:00", "CUDA", "cpu:1", "cuda:0x0"])
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="no device"):
        choose_device(name)


@pytest.fixture
def two_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with two cards of CUDA and nothing to check them with."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The devices on which nothing can be computed; the others compute on the processor."""
    names: set[str] = set()
    ones = torch.ones

    def made(*shape: int, device: torch.device) -> torch.Tensor:
        if str(device) in names:
            raise RuntimeError("CUDA error: no kernel image is available for execution on the device\nCompile with …")
        return ones(*shape)

    monkeypatch.setattr(torch, "ones", made)
    return names


@pytest.mark.usefixtures("two_cards", "broken")
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:1"])
def test_a_card_can_be_chosen_by_its_number(name: str) -> None:
    assert choose_device(name) == torch.device(name)


@pytest.mark.usefixtures("two_cards", "broken")
@pytest.mark.parametrize("name", ["cuda:2", "cuda:10", "mps"])
def test_a_number_without_a_card_is_refused_with_those_that_are_there(name: str) -> None:
    with pytest.raises(UserError, match=f"no device “{name}”.*cuda:0, cuda:1, cpu"):
        choose_device(name)


@pytest.mark.usefixtures("two_cards")
def test_the_fastest_device_is_one_that_works_and_what_is_passed_over_is_said(broken: set[str]) -> None:
    said: list[str] = []
    broken |= {"cuda", "cuda:0", "cuda:1"}

    assert choose_device("auto", said.append) == torch.device("cpu")

    assert said[0] == (
        "cuda is here but does not work: CUDA error: no kernel image is available for execution on the device. "
        "cpu is used instead."
    )


@pytest.mark.usefixtures("two_cards")
def test_a_second_card_is_used_where_the_first_does_not_work(broken: set[str]) -> None:
    said: list[str] = []
    broken |= {"cuda", "cuda:0"}

    assert choose_device("auto", said.append) == torch.device("cuda:1")
    assert "cuda:1 is used instead" in said[0]


@pytest.mark.usefixtures("two_cards")
def test_a_script_is_warned_of_a_device_that_is_passed_over(broken: set[str]) -> None:
    broken |= {"cuda", "cuda:1"}

    with pytest.warns(UserWarning, match="cpu is used instead"):
        choose_device()


@pytest.mark.usefixtures("two_cards")
@pytest.mark.parametrize("name", ["cuda", "cuda:1"])
def test_a_named_device_that_does_not_work_is_refused_with_another_for_the_terminal_and_the_window(
    name: str, broken: set[str]
) -> None:
    broken |= {name}

    with pytest.raises(UserError, match=f"{name} is here but does not work: CUDA error.*--device cpu") as refused:
        choose_device(name)

    assert refused.value.in_window == "Choose Model ▸ Run on cpu."


@pytest.mark.skipif(torch.backends.cuda.is_built(), reason="this torch has CUDA")
def test_a_torch_without_cuda_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)

    assert choose_device("auto", lambda _: None).type in ("cpu", "mps")


def test_metal_that_does_not_work_is_passed_over(monkeypatch: pytest.MonkeyPatch, broken: set[str]) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    broken |= {"mps"}
    said: list[str] = []

    assert choose_device("auto", said.append) == torch.device("cpu")
    assert said[0].startswith("mps is here but does not work")
