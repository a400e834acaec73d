"""`Model`: a network with its geometry, preprocessing and read-out."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from core.cards import card_task, judges_relation
from core.errors import UserError
from core.families.network import STANDARD
from core.inside import Anatomy, anatomy_of
from core.site import PARTS, Part
from core.stimuli.stimulus import Geometry, Task
from core.storage import content_hash
from core.wiring import Wiring, find_blocks, wiring_of

Network = TypeVar("Network", bound=nn.Module)

PARITY_TOLERANCE = 1e-4
EMBEDDINGS = ("patch_embed", "embeds")
"""What timm calls the part that makes tokens of an image."""


@dataclass(frozen=True)
class Model:
    """A vision transformer in evaluation mode. One thread at a time may use it.

    `mean` and `std` normalise RGB in 0–1. `labels` names the classes of the head in order. `reference` is the bundled
    name or the path by which it was opened. `assumed` says in sentences what was taken for granted. `shown` says of
    each fast path that was wanted whether it was shown equal to the network itself (core.fast).
    """

    network: nn.Module
    geometry: Geometry
    name: str = "model"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    labels: tuple[str, ...] = ("different", "same")
    weights_hash: str = ""
    card: Mapping[str, Any] = field(default_factory=dict)
    reference: str = ""
    assumed: tuple[str, ...] = ()
    shown: dict[object, bool] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def blocks(self) -> list[Any]:
        """The transformer blocks."""
        return blocks_of(self.network)

    @cached_property
    def wiring(self) -> Wiring:
        """How the network calls its blocks."""
        return wiring_of(self.network, self.geometry.image_px)

    @cached_property
    def anatomies(self) -> list[Anatomy]:
        """What can be looked at inside each block."""
        x = torch.randn(1, self.wiring.n_tokens, self.width, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            return [
                anatomy_of(partial(self.wiring.advance, block), x.to(self.device)) for block in range(self.n_blocks)
            ]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that every block has."""
        return tuple(part for part in PARTS if all(part in anatomy.parts for anatomy in self.anatomies))

    @cached_property
    def run_sha256(self) -> str:
        """What decides every number: the weights, and how the card says that they are run. Others of the same weights
        may have another ε, activation, mean or standard deviation."""
        network = {**STANDARD, **self.card.get("network", {})}
        said = json.dumps([self.weights_hash, network, self.mean, self.std], sort_keys=True, default=str)
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def task(self) -> Task:
        """What the model was trained on."""
        return card_task(self.card)

    @property
    def stamp(self) -> dict[str, object]:
        """What the card of something that was learned on the model says of it."""
        said: dict[str, object] = {
            "model": self.name,
            "weights_sha256": self.weights_hash,
            "run_sha256": self.run_sha256,
        }
        return {**said, "assumed": list(self.assumed)} if self.assumed else said

    @property
    def judges_relation(self) -> bool:
        """Whether the classes 0 and 1 are “different” and “same”."""
        return judges_relation(self.labels)

    @property
    def n_blocks(self) -> int:
        """L, the number of transformer blocks."""
        return len(self.blocks)

    @property
    def n_heads(self) -> int:
        """H, the attention heads of a block: those whose patterns there are, else those that it says it has."""
        said = (
            part.num_heads for part in self.blocks[0].modules() if isinstance(getattr(part, "num_heads", None), int)
        )
        return self.anatomies[0].n_heads or next(said, 1)

    @property
    def width(self) -> int:
        """D, the width of the residual stream."""
        return self.wiring.width

    @property
    def n_prefix(self) -> int:
        """Tokens before the patches: CLS, if there is one, and registers."""
        return self.wiring.n_tokens - self.geometry.grid**2

    @cached_property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.network.parameters()).device

    @cached_property
    def reads_cls_only(self) -> bool:
        """Whether the logits depend on the first prefix token after the last block alone: shown on noise, in which
        either that token or all others are replaced."""
        if self.n_prefix < 1:
            return False
        generator = torch.Generator().manual_seed(0)
        stream, other = torch.randn(2, 1, self.wiring.n_tokens, self.width, generator=generator).to(self.device)
        first, rest = stream[:, :1], stream[:, 1:]
        rows = [(first, rest), (first, other[:, 1:]), (first, 30 * other[:, 1:]), (other[:, :1], rest)]
        with torch.no_grad():
            logits = self.wiring.leave(torch.cat([torch.cat(row, 1) for row in rows]))  # [4, C]
        near, far, moved = (torch.allclose(logits[0], other, atol=1e-6, rtol=1e-6) for other in logits[1:])
        return near and far and not moved


def blocks_of(network: nn.Module) -> list[Any]:
    """The transformer blocks; their parts are of too many kinds to check their types."""
    return find_blocks(network)


