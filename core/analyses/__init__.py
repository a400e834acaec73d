"""What can be found out about a state: frozen values, each with one `run(state)`, one kind in a file.

Importing a kind loads no torch: the window names analyses, the engine process runs them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from core.errors import UserError
from core.plots import Plot
from core.registry import kinds
from core.site import Site

if TYPE_CHECKING:
    from core.state import State

Value = TypeVar("Value", covariant=True)


class Analysis(Generic[Value]):
    """A frozen dataclass whose fields are its options. The value itself is what is asked for and what is remembered.

    `run` yields a first answer quickly, and then better ones: each replaces the one before. It may be dropped between
    two of them when something newer is asked. It raises UserError where there is nothing to find.
    """

    __slots__ = ()
    late: ClassVar[bool] = False
    """Whether everything else that is wanted comes before it."""

    @property
    def kind(self) -> object:
        """What it has in common with those whose last finding is shown until its own is there."""
        return type(self)

    def at_depth(self, n_blocks: int, n_there: int) -> Self:
        """The same at the same relative depth of a network of `n_there` blocks, where one of its options is a block
        after which the stream is looked at."""
        options = {f.name: f.metadata.get("follow", f.name) for f in fields(self)}  # type: ignore[arg-type]
        blocks = {name: getattr(self, name) for name, of in options.items() if of in ("block", "read", "write")}
        there = {name: Site(block).at_depth(n_blocks, n_there).block for name, block in blocks.items()}
        return replace(self, **there)  # type: ignore[type-var]

    def run(self, state: State) -> Iterator[Value]:
        """What is found in a state."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an analysis found nothing, and what to do about it."""

    message: str
    hint: str = ""


class PlotAnalysis(Analysis[tuple[Plot, ...]]):
    """An analysis that yields plots, and is drawn wherever plots are: its `title` is what it is called there.

    Every field has a default.
    """

    __slots__ = ()
    title: ClassVar[str]


def follow(part: str, default: object = 0) -> Any:
    """A field that follows what is looked at: `token`, `read`, `write`, `head` or `item` of the view."""
    return field(default=default, metadata={"follow": part})


def plot_analyses() -> tuple[type[PlotAnalysis], ...]:
    """Every analysis that yields plots."""
    return kinds("core.analyses", PlotAnalysis)


def check_token(token: int, n_tokens: int) -> None:
    """Raises UserError where there is no such token."""
    if not 0 <= token < n_tokens:
        raise UserError(f"There is no token {token}.", f"Choose from 0 to {n_tokens - 1}.")


def check_block(block: int, n_blocks: int, first: int = 0) -> None:
    """Raises UserError where there is no such block; with −1 as the `first`, the embeddings are one."""
    if not first <= block < n_blocks:
        raise UserError(f"There is no block {block}.", f"Choose from {first} to {n_blocks - 1}.")


def check_head(head: int, n_heads: int, block: int) -> None:
    """Raises UserError where a block has no such head."""
    if not 0 <= head < n_heads:
        raise UserError(f"Block {block} has no head {head}.", f"Choose from 0 to {n_heads - 1}.")
