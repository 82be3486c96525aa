"""What everybody may look at of a plan: its open visits, the public bundle as one file, the log and who saw it."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path

from sqlalchemy import func, select

from inspection.draw.log import Entry
from inspection.draw.merkle import leaf_hash
from inspection.draw.note import Checkpoint, OpenedNote, open_note
from inspection.draw.refusal import DrawRefusal
from inspection.errors import InputError, StoreError
from inspection.office import CHINA, Office
from inspection.publish.bundle import LogFiles
from inspection.publish.folder_zip import zip_folder
from inspection.publish.public_bundle import public_log
from inspection.publish.website import Proofs
from inspection.steps.line import Line
from inspection.steps.public_log import witnesses_of
from inspection.steps.public_proof import past_visits, public_bundle
from inspection.store import outbox_tables
from inspection.store.keys import verify
from inspection.store.outbox import standing
from inspection.store.workspace import Workspace
from inspection.work.visit_facts import VisitKey

FOLDER = "public-bundles"
"""Of a workspace: the public bundle as it was made last, one file a plan."""

AFTERWARDS = ("void", "replace", "substitute")
"""Types of entries that change a draw after it was made."""


def opened_visits(line: Line, now: datetime) -> frozenset[VisitKey]:
    """Visits that are open: their day is past, or they were disclosed."""
    with line.workspace.store.reading() as connection:
        records = [each.record for each in standing(connection, "visit", now)]
    told = {(draw, visit) for record in records for draw, _, visit in [record.rpartition("/")]}
    return past_visits(line, now.astimezone(CHINA).date()) | {key for key in told if key[0].startswith(f"{line.name}/")}


def public_archive(line: Line, now: datetime) -> Path:
    """The public bundle as a zip; made anew when the log, the day or what is disclosed has changed.

    Raises:
        StoreError: no draw of the plan is committed yet.
        PublishError: it cannot be written.
    """
    target = line.workspace.folder / FOLDER / f"{line.name}-{_state(line, now)}.zip"
    if not target.is_file():
        with tempfile.TemporaryDirectory(prefix="public-") as folder:
            made = public_bundle(line, Path(folder) / f"public-{line.name}", now, opened_visits(line, now))
            zip_folder(made, target)
        for other in target.parent.glob(f"{line.name}-*.zip"):
            if other != target:
                other.unlink(missing_ok=True)
    return target


def _state(line: Line, now: datetime) -> str:
    """What tells one state of the public bundle from another."""
    table = outbox_tables.outbox
    # An embargo that ends says so by its day alone, so the hour belongs to it.
    query = select(func.max(table.c.seq)).where(table.c.kind == "visit", table.c.not_before <= now)
    with line.workspace.store.reading() as connection:
        last = connection.scalar(query) or 0
    notes = line.workspace.log.checkpoints()
    parts = (line.name, len(line.workspace.log.lines()), "".join(notes.values()), now.astimezone(CHINA).date(), last)
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]


def checker_digests() -> dict[str, str]:
    """SHA-256 of the checkers this edition puts into its bundles, by name."""
    names = ("verify.py", "verify_public.py")
    found = {name: (resources.files("inspection") / name).read_bytes() for name in names}
    return {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}


def site_proofs(workspace: Workspace, now: datetime, pages: str = "") -> Proofs:
    """What a static site offers to those who check: the bundle of the workspace's plan, where one is committed.

    Args:
        pages: address of the live pages, '' for none.
    """
    try:
        plan = Office(workspace).line()
        bundle = public_archive(plan, now) if workspace.log.checkpoints() else None
    except (StoreError, InputError):
        bundle = None  # no plan yet, or none of several that is meant: the site has its records all the same
    return Proofs(bundle=bundle, checkers=checker_digests(), pages=pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEntry:
    """A line of the log as the public sees it.

    Attributes:
        leaf: its leaf hash, hex; stands for the entry where that is withheld.
        entry: None where it is withheld; ``type`` is told all the same.
    """

    position: int
    type: str
    leaf: str
    entry: Entry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighted:
    """A checkpoint, who signed it and when; ``stamped`` names the authorities whose timestamps are kept."""

    size: int
    root: str
    note: str
    witnesses: tuple[tuple[str, datetime], ...]
    stamped: tuple[str, ...]


def public_entries(line: Line) -> tuple[PublicEntry, ...]:
    """The whole log, entries that name people or firms withheld."""
    log = line.workspace.log
    lines = log.lines()
    files = LogFiles(lines=lines, key=log.key.text, checkpoints={}, timestamps={})
    shown = public_log(files, line.plan.division)[0].lines
    return tuple(
        PublicEntry(
            position=position,
            type=Entry.parse(whole.encode()).type,
            leaf=leaf_hash(whole.encode()).hex(),
            entry=Entry.parse(whole.encode()) if told == whole else None,
        )
        for position, (whole, told) in enumerate(zip(lines, shown, strict=True))
    )


def sighted_checkpoints(line: Line) -> tuple[Sighted, ...]:
    """Every checkpoint ever signed, the newest first, with the witnesses and authorities that saw it."""
    log = line.workspace.log
    stamps = log.timestamps()
    keys = [log.key, *witnesses_of(line.workspace)]
    found = []
    for size, note in sorted(log.checkpoints().items(), reverse=True):
        try:
            opened = open_note(note, keys, verify)
        except DrawRefusal as refusal:
            raise StoreError("store.log.changed", size=size, reason=refusal) from None
        found.append(_sighted(size, note, opened, tuple(stamps.get(size, {}))))
    return tuple(found)


def _sighted(size: int, note: str, opened: OpenedNote, stamped: tuple[str, ...]) -> Sighted:
    root = Checkpoint.parse(opened.text).root.hex()
    return Sighted(size=size, root=root, note=note, witnesses=tuple(opened.times.items()), stamped=stamped)


def changes_told(entries: Sequence[PublicEntry]) -> dict[str, int]:
    """How often a draw was given up, a firm replaced, an officer substituted: numbers, and no more."""
    counts = Counter(each.type for each in entries)
    return {kind: counts[kind] for kind in AFTERWARDS}
