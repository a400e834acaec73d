from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from timm.layers import Mlp
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor

from core import engine, fast
from core.engine import Edit, advance, attention_rows, embed, parity_error, read_out, resume, run, to_input, verify
from core.errors import UserError
from core.families.model import Model, check_runnable
from core.site import Site
from tests.core.networks import TINY, as_model, noise, orthogonal, tiny_model, tiny_network

TOLERANCE = 1e-4

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "patch 14": {"img_size": 56, "patch_size": 14},
    "patch 32": {"img_size": 96, "patch_size": 32},
    "LayerScale": {"init_values": 0.3},
    "registers": {"reg_tokens": 4},
    "registers outside the position embedding": {"reg_tokens": 4, "no_embed_class": True},
    "no CLS": {"class_token": False, "global_pool": "avg"},
    "CLS and average": {"global_pool": "avg"},
    "average with a norm after it": {"global_pool": "avg", "fc_norm": True},
    "average over prefix tokens too": {"global_pool": "avg", "pool_include_prefix": True},
    "attention pooling": {"global_pool": "map", "class_token": False},
    "normalised q and k": {"qk_norm": True},
    "normalised attention output": {"scale_attn_norm": True},
    "normalised MLP": {"scale_mlp_norm": True},
    "no bias for q, k, v": {"qkv_bias": False},
    "a norm before the blocks": {"pre_norm": True},
    "no norm at the end": {"final_norm": False},
    "five classes": {"num_classes": 5},
    "another MLP": {"mlp_layer": Mlp, "act_layer": torch.nn.SiLU},
}


@pytest.fixture(scope="module", params=VARIANTS)
def model(request: pytest.FixtureRequest) -> Model:
    return tiny_model(**VARIANTS[request.param])


