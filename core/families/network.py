"""Build the network that a card describes, from a class or a name of timm's and without memory for its weights."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import timm
import torch
from timm.layers import GluMlp, LayerNorm, Mlp, SwiGLUPacked, get_act_layer, get_norm_layer
from timm.models.beit import Beit
from timm.models.deit import VisionTransformerDistilled
from timm.models.eva import Eva
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from core.cards import is_number, is_whole, network_geometry
from core.families.readouts import ClassAndMean

CLASS, TIMM = "class", "timm"
"""What a card names a class by other than VisionTransformer, and one of timm's networks."""
CLASSES: dict[str, type[nn.Module]] = {
    kind.__name__: kind for kind in (VisionTransformer, VisionTransformerDistilled, ClassAndMean, Eva, Beit)
}
MLPS: dict[str, Any] = {"mlp": Mlp, "glu": GluMlp, "swiglu_packed": SwiGLUPacked}
"""timm's kinds of MLP by the names that a card has for them."""
EPS = "norm_eps"
"""The one argument of a card that timm's classes do not have: their norms' ε."""
STANDARD: Mapping[str, Any] = {EPS: 1e-6, "act_layer": "gelu"}
"""What timm takes where a card says nothing. No check finds a wrong one, as the weights fit all the same."""
_ASSUMED = {EPS: "a LayerNorm ε of 1e-6", "act_layer": "GELU as the activation"}

NORMS = ("layernorm", "layernormfp32", "rmsnorm", "rmsnormfp32", "simplenorm", "simplenormfp32")
"""timm's names of norms over the width of tokens; its others are over images or batches."""
LARGEST = 65_536
MOST_BLOCKS = 1000

_OF_A_KIND = {
    "init_values": 1.0,
    "fc_norm": False,
    "norm_layer": "",
    "embed_norm_layer": "",
    "act_layer": "",
    "mlp_layer": "",
    "use_fc_norm": False,
    "use_post_transformer_norm": False,
    "rope_type": "",
    "num_kv_heads": 0,
    "attn_pool_num_heads": 0,
    "attn_pool_mlp_ratio": 1.0,
    "rope_shift_coords": 1.0,
    "rope_jitter_coords": 1.0,
    "rope_rescale_coords": 1.0,
    "ref_feat_shape": 0,
}
"""A value like those of arguments that timm leaves open."""
_OF_TIMM = {*inspect.signature(timm.create_model).parameters, "device", "dtype"}
"""What timm is told beside what a network is: where its weights are, for one. A card says none of it."""
_AT_LEAST_ONE = ("in_chans", "embed_dim", "depth", "num_heads")


def build_network(stated: Mapping[str, Any]) -> Any:
    """The network that a card states, its weights on the meta device.

    It states the arguments of timm's VisionTransformer, or of the class that it names as `class`, or what is to be
    other than in the network of timm's that it names as `timm`.

    Raises ValueError, in words, for what is unknown or cannot be; what timm itself refuses raises what timm raises.
    """
    known = _known(stated)
    arguments = {name: value for name, value in stated.items() if name not in (CLASS, TIMM)}
    for name, value in arguments.items():
        _check(name, value, known)
    network_geometry(stated)
    made = _layers(arguments)
    with torch.device("meta"):
        if TIMM in stated:
            return timm.create_model(stated[TIMM], pretrained=False, **made)
        kind = CLASSES[stated.get(CLASS, VisionTransformer.__name__)]
        if issubclass(kind, VisionTransformer):
            made.setdefault("weight_init", "skip")  # weights without memory take the longest to be drawn at random
        return kind(**made)


