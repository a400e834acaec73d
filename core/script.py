"""A state as a Python script: what a colleague would write to have the same model answer the same question."""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from typing import Any

from core.analyses.decision import Verdict
from core.document import Document
from core.stimuli.render import shape_name
from core.stimuli.stimulus import COLOR_NAMES, item_name

WIDTH, INDENT, PACKED_WIDTH = 100, 4, 76

HEAD = '''
"""A state of Relata, asked again: run this file with Python to see what the model answers.

It needs Relata to be installed, and nothing of its window.
"""
'''
MAIN = """
def main() -> None:
    answer = Session("cpu").answer(Question(state()))
    verdict = answer.found[Decision()]
    print(f"answer {{verdict.answer}}")
    print(f"margin {{verdict.margin:.6f}}")
    print(f"without edits {{verdict.baseline_margin:.6f}}")
    for reason in answer.lost.values():
        print(f"left out: {{reason}}"){said}
"""
UNPACKED = '''
def unpacked(text: str) -> bytes:
    """Pixels, or the bits of a mask."""
    return decompress(b64decode(text))
'''
END = """
if __name__ == "__main__":
    main()
"""
ASKING = {
    "core.analyses.decision": {"Decision"},
    "core.document": {"Document"},
    "core.questions": {"Question"},
    "core.session": {"Session"},
}


def script_of(document: Document, verdict: Verdict | None = None) -> str:
    """A script that rebuilds a state and prints what its model answers; `verdict` is what it answered here.

    Pixels stand in it as text, at its end. Nothing of a document becomes code: texts are quoted, comments are one line.
    """
    writer = _Writer(document)
    state, packed = writer.state(), "\n\n".join(writer.packed())
    main = MAIN.format(said="" if verdict is None else f"\n    # {_one_line(_said(verdict))}")
    head = f"{HEAD.strip()}\n\n{writer.imports()}"
    parts = (head, state, main, UNPACKED if packed else "", packed, END)
    return "\n\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _said(verdict: Verdict) -> str:
    return f"When this was written it answered {verdict.answer}, with a margin of {verdict.margin:.6f}."


class _Writer:
    """Writes the values of one document, and remembers what they need: imports, and bytes too long to stand inside."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._needed: dict[str, set[str]] = defaultdict(set, {module: set(names) for module, names in ASKING.items()})
        self._packed: dict[bytes, str] = {}
        self._notes = _notes(document)

    def state(self) -> str:
        """The function that makes the document, its pictures and edits under names of their own."""
        document = self._document
        lines = ["def state() -> Document:"]
        named = {"base": "base"}
        lines.append(f"    base = {self._code(document.base, INDENT, 7)}")
        if document.source is not None:
            lines.append(f"    source = {self._code(document.source, INDENT, 9)}")
            named["source"] = "source"
        if document.interventions:
            lines.append(f"    edits = {self._code(document.interventions, INDENT, 8)}")
            named["interventions"] = "edits"
        lines.append(f"    return {self._call(document, named, INDENT, 7)}")
        return "\n".join(lines)

    def imports(self) -> str:
        """What the script imports, as it is sorted everywhere."""
        lines = []
        if self._packed:
            lines += ["from base64 import b64decode", "from zlib import decompress", ""]
        for module, names in sorted(self._needed.items()):
            one = f"from {module} import {', '.join(sorted(names))}"
            several = "\n".join([f"from {module} import (", *(f"    {name}," for name in sorted(names)), ")"])
            lines.append(one if len(one) <= WIDTH else several)
        return "\n".join(lines)

    def packed(self) -> Iterator[str]:
        """The bytes that the state names, as text."""
        for value, name in self._packed.items():
            text = b64encode(zlib.compress(value, 9)).decode("ascii")
            rows = (text[start : start + PACKED_WIDTH] for start in range(0, len(text), PACKED_WIDTH))
            yield "\n".join([f'{name} = """', *rows, '"""'])

    def _code(self, value: Any, indent: int, lead: int) -> str:
        """A value as it is written `lead` characters into a line that is indented so far."""
        if hasattr(type(value), "__dataclass_fields__"):
            return self._call(value, {}, indent, lead)
        if isinstance(value, tuple):
            comma = "," if len(value) == 1 else ""
            return self._brackets("(", [("", part) for part in value], ")", indent, lead, comma)
        if isinstance(value, bytes):
            name = self._packed.setdefault(value, f"PACKED_{len(self._packed) + 1}")
            return f"unpacked({name})"
        if isinstance(value, str):
            return _quoted(value)
        return repr(float(value) if isinstance(value, float) else value)

    def _call(self, value: Any, named: dict[str, str], indent: int, lead: int) -> str:
        """The call that makes a dataclass, without what it is by itself; `named` are parts that have names."""
        kind = type(value)
        self._needed[kind.__module__].add(kind.__name__)
        parts: list[tuple[str, Any]] = []
        for field in fields(value):
            part = getattr(value, field.name)
            if not _is_default(field, part):
                parts.append((f"{field.name}=", _Name(named[field.name]) if field.name in named else part))
        return self._brackets(f"{kind.__name__}(", parts, ")", indent, lead)

    def _brackets(
        self, opening: str, parts: list[tuple[str, Any]], closing: str, indent: int, lead: int, comma: str = ""
    ) -> str:
        """On one line where it fits and nothing is to be said of a part, else a line each."""
        notes = [self._notes.get(id(part), "") for _, part in parts]
        flat = ", ".join(f"{name}{self._code(part, 0, 0)}" for name, part in parts)
        whole = f"{opening}{flat}{comma}{closing}"
        if "\n" not in whole and not any(notes) and indent + lead + len(whole) < WIDTH:
            return whole
        inner = indent + INDENT
        lines = [opening]
        for (name, part), note in zip(parts, notes, strict=True):
            code = f"{' ' * inner}{name}{self._code(part, inner, len(name))},"
            said = f"# {note}" if note else ""
            if said and "\n" not in code and len(f"{code}  {said}") <= WIDTH:
                lines.append(f"{code}  {said}")
            else:
                lines += [f"{' ' * inner}{said}", code] if said else [code]
        return "\n".join([*lines, f"{' ' * indent}{closing}"])


class _Name:
    """A part that has been given a name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


def _notes(document: Document) -> dict[int, str]:
    """What every item looks like, and what every edit does, by which object it is."""
    notes: dict[int, str] = {}
    for stimulus in (document.source, document.base):
        for index, item in enumerate(stimulus.items if stimulus is not None else ()):
            notes[id(item)] = f"{item_name(index)}: {COLOR_NAMES[item.color]} {_one_line(shape_name(item.shape))}"
    notes |= {id(edit): _one_line(edit.words(document.base)) for edit in document.interventions}
    return notes


def _is_default(field: Field[Any], value: Any) -> bool:
    return field.default is not MISSING and type(field.default) is type(value) and field.default == value


def _quoted(text: str) -> str:
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in plain else plain


def _one_line(text: str) -> str:
    """For a comment: it ends where the line does."""
    return " ".join("".join(letter for letter in text if letter.isprintable() or letter.isspace()).split())
