"""Commands of what was found: ``inspection findings``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from inspection.console.options import Language, as_json, workspace_option
from inspection.console.work_options import SHEET, by_option, day_option, note_option


@click.group()
def findings() -> None:
    """检查结果：填表、导入、审核、更正。 Findings: sheets, import, review, correction."""


@findings.command()
@workspace_option
@click.argument("agency")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--month", metavar="YYYY-MM", help="只含这个月的检查 of this month only.")
@click.pass_obj
def template(lang: Language, /, workspace: Path, agency: str, path: Path, month: str | None) -> None:
    """写出预填好检查和事项的结果表，结果从列表选。 Write a sheet with the agency's visits and items to fill in.

    \b
    inspection findings template SCJG 结果.xlsx --month 2027-05
    """
    from inspection.console.findings import make_template

    make_template(workspace, agency, path, month, lang)


@findings.command("import")
@workspace_option
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--agency", default="", metavar="CODE", help="只收这个部门的结果 of this agency only.")
@click.option("--mapping", type=SHEET, help="表头对照文件 what your headers mean.")
@by_option
@as_json
@click.pass_obj
def import_(lang: Language, /, workspace: Path, files: tuple[Path, ...], json: bool, **rest: Any) -> None:
    """导入填好的结果表；留空的不算，不合格的行全部列出。 Read filled-in sheets; empty stays empty, bad rows are named.

    \b
    inspection findings import 结果.xlsx --by 张三
    """
    from inspection.console.findings import import_sheets
    from inspection.console.visits import Doing

    sys.exit(import_sheets(Doing(workspace, rest["agency"], rest["by"]), files, rest["mapping"], json, lang))


@findings.command("all-clear")
@workspace_option
@click.argument("agency")
@click.argument("labels", nargs=-1, required=True, metavar="VISIT…")
@day_option(False, "检查结束的日期（未登记时须写） the day the inspection ended, where not said yet.")
@by_option
@click.pass_obj
def all_clear(lang: Language, /, workspace: Path, agency: str, labels: tuple[str, ...], day: Any, by: str) -> None:
    """这些检查中尚无结果的事项，一律记为“未发现问题”。 No problem was found in all items without a result yet.

    \b
    inspection findings all-clear SCJG V0012 V0013 --by 张三
    """
    from inspection.console.findings import all_clear as step
    from inspection.console.visits import Doing

    step(Doing(workspace, agency, by), labels, day.date() if day else None, lang)


@findings.command()
@workspace_option
@click.argument("agency")
@click.argument("visit")
@click.argument("item")
@click.argument("result")
@day_option(False, "检查日期 the day it was found.")
@click.option("--method", default="", metavar="TEXT", help="检查方式，默认实地检查 method; on site when left out.")
@note_option
@click.option("--disposal", default="", metavar="TEXT", help="处理情况 what was done about it.")
@by_option
@click.pass_obj
def enter(lang: Language, /, workspace: Path, agency: str, visit: str, item: str, result: str, **rest: Any) -> None:
    """录入一个事项的结果（代码或原文）。 Enter the result of one item, by code or label.

    \b
    inspection findings enter SCJG V0012 370828-SCJG-000-1 5 --note 标识不全 --by 张三
    """
    from inspection.console.findings import enter as step
    from inspection.console.visits import Doing

    rest["day"] = rest["day"].date() if rest["day"] else None
    step(Doing(workspace, agency, rest["by"]), (visit, item, result), rest, lang)


@findings.command()
@workspace_option
@click.argument("agency")
@click.argument("labels", nargs=-1, metavar="[VISIT…]")
@click.option("--return", "is_return", is_flag=True, help="退回，须写明原因 send back, with --note.")
@note_option
@by_option
@click.pass_obj
def review(lang: Language, /, workspace: Path, agency: str, labels: tuple[str, ...], **rest: Any) -> None:
    """审核结果（录入人不能自己审核）；不写编号即全部。 Review what somebody else found; all that wait if none is named.

    \b
    inspection findings review SCJG V0012 --by 李四
    """
    from inspection.console.findings import review as step
    from inspection.console.visits import Doing

    step(Doing(workspace, agency, rest["by"]), labels, rest["is_return"], rest["note"], lang)


@findings.command()
@workspace_option
@click.argument("agency")
@click.argument("visit")
@click.argument("item")
@click.argument("result")
@click.option("--reason", required=True, metavar="TEXT", help="更正原因 why.")
@note_option
@by_option
@click.pass_obj
def correct(lang: Language, /, workspace: Path, agency: str, visit: str, item: str, result: str, **rest: Any) -> None:
    """更正已公示的结果（另一人审核后公示）。 Correct a public finding; a second person reviews it.

    \b
    inspection findings correct SCJG V0012 370828-SCJG-000-1 1 --reason 录入有误 --by 张三
    """
    from inspection.console.findings import amend
    from inspection.console.visits import Doing

    amend(Doing(workspace, agency, rest["by"]), visit, (item, result), (rest["reason"], rest["note"]), lang)


@findings.command()
@workspace_option
@click.argument("agency")
@click.argument("visit")
@click.option("--reason", required=True, metavar="TEXT", help="撤回原因 why.")
@by_option
@click.pass_obj
def withdraw(lang: Language, /, workspace: Path, agency: str, visit: str, reason: str, by: str) -> None:
    """撤回已公示的全部结果（另一人审核后生效）。 Withdraw all an agency made public of a visit.

    \b
    inspection findings withdraw SCJG V0012 --reason 对象有误 --by 张三
    """
    from inspection.console.findings import amend
    from inspection.console.visits import Doing

    amend(Doing(workspace, agency, by), visit, None, (reason, ""), lang)


@findings.command("review-amendment")
@workspace_option
@click.argument("number", type=int)
@by_option
@click.pass_obj
def review_amendment(lang: Language, /, workspace: Path, number: int, by: str) -> None:
    """审核更正或撤回。 Review a correction or withdrawal of somebody else.

    \b
    inspection findings review-amendment 3 --by 李四
    """
    from inspection.console.findings import second_person
    from inspection.work.amendment_steps import review_amendment as step

    second_person(workspace, number, by, step, lang)


@findings.command()
@workspace_option
@click.argument("agency")
@click.argument("visit")
@click.argument("document")
@day_option(True, "决定作出的日期，7 个工作日内公示 the day of the decision.")
@click.option("--summary", default="", metavar="TEXT", help="决定内容摘要（公开） what was decided; public.")
@by_option
@click.pass_obj
def decision(lang: Language, /, workspace: Path, agency: str, visit: str, document: str, **rest: Any) -> None:
    """录入检查之后的行政执法决定。 Enter an enforcement decision that followed from a visit.

    \b
    inspection findings decision SCJG V0012 金市监处罚〔2027〕12号 --day 2027-05-20 --summary 警告 --by 张三
    """
    from inspection.console.findings import decide
    from inspection.console.visits import Doing

    decide(Doing(workspace, agency, rest["by"]), visit, (document, rest["day"].date()), rest["summary"], lang)


@findings.command("review-decision")
@workspace_option
@click.argument("number", type=int)
@by_option
@click.pass_obj
def review_decision(lang: Language, /, workspace: Path, number: int, by: str) -> None:
    """审核行政执法决定。 Review an enforcement decision somebody else entered.

    \b
    inspection findings review-decision 1 --by 李四
    """
    from inspection.console.findings import second_person
    from inspection.work.amendment_steps import review_decision as step

    second_person(workspace, number, by, step, lang)
