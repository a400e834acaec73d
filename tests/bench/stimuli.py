"""How fast labelled stimuli are drawn."""

from __future__ import annotations

import time

from measure import N_REPEATS, Row, row_of_repeats

from core.stimuli.datasets import all_kinds, discrimination
from core.stimuli.render import render_many

N_IMAGES = 1000
AT_LEAST = 1000.0


def rows() -> list[Row]:
    """Images a second of one core. It is one thread's processor time that counts: other programs do not."""
    both, pixels = [], []
    for seed in range(N_REPEATS + 1):
        start = time.thread_time()
        stimuli = [example.stimulus for example in discrimination(N_IMAGES, all_kinds(), seed)]
        drawn = time.thread_time()
        render_many(stimuli)
        end = time.thread_time()
        both.append(N_IMAGES / (end - start))
        pixels.append(N_IMAGES / (end - drawn))
    return [
        row_of_repeats("stimuli, chosen and rendered", both[1:], "/s", limit="≥", target=AT_LEAST),
        row_of_repeats("stimuli, rendered", pixels[1:], "/s"),
    ]
