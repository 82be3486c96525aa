"""The commands of the log: parse, call one function, show."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from inspection.console.options import Language, as_json, workspace_option
from inspection.errors import message

FILE = click.Path(path_type=Path, dir_okay=False)
GIVEN = click.Path(path_type=Path, dir_okay=False, exists=True)

witness_option = click.option(
    "--witness",
    "witnesses",
    multiple=True,
    metavar="KEY",
    help="见证方公钥（文本或文件），可写多次 a witness's key, text or file.",
)
authority_option = click.option(
    "--authority",
    "authorities",
    multiple=True,
    type=GIVEN,
    metavar="PEM",
    help="时间戳机构的根证书及中间证书 certificates of the timestamp authority, its root among them.",
)
key_option = click.option("--key", "log_key", metavar="KEY", help="日志公钥（文本或文件） the log's key, text or file.")
from_option = click.option(
    "--from", "source", metavar="SOURCE", help="不从工作区，而从证据包、文件夹或网址读 a bundle, folder or address."
)


@click.group()
def log() -> None:
    """公开日志：查看、证明、核对、见证、时间戳。 The public log: show, prove, check, witness, timestamps."""


@log.command()
@workspace_option
@from_option
@key_option
@witness_option
@authority_option
@as_json
@click.pass_obj
def show(
    lang: Language,
    /,
    workspace: Path,
    source: str | None,
    log_key: str | None,
    witnesses: tuple[str, ...],
    authorities: tuple[Path, ...],
    json: bool,
) -> None:
    """日志全部条目，及外部最早何时见到。 All entries, and when somebody outside first saw each.

    \b
    inspection log show
    """
    from inspection.console.log import Reading, show_log

    show_log(Reading(workspace, source, log_key, witnesses, authorities), json, lang)


@log.command()
@workspace_option
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="文件夹 folder.")
@click.pass_obj
def publish(lang: Language, /, workspace: Path, out: Path) -> None:
    """写成静态文件（C2SP tlog-tiles），放到任何网站即可。 Write the log as static tiles for any web server.

    \b
    inspection log publish --out 公开日志
    """
    from inspection.console.log import publish_log

    publish_log(workspace, out, lang)


@log.command()
@click.argument("entry", required=False, metavar="DRAW|INDEX")
@workspace_option
@from_option
@key_option
@click.option("--type", "kind", default="commit", show_default=True, help="抽取名称对应的条目 which entry of a draw.")
@click.option("--old", type=click.IntRange(1), help="改为证明：现在的日志延续当时的前若干条 prove growth since then.")
@click.option("--size", type=click.IntRange(1), help="哪一个检查点，默认最新 which checkpoint.")
@click.option("--out", type=FILE, help="写入文件 file.")
@click.pass_obj
def prove(
    lang: Language,
    /,
    entry: str | None,
    workspace: Path,
    source: str | None,
    log_key: str | None,
    kind: str,
    old: int | None,
    size: int | None,
    out: Path | None,
) -> None:
    """证明某条在日志中，或日志只增不改。 Prove that an entry is in the log, or that the log only grew.

    \b
    inspection log prove 370828-2027/1-firms --out 承诺.tlog-proof
    inspection log prove --old 3
    """
    from inspection.console.log import Reading, prove_and_show

    if (entry is None) == (old is None):
        raise click.UsageError(message("log.prove.which", lang))
    prove_and_show(Reading(workspace, source, log_key), entry, kind, (old, size), out, lang)


@log.command()
@click.argument("source", required=False, metavar="SOURCE|FILE")
@workspace_option
@key_option
@witness_option
@authority_option
@click.option("--former", multiple=True, type=GIVEN, help="以前保存的检查点文件 a checkpoint kept from earlier.")
@click.option(
    "--line", "lines", multiple=True, help="报纸上的一行，或二维码内容 a printed line, or what a QR code held."
)
@as_json
@click.pass_obj
def check(
    lang: Language,
    /,
    source: str | None,
    workspace: Path,
    log_key: str | None,
    witnesses: tuple[str, ...],
    authorities: tuple[Path, ...],
    former: tuple[Path, ...],
    lines: tuple[str, ...],
    json: bool,
) -> None:
    """重算核对：工作区、证据包、静态文件、证明或证据文件。 Recompute a log, or check a proof or evidence file.

    \b
    inspection log check
    inspection log check 证据包 --witness 见证方.key --line "open-draw.example/370828-2027 12 18f67ac4 …"
    """
    from inspection.console.log import Reading, check_and_show

    reading = Reading(workspace, source, log_key, witnesses, authorities)
    sys.exit(check_and_show(reading, former, lines, json, lang))


@log.command("witness-key")
@click.argument("file", type=FILE)
@click.option("--name", required=True, help="见证方名称，如 notary.example/w1 the witness's name.")
@click.pass_obj
def witness_key(lang: Language, /, file: Path, name: str) -> None:
    """见证方：产生密钥；公钥交给监管部门并公布。 For a witness: make its key; hand out and publish the public half.

    \b
    inspection log witness-key 见证.pem --name notary.example/w1
    """
    from inspection.console.log_witness import make_witness_key

    make_witness_key(file, name, lang)


@log.command()
@click.argument("source")
@click.option("--state", required=True, type=FILE, help="记住所见检查点的文件 where the last checkpoint is kept.")
@click.option("--key", "key_file", required=True, type=GIVEN, help="见证方私钥文件 the witness's private key.")
@click.option("--name", required=True, help="见证方名称 the witness's name.")
@click.option("--log-key", metavar="KEY", help="日志公钥，首次须核对 the log's key; compare it at first.")
@click.option("--out", type=FILE, help="写出已见证的检查点，交回监管部门 the cosigned checkpoint, to hand back.")
@as_json
@click.pass_obj
def watch(
    lang: Language,
    /,
    source: str,
    state: Path,
    key_file: Path,
    name: str,
    log_key: str | None,
    out: Path | None,
    json: bool,
) -> None:
    """见证方：核对日志只增不改，然后签名；历史被改即报警。 For a witness: cosign what only grew; sound the alarm.

    \b
    inspection log watch https://log.example/370828-2027 --state 见证.json --key 见证.pem --name notary.example/w1
    """
    from inspection.console.log_witness import Watcher, watch_and_show

    sys.exit(watch_and_show(source, Watcher(state, key_file, name, log_key, out), json, lang))


@log.command()
@click.argument("file", type=GIVEN)
@workspace_option
@witness_option
@click.pass_obj
def cosign(lang: Language, /, file: Path, workspace: Path, witnesses: tuple[str, ...]) -> None:
    """收下见证方的签名行，写在检查点上。 Take in witnesses' signature lines; they stand on the checkpoint.

    \b
    inspection log cosign 已见证.txt --witness 见证方.key
    """
    from inspection.console.log_witness import take_and_show

    take_and_show(workspace, file, witnesses, lang)


@log.command()
@workspace_option
@authority_option
@click.option("--request", type=FILE, help="写出请求文件，带去盖时间戳 write a query to carry there.")
@click.option("--response", type=GIVEN, help="收下带回的答复 take in the answer carried back.")
@click.option("--url", help="联网向时间戳机构请求 ask the authority over the network.")
@click.option("--size", type=click.IntRange(1), help="哪一个检查点，默认最新 which checkpoint.")
@click.pass_obj
def stamp(
    lang: Language,
    /,
    workspace: Path,
    authorities: tuple[Path, ...],
    request: Path | None,
    response: Path | None,
    url: str | None,
    size: int | None,
) -> None:
    """请第三方时间戳机构盖时间戳（RFC 3161）。 Have a checkpoint stamped by an outside authority.

    \b
    inspection log stamp --request 请求.tsq
    inspection log stamp --response 答复.tsr --authority 根证书.pem
    """
    from inspection.console.log_witness import stamp_and_show

    if sum(each is not None for each in (request, response, url)) != 1:
        raise click.UsageError(message("log.stamp.which", lang))
    if request is None and not authorities:
        raise click.UsageError(message("log.stamp.authority", lang))
    stamp_and_show(workspace, authorities, (request, response, url), size, lang)


@log.command("print")
@workspace_option
@from_option
@click.option("--size", type=click.IntRange(1), help="哪一个检查点，默认最新 which checkpoint.")
@click.option("--qr", type=FILE, help="另存二维码（.svg 或 .png） also a QR code.")
@click.pass_obj
def print_(lang: Language, /, workspace: Path, source: str | None, size: int | None, qr: Path | None) -> None:
    """一行字，供登报、张贴、公证；可附二维码。 One line for a newspaper or a notary's paper; a QR code.

    \b
    inspection log print --qr 检查点.svg
    """
    from inspection.console.log import Reading, print_checkpoint

    print_checkpoint(Reading(workspace, source), size, qr, lang)
