"""The log of a workspace: entries that are only ever added, and signed checkpoints over all of them (PROTOCOL 8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, insert, select

from inspection.draw.log import Entry, EntryType, LogCopy
from inspection.draw.merkle import inclusion_proof, leaf_hash, tree_head, tree_heads
from inspection.draw.note import Checkpoint, VerifierKey, open_note, sign_note, with_lines
from inspection.draw.refusal import DrawRefusal
from inspection.errors import StoreError
from inspection.store.keys import Signer, verify
from inspection.store.log_words import kept_timestamps, witness_lines
from inspection.store.plans import Store
from inspection.store.tables import checkpoints, log_entries

NEEDED: Mapping[EntryType, tuple[str, ...]] = {
    "void": ("reason",),
    "replace": ("reason", "firm", "visit"),
    "substitute": ("reason", "visit"),
}
"""What an entry of a type holds beside the fields that all have (PROTOCOL 8 and 9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedEntry:
    """An entry under the first checkpoint that covers it: the parts of a draw.PublishedCommitment.

    ``line`` is without its line end; ``proof`` proves it at ``index`` in the checkpoint's tree; ``note`` is the
    checkpoint as it was signed.
    """

    line: bytes
    index: int
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint
    note: str


class Log:
    """The log of one store, signed by one key under one origin."""

    def __init__(self, store: Store, signer: Signer, origin: str) -> None:
        self.store = store
        self.signer = signer
        self.origin = origin
        self.key = VerifierKey(name=origin, public_key=signer.public_key)
        """``key.text`` and a line end are the bundle's ``log/key``."""

    def append(self, connection: Connection, entry: Entry) -> int:
        """The entry is the log's last; its position is returned. It counts when the transaction is committed.

        Raises:
            StoreError: a part of the entry is missing or malformed; its time is before that of the last entry; the
                draw's name is used; a result or void has no commit, a result no checkpoint over its commit.
        """
        _check_entry(entry)
        _check_order(connection, entry)
        position = _size(connection)
        last = connection.scalar(select(log_entries.c.line).filter_by(position=position - 1))
        if last is not None and entry.at < (before := Entry.parse(last.encode())).at:
            raise StoreError("store.log.time", last=before.time, now=entry.time)
        row = {name: getattr(entry, name) for name in ("plan", "draw", "type", "time")}
        row |= {"position": position, "line": entry.line.decode(), "leaf": leaf_hash(entry.line)}
        connection.execute(insert(log_entries), row)
        return position

    def checkpoint(self, connection: Connection) -> str:
        """The signed note over all entries; the one there is, when nothing was added since.

        Raises:
            StoreError: the log is empty.
        """
        size = _size(connection)
        if not size:
            raise StoreError("store.log.empty")
        note: str | None = connection.scalar(select(checkpoints.c.note).filter_by(size=size))
        if note is None:
            root = tree_head(_leaves(connection, size))
            text = Checkpoint(origin=self.origin, size=size, root=root).text
            note = sign_note(text, self.key, self.signer.sign)
            connection.execute(insert(checkpoints), {"size": size, "note": note})
        return note

    def lines(self) -> tuple[str, ...]:
        """All entries in order, without line ends."""
        with self.store.reading() as connection:
            return tuple(connection.scalars(select(log_entries.c.line).order_by(log_entries.c.position)))

    def checkpoints(self) -> dict[int, str]:
        """All notes by the size they cover, rising, each with the lines of witnesses that were handed in."""
        with self.store.reading() as connection:
            rows = connection.execute(select(checkpoints).order_by(checkpoints.c.size)).all()
            lines = witness_lines(connection)
        return {row.size: with_lines(row.note, lines.get(row.size, [])) for row in rows}

    def timestamps(self) -> dict[int, dict[str, bytes]]:
        """Answers of timestamp authorities by the size they are about, each named by the start of its digest."""
        with self.store.reading() as connection:
            kept = kept_timestamps(connection)
        found: dict[int, dict[str, bytes]] = {}
        for each in kept:
            found.setdefault(each.size, {})[each.digest[:16]] = each.answer
        return found

    def copy(self) -> LogCopy:
        """The log as others may have it: entries the newest checkpoint covers, and all notes."""
        lines, notes = self.lines(), self.checkpoints()
        covered = lines[: max(notes, default=0)]
        return LogCopy(key=self.key, lines=tuple(line.encode() for line in covered), notes=notes)

    def position(self, draw: str, type: Literal["commit", "result", "void"]) -> int | None:
        """Where the draw's commit, result or void stands; None when the log has none."""
        with self.store.reading() as connection:
            return _position(connection, draw, type)

    def published(self, position: int) -> PublishedEntry:
        """The entry with its inclusion proof under the first checkpoint that covers it.

        Raises:
            StoreError: there is no such entry, no checkpoint covers it, or the entries are no longer those it signed.
        """
        query = select(checkpoints).where(checkpoints.c.size > position).order_by(checkpoints.c.size).limit(1)
        with self.store.reading() as connection:
            if not 0 <= position < _size(connection):
                raise StoreError("store.log.missing", position=position, size=_size(connection))
            covering = connection.execute(query).one_or_none()
            if covering is None:
                raise StoreError("store.log.unpublished", position=position)
            leaves = _leaves(connection, covering.size)
        return PublishedEntry(
            line=leaves[position],
            index=position,
            proof=inclusion_proof(leaves, position),
            checkpoint=self._opened(covering.note, leaves),
            note=covering.note,
        )

    def check(self) -> None:
        """Every checkpoint bears the log's signature and covers the entries as they stand, and every row says what
        its entry says.

        Raises:
            StoreError: an entry or a checkpoint was changed behind the store's back.
        """
        with self.store.reading() as connection:
            rows = connection.execute(select(log_entries).order_by(log_entries.c.position)).all()
            notes = connection.execute(select(checkpoints).order_by(checkpoints.c.size)).all()
        roots = tree_heads([row.line.encode() for row in rows], [size for size, _ in notes])
        for size, note in notes:
            if size not in roots:
                raise StoreError("store.log.changed", size=size, reason=f"{len(rows)} < {size}")
            self._expect(note, Checkpoint(origin=self.origin, size=size, root=roots[size]))
        for place, row in enumerate(rows):
            if (reason := _row_fault(place, row)) is not None:
                raise StoreError("store.log.row", position=place, reason=reason)

    def _opened(self, note: str, leaves: list[bytes]) -> Checkpoint:
        """The checkpoint of a note we signed, over exactly these leaves."""
        return self._expect(note, Checkpoint(origin=self.origin, size=len(leaves), root=tree_head(leaves)))

    def _expect(self, note: str, expected: Checkpoint) -> Checkpoint:
        """The checkpoint of a note we signed, which is the one expected."""
        try:
            opened = Checkpoint.parse(open_note(note, [self.key], verify).text)
        except DrawRefusal as refusal:
            raise StoreError("store.log.changed", size=expected.size, reason=refusal) from None
        if opened != expected:
            raise StoreError("store.log.changed", size=expected.size, reason=f"root {expected.root.hex()}")
        return opened


def _row_fault(place: int, row: Row[Any]) -> str | None:
    """What of a row is not as its entry says; the columns are what the store itself looks draws up by."""
    try:
        entry = Entry.parse(row.line.encode())
    except DrawRefusal as refusal:
        return str(refusal)
    said = {"position": place, "leaf": leaf_hash(entry.line)}
    said |= {name: getattr(entry, name) for name in ("plan", "draw", "type", "time")}
    stored = {name: getattr(row, name) for name in said}
    return next((f"{name}: {stored[name]!r}" for name in said if stored[name] != said[name]), None)


def _check_entry(entry: Entry) -> None:
    """The entry says what its type needs, in the forms of PROTOCOL 8."""
    if not entry.draw.startswith(f"{entry.plan}/"):
        raise StoreError("store.log.draw", draw=entry.draw, plan=entry.plan)
    if not re.fullmatch("[0-9a-f]{64}", entry.digest):
        raise StoreError("store.log.digest", digest=entry.digest, draw=entry.draw)
    missing = [name for name in NEEDED.get(entry.type, ()) if not entry.more.get(name)]
    missing += [] if entry.actor else ["actor"]
    if missing:
        raise StoreError("store.log.fields", type=entry.type, draw=entry.draw, fields=", ".join(missing))


def _check_order(connection: Connection, entry: Entry) -> None:
    """The entry may follow what the log says of its draw (PROTOCOL 8)."""
    commit = _position(connection, entry.draw, "commit")
    result, void = (_position(connection, entry.draw, ending) for ending in ("result", "void"))
    if entry.type == "commit":
        if commit is not None:
            raise StoreError("store.log.used", draw=entry.draw, position=commit)
        return
    if commit is None:
        raise StoreError("store.log.uncommitted", draw=entry.draw, type=entry.type)
    if entry.type in ("result", "void") and (result is not None or void is not None):
        ending, position = ("result", result) if result is not None else ("void", void)
        raise StoreError("store.log.ended", draw=entry.draw, type=entry.type, ending=ending, position=position)
    if entry.type == "result" and (connection.scalar(select(func.max(checkpoints.c.size))) or 0) <= commit:
        raise StoreError("store.log.unpublished", position=commit)
    if entry.type in ("replace", "substitute") and result is None:
        raise StoreError("store.log.undrawn", draw=entry.draw, type=entry.type)


def _position(connection: Connection, draw: str, type: str) -> int | None:
    position: int | None = connection.scalar(select(log_entries.c.position).filter_by(draw=draw, type=type))
    return position


def _size(connection: Connection) -> int:
    last = connection.scalar(select(func.max(log_entries.c.position)))
    return 0 if last is None else last + 1


def _leaves(connection: Connection, size: int) -> list[bytes]:
    query = select(log_entries.c.line).where(log_entries.c.position < size).order_by(log_entries.c.position)
    return [line.encode() for line in connection.scalars(query)]
