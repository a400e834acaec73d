"""The library: what can be opened, when it was last, and everything of a model going where the model goes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import library, locations
from core.cards import subspace_cards
from core.cli.command import main
from core.errors import UserError
from core.library import Listed, find, listed, note_opened, remove, rename, size_words
from core.locations import bundled_models, library_folder, model_path, probe_file, subspace_folder

NETWORK = {"img_size": 64, "patch_size": 16, "depth": 3, "num_heads": 2}
Add = Callable[..., Path]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(locations, "data_folder", lambda: tmp_path / "data")
    monkeypatch.setattr(library, "data_folder", lambda: tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def add() -> Add:
    """Puts a model into the library."""

    def put(name: str, n_bytes: int = 10, **card: Any) -> Path:
        path = library_folder() / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(n_bytes))
        path.with_suffix(".json").write_text(json.dumps({"network": NETWORK, "labels": ["cat", "dog"], **card}))
        return path

    return put


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock."""
    return lambda now_s: monkeypatch.setattr(library, "_now_s", lambda: now_s)


def learn(reference: str) -> tuple[Path, Path]:
    """A subspace and probes of a model, where new ones are kept."""
    subspace = subspace_folder(reference) / "color-block0.safetensors"
    subspace.parent.mkdir(parents=True)
    card = {"block": 0, "property": "color", "iia": 0.9}
    for path, words in ((subspace, card), (probe_file(reference), {"blocks": []})):
        path.touch()
        path.with_suffix(".json").write_text(json.dumps(words))
    return subspace, probe_file(reference)


def names() -> list[str]:
    return [model.name for model in listed()]


def test_a_model_of_the_library_is_opened_by_its_name(add: Add) -> None:
    path = add("mine.v2")

    assert model_path("mine.v2") == path
    assert model_path(str(path)) == path


