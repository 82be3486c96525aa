"""What the public and a single firm are shown of a plan, and when (docs/public-bundle.md)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from inspection.draw.canonical import Digest, canonical_json
from inspection.draw.commitment import Commitment
from inspection.draw.merkle import inclusion_proof
from inspection.draw.reveal import Reveal
from inspection.draw.table import COLUMNS
from inspection.errors import PublishError, StoreError
from inspection.publish.bundle import LogFiles
from inspection.publish.public_bundle import PublicDraw, partial, public_log, write_public_bundle
from inspection.registry.firm_search import find_row
from inspection.rules.past import StandingVisit
from inspection.rules.workdays import month_end
from inspection.steps.firm_in_draw import MOST_LINES
from inspection.steps.line import Line, stamp
from inspection.steps.standing import standing_visits
from inspection.store.draws import DrawRecord, draws

PROTOCOL = "open-draw/1-proof"
CHANCES = "chances.csv"
VISITS = "visits.csv"
ENDS: tuple[Literal["commit", "result"], ...] = ("commit", "result")
"""What the log must say of a draw that counts."""

Opened = Collection[tuple[str, str]]
"""(firm draw, visit) of every visit that is open to the public."""


def past_visits(line: Line, today: date) -> frozenset[tuple[str, str]]:
    """Visits whose day is past, or whose month, where they have no day: what is open unless the caller knows better."""
    with line.workspace.store.reading() as connection:
        visits = standing_visits(connection, line.name)
    return frozenset(visit.key for visit in visits if _last_day(visit) < today)


def _last_day(visit: StandingVisit) -> date:
    return visit.day or month_end(visit.month)


def public_bundle(
    line: Line, target: Path, now: datetime, opened: Opened | None = None, *, keep_sealed: bool = False
) -> Path:
    """The public bundle of the plan stands in ``target``.

    Args:
        now: aware; visits of days before it are open where ``opened`` is not given.
        opened: visits that are open.
        keep_sealed: no seed is told even when all visits are open: a seed and the drawn firms tell something of tiers.

    Raises:
        StoreError: no draw of the plan is committed yet.
        PublishError: ``target`` is taken or cannot be written.
    """
    shown = past_visits(line, now.date()) if opened is None else opened
    known = [draw for draw in _draws(line) if draw.commitment]
    if not known:
        raise StoreError("line.plan.unfinished", plan=line.name, step="commit")
    log = line.workspace.log
    files = LogFiles(lines=log.lines(), key=log.key.text, checkpoints=log.checkpoints(), timestamps=log.timestamps())
    public, withheld = public_log(files, line.plan.division)
    whole = {draw.round for draw in known if draw.kind == "firms" and draw.root and _is_whole(line, draw, shown)}
    told = [_public_draw(line, draw, shown, is_told=draw.round in whole and not keep_sealed) for draw in known]
    write_public_bundle(target, {"plan": line.name, "time": stamp(now)}, told, public, withheld)
    return target


def _draws(line: Line) -> tuple[DrawRecord, ...]:
    with line.workspace.store.reading() as connection:
        return draws(connection, line.name)


def _public_draw(line: Line, draw: DrawRecord, opened: Opened, *, is_told: bool) -> PublicDraw:
    """The draw as far as its visits are open; its seed where that is told."""
    files = {"commitment.json": line.read(draw.files["commitment.json"])}
    commitment = Commitment.parse(files["commitment.json"])
    if draw.root is None:
        if draw.void:
            return PublicDraw(folder=draw.folder, state="void", facts={"reason": draw.void}, files=files)
        return PublicDraw(folder=draw.folder, state="committed", facts={}, files=files)
    # Without a seal the secrets are the seed, and the seed tells who has a low ticket: they wait for the last visit.
    if commitment.seal is not None or is_told:
        reveal = Reveal.parse(line.read(draw.files["reveal.json"]))
        files["reveal.json"] = (reveal if is_told else replace(reveal, seal=None)).canonical
        if "public.json" in draw.files:
            files["public.json"] = line.read(draw.files["public.json"])
    if draw.kind == "inspectors":
        counted = {"inspectors": "inspectors.csv", "assignments": "assignments.csv"}
        facts = {name: _rows(line, draw, file) for name, file in counted.items()}
        return PublicDraw(folder=draw.folder, state="drawn", facts=facts, files=files)
    visits = partial(
        _lines(line, draw, VISITS), lambda number, row: not number or _key(draw, row) in opened, commitment.digest
    )
    files["visits.part"] = "".join(row + "\n" for row in visits).encode()
    shown = sum(1 for row in visits[1:] if not row.startswith("leaf "))
    counts = {"firms": _rows(line, draw, "firms.csv"), "visits": len(visits) - 1, "opened": shown}
    return PublicDraw(folder=draw.folder, state="drawn", facts=counts, files=files)


def _key(draw: DrawRecord, row: bytes) -> tuple[str, str]:
    """What tells the visit of a row of visits.csv from every other of the year."""
    return draw.draw, row.partition(b",")[0].decode()


def _lines(line: Line, draw: DrawRecord, file: str) -> list[bytes]:
    return line.read(draw.files[file])[:-1].split(b"\n")


def _rows(line: Line, draw: DrawRecord, file: str) -> int:
    """Rows of a table, the header not counted."""
    with line.kept(draw.files[file]).open("rb") as table:
        return sum(1 for _ in table) - 1


def _is_whole(line: Line, draw: DrawRecord, opened: Opened) -> bool:
    """Whether every visit of a firm draw is open."""
    return all(_key(draw, row) in opened for row in _lines(line, draw, VISITS)[1:])


def prove(line: Line, firm: str, now: datetime, opened: Opened | None = None, *, with_pool: bool = False) -> bytes:
    """The proof of one firm, canonical JSON that needs nothing beside it.

    Whether a firm was drawn is told where its visit is open, and to everybody else once all visits are: until then
    the same is said to a firm that was drawn and to one that was not.

    Args:
        firm: its code.
        with_pool: show the row of the register although the names of the plan's pools tell the tier.

    Raises:
        StoreError: no draw has a result yet.
        PublishError: no draw's register holds the firm; the row may not be shown; the register is too long.
    """
    shown = past_visits(line, now.date()) if opened is None else opened
    finished = [draw for draw in _draws(line) if draw.kind == "firms" and draw.root]
    if not finished:
        raise StoreError("line.plan.unfinished", plan=line.name, step="draw")
    told = [each for draw in finished if (each := _in_draw(line, draw, firm, shown, with_pool=with_pool)) is not None]
    if not told:
        raise PublishError("public.prove.unregistered", firm=firm, plan=line.name)
    log = line.workspace.log
    size, note = list(log.checkpoints().items())[-1]
    value = {
        "protocol": PROTOCOL,
        "plan": line.name,
        "firm": firm,
        "time": stamp(now),
        "key": log.key.text,
        "checkpoint": note,
        "draws": [each | _in_log(line, f"{line.name}/{each['folder']}", size) for each in told],
    }
    return canonical_json(value)


def _in_draw(line: Line, draw: DrawRecord, firm: str, opened: Opened, *, with_pool: bool) -> dict[str, Any] | None:
    """What the proof says of one draw; None where the firm is not in its register."""
    row = find_row(line.kept(draw.files["firms.csv"]), 0, firm)
    if row is None:
        return None
    if row.lines > MOST_LINES:
        raise PublishError("public.prove.long", lines=row.lines, most=MOST_LINES)
    text = line.read(draw.files["commitment.json"])
    digest = Commitment.parse(text).digest
    told: dict[str, Any] = {"folder": draw.folder, "commitment": text.decode()}
    pool = row.line.decode().split(",")[1]
    chance = find_row(line.kept(draw.files[CHANCES]), 0, pool) if CHANCES in draw.files else None
    if chance is not None:
        told["chance"] = proven_row(_lines(line, draw, CHANCES), chance.index, digest)
    elif not with_pool:
        raise PublishError("public.prove.pool", draw=draw.draw)
    told["register"] = proven_row(_lines(line, draw, "firms.csv"), row.index, digest)
    listed = find_row(line.kept(draw.files[VISITS]), COLUMNS[VISITS].index("firm"), firm)
    if listed is not None and _key(draw, listed.line) in opened:
        visit = proven_row(_lines(line, draw, VISITS), listed.index, digest)
        return told | {"outcome": "opened", "visit": visit}
    return told | {"outcome": "not drawn" if listed is None and _is_whole(line, draw, opened) else "untold"}


def _in_log(line: Line, draw: str, size: int) -> dict[str, Any]:
    """The draw's commit and result under the checkpoint of that size."""
    entries = [each.encode() for each in line.workspace.log.lines()[:size]]
    positions = {kind: line.workspace.log.position(draw, kind) for kind in ENDS}
    return {kind: proven_row(entries, place) for kind, place in positions.items() if place is not None}


def proven_row(lines: Sequence[bytes], index: int, algorithm: Digest = "sha256") -> dict[str, Any]:
    """A line of a list with its place and its way to the list's tree head (RFC 9162 2.1.3)."""
    path = [each.hex() for each in inclusion_proof(lines, index, algorithm)]
    return {"index": index, "line": lines[index].decode(), "lines": len(lines), "path": path}
