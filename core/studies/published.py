"""Published numbers, each of another model than the one that is studied.

Source: Lepori et al. 2024, logs of the authors' runs; docs/methods.md. Models were trained on all 256 combinations
unless a table says otherwise. None stands for a number that was not published.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.plots import Bars, Curves, Plot, Series
from core.scene import Property, Task

NEAREST = "CLIP B/16"
"""The published model that is drawn beside ours by default: the same patches, and the clearest curves."""

Values = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Caption:
    """What a caption says of a model's attention, in which figure, and the block of each peak where it names one."""

    model: str
    said: str
    source: str
    peaks: Mapping[str, int] = field(default_factory=dict)


ATTENTION: tuple[Caption, ...] = (
    Caption(
        "CLIP B/16, discrimination", "local heads in early blocks, global from about block 6; WO, then WP, BG", "Fig. 2"
    ),
    Caption(
        "CLIP B/16, discrimination",
        "example heads: block 1 head 5 looks left and right within an object, block 5 head 9 at the whole object, "
        "block 6 head 11 between objects, block 10 head 6 at the background",
        "Fig. 22",
    ),
    Caption("CLIP B/16, photographs", "WO, then WP, BG", "Fig. 10", {"WO": 3, "WP": 6, "BG": 10}),
    Caption("DINOv2 B/14, photographs", "two stages, looser than in CLIP", "Fig. 10"),
    Caption("CLIP B/16, match-to-sample", "WO, then WP, BP, BG", "caption"),
    Caption("DINO B/16, match-to-sample", "no such order", "caption"),
    Caption("from scratch B/16, discrimination", "almost no local heads", "caption"),
)
"""Published in words: the curves exist as pictures alone, and peaks are named for one model."""

DAS: dict[str, dict[Task, dict[Property, Values]]] = {
    "CLIP B/16": {
        "discrimination": {
            "shape": (0.623, 0.830, 0.936, 0.918, 0.641, 0.244, 0.128, 0.076, 0.019, 0.011, 0.007, 0.007),
            "color": (0.706, 0.895, 0.918, 0.853, 0.437, 0.289, 0.136, 0.099, 0.021, 0.007, 0.006, 0.006),
        },
        "rmts": {
            "shape": (0.501, 0.688, 0.890, 0.895, 0.795, 0.509, 0.452, 0.424, 0.433, 0.084, 0.030, 0.024),
            "color": (0.516, 0.834, 0.928, 0.936, 0.805, 0.493, 0.425, 0.434, 0.398, 0.106, 0.028, 0.022),
        },
    },
    "DINO B/16": {
        "discrimination": {
            "shape": (0.771, 0.853, 0.865, 0.780, 0.270, 0.179, 0.154, 0.141, 0.122, 0.122, 0.119, 0.089),
            "color": (0.924, 0.919, 0.751, 0.453, 0.119, 0.093, 0.085, 0.062, 0.054, 0.052, 0.045, 0.035),
        },
        "rmts": {
            "shape": (0.510, 0.553, 0.564, 0.505, 0.448, 0.412, 0.400, 0.400, 0.401, 0.340, 0.291, 0.248),
            "color": (0.522, 0.714, 0.685, 0.539, 0.461, 0.429, 0.394, 0.378, 0.379, 0.305, 0.265, 0.221),
        },
    },
    "DINOv2 B/14": {
        "discrimination": {
            "shape": (0.509, 0.536, 0.736, 0.908, 0.902, 0.886, 0.357, 0.158, 0.146, 0.208, 0.143, 0.009),
            "color": (0.608, 0.583, 0.735, 0.851, 0.759, 0.742, 0.211, 0.087, 0.102, 0.193, 0.146, 0.003),
        },
        "rmts": {
            "shape": (0.495, 0.517, 0.522, 0.862, 0.878, 0.854, 0.546, 0.612, 0.695, 0.722, 0.701, 0.021),
            "color": (0.496, 0.579, 0.653, 0.914, 0.897, 0.884, 0.626, 0.614, 0.710, 0.743, 0.709, 0.013),
        },
    },
    "ImageNet B/16": {
        "discrimination": {
            "shape": (0.766, 0.869, 0.761, 0.436, 0.284, 0.206, 0.070, 0.049, 0.050, 0.053, 0.042, 0.042),
            "color": (0.928, 0.915, 0.752, 0.387, 0.282, 0.135, 0.043, 0.021, 0.024, 0.026, 0.012, 0.012),
        },
        "rmts": {
            "shape": (0.497, 0.755, 0.651, 0.548, 0.553, 0.530, 0.435, 0.344, 0.358, 0.242, 0.139, 0.139),
            "color": (0.632, 0.837, 0.794, 0.562, 0.536, 0.502, 0.438, 0.321, 0.316, 0.263, 0.162, 0.105),
        },
    },
    "from scratch B/16": {
        "discrimination": {
            "shape": (0.413, 0.393, 0.395, 0.388, 0.392, 0.390, 0.391, 0.395, 0.399, 0.400, 0.395, 0.389),
            "color": (0.135, 0.095, 0.105, 0.106, 0.108, 0.108, 0.104, 0.108, 0.106, 0.105, 0.108, 0.108),
        },
    },
    "CLIP B/32": {
        "discrimination": {
            "shape": (0.512, 0.839, 0.954, 0.951, 0.919, 0.522, 0.119, 0.041, 0.010, 0.003, 0.002, 0.002),
            "color": (0.626, 0.862, 0.936, 0.844, 0.714, 0.418, 0.132, 0.048, 0.007, 0.004, 0.003, 0.003),
        },
        "rmts": {
            "shape": (0.506, 0.818, 0.921, 0.905, 0.867, 0.583, 0.484, 0.462, 0.516, 0.405, 0.049, 0.018),
            "color": (0.545, 0.879, 0.929, 0.878, 0.827, 0.586, 0.459, 0.467, 0.488, 0.417, 0.051, 0.019),
        },
    },
}
"""Interchange accuracy after each of the 12 blocks, on unseen images. MAE is left out: its runs were preprocessed
wrongly (docs/methods.md)."""

