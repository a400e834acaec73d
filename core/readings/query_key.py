"""How a block makes queries and keys of the stream: found by watching its own pass, whatever its parts are called.

Every linear map that a pass goes through is noted. The rows that make queries and keys are those whose outputs are
the queries and keys that meet in attention, so that fused, separate and grouped projections are all the same here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from core.attention import MULTI_HEAD
from core.errors import UserError
from core.families.model import Model
from core.inside import read_inside
from core.readings.watching import LINEAR, NORMS, Norm, Watched, no_norm, norm_of
from core.site import Part

ALIKE = 1e-5
"""How far from 1 the cosine of two channels may be that are the same."""
TOLERANCE = 1e-4
"""Of the largest score, by which scores may differ from what queries and keys make of them."""
N_STREAMS, N_STREAMS_OF_FIRST = 2, 16
N_SAMPLES = 64
"""Tokens over which channels are compared, at most."""

HINT = "Another block or model may have them; attention itself is in the Inside panel."


@dataclass(frozen=True, slots=True, eq=False)
class QueryKey:
    """Queries and keys of every head of a block:

        q = a (Wq z + bq),   k = Wk z + bk,   scores = scale · q kᵀ + positions,   z = γ x̂ + β

    `wq`, `wk` [H, K, D] and `bq`, `bk` [H, K] are as they lie in the network, `factor` is a. `positions` [H, T, T] is
    what scores have beside, the same for every image; None where there is nothing. `norm` is None where what comes
    before is no norm of the stream. `obstacle` says why scores are not made of the content of two tokens alone, ""
    where they are; `is_normed` that queries and keys are normalised themselves.
    """

    wq: Tensor
    bq: Tensor
    wk: Tensor
    bk: Tensor
    factor: float
    scale: float
    norm: Norm | None
    positions: Tensor | None = None
    obstacle: str = ""
    is_normed: bool = False


def query_key(model: Model, block: int) -> QueryKey:
    """The queries and keys of a block.

    Raises UserError where they are not made of the stream by linear maps, or each of several attentions has its own.
    """
    anatomy = model.anatomies[block]
    kind = type(model.blocks[block]).__name__
    if "scores" not in anatomy.parts:
        raise UserError(f"A {kind} has no queries and keys of all tokens.", HINT)
    if anatomy.n_attentions > 1:
        raise UserError(f"A {kind} has {anatomy.n_attentions} attentions side by side.", HINT)
    seen = _watch(model, block, N_STREAMS, skips_norms=False)
    found = _rows(seen, slice(None))
    if found is not None:
        return _with_scores(seen, found, kind)
    # At the first token no position turns queries and keys; where they have norms of their own these are left out.
    seen = _watch(model, block, N_STREAMS_OF_FIRST, skips_norms=True)
    found = _rows(seen, slice(0, 1))
    if found is None:
        raise UserError(f"The queries and keys of a {kind} are no linear maps of its normalised stream.", HINT)
    how = "normalises its queries and keys" if seen.n_skipped else "turns queries and keys by their positions"
    said = f"A {kind} {how}: its modes are of the projections alone, and not all of the network's own scores."
    return QueryKey(*found, 1.0, seen.norm, None, said, seen.n_skipped > 0)


class _Map(NamedTuple):
    """A linear map that a pass went through: weight [C, D], bias [C], its input and output [B, T, …]."""

    weight: Tensor
    bias: Tensor
    x: Tensor
    y: Tensor


@dataclass(slots=True, eq=False)
class _Seen:
    """What was seen of a block's pass over noise [B, T, D]: linear maps and norms of the stream, and parts.

    Norms of queries and keys are passed over where `skips_norms` says so.
    """

    residual: Tensor
    skips_norms: bool
    maps: list[_Map] = field(default_factory=list)
    norms: list[tuple[Norm, Tensor]] = field(default_factory=list)
    parts: dict[Part, Tensor] = field(default_factory=dict)
    n_skipped: int = 0
    norm: Norm | None = None

    def meet(self, func: Any, given: Mapping[str, Any], call: Callable[[], Any]) -> Any:
        """Note a call of a layer, or pass it over."""
        if func is MULTI_HEAD:
            self._note_multi_head(given)
            return call()
        x = given["input"]
        if func in NORMS and self.skips_norms and x.ndim > 3:
            self.n_skipped += 1
            return x
        out = call()
        if x.shape == self.residual.shape:
            if func is LINEAR:
                self._note(x, out, given["weight"], given.get("bias"))
            else:
                self.norms.append((norm_of(func, given), out))
        return out

    def _note(self, x: Tensor, y: Tensor, weight: Tensor, bias: Tensor | None) -> None:
        self.maps.append(_Map(weight, weight.new_zeros(len(weight)) if bias is None else bias, x, y))

    def _note_multi_head(self, given: Mapping[str, Any]) -> None:
        """torch's own attention: its projections lie in one, and its tokens come first."""
        x, weight, bias = given["query"].transpose(0, 1), given["in_proj_weight"], given["in_proj_bias"]
        if weight is not None:
            self._note(x, F.linear(x, weight, bias), weight, bias)


