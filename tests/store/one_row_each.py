"""One row for every table of the store: a new table that needs other values than these names them here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from expectations import ORIGIN, START
from sqlalchemy import Connection, Table, insert, select

from inspection.store import schema

HASH = "a" * 64
BY_COLUMN: Mapping[str, Any] = {
    **dict.fromkeys(("position", "version", "batch_serial", "seen", "round"), 1),
    **dict.fromkeys(("number", "row", "size", "seq", "batch", "records", "covers", "attempts", "qualified"), 1),
    **dict.fromkeys(("policy_digest", "snapshot", "digest", "request", "base", "root", "commitment"), HASH),
    **dict.fromkeys(("policy", "payload", "files", "visits"), "{}"),
    **dict.fromkeys(("start", "made_on", "found_on", "since_day"), date(2027, 4, 1)),
    "plan": "p",
    "division": "370828",
    "year": 2027,
    "draw": "p/1-firms",
    "visit": "V1",
    "agency": "XA",
    "month": "2027-04",
    "combination": "K1",
    "item": "I1",
    "account": "zhang",
    "target": "province",
    "job": "month",
    "witness": "witness",
    "officers": 2,
    "line": "中文“引号”\t\\N\n",
}
BY_TABLE: Mapping[str, Mapping[str, Any]] = {
    "amendments": {"kind": "correct", "before": "1", "result": "5"},
    "ceremony": {"role": "party", "party": "notary"},
    "changes": {"kind": "close", "state": "pending"},
    "checkpoints": {"size": 1, "note": ORIGIN},
    "cosignatures": {"size": 1},
    "deliveries": {"state": "waiting"},
    "disclosure_batches": {"position": 0},
    "disclosures": {"kind": "visit", "action": "i"},
    # Round 0 is what an upgrade from before there were rounds makes of a draw.
    "draws": {"folder": "1-firms", "kind": "firms", "commitment": HASH, "round": 0},
    "due_dates": {"kind": "findings", "reference": "", "since": date(2027, 4, 1), "due": date(2027, 4, 29)},
    "errands": {"state": "done"},
    "findings": {"result": "1"},
    "identity": {"origin": ORIGIN, "verifier_key": "key"},
    "job_runs": {"state": "failed", "ended_at": START, "retry_at": START, "occasion": "2027-03"},
    "log_entries": {"position": 0, "type": "commit", "leaf": bytes(range(32))},
    "needs": {"qualification": "食品"},
    "outbox": {"kind": "visit", "action": "i"},
    "period_statistics": {"period": "2027-03"},
    "proposals": {"state": "pending"},
    "publications": {"state": "pending"},
    "timestamps": {"size": 1, "answer": bytes(range(256))},
    "visit_events": {"event": "dispatch"},
    "visit_states": {"state": "dispatched"},
    "visits": {"day": date(2027, 4, 2), "firm": "91370828MA3C000000"},
    "witnesses": {"name": "witness"},
}


def row_of(table: Table) -> dict[str, Any]:
    """A row that every rule of the table allows."""
    own = BY_TABLE.get(table.name, {})
    return {
        column.name: own[column.name] if column.name in own else _value(column)
        for column in table.columns
        if not column.nullable or column.name in own
    }


def _value(column: Any) -> Any:
    if column.name in BY_COLUMN:
        return BY_COLUMN[column.name]
    kind = type(column.type).__name__
    if kind == "Instant":
        return START + timedelta(microseconds=123_456)
    return column.name if kind == "Text" else 1


def fill(connection: Connection, **values: Any) -> None:
    """Every table without rows has one, checkpoints, which a trigger holds to the log, after the log.

    Args:
        values: by column, instead of those above.
    """
    names = list(schema.metadata.sorted_tables)
    for table in sorted(names, key=lambda table: (table.name in AFTER_THE_LOG, names.index(table))):
        if not connection.execute(select(table).limit(1)).all():
            row = row_of(table)
            connection.execute(insert(table), row | {name: values[name] for name in values.keys() & row.keys()})


AFTER_THE_LOG = ("checkpoints", "cosignatures", "timestamps")
