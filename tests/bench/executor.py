"""The executor, which also records the stream, against the network's own forward."""

from __future__ import annotations

import torch
from measure import Row, row_of, take_turns
from network import finished, noise, open_bundled

from core.engine import embed, resume, run

SECONDS = {1: 8.0, 32: 25.0}
AT_MOST = 1.05


def rows() -> list[Row]:
    """`run` and `resume` from block 0, for one image and for 32."""
    model = open_bundled()
    found = []
    with torch.inference_mode():
        for n_images, seconds in SECONDS.items():
            x = noise(model, n_images)
            sides = {
                "raw": lambda x=x: model.network(x),
                "run": lambda x=x: run(model, x),
                "resume": lambda x=x: resume(model, embed(model, x), 0),
            }
            times = take_turns({name: finished(model, do) for name, do in sides.items()}, seconds=seconds)
            found.append(row_of(f"raw forward, batch {n_images}", times, lambda m: 1000 * m["raw"], "ms"))
            for side, words in (("run", "run"), ("resume", "embed and resume at block 0")):
                name = f"{words} / raw forward, batch {n_images}"
                ratio = row_of(name, times, lambda m, side=side: m[side] / m["raw"], limit="≤", target=AT_MOST)
                found.append(ratio)
    return found
