"""Fine-tune an opened model: what of it learns, how fast each part does, and whether it still gets better.

Source: Lepori et al. 2024, fine-tuning; docs/methods.md, "Training".
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from core.engine import to_input
from core.errors import UserError
from core.families.files import read_model_file
from core.families.low_rank import add_low_rank, head_names, take_low_rank
from core.families.model import Model
from core.jobs.losses import Trainee
from core.jobs.recipe import Recipe
from core.locations import lasting
from core.stimuli.datasets import split_examples
from core.stimuli.render import render_many
from core.stimuli.stimulus import RELATIONS

AT_ONCE = 50
OF_HEADS = ("labels", "head")
"""What may be assumed of a head, and is not of the one that takes its place."""


def of_model(recipe: Recipe, model: Model) -> Recipe:
    """The recipe with picture, patches, width, depth and heads of the model that it fine-tunes."""
    return replace(
        recipe,
        image_px=model.geometry.image_px,
        patch_px=model.geometry.patch_px,
        width=model.width,
        depth=model.n_blocks,
        heads=model.n_heads,
    )


def fine_tuned(recipe: Recipe, model: Model) -> Trainee:
    """The network of a model with a head of two classes, and of its parts only those to learn that the recipe names.

    A head for “different” and “same” is kept. A model that is itself two matrices a layer on a parent, of the
    recipe's rank, goes on as these on its parent.

    Raises UserError where its parts cannot learn so.
    """
    whole: object = model.network
    if not isinstance(whole, VisionTransformer) and stages(recipe):
        raise UserError(
            f"Auxiliary losses cannot look into a {type(whole).__name__}.",
            "Set disentangle_weight, pipeline_weight and pair_probe_weight to 0.",
        )
    try:
        if recipe.tune == "low-rank":
            network = _low_rank(recipe, model)
        else:
            network = _with_head(model).requires_grad_(recipe.tune == "all")
        head = head_names(network)
    except (ValueError, AttributeError, NotImplementedError) as error:
        raise UserError(f"{model.name} cannot be fine-tuned so: {error}.", "Tune all weights, or the head.") from error
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(parameter.requires_grad or name in head)
    trainee = Trainee(recipe, network)
    trainee.started_from = model.weights_hash
    return trainee


def stages(recipe: Recipe) -> bool:
    """Whether a recipe pays for more than the task."""
    return bool(recipe.disentangle_weight or recipe.pipeline_weight or recipe.pair_probe_weight)


def _with_head(model: Model) -> Any:
    network: Any = copy.deepcopy(model.network)
    if not model.judges_relation or network.num_classes != len(RELATIONS):
        network.reset_classifier(len(RELATIONS))
        network.to(model.device)
    return network.train()


def _low_rank(recipe: Recipe, model: Model) -> Any:
    if "low_rank" not in model.card:
        network = _with_head(model).requires_grad_(False)
        add_low_rank(network, recipe.rank, recipe.rank_scale)
        return network
    parent, learned = read_model_file(model.reference)
    network = copy.deepcopy(model.network).requires_grad_(False).train()
    own = network.state_dict()
    network.load_state_dict({**own, **{name: value for name, value in (parent | learned).items() if name in own}})
    add_low_rank(network, recipe.rank, recipe.rank_scale)
    take_low_rank(network, learned)
    return network


def fine_tuned_card(init: Model, recipe: Recipe) -> dict[str, Any]:
    """What the card of a fine-tuned model takes from the model before it; of low rank, who its parent is."""
    card: dict[str, Any] = {
        "network": {**init.card["network"], "num_classes": len(RELATIONS)},
        "mean": list(init.mean),
        "std": list(init.std),
        "provenance": init.card.get("provenance", ""),
        "licence": init.card.get("licence", ""),
    }
    listed = init.card.get("assumptions")
    if taken := [one for one in listed or () if isinstance(one, Mapping) and one.get("name") not in OF_HEADS]:
        card["assumptions"] = taken
    if recipe.tune != "low-rank":
        return card
    parent = init.card.get("parent") or {"model": lasting(init.reference), "weights_sha256": init.weights_hash}
    return {**card, "parent": parent, "low_rank": {"rank": recipe.rank, "scale": recipe.rank_scale}}


def groups(trainee: Trainee, recipe: Recipe) -> list[dict[str, Any]]:
    """The parameters that learn, by how fast and with which decay: matrices decay, vectors do not.

    `rate` is times the recipe's learning rate: each block `layer_decay` times that of the next, the embeddings below
    the first, the head `head_lr`.
    """
    found: dict[tuple[float, float], list[nn.Parameter]] = {}
    head = head_names(trainee.network)
    for name, parameter in trainee.named_parameters():
        if parameter.requires_grad:
            decay = recipe.weight_decay if parameter.ndim >= 2 else 0.0
            rate = recipe.head_lr if name.removeprefix("network.") in head else _rate(name, recipe)
            found.setdefault((rate, decay), []).append(parameter)
    return [{"params": params, "weight_decay": decay, "rate": rate} for (rate, decay), params in found.items()]


def _rate(name: str, recipe: Recipe) -> float:
    """Of probes and of what comes after the blocks it is 1."""
    part, _, rest = name.removeprefix("network.").partition(".")
    if part == "blocks":
        return float(recipe.layer_decay ** (recipe.depth - 1 - int(rest.split(".")[0])))
    before = part in ("patch_embed", "pos_embed", "cls_token", "reg_token", "norm_pre")
    return float(recipe.layer_decay**recipe.depth) if before else 1.0


def validation_accuracy(trainee: Trainee, recipe: Recipe, model: Model) -> float:
    """The share of right answers on unseen validation images, all tokens, fp32."""
    examples = split_examples("val", recipe.n_validate, task=recipe.task, geometry=model.geometry)
    hits = 0
    trainee.eval()
    with torch.inference_mode():
        for start in range(0, len(examples), AT_ONCE):
            few = examples[start : start + AT_ONCE]
            logits: Tensor = trainee.network(to_input(model, render_many([e.stimulus for e in few])))
            hits += int((logits.argmax(1).cpu() == torch.tensor([e.label for e in few])).sum())
    trainee.train()
    return hits / len(examples)


def has_stopped(accuracies: list[float], patience: int) -> bool:
    """Whether the last `patience` validations were none better than the best before them."""
    return bool(patience) and len(accuracies) > patience and max(accuracies[-patience:]) <= max(accuracies[:-patience])


def fewer(n_at_once: int, error: RuntimeError) -> int:
    """How many images at a time to try where so many did not fit into memory, of which torch may only say so in words.

    Raises UserError where it was one; any other error as it is.
    """
    if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
        raise error
    if n_at_once == 1:
        raise UserError(
            "Not even one image at a time fits into memory.", "Train on another device, or the head alone."
        ) from error
    return (n_at_once + 1) // 2
