"""Attention and MLP of a block as key-value memories: what each adds to the stream is a sum of fixed vectors.

    m_t = Σ_j c_tj v_j + const,   c_t [M] what fires at token t, v_j [D] what memory j then adds

In an MLP c is what enters its last layer, after the activation; in attention it is what the heads took, before the
output projection. v is a column of that layer, LayerScale included.

Source: Geva et al. 2021; Vilas et al. 2023, memory extractor; docs/methods.md, "Memories".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from core.attention import MULTI_HEAD
from core.engine import Edit, edited
from core.errors import UserError
from core.families.model import Model
from core.inside import run_inside
from core.readings.watching import LINEAR, Watched
from core.site import Part, Site

Sublayer = Literal["attn_out", "mlp_out"]
SUBLAYERS: dict[Sublayer, str] = {"attn_out": "attention", "mlp_out": "MLP"}

Direction = Literal["memories of the class", "classes of the memories"]
"""What agrees: one of the five memories that fire most at a token is one of the five with the largest scores for the
class, as the published code has it; or the class is one of the five with the largest scores for one of them, as its
text has it."""

N_STRONGEST = 5
"""How many memories of a class, and of a token, are compared."""
TOLERANCE = 1e-3
"""Of the spread of what a sub-layer adds, how much may be left that its memories do not explain."""


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """One block as it went for streams [B, T, D] that entered it: `after` is the stream after it.

    `parts` holds what was met on the way, among them `v` [B, H, T, K] and `attn_out` and `mlp_out` [B, T, D];
    `coefficients` [B, T, M] is what fired in each sub-layer.
    """

    after: Tensor
    parts: dict[Part, Tensor]
    coefficients: dict[Sublayer, Tensor]


def pass_block(model: Model, residual: Tensor, block: int, edits: Sequence[Edit] = ()) -> Pass:
    """A pass of a block, with the edits of that block, in which everything is kept that memories and relevance need.

    Raises UserError where its attention and MLP cannot be told apart.
    """
    return _watch(model, residual, block, edits)[0]


def values_of(model: Model, block: int) -> dict[Sublayer, Tensor]:
    """The value vectors [M, D] of both sub-layers of a block; those of attention head by head, [H · K, D].

    They are read from the layers that the block calls, and shown on noise to add up to what it adds.

    Raises UserError where a sub-layer is no sum of such vectors, as with a norm behind it.
    """
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, model.wiring.n_tokens, model.width, generator=generator).to(model.device)
    with torch.no_grad():
        seen, weights = _watch(model, x, block, ())
        return {part: _scaled(seen, weights[part], part, model) for part in SUBLAYERS}


def _watch(
    model: Model, residual: Tensor, block: int, edits: Sequence[Edit]
) -> tuple[Pass, dict[Sublayer, Tensor | None]]:
    parts: dict[Part, Tensor] = {}
    coefficients: dict[Sublayer, Tensor] = {}
    weights: dict[Sublayer, Tensor | None] = {}
    entered, weight = torch.empty(0), None  # of the linear layer that was called last

    def meet(func: Any, given: Mapping[str, Any], call: Callable[[], Any]) -> Any:
        nonlocal entered, weight
        if func is LINEAR:
            entered, weight = given["input"], given["weight"]
        elif func is MULTI_HEAD:
            weight = given["out_proj_weight"]
        return call()

    def visit(part: Part, x: Tensor) -> Tensor:
        if part == "attn_out":
            coefficients[part], weights[part] = parts["head_out"].transpose(1, 2).flatten(2), weight
        elif part == "mlp_out":
            coefficients[part], weights[part] = entered, weight
        parts[part] = edited(x, Site(block, part), edits)
        return parts[part]

    anatomy = model.anatomies[block]
    if not {"head_out", *SUBLAYERS} <= anatomy.parts:
        kind = type(model.blocks[block]).__name__
        raise UserError(f"Attention and MLP of a {kind} cannot be told apart.", "Open a network of standard blocks.")
    with Watched(meet):
        after = run_inside(partial(model.wiring.advance, block), residual, visit, anatomy.n_attentions)
    return Pass(after, parts, coefficients), weights


def _scaled(seen: Pass, weight: Tensor | None, part: Sublayer, model: Model) -> Tensor:
    """The columns of a layer, each channel scaled as what it puts out is scaled on its way to the stream."""
    coefficients = seen.coefficients[part]
    refused = UserError(f"What {SUBLAYERS[part]} adds in {model.name} is no sum of value vectors.", "Nothing is shown.")
    if weight is None or weight.shape != (model.width, coefficients.shape[-1]):
        raise refused
    explained, added = (_varying(x) for x in (coefficients @ weight.T, seen.parts[part]))  # [T, D]
    scale = (explained * added).sum(0) / explained.square().sum(0).clamp_min(torch.finfo(added.dtype).tiny)  # [D]
    if (explained * scale - added).abs().max() > TOLERANCE * added.abs().max():
        raise refused
    scale = torch.where((scale - 1).abs() < TOLERANCE, torch.ones_like(scale), scale)
    return weight.T * scale.to(weight.dtype)  # [M, D]


def _varying(x: Tensor) -> Tensor:
    """What differs between tokens [B, T, D], without the bias that all have; [B T, D]."""
    flat = x.flatten(0, 1).double()
    return flat - flat.mean(0)


def class_value_agreement(weight: Tensor, values: Tensor) -> Tensor:
    """Cosines [C, M] between the rows of a classifier [C, D] and value vectors [M, D]."""
    return F.normalize(weight, dim=-1) @ F.normalize(values, dim=-1).T


def random_values(values: Tensor) -> Tensor:
    """As many random vectors [M, D], which agree with a class as well as chance has it."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(values.shape, generator=generator).to(values)


def key_value_agreement(
    scores: Tensor, coefficients: Tensor, classes: Tensor, direction: Direction = "memories of the class"
) -> Tensor:
    """Whether what fires at a token speaks for a class: [B, T] for coefficients [B, T, M] and classes [B].

    `scores` [C, M] are E Vᵀ, not normalised. See `Direction`.
    """
    fired = coefficients.topk(min(N_STRONGEST, scores.shape[1])).indices  # [B, T, 5]
    if direction == "memories of the class":
        wanted = scores.topk(min(N_STRONGEST, scores.shape[1])).indices[classes]  # [B, 5]
        return (fired[..., None] == wanted[:, None, None]).any(-1).any(-1)
    n = max(1, min(N_STRONGEST, scores.shape[0] // 2))  # of two classes the second is no agreement
    named = scores.topk(n, 0).indices.T[fired]  # [B, T, 5, n]
    return (named == classes[:, None, None, None]).any(-1).any(-1)


def is_composed_of_strongest(scores: Tensor, coefficients: Tensor, answers: Tensor) -> Tensor:
    """Whether the class that a sub-layer's own output says, `answers` [B, T], is that of one of the memories that fire
    most there; [B, T]. Where it is not, the output is a mixture that no single memory predicts.
    """
    fired = coefficients.topk(min(N_STRONGEST, scores.shape[1])).indices  # [B, T, 5]
    return (scores.argmax(0)[fired] == answers[..., None]).any(-1)
