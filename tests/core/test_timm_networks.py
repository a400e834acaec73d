"""Every vision transformer of one stage that timm knows: run exactly, resumed at every block, and looked into."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import timm
import torch
from torch import Tensor, nn

from core.engine import attention_rows, parity_error, read, resume, run, verify
from core.errors import UserError
from core.families.model import Model, check_runnable, geometry_of
from core.inside import OF_ATTENTION
from core.site import PARTS, Part, Site
from core.wiring import images
from tests.core.timm_networks import names, perturbed, small, spread

LARGEST_ERROR = 1e-5
N_SAMPLE, N_AT_LEAST = 40, 324


def opened(network: nn.Module) -> Model:
    return verify(Model(check_runnable(network), geometry_of(network)))


@torch.inference_mode()
def error_of(name: str) -> float:
    """The largest error of a small network: against its own forward, resumed at each block, within its attention."""
    model = opened(small(name))
    x = images(model.network, model.geometry.image_px, 3, seed=5)  # [B, 3, S, S]
    trace, own = run(model, x), model.network(x)
    found = [(resume(model, trace.after(start - 1), start), own) for start in range(model.n_blocks + 1)]
    for block in range(model.n_blocks):
        found += _attention(model, trace.after(block - 1), block)
    return max(parity_error(model), *(float((a - b).abs().max()) for a, b in found))


def _attention(model: Model, entering: Tensor, block: int) -> list[tuple[Tensor, Tensor]]:
    """What must be equal of a block's attention: the heads are the pattern on the values, its rows the pattern's."""
    pattern, v, out = (read(model, entering, Site(block, part)) for part in ("pattern", "v", "head_out"))
    assert pattern.shape == (len(entering), model.n_heads, entering.shape[1], entering.shape[1])
    queries = torch.tensor([0, 3])
    return [(pattern @ v, out), (attention_rows(model, entering, block, queries), pattern[:, :, queries])]


@pytest.mark.parametrize("name", spread(names(), N_SAMPLE))
def test_a_network_of_timms_runs_exactly_and_gives_patterns(name: str) -> None:
    assert error_of(name) <= LARGEST_ERROR


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_whole_registry_runs_exactly_and_gives_patterns(capsys: pytest.CaptureFixture[str]) -> None:
    errors: dict[str, float] = {}
    failed: dict[str, str] = {}
    for name in names():
        try:
            errors[name] = error_of(name)
        except (UserError, AssertionError, RuntimeError, LookupError, TypeError, ValueError) as failure:
            failed[name] = f"{type(failure).__name__}: {failure}"[:300]
    exact = [name for name, error in errors.items() if error <= LARGEST_ERROR]
    with capsys.disabled():
        print(f"\n{len(exact)} of {len(names())} run exactly; largest error {max(errors.values()):.1e}")
        print(*(f"{name}: {why}" for name, why in failed.items()), sep="\n")

    assert len(exact) >= N_AT_LEAST
    assert not [name for name in errors if name not in exact]


MISSING: dict[str, tuple[Callable[[], nn.Module], tuple[Part, ...], str]] = {
    "attention beside the MLP": (
        lambda: small("vit_large_patch14_xp_224"),
        ("attn_out", "mlp_out"),
        "A ParallelScalingBlock has no attention output",
    ),
    "attention over channels": (
        lambda: perturbed(timm.create_model("xcit_nano_12_p16_224", depth=2, num_classes=5)),
        OF_ATTENTION,
        "A XCABlock has no queries",
    ),
}


@pytest.mark.parametrize("case", MISSING)
def test_a_network_says_which_parts_its_blocks_have_not(case: str) -> None:
    make, missing, words = MISSING[case]
    model = opened(make())
    entering = torch.zeros(1, model.wiring.n_tokens, model.width)

    assert set(missing) <= set(PARTS) - set(model.parts)

    with pytest.raises(UserError, match=f"{words} that can be looked into") as refusal:
        read(model, entering, Site(1, missing[0]))
    assert refusal.value.hint


SEVERAL_STAGES: dict[str, Callable[[], nn.Module]] = {
    "Swin": lambda: timm.create_model("swin_tiny_patch4_window7_224", depths=(1, 1, 1, 1), embed_dim=24),
    "Swin 2": lambda: timm.create_model("swinv2_tiny_window8_256", depths=(1, 1, 1, 1), embed_dim=24),
    "Hiera": lambda: timm.create_model("hiera_tiny_224", stages=(1, 1, 1, 1), embed_dim=16),
    "MViT": lambda: timm.create_model("mvitv2_tiny"),
    "PiT": lambda: timm.create_model("pit_ti_224"),
    "LeViT": lambda: timm.create_model("levit_128s", depth=(1, 1, 1)),
    "PVT": lambda: timm.create_model("pvt_v2_b0", depths=(1, 1, 1, 1)),
    "ConViT": lambda: timm.create_model("convit_tiny", depth=4, local_up_to_layer=2),
    "SAM": lambda: timm.create_model("samvit_base_patch16", depth=2, embed_dim=64, num_heads=2, img_size=64),
    "TNT": lambda: timm.create_model("tnt_s_patch16_224", depth=2),
    "DaViT": lambda: timm.create_model("davit_tiny", depths=(1, 1, 1, 1), embed_dims=(16, 32, 64, 128)),
}


@pytest.mark.parametrize("kind", SEVERAL_STAGES)
def test_what_cannot_be_run_block_by_block_is_refused_with_a_sentence(kind: str) -> None:
    with pytest.raises(UserError, match=r"^[A-Z].*[a-z]\.$") as refusal:
        opened(SEVERAL_STAGES[kind]().eval())

    assert "cannot run" not in refusal.value.message
    assert refusal.value.hint