def test_a_name_of_the_library_goes_over_a_file_in_the_folder_where_one_stands(
    add: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = add("mine")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.safetensors").touch()

    assert model_path("mine") == path
    assert model_path("./mine.safetensors") == Path("mine.safetensors")


def test_the_models_that_ship_are_listed_before_anything_is_opened(add: Add) -> None:
    add("mine")

    assert names() == ["mine", *bundled_models()]
    assert all(model.opened == 0 for model in listed())


def test_the_model_that_was_opened_last_stands_first(add: Add, at: Callable[[float], None]) -> None:
    add("old")
    add("new")
    for now_s, name in enumerate(["new", "discrimination", "old"], 1):
        at(now_s)
        note_opened(name)

    assert names()[:3] == ["old", "discrimination", "new"]
    assert [model.opened for model in listed()[:3]] == [3, 2, 1]


def test_when_a_model_was_opened_goes_with_its_name_and_away_with_it(add: Add, at: Callable[[float], None]) -> None:
    add("mine")
    at(7.0)
    note_opened("mine")

    rename("mine", "yours")
    assert find("yours").opened == 7.0

    remove("yours")
    add("yours")
    assert find("yours").opened == 0.0


def test_of_a_model_that_has_gone_since_it_was_opened_nothing_is_remembered(add: Add, tmp_path: Path) -> None:
    add("mine")
    library.note_opened("mine")

    library.note_opened(str(tmp_path / "gone.safetensors"))

    assert {model.name for model in listed() if model.opened} == {"mine"}


def test_a_file_opened_from_elsewhere_is_remembered_until_it_is_gone(
    add: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = add("mine").rename(tmp_path / "mine.safetensors")
    monkeypatch.chdir(tmp_path)

    note_opened("mine.safetensors")
    assert next((model.reference, model.place) for model in listed()) == (str(path), "elsewhere")

    path.unlink()
    assert names() == bundled_models()


def test_only_the_last_files_from_elsewhere_are_remembered(tmp_path: Path, at: Callable[[float], None]) -> None:
    for now_s in range(library.N_ELSEWHERE + 3):
        at(now_s + 1)
        path = tmp_path / f"{now_s}.safetensors"
        path.touch()
        note_opened(str(path))

    assert names()[: library.N_ELSEWHERE] == [str(i) for i in range(library.N_ELSEWHERE + 2, 2, -1)]
    assert len(names()) == library.N_ELSEWHERE + len(bundled_models())


@pytest.mark.parametrize("damaged", ["", "{", "[1]", '{"mine": "yesterday"}', '{"mine": NaN}'])
def test_a_damaged_memory_of_what_was_opened_is_passed_over(add: Add, data: Path, damaged: str) -> None:
    add("mine")
    (data / "opened.json").write_text(damaged)

    assert listed()[0].opened == 0
    note_opened("mine")
    assert listed()[0].opened > 0


def test_an_entry_says_size_blocks_heads_answers_and_where_it_came_from(add: Add) -> None:
    add("mine", n_bytes=43_200_000, origin={"from": "hf-hub:me/mine"})

    mine = find("mine")

    assert (mine.shape, mine.answers, mine.origin) == ("3 × 2", "cat or dog", "hf-hub:me/mine")
    assert size_words(mine.n_bytes) == "43 MB"


@pytest.mark.parametrize(
    ("labels", "said"),
    [([], "no classes"), (["a", "b", "c"], "a or b or c"), ([*map(str, range(1000))], "1,000 classes")],
)
def test_what_a_model_answers_is_said_in_a_few_words(add: Add, labels: list[str], said: str) -> None:
    add("mine", labels=labels)

    assert find("mine").answers == said


def test_a_model_without_a_readable_card_is_listed_with_the_reason(add: Add) -> None:
    add("mine").with_suffix(".json").write_text("{")

    assert "mine.json could not be read" in listed()[0].damaged


def test_probes_beside_the_models_are_no_model(add: Add) -> None:
    path = add("mine")
    learn("mine")

    assert probe_file("mine").parent == path.parent
    assert names() == ["mine", *bundled_models()]


def test_removing_a_model_takes_what_was_learned_on_it_and_nothing_else(add: Add) -> None:
    mine, other = add("mine"), add("other")
    learned, kept = learn("mine"), learn("other")

    remove("mine")

    assert not mine.exists()
    assert not mine.with_suffix(".json").exists()
    assert not any(path.exists() or path.with_suffix(".json").exists() for path in learned)
    assert all(path.exists() for path in (other, *kept))


def test_what_was_learned_before_the_places_were_beside_the_weights_goes_too(add: Add) -> None:
    add("mine")
    own, _ = locations.subspace_folders("mine")
    own.mkdir(parents=True)

    remove("mine")

    assert not own.exists()


@pytest.mark.parametrize("reference", ["discrimination", "elsewhere.safetensors"])
def test_only_models_of_the_library_are_removed(
    tmp_path: Path, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere.safetensors").touch()

    with pytest.raises(UserError, match="not in your library"):
        remove(reference)
    assert (tmp_path / "elsewhere.safetensors").exists()
    assert model_path("discrimination").exists()


def test_a_renamed_model_keeps_what_was_learned_on_it(add: Add) -> None:
    old = add("mine")
    learn("mine")

    assert rename("mine", "yours") == "yours"

    assert not old.exists()
    assert list(subspace_cards("yours")) == [("color", 0)]
    assert probe_file("yours").exists()
    assert names()[0] == "yours"


@pytest.mark.parametrize("name", ["discrimination", "other"])
def test_no_model_is_renamed_over_another(add: Add, name: str) -> None:
    mine = add("mine")
    add("other")

    with pytest.raises(UserError, match="a model called"):
        rename("mine", name)
    assert mine.exists()


@pytest.mark.parametrize(("words", "name"), [("a/b:c", "a-b-c"), (" x.safetensors ", "x"), ("ViT (S)", "ViT (S)")])
def test_any_words_become_a_name_that_a_file_can_have(words: str, name: str) -> None:
    assert library.file_name(words) == name


def test_a_name_of_nothing_is_refused(add: Add) -> None:
    add("mine")
    with pytest.raises(UserError, match="is no name"):
        rename("mine", " /")


def test_a_new_model_never_takes_the_name_of_another(add: Add) -> None:
    add("mine")
    add("mine-2")

    assert library.free_name("mine") == "mine-3"
    assert library.free_name("discrimination") == "discrimination-2"


@pytest.mark.parametrize(
    ("n_bytes", "said"),
    [(999, "999 B"), (1500, "1.5 kB"), (86_000_000, "86 MB"), (9_960_000, "10 MB"), (3 * 10**9, "3.0 GB")],
)
def test_sizes_are_said_as_people_say_them(n_bytes: int, said: str) -> None:
    assert size_words(n_bytes) == said


def test_relata_models_lists_renames_and_removes(add: Add, capsys: pytest.CaptureFixture[str]) -> None:
    path = add("mine", origin={"from": "hf-hub:me/mine"})

    assert main(["models"]) == 0
    said = capsys.readouterr().out
    assert "hf-hub:me/mine" in said
    assert "discrimination" in said
    assert main(["models", "--path", "mine"]) == 0
    assert capsys.readouterr().out.strip() == str(path)
    assert main(["models", "--rename", "mine", "yours"]) == 0
    assert main(["models", "--remove", "yours"]) == 0
    assert names() == bundled_models()


def test_relata_models_as_json_holds_the_cards(add: Add, capsys: pytest.CaptureFixture[str]) -> None:
    add("mine", licence="MIT")

    assert main(["models", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)[0]
    assert (first["name"], first["card"]["licence"]) == ("mine", "MIT")


def test_relata_models_says_what_it_cannot_remove(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--remove", "rmts"]) == 2
    assert "rmts is not in your library" in capsys.readouterr().err


def test_an_entry_is_what_a_window_may_hold() -> None:
    assert isinstance(find("discrimination"), Listed)
    assert find("discrimination").origin == "ships with Relata"


def test_a_model_that_another_was_learned_on_stays(add: Add) -> None:
    mine = add("mine")
    add("delta", parent={"model": "mine", "weights_sha256": "0"})

    for change in (lambda: remove("mine"), lambda: rename("mine", "yours")):
        with pytest.raises(UserError, match="delta was learned on mine"):
            change()
    assert mine.exists()


def test_a_card_is_told_in_sentences() -> None:
    assumptions = [
        {"name": "norm_eps", "value": 1e-12, "why": "ViT has it"},
        {"name": "labels", "value": ["a"] * 1000, "why": "as ImageNet has"},
        {"name": "mean", "value": [0.5, 0.5, 0.5], "why": "by layout"},
    ]
    card = {"origin": {"from": "timm:x"}, "licence": "MIT", "provenance": "Trained by me.", "assumptions": assumptions}

    assert library.card_words(card) == (
        "From: timm:x",
        "Trained by me.",
        "Licence: MIT",
        "Assumed: norm ε 1e-12: ViT has it",
        "Assumed: classes: 1,000 names: as ImageNet has",
        "Assumed: mean 0.5, 0.5, 0.5: by layout",
    )


@pytest.mark.parametrize("odd", [{"origin": 7}, {"assumptions": 3}, {"assumptions": [1]}, {"parent": "x"}, {}])
def test_a_card_of_anothers_making_is_told_as_far_as_it_makes_sense(odd: dict[str, Any]) -> None:
    assert len(library.card_words(odd)) <= 1
