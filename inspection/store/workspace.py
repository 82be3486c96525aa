"""A workspace: the folder that holds a bureau's store, keys, snapshots and frozen files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from inspection.store.frozen import FrozenFiles
from inspection.store.log import Log
from inspection.store.plans import Store


class Workspace:
    """An opened workspace; ``folder`` also takes the registry's ``snapshots/`` and ``quarantine/``."""

    folder: Path
    origin: str
    store: Store
    log: Log
    frozen: FrozenFiles

    @classmethod
    def create(cls, folder: Path, *, url: str | None = None, origin: str) -> Self:
        """A new workspace stands in the folder (made if missing) with fresh keys; SQLite in it unless a URL is given.

        Raises:
            StoreError: the folder holds a workspace or anything else, or the origin is not a valid name.
        """
        raise NotImplementedError

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The workspace in the folder, its tables at the newest version.

        Raises:
            StoreError: there is none, a part of it is missing or unreadable, or the database cannot be reached.
        """
        raise NotImplementedError

    @property
    def salt(self) -> bytes:
        """The 32 secret bytes salts of table rows are derived from."""
        raise NotImplementedError

    @contextlib.contextmanager
    def lock(self, plan: str) -> Iterator[None]:
        """Nobody else plans this plan meanwhile. The lock dies with its process, so none is ever stale.

        Raises:
            StoreError: another process holds it.
        """
        raise NotImplementedError
        yield
