"""Fit a linear head for the 100 kinds of emoji on a model whose weights stay as they are.

    minimise   mean cross-entropy of W z + b   +   λ ‖W‖² / 2,   z = Sᵀ (f − f̄),   S Sᵀ = C⁻¹

f is what the model reads out of a picture and C how it spreads within a kind: what only says where an emoji lies and on
what ground costs the head as much as what says which one it is. S is then folded into W. What is learned is the head
alone, which names the model that it was fitted on; docs/methods.md, "The emoji model".
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from core.emoji import CANVAS_PX, characters, emoji_pictures, labelled_pictures
from core.engine import embed, resume, to_input
from core.errors import UserError
from core.families.files import open_model, save_low_rank
from core.families.model import Model
from core.locations import lasting, model_path
from core.progress import Job, Progress
from core.stimuli.datasets import Example
from core.stimuli.masks import mask_pixels
from core.stimuli.render import render_many
from core.storage import check_tensor_file

AT_ONCE = 32
EXAMPLE = "cat"
"""The example picture on which a model of emoji opens."""
PICTURES = (
    "Its head was fitted on pictures cut out of Noto Color Emoji (Google, SIL Open Font License 1.1; resources/emoji), "
    "on grounds of our own."
)
DECAYS = (0.3, 0.1, 0.03, 0.01)
SCALES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""What λ, for the most right answers, and then the scale of all logits, for the least loss, are chosen from, on every
tenth training picture. Source of the second step: Guo et al. 2017, temperature scaling."""
LEAST_SPREAD = 0.01
"""What is added to C, times its mean variance: with few pictures some directions seem to have none."""
N_STEPS = 200
SIZES = {"below 90 px": (0, 90), "90 to 119 px": (90, 120), "120 px and more": (120, 10_000)}
"""From how many to how many of 224 pixels the longer side of what is seen of an emoji goes, for accuracy by size."""


@dataclass(frozen=True, slots=True)
class HeadOptions:
    """How many pictures the head is fitted and measured on, and the seed of these."""

    n_images: int = 8000
    n_test: int = 2000
    seed: int = 0


def make_emoji_model(model: Model, out: Path, options: HeadOptions) -> Job[dict[str, Any]]:
    """Fit a head on a model, write it as a model of its own, and measure that on unseen pictures; returns its card.

    Raises UserError where the model cannot be a parent, or the file not be written.
    """
    _check(model, out)
    network = yield from fit_head(model, options)
    card: dict[str, Any] = {
        "name": out.stem,
        "network": {**model.card["network"], "num_classes": len(characters())},
        "mean": list(model.mean),
        "std": list(model.std),
        "labels": list(characters()),
        "example": EXAMPLE,
        "provenance": " ".join(filter(None, (str(model.card.get("provenance", "")), PICTURES))),
        "licence": model.card.get("licence", ""),
        "parent": {"model": lasting(model.reference), "weights_sha256": model.weights_hash},
        "head": asdict(options),
        "date": date.today().isoformat(),
        "code_version": version("relata"),
        "torch": torch.__version__,
    }
    save_low_rank(out, network, card)
    fitted = open_model(str(out), model.device)
    card["accuracy"] = yield from accuracy(fitted, options.n_test, options.seed)
    save_low_rank(out, network, card)
    return card


def _check(model: Model, out: Path) -> None:
    if "parent" in model.card:
        raise UserError(
            f"{model.name} is itself what was learned on {model.card['parent']['model']}.", "Fit a head on that one."
        )
    check_tensor_file(out)
    if out.exists() and out.samefile(model_path(model.reference)):
        raise UserError(f"{out} is the model to fit a head on.", "Name another file to write.")


def fit_head(model: Model, options: HeadOptions) -> Job[Any]:
    """The network with the fitted head, in fp32.

    Raises UserError where it has no single head to put one in the place of.
    """
    network: Any = copy.deepcopy(model.network)
    try:
        network.reset_classifier(0)
    except (AttributeError, TypeError, NotImplementedError) as error:
        raise UserError(f"{model.name} cannot be given another head: {error}.", "Choose another model.") from error
    features, labels = [], []
    for few in _few(emoji_pictures("train", options.n_images, options.seed, model.geometry)):
        features.append(read_out(network, model, few))
        labels += [example.label for example in few]
        yield Progress(len(labels), options.n_images + options.n_test, "reading out training pictures")
    return with_head(network, *fit(torch.cat(features), torch.tensor(labels))).to(model.device)


def read_out(network: Any, model: Model, examples: Sequence[Example]) -> Tensor:
    """What a network without a head makes of pictures [B, D], in bfloat16: fast, and near enough to fit a head on."""
    x = to_input(model, render_many([example.stimulus for example in examples]))
    with torch.no_grad(), torch.autocast(model.device.type, torch.bfloat16):
        features: Tensor = network(x)
    return features.float().cpu()


