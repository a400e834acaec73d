from __future__ import annotations

from pathlib import Path

from core.assets.subspace_files import save_subspace, subspace_file
from core.jobs.fit_subspace import SearchOptions
from core.scene import PROPERTIES
from core.studies.measures.fitted import Search, search_settings
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
