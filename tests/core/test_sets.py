"""Sets of pictures, read from the manifests of their folders."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli.command import main
from core.demo import demo_document
from core.errors import UserError
from core.set_job import SetOptions, write_set
from core.sets import given_set, note_of_set
from core.stimuli.datasets import example_of, split_examples
from core.stimuli.render import render
from core.stimuli.stimulus import Geometry
from tests.core.networks import finish


def written(folder: Path, n: int = 5, seed: int = 0) -> Path:
    finish(write_set(demo_document(), "base", SetOptions(n, seed=seed), str(folder)))
    return folder


def test_a_set_is_known_by_its_folder_its_manifest_and_how_many_pictures_it_has(tmp_path: Path) -> None:
    first, other = written(tmp_path / "a"), written(tmp_path / "b", seed=1)

    note, given = note_of_set(first), given_set(first)

    assert (note.name, note.n, note.poses_task) == ("a", 5, True)
    assert note.words() == "set “a”, 5 pictures"
    assert (given.name, given.sha256, len(given.stimuli)) == (note.name, note.sha256, note.n)
    assert note_of_set(other).sha256 != note.sha256
    assert given_set(first, 2).stimuli == given.stimuli[:2]


def test_what_was_rendered_is_read_back_with_its_right_answers(tmp_path: Path) -> None:
    words = ["render", "--n", "8", "--task", "rmts", "--image", "64", "--patch", "8", "--seed", "3"]
    assert main([*words, "--out", str(tmp_path)]) == 0

    stimuli = list(given_set(tmp_path).stimuli)

    examples = split_examples("test", 8, task="rmts", seed=3, geometry=Geometry(64, 8))
    assert [example_of(stimulus) for stimulus in stimuli] == examples
    entries = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    for entry, stimulus in zip(entries, stimuli, strict=True):
        assert np.array_equal(np.asarray(Image.open(tmp_path / entry["file"])), render(stimulus))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        ("[]", "lists no picture"),
        ("[3]", "is that of no set"),
        ('[{"file": "a.png"}]', "is that of no set"),
        ('{"name": "a web page", "icons": []}', "is that of no set"),
        ('{"format": 9}', "of another version"),
        ('{"format": 1, "pictures": [{}]}', "is that of no set"),
        ('{"format": 1, "pictures": [{"format": 1, "items": 3, "geometry": 4}]}', "cannot be read"),
        ('{"format": 1, "pictures": [{"format": 1, "items": [], "geometry": {}}]}', "A picture in the manifest cannot"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_a_damaged_manifest_is_refused_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(UserError, match=said):
        given_set(tmp_path)


def test_a_folder_without_a_manifest_is_no_set(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no set"):
        note_of_set(tmp_path)
