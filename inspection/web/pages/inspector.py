"""The officer's phone: today's way, one sheet a firm, the check code, findings and photos, also without a network."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import Field

from inspection.office import CHINA
from inspection.publish.qr_code import qr_picture
from inspection.rules.findings import METHODS, Finding, Method, categories
from inspection.rules.visit_life import can
from inspection.steps.line import Line
from inspection.store.work import PartKey
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.forms import Code, Facts, Label
from inspection.web.forms import Form as Body
from inspection.web.forms import Line as Text
from inspection.web.own_visits import require_visible, working
from inspection.web.pages import Tile
from inspection.web.refusal import not_found
from inspection.web.uploads import on_disk
from inspection.web.view import HERE, page, see
from inspection.web.visit_forms import findings_of, sent_form
from inspection.web.writing import once
from inspection.work import work_steps
from inspection.work.check_code import check_code, grouped
from inspection.work.field_steps import SeenFinding, enter_seen
from inspection.work.visit_sheet import SheetAgency, VisitSheet, stops, visit_sheet

router = APIRouter()

TILES = (Tile(path="/field", title="field.tile", permission="findings.write", order=30),)

AHEAD = timedelta(days=21)
"""Days whose visits an officer sees from today on; visits already sent out alone."""
BEHIND = timedelta(days=10)

MayWrite = Annotated[Visitor, allowed("findings.write")]


class FieldFinding(Body):
    """What was found for one item, and the version seen when it was entered; 0 where there was none."""

    item: Code
    result: Code
    note: Text | None = None
    disposal: Text | None = None
    seen: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


class FieldEntry(Body):
    """Findings of one agency at one visit, as a device kept them until there was a network."""

    agency: Code
    visit: Label
    found_on: date
    method: Method = "site"
    findings: Annotated[list[FieldFinding], Field(min_length=1, max_length=500)]


@router.get("/field")
def today(request: Request, visitor: MayWrite, day: Annotated[date | None, Query()] = None) -> Response:
    """The visits of a day, town by town, and the days around it that have some."""
    desk = desk_of(request)
    now = desk.clock().astimezone(CHINA).date()
    shown = day or now
    code = visitor.account.inspector if visitor.account is not None else None
    found = () if code is None else stops(desk.office.line(), code, min(shown, now - BEHIND), max(shown, now + AHEAD))
    days: dict[date, int] = {}
    for stop in found:
        assert stop.visit.day is not None
        days[stop.visit.day] = days.get(stop.visit.day, 0) + 1
    towns: dict[str, list[Any]] = {}
    for stop in found:
        if stop.visit.day == shown:
            towns.setdefault(stop.firm.town, []).append(stop)
    kept = [f"/field/visit/{stop.label}" for stop in found if stop.visit.day in (shown, now)]
    values: dict[str, Any] = {"day": shown, "now": now, "days": days, "towns": towns, "kept": kept}
    values["is_bound"] = code is not None
    return page(request, "inspector/today.html", **values)


@router.get("/field/visit/{label}")
def sheet_page(request: Request, label: str, visitor: MayWrite, saved: str = "") -> Response:
    """The firm's one sheet, with the items of all agencies; the own agency's may be filled in."""
    line = desk_of(request).office.line()
    return _sheet_page(request, line, _sheet(line, visitor, label), visitor, saved=saved)


def _sheet(line: Line, visitor: Visitor, label: str) -> VisitSheet:
    sheet = visit_sheet(line, label)
    require_visible(line, visitor, label, [each.part.state for each in sheet.agencies])
    return sheet


def _sheet_page(request: Request, line: Line, sheet: VisitSheet, visitor: Visitor, **values: Any) -> Response:
    desk = desk_of(request)
    now = desk.clock().astimezone(CHINA).date()
    values = {"saved": "", "fault": ""} | values
    values |= {
        "sheet": sheet,
        "own": {each.agency for each in sheet.agencies if visitor.may("findings.write", each.agency)},
        "open": {each.agency for each in sheet.agencies if _is_open(each)},
        "results": categories(desk.office.policy().disclosure.categories).by_code.values(),
        "methods": METHODS,
        "found_on": sheet.visit.day if sheet.visit.day is not None and sheet.visit.day <= now else now,
        "now": now,
    }
    return page(request, "inspector/sheet.html", 422 if values["fault"] else 200, **values)


def _is_open(share: SheetAgency) -> bool:
    """Whether findings may be entered: accepted, or further but not yet reviewed."""
    return can(share.part.state, "carry_out") or can(share.part.state, "enter")


@router.post("/field/visit/{label}/findings")
async def enter_form(request: Request, label: str, visitor: MayWrite) -> Response:
    """The form of one agency without script: what has a result is entered."""
    from starlette.concurrency import run_in_threadpool

    form = await sent_form(request)
    return await run_in_threadpool(_enter_form, request, label, visitor, form)


def _enter_form(request: Request, label: str, visitor: Visitor, form: Any) -> Response:
    desk = desk_of(request)
    line = desk.office.line()
    share, actor, key = _share(line, visitor, label, form.get("agency", ""))
    enter_seen(desk.office, findings_of(form, key, share), actor, desk.clock())
    return see(f"/field/visit/{label}?saved=findings")


def _share(line: Line, visitor: Visitor, label: str, agency: str) -> tuple[SheetAgency, Any, PartKey]:
    """The agency's share of the visit, which the visitor may work on."""
    actor, keys = working(line, visitor, "findings.write", agency, [label])
    share = next((each for each in visit_sheet(line, label).agencies if each.agency == keys[0].agency), None)
    if share is None:
        raise not_found(f"{label} {agency}")
    return share, actor, keys[0]


