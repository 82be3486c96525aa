"""``inspection statistics``: a year or a month in figures, on the screen, in a workbook, in a report."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Any

import click

from inspection.console.options import Language, as_json, workspace_option
from inspection.errors import message


@click.command()
@workspace_option
@click.option("--month", default=None, metavar="YYYY-MM", help="只统计一个月安排的检查 the visits of one month.")
@click.option(
    "--out",
    "outs",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="写成 .xlsx（含图表、月报）或 .docx（年度报告）；可写多次 a workbook or a report.",
)
@as_json
@click.pass_obj
def statistics(lang: Language, /, workspace: Path, month: str | None, outs: tuple[Path, ...], json: bool) -> None:
    """覆盖率、联合占比、完成率、按时公示率、问题发现率、企业负担、负荷。 What the year came to, in figures.

    \b
    inspection statistics --out 年度报告.docx --out 年度统计.xlsx
    inspection statistics --month 2027-05 --out 五月.xlsx
    """
    from inspection.office import Office, now
    from inspection.work.reporting import require_suffix, write_as
    from inspection.work.statistics_steps import statistics as count
    from inspection.work.statistics_steps import to_payload

    for path in outs:
        require_suffix(path)
    office = Office.opened(workspace)
    found = count(office, month, now())
    if json:
        click.echo(jsonlib.dumps(to_payload(found), ensure_ascii=False, indent=1))
    else:
        _print(office.line().given.policy.plan.name, found, lang)
    for path in outs:
        write_as(path, office, found, lang)
        click.echo(message("statistics.made", lang, path=path), err=json)


def _print(name: str, found: Any, language: Language) -> None:
    """Shares, months, agencies, burden."""
    from rich.console import Console

    from inspection.documents.statistics_screen import statistics_tables

    console = Console(highlight=False)
    for each in statistics_tables(name, found, language, console.width):
        console.print(each)
