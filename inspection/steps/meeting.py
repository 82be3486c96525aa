"""What a meeting shows and writes down of one draw: a replay of its rows with names, and its minutes (抽取记录)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from inspection.beacon.announcing import source_words
from inspection.beacon.evidence import FILE, check_evidence
from inspection.documents.minutes import Minutes, PartyMinutes
from inspection.draw.commitment import Commitment
from inspection.draw.log import Entry
from inspection.draw.note import Checkpoint
from inspection.draw.reveal import Reveal, seed
from inspection.draw.table import COLUMNS, parse_table
from inspection.errors import InputError, Language, message
from inspection.registry.frame_tables import drawn_firms
from inspection.rules.reasons import reason_words
from inspection.steps.draw_steps import ESCROW
from inspection.steps.line import Line
from inspection.store import draws
from inspection.store.draws import DrawRecord

CLOSED = "-"
"""What stands where there is nothing to state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRow:
    """One row of a result as people read it: its number, who was drawn, for what."""

    number: str
    who: str
    what: str


def record_of(line: Line, folder: str) -> DrawRecord:
    """The draw in this folder; StoreError when there is none."""
    with line.workspace.store.reading() as connection:
        return draws.draw(connection, f"{line.name}/{folder}")


def replay(line: Line, folder: str) -> tuple[ReplayRow, ...]:
    """The rows of a finished draw in the order of its result table, names filled in.

    The draw is over when this can be read: what is shown is a replay, never the drawing itself.
    """
    record = record_of(line, folder)
    if record.kind == "inspectors":
        return _officers(line, record)
    rows = parse_table(line.read(record.files["visits.csv"]), COLUMNS["visits.csv"])[1]
    found = drawn_firms(
        line.given.snapshot.firms, line.kept(record.files["firms.csv"]), sorted({row[1] for row in rows})
    )
    return tuple(
        ReplayRow(
            number=visit,
            who=f"{found[firm].name}  {firm}" if firm in found else firm,
            what=f"{month}  {found[firm].town}" if firm in found else month,
        )
        for visit, firm, _, month, *_ in rows
    )


def _officers(line: Line, record: DrawRecord) -> tuple[ReplayRow, ...]:
    rows = parse_table(line.read(record.files["assignments.csv"]), COLUMNS["assignments.csv"])[1]
    people = {person.inspector: person.name for person in line.given.inspectors}
    agencies = {code: agency.name for code, agency in line.given.agencies.items()}
    return tuple(
        ReplayRow(number=visit, who=f"{people.get(who, who)}  {who}", what=agencies.get(agency, agency))
        for visit, agency, who, *_ in rows
    )


def minutes_of(line: Line, folder: str, language: Language = "zh") -> Minutes:
    """The minutes of a draw that has its result, or was given up.

    Args:
        line: of the draw's plan.
        folder: of the draw, such as ``1-firms``.
        language: of the sentences; names, digests and numbers are the same in both.

    Raises:
        InputError: the draw is not committed: there is nothing to state yet.
        StoreError: there is no such draw.
    """
    record = record_of(line, folder)
    if record.commitment is None:
        raise InputError("documents.minutes.uncommitted", draw=record.draw)
    commitment = Commitment.parse(line.read(record.files["commitment.json"]))
    opened = Reveal.parse(line.read(record.files["reveal.json"])) if "reveal.json" in record.files else None
    entries = [entry for entry in _entries(line) if entry.draw == record.draw]
    positions = [index for index, entry in enumerate(_entries(line)) if entry.draw == record.draw]
    return Minutes(
        title=line.plan.name,
        plan=line.name,
        draw=record.draw,
        kind=message(f"documents.minutes.{record.kind}", language),
        digest=commitment.digest,
        commitment=commitment.hex,
        inputs=tuple(sorted(commitment.inputs.items())),
        parties=_parties(line, record, commitment, opened, language),
        public=_public(line, record, commitment, opened, language),
        rule=message(f"documents.minutes.rule.{line.given.policy.ceremony.missing_reveal}", language),
        seed=seed(commitment, opened) if opened else CLOSED,
        outcome=_outcome(line, record, entries, language),
        root=record.root or CLOSED,
        times=_times(line, record, commitment, entries, language),
        log=line.workspace.log.key.text,
        checkpoints=_checkpoints(line, positions),
        remarks=_remarks(line, record, language),
    )


