"""Commands of a draw in the open: public values, parties on their own devices, the meeting room."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from inspection.console.options import Language, workspace_option
from inspection.errors import message

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
NEW_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def beacon() -> None:
    """公开随机数：信标、彩票。 Public values: beacons, lotteries."""


@beacon.command()
@workspace_option
@click.pass_obj
def awaited(lang: Language, /, workspace: Path) -> None:
    """等待揭示的抽取用哪一个公开随机数。 Which public value the draw waits for.

    \b
    inspection beacon awaited
    """
    from inspection.console.beacon import show_awaited

    show_awaited(workspace, lang)


@beacon.command()
@workspace_option
@click.argument("file", type=FILE, required=False)
@click.pass_obj
def take(lang: Language, /, workspace: Path, file: Path | None) -> None:
    """收下公开随机数及其签名；不写文件则联网取得。 Keep the value and its signature; fetched where no file is given.

    \b
    inspection beacon take round.json
    """
    from inspection.console.beacon import take_public

    take_public(workspace, file, lang)


@beacon.command()
@click.argument("round", type=click.IntRange(min=1))
@click.option("--chain", type=click.Choice(["quicknet", "default"]), default="quicknet", show_default=True)
@click.option("--file", type=FILE, help="已下载的文件；不写则联网取得 a file brought by hand instead of the network.")
@click.option("--out", type=NEW_FILE, help="另存 save it as.")
@click.pass_obj
def drand(lang: Language, /, round: int, chain: str, file: Path | None, out: Path | None) -> None:
    """取得 drand 的一轮并核验签名。 Fetch a round of drand and check its signature.

    \b
    inspection beacon drand 657413 --out round.json
    """
    from inspection.console.beacon import show_round

    sys.exit(show_round(chain, round, file, out, lang))


class Parties(click.Group):
    """``party DRAW NAME`` shows secret and commitment at once, as before there were files for them."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A first word that is no command is the name of a draw."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            return "show", show, args
        return super().resolve_command(ctx, args)


@click.group(cls=Parties)
def party() -> None:
    """参与方：在自己的电脑上承诺、揭示。 For a party, on a device of its own: commit and reveal."""


@click.command(hidden=True)
@click.argument("draw")
@click.argument("party")
@click.option("--digest", type=click.Choice(["sha256", "sm3"]), default="sha256", show_default=True)
@click.pass_obj
def show(lang: Language, /, draw: str, party: str, digest: Any) -> None:
    """产生秘密及其承诺值，显示在屏幕上。 A secret and its commitment to a draw, on the screen.

    \b
    inspection party 370828-2027/1-firms notary
    """
    from inspection.console.planning import make_secret

    secret, commitment = make_secret(draw, party, digest)
    click.echo(message("cli.party.keep", lang, draw=draw, party=party, commitment=commitment, secret=secret))


@party.command()
@click.option("--draw", required=True, help="抽取编号，如 370828-2027/1-firms name of the draw.")
@click.option("--name", required=True, help="参与方名称 name of the party.")
@click.option("--digest", type=click.Choice(["sha256", "sm3"]), default="sha256", show_default=True)
@click.option("--out", type=NEW_FILE, help="秘密文件，默认 参与方-抽取.secret.json file of the secret.")
@click.option("--own", is_flag=True, help="键入自己的秘密，而不是由本机产生 type a secret instead of generating one.")
@click.option("--qr/--no-qr", default=True, help="二维码 QR code.")
@click.pass_obj
def commit(lang: Language, /, draw: str, name: str, digest: Any, out: Path | None, own: bool, qr: bool) -> None:
    """产生秘密并写入文件，显示承诺值。 A secret in a file of your own, its commitment on the screen.

    \b
    inspection party commit --draw 370828-2027/1-firms --name notary
    """
    from inspection.console.party import make_commitment

    make_commitment(draw, name, digest, out, own, qr, lang)


@party.command()
@click.argument("file", type=FILE)
@click.option("--commitment", type=FILE, help="公布的 commitment.json，先核对 published commitment to compare with.")
@click.option("--qr/--no-qr", default=True, help="二维码 QR code.")
@click.pass_obj
def reveal(lang: Language, /, file: Path, commitment: Path | None, qr: bool) -> None:
    """总承诺公布之后，打开自己的秘密。 Open your secret, after the commitment is published.

    \b
    inspection party reveal notary-370828-2027-1-firms.secret.json
    """
    from inspection.console.party import open_commitment

    open_commitment(file, commitment, qr, lang)


@click.command()
@workspace_option
@click.option("--seconds", type=click.FloatRange(0, 3600), default=30.0, show_default=True, help="重放时长 replay.")
@click.option("--qr/--no-qr", default=True, help="检查点的二维码 checkpoint as a QR code.")
@click.option("--replay", metavar="FOLDER", help="只重放一次已完成的抽取，如 1-firms only show a finished draw again.")
@click.pass_obj
def ceremony(lang: Language, /, workspace: Path, seconds: float, qr: bool, replay: str | None) -> None:
    """会场大屏：承诺、掷骰、揭示、抽取、重放、记录。 The draw in a meeting room, on one screen, without a network.

    \b
    inspection ceremony
    """
    from inspection.console.ceremony import hold_ceremony, replay_draw

    if replay is not None:
        replay_draw(workspace, replay, seconds, lang)
        return
    sys.exit(hold_ceremony(workspace, seconds, qr, lang))


@click.command()
@workspace_option
@click.argument("folder", default="1-firms")
@click.option("--out", type=NEW_FILE, help="文件名，.docx 或 .pdf；默认写入工作区的 minutes 文件夹 file.")
@click.pass_obj
def minutes(lang: Language, /, workspace: Path, folder: str, out: Path | None) -> None:
    """写出一次抽取的记录（Word 和 PDF）。 Write the minutes of a draw.

    \b
    inspection minutes 1-firms --out 抽取记录.docx
    """
    from inspection.console.papers import write_minutes

    for path in write_minutes(workspace, folder, out, lang):
        click.echo(message("cli.ceremony.minutes", lang, path=path))
