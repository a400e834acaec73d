"""A pair pushed along a probe's direction: what is added where, what it turns, and what the engine says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core import session as session_module
from core.analyses.decision import Decision
from core.analyses.pair_judgements import PairJudgement, PairJudgements
from core.assets.probe import Probe
from core.assets.probe_files import save_probes
from core.document import (
    Document,
    delete_item,
    move_item,
    random_match_to_sample,
    random_pair,
)
from core.engine import read_out
from core.errors import UserError
from core.interventions.context import Context
from core.interventions.probe import AddProbeDirection, probe_and_tokens, push_pair
from core.questions import Question
from core.session import Session
from core.stimuli.datasets import split_examples
from core.stimuli.stimulus import Geometry, Stimulus, pair_name, pair_relation
from core.studies.measures.probe import pair_features, pair_tokens, relations
from tests.core.networks import WIDTH, finish, noise, save_tiny, tiny_model
from tests.core.studies.networks import RELATION, Reader, model_of, planted_stream, tokens_of

CANVAS = Geometry(64, 16)
# B lies before A in the picture: the order is that of the items, never that of the grid.
TOKENS = ((11, 12, 15, 16), (1, 2, 5, 6), (3, 4, 7, 8), (9, 10, 13, 14))
N_READ = 8
OTHERS = [t for t in range(17) if t not in (*TOKENS[0], *TOKENS[1])]


def random_probe(seed: int = 0) -> Probe:
    return Probe(noise(2, N_READ * WIDTH, seed=seed), noise(2, seed=seed + 1), {"block": 1})


def context(probe: Probe | None = None, tokens: tuple[tuple[int, ...], ...] = TOKENS) -> Context:
    return Context(tokens, {}, probes={1: probe or random_probe()})


def test_each_token_gets_its_own_part_of_the_row_in_the_order_of_the_items() -> None:
    rows = torch.stack([torch.full((N_READ * WIDTH,), -1.0), torch.arange(float(N_READ * WIDTH))])
    x = torch.zeros(1, 17, WIDTH)

    y = AddProbeDirection(1, 0, "same", 2.0).apply(x, context(Probe(rows, torch.zeros(2))))

    for place, token in enumerate((*TOKENS[0], *TOKENS[1])):
        assert torch.equal(y[0, token], 2 * torch.arange(float(place * WIDTH), float((place + 1) * WIDTH)))
    assert not y[:, OTHERS].any()
    assert not x.any(), "the stream that came in stays as it was"


def test_toward_different_adds_the_other_row_and_the_second_pair_is_items_c_and_d() -> None:
    probe, x = random_probe(), noise(1, 17, WIDTH, seed=5)

    y = AddProbeDirection(1, 1, "different", 0.5).apply(x, context(probe))

    change = (y - x)[0, [*TOKENS[2], *TOKENS[3]]].flatten()
    torch.testing.assert_close(change, 0.5 * probe.weight[0], atol=1e-5, rtol=0)
    assert torch.equal(y[:, [0, *TOKENS[0], *TOKENS[1]]], x[:, [0, *TOKENS[0], *TOKENS[1]]])


@pytest.mark.parametrize("task", ["discrimination", "rmts"])
def test_a_pair_is_read_as_in_the_study_that_fitted_the_probe(task: str) -> None:
    model = tiny_model()
    stimulus = random_match_to_sample(CANVAS, 3) if task == "rmts" else random_pair(CANVAS, 3)
    pairs = ((0, 1), (2, 3))[: len(stimulus.items) // 2]
    tokens = tuple(tuple(row) for row in pair_tokens(model, [stimulus], pairs)[0].tolist())
    items = tuple(half for row in tokens for half in (row[:4], row[4:]))
    probe, streams = random_probe(), noise(1, 17, WIDTH)

    for pair in range(len(pairs)):
        found, read = probe_and_tokens(streams, context(probe, items), 1, pair)

        assert found is probe
        assert tuple(read[0].tolist()) == tokens[pair]


def planted() -> tuple[list[Stimulus], Tensor, Context]:
    """Pairs that a network reads along one direction, and a probe that knows it."""
    stimuli = [e.stimulus for e in split_examples("test", 20)]
    row = 0.2 * RELATION.repeat(N_READ)
    return (
        stimuli,
        planted_stream(stimuli),
        Context((), {}, probes={-1: Probe(torch.stack([-row, row]), torch.zeros(2))}),
    )


def test_a_planted_direction_turns_the_answer_and_its_control_does_not() -> None:
    model, (stimuli, streams, known) = model_of(Reader()), planted()
    other = {"same": "different", "different": "same"}
    for stimulus, x in zip(stimuli, streams[:, None], strict=True):
        here = replace(known, tokens=(tuple(tokens_of(stimulus, 0)), tuple(tokens_of(stimulus, 1))))
        relation = pair_relation(stimulus, 0)
        assert relation is not None

        turned = AddProbeDirection(-1, 0, other[relation]).apply(x, here)  # type: ignore[arg-type]
        control = AddProbeDirection(-1, 0, relation).apply(x, here)
        weak = AddProbeDirection(-1, 0, other[relation], 0.25).apply(x, here)  # type: ignore[arg-type]

        answers = [int(read_out(model, y).argmax(1)) for y in (x, turned, control, weak)]
        same = int(relation == "same")
        assert answers == [same, 1 - same, same, same]


def test_what_cannot_be_pushed_is_refused_with_what_to_do() -> None:
    x = noise(1, 17, WIDTH)
    unaligned = (*TOKENS[:1], (1, 2, 3, 5, 6, 7))
    cases = [
        (AddProbeDirection(1, 0, "same"), Context(TOKENS, {}), "This model has no probes"),
        (AddProbeDirection(0, 0, "same"), context(), "no probe after block 0"),
        (AddProbeDirection(1, 1, "same"), context(tokens=TOKENS[:3]), "no longer in the stimulus"),
        (AddProbeDirection(1, 0, "same"), context(tokens=unaligned), "cover 10 tokens, the probe reads 8"),
    ]
    for edit, where, message in cases:
        with pytest.raises(UserError, match=message):
            edit.apply(x, where)


def test_the_relation_of_a_pair_is_that_of_the_study() -> None:
    stimuli = [e.stimulus for e in split_examples("test", 16, task="rmts")]

    ours = [[int(pair_relation(s, pair) == "same") for pair in (0, 1)] for s in stimuli]

    assert ours == relations(stimuli, ((0, 1), (2, 3))).tolist()
    assert pair_relation(Stimulus(stimuli[0].items[:3]), 1) is None
    assert [pair_name(stimuli[0], pair) for pair in (0, 1)] == ["display", "sample"]
    assert pair_name(Stimulus(stimuli[0].items[:2]), 0) == "A–B"


def test_a_push_replaces_the_one_of_the_same_pair_and_block_and_goes_with_its_items() -> None:
    document = Document("tiny", random_match_to_sample(CANVAS, 0))
    pushed = push_pair(push_pair(document, 1, 0, "same"), 0, 0, "same")

    again = push_pair(pushed, 1, 0, "different", 2.0)

    assert again.interventions == (AddProbeDirection(0, 1, "different", 2.0), AddProbeDirection(0, 0, "same"))
    assert delete_item(again, "base", 3).interventions == again.interventions[1:]
    assert delete_item(again, "base", 0).interventions == ()
    assert delete_item(again, "source", 0).interventions == again.interventions


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_tiny(tmp_path_factory.mktemp("model") / "tiny.safetensors")


@pytest.fixture(scope="module")
def session(file: str) -> Session:
    session = Session("cpu")
    session.open(file).probes = {block: random_probe(block + 1) for block in (0, 1, 2)}
    return session


def judged(session: Session, document: Document, write: int = 1) -> Mapping[int, PairJudgement]:
    analysis = PairJudgements(write)
    found: Mapping[int, PairJudgement] = session.answer(Question(document, (analysis,))).found[analysis]
    return found


@pytest.fixture
def document(file: str) -> Document:
    return Document(file, random_match_to_sample(CANVAS, 1))


def test_a_judgement_is_what_the_probe_says_of_the_tokens_that_the_study_reads(
    session: Session, document: Document
) -> None:
    opened = session.open(document.model)
    features = finish(pair_features(opened.model, [document.base], ((0, 1), (2, 3)), [1]))[1]  # [1, 2, F]
    different, same = opened.probes[1].logits(features[0]).unbind(1)

    found = judged(session, document)

    assert [found[pair].baseline for pair in (0, 1)] == pytest.approx((same - different).tolist(), abs=1e-3)
    assert all(j.margin == j.baseline for j in found.values())


def test_a_push_moves_the_judgement_of_its_pair_by_the_products_of_the_rows(
    session: Session, document: Document
) -> None:
    different, same = session.open(document.model).probes[1].weight

    found = judged(session, push_pair(document, 1, 1, "same", 0.5))

    moved = 0.5 * float((same - different) @ same)
    assert found[1].margin - found[1].baseline == pytest.approx(moved, rel=1e-4)
    assert found[0].margin == found[0].baseline


def test_judgements_count_the_edits_up_to_the_write_layer_alone(session: Session, document: Document) -> None:
    earlier = judged(session, push_pair(document, 0, 0, "same"))
    later = judged(session, push_pair(document, 0, 2, "same"))

    assert earlier[0].margin != pytest.approx(earlier[0].baseline, abs=1e-3)
    assert later[0].margin == later[0].baseline


def test_a_pair_off_the_grid_a_block_without_probe_and_a_photo_have_no_judgement(
    session: Session, document: Document
) -> None:
    assert set(judged(session, document)) == {0, 1}
    off = replace(document, base=move_item(document.base, 3, 5, 40))
    assert set(judged(session, off)) == {0}
    assert not judged(session, document, write=-1)
    assert not judged(session, replace(document, base=Stimulus((), CANVAS)))


def test_a_push_that_cannot_be_done_is_a_note(session: Session, document: Document) -> None:
    answer = session.answer(Question(push_pair(document, 0, -1, "same")))

    assert "no probe after the embeddings" in " ".join(answer.notes)
    assert answer.found[Decision()].logits == answer.found[Decision()].baseline
    assert answer.model.probe_cards == {block: {"block": 1} for block in (0, 1, 2)}


def test_probes_of_other_weights_are_a_note_and_the_model_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "probes.safetensors"
    save_probes(path, {1: random_probe()}, {"weights_sha256": "another", "blocks": []})
    monkeypatch.setattr(session_module, "probe_files", lambda name: (path,))
    session, document = Session("cpu"), Document(save_tiny(tmp_path / "m.safetensors"), random_pair(CANVAS, 0))

    answer = session.answer(Question(document))

    assert "fitted on other weights" in " ".join(answer.notes)
    assert not answer.model.probe_cards