WRONG_OBJECT: dict[Task, dict[Property, Values]] = {
    "discrimination": {
        "shape": (0.486, 0.502, 0.485, 0.520, 0.434, 0.241, 0.150, 0.085, 0.022, 0.011, 0.006, 0.007),
        "color": (0.496, 0.498, 0.490),
    },
    "rmts": {
        "shape": (0.501, 0.499, 0.499, 0.503, 0.498, 0.479, 0.452, 0.392, 0.418, 0.081, 0.032, 0.024),
        "color": (0.495, 0.507, 0.501, 0.524, 0.531, 0.506, 0.417, 0.404, 0.414, 0.102, 0.031, 0.022),
    },
}
"""The wrong-object control of CLIP B/16; for colour in discrimination blocks 0–2 alone are stored."""

NOVEL: dict[Task, dict[Property, dict[str, Values]]] = {
    "discrimination": {
        "shape": {
            "added": (0.503, 0.610, 0.883, 0.809, 0.502, 0.312, 0.192, 0.061, 0.009),
            "interpolated": (0.501, 0.515, 0.638, 0.730, 0.427, 0.297, 0.155, 0.120),
            "sampled": (0.501, 0.503, 0.525, 0.612, 0.430, 0.284, 0.133, 0.122),
            "random": (0.478, 0.523, 0.499, 0.521, 0.467, 0.358, 0.020, 0.015),
        },
        "color": {
            "added": (0.608, 0.846, 0.919, 0.793, 0.499, 0.449, 0.332, 0.069),
            "interpolated": (0.631, 0.741, 0.801, 0.802, 0.411, 0.381, 0.274, 0.063),
            "sampled": (0.502, 0.530, 0.634, 0.716, 0.429, 0.376, 0.228, 0.024),
            "random": (0.514, 0.475, 0.566, 0.523, 0.503, 0.317, 0.017, 0.008),
        },
    },
    "rmts": {
        "shape": {
            "added": (0.518, 0.603, 0.632, 0.505, 0.506, 0.494),
            "interpolated": (0.507, 0.593, 0.740, 0.654, 0.578, 0.525),
            "sampled": (0.523, 0.578, 0.565, 0.649, 0.646, 0.526),
            "random": (0.515, 0.501, 0.504, 0.499, 0.498, 0.437),
        },
        "color": {
            "added": (0.546, 0.747, 0.625, 0.486, 0.491, 0.519),
            "interpolated": (0.501, 0.823, 0.803, 0.633, 0.605, 0.522),
            "sampled": (0.495, 0.579, 0.677, 0.612, 0.627, 0.544),
            "random": (0.548, 0.510, 0.515, 0.488, 0.498, 0.458),
        },
    },
}
"""Success of novel vectors in CLIP B/16 after blocks 0, 1, …, drawn once for 64 images."""

