"""Papers of a plan and its visits, filled from what is stored: announcement, check notice, on-site record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from inspection.documents.visit_papers import (
    Announcement,
    Paper,
    PaperAgency,
    PaperItem,
    PaperName,
    TaskLine,
    VisitPaper,
    write_paper,
)
from inspection.draw.commitment import Commitment
from inspection.errors import message
from inspection.model import Task
from inspection.rules.findings import METHODS, Categories, categories
from inspection.steps.line import Line
from inspection.store.draws import draws
from inspection.work.check_code import check_code, grouped
from inspection.work.visit_facts import VisitFacts
from inspection.work.visit_sheet import SheetAgency, VisitSheet, visit_sheet

PAPERS: tuple[PaperName, ...] = ("announcement", "notice", "record")
LIST = "、"
TITLES: dict[PaperName, str] = {"announcement": "抽查计划公告", "notice": "检查通知书", "record": "现场检查笔录"}
"""What the files are called; the papers themselves are in Chinese alone."""


def announcement(line: Line, today: date) -> Announcement:
    """The announcement of the plan: its tasks, and what is published of its draws. Visits are not among it."""
    agencies = {code: agency.name for code, agency in line.given.agencies.items()}
    items = {code: item.name for code, item in line.given.items.items()}
    tasks = line.given.tasks
    with line.workspace.store.reading() as connection:
        known = [draw for draw in draws(connection, line.name) if draw.commitment and not draw.void]
    return Announcement(
        title=line.plan.name,
        plan=line.name,
        year=str(line.plan.year),
        issuer=_issuer(),
        date=_day(today),
        tasks=tuple(
            TaskLine(
                number=str(number),
                task=task.task,
                name=task.name,
                lead=agencies[task.lead],
                joining=LIST.join(agencies[each] for each in task.joining) or "—",
                items="；".join(items[item] for item in task.items),
                scope=_scope(task),
                months=_months(task.months),
            )
            for number, task in enumerate(tasks, 1)
        ),
        count=str(len(tasks)),
        joint=str(sum(1 for task in tasks if task.joining)),
        working_days=str(line.given.policy.disclosure.working_days),
        draws=tuple(
            (draw.draw, Commitment.parse(line.read(draw.files["commitment.json"])).hex, draw.root or "—")
            for draw in known
        ),
        log=line.workspace.log.key.text,
        remarks=_remarks(line),
    )


def _issuer() -> str:
    return message("papers.issuer", "zh")


def _scope(task: Task) -> str:
    if task.count is not None:
        return f"{task.count} 户"
    return f"{float(task.ratio or 0) * 100:g}%"


def _months(months: tuple[str, ...]) -> str:
    """``5月`` or ``4–10月`` for a window without gaps, every month otherwise."""
    numbers = [int(month[5:]) for month in months]
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]}月" if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}月"
    return LIST.join(map(str, numbers)) + "月"


def _day(day: date | None) -> str:
    return "" if day is None else f"{day.year}年{day.month}月{day.day}日"


def _remarks(line: Line) -> tuple[str, ...]:
    if line.workspace.origin.endswith("/rehearsal"):
        return (message("documents.minutes.rehearsal", "zh"),)
    return ()


def visit_paper(line: Line, label: str, today: date, site: str = "", *, is_filled: bool = False) -> VisitPaper:
    """The facts of a visit as notice and record state them.

    Args:
        site: public address of the page, such as ``https://inspect.example.gov.cn``; '' where there is none.
        is_filled: state the findings entered so far; items without one stay blank.

    Raises:
        InputError: there is no such visit.
    """
    sheet = visit_sheet(line, label)
    code = check_code(line, sheet.key)
    known = categories(line.given.policy.disclosure.categories)
    facts = VisitFacts(line)
    combination = facts.combination(sheet.visit.draw, sheet.visit.combination)
    lead = facts.tasks[combination.tasks[0]].lead
    return VisitPaper(
        title=line.plan.name,
        plan=line.name,
        year=str(line.plan.year),
        visit=sheet.label,
        firm=sheet.firm.firm,
        firm_name=sheet.firm.name,
        address=sheet.firm.address,
        town=sheet.firm.town,
        day=_day(sheet.visit.day),
        month=f"{sheet.visit.month[:4]}年{int(sheet.visit.month[5:])}月",
        number=str(sheet.number),
        tasks="；".join(sheet.tasks),
        agencies=_shares(sheet, lead, known if is_filled else None),
        issuer=facts.agencies[lead].name,
        date=_day(today),
        code=grouped(code),
        address_of_check=f"{site.rstrip('/')}/check/{sheet.label}/{code}" if site else "",
        remarks=_remarks(line),
    )


def _shares(sheet: VisitSheet, lead: str, known: Categories | None) -> tuple[PaperAgency, ...]:
    """The lead agency first; items numbered through the whole paper."""
    ordered = sorted(sheet.agencies, key=lambda each: each.agency != lead)
    found, number = [], 1
    for each in ordered:
        found.append(_share(each, number, known))
        number += len(each.items)
    return tuple(found)


def _share(agency: SheetAgency, first: int, known: Categories | None) -> PaperAgency:
    items = []
    for number, each in enumerate(agency.items, first):
        words = {}
        if known is not None and each.found is not None:
            finding = each.found.finding
            result = known.by_code.get(finding.result)
            notes = [text for text in (finding.note, finding.disposal) if text]
            words = {
                "result": result.zh if result else finding.result,
                "method": METHODS[finding.method][0],
                "note": "；".join(notes),
            }
        items.append(PaperItem(number=str(number), name=each.item.name, **words))
    officers = tuple((person.name, person.certificate) for person in agency.officers)
    return PaperAgency(name=agency.name, officers=officers, items=tuple(items))


def paper_of(line: Line, name: PaperName, label: str, today: date, site: str = "") -> Paper:
    """The paper of a name: of the plan, or of the visit of a label.

    Raises:
        InputError: there is no such visit.
    """
    makers: dict[PaperName, Callable[[], Paper]] = {
        "announcement": lambda: announcement(line, today),
        "notice": lambda: visit_paper(line, label, today, site),
        "record": lambda: visit_paper(line, label, today, site, is_filled=True),
    }
    return makers[name]()


def write(line: Line, name: PaperName, label: str, path: Path, today: date, site: str = "") -> None:
    """The paper stands at ``path``: Word by the workspace's own ``<name>.docx`` where it has one, or PDF.

    Raises:
        InputError: no such visit, another ending, or the template cannot be used.
        PublishError: no Chinese font is found, or the extra ``docs`` is not installed.
    """
    own, fonts = line.workspace.folder / f"{name}.docx", line.workspace.folder / "fonts"
    write_paper(
        path,
        name,
        paper_of(line, name, label, today, site),
        template=own if own.is_file() else None,
        fonts=(fonts,) if fonts.is_dir() else (),
    )


def file_name(line: Line, name: PaperName, label: str, suffix: str) -> str:
    """What the paper's file is called: ``检查通知书-V0001.docx``."""
    return f"{TITLES[name]}-{label or line.name}{suffix}"
