"""Relevance of every class in closed form against back-propagation class by class, over all blocks of a network."""

from __future__ import annotations

from functools import partial

import torch
from measure import Row, n_engine_threads, row_of, take_turns
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor

from core.engine import run
from core.families.model import Model, geometry_of
from core.inside import run_inside
from core.readings.memories import pass_block, values_of
from core.readings.relevance import class_head, relevance
from core.site import Part

SECONDS = 30.0
N_CLASSES = 100
AT_LEAST = 10.0
SMALL = {"embed_dim": 384, "depth": 12, "num_heads": 6, "num_classes": N_CLASSES}


def rows() -> list[Row]:
    """Milliseconds both ways, and their ratio."""
    torch.set_num_threads(n_engine_threads())
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = VisionTransformer(**SMALL).eval().requires_grad_(False)  # type: ignore[arg-type]
    model = Model(network, geometry_of(network), labels=tuple(map(str, range(N_CLASSES))))
    head, values = class_head(model), [values_of(model, block)["attn_out"] for block in range(model.n_blocks)]
    trace = run(model, torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(1)))
    classes = torch.arange(N_CLASSES)

    def closed() -> None:
        for block in range(model.n_blocks):
            relevance(pass_block(model, trace.after(block - 1), block), values[block], head, classes)

    def one_by_one() -> None:
        for block in range(model.n_blocks):
            _by_autograd(model, trace.after(block - 1), block)

    times = take_turns({"closed": closed, "autograd": one_by_one}, seconds=SECONDS, at_least=5)
    what = f"relevance of {N_CLASSES} classes"
    return [
        row_of(f"{what}, closed form", times, lambda m: 1000 * m["closed"], "ms"),
        row_of(
            f"{what}, a gradient a class : closed form",
            times,
            lambda m: m["autograd"] / m["closed"],
            limit="≥",
            target=AT_LEAST,
        ),
    ]


def _by_autograd(model: Model, entering: Tensor, block: int) -> None:
    """The gradients of all classes in the pattern of a block, each by back-propagation through its own layers."""
    free: list[Tensor] = []
    out: list[Tensor] = []

    def visit(part: Part, x: Tensor) -> Tensor:
        if part == "pattern":
            free.append(x.detach().requires_grad_())
            return free[0]
        if part == "attn_out":
            out.append(x)
        return x

    run_inside(partial(model.wiring.advance, block), entering, visit)
    logits = model.network.forward_head(model.network.norm(out[0]))  # type: ignore[operator]
    for label in range(N_CLASSES):
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor([label]))
        torch.autograd.grad(loss, free, retain_graph=True)
