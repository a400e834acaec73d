"""`Model`: a network with its geometry, preprocessing and read-out."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from timm.layers import Attention
from timm.models.vision_transformer import Block, VisionTransformer
from torch import Tensor, nn

from core.cards import card_task, judges_relation
from core.errors import UserError
from core.scene import Geometry, Task

PARITY_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Model:
    """A vision transformer in evaluation mode. One thread at a time may use it.

    `mean` and `std` normalise RGB in 0–1. `labels` names the classes of the head in order. `reference` is the bundled
    name or the path by which it was opened. `assumed` says in sentences what was taken for granted.
    """

    network: VisionTransformer
    geometry: Geometry
    name: str = "model"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    labels: tuple[str, ...] = ("different", "same")
    weights_hash: str = ""
    card: Mapping[str, Any] = field(default_factory=dict)
    reference: str = ""
    assumed: tuple[str, ...] = ()

    @property
    def blocks(self) -> list[Any]:
        """The transformer blocks."""
        return blocks_of(self.network)

    @property
    def task(self) -> Task:
        """What the model was trained on."""
        return card_task(self.card)

    @property
    def judges_relation(self) -> bool:
        """Whether the classes 0 and 1 are “different” and “same”."""
        return judges_relation(self.labels)

    @property
    def n_blocks(self) -> int:
        """L, the number of transformer blocks."""
        return len(self.network.blocks)

    @property
    def n_heads(self) -> int:
        """H, the attention heads of a block."""
        return int(self.blocks[0].attn.num_heads)

    @property
    def width(self) -> int:
        """D, the width of the residual stream."""
        return int(self.network.embed_dim)

    @property
    def n_prefix(self) -> int:
        """Tokens before the patches: CLS, if there is one, and registers."""
        return int(self.network.num_prefix_tokens)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.network.parameters()).device

    @property
    def reads_cls_only(self) -> bool:
        """Whether the logits depend on the CLS token of the last block alone."""
        return self.network.global_pool == "token"


def blocks_of(network: VisionTransformer) -> list[Any]:
    """The transformer blocks, timm's `Block`; timm types their parts too loosely to check."""
    return list(network.blocks)


def check_runnable(network: nn.Module) -> VisionTransformer:
    """The network itself, if the executor can run it exactly.

    Raises UserError that names the part that it cannot run.
    """
    if type(network) is not VisionTransformer:
        raise UserError(
            f"{type(network).__name__} is not a plain vision transformer.",
            "Open a model of timm's VisionTransformer class.",
        )
    for index, block in enumerate(network.blocks):
        if type(block) is not Block or type(block.attn) is not Attention:
            raise UserError(
                f"Block {index} is a {type(block).__name__} with {type(getattr(block, 'attn', None)).__name__}.",
                "The executor runs standard pre-norm blocks with standard attention only.",
            )
        if getattr(block.attn, "gate", None) is not None:
            raise UserError(f"Block {index} gates its attention output.", "The executor cannot run gated attention.")
    if network.in_chans != 3:
        raise UserError(
            f"The network takes images of {network.in_chans} channels (in_chans).", "Open a model for RGB, which has 3."
        )
    if network.dynamic_img_size:
        raise UserError("The model takes images of any size.", "Open it with a fixed image size.")
    if network.global_pool == "":
        raise UserError("The model has no pooled read-out.", "Open it with a classification head.")
    size, patch = network.patch_embed.img_size, network.patch_embed.patch_size
    if size is None or size[0] != size[1] or patch[0] != patch[1]:
        raise UserError("The model's image or patches are not square.", "Open a model with square images and patches.")
    return network


def require_relation(model: Model) -> None:
    """Raises UserError where the model does not answer “same” or “different”."""
    if not model.judges_relation:
        few = ", ".join(f"“{label}”" for label in model.labels[:4]) + (", …" if len(model.labels) > 4 else "")
        raise UserError(
            f"{model.name} answers {few}, but this needs the labels “same” and “different”.",
            "Name the classes in its card if they are these, or choose another model.",
        )


def geometry_of(network: VisionTransformer) -> Geometry:
    """The canvas and patch grid of a network."""
    return Geometry(int(network.patch_embed.img_size[0]), int(network.patch_embed.patch_size[0]))


def weights_hash(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over names and values of a state dict, the same in every file format."""
    digest = hashlib.sha256()
    for name in sorted(state):
        value = state[name].detach().to("cpu", torch.float32).contiguous()
        digest.update(f"{name} {tuple(value.shape)}".encode())
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()


def choose_device(wanted: str = "auto", say: Callable[[str], object] = warnings.warn) -> torch.device:
    """The device named, such as cpu, cuda or cuda:1, or the fastest one that works.

    `say` gets a sentence for each device that is there, does not work and is passed over.

    Raises UserError where the named device is not there or does not work.
    """
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
