"""Pages by role. A module put in this folder is found by itself::

    router = APIRouter()                       # every page of the module; forms are guarded by app.py
    TILES = (Tile(path="/registers", title="web.tile.registers", permission="registers.read", order=20),)

``title`` is a message code; its sentence is ``<title>.text``. A tile is on the first page of those who have the
permission.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

from inspection.web.roles import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A door on the first page: where it leads, what stands on it, and who sees it; ``order`` rises down the page."""

    path: str
    title: str
    permission: Permission
    order: int = 50


def page_modules() -> Iterator[ModuleType]:
    """Modules of this folder that have a ``router``, by name."""
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda each: each.name):
        module = importlib.import_module(f"{__name__}.{found.name}")
        if hasattr(module, "router"):
            yield module


def all_tiles() -> tuple[Tile, ...]:
    """The tiles of all modules in their order."""
    tiles = (tile for module in page_modules() for tile in getattr(module, "TILES", ()))
    return tuple(sorted(tiles, key=lambda tile: (tile.order, tile.path)))