def _entries(line: Line) -> list[Entry]:
    return [Entry.parse(text.encode()) for text in line.workspace.log.lines()]


def _parties(
    line: Line, record: DrawRecord, commitment: Commitment, opened: Reveal | None, language: Language
) -> tuple[PartyMinutes, ...]:
    escrow = json.loads(line.read(record.files[ESCROW])) if ESCROW in record.files else {}
    with line.workspace.store.reading() as connection:
        kept = opened.parties if opened else draws.secrets(connection, record.draw).parties
    found = []
    for party in commitment.parties:
        if party.name in escrow:
            opening = escrow[party.name]
            how = message(
                "documents.minutes.escrow",
                language,
                by=opening["opened_by"],
                time=opening["time"],
                why=opening["reason"],
            )
        else:
            how = message(f"documents.minutes.{'revealed' if party.name in kept else 'unrevealed'}", language)
        secret = kept.get(party.name, CLOSED)
        found.append(PartyMinutes(name=party.name, commitment=party.commitment, secret=secret, how=how))
    return tuple(found)


def _public(
    line: Line, record: DrawRecord, commitment: Commitment, opened: Reveal | None, language: Language
) -> tuple[str, str, str]:
    source = commitment.public
    if source is None:
        return ("", "", "")
    what = message(f"documents.minutes.public.{source.kind}", language, what=source_words(source))
    if opened is None or opened.public is None:
        return (what, CLOSED, CLOSED)
    if source.kind == "dice":
        return (what, " ".join(opened.public[at : at + 5] for at in range(0, len(opened.public), 5)), CLOSED)
    proof = line.read(record.files[FILE]) if FILE in record.files else None
    return (what, opened.public, check_evidence(source, opened.public, proof).detail)


def _outcome(line: Line, record: DrawRecord, entries: list[Entry], language: Language) -> str:
    void = next((entry for entry in entries if entry.type == "void"), None)
    if void is not None:
        code = str(void.more["reason"])
        reason, by = reason_words("void", code, language), void.actor
        approved = void.more.get("approved_by", CLOSED)
        return message("documents.minutes.void", language, reason=reason, mark=code, by=by, approved=approved)
    if record.root is None:
        return message("documents.minutes.open", language)
    name = "visits.csv" if record.kind == "firms" else "assignments.csv"
    count = line.read(record.files[name]).count(b"\n") - 1
    return message("documents.minutes.rows", language, count=f"{count:,}", table=name)


def _times(
    line: Line, record: DrawRecord, commitment: Commitment, entries: list[Entry], language: Language
) -> tuple[tuple[str, str], ...]:
    """What happened when, from the log and the steps."""
    found = [(entry.at, message(f"documents.minutes.entry.{entry.type}", language)) for entry in entries]
    if commitment.public is not None:
        found.append((commitment.public.opens_at, message("documents.minutes.opens", language)))
    for step in line.workspace.store.steps(line.name):
        if step.name == f"{record.folder}.reveal":
            found.append((step.finished_at, message("documents.minutes.reveal", language)))
    zone = entries[0].at.tzinfo if entries else None
    return tuple((event, _shown(moment.astimezone(zone))) for moment, event in sorted(found, key=lambda each: each[0]))


def _shown(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="milliseconds")


def _checkpoints(line: Line, positions: list[int]) -> tuple[tuple[str, str], ...]:
    """The first checkpoint over each of the draw's entries."""
    notes = line.workspace.log.checkpoints()
    sizes = {min((size for size in notes if size > position), default=0) for position in positions} - {0}
    roots = ((size, Checkpoint.parse(notes[size].partition("\n\n")[0] + "\n").root.hex()) for size in sorted(sizes))
    return tuple((str(size), root) for size, root in roots)


def _remarks(line: Line, record: DrawRecord, language: Language) -> tuple[str, ...]:
    found = []
    if line.workspace.origin.endswith("/rehearsal"):
        found.append(message("documents.minutes.rehearsal", language))
    if record.void is not None:
        found.append(message("documents.minutes.voided", language))
    return tuple(found)
