"""What a kind of checkpoint is: how it is recognised, the network it is of, and what timm calls its tensors.

Each kind is one file in `core.families.layouts`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor

from core.families.network import build_network
from core.families.stored import Damaged
from core.library import Assumption

Tensors = Mapping[str, Tensor]
Pixels = tuple[tuple[float, float, float], tuple[float, float, float]]

IMAGENET: Pixels = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF: Pixels = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
CLIP: Pixels = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))

ACTIVATIONS = {
    "gelu": "gelu",
    "quick_gelu": "quick_gelu",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_new": "gelu_tanh",
    "gelu_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
}
"""timm's name for an activation, by the names that configurations have for it."""
ACTIVATION_CHOICES = ("gelu", "quick_gelu", "gelu_tanh")
EPS_CHOICES = (1e-6, 1e-5, 1e-12)
HEADS = ("classifier", "head", "fc", "heads.head", "head.proj", "linear", "visual_projection", "cls_classifier")
"""What a classifier or a projection behind a network is called where it is not a part of it, the best first."""
HEAD_WIDTHS = (64, 32, 48, 80, 88, 96, 72, 104, 112, 128, 16)
"""Usual widths of an attention head, the most usual first."""


FEWEST_PROJECTED = 128
"""Dimensions of the smallest space that images and words share."""


