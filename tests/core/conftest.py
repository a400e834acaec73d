"""The tests of core: hypothesis tries the same examples on every run, and a slow machine is no failure."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("core", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("core")
