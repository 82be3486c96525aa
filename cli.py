"""The command line: parse, call one service function, show what came of it.

Exit codes: 0 done, 1 the domain says no, 2 usage, 3 incomplete (a party is awaited, something could not be checked).
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from inspection.console import visit_commands
from inspection.console.account_commands import account
from inspection.console.audit_commands import audit
from inspection.console.backup_commands import backup, restore
from inspection.console.cluster_options import cluster_options
from inspection.console.commands import Commands
from inspection.console.finding_commands import findings
from inspection.console.log_commands import log
from inspection.console.meeting_commands import beacon, ceremony, minutes, party
from inspection.console.options import REGISTERS, Language, as_json, language_option, out_option, workspace_option
from inspection.console.paper_commands import papers
from inspection.console.plan_commands import plan
from inspection.console.publishing_commands import publish, receiver
from inspection.console.question_commands import explain, prove, whatif
from inspection.console.sm2_commands import sm2
from inspection.console.statistics_commands import statistics
from inspection.errors import message
from scheduler.commands import scheduler


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@language_option
@click.version_option(package_name="open-draw")
@click.pass_context
def main(context: click.Context, lang: Language) -> None:
    """双随机、一公开：制定计划、公开抽取、随时可验。

    Plans, draws and proves the yearly random joint inspection of firms.

    \b
    inspection init 工作区 → inspection import → inspection check → inspection plan run → inspection plan reveal
    """
    context.obj = lang


@main.command()
@out_option("build/demo")
@click.option("--firms", type=click.IntRange(1_000, 2_000_000), default=90_000, show_default=True, help="户数 firms.")
@cluster_options
@click.pass_obj
def demo(lang: Language, /, out: Path, firms: int, cluster: Any) -> None:
    """演示：生成一个区县，完成计划、抽取、排期和证明。 A made-up county, planned, drawn and proven.

    \b
    inspection demo --out build/demo --firms 5000
    """
    from inspection.console.demo import show_demo

    sys.exit(show_demo(out, firms, lang, cluster))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--policy", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="规则文件 policy to start with."
)
@click.option("--origin", default=None, help="日志名称，如 example.gov.cn/370828 name of the log.")
@click.option("--database", default=None, help="PostgreSQL 地址；不写用 SQLite。 URL; SQLite when left out.")
@click.pass_obj
def init(lang: Language, /, folder: Path, policy: Path | None, origin: str | None, database: str | None) -> None:
    """建立工作区和规则文件。 Make a workspace with a policy file.

    \b
    inspection init 金乡县2027
    """
    from inspection.office import Office

    name = origin or f"open-draw.invalid/{folder.resolve().name.replace(' ', '-').replace('+', '-')}"
    office = Office.found(folder, origin=name, policy=policy, url=database)
    click.echo(message("cli.workspace.made", lang, folder=folder, policy=office.policy_file))


@main.command()
@click.argument("kind", type=click.Choice([*REGISTERS, "policy", "all"]), metavar="KIND")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="文件夹 folder.")
@click.pass_obj
def template(lang: Language, /, kind: str, out: Path) -> None:
    """写出名录或规则的空白模板。 Write empty registers to fill in, or the policy file.

    \b
    KIND: agencies 部门, items 事项, inspectors 人员, firms 对象, tasks 任务, recusals 回避, policy 规则, all 六张名录
    inspection template all --out 模板
    """
    from inspection.console.show import write_templates

    for path in write_templates(tuple(REGISTERS) if kind == "all" else (kind,), out, lang):
        click.echo(message("cli.template.made", lang, path=path))
    click.echo(message("cli.template.next", lang))


def register_options(command: Any) -> Any:
    """--firms FILE, --inspectors FILE … each as often as there are files."""
    for kind in reversed(REGISTERS):
        command = click.option(
            f"--{kind}",
            multiple=True,
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            metavar="FILE",
            help=REGISTERS[kind],
        )(command)
    return command


@main.command("import")
@workspace_option
@register_options
@click.option("--mapping", multiple=True, metavar="KIND=FILE", help="对照文件，如 firms=对照.toml mapping file.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="证件须在此日有效，默认今天 certificates valid on.",
)
@click.option("--strict", is_flag=True, help="有一行不合格就停止 stop at any bad row.")
@as_json
@click.pass_obj
def import_(
    lang: Language, /, workspace: Path, mapping: tuple[str, ...], as_of: Any, strict: bool, json: bool, **files: Any
) -> None:
    """导入名录；不合格的行逐一指明并另存。 Import registers; every bad row is named and kept aside.

    \b
    inspection import --agencies 部门.xlsx --items 事项.xlsx --inspectors 人员.xlsx --firms 对象.csv --tasks 任务.xlsx
    """
    from inspection.console.show import import_and_show

    given = {kind: paths for kind, paths in files.items() if paths}
    if not given:
        raise click.UsageError(message("cli.import.nothing", lang))
    day = as_of.date() if as_of else date.today()
    sys.exit(import_and_show(workspace, given, mapping, day, strict, json, lang))


@main.command()
@workspace_option
@cluster_options
@as_json
@click.pass_obj
def check(lang: Language, /, workspace: Path, json: bool, cluster: Any) -> None:
    """规则能否同时满足；不能则说明差多少、怎样可行。 Can the rules be met; if not, what is short and what helps.

    \b
    inspection check
    """
    from inspection.console.show import check_and_show

    sys.exit(check_and_show(workspace, json, lang, cluster))


@main.command()
@workspace_option
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--sign", metavar="NAME", help="另以此签名者（SM2）签署各检查点 sign the checkpoints by SM2 as well.")
@click.option("--public", is_flag=True, help="公开包：无等级、人员、未到期检查 no tiers, inspectors, unopened visits.")
@click.option("--keep-sealed", is_flag=True, help="公开包始终不公开种子 the public bundle never tells the seed.")
@click.pass_obj
def bundle(lang: Language, /, workspace: Path, folder: Path, sign: str | None, public: bool, keep_sealed: bool) -> None:
    """写出证据包，任何人可独立核验。 Write the proof anyone can check alone.

    \b
    inspection bundle 证据包
    inspection bundle --public 公开包
    """
    from inspection.console.planning import write_proof
    from inspection.console.proving import write_public
    from inspection.console.sm2 import find_signer, sign_checkpoints, warning

    signer = find_signer(workspace, sign) if sign is not None else None
    if public:
        click.echo(write_public(workspace, folder, lang, keep_sealed=keep_sealed))
    else:
        click.echo(message("cli.bundle.made", lang, folder=write_proof(workspace, folder)))
    if signer is not None:
        sign_checkpoints(folder, signer)
        click.echo(
            message("cli.sm2.signed", lang, path=folder, name=signer.key.name, warning=warning(signer, lang)), err=True
        )


@main.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--certificate",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="NIST 信标证书（PEM） certificate of the NIST beacon.",
)
@click.option(
    "--key", "keys", multiple=True, metavar="KEY", help="见证方、SM2 签名者的核验公钥 keys of witnesses, SM2."
)
@as_json
@click.pass_obj
def verify(lang: Language, /, bundle: Path, certificate: Path | None, keys: tuple[str, ...], json: bool) -> None:
    """独立核验证据包。 Check a bundle with the auditor's file, in its own process.

    What that file cannot check with the standard library alone, a drand signature say, is checked beyond it
    where the library is installed.

    \b
    inspection verify build/demo/bundle
    """
    from inspection.console.verifying import run_checker

    sys.exit(run_checker(bundle, json, lang, certificate, keys))


@main.command()
@workspace_option
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=8600, show_default=True, help="端口 port.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="进程数 processes.")
@click.option(
    "--behind-proxy", "proxies", metavar="ADDRESS,…", help="采信这些代理转发的客户地址和协议 proxies believed."
)
@click.option("--no-scheduler", is_flag=True, help="定时任务另行运行 the scheduler runs elsewhere.")
@click.pass_obj
def serve(
    lang: Language, /, workspace: Path, host: str, port: int, workers: int, proxies: str | None, no_scheduler: bool
) -> None:
    """启动页面、接口和定时任务。 Serve page and API, and do scheduled work, on one port.

    \b
    inspection serve --host 0.0.0.0 --port 8600
    """
    from contextlib import nullcontext

    from inspection.console.serving import Serving, require_web
    from inspection.console.serving import serve as run
    from scheduler.ticker import ticking

    require_web()
    beside = nullcontext() if no_scheduler else ticking(workspace)
    run(workspace, Serving(host=host, port=port, workers=workers, proxies=proxies, beside=beside), lang)


COMMANDS = (
    plan, whatif, explain, audit, prove, beacon, log, ceremony, minutes, papers, party, sm2, *visit_commands.COMMANDS,
    findings, publish, receiver, backup, restore, scheduler, statistics, account,
)  # fmt: skip
"""Commands and groups that stand in files of their own."""

for command in COMMANDS:
    main.add_command(command)


if __name__ == "__main__":
    main()
