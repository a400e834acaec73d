"""Finds what a room holds: a new thing is one new file, and no list names it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import TypeVar

Kind = TypeVar("Kind")


def kinds(package: str, base: type[Kind]) -> tuple[type[Kind], ...]:
    """Every class of a kind that a module of the package defines, by their `order`, and by name where it is the same.

    Every module of the package is imported.
    """
    room = importlib.import_module(package)
    modules = [importlib.import_module(found.name) for found in pkgutil.iter_modules(room.__path__, f"{package}.")]
    classes = {
        member
        for module in modules
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, base) and member.__module__ == module.__name__
    }
    return tuple(sorted(classes, key=lambda kind: (getattr(kind, "order", 100), kind.__name__)))
