from __future__ import annotations

from dataclasses import Field, fields
from pathlib import Path

import pytest

from core.errors import UserError
from core.jobs.recipe import RANGES, Recipe, read_recipe
from core.locations import resource_folder


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_recipe_is_the_standard_one(tmp_path: Path) -> None:
    assert read_recipe(written(tmp_path, "")) == Recipe()


def test_a_recipe_changes_what_it_names(tmp_path: Path) -> None:
    recipe = read_recipe(written(tmp_path, "depth = 8\nbetween_blocks = [5, 6]\npeak_lr = 1\nbfloat16 = false"))

    assert recipe == Recipe(depth=8, between_blocks=(5, 6), peak_lr=1, bfloat16=False)


@pytest.mark.parametrize("path", sorted(resource_folder("recipes").glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_recipe_can_work(path: Path) -> None:
    assert read_recipe(path).n_steps > 0


@pytest.mark.parametrize(("n_images", "batch", "n_steps"), [(64, 64, 1), (65, 64, 2), (6400, 64, 100)])
def test_the_last_step_is_a_whole_batch_too(n_images: int, batch: int, n_steps: int) -> None:
    assert Recipe(n_images=n_images, batch=batch).n_steps == n_steps


def test_a_recipe_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="could not be read"):
        read_recipe(tmp_path / "none.toml")


@pytest.mark.parametrize("content", [b"depth = ", b"[[", b"\xff\xfed", b"\xff"])
def test_a_damaged_recipe_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)

    with pytest.raises(UserError, match="could not be read"):
        read_recipe(path)


def test_a_misspelt_name_is_refused_with_the_names_that_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="“detph”, which does not exist") as refusal:
        read_recipe(written(tmp_path, "detph = 8"))
    assert "depth" in refusal.value.hint


@pytest.mark.parametrize(
    "line", ['depth = "8"', "depth = 8.5", "depth = true", "bfloat16 = 1", "within_blocks = 3", "peak_lr = true"]
)
def test_a_value_of_the_wrong_type_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(UserError, match="It must be like"):
        read_recipe(written(tmp_path, line))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('task = "sorting"', "a task of discrimination or rmts"),
        ('task = "rmts"\nbatch = 34', "batch that 4 divides"),
        ("pair_blocks = [3]", "one stage a block"),
        ("pair_probe_weight = 1.0\npair_probe_block = 6", "blocks from 0 to 5"),
        ("between_blocks = [4]\npair_blocks = [3]\npair_heads = [4]", "heads from 0 to 3"),
        ("n_kinds = 100", "n_kinds"),
        ("batch = 33", "even batch"),
        ("heads = 5", "heads divide"),
        ("image_px = 230", "whole patches"),
        ("image_px = 48", "room for two items"),
        ("probe_block = 6", "blocks from 0 to 5"),
        ("between_blocks = [3, -1]", "blocks from 0 to 5"),
        ("between_heads = [4]", "heads from 0 to 3"),
    ],
)
def test_a_recipe_that_would_fail_later_is_refused_at_once(tmp_path: Path, line: str, rule: str) -> None:
    with pytest.raises(UserError, match="cannot work") as refusal:
        read_recipe(written(tmp_path, line))
    assert rule in refusal.value.hint


@pytest.mark.parametrize("name", sorted(RANGES))
@pytest.mark.parametrize("value", ["-1", "1" + "0" * 30, "-1" + "0" * 30])
def test_a_number_out_of_its_range_is_refused_with_the_range(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(UserError, match=f"“{name}” in mine.toml is") as refusal:
        read_recipe(written(tmp_path, f"{name} = {value}"))
    low, high = RANGES[name]
    assert refusal.value.hint == f"It must be from {low:,} to {high:,}."


@pytest.mark.parametrize("name", sorted(n for n in RANGES if isinstance(getattr(Recipe(), n), float)))
@pytest.mark.parametrize("value", ["nan", "-nan", "inf", "-inf", "1e300"])
def test_what_is_no_finite_number_is_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(UserError, match=f"“{name}” in mine.toml is"):
        read_recipe(written(tmp_path, f"{name} = {value}"))


@pytest.mark.parametrize("name", ["n_images", "depth", "width", "heads", "batch", "patch_px", "image_px"])
def test_sizes_are_above_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="is 0"):
        read_recipe(written(tmp_path, f"{name} = 0"))


@pytest.mark.parametrize("value", ['["first"]', "[true]", "[1.0]", "[[1]]", "[nan]", "[1979-05-27]"])
@pytest.mark.parametrize("name", ["within_blocks", "pair_blocks", "between_blocks", "between_heads", "pair_heads"])
def test_a_list_of_blocks_or_heads_holds_whole_numbers(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(UserError, match=f"“{name}” in mine.toml is") as refusal:
        read_recipe(written(tmp_path, f"{name} = {value}"))
    assert "whole numbers" in refusal.value.hint


@pytest.mark.parametrize("field", fields(Recipe), ids=lambda field: field.name)
def test_every_number_of_a_recipe_has_a_range_or_a_rule(field: Field[object]) -> None:
    ruled = {"n_kinds", "probe_block", "pair_probe_block"}

    numeric = isinstance(field.default, int | float) and not isinstance(field.default, bool)

    assert (field.name in RANGES | dict.fromkeys(ruled)) == numeric


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        read_recipe(written(tmp_path, "batch = 33\nheads = 5"))
    assert "even batch" in refusal.value.hint
    assert "heads divide" in refusal.value.hint


@pytest.mark.parametrize("text", ["seed = " + "9" * 5000, "within_blocks = " + "[" * 5000])
def test_a_recipe_that_is_too_much_for_the_reader_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match="could not be read"):
        read_recipe(written(tmp_path, text))
