"""Commands that ask and change nothing: what would be, and why a firm has its chance."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from inspection.console.cluster_options import cluster_options
from inspection.console.options import Language, as_json, workspace_option

EXISTING = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@workspace_option
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="改一项规则，键同 policy.toml 名 a rule.")
@click.option("--without-inspector", "without", multiple=True, metavar="CODE", help="少一名执法人员 one officer less.")
@click.option("--inspectors", type=EXISTING, metavar="FILE", help="换一份人员名录 another roster.")
@click.option("--policy", type=EXISTING, metavar="FILE", help="换一份规则文件 another policy file.")
@click.option(
    "--case", "cases", nargs=2, multiple=True, metavar="NAME CHANGES", help="再比一种，变动用逗号隔开 one more case."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="XLSX", help="另存表格 spreadsheet.")
@as_json
@cluster_options
@click.pass_obj
def whatif(
    lang: Language, /, workspace: Path, cases: Any, out: Path | None, json: bool, cluster: Any, **given: Any
) -> None:
    """试算：改了规则或人员会怎样；计划和日志不变。 What would be; plan and log stay untouched.

    \b
    inspection whatif --set coverage.floor=6%
    inspection whatif --case 覆盖6% coverage.floor=6% --case 少一人 without=370828-XF-001 --out 比较.xlsx
    CHANGES 变动: KEY=VALUE,without=CODE,inspectors=FILE,policy=FILE
    """
    from inspection.console.whatif import Showing, ask_and_show, variants_of

    showing = Showing(language=lang, json=json, out=out)
    sys.exit(ask_and_show(workspace, variants_of(cases, lang, **given), showing, cluster))


@click.command()
@workspace_option
@click.argument("firm")
@click.option("--all", "every", is_flag=True, help="列出全部任务 list every task.")
@as_json
@click.pass_obj
def explain(lang: Language, /, workspace: Path, firm: str, every: bool, json: bool) -> None:
    """一户的机会有多大、为什么；抽取之后还说明名次和证明。 What chance a firm has and why; after the draw, its rank.

    \b
    FIRM: 统一社会信用代码，或名称的一部分 code or part of the name
    inspection explain 91370828MA30000006
    """
    from inspection.console.explain import explain_and_show

    sys.exit(explain_and_show(workspace, firm, every, json, lang))


@click.command()
@workspace_option
@click.argument("firm")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="JSON", help="证明文件，默认 代码.proof.json."
)
@click.option("--with-pool", is_flag=True, help="即使层名透露信用等级也出证 although pool names tell tiers.")
@as_json
@click.pass_obj
def prove(lang: Language, /, workspace: Path, firm: str, out: Path | None, with_pool: bool, json: bool) -> None:
    """给一户出证：在名录中、机会多大、抽没抽中；不含信用等级。 One firm's own proof, without its tier.

    \b
    inspection prove 91370828MA30000006
    """
    from inspection.console.proving import prove_and_show

    prove_and_show(workspace, firm, out, lang, with_pool=with_pool, json=json)
