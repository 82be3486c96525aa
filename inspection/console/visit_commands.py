"""Commands of visits: ``inspection visits``, ``due`` and ``disclose``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from inspection.console.midyear_commands import close, reason_option, two_people
from inspection.console.options import Language, as_json, workspace_option
from inspection.console.work_options import SHEET, by_option, day_option, note_option
from inspection.rules.visit_life import STATES


@click.group()
def visits() -> None:
    """检查：派发、接收、实施、结案。 Visits: sent out, accepted, carried out, closed."""


@visits.command("list")
@workspace_option
@click.option("--agency", metavar="CODE", help="只看一个部门 of one agency.")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="只看这些状态 in these states.")
@click.option("--month", metavar="YYYY-MM", help="只看一个月 of one month.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=200, show_default=True, help="至多几次 at most.")
@as_json
@click.pass_obj
def list_(lang: Language, /, workspace: Path, json: bool, **wanted: Any) -> None:
    """各次检查走到哪一步。 How far each visit is.

    \b
    inspection visits list --agency SCJG --state dispatched
    """
    from inspection.console.visits import Wanted, show_visits

    show_visits(workspace, Wanted(**wanted), json, lang)


@visits.command()
@workspace_option
@click.argument("visit")
@as_json
@click.pass_obj
def show(lang: Language, /, workspace: Path, visit: str, json: bool) -> None:
    """一次检查的全部经过、结果和附件。 All that happened to a visit, its findings and papers.

    \b
    inspection visits show V0012
    """
    from inspection.console.visits import show_visit

    show_visit(workspace, visit, json, lang)


@visits.command()
@workspace_option
@click.argument("month", metavar="YYYY-MM")
@by_option
@click.pass_obj
def dispatch(lang: Language, /, workspace: Path, month: str, by: str) -> None:
    """把一个月的检查派发给各部门。 Send a month's visits out to their agencies.

    \b
    inspection visits dispatch 2027-05 --by 周主任
    """
    from inspection.console.visits import dispatch as step

    step(workspace, month, by, lang)


@visits.command()
@workspace_option
@click.argument("agency")
@click.argument("labels", nargs=-1, metavar="[VISIT…]")
@click.option("--month", metavar="YYYY-MM", help="不写检查编号时，只接收这个月的 of this month where none is named.")
@by_option
@click.pass_obj
def accept(
    lang: Language, /, workspace: Path, agency: str, labels: tuple[str, ...], month: str | None, by: str
) -> None:
    """部门接收派发来的检查；不写编号即全部。 Accept visits sent out; all when none is named.

    \b
    inspection visits accept SCJG --month 2027-05 --by 张三
    """
    from inspection.console.visits import Doing
    from inspection.console.visits import accept as step

    step(Doing(workspace, agency, by), labels, month, lang)


@visits.command("carry-out")
@workspace_option
@click.argument("agency")
@click.argument("labels", nargs=-1, required=True, metavar="VISIT…")
@day_option(True, "检查结束的日期，公示期限从此起算 the day the inspection ended.")
@note_option
@by_option
@click.pass_obj
def carry_out(lang: Language, /, workspace: Path, agency: str, labels: tuple[str, ...], **rest: Any) -> None:
    """登记检查已实施、哪天结束。 Say that inspections took place and on which day they ended.

    \b
    inspection visits carry-out SCJG V0012 V0013 --day 2027-05-12 --by 张三
    """
    from inspection.console.visits import Doing
    from inspection.console.visits import carry_out as step

    step(Doing(workspace, agency, rest["by"]), labels, rest["day"].date(), rest["note"], lang)


@visits.command()
@workspace_option
@click.argument("agency")
@click.argument("visit")
@click.argument("files", nargs=-1, required=True, type=SHEET, metavar="FILE…")
@by_option
@click.pass_obj
def attach(lang: Language, /, workspace: Path, agency: str, visit: str, files: tuple[Path, ...], by: str) -> None:
    """附上现场照片、签字的检查表（图片或 PDF）。 Keep photos and signed sheets with a visit.

    \b
    inspection visits attach SCJG V0012 门头.jpg 检查表.pdf --by 张三
    """
    from inspection.console.visits import Doing
    from inspection.console.visits import attach as step

    step(Doing(workspace, agency, by), visit, files, lang)


visits.add_command(close)


@visits.command()
@workspace_option
@click.argument("visit")
@reason_option()
@two_people
@click.pass_obj
def void(lang: Language, /, workspace: Path, visit: str, reason: str, by: str, approved_by: str, yes: bool) -> None:
    """作废一次检查；已公示的结果随之撤回（须另一人审批）。 Void a visit; what was public of it is withdrawn.

    \b
    inspection visits void V0012 --reason recusal-missed --by 张三 --approved-by 李四
    """
    from inspection.changes.change_steps import void_visit_wish
    from inspection.console.midyear import ask_for

    sys.exit(ask_for(workspace, lambda line: [void_visit_wish(line, visit, reason)], (by, approved_by), yes, lang))


@click.command()
@workspace_option
@click.option("--agency", metavar="CODE", help="只看一个部门 of one agency.")
@click.option("--all", "everything", is_flag=True, help="连同已公示的 what is done as well.")
@as_json
@click.pass_obj
def due(lang: Language, /, workspace: Path, agency: str | None, everything: bool, json: bool) -> None:
    """待公示：到期、即将到期、逾期。 What is due to be public, soon due, overdue.

    \b
    inspection due --agency SCJG
    """
    from inspection.console.visits import show_due

    show_due(workspace, agency, everything, json, lang)


@click.command()
@workspace_option
@click.pass_obj
def disclose(lang: Language, /, workspace: Path) -> None:
    """公示：已派发的检查、已审核的结果和决定、更正和撤回；记入日志，不会重复。 Publish what ought to be public, once.

    \b
    inspection disclose
    """
    from inspection.console.visits import disclose as step

    step(workspace, lang)


COMMANDS = (visits, due, disclose)
