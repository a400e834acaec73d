"""Networks with any tokens before their patches and any pooling: opened, proved exact, and looked into."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core import engine
from core.analyses.attention import Attention
from core.analyses.item_shares import ItemShares
from core.document import Document, random_pair
from core.engine import parity_error, verify
from core.families.files import open_model, save_model
from core.interventions.swap import SwapFromSource
from core.plots import Curves
from core.questions import Question
from core.session import Session
from core.stimuli.stimulus import Geometry
from core.studies.attention import Attention as AttentionStudy
from core.studies.study import Bench
from tests.core.networks import CARD, TINY, finish, tiny_model, tiny_network

CPU, CANVAS = torch.device("cpu"), Geometry(64, 16)
PREFIXES: dict[str, dict[str, Any]] = {
    "no tokens before the patches": {"class_token": False},
    "registers alone": {"class_token": False, "reg_tokens": 4},
    "CLS and registers": {"reg_tokens": 4},
    "CLS": {},
}
POOLS = ("avg", "avgmax", "max", "map", "prr")
NETWORKS = [{**network, "global_pool": pool} for network in PREFIXES.values() for pool in POOLS]


@pytest.mark.parametrize("options", NETWORKS, ids=str)
def test_every_pooling_over_every_prefix_is_proved_exact(options: dict[str, Any]) -> None:
    model = tiny_model(**options)

    assert verify(model) is model


def test_an_executor_that_is_wrong_for_the_second_image_alone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model(class_token=False, global_pool="avg")
    right = engine.advance

    def shifted(*given: Any) -> torch.Tensor:
        out = right(*given).clone()
        out[1:] += 1.0
        return out

    monkeypatch.setattr(engine, "advance", shifted)

    with torch.inference_mode():
        assert parity_error(model) >= 1 - 1e-3


@pytest.fixture(params=[{**PREFIXES[name], "global_pool": "avg"} for name in PREFIXES], ids=str)
def reference(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / "tiny.safetensors"
    save_model(path, tiny_network(**request.param), {**CARD, "network": {**CARD["network"], **request.param}})
    return str(path)


def test_an_answer_has_rows_and_shares_over_all_tokens(reference: str) -> None:
    session = Session("cpu")
    model = session.open(reference).model
    swap = SwapFromSource(block=0, item=0, source_item=1, property="all")
    document = Document(reference, random_pair(CANVAS, 1), random_pair(CANVAS, 2), (swap,))
    first = model.n_prefix + 5

    answer = session.answer(Question(document, (Attention(first), ItemShares())))

    attention, shares = answer.found[Attention(first)], answer.found[ItemShares()]
    assert answer.notes == ()
    assert attention.token == first
    assert attention.rows.shape == (TINY["depth"], TINY["num_heads"], model.n_prefix + CANVAS.grid**2)
    np.testing.assert_allclose(attention.rows.sum(-1), 1, atol=1e-5)
    assert len(answer.model.prefix_names) == model.n_prefix
    kinds = {"WO", "WP", "BG"} | ({"CLS"} if model.n_prefix else set())
    assert set(shares) == kinds | {"score"}
    np.testing.assert_allclose(sum(shares[kind] for kind in kinds), 1, atol=1e-5)


def test_the_study_of_attention_runs(reference: str) -> None:
    model = open_model(reference, CPU)

    result = finish(AttentionStudy(n=4).run(Bench((model,))))

    assert ("CLS" in result.rows[0]) == (model.n_prefix > 0)
    curves = result.plots["attention-curves"]
    assert isinstance(curves, Curves)
    assert any(series.label == "CLS" for series in curves.series) == (model.n_prefix > 0)


@pytest.mark.parametrize("sizes", [{"img_size": [64, 64], "patch_size": [16, 16]}, {"img_size": 64}], ids=str)
def test_sizes_in_pairs_or_left_to_timm_open(tmp_path: Path, sizes: dict[str, Any]) -> None:
    path = tmp_path / "pairs.safetensors"
    network = {name: value for name, value in CARD["network"].items() if name not in ("img_size", "patch_size")}
    save_model(path, tiny_network(), {**CARD, "network": {**network, **sizes}})

    answer = Session("cpu").answer(Question(Document(str(path), random_pair(CANVAS, 1))))

    assert answer.model.geometry == CANVAS
