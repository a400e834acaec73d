"""What the classes of a head are called: as the card says, or as timm's lists of ImageNet's classes do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from timm.data import ImageNetInfo
from timm.data.imagenet_info import infer_imagenet_subset
from torch import Tensor, nn

from core.cards import card_labels
from core.stimuli.stimulus import RELATIONS

SETS = ("imagenet-1k", "imagenet-12k", "imagenet-21k")
"""What a card may say in place of names."""


def class_names(card: Mapping[str, Any], n_classes: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the classes in the order of the head's rows, and in sentences what was assumed about them.

    A card may name one of ImageNet's sets in place of a list. Where it names no classes, a head with as many rows as
    such a set is taken to be of it.

    Raises ValueError where there are no names for the rows.
    """
    stated = card.get("labels")
    if stated is None and n_classes == 0:
        return (), ()
    title = _set_of(n_classes)
    if title and stated is None:
        words = f"Assumed, as the card names no classes: the {n_classes} are those of {title}."
        return imagenet_names(n_classes), (words,)
    if isinstance(stated, str) and stated in SETS:
        if title.casefold() != stated:
            raise ValueError(f"{n_classes} classes are not those of {stated.replace('imagenet', 'ImageNet')}")
        return imagenet_names(n_classes), ()
    return card_labels(card), ()


def _set_of(n_classes: int) -> str:
    """Which of ImageNet's sets has so many classes, "" where none: 21k comes in several lengths."""
    subset = infer_imagenet_subset({"num_classes": n_classes})
    if subset is None:
        return ""
    return "ImageNet-21k" if subset[:11] in ("imagenet-21", "imagenet-22") else subset.replace("imagenet", "ImageNet")


def imagenet_names(n_classes: int) -> tuple[str, ...]:
    """ImageNet's names for a head of one of its sizes, no two alike; none for another size.

    The first word for each class; all of its words where others have the same first one, and then with its number in
    WordNet: there are two cranes, a bird and a machine.
    """
    subset = infer_imagenet_subset({"num_classes": n_classes})
    if subset is None:
        return ()
    info = ImageNetInfo(subset)
    whole, synsets = list(info.label_descriptions()), list(info.label_names())  # type: ignore[no-untyped-call]
    names = [words.split(",")[0].strip() for words in whole]
    for longer in (whole, [f"{words} ({synset})" for words, synset in zip(whole, synsets, strict=True)]):
        n_of = Counter(name.casefold() for name in names)
        names = [name if n_of[name.casefold()] == 1 else more for name, more in zip(names, longer, strict=True)]
    return tuple(names)


def as_two_classes(heads: Sequence[nn.Module], label: str) -> tuple[str, ...]:
    """Have heads of one logit put out a logit of 0 for “not `label`” beside it; returns the names of the two.

    The softmax over the two is the sigmoid of the one. A head for “same” or “different” is one for both.
    """
    known = label.strip().casefold()
    for head in heads:
        head.register_forward_hook(_zero_after if known == RELATIONS[0] else _zero_before)
    return RELATIONS if known in RELATIONS else (f"not {label}", label)


def _zero_before(_head: nn.Module, _inputs: Any, logit: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(logit), logit], -1)  # [B, 2]


def _zero_after(_head: nn.Module, _inputs: Any, logit: Tensor) -> Tensor:
    return torch.cat([logit, torch.zeros_like(logit)], -1)  # [B, 2]
