from __future__ import annotations

from pathlib import Path

import pytest

from core.registry import kinds

ROOM = {
    "first": "from {0}.kind import Kind\nclass B(Kind):\n    order = 2\nclass A(Kind):\n    order = 2\n",
    "second": "from {0}.first import A\nfrom {0}.kind import Kind\nclass Z(Kind):\n    order = 1\nclass Other: ...\n",
    "kind": "class Kind:\n    order = 9\n",
}


def test_a_room_is_walked_and_each_kind_found_once_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = tmp_path / "a_room_for_kinds"
    (room / "deeper").mkdir(parents=True)
    (room / "__init__.py").touch()
    (room / "deeper" / "__init__.py").touch()
    (room / "deeper" / "heavy.py").write_text("raise AssertionError('what lies deeper is left alone')")
    for name, text in ROOM.items():
        (room / f"{name}.py").write_text(text.format(room.name))
    monkeypatch.syspath_prepend(tmp_path)
    from a_room_for_kinds.kind import Kind  # type: ignore[import-not-found]

    assert [kind.__name__ for kind in kinds(room.name, Kind)] == ["Z", "A", "B", "Kind"]