PROBE: dict[str, Values] = {
    "probe": (0.508, 0.527, 0.708, 0.817, 0.923, 0.987, 0.994, 0.9925, 0.991, 0.992, 0.991, 0.992),
    "intervention": (0.068, 0.321, 0.448, 0.921, 0.898, 0.983, 0.776, 0.0485, 0.022, 0.019, 0.019, 0.019),
    "control": (0.106, 0.250, 0.151, 0.032, 0.042, 0.040, 0.102, 0.017, 0.0175, 0.019, 0.019, 0.019),
}
"""Pair probes of CLIP B/16 on match-to-sample, α = 1: the probe reads before a block, the edit comes after it."""

MODELS = tuple(DAS)
"""The published models whose curves can be drawn beside ours; the first is the nearest."""

SPLIT_NAMES = ("train", "val", "test_iid", "compositional", "ood-shape", "ood-color", "ood-shape-color")

BEHAVIOUR: dict[tuple[str, Task, int], tuple[float | None, ...]] = {
    ("CLIP B/16", "discrimination", 256): (1, 0.9953, 0.9933, 0.9933, 0.9898, 0.9934, 0.9802),
    ("CLIP B/16", "discrimination", 32): (0.981, 0.9991, 0.9847, 0.9847, 0.9748, 0.9747, 0.9516),
    ("CLIP B/16", "rmts", 256): (1, 0.9791, 0.9831, 0.9831, 0.9372, 0.9547, 0.85),
    ("CLIP B/16", "rmts", 32): (1, 0.9797, 0.9802, 0.983, 0.9428, 0.9578, 0.8508),
    ("DINOv2 B/14", "discrimination", 256): (1, 0.997, 0.995, 0.995, 0.9888, 0.9808, 0.9625),
    ("DINOv2 B/14", "discrimination", 32): (0.996, 0.9784, 0.9854, 0.9853, 0.95, 0.973, 0.947),
    ("DINOv2 B/14", "rmts", 256): (1, 0.9819, 0.988, 0.987, 0.92, 0.944, 0.8467),
    ("DINOv2 B/14", "rmts", 32): (0.9998, 0.9694, 0.9643, 0.9472, 0.934, 0.945, 0.82),
    ("ImageNet B/16", "discrimination", 256): (1, 0.9764, 0.9752, 0.9752, 0.8704, 0.9715, 0.9224),
    ("ImageNet B/16", "discrimination", 32): (0.981, 0.9943, 0.9572, 0.9572, 0.8756, 0.9569, 0.8789),
    ("ImageNet B/16", "rmts", 256): (0.9969, 0.882, 0.8934, 0.8934, 0.6847, 0.7047, None),
    ("ImageNet B/16", "rmts", 32): (0.9948, 0.9386, 0.9233, 0.8398, 0.7937, 0.7531, 0.6827),
    ("DINO B/16", "discrimination", 256): (1, 0.9794, 0.9563, 0.9792, 0.8934, 0.9573, 0.8894),
    ("DINO B/16", "discrimination", 32): (0.981, 0.9957, 0.9228, 0.9469, 0.8531, 0.9241, 0.8413),
    ("DINO B/16", "rmts", 256): (1, 0.8981, 0.8769, 0.8947, 0.6637, 0.7691, 0.695),
    ("DINO B/16", "rmts", 32): (0.9959, 0.9577, 0.947, 0.8523, 0.7345, 0.728, 0.6828),
    ("MAE B/16", "discrimination", 256): (1, 0.9822, 0.9795, 0.9795, 0.9436, 0.9258, 0.8620),
    ("MAE B/16", "discrimination", 32): (0.981, 0.9836, 0.9487, 0.9488, 0.8884, 0.9180, 0.8505),
    ("MAE B/16", "rmts", 256): (1, 0.928, 0.9344, 0.9344, 0.8714, 0.7923, 0.6605),
    ("MAE B/16", "rmts", 32): (0.9957, 0.9217, 0.8527, 0.8527, 0.8028, 0.7773, 0.6897),
    ("from scratch B/16", "discrimination", 256): (0.9587, 0.8042, 0.805, 0.805, 0.7844, 0.7056, 0.6694),
    ("from scratch B/16", "discrimination", 32): (0.7731, 0.7588, 0.765, 0.7597, 0.7492, 0.628, 0.5972),
    ("from scratch B/16", "rmts", 256): (0.5466, 0.4992, 0.4959, 0.5017, 0.5045, 0.498, 0.4909),
    ("from scratch B/16", "rmts", 32): (0.4922, 0.5, 0.5001, 0.5, None, None, None),
    ("from scratch + disentanglement B/16", "discrimination", 256): (1, 0.9613, 0.9584, 0.9584, 0.8, 0.7703, 0.6787),
    ("from scratch + disentanglement B/16", "discrimination", 32): (0.9607, 0.9415, None, 0.7856, None, None, None),
    ("CLIP B/32", "discrimination", 256): (1, 0.9977, 0.9964, 0.9964, 0.936, 0.9802, 0.9575),
    ("CLIP B/32", "discrimination", 32): (0.9966, 0.9998, 0.9848, 0.9848, 0.9759, 0.9767, 0.9802),
    ("CLIP B/32", "rmts", 256): (1, 0.9861, 0.9736, 0.9828, 0.93, 0.9468, 0.9052),
    ("CLIP B/32", "rmts", 32): (1, 0.9848, 0.9825, 0.9827, 0.8947, 0.944, 0.8618),
}
"""Accuracy by split, by model, task and number of combinations, in the order of SPLIT_NAMES; one run each."""