def with_head(network: Any, weight: Tensor, bias: Tensor) -> Any:
    """The network with a linear head of these weights, in place."""
    network.reset_classifier(len(bias))
    head = network.get_classifier()
    with torch.no_grad():
        head.weight.copy_(weight)
        head.bias.copy_(bias)
    return network


def fit(features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Weights [C, D] and biases [C] for features [N, D] and labels [N], with λ and scale that are best on a tenth."""
    held_out = torch.arange(len(labels)) % 10 == 9
    unseen = labels[held_out]
    logits: dict[float, Tensor] = {}
    for decay in DECAYS:
        weight, bias = _fit(features[~held_out], labels[~held_out], decay)
        logits[decay] = features[held_out] @ weight.T + bias
    best = max(DECAYS, key=lambda decay: int((logits[decay].argmax(1) == unseen).sum()))
    scale = min(SCALES, key=lambda scale: float(cross_entropy(scale * logits[best], unseen)))
    weight, bias = _fit(features, labels, best)
    return scale * weight, scale * bias


def _fit(features: Tensor, labels: Tensor, decay: float) -> tuple[Tensor, Tensor]:
    """Weights [C, D] and biases [C] for a λ: fitted on whitened features, and brought back to the features."""
    mean, whitening = features.mean(0), within_whitening(features, labels)
    weight, bias = logistic_regression((features - mean) @ whitening, labels, decay)
    weight = weight @ whitening.T
    return weight, bias - weight @ mean


def within_whitening(features: Tensor, labels: Tensor) -> Tensor:
    """S [D, D], with which features [N, D] times S have about the same spread within a class in every direction."""
    hot = one_hot(labels).float()  # [N, C]
    means = (hot.T @ features) / hot.sum(0).clamp(min=1)[:, None]  # [C, D]
    rest = features - means[labels]
    spread = rest.T @ rest / len(rest)
    spread += LEAST_SPREAD * spread.trace() / len(spread) * torch.eye(len(spread))
    whitening: Tensor = torch.linalg.cholesky(torch.linalg.inv(spread))
    return whitening


def logistic_regression(features: Tensor, labels: Tensor, decay: float) -> tuple[Tensor, Tensor]:
    """Weights [C, D] and biases [C] of least loss for features [N, D] and labels [N], by L-BFGS from zero."""
    weight = nn.Parameter(torch.zeros(len(characters()), features.shape[1]))
    bias = nn.Parameter(torch.zeros(len(weight)))
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=N_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = cross_entropy(features @ weight.T + bias, labels) + decay * weight.square().sum() / 2
        value.backward()
        return value

    optimizer.step(loss)
    return weight.detach(), bias.detach()


def accuracy(model: Model, n: int, seed: int = 0) -> Job[dict[str, Any]]:
    """The share of right answers on `n` unseen pictures, fp32, of all, by size and of the five hardest kinds.

    Raises UserError where the model has no classes of emoji.
    """
    right: list[bool] = []
    sizes: list[int] = []
    kinds: list[str] = []
    for few in _few(labelled_pictures(model, n, seed)):
        with torch.inference_mode():
            x = to_input(model, render_many([e.stimulus for e in few]))
            chosen = resume(model, embed(model, x), 0).argmax(1).tolist()
        right += [c == e.label for c, e in zip(chosen, few, strict=True)]
        sizes += [_size(e) * CANVAS_PX // model.geometry.image_px for e in few]
        kinds += [e.condition for e in few]
        yield Progress(len(right), n, "answering unseen pictures")
    by_kind = {kind: fmean(r for r, k in zip(right, kinds, strict=True) if k == kind) for kind in dict.fromkeys(kinds)}
    by_size = {}
    for words, (low, high) in SIZES.items():
        of = [r for r, size in zip(right, sizes, strict=True) if low <= size < high]
        by_size[words] = {"accuracy": fmean(of) if of else None, "n": len(of)}
    hardest = dict(sorted(by_kind.items(), key=lambda pair: pair[1])[:5])
    return {"accuracy": fmean(right), "n": n, "seed": seed, "by size": by_size, "hardest kinds": hardest}


def _size(example: Example) -> int:
    """The longer side of what is seen of the emoji."""
    photo = example.stimulus.photo
    assert photo is not None
    inside = mask_pixels(photo.masks[0], example.stimulus.geometry.image_px)
    return max(int(np.ptp(np.flatnonzero(inside.any(axis)))) + 1 for axis in (0, 1))


def _few(examples: Iterator[Example]) -> Iterator[list[Example]]:
    while few := list(islice(examples, AT_ONCE)):
        yield few
