"""The studies of interchange, novel vectors and probes on networks with known answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from core.stimuli.counterfactuals import interchange_pairs
from core.stimuli.datasets import all_kinds, split_examples
from core.stimuli.stimulus import PROPERTIES, Property
from core.studies.measures import das, novel, probe
from tests.core.networks import balanced_model, finish, noise
from tests.core.studies.networks import KNOWN, Comparer, Reader, feed_stimuli, model_of, planted_stream


def share(answers: Sequence[bool]) -> float:
    return sum(answers) / len(answers)


@pytest.mark.parametrize("property", PROPERTIES)
def test_interchange_in_the_known_dimensions_succeeds_and_its_controls_do_not(
    monkeypatch: pytest.MonkeyPatch, property: Property
) -> None:
    feed_stimuli(monkeypatch, das)
    pairs = interchange_pairs(100, property, all_kinds(), 5)

    hits = finish(das.measure_pairs(model_of(Comparer()), pairs, {-1: KNOWN[property]}))

    assert share(hits[0, "no edit"]) == 0
    assert share(hits[-1, "right object"]) == 1
    assert share(hits[-1, "wrong object"]) == pytest.approx(0.5, abs=0.1)
    assert share(hits[-1, "random tokens"]) == pytest.approx(0.5, abs=0.1)
    assert share(hits[-1, "random rotation"]) <= 0.6


@pytest.mark.parametrize("property", PROPERTIES)
def test_a_network_that_compares_any_values_compares_novel_ones(
    monkeypatch: pytest.MonkeyPatch, property: Property
) -> None:
    feed_stimuli(monkeypatch, novel)
    model, pairs = model_of(Comparer()), interchange_pairs(128, property, all_kinds(), 5)
    bases = {-1: KNOWN[property]}

    pools = finish(novel.donor_pools(model, interchange_pairs(128, property, all_kinds(), 6), bases))
    hits = finish(novel.measure_novel(model, pairs, bases, pools))

    assert share(hits[-1, "added"]) >= 0.95


def test_vectors_are_drawn_for_each_image_or_once_for_a_batch() -> None:
    vectors = noise(20, 4, 6)
    pool = novel.Pool(vectors, vectors.flatten(0, 1).mean(0), vectors.flatten(0, 1).std(0))
    generator = torch.Generator().manual_seed(0)

    for method in novel.METHODS:
        drawn = novel.novel_vectors(method, pool, 8, generator)

        assert drawn.shape == (8, 2, 4, 6)
        assert len({tuple(v.flatten().tolist()) for v in drawn}) == 8
        assert torch.equal(drawn[:, :, 0], drawn[:, :, 1]) == (method in ("sampled", "random"))


def test_the_last_block_answers_as_without_an_edit_where_cls_alone_is_read() -> None:
    model = balanced_model()
    pairs = interchange_pairs(24, "color", all_kinds(), 1, model.geometry)

    hits = finish(das.measure_pairs(model, pairs, {}))

    assert hits[2, "right object"] == hits[2, "no edit"]


def test_an_edit_that_reaches_cls_after_the_last_block_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(das, "interchange", lambda x, *_: x * torch.tensor([-5.0]))
    model = balanced_model()
    pairs = interchange_pairs(24, "color", all_kinds(), 1, model.geometry)

    with pytest.raises(AssertionError, match="after the last block"):
        finish(das.measure_pairs(model, pairs, {}))


def test_novel_vectors_that_reach_cls_after_the_last_block_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    model = balanced_model()
    basis = {1: torch.eye(model.width)[:, :4]}
    pairs = interchange_pairs(24, "color", all_kinds(), 1, model.geometry)
    pools = finish(novel.donor_pools(model, pairs, basis))
    assert set(finish(novel.measure_novel(model, pairs, basis, pools))) == {(1, method) for method in novel.METHODS}

    monkeypatch.setattr(novel, "read_out", lambda _, x: x.sum(1))
    with pytest.raises(AssertionError, match="after the last block"):
        finish(novel.measure_novel(model, pairs, basis, pools))


def test_background_tokens_lie_in_no_item_and_no_prefix() -> None:
    items = torch.tensor([[[1, 2], [5, 6]], [[9, 10], [3, 4]]])

    drawn = das.background_tokens(items, 12, 1, torch.Generator().manual_seed(0))

    assert drawn.shape == (2, 2)
    for row, used in zip(drawn.tolist(), items.flatten(1).tolist(), strict=True):
        assert not {0, *used} & set(row)


def test_a_planted_direction_is_read_by_the_probe_and_turns_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    feed_stimuli(monkeypatch, probe, planted_stream)
    model, pairs = model_of(Reader()), ((0, 1),)
    train, test = ([e.stimulus for e in split_examples(s, n)] for s, n in (("train", 400), ("test_iid", 100)))
    options = probe.ProbeOptions(n_images=400)

    features = finish(probe.pair_features(model, train, pairs, [-1]))
    probes = finish(probe.fit_probes(features, probe.relations(train, pairs), options, 0))
    hits = finish(probe.measure_probes(model, test, pairs, probes, [(-1, -1)]))

    assert share(hits[-1, "probe", 0.0, 0]) >= 0.95
    assert share(hits[-1, "intervention", 2.0, 0]) >= 0.95
    assert share(hits[-1, "control", 2.0, 0]) == share(hits[0, "no edit", 0.0, 0]) == 0


def test_the_papers_convention_reads_one_block_before_the_edit() -> None:
    model = balanced_model()

    assert probe.probe_sites(model, paper_convention=True) == [(-1, 0), (0, 1), (1, 2)]
    assert probe.probe_sites(model, paper_convention=False) == [(-1, -1), (0, 0), (1, 1), (2, 2)]