@pytest.fixture(autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def images(model: Model, n: int = 2, seed: int = 0) -> Tensor:
    size = model.geometry.image_px
    return noise(n, 3, size, size, seed=seed)  # [B, 3, S, S]


def block_outputs(model: Model, x: Tensor) -> list[Tensor]:
    """The stream [B, T, D] after every block, as the network's own forward passes it on."""
    seen: list[Tensor] = []
    hooks = [block.register_forward_hook(lambda _, __, out: seen.append(out)) for block in model.blocks]
    model.network(x)
    for hook in hooks:
        hook.remove()
    return seen


def test_a_pass_equals_the_networks_own_forward(model: Model) -> None:
    x = images(model)

    trace = run(model, x)

    torch.testing.assert_close(trace.logits, model.network(x), atol=TOLERANCE, rtol=0)
    for block, output in enumerate(block_outputs(model, x)):
        torch.testing.assert_close(trace.after(block), output, atol=TOLERANCE, rtol=0)
    assert len(trace.residuals) == model.n_blocks + 1


def test_resuming_at_any_block_equals_the_whole_pass(model: Model) -> None:
    trace = run(model, images(model))

    for start in range(model.n_blocks + 1):
        logits = resume(model, trace.after(start - 1), start)
        torch.testing.assert_close(logits, trace.logits, atol=TOLERANCE, rtol=0)


def test_resuming_with_edits_equals_the_whole_pass_with_them(model: Model) -> None:
    x = images(model)
    trace = run(model, x)

    for at in range(-1, model.n_blocks):
        edits: list[Edit] = [(Site(at), lambda s: s + 0.3 * noise(*s.shape, seed=9))]
        wanted = run(model, x, edits).logits
        for start in range(at + 2):
            logits = resume(model, trace.after(start - 1), start, edits)
            torch.testing.assert_close(logits, wanted, atol=TOLERANCE, rtol=0)


def test_patching_every_token_from_a_source_gives_the_sources_logits(model: Model) -> None:
    base, source = images(model, seed=1), images(model, seed=2)
    trace, wanted = run(model, base), model.network(source)
    donor = run(model, source)

    for at in range(-1, model.n_blocks):
        edits: list[Edit] = [(Site(at), lambda _, at=at: donor.after(at))]
        torch.testing.assert_close(run(model, base, edits).logits, wanted, atol=TOLERANCE, rtol=0)
        resumed = resume(model, trace.after(at), at + 1, edits)
        torch.testing.assert_close(resumed, wanted, atol=TOLERANCE, rtol=0)


def test_an_edit_that_changes_nothing_is_no_edit(model: Model) -> None:
    x = images(model)
    edits: list[Edit] = [(Site(at), lambda s: s.clone()) for at in range(-1, model.n_blocks)]

    assert torch.equal(run(model, x, edits).logits, run(model, x).logits)


def test_the_cls_row_alone_equals_the_whole_last_block() -> None:
    for options in ({}, {"init_values": 0.3, "qk_norm": True, "scale_attn_norm": True, "reg_tokens": 2}):
        model = tiny_model(**options)
        entering = run(model, images(model)).after(model.n_blocks - 2)

        row = fast.cls_row(model.blocks[-1], entering)

        whole = advance(model, entering, model.n_blocks - 1)
        torch.testing.assert_close(row, whole[:, :1], atol=1e-5, rtol=0)


def test_only_a_cls_read_out_is_cut_to_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    cut = engine.cls_row
    monkeypatch.setattr(engine, "cls_row", lambda *given: calls.append(1) or cut(*given))

    for options in ({"global_pool": "avg"}, {"global_pool": "map", "class_token": False}):
        model = tiny_model(**options)
        resume(model, noise(1, 16 + model.n_prefix, 32), 0)
    assert not calls

    resume(tiny_model(), noise(1, 17, 32), 0)
    assert calls


def test_attention_rows_equal_the_networks_own_pattern(model: Model) -> None:
    x = images(model)
    trace = run(model, x)
    for index, block in enumerate(model.blocks):
        patterns: list[Tensor] = []
        hook = block.attn.attn_drop.register_forward_hook(lambda _, __, out, seen=patterns: seen.append(out))
        fused, block.attn.fused_attn = block.attn.fused_attn, False
        block(trace.after(index - 1))
        block.attn.fused_attn = fused
        hook.remove()
        n_tokens = patterns[0].shape[-1]
        queries = torch.tensor([n_tokens - 1, 0, 3])

        rows = attention_rows(model, trace.after(index - 1), index, queries)
        one_each = attention_rows(model, trace.after(index - 1), index, torch.tensor([[2], [5]]))

        torch.testing.assert_close(rows, patterns[0][:, :, queries], atol=1e-5, rtol=0)
        torch.testing.assert_close(one_each[0, :, 0], patterns[0][0, :, 2], atol=1e-5, rtol=0)
        torch.testing.assert_close(one_each[1, :, 0], patterns[0][1, :, 5], atol=1e-5, rtol=0)
        torch.testing.assert_close(rows.sum(-1), torch.ones_like(rows[..., 0]))


@pytest.mark.parametrize(
    "name",
    [
        "vit_tiny_patch16_224",
        "vit_small_patch16_224",
        "vit_small_patch32_224",
        "vit_base_patch16_224",
        "vit_base_patch32_224",
        "vit_small_patch14_dinov2",
        "vit_small_patch14_reg4_dinov2",
        "vit_base_patch16_clip_224",
        "vit_medium_patch16_gap_240",
        "vit_base_patch16_siglip_224",
    ],
)
def test_timms_own_architectures_run_exactly(name: str) -> None:
    size = {"img_size": 224} if "dinov2" in name else {}
    model = as_model(timm.create_model(name, pretrained=False, num_classes=3, **size).eval())

    assert parity_error(model, n_images=1) <= TOLERANCE


def test_the_stream_is_edited_where_the_edit_says_and_nowhere_before() -> None:
    model = tiny_model()
    x = images(model)
    plain, edited = run(model, x), run(model, x, [(Site(1), lambda s: s + 1.0)])

    assert torch.equal(edited.after(-1), plain.after(-1))
    assert torch.equal(edited.after(0), plain.after(0))
    torch.testing.assert_close(edited.after(1), plain.after(1) + 1.0)
    assert not torch.allclose(edited.after(2), plain.after(2))


def test_edits_of_one_block_apply_in_order() -> None:
    model = tiny_model()
    x = images(model)

    trace = run(model, x, [(Site(0), lambda s: s * 2), (Site(0), lambda s: s + 1)])

    torch.testing.assert_close(trace.after(0), run(model, x).after(0) * 2 + 1)


def test_an_edit_of_item_tokens_after_the_last_block_cannot_reach_a_cls_read_out() -> None:
    model = tiny_model()
    x = images(model)

    def only_patches(stream: Tensor) -> Tensor:
        return torch.cat([stream[:, :1], stream[:, 1:] * -3], 1)

    assert torch.equal(run(model, x, [(Site(2), only_patches)]).logits, run(model, x).logits)


def test_each_image_of_a_batch_is_run_for_itself() -> None:
    model = tiny_model()
    x = images(model, n=3)

    together = run(model, x).logits

    for row, image in zip(together, x, strict=True):
        torch.testing.assert_close(run(model, image[None]).logits[0], row, atol=1e-5, rtol=0)


@given(st.integers(0, 1000))
@settings(max_examples=10)
def test_rotating_the_stream_and_back_changes_nothing(seed: int) -> None:
    model = tiny_model()
    x = images(model, seed=seed)
    there = orthogonal(32, seed)

    trace = run(model, x, [(Site(0), lambda s: s @ there), (Site(0), lambda s: s @ there.T)])

    torch.testing.assert_close(trace.logits, run(model, x).logits, atol=TOLERANCE, rtol=0)


def test_pixels_are_normalised_by_the_models_own_mean_and_std() -> None:
    model = Model(tiny_network(), tiny_model().geometry, mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 2.0))
    pixels = np.zeros((1, 64, 64, 3), np.uint8)
    pixels[0, 5, 7] = (255, 51, 102)

    x = to_input(model, pixels)

    assert x.shape == (1, 3, 64, 64)
    torch.testing.assert_close(x[0, :, 5, 7], torch.tensor([1.8, 0.0, 0.05]))
    torch.testing.assert_close(x[0, :, 7, 5], torch.tensor([-0.2, -0.8, -0.15]))


