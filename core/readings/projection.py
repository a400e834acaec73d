"""What the network's own read-out makes of single tokens, at any depth: the class-embedding projection.

    p(h) = E · LN(h) + β,   LN the final norm, E and β weight and bias of the head

Source: Vilas et al. 2023; docs/methods.md, "Class lens".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from core.engine import Edit, edited, finite
from core.errors import UserError
from core.families.model import Model
from core.fast import is_shown, leave
from core.inside import no_part, run_inside
from core.site import Depth as Depth
from core.site import Part, ProjectedPart, Site

TOKENS_AT_ONCE = 4096
"""Tokens that go through norm and head together, so that they stay in the cache of a core."""

_MIXERS = {
    "attn_pool": "an attention pooling (attn_pool)",
    "blocks_token_only": "class-attention blocks (blocks_token_only)",
}


def project(model: Model, x: Tensor) -> Tensor:
    """p(h) at every token of a stream or of what is added to it, [B, T, D] → [B, T, C].

    It is what the network answers where every token is this one: norm and head are its own modules. Of a network
    without classes, C counts what it puts out. Where two special tokens have a head each (DeiT's distillation), each
    of them is read by its own, and patches by the mean of both, as the network answers.

    Raises UserError where the read-out is not token-wise.
    """
    check_token_wise(model)
    n = _n_copies(model)
    chunks = x.flatten(0, 1).split(max(1, TOKENS_AT_ONCE // n))  # [N, D] each
    logits = torch.cat([leave(model, _repeated(chunk, n)) for chunk in chunks]).unflatten(0, x.shape[:2])  # [B, T, C]
    for token, head in enumerate(_own_heads(model)):
        logits[:, token] = head(model.network.norm(x[:, token]))  # type: ignore[operator]
    return finite(logits, model, "The projection")


def parts_of(model: Model, entering: Tensor, block: int, edits: Sequence[Edit] = ()) -> dict[ProjectedPart, Tensor]:
    """The parts [B, T, D] of a block, from the stream [B, T, D] that enters it, edits of that block applied.

    Raises UserError where attention and MLP are not added to the stream one after the other.
    """
    seen: dict[Part, Tensor] = {}

    def visit(part: Part, x: Tensor) -> Tensor:
        seen[part] = edited(x, Site(block, part), edits)
        return seen[part]

    anatomy = model.anatomies[block]
    for part in ("attn_out", "mlp_out"):
        if part not in anatomy.parts:
            raise no_part(type(model.blocks[block]).__name__, part)
    post = run_inside(partial(model.wiring.advance, block), entering, visit, anatomy.n_attentions)
    attn_out, mlp_out = seen["attn_out"], seen["mlp_out"]
    return {
        "attn_out": attn_out,
        "resid_mid": seen["resid_pre"] + attn_out,
        "mlp_out": mlp_out,
        "resid_post": finite(post, model, f"The output of block {block}"),
    }


def ranks(logits: Tensor, label: int) -> Tensor:
    """k, the place [...] of a class when logits [..., C] are sorted from the largest, from 0, of equals the first.

    Of random logits its mean is (C − 1) / 2.
    """
    own = logits[..., label : label + 1]
    return (logits > own).sum(-1) + (logits[..., :label] == own).sum(-1)


def identifiability(ranks: Tensor, n_classes: int) -> Tensor:
    """r = 1 − k / C: 1 where the class comes first; of random logits its mean is 0.5 + 1 / (2C)."""
    return 1 - ranks / n_classes


def check_token_wise(model: Model) -> None:
    """Raises UserError where a token has no share of its own in the read-out."""
    if not is_token_wise(model):
        part = next((words for name, words in _MIXERS.items() if getattr(model.network, name, None) is not None), "")
        raise UserError(
            f"The read-out of {model.name} mixes tokens{f' by {part}' if part else ''}.",
            "The lens needs one that reads CLS, or a mean of tokens.",
        )


def is_token_wise(model: Model) -> bool:
    """Whether the read-out is a sum of what each token gives, or reads a mean of tokens: shown on noise.

    A sum is a read-out of CLS, of two special tokens by two heads, or of a mean that is taken after the norm; a norm
    may also come after the mean.
    """
    out = partial(leave, model)

    def exchanged(of_first: Tensor) -> bool:
        """Whether it is the same in sum where two streams exchange some tokens."""
        return is_shown(
            model,
            ("token-wise", int(of_first.sum())),
            lambda x: out(torch.where(of_first, x, x.flip(0))).sum(0),
            lambda x: out(x).sum(0),
        )

    def reads_mean(first: int) -> bool:
        return is_shown(
            model,
            ("mean", first),
            lambda x: out(x[:, first:].mean(1, keepdim=True).expand_as(x)),
            out,
        )

    tokens = torch.arange(model.wiring.n_tokens, device=model.device)[:, None]  # [T, 1]
    return (exchanged(tokens < 1) and exchanged(tokens % 2 < 1)) or any(map(reads_mean, (model.n_prefix, 0)))


def _n_copies(model: Model) -> int:
    """How often a token is repeated for the read-out to take it for all tokens: as seldom as that was shown to do."""

    def read(n: int, x: Tensor) -> Tensor:
        return leave(model, _repeated(x[:, 0], n))

    n_tokens = model.wiring.n_tokens
    fewer = (n for n in (1, model.n_prefix + 1) if n < n_tokens)
    return next(
        (n for n in fewer if is_shown(model, ("copies", n), partial(read, n), partial(read, n_tokens))), n_tokens
    )


def _repeated(tokens: Tensor, n: int) -> Tensor:
    """Streams [N, n, D] in which every token is the same, for tokens [N, D]."""
    return tokens[:, None].expand(-1, n, -1)


def _own_heads(model: Model) -> tuple[Any, ...]:
    """The heads of the special tokens, where each of two has one."""
    network: Any = model.network
    return (network.head, network.head_dist) if hasattr(network, "head_dist") else ()
