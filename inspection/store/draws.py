"""Draws of a plan: opened with the quotas, committed, revealed, finished; and the secrets of their ceremony.

Every function takes the connection of the transaction it belongs to (``Store.writing``, or ``writes`` of a step).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, insert, select, update

from inspection.draw.canonical import canonical_json
from inspection.errors import StoreError
from inspection.store.tables import ceremony
from inspection.store.tables import draws as table

DrawKind = Literal["firms", "inspectors"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawRecord:
    """One draw. ``files`` are its frozen files by name in the bundle: SHA-256 of the bytes, as FrozenFiles keeps them.

    ``commitment`` and ``root`` are in the draw's own digest; None until it is committed, until its result is stored.
    ``round`` is 0 for the year's own, k for the k-th supplement; ``void`` is the reason code of a draw given up.
    """

    draw: str
    plan: str
    folder: str
    kind: DrawKind
    commitment: str | None = None
    root: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    round: int = 0
    void: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What the reveal of a draw will hold: each party's secret by name, the public value, the seal."""

    parties: Mapping[str, str] = field(default_factory=dict)
    public: str | None = None
    seal: str | None = None


def open_draw(connection: Connection, plan: str, kind: DrawKind, round: int = 0) -> DrawRecord:
    """The plan's next draw, ``<n>-firms`` or ``<n>-inspectors``, n counting its draws from 1, given up ones too."""
    position = 1 + (connection.scalar(select(func.count()).select_from(table).filter_by(plan=plan)) or 0)
    folder = f"{position}-{kind}"
    record = DrawRecord(draw=f"{plan}/{folder}", plan=plan, folder=folder, kind=kind, round=round)
    row = {"draw": record.draw, "plan": plan, "position": position, "folder": folder, "kind": kind, "round": round}
    connection.execute(insert(table), row | {"files": "{}"})
    return record


def commit_draw(connection: Connection, draw: str, commitment: str, files: Mapping[str, str]) -> None:
    """The draw is committed: its digest and its frozen inputs (``commitment.json`` among them) are stored.

    Raises:
        StoreError: no such draw, or it is committed already.
    """
    record = _draw(connection, draw)
    if record.void is not None:
        raise StoreError("store.draw.void", draw=draw, reason=record.void)
    if record.commitment is not None:
        raise StoreError("store.draw.committed", draw=draw)
    values = {"commitment": commitment, "files": canonical_json(files).decode()}
    connection.execute(update(table).filter_by(draw=draw).values(values))


def finish_draw(connection: Connection, draw: str, root: str, files: Mapping[str, str]) -> None:
    """The draw has its result: root and frozen files (reveal, result table) are stored beside the inputs.

    Raises:
        StoreError: no such draw, it is not committed, finished already, or a file would replace an input.
    """
    record = _draw(connection, draw)
    if record.void is not None:
        raise StoreError("store.draw.void", draw=draw, reason=record.void)
    if record.commitment is None:
        raise StoreError("store.draw.uncommitted", draw=draw)
    if record.root is not None:
        raise StoreError("store.draw.finished", draw=draw)
    if replaced := sorted(record.files.keys() & files.keys()):
        raise StoreError("store.draw.inputs", draw=draw, files=", ".join(replaced))
    values = {"root": root, "files": canonical_json({**record.files, **files}).decode()}
    connection.execute(update(table).filter_by(draw=draw).values(values))


def give_up(connection: Connection, draw: str, reason: str) -> None:
    """The draw is given up for a reason code; its name is never used again, and nothing of it is deleted.

    Raises:
        StoreError: no such draw, or it has a result, or it is given up already.
    """
    record = _draw(connection, draw)
    if record.root is not None:
        raise StoreError("store.draw.finished", draw=draw)
    if record.void is not None:
        raise StoreError("store.draw.void", draw=draw, reason=record.void)
    connection.execute(update(table).filter_by(draw=draw).values(void=reason))


def draw(connection: Connection, name: str) -> DrawRecord:
    """The draw of this name.

    Raises:
        StoreError: there is none.
    """
    return _draw(connection, name)


def draws(connection: Connection, plan: str) -> tuple[DrawRecord, ...]:
    """The plan's draws in the order they were opened."""
    query = select(table).filter_by(plan=plan).order_by(table.c.position)
    return tuple(map(_as_record, connection.execute(query)))


def keep_secrets(connection: Connection, draw: str, secrets: Secrets) -> None:
    """The secrets are kept with the draw, beside those kept before.

    Raises:
        StoreError: no such draw, or another secret of the same party is kept already.
    """
    _draw(connection, draw)
    given = {("party", name): secret for name, secret in secrets.parties.items()}
    alone = (("public", secrets.public), ("seal", secrets.seal))
    given |= {(role, ""): value for role, value in alone if value is not None}
    kept = _kept(connection, draw)
    for (role, party), secret in given.items():
        if kept.get((role, party), secret) != secret:
            raise StoreError("store.secret.differs", draw=draw, party=party or role)
        if (role, party) not in kept:
            row = {"draw": draw, "role": role, "party": party, "secret": secret}
            connection.execute(insert(ceremony), row)


def secrets(connection: Connection, draw: str) -> Secrets:
    """All secrets kept with the draw."""
    kept = _kept(connection, draw)
    parties = {party: secret for (role, party), secret in kept.items() if role == "party"}
    return Secrets(parties=parties, public=kept.get(("public", "")), seal=kept.get(("seal", "")))


def _kept(connection: Connection, draw: str) -> dict[tuple[str, str], str]:
    query = select(ceremony).filter_by(draw=draw).order_by(ceremony.c.role, ceremony.c.party)
    return {(row.role, row.party): row.secret for row in connection.execute(query)}


def _draw(connection: Connection, name: str) -> DrawRecord:
    row = connection.execute(select(table).filter_by(draw=name)).one_or_none()
    if row is None:
        raise StoreError("store.draw.unknown", draw=name)
    return _as_record(row)


def _as_record(row: Row[Any]) -> DrawRecord:
    return DrawRecord(
        draw=row.draw,
        plan=row.plan,
        folder=row.folder,
        kind=row.kind,
        commitment=row.commitment,
        root=row.root,
        files=json.loads(row.files),
        round=row.round,
        void=row.void,
    )