class Facts:
    """What is known of a checkpoint beside its tensors: what a person states, what a configuration says, or a guess."""

    def __init__(self, config: Mapping[str, Any], stated: Mapping[str, Any]) -> None:
        self.config, self._stated = config, stated
        self.assumptions: dict[str, Assumption] = {}

    def value(self, name: str, guess: Any, why: str, choices: Sequence[Any] = (), *, key: str = "") -> Any:
        """What is stated under a name, or what the configuration says under `key`, or the guess; the guess is noted.

        Raises Damaged where what is stated is no such value.
        """
        if name in self._stated:
            value = read_like(name, self._stated[name], guess)
            self.assumptions[name] = Assumption(name, value, "stated when it was imported", tuple(choices))
            return value
        if key and self.config.get(key) is not None:
            return self.config[key]
        self.assumptions[name] = Assumption(name, guess, why, tuple(choices))
        return guess

    @property
    def stated_names(self) -> Collection[str]:
        """What a person states."""
        return self._stated.keys()

    def stated(self, name: str) -> Any:
        """What a person states under a name, None where they do not."""
        return self.value(name, "", "") if name in self._stated else None

    def eps(self, guess: float, whose: str) -> float:
        """The ε of the norms."""
        why = f"{whose} has {guess:g}, and weights do not say it"
        return float(self.value("norm_eps", guess, why, EPS_CHOICES, key="layer_norm_eps"))

    def activation(self, guess: str, whose: str) -> str:
        """timm's name of the activation between the layers of the MLP.

        Raises Damaged for one that timm does not have.
        """
        why = f"{whose} has it, and weights do not say it"
        said = str(self.value("act_layer", guess, why, ACTIVATION_CHOICES, key="hidden_act"))
        if said not in ACTIVATIONS:
            raise Damaged(f"its activation is “{said[:40]}”, which is not known")
        return ACTIVATIONS[said]

    def heads(self, width: int) -> int:
        """How many heads a block has."""
        counts = [width // head for head in HEAD_WIDTHS if width % head == 0] or [1]
        why = f"weights do not say it; most networks have heads {width // counts[0]} wide"
        return int(self.value("num_heads", counts[0], why, sorted(counts), key="num_attention_heads"))

    def keeps_projection(self, n_rows: int) -> bool:
        """Whether a projection to a space that is shared with words is kept as the head of the network.

        One to a few rows was put in its place to tell classes apart.
        """
        if n_rows < FEWEST_PROJECTED:
            return True
        why = f"it projects to {n_rows} dimensions that are compared with words, not to classes"
        return str(self.value("head", "left out", why, ("left out", "kept"))) == "kept"

    def unknown(self) -> list[str]:
        """What was stated and nobody asked for."""
        return [name for name in self._stated if name not in self.assumptions]


def read_like(name: str, value: Any, like: Any) -> Any:
    """A stated value as one of the kind of another.

    Raises Damaged where it is none.
    """
    try:
        if isinstance(like, tuple):
            parts = _parts(value)
            return tuple(float(part) if like and isinstance(like[0], float) else str(part).strip() for part in parts)
        if isinstance(like, bool):
            return {"true": True, "false": False}[str(value).lower()]
        return type(like)(value)
    except (TypeError, ValueError, KeyError) as error:
        raise Damaged(f"{name} is stated as {str(value)[:40]!r}, which is not like {like!r}") from error


@dataclass(frozen=True, slots=True)
class Found:
    """The tensors of a network in a checkpoint, without what stands before their names.

    `head.weight` and `head.bias` are a classifier or projection behind the network; `head_name` is what the checkpoint
    calls it. `outside` names what else lies in the same table.
    """

    tensors: Tensors
    head_name: str = ""
    outside: Collection[str] = ()
    scripted: bool = False


def _parts(value: Any) -> list[Any]:
    """The parts of a list, also of one that is typed: as JSON, or with commas between."""
    if not isinstance(value, str):
        return list(value)
    return list(json.loads(value)) if value.startswith("[") else value.split(",")


class Layout:
    """A kind of checkpoint, and one of that kind."""

    title: ClassVar[str]
    marker: ClassVar[str]
    """A tensor that every checkpoint of this kind has, and by which it is found whatever stands before its name."""
    order: ClassVar[int] = 100
    """Kinds with a smaller one are tried first."""
    heads: ClassVar[Sequence[str]] = HEADS
    norm_behind: ClassVar[str] = ""
    """The last norm, which some programs have behind the network and not in it."""
    second_head: ClassVar[str] = ""
    """A classifier beside the first, which becomes `head_dist`."""
    pixels: ClassVar[Pixels] = IMAGENET
    pixels_why: ClassVar[str] = "networks of this kind were trained on ImageNet's mean and standard deviation"

    def __init__(self, found: Found, facts: Facts) -> None:
        self.found, self.facts = found, facts

    @property
    def tensors(self) -> Tensors:
        """The tensors' shapes by their names in the checkpoint."""
        return self.found.tensors

    @classmethod
    def fits(cls, names: Collection[str], outside: Collection[str]) -> bool:
        """Whether tensors of these names are of this kind, which have the marker; `outside` names those beside them."""
        return bool(names)

    @classmethod
    def config_of(cls, beside: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
        """The configuration of the network among the files beside it."""
        config = beside.get("config.json", {})
        vision = config.get("vision_config")
        return {**config, **vision} if isinstance(vision, dict) else config

    def pixel_guess(self) -> tuple[Pixels, str]:
        """The mean and standard deviation of the images that it was probably trained on, and why."""
        return self.pixels, self.pixels_why

    def agrees(self) -> bool:
        """Whether the configuration is of this network, by its width where it says that."""
        return bool(self.facts.config.get("hidden_size", self.width) == self.width)

    @property
    def width(self) -> int:
        """How wide the residual stream is."""
        raise NotImplementedError

    def network(self) -> dict[str, Any]:
        """What a card says of the network.

        Raises Damaged where that cannot be.
        """
        raise NotImplementedError

    @cached_property
    def built(self) -> Any:
        """The network itself, its weights on the meta device."""
        return build_network(self.network())

    def convert(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors under the names of timm's network.

        Raises Damaged for a tensor that this kind does not have.
        """
        raise NotImplementedError


def renamed(
    tensors: Tensors, rules: Sequence[tuple[str, str]], left_out: Sequence[str], title: str
) -> dict[str, Tensor]:
    """Tensors by the names that the first rule which fits the whole name gives them.

    Raises Damaged for a name that no rule fits and that is not to be left out: dropping it might change the network.
    """
    compiled = [(re.compile(pattern), name) for pattern, name in rules]
    ignored = re.compile("|".join(left_out)) if left_out else None
    found = {}
    for old, value in tensors.items():
        match = next(((m, name) for pattern, name in compiled if (m := pattern.fullmatch(old))), None)
        if match is not None:
            found[match[0].expand(match[1])] = value
        elif ignored is None or not ignored.match(old):
            raise Damaged(f"it holds “{old[:80]}”, which is no part of {title}")
    return found


def merged(tensors: Mapping[str, Tensor], parts: Sequence[str], whole: str) -> dict[str, Tensor]:
    """Tensors in which those of several layers side by side are one: `a.q`, `a.k` and `a.v` become `a.qkv`.

    Where only some of the layers have a bias, the others get zeros.
    """
    found, groups = {}, dict[tuple[str, str], dict[str, Tensor]]()
    pattern = re.compile(rf"(.*\.)({'|'.join(map(re.escape, parts))})\.(weight|bias)")
    for name, value in tensors.items():
        if match := pattern.fullmatch(name):
            groups.setdefault((match[1], match[3]), {})[match[2]] = value
        else:
            found[name] = value
    for (place, kind), group in groups.items():
        like = next(iter(group.values()))
        if kind == "weight" and len(group) < len(parts):
            raise Damaged(f"it lacks a part of “{place}{whole}”")
        found[f"{place}{whole}.{kind}"] = torch.cat([group.get(part, torch.zeros_like(like)) for part in parts])
    return found


def shape_of(tensors: Tensors, name: str, n_axes: int) -> tuple[int, ...]:
    """The shape of a tensor.

    Raises Damaged where it is not there, or has another number of axes.
    """
    if name not in tensors:
        raise Damaged(f"it lacks “{name}”")
    shape = tuple(tensors[name].shape)
    if len(shape) != n_axes:
        raise Damaged(f"“{name}” has the shape {shape}")
    return shape


def n_blocks(tensors: Tensors, pattern: str) -> int:
    """How many blocks there are, by the numbers in names that begin with a pattern with one group.

    Raises Damaged where there are none or one is missing.
    """
    compiled = re.compile(pattern)
    numbers = {int(match[1]) for name in tensors if (match := compiled.match(name))}
    if not numbers or numbers != set(range(len(numbers))):
        raise Damaged("some of its blocks are missing")
    return len(numbers)


def side(n_patches: int) -> int:
    """Patches along the side of a square grid.

    Raises Damaged where it is none.
    """
    edge = math.isqrt(max(0, n_patches))
    if edge < 1 or edge * edge != n_patches:
        raise Damaged(f"its {n_patches} positions are no square grid of patches")
    return edge


def ratio(hidden: int, width: int) -> float:
    """The factor that makes `int(width * factor)` exactly `hidden`: timm takes no other measure of an MLP."""
    factor = hidden / width
    return factor if int(width * factor) == hidden else math.nextafter(factor, math.inf)
