"""Pages for everybody, without signing in: the plan, its tasks, visits that are open, results, open data."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from inspection.outgoing import Announcement
from inspection.publish.open_data import Section, columns_told, csv_rows, header, public_record, sections
from inspection.store.outbox import standing, standing_count, standing_page
from inspection.web.desk import desk_of, visitor_of
from inspection.web.open_desk import cells, find_records, is_of_firms, open_line, open_page, section_of
from inspection.web.refusal import not_found

router = APIRouter()

ROWS = 50
MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@router.get("/open")
def overview(request: Request) -> Response:
    """The plan, how many records there are of each kind, and what a visitor may do with them."""
    desk, language = desk_of(request), visitor_of(request).language
    now = desk.clock()
    plans = sections()[0]
    with desk.store.reading() as connection:
        counts = {each.file: standing_count(connection, each.kind, now) for each in sections()}
        told = standing_page(connection, "plan", now)
    facts = [
        [(fact.words(language), cell) for fact, cell in zip(plans.page, cells(plans, each, language), strict=True)]
        for each in told
    ]
    return open_page(request, "home.html", "/open", plans=facts, counts=counts, sections=sections(), now=now)


@router.get("/open/records/{file}")
def records(
    request: Request,
    file: str,
    after: Annotated[str, Query(max_length=200)] = "",
    q: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """What stands of a kind, page by page, found by a firm's name or code."""
    desk, section = desk_of(request), _section(file)
    words = q.strip() if is_of_firms(section) else ""
    # Codes are written in capitals; databases differ in whether they mind.
    words = words.upper() if words.isascii() else words
    found, has_more = find_records(desk.store, section, desk.clock(), after=after, limit=ROWS, words=words)
    language = visitor_of(request).language
    return open_page(
        request,
        "records.html",
        f"/open/records/{file}",
        section=section,
        heads=[fact.words(language) for fact in section.page],
        rows=[cells(section, each, language) for each in found],
        q=words,
        is_of_firms=is_of_firms(section),
        following=found[-1].record if has_more else "",
        after=after,
        line=open_line(request),
    )


@router.get("/open/data")
def data(request: Request) -> Response:
    """Open data: a file of each kind in two forms, and what every column means."""
    desk = desk_of(request)
    with desk.store.reading() as connection:
        counts = {each.file: standing_count(connection, each.kind, desk.clock()) for each in sections()}
    told = {each.file: tuple(columns_told(each)) for each in sections()}
    return open_page(request, "data.html", "/open/data", sections=sections(), counts=counts, columns=told)


@router.get("/open/data/{name}")
def data_file(request: Request, name: str) -> Response:
    """One of the files; the same as ``inspection publish website`` writes."""
    file, _, form = name.rpartition(".")
    if form not in MEDIA:
        raise not_found(name)
    with tempfile.NamedTemporaryFile(
        "w",
        prefix="open-",
        suffix=f".{form}",
        encoding="utf-8-sig" if form == "csv" else "utf-8",
        newline="",
        delete=False,
    ) as target:
        path = Path(target.name)
        try:
            with desk_of(request).making:
                _write(request, target, file, form)
        except BaseException:
            path.unlink()
            raise
    return FileResponse(path, filename=name, media_type=MEDIA[form], background=BackgroundTask(path.unlink))


def _write(request: Request, target: IO[str], file: str, form: str) -> None:
    if file == "dictionary":
        _write_dictionary(target, form)
        return
    desk, section = desk_of(request), _section(file)
    with desk.store.reading() as connection:
        _write_records(target, form, section, standing(connection, section.kind, desk.clock()))


def _write_records(target: IO[str], form: str, section: Section, announced: Iterable[Announcement]) -> None:
    told = (public_record(section, each) for each in announced)
    if form == "csv":
        lines = csv.writer(target)
        lines.writerow(header(section))
        for record in told:
            lines.writerows(csv_rows(section, record))
        return
    target.write("[")
    for number, record in enumerate(told):
        target.write(("," if number else "") + "\n" + json.dumps(record, ensure_ascii=False))
    target.write("\n]\n")


def _write_dictionary(target: IO[str], form: str) -> None:
    rows = [(section.file, *column) for section in sections() for column in columns_told(section)]
    names = ("file", "column", "zh", "en")
    if form == "csv":
        csv.writer(target).writerows([names, *rows])
    else:
        listed = [dict(zip(names, row, strict=True)) for row in rows]
        target.write(json.dumps(listed, ensure_ascii=False, indent=1) + "\n")


def _section(file: str) -> Section:
    section = section_of(sections(), file)
    if section is None:
        raise not_found(file)
    return section
