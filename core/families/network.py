"""Build the network that a card describes, from timm's own class and without memory for its weights."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from timm.layers import LayerNorm, get_act_layer, get_norm_layer
from timm.models.vision_transformer import VisionTransformer

from core.cards import is_number, is_whole, network_geometry

EPS = "norm_eps"
"""The one argument of a card that timm's class does not have: its norms' ε."""
STANDARD: Mapping[str, Any] = {EPS: 1e-6, "act_layer": "gelu"}
"""What timm takes where a card says nothing. No check finds a wrong one, as the weights fit all the same."""
_ASSUMED = {EPS: "a LayerNorm ε of 1e-6", "act_layer": "GELU as the activation"}

NORMS = ("layernorm", "layernormfp32", "rmsnorm", "rmsnormfp32", "simplenorm", "simplenormfp32")
"""timm's names of norms over the width of tokens; its others are over images or batches."""
LARGEST = 65_536
MOST_BLOCKS = 1000

_DEFAULTS = {name: p.default for name, p in inspect.signature(VisionTransformer).parameters.items()}
_OF_A_KIND = {"init_values": 1.0, "fc_norm": False, "norm_layer": "", "embed_norm_layer": "", "act_layer": ""}
"""A value like those of arguments that timm leaves open."""
_AT_LEAST_ONE = ("in_chans", "embed_dim", "depth", "num_heads")


def build_network(stated: Mapping[str, Any]) -> VisionTransformer:
    """The network with the arguments that a card states, its weights on the meta device.

    Raises ValueError, in words, for what is unknown or cannot be; what timm itself refuses raises what timm raises.
    """
    for name, value in stated.items():
        _check(name, value)
    network_geometry(stated)
    arguments = {name: value for name, value in stated.items() if name != EPS}
    if EPS in stated:
        norm: Any = get_norm_layer(stated.get("norm_layer")) or LayerNorm  # type: ignore[no-untyped-call]
        arguments["norm_layer"] = partial(norm, eps=stated[EPS])
    with torch.device("meta"):
        return VisionTransformer(**arguments)


def assumed(stated: Mapping[str, Any]) -> tuple[str, ...]:
    """What was taken for granted where a card says nothing, in a sentence; none where it says everything."""
    missing = [words for name, words in _ASSUMED.items() if stated.get(name) is None]
    return (f"Assumed, as the card does not say it: {', '.join(missing)}.",) if missing else ()


def differs(stated: Mapping[str, Any]) -> str:
    """The first argument in which norms or activation are not `STANDARD`, or ""."""
    standard = {**STANDARD, "norm_layer": "layernorm"}
    return next((name for name, value in standard.items() if stated.get(name) not in (None, value)), "")


def _check(name: str, value: object) -> None:
    """Raises ValueError where an argument is unknown or its value is of no use."""
    if name == EPS:
        wanted, fits = "a number above 0 and below 1", is_number(value) and 0 < value < 1  # type: ignore[operator]
    elif name in ("img_size", "patch_size"):
        return  # `network_geometry` looks at them together
    elif name not in _DEFAULTS:
        raise ValueError(f"its network names “{name}”, which timm's VisionTransformer does not know")
    elif value is None and _DEFAULTS[name] is None:
        return
    else:
        wanted, fits = _kind(name, value)
    if not fits:
        raise ValueError(f"its network's {name} is {value!r:.80}, not {wanted}")


def _kind(name: str, value: Any) -> tuple[str, bool]:
    """What an argument must be, in words, and whether a value is that."""
    like = _OF_A_KIND.get(name, _DEFAULTS[name])
    if name in ("act_layer", "norm_layer", "embed_norm_layer"):
        return "the name of one in timm, such as “gelu” or “layernorm”", _is_layer(name, value)
    if isinstance(like, bool):
        return "true or false", isinstance(value, bool)
    if isinstance(like, int):
        least, most = int(name in _AT_LEAST_ONE), MOST_BLOCKS if name == "depth" else LARGEST
        return f"a whole number from {least} to {most}", is_whole(value) and least <= value <= most
    if isinstance(like, float):
        return f"a number from 0 to {LARGEST}", is_number(value) and math.isfinite(value) and 0 <= value <= LARGEST
    return "something that a card can say", isinstance(like, str) and isinstance(value, str)


def _is_layer(name: str, value: object) -> bool:
    """Whether timm has an activation, or a norm over the width of tokens, of this name."""
    if not isinstance(value, str) or not value:
        return False
    if name != "act_layer":
        return value in NORMS
    try:
        return get_act_layer(value) is not None
    except KeyError:
        return False
