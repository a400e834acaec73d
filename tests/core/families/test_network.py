from __future__ import annotations

from typing import Any

import pytest
import torch
from timm.layers import LayerNorm
from torch import nn

from core.families.network import assumed, build_network, load_weights
from tests.core.networks import TINY


def epsilons(network: nn.Module) -> set[float]:
    return {module.eps for module in network.modules() if isinstance(module, nn.LayerNorm)}


def test_the_weights_of_a_network_wait_for_those_of_the_file() -> None:
    network = build_network({**TINY, "embed_dim": 8192, "num_heads": 64, "depth": 48})

    assert all(parameter.is_meta for parameter in network.parameters())


@pytest.mark.parametrize("eps", [1e-12, 1e-5, 1e-3])
@pytest.mark.parametrize("options", [{}, {"pre_norm": True, "qk_norm": True}, {"global_pool": "avg"}], ids=str)
def test_a_card_states_the_epsilon_of_every_norm(eps: float, options: dict[str, Any]) -> None:
    assert epsilons(build_network({**TINY, **options, "norm_eps": eps})) == {eps}


def test_the_kind_of_norm_stays_where_its_epsilon_is_stated() -> None:
    plain, stated = build_network(TINY), build_network({**TINY, "norm_eps": 1e-6})

    assert type(plain.norm) is type(stated.norm) is LayerNorm
    assert epsilons(plain) == {1e-6}, "what is said to be assumed"
    assert type(build_network({**TINY, "norm_layer": "rmsnorm", "norm_eps": 1e-5}).norm) is not LayerNorm


ACTIVATIONS: dict[str, Any] = {
    "gelu": nn.functional.gelu,
    "gelu_tanh": lambda x: nn.functional.gelu(x, approximate="tanh"),
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "relu": torch.relu,
    "silu": nn.functional.silu,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_card_states_the_activation_by_its_name(name: str) -> None:
    activation = build_network({**TINY, "act_layer": name}).blocks[0].mlp.act
    x = torch.linspace(-3, 3, 31)

    torch.testing.assert_close(activation(x), ACTIVATIONS[name](x), atol=1e-6, rtol=0)


def test_what_a_card_does_not_say_is_said_to_be_assumed() -> None:
    assert assumed({"norm_eps": 1e-6, "act_layer": "gelu"}) == ()
    assert "1e-6" in assumed({"act_layer": "gelu"})[0]
    assert "GELU" not in assumed({"act_layer": "gelu"})[0]
    assert "1e-6" in assumed({})[0]
    assert "GELU" in assumed({})[0]
    assert assumed({"act_layer": None, "norm_eps": 1e-6}) != ()


WRONG: list[dict[str, Any]] = [
    *({"norm_eps": value} for value in (0, -1e-6, 1.0, "1e-5", True, None, [1e-5], float("nan"))),
    *({"act_layer": value} for value in ("wings", "", 3, True, ["gelu"], "GELU ")),
    *({"norm_layer": value} for value in ("wings", 1, "batchnorm1d", "layernorm2d")),
    *({"embed_dim": value} for value in (0, "32", 32.0, True, None, 10**9)),
    *({"depth": value} for value in (0, -1, 10**9, [3])),
    *({"num_heads": 0}, {"in_chans": 0}, {"reg_tokens": -1}, {"num_classes": 10**9}, {"num_classes": True}),
    *({"mlp_ratio": value} for value in ("4", None, 10**9, float("inf"))),
    *({"class_token": value} for value in ("no", 0, None)),
    *({"wings": 2}, {"block_fn": "Block"}, {"device": "cuda"}, {"dtype": "float16"}, {"global_pool": 3}),
    *({"img_size": 10**9}, {"patch_size": 0}, {"fc_norm": "yes"}, {"init_values": "small"}),
]


@pytest.mark.parametrize("changes", WRONG, ids=str)
def test_an_argument_of_no_use_is_refused_by_its_name(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        build_network({**TINY, **changes})


def test_what_timm_leaves_open_may_be_null() -> None:
    assert build_network({**TINY, "init_values": None, "act_layer": None, "fc_norm": None}).embed_dim == 32


NAMED: dict[str, Any] = {"timm": "vit_tiny_patch16_224", "depth": 1}


def test_a_network_of_timm_is_built_by_its_name_with_what_is_other_than_there() -> None:
    network = build_network({**NAMED, "num_classes": 3, "norm_eps": 1e-3, "act_layer": "quick_gelu"})

    assert (len(network.blocks), network.embed_dim, network.num_classes) == (1, 192, 3)
    assert epsilons(network) == {1e-3}
    assert assumed(NAMED) == ()


@pytest.mark.parametrize(
    "changes",
    [
        *({"checkpoint_path": "/tmp/evil.pth"}, {"pretrained": True}, {"pretrained_cfg": {"url": "http://evil"}}),
        *({"device": "cuda"}, {"dtype": "float16"}, {"cache_dir": "/tmp"}, {"depth": 10**4}, {"embed_dim": 10**9}),
        *({"depth": float("nan")}, {"wings": {"a": 1}}),
    ],
    ids=str,
)
def test_a_card_tells_timm_nothing_but_what_the_network_is(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        build_network({**NAMED, **changes})


@pytest.mark.parametrize("name", ["resnet99", "", "hf-hub:timm/vit_tiny_patch16_224", 3, None, ["vit"]])
def test_a_name_that_timm_does_not_know_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="timm has no network"):
        build_network({"timm": name})


@pytest.mark.parametrize("name", ["Module", "", 3, None, "torch.nn.Linear"])
def test_a_class_that_is_none_of_a_few_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="no class"):
        build_network({**TINY, "class": name})


@pytest.mark.parametrize("kind", ["Eva", "Beit"])
def test_what_no_file_holds_is_worked_out_when_the_weights_are_given(kind: str) -> None:
    more = {"Eva": {"use_rot_pos_emb": True, "rope_type": "dinov3", "use_abs_pos_emb": False}}
    stated = {**TINY, "class": kind, **more.get(kind, {"use_rel_pos_bias": True})}
    network = build_network(stated)
    state = {name: torch.ones(value.shape) for name, value in network.state_dict().items()}

    load_weights(network, state)

    assert not any(value.is_meta for value in (*network.parameters(), *network.buffers()))
    assert network.eval()(torch.zeros(1, 3, 64, 64)).isfinite().all()
