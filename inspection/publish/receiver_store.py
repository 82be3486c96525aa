"""What a receiver keeps, in an SQLite file of its own: every record once, by its key, and where each stands."""

from __future__ import annotations

import base64
import functools
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from inspection.draw.canonical import canonical_json
from inspection.draw.refusal import DrawRefusal
from inspection.errors import PublishError
from inspection.publish.adapters import Adapter, load_adapter
from inspection.publish.body_check import body_faults
from inspection.publish.letters import body_digest
from inspection.publish.signatures import Sign

TABLES = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, record TEXT NOT NULL, kind TEXT NOT NULL,
    action TEXT NOT NULL, sequence INTEGER NOT NULL, adapter TEXT NOT NULL, sender TEXT NOT NULL,
    digest TEXT NOT NULL, body TEXT NOT NULL, received_at TEXT NOT NULL, receipt TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS records (
    adapter TEXT NOT NULL, record TEXT NOT NULL, last_key TEXT NOT NULL, sequence INTEGER NOT NULL,
    action TEXT NOT NULL, PRIMARY KEY (adapter, record)
);
CREATE TABLE IF NOT EXISTS parents (adapter TEXT NOT NULL, parent TEXT NOT NULL, PRIMARY KEY (adapter, parent));
CREATE TABLE IF NOT EXISTS counts (what TEXT PRIMARY KEY, number INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the receiver says of one record."""

    result: str
    code: str = ""
    detail: str = ""
    receipt: Mapping[str, Any] | None = None

    def entry(self, key: str) -> dict[str, Any]:
        """Its entry in the answer."""
        told = {"key": key, "result": self.result}
        told |= {name: text for name, text in (("code", self.code), ("detail", self.detail)) if text}
        return told | ({"receipt": self.receipt} if self.receipt is not None else {})


class ReceiverStore:
    """The receiver's records; one writer at a time."""

    def __init__(self, path: Path, name: str, sign: Sign) -> None:
        self.name = name
        self._sign, self._lock = sign, threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(TABLES)
        self._adapter = functools.cache(load_adapter)

    def close(self) -> None:
        """The file is closed."""
        self._database.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                self._database.execute("ROLLBACK")
                raise

    def take(self, adapter: str, sender: str, records: list[Any], now: datetime) -> list[dict[str, Any]]:
        """Store what is new and in order, all in one transaction; an entry of the answer for each record."""
        with self._writing() as database:
            entries = []
            for record in records:
                verdict = self._verdict(database, adapter, sender, record, now)
                _count(database, verdict.code or verdict.result)
                key = record.get("key") if isinstance(record, Mapping) else None
                entries.append(verdict.entry(key if isinstance(key, str) else ""))
            return entries

    def _verdict(self, database: sqlite3.Connection, adapter: str, sender: str, record: Any, now: datetime) -> Verdict:
        if fault := _form_fault(record):
            return Verdict("refused", "form", fault)
        stored = database.execute("SELECT digest, receipt FROM messages WHERE key = ?", (record["key"],)).fetchone()
        if stored is not None:
            if stored[0] != record["digest"]:
                return Verdict("refused", "key_reused", "this key was received with other content")
            return Verdict("duplicate", receipt=json.loads(stored[1]))
        try:
            table = self._adapter(adapter)
        except PublishError as error:
            return Verdict("refused", "adapter", error.text("en"))
        if faults := body_faults(table, record["kind"], record["action"], record["body"]):
            return Verdict("refused", "schema", "; ".join(faults))
        return _order_fault(database, table, record) or self._store(database, table, sender, record, now)

    def _store(
        self, database: sqlite3.Connection, adapter: Adapter, sender: str, record: Mapping[str, Any], now: datetime
    ) -> Verdict:
        number = 1 + (database.execute("SELECT max(number) FROM messages").fetchone()[0] or 0)
        receipt: dict[str, Any] = {
            "receiver": self.name,
            "number": number,
            "received_at": now.isoformat(timespec="seconds"),
            **{name: record[name] for name in ("key", "record", "digest")},
        }
        receipt["signature"] = base64.b64encode(self._sign(canonical_json(receipt))).decode()
        names = ("key", "record", "kind", "action", "sequence")
        row = (number, *(record[name] for name in names), adapter.name, sender, record["digest"])
        row += (canonical_json(record["body"]).decode(), receipt["received_at"], canonical_json(receipt).decode())
        database.execute(f"INSERT INTO messages VALUES ({', '.join('?' * 12)})", row)
        standing = (adapter.name, record["record"], record["key"], record["sequence"], record["action"])
        database.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?)", standing)
        for parent in _parents_given(adapter, record):
            database.execute("INSERT OR IGNORE INTO parents VALUES (?, ?)", (adapter.name, parent))
        return Verdict("stored", receipt=receipt)

    def receipt(self, key: str) -> Mapping[str, Any] | None:
        """The receipt given for a key; None when nothing was received under it."""
        with self._lock:
            row = self._database.execute("SELECT receipt FROM messages WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def status(self) -> dict[str, int]:
        """How many messages are stored, how many records stand, and how often each thing was answered."""
        with self._lock:
            answered = dict(self._database.execute("SELECT what, number FROM counts ORDER BY what").fetchall())
            messages = self._database.execute("SELECT count(*) FROM messages").fetchone()[0]
            standing = self._database.execute("SELECT count(*) FROM records WHERE action <> 'd'").fetchone()[0]
        return {"messages": messages, "standing": standing} | {f"answered_{what}": n for what, n in answered.items()}


def _count(database: sqlite3.Connection, what: str) -> None:
    database.execute("INSERT INTO counts VALUES (?, 1) ON CONFLICT (what) DO UPDATE SET number = number + 1", (what,))


def _form_fault(record: Any) -> str | None:
    texts = ("key", "record", "kind", "action", "digest")
    if not isinstance(record, Mapping) or not isinstance(record.get("body"), Mapping):
        return "a record is an object with a body"
    if wrong := [name for name in texts if not isinstance(record.get(name), str) or not record[name]]:
        return f"{', '.join(wrong)}: expected text"
    if record["action"] not in ("i", "u", "d"):
        return "action: expected i, u or d"
    sequence = record.get("sequence")
    if not isinstance(sequence, int) or isinstance(sequence, bool) or not 0 < sequence < 2**53:
        return "sequence: expected a whole number"
    if not isinstance(record.get("previous"), str | None):
        return "previous: expected a key or null"
    try:
        digest = body_digest(record["body"])
    except DrawRefusal as refusal:
        return f"body: {refusal}"
    return None if digest == record["digest"] else "digest: not that of the body"


def _order_fault(database: sqlite3.Connection, adapter: Adapter, record: Mapping[str, Any]) -> Verdict | None:
    """Why the record cannot be stored now, or ever; None when it follows what is stored."""
    query = "SELECT last_key, sequence, action FROM records WHERE adapter = ? AND record = ?"
    last = database.execute(query, (adapter.name, record["record"])).fetchone()
    last_key, sequence, action = last if last is not None else (None, 0, "d")
    if record["previous"] != last_key or record["sequence"] <= sequence:
        return Verdict("again", "order", f"this record stands at {last_key}")
    if record["action"] == "i" and action != "d":
        return Verdict("refused", "exists", "inserted before; correct it by an update")
    if record["action"] != "i" and action == "d":
        return Verdict("refused", "absent", "there is nothing to correct or withdraw")
    rule = adapter.kinds.get(record["kind"])
    if rule is not None and rule.parent is not None:
        wanted = (adapter.name, str(record["body"].get(rule.parent)))
        if database.execute("SELECT 1 FROM parents WHERE adapter = ? AND parent = ?", wanted).fetchone() is None:
            return Verdict("again", "parent", f"{rule.parent} {wanted[1]} is not known yet")
    return None


def _parents_given(adapter: Adapter, record: Mapping[str, Any]) -> list[str]:
    """The parent keys a record brings: those of fields that other kinds of the adapter refer to."""
    wanted = {rule.parent for kind, rule in adapter.kinds.items() if rule.parent and kind != record["kind"]}
    return [str(record["body"][name]) for name in wanted if name in record["body"]]