def load_weights(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Give a network on the meta device its weights, and work out what no file holds, such as rotary positions.

    Raises RuntimeError where the weights do not fit, ValueError for a part that cannot be worked out.
    """
    network.load_state_dict(dict(state), assign=True)
    for name, module in network.named_modules():
        missing = [key for key, buffer in module.named_buffers(recurse=False) if buffer.is_meta]
        for key in missing:
            module._buffers[key] = torch.empty_like(module._buffers[key], device="cpu")
        if missing:
            begin: Any = getattr(module, "init_non_persistent_buffers", None)
            if begin is None:
                raise ValueError(f"{name or type(network).__name__} has {missing[0]}, which no file holds")
            begin()


def shape_facts(network: Any) -> dict[str, Any]:
    """What is to be known of a network before it is built, in the words of a card's network."""
    has_cls = getattr(network, "cls_token", None) is not None
    block = network.blocks[0]
    return {
        "img_size": int(network.patch_embed.img_size[0]),
        "patch_size": int(network.patch_embed.patch_size[0]),
        "depth": len(network.blocks),
        "num_heads": next(int(part.num_heads) for part in block.modules() if hasattr(part, "num_heads")),
        "embed_dim": int(network.embed_dim),
        "class_token": has_cls,
        "reg_tokens": int(network.num_prefix_tokens) - has_cls,
    }


def _known(stated: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The arguments of the class and what they are by default; None for a network of timm's, which takes any.

    Raises ValueError for a class or a name that there is not.
    """
    if TIMM in stated:
        name = stated[TIMM]
        if not isinstance(name, str) or CLASS in stated or not timm.is_model(name):
            raise ValueError(f"timm has no network “{str(name)[:80]}”")
        return None
    name = stated.get(CLASS, VisionTransformer.__name__)
    if not isinstance(name, str) or name not in CLASSES:
        raise ValueError(f"there is no class “{str(name)[:80]}” of networks")
    kind = VisionTransformer if issubclass(CLASSES[name], VisionTransformer) else CLASSES[name]
    return {name: p.default for name, p in inspect.signature(kind).parameters.items()}


def _layers(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments in which layers are classes where a card names them."""
    made = {name: value for name, value in arguments.items() if name != EPS}
    if EPS in arguments:
        norm: Any = get_norm_layer(arguments.get("norm_layer")) or LayerNorm  # type: ignore[no-untyped-call]
        made["norm_layer"] = partial(norm, eps=arguments[EPS])
    if "mlp_layer" in arguments:
        made["mlp_layer"] = MLPS[arguments["mlp_layer"]]
    return made


def assumed(stated: Mapping[str, Any]) -> tuple[str, ...]:
    """What was taken for granted where a card says nothing, in a sentence; none where it says everything.

    A network of timm's is said by its name, and Eva has one activation.
    """
    if TIMM in stated:
        return ()
    left = (name for name in _ASSUMED if not (name == "act_layer" and stated.get(CLASS) in ("Eva", "Beit")))
    missing = [_ASSUMED[name] for name in left if stated.get(name) is None]
    return (f"Assumed, as the card does not say it: {', '.join(missing)}.",) if missing else ()


def differs(stated: Mapping[str, Any]) -> str:
    """The first argument in which norms or activation are not `STANDARD`, or ""."""
    standard = {**STANDARD, "norm_layer": "layernorm"}
    return next((name for name, value in standard.items() if stated.get(name) not in (None, value)), "")


def _check(name: str, value: object, known: Mapping[str, Any] | None) -> None:
    """Raises ValueError where an argument is unknown or its value is of no use."""
    if name == EPS:
        wanted, fits = "a number above 0 and below 1", is_number(value) and 0 < value < 1  # type: ignore[operator]
    elif name in ("img_size", "patch_size"):
        return  # `network_geometry` looks at them together
    elif known is None:
        wanted, fits = "something that a card can say of a network", name not in _OF_TIMM and _is_plain(name, value)
    elif name not in known:
        raise ValueError(f"its network names “{name}”, which timm's network does not know")
    elif value is None and known[name] is None:
        return
    else:
        wanted, fits = _kind(name, value, known)
    if not fits:
        raise ValueError(f"its network's {name} is {value!r:.80}, not {wanted}")


def _is_plain(name: str, value: object) -> bool:
    """Whether a value can be an argument of one of timm's networks without making it larger than any is."""
    if isinstance(value, list):
        return len(value) <= MOST_BLOCKS and all(_is_plain(name, part) for part in value)
    if isinstance(value, float | int) and not isinstance(value, bool):
        return math.isfinite(value) and abs(value) <= (MOST_BLOCKS if name == "depth" else LARGEST)
    return value is None or isinstance(value, bool | str)


def _kind(name: str, value: Any, known: Mapping[str, Any]) -> tuple[str, bool]:
    """What an argument must be, in words, and whether a value is that."""
    like = _OF_A_KIND.get(name, known[name])
    if name in ("act_layer", "norm_layer", "embed_norm_layer"):
        return "the name of one in timm, such as “gelu” or “layernorm”", _is_layer(name, value)
    if name == "mlp_layer":
        return f"one of {', '.join(MLPS)}", isinstance(value, str) and value in MLPS
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
