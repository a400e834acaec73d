"""Larger networks, with random weights: how long they take to open, what memory, and how fast they answer a drag."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import timm
import torch
from measure import Row, n_engine_threads, row_of, take_turns
from torch import nn

from core.analyses.attention import Attention
from core.assets.subspace import Subspace
from core.assets.subspace_files import landmarks
from core.document import Document, random_pair
from core.engine import verify
from core.families.model import Model, geometry_of
from core.interventions.move import MoveInSubspace
from core.state import Opened, State
from core.stimuli.stimulus import N_COLORS
from core.wiring import images

NETWORKS = {"ViT-S/14": "vit_small_patch14_dinov2", "ViT-B/16": "vit_base_patch16_224"}
SECONDS = 20.0
DRAGS_A_SECOND = 8.0


def rows() -> list[Row]:
    """For each network: opening against making it, a drag and a scrub against one forward of one image."""
    torch.set_num_threads(n_engine_threads())
    return [row for label, name in NETWORKS.items() for row in _rows(label, name)]


def _rows(label: str, name: str) -> list[Row]:
    start = time.perf_counter()
    network = timm.create_model(name, img_size=224, num_classes=2).eval().requires_grad_(False)
    made = time.perf_counter()
    model = verify(Model(network, geometry_of(network)))
    opened = time.perf_counter()
    sides = _sides(model, network)
    with torch.inference_mode():
        times = take_turns(sides, seconds=SECONDS)
    target = DRAGS_A_SECOND if label.startswith("ViT-S") else None
    limit = "≥" if target else ""
    return [
        Row(f"{label}: verified / timm.create_model", (opened - made) / (made - start), "×"),
        row_of(f"{label}: raw forward, one image", times, lambda m: 1000 * m["raw"], "ms"),
        row_of(
            f"{label}: drags after the middle block", times, lambda m: 1 / m["drag"], "/s", limit=limit, target=target
        ),
        row_of(
            f"{label}: a drag with attention in view / raw forward", times, lambda m: m["drag, attention"] / m["raw"]
        ),
        row_of(f"{label}: another token's attention / raw forward", times, lambda m: m["scrub"] / m["raw"]),
    ]


def _sides(model: Model, network: nn.Module) -> dict[str, Callable[[], object]]:
    x = images(network, model.geometry.image_px, 1, seed=0)
    block = model.n_blocks // 2 - 1
    opened = Opened(model, {("shape", block): _subspace(model, block)})
    plain = Document("bench", random_pair(model.geometry, 1))
    places, tokens = count(), count()

    def dragged() -> State:
        move = MoveInSubspace(block=block, item=0, property="shape", point=(next(places) / 100, 0.0))
        return State(replace(plain, interventions=(move,)), opened)

    def drag(*, attention: bool) -> None:
        state = dragged()
        state.logits()
        state.logits(())
        if attention:
            list(Attention(0).run(state))

    still = dragged()
    n_tokens = model.n_prefix + model.geometry.grid**2
    return {
        "raw": lambda: network(x),
        "drag": lambda: drag(attention=False),
        "drag, attention": lambda: drag(attention=True),
        "scrub": lambda: list(Attention(next(tokens) % n_tokens).run(still)),
    }


def _subspace(model: Model, block: int) -> Subspace:
    """Five random directions, the landmarks those of noise."""
    generator = torch.Generator().manual_seed(0)
    basis = torch.linalg.qr(torch.randn(model.width, 5, generator=generator)).Q
    classes = torch.arange(N_COLORS).repeat(8)
    fields = landmarks(basis, torch.randn(len(classes), model.width, generator=generator), classes, N_COLORS)
    share = float(fields.pop("axis_share"))
    return Subspace("shape", block, basis, axis_share=share, card={}, **fields)