@router.post("/field/findings")
def enter_kept(request: Request, entry: FieldEntry, visitor: MayWrite) -> Response:
    """Findings a device kept: entered once, however often they are sent under the same idempotency key."""
    desk = desk_of(request)

    def work() -> Facts:
        actor, keys = working(desk.office.line(), visitor, "findings.write", entry.agency, [entry.visit])
        rows = [SeenFinding(finding=_finding(entry, each, keys[0]), seen=each.seen) for each in entry.findings]
        done = enter_seen(desk.office, rows, actor, desk.clock())
        return {name: getattr(done, name) for name in ("entered", "unchanged", "complete")}

    return once(request, entry.model_dump(), work)


def _finding(entry: FieldEntry, each: FieldFinding, key: PartKey) -> Finding:
    return Finding(
        draw=key.draw,
        visit=key.visit,
        agency=key.agency,
        item=each.item,
        result=each.result,
        found_on=entry.found_on,
        method=entry.method,
        note=each.note or "",
        disposal=each.disposal or "",
    )


@router.post("/field/visit/{label}/photo")
def add_photo(
    request: Request,
    label: str,
    visitor: MayWrite,
    files: Annotated[list[UploadFile], File()],
    agency: Annotated[str, Form()],
) -> Response:
    """Photos sent by the form itself, where there is no script."""
    desk = desk_of(request)
    _, actor, key = _share(desk.office.line(), visitor, label, agency)
    with on_disk(files) as stored:
        for file in stored:
            work_steps.attach(desk.office, key, file.path, actor, desk.clock())
    return see(f"/field/visit/{label}?saved=photo")


@router.get("/field/visit/{label}/code")
def code_page(request: Request, label: str, visitor: MayWrite) -> Response:
    """The check code, to be shown to the firm."""
    line = desk_of(request).office.line()
    sheet = _sheet(line, visitor, label)
    code = check_code(line, sheet.key)
    address = f"{str(request.base_url).rstrip('/')}/check/{sheet.label}/{code}"
    values: dict[str, Any] = {"sheet": sheet, "code": grouped(code), "address": address}
    values["picture"] = qr_picture(address)
    return page(request, "inspector/code.html", **values)


@router.get("/field/me")
def me(request: Request, visitor: MayWrite) -> Response:
    """Who is signed in, and the token by which this session's requests are known."""
    return JSONResponse({"account": visitor.actor, "csrf": desk_of(request).form_token(visitor.browser)})


@router.get("/field/offline")
def offline(request: Request, visitor: MayWrite) -> Response:
    """What is shown where there is no network and the page asked for was not kept."""
    return page(request, "inspector/offline.html")


@router.get("/field/worker.js")
def worker() -> Response:
    """The service worker, with the right to serve all pages below /field."""
    headers = {"Service-Worker-Allowed": "/field", "Cache-Control": "no-cache"}
    return FileResponse(HERE / "static" / "field-worker.js", media_type="text/javascript", headers=headers)
