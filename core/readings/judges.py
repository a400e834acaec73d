"""What is answered for a network without classes: what it puts out, held against labelled examples.

Source: the nearest class mean is Mensink et al. 2013's classifier; docs/methods.md, "Networks without classes".
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from core.cards import read_card
from core.document import Lens
from core.engine import advance, embed, read_out, to_input
from core.errors import UserError
from core.families.files import write_tensors
from core.families.model import Model
from core.families.tensors import read_tensors
from core.locations import data_folder
from core.stimuli.datasets import Example, split_examples
from core.stimuli.render import render_many
from core.stimuli.stimulus import Task
from core.stimuli.tokens import gather_tokens, item_tokens

N_EXAMPLES = 64
BATCH = 16
TITLES: dict[Lens, str] = {"class means": "the nearer of two class means", "cosine": "the cosine of A and B"}


@dataclass(frozen=True, slots=True)
class Scale:
    """How a number tells “same” from “different”: the side of `border`, and by how many σ of the examples.

    `different` and `same` are its means over examples, and `right` the share of them on their side; for class means
    each example is held against means without it.
    """

    border: float
    sigma: float
    different: float
    same: float
    right: float

    def margin(self, values: Tensor) -> Tensor:
        """How far values [B] are on the side of “same”, in σ."""
        return (values - self.border) / self.sigma


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What a network without classes puts out for labelled examples: class means [2, F] of “different” and “same”,
    and the scale of each lens; none for cosines where the task is not about two items."""

    means: Tensor
    scales: dict[Lens, Scale]


def examples_of(model: Model, task: Task) -> Examples:
    """N_EXAMPLES training stimuli of a task as a network sees them; it takes seconds, so they are kept on the disk.

    Raises UserError where they cannot be drawn on the model's canvas.
    """
    path = data_folder() / "examples" / f"{_depends_on(model, task)}.safetensors"
    known = _kept(path, model)
    if known is None:
        known = _measured(model, task)
        scales = {lens: asdict(scale) for lens, scale in known.scales.items()}
        with suppress(UserError):  # a disk that refuses costs no more than the time, next time
            write_tensors(path, {"means": known.means.float().cpu().contiguous()}, {"scales": scales})
    return known


def _depends_on(model: Model, task: Task) -> str:
    """A name for all that examples depend on: weights, how a card says that they are run, stimuli, and the program."""
    said = json.dumps([model.run_sha256, task, N_EXAMPLES, version("relata")])
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _kept(path: Path, model: Model) -> Examples | None:
    """The examples in a file; None where there is none that can be read."""
    try:
        card, means = read_card(path), read_tensors(path, "Delete it.")["means"]
        scales: dict[Lens, Scale] = {lens: Scale(**numbers) for lens, numbers in card["scales"].items()}
    except (UserError, LookupError, TypeError, AttributeError):
        return None
    return Examples(means.to(model.device), scales)


def _measured(model: Model, task: Task) -> Examples:
    examples = split_examples("train", N_EXAMPLES, task=task, geometry=model.geometry)
    outputs, cosines = zip(*(_seen(model, examples[i : i + BATCH]) for i in range(0, N_EXAMPLES, BATCH)), strict=True)
    output = torch.cat(outputs)  # [N, F]
    same = torch.tensor([example.label for example in examples], device=output.device) == 1  # [N]
    means = torch.stack([output[~same].mean(0), output[same].mean(0)])  # [2, F]
    scales: dict[Lens, Scale] = {"class means": _scale(_left_out(output, means, same), same, border=0.0)}
    if task == "discrimination":
        scales["cosine"] = _scale(torch.cat(cosines), same)
    return Examples(means, scales)


def _seen(model: Model, examples: list[Example]) -> tuple[Tensor, Tensor]:
    """What the network puts out [B, F], and the cosine of the first two items [B], for examples."""
    stimuli = [example.stimulus for example in examples]
    x = embed(model, to_input(model, render_many(stimuli)))
    for block in range(model.n_blocks):
        x = advance(model, x, block)
    first, second = (gather_tokens(x, tokens) for tokens in item_tokens(model, stimuli)[:, :2].unbind(1))
    return read_out(model, x), cosine(first, second)


def cosine(first: Tensor, second: Tensor) -> Tensor:
    """The cosine [B] between the means of the tokens [B, n, D] of two items."""
    return F.cosine_similarity(first.mean(1), second.mean(1))


def nearness(output: Tensor, means: Tensor) -> Tensor:
    """By how much outputs [B, F] are nearer to the mean of “same” than to that of “different”, means [2, F].

    n = (‖f − μ_d‖² − ‖f − μ_s‖²) / 2
    """
    squared = ((output[:, None] - means) ** 2).sum(-1)  # [B, 2]
    return (squared[:, 0] - squared[:, 1]) / 2


def _left_out(output: Tensor, means: Tensor, same: Tensor) -> Tensor:
    """The nearness [N] of each example to means without it: its own class's lies n / (n − 1) times as far off."""
    squared = ((output[:, None] - means) ** 2).sum(-1)  # [N, 2]
    n_own = torch.where(same, same.sum(), (~same).sum())
    farther = (n_own / (n_own - 1)) ** 2
    different = torch.where(same, squared[:, 0], squared[:, 0] * farther)
    return (different - torch.where(same, squared[:, 1] * farther, squared[:, 1])) / 2


def _scale(values: Tensor, same: Tensor, border: float | None = None) -> Scale:
    """The scale of a number [N] of examples; without a border it is halfway between the means."""
    of_different, of_same = (float(values[which].mean()) for which in (~same, same))
    border = (of_different + of_same) / 2 if border is None else border
    within = torch.cat([values[which] - values[which].mean() for which in (~same, same)])
    sigma = max(float(within.square().mean().sqrt()), 1e-12)
    right = float(((values > border) == same).float().mean())
    return Scale(border, sigma, of_different, of_same, right)
