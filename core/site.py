"""Where in a network something is read or edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Part = Literal["resid_pre", "q", "k", "v", "scores", "pattern", "head_out", "attn_out", "mlp_out", "resid_post"]
"""The parts of a block, in the order in which a pass goes through them."""

PARTS: tuple[Part, ...] = get_args(Part)

ProjectedPart = Literal["resid_post", "attn_out", "resid_mid", "mlp_out"]
"""What a lens reads of a block: its output, what attention adds, the stream between, and what the MLP adds."""
Depth = tuple[int, ProjectedPart]
"""A block, −1 for the embeddings, which have `resid_post` alone, and what is read of it."""


@dataclass(frozen=True, slots=True)
class Site:
    """A part of a block. Block −1 is the embeddings, which have `resid_post` alone.

    | part | shape | what it is |
    |---|---|---|
    | `resid_pre` | [B, T, D] | the residual stream that enters the block: `resid_post` of the block before |
    | `q`, `k`, `v` | [B, H, T, K] | queries, keys and values as they meet, after norms and rotations |
    | `scores` | [B, H, T, T] | scaled products of queries and keys, query by key, with a mask or bias if there is one |
    | `pattern` | [B, H, T, T] | the attention pattern: the softmax of the scores over keys |
    | `head_out` | [B, H, T, K] | what each head takes from the values, before the output projection |
    | `attn_out` | [B, T, D] | what attention adds to the residual stream |
    | `mlp_out` | [B, T, D] | what the MLP adds to the residual stream |
    | `resid_post` | [B, T, D] | the residual stream after the block |

    B batch, T tokens, D width, H heads, K head width.
    """

    block: int
    part: Part = "resid_post"

    def words(self) -> str:
        """As a row of the list of edits says it."""
        where = "embeddings" if self.block < 0 else f"block {self.block}"
        return where if self.part == "resid_post" else f"{where} · {_WORDS[self.part]}"

    def at_depth(self, n_blocks: int, n_there: int) -> Site:
        """The same part at the same relative depth of a network of `n_there` blocks, this one having `n_blocks`.

        What lies between two blocks is as deep as the share of blocks before it, what lies in one as its middle.
        """
        if self.part == "resid_post":
            return Site((2 * (self.block + 1) * n_there + n_blocks) // (2 * n_blocks) - 1)
        if self.part == "resid_pre":
            return Site(min((2 * self.block * n_there + n_blocks) // (2 * n_blocks), n_there - 1), self.part)
        return Site((2 * self.block + 1) * n_there // (2 * n_blocks), self.part)


def block_words(block: int) -> str:
    """Where a stream is in words, to stand behind “after”."""
    return "the embeddings" if block < 0 else f"block {block}"


_WORDS: dict[Part, str] = {
    "resid_pre": "input",
    "q": "queries",
    "k": "keys",
    "v": "values",
    "scores": "attention scores",
    "pattern": "attention pattern",
    "head_out": "heads",
    "attn_out": "attention output",
    "mlp_out": "MLP output",
    "resid_post": "output",
}
