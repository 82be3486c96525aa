"""Reports of a month or a year that is over: counted once, written from what was counted, however often asked."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from inspection.documents.figures import phrase
from inspection.documents.statistics_workbook import write_statistics
from inspection.documents.yearly_report import write_report
from inspection.errors import InputError, Language
from inspection.office import Office
from inspection.rules.work_statistics import Statistics
from inspection.work.statistics_steps import make_statistics

TEMPLATE = "yearly-report.docx"
"""A bureau's own template, in its workspace."""
SUFFIXES = (".xlsx", ".docx")


def write_reports(
    office: Office, period: str, now: datetime, folder: Path, language: Language = "zh"
) -> tuple[Path, ...]:
    """The workbook of the period stands in the folder, of a year the report as well; their paths.

    Raises:
        InputError: not a period of the plan, or the bureau's template cannot be used.
        PublishError: a file cannot be written, or the extra ``docs`` is not installed.
    """
    found = make_statistics(office, period, now)
    suffixes = SUFFIXES if len(period) == 4 else SUFFIXES[:1]
    paths = tuple(folder / f"{office.line().name}-{period}{suffix}" for suffix in suffixes)
    for path in paths:
        write_as(path, office, found, language)
    return paths


def write_as(path: Path, office: Office, found: Statistics, language: Language) -> None:
    """The statistics stand in a workbook or a document, as the name ends.

    Raises:
        InputError: the name ends in neither .xlsx nor .docx, or the bureau's template cannot be used.
        PublishError: the file cannot be written, or the extra ``docs`` is not installed.
    """
    require_suffix(path)
    name = office.line().given.policy.plan.name
    title = phrase("statistics.title", language, name=name, period=found.period)
    if path.suffix == ".xlsx":
        write_statistics(path, title, found, language)
    else:
        own = office.workspace.folder / TEMPLATE
        write_report(path, title, found, language, own if own.is_file() else None)


def require_suffix(path: Path) -> None:
    """The name ends in .xlsx or .docx; InputError otherwise."""
    if path.suffix not in SUFFIXES:
        raise InputError("statistics.suffix", path=path, known=", ".join(SUFFIXES))
