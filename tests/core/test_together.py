"""Many documents in one growing batch have the answers that each has alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core import together
from core.document import Document, Intervention, random_pair
from core.interventions.drop_tokens import DropTokens
from core.interventions.knock_out_heads import KnockOutHeads
from core.interventions.knock_out_mlp import KnockOutMLP
from core.interventions.limit_attention import LimitAttention
from core.interventions.mode_gain import ModeGain
from core.interventions.move import MoveInSubspace
from core.interventions.novel import WriteNovelVectors
from core.interventions.patch_tokens import PatchTokens
from core.interventions.swap import SwapFromSource
from core.questions import Question
from core.session import Session
from core.state import State
from core.together import logits_together
from tests.core.networks import save_tiny
from tests.core.test_session import CANVAS, decision, new_session

MOVE = MoveInSubspace(1, 0, "color", (1.0, -2.0))
EDITS: dict[str, tuple[Intervention, ...]] = {
    "none": (),
    "a move after the embeddings": (replace(MOVE, block=-1),),
    "two moves after one block": (MOVE, replace(MOVE, item=1, point=(-1.0, 0.5))),
    "a move after the last block": (replace(MOVE, block=2),),
    "one that is off": (replace(MOVE, enabled=False),),
    "a control": (replace(MOVE, control="wrong object"),),
    "a swap": (SwapFromSource(0, 0, 1, "color", strength=0.5),),
    "a swap of everything": (SwapFromSource(1, 1, 0, "all"),),
    "novel vectors": (WriteNovelVectors(1, 0, 1, "color", "sampled", "same", 3),),
    "heads and MLPs": (KnockOutHeads(0, (1,)), KnockOutMLP(2), KnockOutHeads(1, (0,), "mean")),
    "dropped tokens from a block on": (DropTokens(1, "item", 1),),
    "attention in all blocks": (LimitAttention(0, "themselves"), MOVE),
    "values from the source": (PatchTokens(1, "v", 0, 1),),
    "the pattern from the source": (PatchTokens(2, "pattern"),),
    "modes": (ModeGain(1, 0, (0, 1)),),
    "listed out of order": (replace(MOVE, block=2), KnockOutMLP(0), MOVE),
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return new_session(save_tiny(tmp_path_factory.mktemp("model") / "tiny.safetensors"))


@pytest.fixture
def file(session: Session) -> str:
    return next(iter(session._kept))


@pytest.fixture
def state(session: Session, file: str) -> Iterator[State]:
    with torch.inference_mode():
        yield State(Document(file, random_pair(CANVAS, 1)), session.open(file))


def document(file: str, seed: int, edits: tuple[Intervention, ...]) -> Document:
    return Document(file, random_pair(CANVAS, seed), random_pair(CANVAS, seed + 1), edits)


def test_each_has_the_answer_that_it_has_alone(session: Session, state: State, file: str) -> None:
    documents = [document(file, seed, edits) for seed in (1, 2) for edits in EDITS.values()]

    logits, failed = logits_together(state, documents)

    assert not failed
    alone = torch.tensor([decision(session, each).logits for each in documents])
    torch.testing.assert_close(logits, alone, rtol=0, atol=1e-4)
    plain = torch.tensor([decision(session, replace(each, interventions=())).logits for each in documents])
    changed = (logits - plain).abs().amax(1) > 1e-3
    # What is off, and an edit of item tokens after the last block, which a read-out of CLS does not see.
    still = ["none", "a move after the last block", "one that is off"]
    assert changed.tolist() == [name not in still for _ in (1, 2) for name in EDITS]


def test_what_cannot_be_applied_is_said_and_leaves_the_others_alone(state: State, file: str) -> None:
    wrong = [(replace(MOVE, item=5),), (replace(MOVE, property="shape", block=0),), (KnockOutMLP(7),)]
    documents = [document(file, 1, edits) for edits in [(MOVE,), *wrong, ()]]

    logits, failed = logits_together(state, documents)

    assert set(failed) == {1, 2, 3}
    assert "no longer in the stimulus" in failed[1]
    assert "no shape subspace after block 0" in failed[2]
    assert "no block 7" in failed[3]
    kept, _ = logits_together(state, [documents[0], documents[4]])
    torch.testing.assert_close(logits[[0, 4]], kept, rtol=0, atol=1e-5)


def test_a_picture_runs_once_and_a_row_is_added_only_where_its_edit_is(
    state: State, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []
    advance = together.advance
    monkeypatch.setattr(together, "advance", lambda m, x, *rest: rows.append(len(x)) or advance(m, x, *rest))
    pair = random_pair(CANVAS, 1)
    edits: list[Intervention | None] = [None, replace(MOVE, block=-1), replace(MOVE, block=0), KnockOutMLP(2)]

    logits_together(state, [Document(file, pair, None, (each,) if each else ()) for each in edits])

    assert rows == [2, 3, 4], "the picture; then each from the block on where it is edited"


def test_a_network_without_classes_is_read_as_it_is_alone(tmp_path: Path) -> None:
    from core.families.files import save_model
    from tests.core.networks import CARD, tiny_network

    path = tmp_path / "plain.safetensors"
    save_model(
        path, tiny_network(num_classes=0), {**CARD, "network": {**CARD["network"], "num_classes": 0}, "labels": []}
    )
    session = Session("cpu")
    for lens in ("class means", "cosine"):
        documents = [
            Document(str(path), random_pair(CANVAS, 1), None, edits, lens)  # type: ignore[arg-type]
            for edits in ((), (KnockOutMLP(1),))
        ]
        with torch.inference_mode():
            logits, _ = logits_together(State(documents[0], session.open(str(path))), documents)
        alone = [session.answer(Question(each)) for each in documents]
        wanted = torch.tensor([next(iter(each.found.values())).logits for each in alone])
        torch.testing.assert_close(logits, wanted, rtol=0, atol=1e-3)
