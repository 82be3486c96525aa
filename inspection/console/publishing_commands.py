"""The commands of publication: parse, call one function, show."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from inspection.console.options import Language, as_json, workspace_option
from inspection.errors import message

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)

target_option = click.option("--target", metavar="NAME", help="只看这个目标 this target only.")
by_option = click.option("--by", metavar="NAME", required=True, help="谁处理的 who decides it.")


@click.group()
def publish() -> None:
    """公布与报送：发件箱、投递、死信、网站、文件包。 Publication: the outbox, delivery, dead letters, the site."""


@publish.command()
@workspace_option
@as_json
@click.pass_obj
def status(lang: Language, /, workspace: Path, json: bool) -> None:
    """各目标待发、已达、死信各多少。 How many records wait, arrived or are dead letters, by target.

    \b
    inspection publish status
    """
    from inspection.console.publishing import show_status

    show_status(workspace, json, lang)


@publish.command()
@workspace_option
@click.argument("targets", nargs=-1, metavar="[TARGET]…")
@click.option(
    "--patience",
    type=click.IntRange(0),
    default=0,
    metavar="SECONDS",
    help="失败的记录在这么多秒内该重试的，等着重试 wait for retries due within so many seconds.",
)
@click.option("--watch", is_flag=True, help="一直运行，直到中断 go on until interrupted.")
@as_json
@click.pass_obj
def run(lang: Language, /, workspace: Path, targets: tuple[str, ...], patience: int, watch: bool, json: bool) -> None:
    """把到期的记录送出去；随时可以中断，不丢不重。 Deliver what is due; interrupt at will, nothing is lost or doubled.

    \b
    inspection publish run
    inspection publish run province --patience 60
    """
    from inspection.console.publishing import run_and_show

    sys.exit(run_and_show(workspace, targets, patience, watch, json, lang))


@publish.command()
@workspace_option
@click.pass_obj
def plan(lang: Language, /, workspace: Path) -> None:
    """公布计划和任务：写入发件箱；有变化的作为更正。 Announce the plan and its tasks, or what changed in them.

    \b
    inspection publish plan
    """
    from inspection.console.publishing import announce_and_show

    announce_and_show(workspace, lang)


@publish.command()
@workspace_option
@target_option
@click.option("--key", metavar="KEY", help="详看一条 one record in full.")
@click.option("--drop", metavar="KEY", help="搁置一条，后面的才能走 set one aside, so that what follows may go.")
@click.option("--reason", default="", help="搁置的原因 why it is set aside.")
@click.option("--by", default="", metavar="NAME", help="谁处理的 who decides it.")
@as_json
@click.pass_obj
def dead(
    lang: Language,
    /,
    workspace: Path,
    target: str | None,
    key: str | None,
    drop: str | None,
    reason: str,
    by: str,
    json: bool,
) -> None:
    """死信：对方拒收或屡试不成的记录，及其原因。 Dead letters: what was refused or failed too often, and why.

    \b
    inspection publish dead
    inspection publish dead --key 370828-2027/1-firms/V0001/scjg/0
    inspection publish dead --drop KEY --reason 上级平台已人工录入 --by 王某
    """
    from inspection.console.publishing import drop_and_show, show_dead, show_letter

    if drop is not None:
        if not by.strip():
            raise click.UsageError(message("publish.by", lang))
        drop_and_show(workspace, drop, target, reason, by, lang)
    elif key is not None:
        show_letter(workspace, key, json, lang)
    else:
        show_dead(workspace, target, json, lang)


@publish.command()
@workspace_option
@click.argument("keys", nargs=-1, metavar="KEY…")
@click.option("--all", "everything", is_flag=True, help="全部死信 all dead letters.")
@target_option
@by_option
@click.pass_obj
def resend(
    lang: Language, /, workspace: Path, keys: tuple[str, ...], everything: bool, target: str | None, by: str
) -> None:
    """死信重新排队，下次 run 时再送。 Dead letters are due again.

    \b
    inspection publish resend --all --by 王某
    """
    from inspection.console.publishing import resend_and_show

    if bool(keys) == everything:
        raise click.UsageError(message("publish.resend.which", lang))
    resend_and_show(workspace, None if everything else keys, target, by, lang)


@publish.command()
@workspace_option
@target_option
@click.option("--adapter", metavar="NAME", help="不按目标，而按适配表 by a mapping table rather than a target.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=3, show_default=True, help="几条 how many.")
@click.option(
    "--out", type=FILE, help="另存；.xlsx 为交换表，没有记录时即空白模板 file; .xlsx is the exchange workbook."
)
@click.pass_obj
def preview(
    lang: Language, /, workspace: Path, target: str | None, adapter: str | None, limit: int, out: Path | None
) -> None:
    """先看一眼：记录会以什么样子送出，缺什么。 See what would be sent, and what is missing.

    \b
    inspection publish preview --adapter gsxt-public
    inspection publish preview --adapter excel-exchange --out 模板.xlsx
    """
    from inspection.console.publishing import preview_and_show

    if (target is None) == (adapter is None):
        raise click.UsageError(message("publish.preview.which", lang))
    sys.exit(preview_and_show(workspace, target, adapter, limit, out, lang))


@publish.command()
@workspace_option
@click.argument("folder", type=FOLDER)
@click.option("--pages", metavar="URL", default="", help="在线公开页面的网址 address of the live pages.")
@click.pass_obj
def website(lang: Language, /, workspace: Path, folder: Path, pages: str) -> None:
    """写出公开网站：静态页、开放数据和公开证据包。 Write the public site, its open data and the public bundle.

    \b
    inspection publish website 公开网站
    inspection publish website 公开网站 --pages https://ssj.example.gov.cn
    """
    from inspection.console.publishing import write_site

    if pages and not pages.startswith(("https://", "http://")):
        raise click.BadParameter(message("open.pages", lang), param_hint="--pages")
    write_site(workspace, folder, lang, pages)


@publish.command()
@workspace_option
@click.argument("file", type=FILE)
@click.option("--check", is_flag=True, help="核对别处来的文件包 check an archive from elsewhere.")
@click.option("--key", "keys", multiple=True, metavar="KEY", help="信任的公钥（文本或文件） trusted key, text or file.")
@as_json
@click.pass_obj
def archive(lang: Language, /, workspace: Path, file: Path, check: bool, keys: tuple[str, ...], json: bool) -> None:
    """把已公布的全部记录写成签名文件包，或核对一个文件包。 Write all that was announced as a signed archive; check one.

    \b
    inspection publish archive 公布记录.zip
    inspection publish archive 来件.zip --check --key 发送方.key
    """
    from inspection.console.publishing import check_archive, write_archive

    if check:
        check_archive(workspace, file, keys, json, lang)
    else:
        write_archive(workspace, file, lang)


@publish.command()
@workspace_option
@click.pass_obj
def key(lang: Language, /, workspace: Path) -> None:
    """本单位报送用的公钥，交给接收方。 The public key receivers know us by.

    \b
    inspection publish key
    """
    from inspection.console.publishing import show_key

    show_key(workspace)


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65_535), default=8099, show_default=True, help="0：任选 any.")
@click.option("--sender", "senders", multiple=True, metavar="KEY", help="接受谁的报送（公钥或文件） whom to believe.")
@click.option(
    "--fail", type=click.FloatRange(0, 1), default=0, show_default=True, help="多大比例的答复失败 share that fails."
)
@click.option(
    "--fault", "faults", multiple=True, metavar="KIND", help="只这样失败：error busy silent lost garbled slow partial."
)
@click.option("--seed", type=int, help="失败的随机种子 seed of the failures.")
@click.option(
    "--hold", type=click.FloatRange(0, 600), default=3, show_default=True, metavar="SECONDS", help="不作声多久 silence."
)
@click.option("--certificate", type=FILE, help="服务器证书 PEM，用 https certificate of the server.")
@click.option("--private-key", type=FILE, help="其私钥 PEM its key.")
@click.option(
    "--authority", type=FILE, help="只接受此机构所发客户端证书 ask clients for certificates of this authority."
)
@click.pass_obj
def receiver(lang: Language, /, folder: Path, **options: object) -> None:
    """参考接收端：模拟上级平台，验签名、格式、次序、重复，给回执；可令其失败。 A reference receiver for trials.

    \b
    inspection receiver 接收端 --sender 本单位.key --fail 0.3
    """
    from inspection.console.receiving import serve_receiver

    serve_receiver(folder, options, lang)