def _watch(model: Model, block: int, n: int, *, skips_norms: bool) -> _Seen:
    """A pass of a block over `n` streams of noise, until the scores are there."""
    shape = (n, model.wiring.n_tokens, model.width)
    residual = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(model.device)
    seen = _Seen(residual, skips_norms, norms=[(no_norm(residual), residual)])

    def advance(x: Tensor) -> Tensor:
        with Watched(seen.meet):
            return model.wiring.advance(block, x)

    def note(part: Part, x: Tensor) -> Tensor:
        seen.parts[part] = x
        return x

    read_inside(advance, residual, "scores", note)
    return seen


Rows = tuple[Tensor, Tensor, Tensor, Tensor, float]


def _rows(seen: _Seen, tokens: slice) -> Rows | None:
    """Weights and biases of queries and keys, and the factor a; None where no map gives what was seen at tokens.

    The norm is noted on the way.
    """
    if not seen.maps:
        return None
    q, k = (_made(seen, part, tokens) for part in ("q", "k"))
    if q is None or k is None or q.z is not k.z:
        return None
    seen.norm = next((norm for norm, z in reversed(seen.norms) if torch.equal(z, q.z)), None)
    return q.weight, q.bias, k.weight * k.factor, k.bias * k.factor, q.factor


class _Made(NamedTuple):
    """What queries or keys are made by, and of: weight [H, K, D], bias [H, K], a factor, and z [B, T, D]."""

    weight: Tensor
    bias: Tensor
    factor: float
    z: Tensor


def _made(seen: _Seen, part: Part, tokens: slice) -> _Made | None:
    """The rows whose outputs at tokens are a multiple of what was seen at a part [B, H, T, K]."""
    wanted = seen.parts[part][:, :, tokens]
    shape = wanted.shape[1], wanted.shape[3]
    columns = wanted.permute(0, 2, 1, 3).reshape(-1, shape[0] * shape[1])[:N_SAMPLES]  # [N, H K]
    maps = seen.maps
    given = torch.cat([of.y[:, tokens].flatten(0, 1)[:N_SAMPLES] for of in maps], 1)  # [N, C]
    cosines = F.normalize(columns, dim=0).T @ F.normalize(given, dim=0)  # [H K, C]
    best, at = cosines.max(1)
    factors = columns.norm(dim=0) / given.norm(dim=0)[at]
    if (best < 1 - ALIKE).any() or (factors / factors.median() - 1).abs().max() > TOLERANCE:
        return None
    which = torch.repeat_interleave(torch.tensor([len(of.weight) for of in maps], device=at.device))[at].unique()
    weight, bias = torch.cat([of.weight for of in maps])[at], torch.cat([of.bias for of in maps])[at]
    first = maps[int(which[0])]
    return _Made(weight.unflatten(0, shape), bias.unflatten(0, shape), float(factors.median()), first.x)


def _with_scores(seen: _Seen, found: Rows, kind: str) -> QueryKey:
    """What scores are beside the products of queries and keys, known from two streams."""
    q, k, scores = (seen.parts[part] for part in ("q", "k", "scores"))
    products = q @ k.transpose(-2, -1)  # [2, H, T, T]
    between, of_scores = products[0] - products[1], scores[0] - scores[1]
    scale = float((between * of_scores).sum() / between.square().sum())
    if not (of_scores - scale * between).abs().max() <= TOLERANCE * of_scores.abs().max():
        said = f"A {kind} makes more of queries and keys than their products: its modes are of the projections alone."
        return QueryKey(*found, 1.0, seen.norm, None, said)
    positions = scores[0] - scale * products[0]
    is_there = positions.abs().max() > ALIKE * scores.abs().max()
    return QueryKey(*found, scale, seen.norm, positions if is_there else None)
