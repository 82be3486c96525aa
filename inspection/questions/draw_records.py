"""The draws of a plan as auditors see them: what was promised, what was opened, who changed what afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inspection.draw.commitment import Commitment
from inspection.draw.log import Entry
from inspection.draw.reveal import Reveal
from inspection.questions.public_view import AFTERWARDS
from inspection.steps.line import Line
from inspection.store.draws import DrawRecord, draws


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEntry:
    """An entry of the log with its place in it."""

    position: int
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDraw:
    """One draw; ``reveal`` is None until there is a result, ``entries`` are those of the log about it."""

    record: DrawRecord
    commitment: Commitment | None
    reveal: Reveal | None
    public: str
    entries: tuple[LoggedEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByPerson:
    """How often two people changed something together, for a reason."""

    type: str
    actor: str
    approved_by: str
    reason: str
    count: int


def log_entries(line: Line) -> tuple[LoggedEntry, ...]:
    """The whole log, nothing withheld: for those who may see the whole bundle."""
    return tuple(
        LoggedEntry(position=position, entry=Entry.parse(each.encode()))
        for position, each in enumerate(line.workspace.log.lines())
    )


def shown_draws(line: Line, entries: Sequence[LoggedEntry]) -> tuple[ShownDraw, ...]:
    """Every draw of the plan in order, those given up included."""
    with line.workspace.store.reading() as connection:
        known = draws(connection, line.name)
    return tuple(_shown(line, record, entries) for record in known)


def _shown(line: Line, record: DrawRecord, entries: Sequence[LoggedEntry]) -> ShownDraw:
    def read(name: str) -> bytes | None:
        return line.read(record.files[name]) if name in record.files else None

    commitment, reveal, public = read("commitment.json"), read("reveal.json"), read("public.json")
    return ShownDraw(
        record=record,
        commitment=Commitment.parse(commitment) if commitment is not None else None,
        reveal=Reveal.parse(reveal) if reveal is not None and record.root else None,
        public=public.decode() if public is not None and record.root else "",
        entries=tuple(each for each in entries if each.entry.draw == record.draw),
    )


def changes_by_person(entries: Sequence[LoggedEntry]) -> tuple[ByPerson, ...]:
    """Voids, replacements and substitutions by who asked, who approved and why, most often first."""
    counts = Counter(_key(each.entry.type, each.entry.actor, each.entry.more) for each in entries if _is_change(each))
    return tuple(
        ByPerson(type=kind, actor=actor, approved_by=approver, reason=reason, count=count)
        for (kind, actor, approver, reason), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _is_change(logged: LoggedEntry) -> bool:
    return logged.entry.type in AFTERWARDS


def _key(kind: str, actor: str, more: Mapping[str, str | int]) -> tuple[str, str, str, str]:
    return kind, actor, str(more.get("approved_by", "")), str(more.get("reason", ""))