def test_embedding_then_blocks_then_read_out_is_the_network() -> None:
    model = tiny_model(reg_tokens=2)
    x = images(model)
    stream = embed(model, x)

    for block in range(model.n_blocks):
        stream = advance(model, stream, block)

    torch.testing.assert_close(read_out(model, stream), model.network(x), atol=TOLERANCE, rtol=0)


def test_what_a_forward_does_after_the_blocks_is_kept_and_no_short_cut_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = VisionTransformer.forward
    monkeypatch.setattr(VisionTransformer, "forward", lambda self, x: forward(self, x) + 1e-3)
    model = tiny_model()
    x = images(model)

    assert verify(model) is model

    assert not model.shown[fast.READ_OUT]
    torch.testing.assert_close(resume(model, embed(model, x), 0), model.network(x), atol=1e-5, rtol=0)


def test_a_network_that_cannot_run_is_refused_with_what_torch_says() -> None:
    model = tiny_model()
    model.network.norm = torch.nn.BatchNorm1d(32)

    with pytest.raises(UserError, match=r"model cannot run: .*17.*32"):
        verify(model)


@pytest.mark.parametrize("wrong", [float("nan"), 1e-3])
@pytest.mark.parametrize("step", ["advance", "run_inside", "read_out"])
def test_a_difference_in_any_step_is_not_verified(monkeypatch: pytest.MonkeyPatch, wrong: float, step: str) -> None:
    model = tiny_model()
    right = getattr(engine, step)

    def shifted(*given: Any) -> Tensor:
        out = right(*given).clone()
        out[-1, -1] += wrong
        return out

    monkeypatch.setattr(engine, step, shifted)

    with pytest.raises(UserError, match=r"disagree|not finite"):
        verify(model)


class Wayward(VisionTransformer):
    """It goes its own way between its blocks."""

    way = ""

    def forward_features(self, x: Tensor, *_: Any, **__: Any) -> Tensor:
        x = self._pos_embed(self.patch_embed(x))
        blocks = list(self.blocks)
        for index, block in enumerate(blocks[::-1] if self.way == "backwards" else blocks):
            if self.way == "skips" and index == 1:
                continue
            if self.way == "adds" and index == 1:
                x = x + 1
            if self.way == "drops" and index == 1:
                x = x[:, :-1]
            extra = {"attn_mask": x.mean() * x.new_ones(17, 17)} if self.way == "peeks" else {}
            x = block(x, **extra)
        return self.norm(x)


