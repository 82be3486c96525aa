"""The auditor's pages: draws, promised and opened; the whole log with proofs; changes by person; figures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import PlainTextResponse, Response

from inspection.draw.merkle import leaf_hash
from inspection.errors import StoreError
from inspection.publish.log_proof import prove_entry
from inspection.questions.draw_records import changes_by_person, log_entries, shown_draws
from inspection.questions.plan_audit import red_flags
from inspection.questions.public_view import AFTERWARDS, sighted_checkpoints
from inspection.rules.reasons import reason_words, reasons
from inspection.web.auditor_desk import auditor_page
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.pages import Tile
from inspection.web.plan_charts import Chart
from inspection.web.refusal import not_found
from inspection.web.table_file import table_file
from inspection.web.year_charts import auditor_charts
from inspection.work.statistics_steps import statistics

router = APIRouter()

TILES = (
    Tile(path="/audit", title="auditor.home", permission="bundle.read", order=60),
    Tile(path="/audit/log", title="auditor.log", permission="bundle.read", order=61),
    Tile(path="/audit/check", title="auditor.check", permission="bundle.read", order=62),
    Tile(path="/audit/history", title="auditor.history", permission="bundle.read", order=63),
)
ROWS = 100
PARTICULARS = ("approved_by", "reason", "visit", "firm", "inspector", "agency")
"""Members of entries about changes."""

MayAudit = Annotated[Visitor, allowed("bundle.read")]
Position = Annotated[int, Path(ge=0, le=2**53)]


@router.get("/audit")
def overview(request: Request, visitor: MayAudit) -> Response:
    """What was changed, which thresholds are passed, and how the year stands."""
    line = desk_of(request).office.line()
    entries = log_entries(line)
    return auditor_page(
        request,
        "home.html",
        "/audit",
        line=line,
        flags=red_flags(line, visitor.language),
        draws=shown_draws(line, entries),
        entries=len(entries),
        checkpoints=sighted_checkpoints(line),
    )


@router.get("/audit/draws")
def draws(request: Request, visitor: MayAudit) -> Response:
    """Every draw: its commitment file by file, its reveal, its entries in the log."""
    line = desk_of(request).office.line()
    found = shown_draws(line, log_entries(line))
    return auditor_page(request, "draws.html", "/audit/draws", draws=found, void_words=_void_words(visitor))


def _void_words(visitor: Visitor) -> dict[str, str]:
    return {code: words[visitor.language] for code, words in reasons().get("void", {}).items()}


@router.get("/audit/log")
def log(
    request: Request,
    visitor: MayAudit,
    before: Annotated[int, Query(ge=0, le=2**53)] = 2**53,
    type: Annotated[str, Query(max_length=20)] = "",
    draw: Annotated[str, Query(max_length=120)] = "",
) -> Response:
    """The whole log, the newest first, by type and draw."""
    line = desk_of(request).office.line()
    entries = log_entries(line)
    wanted = [
        each
        for each in reversed(entries)
        if each.position < before and type in ("", each.entry.type) and draw in ("", each.entry.draw)
    ]
    return auditor_page(
        request,
        "log.html",
        "/audit/log",
        entries=wanted[:ROWS],
        older=wanted[ROWS - 1].position if len(wanted) > ROWS else 0,
        total=len(entries),
        types=sorted({each.entry.type for each in entries}),
        draws=sorted({each.entry.draw for each in entries}),
        type=type,
        draw=draw,
        checkpoints=sighted_checkpoints(line),
    )


@router.get("/audit/log/{position}")
def entry(request: Request, position: Position, visitor: MayAudit) -> Response:
    """One entry with its proof under the newest checkpoint."""
    line = desk_of(request).office.line()
    entries = log_entries(line)
    if position >= len(entries):
        raise not_found(f"entry {position}")
    found = entries[position]
    copy = line.workspace.log.copy()
    covered = position < max(copy.notes, default=0)
    return auditor_page(
        request,
        "entry.html",
        "/audit/log",
        each=found,
        text=found.entry.line.decode(),
        leaf=leaf_hash(found.entry.line).hex(),
        proof=prove_entry(copy, position) if covered else None,
        reason=reason_words(found.entry.type, str(found.entry.more.get("reason", "")), visitor.language),
    )


@router.get("/audit/log/{position}/proof", response_class=PlainTextResponse)
def proof(request: Request, position: Position, visitor: MayAudit) -> Response:
    """The entry's proof as a file that needs nothing beside it (C2SP tlog-proof)."""
    told = prove_entry(desk_of(request).office.line().workspace.log.copy(), position)
    headers = {"Content-Disposition": f'attachment; filename="entry-{position}.tlog-proof"'}
    return PlainTextResponse(told.text, headers=headers)


@router.get("/audit/changes")
def changes(request: Request, visitor: MayAudit) -> Response:
    """Voids, replacements and substitutions: by person, and each of them."""
    line = desk_of(request).office.line()
    entries = log_entries(line)
    rows = [(each, reason_words(each.type, each.reason, visitor.language)) for each in changes_by_person(entries)]
    single = [each for each in reversed(entries) if each.entry.type in AFTERWARDS]
    return auditor_page(
        request,
        "changes.html",
        "/audit/changes",
        rows=rows,
        single=single[:ROWS],
        total=len(single),
        flags=red_flags(line, visitor.language),
    )


@router.get("/audit/changes.csv")
def changes_table(request: Request, visitor: MayAudit) -> Response:
    """Every change as a table."""
    entries = log_entries(desk_of(request).office.line())
    rows = (
        [str(each.position), each.entry.time, each.entry.type, each.entry.draw, each.entry.actor]
        + [str(each.entry.more.get(name, "")) for name in PARTICULARS]
        for each in entries
        if each.entry.type in AFTERWARDS
    )
    names = ("position", "time", "type", "draw", "actor", *PARTICULARS)
    return table_file("changes", names, rows)


@router.get("/audit/figures")
def figures(request: Request, visitor: MayAudit) -> Response:
    """The year as it stands, problem rate per tier included, which is never published."""
    return auditor_page(request, "figures.html", "/audit/figures", charts=_charts(request, visitor))


@router.get("/audit/figures/{name}.csv")
def figures_table(request: Request, name: str, visitor: MayAudit) -> Response:
    """The table of a chart."""
    chart = next((each for each in _charts(request, visitor) if each.name == name), None)
    if chart is None:
        raise not_found(name)
    return table_file(name, chart.columns, chart.rows)


def _charts(request: Request, visitor: Visitor) -> tuple[Chart, ...]:
    desk = desk_of(request)
    try:
        return auditor_charts(statistics(desk.office, None, desk.clock()), visitor.language)
    except StoreError:
        return ()
