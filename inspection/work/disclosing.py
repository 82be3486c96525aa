"""Disclosure: what stands is compared with what is public, and the difference is published, in one transaction.

Visits drawn become public once they were sent out (a sealed plan's on their day), findings and decisions once they were
reviewed; what was corrected, closed, voided or withdrawn follows as a version of its own. Each call makes at most one
batch per draw: a frozen table, whose root goes into the log (PROTOCOL 8), and one announcement per record. The key of
``disclosures`` keeps anything from being published twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection

from inspection.draw.log import Entry
from inspection.draw.table import table_bytes, table_root
from inspection.outgoing import Action
from inspection.steps.line import Line, stamp
from inspection.store import disclosed
from inspection.store.acts import act_number
from inspection.store.disclosed import Batch, Disclosure
from inspection.store.outbox import News, announce_all
from inspection.store.work import PartKey

COLUMNS = ("record", "version", "action", "kind", "firm", "agency", "item", "result", "day")
"""Columns of ``disclosed-<n>.csv``: a row per item of a finding, one row for anything else; no personal data."""

RecordKind = Literal["visit", "finding", "decision"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One version of a public record.

    Attributes:
        draw: the firm draw it belongs to.
        details: (item, result) of a finding; of anything else one pair with the outcome or reference.
        payload: facts for receivers, in the names of data/adapters/facts.toml.
    """

    record: str
    version: int
    kind: RecordKind
    action: Action
    draw: str
    firm: str
    agency: str = ""
    day: date | None = None
    details: tuple[tuple[str, str], ...] = (("", ""),)
    payload: Mapping[str, Any] = field(default_factory=dict)

    def rows(self) -> Iterable[tuple[str, ...]]:
        """Its rows of the batch's table."""
        day = self.day.isoformat() if self.day else ""
        for item, result in self.details:
            start = (self.record, str(self.version), self.action, self.kind, self.firm, self.agency)
            yield *start, item, result, day

    @property
    def key(self) -> str:
        """What tells this version from every other announcement."""
        return f"{self.record}/{self.version}"


def publish(line: Line, connection: Connection, records: Sequence[Record], now: datetime) -> int:
    """The records are public: in a batch per draw, in the log, in the outbox; returns how many.

    Raises:
        StoreError: a version of a record is public already, or the log's last entry is later than now.
    """
    by_draw: dict[str, list[Record]] = defaultdict(list)
    for each in records:
        by_draw[each.draw].append(each)
    for draw, own in sorted(by_draw.items()):
        _add_batch(line, connection, draw, sorted(own, key=lambda each: (each.record, each.version)), now)
    if records:
        line.workspace.log.checkpoint(connection)
    acts = _acts(line, connection, records, now)
    announce_all(connection, (_news(each, acts, now) for each in records), now=now)
    return len(records)


def _add_batch(line: Line, connection: Connection, draw: str, records: Sequence[Record], now: datetime) -> None:
    number = disclosed.next_batch(connection)
    table = table_bytes(COLUMNS, (row for each in records for row in each.rows()))
    root = table_root(table, line.given.policy.ceremony.digest)
    entry = Entry(
        type="disclose",
        plan=line.name,
        draw=draw,
        time=stamp(now),
        # As in commits and results: the bureau speaks here, no person is named.
        actor=line.plan.division,
        digest=root,
        more={"batch": number, "records": len(records)},
    )
    batch = Batch(
        number=number,
        draw=draw,
        root=root,
        file=line.keep(table),
        records=len(records),
        position=line.workspace.log.append(connection, entry),
        made_at=now,
    )
    named = (
        Disclosure(record=each.record, version=each.version, batch=number, kind=each.kind, action=each.action)
        for each in records
    )
    disclosed.add_batch(connection, batch, named)


def _acts(line: Line, connection: Connection, records: Sequence[Record], now: datetime) -> dict[PartKey, str]:
    """Numbers of the inspection acts behind findings and decisions: their parent key at receivers (DOMAIN 6.2)."""
    keys = {_part(each) for each in records if each.kind in ("finding", "decision")}
    return {key: act_number(connection, key, line.plan.division, now) for key in sorted(keys)}


def _part(record: Record) -> PartKey:
    return PartKey(record.draw, str(record.payload.get("visit", "")), record.agency)


def _news(record: Record, acts: Mapping[PartKey, str], now: datetime) -> News:
    act = acts.get(_part(record))
    return News(
        key=record.key,
        record=record.record,
        kind=record.kind,
        action=record.action,
        payload={**record.payload, **({"act": act} if act is not None else {})},
        not_before=now,
    )