DISENTANGLEMENT: dict[Task, dict[str, float]] = {
    "discrimination": {
        "CLIP": 0.9325,
        "DINOv2": 0.923,
        "ImageNet": 0.924,
        "DINO": 0.921,
        "MAE": 0.7665,
        "from scratch": 0.287,
    },
    "rmts": {"CLIP": 0.905, "DINOv2": 0.9125, "ImageNet": 0.8465, "DINO": 0.8125, "MAE": 0.601},
}
"""Best interchange accuracy, mean of shape and colour, of the models trained on 32 combinations."""


def das_curve(task: Task, property: Property, blocks: Sequence[int], model: str = NEAREST) -> list[Series]:
    """The published interchange accuracy at these blocks, or nothing where none was published."""
    values = DAS.get(model, {}).get(task, {}).get(property)
    return [published_series(f"{model}, published", values, blocks)] if values else []


def accuracy_series(task: Task, n_kinds: int, model: str = NEAREST) -> list[Series]:
    """The published accuracy on each of SPLIT_NAMES, or nothing where none was published."""
    values = BEHAVIOUR.get((model, task, n_kinds))
    if values is None:
        return []
    y = tuple(math.nan if v is None else float(v) for v in values)
    return [Series(f"{model}, published (another model)", y, role="published", hue=1)]


def published_series(label: str, values: Values, blocks: Sequence[int], hue: int = 0) -> Series:
    """A published curve over blocks, NaN where the other model has none; labelled as another model."""
    y = tuple(values[b] if 0 <= b < len(values) else math.nan for b in blocks)
    return Series(f"{label} (another model)", y, role="published", hue=hue)


def beside(study: str, name: str, plot: Plot, settings: Mapping[str, Any], model: str) -> Plot:
    """The named plot of a study with a published model's numbers in place of those it has.

    It stays as it is where that model has none, so that its labels always tell whose numbers are drawn.
    """
    series: list[Series] = []
    if study == "das" and isinstance(plot, Curves):
        property: Property = "shape" if name == "das-shape" else "color"
        series = das_curve(settings["task"], property, [int(x) for x in plot.x], model)
    elif study == "behaviour" and isinstance(plot, Bars):
        series = accuracy_series(settings["task"], settings["n_kinds"], model)
    if not series or not isinstance(plot, Curves | Bars):
        return plot
    return replace(plot, series=(*(s for s in plot.series if s.role != "published"), *series))
