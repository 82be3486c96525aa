"""The log of a workspace: entries that are only ever added, and signed checkpoints over all of them (PROTOCOL 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from inspection.store.keys import Signer
from inspection.store.plans import Store

EntryType = Literal["commit", "result", "void", "replace", "substitute", "disclose"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """What is said of a draw; ``more`` holds what the type needs besides (reason, firm, visit)."""

    type: EntryType
    plan: str
    draw: str
    actor: str
    digest: str
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedEntry:
    """An entry under the first checkpoint that covers it: what draw.PublishedCommitment asks for.

    ``line`` is without its line end; ``proof`` proves it at ``index`` in the tree of ``size`` leaves with ``root``.
    """

    line: bytes
    index: int
    size: int
    root: bytes
    proof: tuple[bytes, ...]
    checkpoint: str


class Log:
    """The log of one store, signed by one key under one origin."""

    def __init__(self, store: Store, signer: Signer, origin: str) -> None:
        self.store = store
        self.signer = signer
        self.origin = origin

    @property
    def verifier_key(self) -> str:
        """The text of ``log/key``, with its line end."""
        raise NotImplementedError

    def append(self, connection: Connection, entry: LogEntry, now: datetime) -> int:
        """The entry is the log's last; its position is returned. It counts when the transaction is committed.

        Raises:
            StoreError: the time is before that of the last entry; the draw's name is used; a result or void has no
                commit, or no checkpoint covers that commit yet; a reason is missing.
        """
        raise NotImplementedError

    def checkpoint(self, connection: Connection) -> str:
        """The signed note over all entries; the one there is, when nothing was added since.

        Raises:
            StoreError: the log is empty.
        """
        raise NotImplementedError

    def lines(self) -> tuple[str, ...]:
        """All entries in order, without line ends."""
        raise NotImplementedError

    def checkpoints(self) -> dict[int, str]:
        """All notes by the size they cover, rising."""
        raise NotImplementedError

    def position(self, draw: str, type: EntryType) -> int | None:
        """Where the draw's commit, result or void stands; None when the log has none."""
        raise NotImplementedError

    def published(self, position: int) -> PublishedEntry:
        """The entry with its inclusion proof under the first checkpoint that covers it.

        Raises:
            StoreError: there is no such entry, or no checkpoint covers it.
        """
        raise NotImplementedError
