from __future__ import annotations

from pathlib import Path

import pytest

from core.assets.subspace_files import save_subspace, subspace_file
from core.errors import UserError
from core.jobs.fit_subspace import SearchOptions
from core.series import run_series
from core.stimuli.stimulus import PROPERTIES
from core.studies.das import Alignment
from core.studies.measures.fitted import Search, search_settings
from core.studies.study import Bench
from core.study_job import study
from tests.core.networks import tiny_model
from tests.core.test_subspaces import card, fitted

ONE, TWO = SearchOptions(epochs=1), SearchOptions(epochs=2)


def test_how_one_would_search_decides_nothing_where_every_subspace_ships(tmp_path: Path) -> None:
    model = tiny_model()
    for property in PROPERTIES:
        save_subspace(subspace_file(tmp_path, property, 1), fitted(), card(model, property))

    def settings(options: SearchOptions, *blocks: int) -> object:
        return search_settings(model, Search(tmp_path / "kept", (tmp_path,), options, blocks))

    assert settings(ONE, 1) == settings(TWO, 1)
    assert settings(ONE, 0, 1) != settings(TWO, 0, 1), "block 0 has to be searched"


def test_a_block_that_the_model_does_not_have_is_refused_before_anything_runs(tmp_path: Path) -> None:
    model = tiny_model()
    for blocks in ((model.n_blocks,), (-2,), (0, 99)):
        with pytest.raises(UserError, match="does not have all the blocks"):
            list(run_series([model], [Alignment(n=4, blocks=blocks)], tmp_path))
    assert not list(tmp_path.rglob("*.json"))


def test_a_block_that_is_named_twice_is_measured_once() -> None:
    bench = Bench((tiny_model(),))

    assert Alignment(blocks=(1, 0, 1)).searched(bench).blocks == (0, 1)


def test_options_of_one_study_alone_reach_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not have all the blocks 99"):
        list(study(["discrimination"], ["attention", "das"], str(tmp_path), n=4, own={"das": {"blocks": (99,)}}))
