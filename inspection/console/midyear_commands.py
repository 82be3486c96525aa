"""Commands of ``inspection plan`` for what happens after the year's draws."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from inspection.console.options import Language, as_json, workspace_option

yes_option = click.option("--yes", is_flag=True, help="不再询问 do not ask.")


def two_people(command: Any) -> Any:
    """--by NAME, --approved-by NAME, --yes."""
    command = yes_option(command)
    command = click.option(
        "--approved-by",
        metavar="NAME",
        help="审批人，须是另一人；不写则等待 plan approve second person; later if left out.",
    )(command)
    return click.option("--by", required=True, metavar="NAME", help="申请人 who asks.")(command)


def reason_option(name: str = "--reason") -> Callable[[Any], Any]:
    """--reason CODE; a wrong code lists the right ones."""
    return click.option(name, "reason", required=True, metavar="CODE", help="原因代码；写 ? 可列出 code; ? lists them.")


@click.command()
@workspace_option
@click.option(
    "--from",
    "start",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="从这天起安排检查，默认下月一日 first day of visits; the first of next month when left out.",
)
@click.option("--unattended", is_flag=True, help="秘密与骰子全由系统产生，仅供演练 rehearsal.")
@yes_option
@click.pass_obj
def supplement(lang: Language, /, workspace: Path, start: Any, unattended: bool, yes: bool) -> None:
    """补充抽取：年中新增的任务、对象另行抽取，已抽取的不变。 Draw tasks added in mid-year; what was drawn stays.

    \b
    把新任务（新的任务编号）写进任务表，连同最新名录一起 inspection import，然后：
    inspection plan supplement
    """
    from inspection.console.midyear import run_supplement

    sys.exit(run_supplement(workspace, start.date() if start else None, unattended, yes, lang))


@click.command()
@workspace_option
@click.argument("draw")
@reason_option()
@two_people
@click.pass_obj
def void(lang: Language, /, workspace: Path, draw: str, reason: str, by: str, approved_by: str, yes: bool) -> None:
    """作废：放弃一次尚未揭示的抽取，记入日志，永久保留。 Give up a draw not revealed yet; the log keeps it.

    \b
    inspection plan void 1-firms --reason party-absent --by 张三 --approved-by 李四
    """
    from inspection.changes.change_steps import void_wish
    from inspection.console.midyear import ask_for

    sys.exit(ask_for(workspace, lambda line: [void_wish(line, draw, reason)], (by, approved_by), yes, lang))


@click.command()
@workspace_option
@click.argument("visit")
@reason_option()
@two_people
@click.pass_obj
def replace(lang: Language, /, workspace: Path, visit: str, reason: str, by: str, approved_by: str, yes: bool) -> None:
    """递补：检查对象查无下落，由同层下一候补户接替。 Call the pool's next reserve firm.

    \b
    inspection plan replace V0012 --reason unreachable --by 张三 --approved-by 李四
    """
    from inspection.changes.change_steps import replace_wish
    from inspection.console.midyear import ask_for

    sys.exit(ask_for(workspace, lambda line: [replace_wish(line, visit, reason)], (by, approved_by), yes, lang))


@click.command()
@workspace_option
@click.argument("visit")
@reason_option("--outcome")
@two_people
@click.pass_obj
def close(lang: Language, /, workspace: Path, visit: str, reason: str, by: str, approved_by: str, yes: bool) -> None:
    """结案：未实施的检查按原因结案（须另一人审批）。 Close a visit that cannot begin; a second person approves.

    \b
    inspection plan close V0012 --outcome deregistered --by 张三 --approved-by 李四
    inspection visits close V0012 --outcome deregistered --by 张三 --approved-by 李四
    """
    from inspection.changes.change_steps import close_wish
    from inspection.console.midyear import ask_for

    sys.exit(ask_for(workspace, lambda line: [close_wish(line, visit, reason)], (by, approved_by), yes, lang))


@click.command()
@workspace_option
@click.argument("visit")
@click.argument("agency")
@click.argument("inspector")
@reason_option()
@two_people
@click.pass_obj
def substitute(
    lang: Language, /, workspace: Path, visit: str, agency: str, inspector: str, reason: str, by: str, **rest: Any
) -> None:
    """替换：执法人员不能前往，由同部门下一位接替。 Send the next officer of the agency.

    \b
    inspection plan substitute V0012 XF XF-007 --reason sick --by 张三 --approved-by 李四
    """
    from inspection.changes.change_steps import substitute_wish
    from inspection.console.midyear import ask_for

    people = by, rest["approved_by"]
    wish = lambda line: [substitute_wish(line, visit, (agency, inspector), reason)]  # noqa: E731 a call, later
    sys.exit(ask_for(workspace, wish, people, rest["yes"], lang))


@click.command()
@workspace_option
@click.argument("inspector")
@reason_option()
@two_people
@click.pass_obj
def absent(
    lang: Language, /, workspace: Path, inspector: str, reason: str, by: str, approved_by: str, yes: bool
) -> None:
    """替换一名人员今后的全部检查（调离、病假等）。 Substitute an officer in all visits from today on.

    \b
    inspection plan absent XF-007 --reason transferred --by 张三 --approved-by 李四
    """
    from inspection.changes.change_steps import absence_wishes
    from inspection.console.midyear import ask_for

    sys.exit(ask_for(workspace, lambda line: absence_wishes(line, inspector, reason), (by, approved_by), yes, lang))


@click.command()
@workspace_option
@click.argument("numbers", type=int, nargs=-1, required=True, metavar="NUMBER…")
@click.option("--by", required=True, metavar="NAME", help="审批人 who approves.")
@yes_option
@click.pass_obj
def approve(lang: Language, /, workspace: Path, numbers: tuple[int, ...], by: str, yes: bool) -> None:
    """审批通过并执行；申请人不能自己审批。 Approve requests of somebody else and carry them out.

    \b
    inspection plan approve 3 4 --by 李四
    """
    from inspection.console.midyear import decide

    sys.exit(decide(workspace, numbers, by, yes, lang))


@click.command()
@workspace_option
@click.argument("numbers", type=int, nargs=-1, required=True, metavar="NUMBER…")
@click.option("--by", required=True, metavar="NAME", help="审批人 who refuses.")
@click.pass_obj
def refuse(lang: Language, /, workspace: Path, numbers: tuple[int, ...], by: str) -> None:
    """退回申请。 Refuse requests.

    \b
    inspection plan refuse 3 --by 李四
    """
    from inspection.console.midyear import decide

    sys.exit(decide(workspace, numbers, by, True, lang, is_refused=True))


@click.command()
@workspace_option
@as_json
@click.pass_obj
def changes(lang: Language, /, workspace: Path, json: bool) -> None:
    """抽取之后的全部变更、人员和原因，超过界限的会提示。 All changes after the draws: reasons, people, thresholds.

    \b
    inspection plan changes
    """
    from inspection.console.midyear import show_changes

    show_changes(workspace, json, lang)


@click.command()
@workspace_option
@click.option(
    "--away",
    multiple=True,
    metavar="INSPECTOR=FROM..TO",
    help="人员不在的日期，可写多次，如 XF-007=2027-05-01..2027-05-15 days an officer is away.",
)
@click.option("--dry-run", is_flag=True, help="只显示，不保存 show only.")
@as_json
@click.pass_obj
def redate(lang: Language, /, workspace: Path, away: tuple[str, ...], dry_run: bool, json: bool) -> None:
    """调整日程：换人、请假、新的安静日之后重排，变动最少；已实施的不动。 Fit the days again, moving as few as possible.

    \b
    inspection plan redate --away XF-007=2027-05-01..2027-05-15
    """
    from inspection.console.midyear import show_redating

    sys.exit(show_redating(workspace, away, dry_run, json, lang))


COMMANDS = (supplement, void, replace, close, substitute, absent, approve, refuse, changes, redate)
"""In the order of a year."""
