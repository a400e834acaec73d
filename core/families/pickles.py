"""Read a pickle without running it: what it would import and call becomes a note of that, and nothing more.

A pickle is a program for a small stack machine. This is that machine without the part that can do harm: it imports no
module, calls no function, makes no object of a class and sets no state. It knows how torch describes a tensor; every
other thing stays `Inert`.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import torch

from core.families.stored import Damaged, Storage, stored

MOST_STEPS = 20_000_000
"""Operations in one pickle; a checkpoint of a thousand tensors takes some 30,000."""


@dataclass(frozen=True, slots=True)
class Named:
    """A class or function that the pickle names. It is not imported."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False, slots=True)
class Inert:
    """What would have been made by a call: of what, with which arguments, and what would have been put into it."""

    function: object
    arguments: object
    state: object = None
    items: dict[Any, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TypedStorage:
    """A storage, and the kind of number that the pickle says it is of."""

    storage: Storage
    dtype: torch.dtype


Persistent = Callable[[object], object]
"""What stands for a persistent id, by which torch names a storage outside of the pickle."""

_TYPED = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64,
    "UntypedStorage": torch.uint8,
}
_DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in (*_TYPED.values(), torch.float8_e4m3fn)}

_CONSTANT = re.compile(r"(BIN)?INT[12]?|LONG[14]?|(SHORT_|BIN)*(STRING|UNICODE|BYTES)8?|BYTEARRAY8|(BIN)?FLOAT")
"""Operations whose argument is a value."""
_VALUES = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_NOTHING = frozenset(("PROTO", "FRAME"))
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def storage_dtype(kind: object) -> torch.dtype:
    """The kind of number in a storage of torch's class.

    Raises Damaged for what is none.
    """
    if isinstance(kind, Named) and kind.module in ("torch", "torch.storage") and kind.name in _TYPED:
        return _TYPED[kind.name]
    said = str(kind)[:80] if isinstance(kind, Named) else "an object"
    raise Damaged(f"it holds numbers of a kind that is not known: {said}")


class Bounded:
    """A file that refuses to read what it claims to hold beyond its end, before memory is taken for that."""

    def __init__(self, file: BinaryIO, end: int) -> None:
        self._file, self._end = file, end

    def read(self, n_bytes: int) -> bytes:
        """Bytes from here on.

        Raises Damaged beyond the end.
        """
        if not 0 <= n_bytes <= self._end - self._file.tell():
            raise Damaged("it ends too early")
        return self._file.read(n_bytes)

    def readline(self) -> bytes:
        """A line from here on."""
        return self._file.readline(self._end - self._file.tell())

    def tell(self) -> int:
        """Where it is."""
        return self._file.tell()


def read_pickle(file: Bounded, persistent: Persistent) -> object:
    """The value of one pickle: what Python has literals for, tensors as `Stored`, `Named`, and `Inert` for the rest.

    Raises Damaged where it is none.
    """
    machine = _Machine(persistent)
    try:
        for step, (opcode, argument, _) in enumerate(pickletools.genops(cast(Any, file))):
            if opcode.name == "STOP":
                return machine.stack[-1]
            if step > MOST_STEPS:
                raise Damaged("it is too long for a checkpoint")
            machine.do(opcode.name, argument)
    except (LookupError, TypeError, AttributeError, OverflowError, RecursionError, UnicodeError) as error:
        raise Damaged("its pickle makes no sense") from error
    except ValueError as error:
        raise error if isinstance(error, Damaged) else Damaged("its pickle is cut short or damaged") from error
    raise Damaged("its pickle has no end")