@pytest.mark.parametrize(
    ("way", "sentence"),
    [
        ("backwards", r"in the order \[2, 1, 0\]"),
        ("skips", r"in the order \[0, 2\]"),
        ("adds", "changes the stream between blocks 0 and 1"),
        ("drops", "17 × 32 and 16 × 32 from block to block"),
        ("peeks", "Block 0 of Wayward is handed more of the image"),
    ],
)
def test_a_network_that_does_not_hand_one_stream_from_block_to_block_is_refused(way: str, sentence: str) -> None:
    network = Wayward(**TINY).eval()
    network.way = way

    with pytest.raises(UserError, match=sentence):
        verify(as_model(network))


def spoiled(part: str) -> Model:
    """A tiny model with a bias that is not finite."""
    model = tiny_model()
    model.network.get_submodule(part).bias[0] = float("inf")
    return model


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ("patch_embed.proj", "The embedding"),
        ("blocks.0.mlp.fc2", "The output of block 0"),
        ("blocks.2.attn.proj", "The output of block 2"),
        ("head", "The answer"),
    ],
)
def test_what_is_not_finite_is_refused_by_its_place(part: str, named: str) -> None:
    with pytest.raises(UserError, match=f"{named} of model is not finite"):
        verify(spoiled(part))


def test_a_stream_that_is_not_finite_gives_no_logits() -> None:
    model = tiny_model()
    stream = embed(model, images(model))
    stream[0, 0, 0] = float("nan")

    for start in range(model.n_blocks + 1):
        with pytest.raises(UserError, match="not finite"):
            resume(model, stream, start)


REFUSED: dict[str, tuple[Callable[[], torch.nn.Module], str]] = {
    "not a transformer": (lambda: torch.nn.Linear(2, 2), "Linear has no list of blocks"),
    "no size": (lambda: torch.nn.Sequential(torch.nn.Linear(2, 2)), "does not say how large its images are"),
    "no pooling": (lambda: tiny_network(global_pool=""), "no pooled read-out"),
    "one channel": (lambda: tiny_network(in_chans=1), "1 channels"),
    "four channels": (lambda: tiny_network(in_chans=4), "4 channels"),
    "oblong images": (lambda: tiny_network(img_size=(64, 32)), "not square"),
    "a part of a patch at the edge": (lambda: tiny_network(img_size=70), "not cut into 4 × 4 whole patches"),
    "oblong patches": (lambda: tiny_network(patch_size=(16, 8)), "not square"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_run_exactly_is_refused_with_a_sentence(case: str) -> None:
    make, sentence = REFUSED[case]

    with pytest.raises(UserError, match=sentence) as refusal:
        check_runnable(make())
    assert refusal.value.hint


def swin() -> torch.nn.Module:
    return timm.create_model("swin_tiny_patch4_window7_224", depths=(1, 1, 1, 1), embed_dim=24, num_heads=(1, 2, 4, 8))


def hiera() -> torch.nn.Module:
    return timm.create_model("hiera_tiny_224", stages=(1, 1, 1, 1), embed_dim=16)


@pytest.mark.parametrize("make", [swin, hiera])
def test_a_network_of_several_stages_is_refused_by_the_shape_of_its_stream(make: Callable[[], torch.nn.Module]) -> None:
    model = as_model(make().eval())

    with pytest.raises(UserError, match=r"The stream of \w+ is .* from block to block") as refusal:
        verify(model)
    assert "one stage" in refusal.value.hint


def test_an_image_of_any_size_is_run_at_the_size_that_the_network_names() -> None:
    model = tiny_model(dynamic_img_size=True)

    assert verify(model) is model


def test_gated_attention_is_run_as_it_is() -> None:
    network = tiny_network()
    network.blocks[2].attn.gate = torch.nn.Linear(32, 32)
    model = as_model(network)
    x = images(model)

    assert verify(model) is model

    assert not model.shown[fast.CLS_ROW]
    torch.testing.assert_close(resume(model, embed(model, x), 0), model.network(x), atol=1e-5, rtol=0)
