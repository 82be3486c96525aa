"""Commands of the year's plan: ``inspection plan``, with those of mid-year."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from inspection.console import midyear_commands
from inspection.console.cluster_options import cluster_options
from inspection.console.options import Language, as_json, workspace_option
from inspection.errors import message


@click.group()
def plan() -> None:
    """年度计划：承诺、揭示、抽取、排期。 The year's plan: commit, reveal, draw, days."""


@plan.command()
@workspace_option
@click.option(
    "--unattended", is_flag=True, help="秘密与骰子全由系统产生，仅供演练 rehearsal: the system plays everyone."
)
@click.option("--yes", is_flag=True, help="不再询问 do not ask.")
@cluster_options
@click.pass_obj
def run(lang: Language, /, workspace: Path, unattended: bool, yes: bool, cluster: Any) -> None:
    """推进计划，直到完成或需要各方参与。 Take the plan as far as it goes without people.

    \b
    inspection plan run
    """
    from inspection.console.planning import run_plan

    sys.exit(run_plan(workspace, unattended, yes, lang, cluster))


@plan.command()
@workspace_option
@click.argument("draw", type=click.Choice(["firms", "inspectors"]))
@click.argument("commitments", nargs=-1, required=True, metavar="PARTY=COMMITMENT…")
@click.pass_obj
def parties(lang: Language, /, workspace: Path, draw: Any, commitments: tuple[str, ...]) -> None:
    """收下各方的承诺值。 Take in the commitments of all parties to a draw.

    \b
    inspection plan parties firms notary=3f5a… fire-rescue=88d1… market-regulation=19ac…
    """
    from inspection.console.planning import take_commitments

    click.echo(message("cli.handed", lang, draw=take_commitments(workspace, draw, commitments, lang)))


@plan.command()
@workspace_option
@cluster_options
@click.pass_obj
def reveal(lang: Language, /, workspace: Path, cluster: Any) -> None:
    """逐一输入各方秘密和骰子点数，随即抽取。 Ask for each secret and the dice one by one, then draw.

    \b
    inspection plan reveal
    """
    from inspection.console.planning import reveal_plan

    sys.exit(reveal_plan(workspace, lang, cluster))


@plan.command()
@workspace_option
@as_json
@click.pass_obj
def status(lang: Language, /, workspace: Path, json: bool) -> None:
    """计划走到哪一步。 Which steps are stored, and what comes next.

    \b
    inspection plan status
    """
    from inspection.console.planning import show_status

    show_status(workspace, json, lang)


@plan.command()
@workspace_option
@as_json
@click.pass_obj
def show(lang: Language, /, workspace: Path, json: bool) -> None:
    """一屏看懂全年计划。 The year on one screen.

    \b
    inspection plan show
    """
    from inspection.console.planning import show_plan

    show_plan(workspace, json, lang)


@plan.command()
@workspace_option
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False), default=Path("plan.xlsx"))
@click.pass_obj
def export(lang: Language, /, workspace: Path, path: Path) -> None:
    """写出计划表：总表、各部门、各人员。 Write the plan spreadsheet.

    \b
    inspection plan export 计划.xlsx
    """
    from inspection.console.planning import export_plan

    click.echo(message("cli.workbook.made", lang, path=export_plan(workspace, path, lang)))


for command in midyear_commands.COMMANDS:
    plan.add_command(command)
