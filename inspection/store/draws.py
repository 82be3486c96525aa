"""Draws of a plan: opened with the quotas, committed, revealed, finished; and the secrets of their ceremony.

Every function takes the connection of the transaction it belongs to (``Store.writing``, or ``writes`` of a step).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawRecord:
    """One draw. ``files`` are its frozen files by name in the bundle: SHA-256 of the bytes, as FrozenFiles keeps them.

    ``commitment`` and ``root`` are in the draw's own digest; None until it is committed, until its result is stored.
    """

    draw: str
    plan: str
    folder: str
    kind: str
    commitment: str | None = None
    root: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What the reveal of a draw will hold: each party's secret by name, the public value, the seal."""

    parties: Mapping[str, str]
    public: str | None = None
    seal: str | None = None


def open_draw(connection: Connection, plan: str, kind: str) -> DrawRecord:
    """The plan's next draw, ``<n>-firms`` or ``<n>-inspectors``, n counting its draws from 1."""
    raise NotImplementedError


def commit_draw(connection: Connection, draw: str, commitment: str, files: Mapping[str, str]) -> None:
    """The draw is committed: its digest and its frozen inputs (``commitment.json`` among them) are stored.

    Raises:
        StoreError: no such draw, or it is committed already.
    """
    raise NotImplementedError


def finish_draw(connection: Connection, draw: str, root: str, files: Mapping[str, str]) -> None:
    """The draw has its result: root and frozen files (reveal, result table) are stored beside the inputs.

    Raises:
        StoreError: the draw is not committed, or finished already.
    """
    raise NotImplementedError


def draw(connection: Connection, name: str) -> DrawRecord:
    """The draw of this name.

    Raises:
        StoreError: there is none.
    """
    raise NotImplementedError


def draws(connection: Connection, plan: str) -> tuple[DrawRecord, ...]:
    """The plan's draws in the order they were opened."""
    raise NotImplementedError


def keep_secrets(connection: Connection, draw: str, secrets: Secrets) -> None:
    """The secrets are kept with the draw, beside those kept before.

    Raises:
        StoreError: another secret of the same party is kept already.
    """
    raise NotImplementedError


def secrets(connection: Connection, draw: str) -> Secrets:
    """All secrets kept with the draw."""
    raise NotImplementedError
