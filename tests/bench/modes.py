"""The modes of a head by way of QR against the singular values of the whole matrix, and those of all heads."""

from __future__ import annotations

import timm
import torch
from measure import Row, n_engine_threads, row_of, take_turns

from core.families.model import Model, geometry_of
from core.readings.modes import block_modes, singular_modes
from core.readings.query_key import query_key

SECONDS = 15.0
N_HEADS, AT_LEAST, AT_MOST_S = 12, 20.0, 1.5


def rows() -> list[Row]:
    """One head of a ViT-B both ways, and all its heads, with what finds their weights."""
    torch.set_num_threads(n_engine_threads())
    network = timm.create_model("vit_base_patch16_224").eval().requires_grad_(False)
    model = Model(network, geometry_of(network))
    assert model.anatomies  # known since a model was opened
    with torch.inference_mode():
        found = query_key(model, 0)
        one = {
            "qr": lambda: singular_modes(found.wq, found.wk),
            "whole": lambda: torch.linalg.svd(found.wq[0].T @ found.wk[0]),
        }
        times = take_turns(one, seconds=SECONDS)
        weights = [query_key(model, block) for block in range(model.n_blocks)]
        every = {
            "modes": lambda: [singular_modes(of.wq, of.wk) for of in weights],
            "found": lambda: [block_modes(model, block) for block in range(model.n_blocks)],
        }
        of_all = take_turns(every, seconds=SECONDS)
    return [
        row_of(
            "modes of a head, whole matrix : QR",
            times,
            lambda m: m["whole"] / (m["qr"] / N_HEADS),
            limit="≥",
            target=AT_LEAST,
        ),
        row_of("modes of all heads of a ViT-B", of_all, lambda m: m["modes"], "s", limit="≤", target=AT_MOST_S),
        row_of("the same, weights found by watching", of_all, lambda m: m["found"], "s"),
    ]
