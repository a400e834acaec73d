from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from timm.models.eva import Eva
from torch import Tensor

from core.engine import advance, embed
from core.errors import UserError
from core.families.files import open_model
from core.families.model import Model
from core.families.readouts import ClassAndMean
from core.inside import run_inside
from core.readings.memories import pass_block, values_of
from core.readings.relevance import ClassHead, Loss, class_head, relevance
from core.readings.watching import Norm
from core.site import Part
from tests.core.networks import TINY, as_model, noise, tiny_model
from tests.core.timm_networks import perturbed

LOSSES: tuple[Loss, ...] = ("cross-entropy", "paper", "logit")
NETWORKS: dict[str, dict[str, Any]] = {
    "as timm has it": {},
    "LayerScale and registers": {"init_values": 0.5, "reg_tokens": 2},
    "no bias": {"qkv_bias": False, "proj_bias": False},
    "mean of the patches": {"global_pool": "avg"},
    "no CLS": {"global_pool": "avg", "class_token": False},
    "norm of queries and keys": {"qk_norm": True},
    "five classes": {"num_classes": 5},
}


def by_autograd(model: Model, entering: Tensor, block: int, *, label: int, query: int, loss: Loss) -> Tensor:
    """−∂ℓ/∂a [H, T], every layer of the network run as it is."""
    free: list[Tensor] = []
    out: list[Tensor] = []

    def visit(part: Part, x: Tensor) -> Tensor:
        if part == "pattern":
            free.append(x.detach().requires_grad_())
            return free[0]
        if part == "attn_out":
            out.append(x)
        return x

    with torch.enable_grad():
        run_inside(partial(model.wiring.advance, block), entering, visit)
        logits = model.wiring.leave(out[0][:, query : query + 1].expand_as(out[0]))
        if loss == "logit":
            value = -logits[0, label]
        else:
            logits = logits.softmax(-1) if loss == "paper" else logits
            value = torch.nn.functional.cross_entropy(logits, torch.tensor([label]))
        (gradient,) = torch.autograd.grad(value, free)
    return -gradient[0, :, query]


def assert_is_the_gradient(model: Model, entering: Tensor, block: int, *, query: int, loss: Loss) -> None:
    head = class_head(model)
    n_classes = len(head.weight)
    seen, values = pass_block(model, entering, block), values_of(model, block)["attn_out"]

    found = relevance(seen, values, head, torch.arange(n_classes), query=query, loss=loss)

    wanted = torch.stack(
        [by_autograd(model, entering, block, label=c, query=query, loss=loss) for c in range(n_classes)]
    )
    assert wanted.abs().max() > 1e-4
    torch.testing.assert_close(found[0], wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("options", NETWORKS.values(), ids=NETWORKS)
def test_the_closed_form_is_the_gradient(options: dict[str, Any], loss: Loss) -> None:
    model = tiny_model(seed=3, **options)
    model = replace(model, labels=tuple("abcde"[: options.get("num_classes", 2)]))
    x = embed(model, noise(1, 3, 64, 64))
    for block in range(model.n_blocks):
        assert_is_the_gradient(model, x, block, query=block, loss=loss)
        x = advance(model, x, block)


def test_it_is_the_gradient_with_rotary_positions_and_a_head_on_cls_and_mean() -> None:
    eva = Eva(**TINY, use_rot_pos_emb=True, use_abs_pos_emb=False, global_pool="token")
    for network in (perturbed(eva), perturbed(ClassAndMean(**TINY))):
        model = as_model(network)  # type: ignore[arg-type]
        assert_is_the_gradient(model, embed(model, noise(1, 3, 64, 64)), 0, query=4, loss="cross-entropy")


@pytest.mark.parametrize("name", ["discrimination", pytest.param("dinov2-discrimination", marks=pytest.mark.slow)])
def test_it_is_the_gradient_in_the_bundled_models(name: str) -> None:
    model = open_model(name, torch.device("cpu"))
    x = embed(model, noise(1, 3, 224, 224))
    last = model.n_blocks - 1
    for block in range(last):
        x = advance(model, x, block)
    assert_is_the_gradient(model, x, last, query=0, loss="cross-entropy")


def test_each_picture_of_a_batch_may_have_its_own_class() -> None:
    model = tiny_model(seed=5)
    x = embed(model, noise(2, 3, 64, 64))
    head, values = class_head(model), values_of(model, 0)["attn_out"]

    both = relevance(pass_block(model, x, 0), values, head, torch.tensor([[1], [0]]))

    for row, label in enumerate((1, 0)):
        alone = relevance(pass_block(model, x[row : row + 1], 0), values, head, torch.tensor([label]))
        torch.testing.assert_close(both[row], alone[0], atol=1e-6, rtol=1e-4)


def test_the_head_gives_the_logits_of_the_network() -> None:
    model = tiny_model(seed=1, init_values=0.5)
    x = noise(4, 17, model.width)

    logits = class_head(model).logits(x[:, 0])

    torch.testing.assert_close(logits, model.wiring.leave(x), atol=1e-5, rtol=1e-5)


def test_a_class_that_is_certain_pulls_at_nothing() -> None:
    norm = Norm("layer", torch.ones(4), torch.zeros(4), 1e-6)
    head = ClassHead(torch.eye(3, 4), norm, torch.tensor([60.0, 0.0, 0.0]))
    model = tiny_model(num_classes=3)
    seen = pass_block(model, embed(model, noise(1, 3, 64, 64)), 0)
    narrow = replace(seen, parts={**seen.parts, "attn_out": seen.parts["attn_out"][..., :4]})

    found = relevance(narrow, values_of(model, 0)["attn_out"][:, :4], head, torch.arange(3))

    assert found[0, 0].abs().max() < 1e-6
    assert found[0, 1].abs().max() > 1e-3


def test_a_network_without_classes_says_so() -> None:
    model = replace(tiny_model(num_classes=0), labels=())
    with pytest.raises(UserError, match="reads no classes"):
        class_head(model)


def test_a_norm_behind_the_attention_is_no_sum_of_values() -> None:
    from timm.models.vision_transformer import ResPostBlock

    model = tiny_model(block_fn=ResPostBlock, init_values=0.5)
    with pytest.raises(UserError, match="no sum of value vectors"):
        values_of(model, 0)