class _Machine:
    """The stack, what lies below each mark on it, and the memo."""

    def __init__(self, persistent: Persistent) -> None:
        self.stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._persistent = persistent

    def do(self, name: str, argument: Any) -> None:
        """One operation."""
        if _CONSTANT.fullmatch(name):
            self.stack.append(argument)
        elif name in _VALUES:
            self.stack.append(_VALUES[name])
        elif name not in _NOTHING:
            known = self._arrange(name, argument) or self._collect(name) or self._note(name, argument)
            if not known:
                raise Damaged(f"its pickle has an operation that no checkpoint needs ({name})")

    def _arrange(self, name: str, argument: Any) -> bool:
        """Marks and the memo."""
        match name:
            case "MARK":
                self._below.append(self.stack)
                self.stack = []
            case "POP":
                self.stack.pop()
            case "POP_MARK":
                self._to_mark()
            case "DUP":
                self.stack.append(self.stack[-1])
            case "MEMOIZE":
                self._memo[len(self._memo)] = self.stack[-1]
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                self._memo[int(argument)] = self.stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                self.stack.append(self._memo[int(argument)])
            case _:
                return False
        return True

    def _collect(self, name: str) -> bool:
        """Lists, tuples, tables and sets."""
        match name:
            case "EMPTY_LIST" | "EMPTY_DICT" | "EMPTY_TUPLE":
                self.stack.append({"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_TUPLE": tuple}[name]())
            case "LIST" | "TUPLE":
                values = self._to_mark()
                self.stack.append(values if name == "LIST" else tuple(values))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                self.stack[-_TUPLES[name] :] = [tuple(self.stack[-_TUPLES[name] :])]
            case "DICT":
                values = self._to_mark()
                self.stack.append(_with_items({}, values))
            case "EMPTY_SET":
                self.stack.append(Inert(Named("builtins", "set"), ()))
            case "FROZENSET":
                values = self._to_mark()
                self.stack.append(Inert(Named("builtins", "frozenset"), tuple(values)))
            case "APPEND":
                _append(self.stack[-2], [self.stack.pop()])
            case "APPENDS" | "ADDITEMS":
                values = self._to_mark()
                _append(self.stack[-1], values)
            case "SETITEM":
                value, key = self.stack.pop(), self.stack.pop()
                _with_items(self.stack[-1], [key, value])
            case "SETITEMS":
                values = self._to_mark()
                _with_items(self.stack[-1], values)
            case _:
                return False
        return True

    def _note(self, name: str, argument: Any) -> bool:
        """What would import, call, make or change something: it is noted and not done."""
        stack = self.stack
        match name:
            case "GLOBAL":
                stack.append(Named(*argument.split(" ", 1)))
            case "STACK_GLOBAL":
                attribute, module = stack.pop(), stack.pop()
                stack.append(Named(str(module), str(attribute)))
            case "REDUCE" | "NEWOBJ":
                arguments = stack.pop()
                stack.append(_made(stack.pop(), arguments))
            case "NEWOBJ_EX":
                _, arguments = stack.pop(), stack.pop()
                stack.append(_made(stack.pop(), arguments))
            case "OBJ":
                made, *arguments = self._to_mark()
                self.stack.append(_made(made, tuple(arguments)))
            case "INST":
                given = tuple(self._to_mark())
                self.stack.append(_made(Named(*argument.split(" ", 1)), given))
            case "BUILD":
                state = stack.pop()
                if isinstance(stack[-1], Inert):
                    stack[-1].state = state
            case "EXT1" | "EXT2" | "EXT4":
                stack.append(Named("copyreg", f"extension {argument}"))
            case "PERSID" | "BINPERSID":
                stack.append(self._persistent(argument if name == "PERSID" else stack.pop()))
            case _:
                return False
        return True

    def _to_mark(self) -> list[Any]:
        """What lies above the last mark, which goes."""
        above, self.stack = self.stack, self._below.pop()
        return above


def _append(target: object, values: list[Any]) -> None:
    if isinstance(target, list):
        target.extend(values)


def _with_items(target: object, values: list[Any]) -> object:
    """A table with more keys and values; only names and numbers are kept as keys."""
    table = target if isinstance(target, dict) else target.items if isinstance(target, Inert) else {}
    for key, value in zip(values[::2], values[1::2], strict=True):
        if type(key) in (str, int):
            table[key] = value
    return target


def _from_pairs(pairs: object) -> dict[Any, object]:
    """The table that Python 2 wrote as a list of keys and values."""
    found = (
        [pair for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2] if isinstance(pairs, list) else []
    )
    table: dict[Any, object] = {}
    _with_items(table, [part for pair in found for part in pair])
    return table


def _made(function: object, arguments: object) -> object:
    """What a call would make: a table or a tensor where torch says so, and a note of the call otherwise."""
    given = arguments if isinstance(arguments, tuple) else ()
    match str(function) if isinstance(function, Named) else "":
        case "collections.OrderedDict":
            return _from_pairs(given[0] if given else [])
        case "torch._utils._rebuild_tensor" | "torch._utils._rebuild_tensor_v2" if len(given) >= 4:
            return _tensor(given)
        case "torch._utils._rebuild_tensor_v3" if len(given) >= 7:
            kind = given[6]
            return _tensor(given, _DTYPES.get(kind.name) if isinstance(kind, Named) else None)
        case "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state" if given:
            return given[0]
        case "torch._tensor._rebuild_from_type_v2" if len(given) >= 3:
            return _made(given[0], given[2])
        case _:
            return Inert(function, arguments)


def _tensor(given: tuple[Any, ...], dtype: torch.dtype | None = None) -> object:
    """The tensor that torch's functions would rebuild from a storage, an offset, a shape and strides."""
    source, offset, shape, stride, *_ = given
    if not isinstance(source, TypedStorage):
        return Inert(Named("torch", "Tensor"), given)
    return stored(source.storage, dtype or source.dtype, shape, stride, offset)