def check_runnable(network: Network) -> Network:
    """The network itself, if the executor may run it exactly; `engine.verify` shows whether it does.

    Raises UserError that names the part that cannot be run.
    """
    blocks_of(network)
    n_channels = getattr(network, "in_chans", 3)
    if n_channels != 3:
        raise UserError(
            f"The network takes images of {n_channels} channels (in_chans).", "Open a model for RGB, which has 3."
        )
    if getattr(network, "global_pool", "token") == "":
        raise UserError("The model has no pooled read-out.", "Open it with a classification head.")
    geometry_of(network)
    return network


def require_relation(model: Model) -> None:
    """Raises UserError where the model does not answer “same” or “different”."""
    if not model.judges_relation:
        few = ", ".join(f"“{label}”" for label in model.labels[:4]) + (", …" if len(model.labels) > 4 else "")
        raise UserError(
            f"{model.name} {f'answers {few}' if few else 'has no classes'}, but this needs the labels “same” and "
            "“different”.",
            "Name the classes in its card if they are these, or choose another model.",
        )


def geometry_of(network: nn.Module) -> Geometry:
    """The canvas and patch grid of a network.

    Raises UserError where images or patches are not square, or the network does not say how large they are.
    """
    embedding = next((m for name, m in network.named_modules() if name.rpartition(".")[2] in EMBEDDINGS), None)
    stated = getattr(network, "default_cfg", None) or {}
    image = getattr(embedding, "img_size", None) or tuple(stated.get("input_size", ()))[-2:]
    if not image:
        raise UserError(
            f"{type(network).__name__} does not say how large its images are.", "Open it with a fixed image size."
        )
    (height, width), (rows, columns) = _pair(image), _grid(embedding, _pair(image))
    if height != width or rows != columns:
        raise UserError("The model's image or patches are not square.", "Open a model with square images and patches.")
    if height % rows:
        what = f"The model's images of {height} pixels are not cut into {rows} × {rows} whole patches."
        raise UserError(what, "Open it with another image size.")
    return Geometry(height, height // rows)


def _pair(value: Any) -> tuple[int, int]:
    high, wide = value if isinstance(value, tuple | list) else (value, value)
    return int(high), int(wide)


def _grid(embedding: Any, image: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of patches; after a stem of convolutions there are fewer than its patch size says."""
    grid, patch = getattr(embedding, "grid_size", None), getattr(embedding, "patch_size", None)
    if grid is not None:
        return _pair(grid)
    if patch is None:
        patch = getattr(getattr(embedding, "proj", None), "stride", None)
    if patch is None:
        raise UserError("The network does not say how large its patches are.", "Open another vision transformer.")
    return image[0] // _pair(patch)[0], image[1] // _pair(patch)[1]


def weights_hash(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over names and values of a state dict, the same in every file format."""
    values = (state[name].detach().to("cpu", torch.float32).contiguous() for name in sorted(state))
    return content_hash((name, value.numpy()) for name, value in zip(sorted(state), values, strict=True))


def choose_device(wanted: str = "auto", say: Callable[[str], object] = warnings.warn) -> torch.device:
    """The device named, such as cpu, cuda or cuda:1, or the fastest one that works.

    `say` gets a sentence for each device that is there, does not work and is passed over. From then on convolutions on
    CUDA are in single precision, as products of matrices are: torch would round what they multiply to 11 bits.

    Raises UserError where the named device is not there or does not work.
    """
    torch.backends.cudnn.allow_tf32 = False
    names = _device_names()
    if wanted == "auto":
        return _fastest(names, say)
    if wanted not in names:
        raise UserError(
            f"There is no device “{wanted}” here.",
            f"Choose one of: auto, {', '.join(names)}.",
            in_window="Choose Model ▸ Run on cpu.",
        )
    if fault := _fault(torch.device(wanted)):
        raise UserError(
            f"{wanted} is here but does not work: {fault}.",
            "Use another device: --device cpu.",
            in_window="Choose Model ▸ Run on cpu.",
        )
    return torch.device(wanted)


def _fastest(names: list[str], say: Callable[[str], object]) -> torch.device:
    faults: dict[str, str] = {}
    for name in names:
        if name.endswith(":0"):  # the same as without an index
            continue
        if fault := _fault(torch.device(name)):
            faults[name] = fault
            continue
        for passed_over, fault in faults.items():
            say(f"{passed_over} is here but does not work: {fault}. {name} is used instead.")
        return torch.device(name)
    raise AssertionError("cpu has no fault")


def _device_names() -> list[str]:
    """The devices that are here, the fastest kind first; cpu is always the last."""
    names = ["cpu"]
    if torch.backends.mps.is_available():
        names = ["mps", "mps:0", *names]
    if torch.cuda.is_available():
        names = ["cuda", *(f"cuda:{index}" for index in range(torch.cuda.device_count())), *names]
    return names


def _fault(device: torch.device) -> str:
    """Why nothing can be computed there, empty where it can: a driver may be too old, or a card, or its memory full."""
    if device.type == "cpu":
        return ""
    try:
        x = torch.ones(2, 2, device=device)
        right = (x @ x).softmax(-1).sum().item() == 2.0
    except (RuntimeError, AssertionError) as error:
        return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")[:200]
    return "" if right else "it computes something else than other devices"
