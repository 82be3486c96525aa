"""The public side of a workspace's log: published as tiles, cosigned by witnesses, stamped by authorities, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from inspection.draw.log import LogCopy, Sight
from inspection.draw.note import Checkpoint, VerifierKey, open_note, signature_lines
from inspection.draw.refusal import DrawRefusal
from inspection.errors import PublishError, StoreError
from inspection.publish.log_check import Finding, check_claims, check_copy, check_outside_order, read_entries
from inspection.publish.log_tiles import Written, write_log
from inspection.publish.timestamps import Query, Stamp, check_stamp, stamp_query
from inspection.store import log_words
from inspection.store.keys import verify
from inspection.store.workspace import Workspace

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

CLOCKS = timedelta(minutes=5)
"""How far clocks of two offices may be apart."""

_LINE = re.compile(r"^— [^\s+]+ \S+$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A witness's line that was handed in; ``is_new`` is False when its word on that checkpoint was there already."""

    size: int
    witness: str
    time: datetime
    is_new: bool


def publish(workspace: Workspace, target: Path) -> Written:
    """The folder serves the log as static tiles; see ``write_log``."""
    return write_log(target, workspace.log.copy(), workspace.log.timestamps(), verify)


def witnesses_of(workspace: Workspace) -> tuple[VerifierKey, ...]:
    """Keys of the witnesses the bureau knows."""
    with workspace.store.reading() as connection:
        return log_words.known_witnesses(connection)


def take_cosignatures(workspace: Workspace, text: str, keys: Sequence[VerifierKey], now: datetime) -> tuple[Taken, ...]:
    """Witnesses' signature lines in a text (a note, or the lines alone) are kept and stand on their checkpoints.

    Args:
        keys: of witnesses heard for the first time; they are remembered.

    Raises:
        StoreError: no line is in the text; a witness is unknown; a line holds for no checkpoint of this log, which may
            mean that its witness was shown another one; its time is not yet.
    """
    lines = [f"{line}\n" for line in _LINE.findall(text)]
    notes = workspace.log.checkpoints()
    with workspace.store.writing() as connection:
        for key in keys:
            log_words.add_witness(connection, key, workspace.origin, now)
        known = {key.name: key for key in log_words.known_witnesses(connection)}
        others = [line for line in lines if line.split(" ")[1] != workspace.origin]
        if not others:
            raise StoreError("log.cosign.none")
        return tuple(_take(connection, line, notes, known, now) for line in others)


def _take(
    connection: Connection, line: str, notes: Mapping[int, str], known: Mapping[str, VerifierKey], now: datetime
) -> Taken:
    name = line.split(" ")[1]
    if name not in known:
        raise StoreError("log.cosign.unknown", name=name, known=", ".join(known) or "–")
    for size in sorted(notes, reverse=True):
        time = _signed_at(notes[size].rpartition("\n\n")[0] + f"\n\n{line}", known[name])
        if time is None:
            continue
        if time > now + CLOCKS:
            raise StoreError("log.cosign.future", name=name, time=time.isoformat(), now=now.isoformat())
        is_new = log_words.add_cosignature(connection, size, name, time, line)
        return Taken(size=size, witness=name, time=time, is_new=is_new)
    raise StoreError("log.cosign.foreign", name=name)


def _signed_at(note: str, key: VerifierKey) -> datetime | None:
    """When the witness signed the note; None when it did not."""
    try:
        signature_lines(note)
        return open_note(note, [key], verify).times[key.name]
    except DrawRefusal:
        return None


def checkpoint_text(workspace: Workspace, size: int | None) -> tuple[int, str]:
    """Size and text (three lines) of a checkpoint: what a timestamp is asked for.

    Raises:
        StoreError: there is none of that size, or none at all.
    """
    notes = workspace.log.checkpoints()
    if not notes:
        raise StoreError("store.log.empty")
    wanted = max(notes) if size is None else size
    if wanted not in notes:
        raise PublishError("log.prove.checkpoint", size=wanted, known=", ".join(map(str, list(notes)[-9:])))
    return wanted, notes[wanted].rpartition("\n\n")[0] + "\n"


def query_for(workspace: Workspace, size: int | None) -> tuple[int, Query]:
    """The checkpoint's size, and the query over it."""
    wanted, text = checkpoint_text(workspace, size)
    return wanted, stamp_query(text)


def take_stamp(
    workspace: Workspace, answer: bytes, trusted: Sequence[Certificate], query: tuple[int, Query] | None = None
) -> tuple[int, Stamp]:
    """The authority's answer is kept with the checkpoint it stamps; the size of that, and what the answer says.

    Args:
        query: size and query just sent; None to find the checkpoint an answer from a file is about.

    Raises:
        PublishError: the answer does not hold, or is over no checkpoint of this log.
    """
    sizes = sorted(workspace.log.checkpoints(), reverse=True) if query is None else [query[0]]
    if not sizes:
        raise StoreError("store.log.empty")
    for size in sizes:
        try:
            text = checkpoint_text(workspace, size)[1]
            stamp = check_stamp(answer, text, trusted, query[1].nonce if query else None)
        except PublishError as error:
            if error.code != "log.stamp.other" or size == sizes[-1]:
                raise
            continue
        kept = log_words.Timestamp(size=size, time=stamp.time, authority=stamp.authority, answer=answer)
        with workspace.store.writing() as connection:
            log_words.add_timestamp(connection, kept)
        break
    return size, stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose word a check relies on beside the log's key: witnesses, authorities, checkpoints kept elsewhere."""

    witnesses: tuple[VerifierKey, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    former: tuple[Checkpoint, ...] = ()


def check_log(
    log: LogCopy, stamps: Mapping[int, Mapping[str, bytes]], trust: Trust
) -> tuple[list[Finding], tuple[Sight, ...]]:
    """Every step a copy of the log and the trusted words allow, and who outside saw what when."""
    findings, sights = check_copy(log, verify, witnesses=trust.witnesses, former=trust.former)
    stamped, finding = _check_stamps(log, stamps, trust.certificates)
    findings += [finding] if finding else []
    sights += stamped
    entries, first = read_entries(log)
    if sights and first.ok is not False:
        findings += [check_claims(entries, sights, CLOCKS), check_outside_order(entries, sights)]
    return findings, sights


def _check_stamps(
    log: LogCopy, stamps: Mapping[int, Mapping[str, bytes]], trusted: Sequence[Certificate]
) -> tuple[tuple[Sight, ...], Finding | None]:
    """Timestamps that hold, and the finding; none where there are no timestamps."""
    count = sum(map(len, stamps.values()))
    if not count or not trusted:
        return (), Finding(step="timestamps", ok=None, facts={"count": count}) if count else None
    sights, faults = list[Sight](), list[str]()
    for size, answers in sorted(stamps.items()):
        for name, answer in answers.items():
            try:
                if not 0 < size <= len(log.lines):
                    raise PublishError("log.stamp.other", reason=f"{size}")
                stamp = check_stamp(answer, log.head(size).text, trusted)
            except PublishError as error:
                faults.append(f"{size}/{name}: {error}")
            else:
                sights.append(Sight(size=size, time=stamp.time, who=stamp.authority, kind="timestamp"))
    names = ", ".join(sorted({sight.who for sight in sights})) or "–"
    facts = {"count": count, "names": names, "faults": "; ".join(faults)}
    return tuple(sights), Finding(step="timestamps", ok=not faults, facts=facts)
