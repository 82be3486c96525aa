"""The API by subject. A module put in this folder is found by itself: its ``router`` is served below ``/api/v1``, and
``IS_PUBLIC = True`` says that nobody has to be known there (every other handler asks ``allowed(...)``)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType


def api_modules() -> Iterator[ModuleType]:
    """Modules of this folder that have a ``router``, by name."""
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda each: each.name):
        module = importlib.import_module(f"{__name__}.{found.name}")
        if hasattr(module, "router"):
            yield module
