"""Commands of SM2 signatures."""

from __future__ import annotations

from pathlib import Path

import click

from inspection.console.options import Language, workspace_option

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def sm2() -> None:
    """国密 SM2 签名：文书与检查点。 SM2 signatures of documents and checkpoints."""


@sm2.command()
@workspace_option
@click.argument("name")
@click.pass_obj
def key(lang: Language, /, workspace: Path, name: str) -> None:
    """建立软件签名密钥（试用；不是经认证的密码产品）。 Make a software key, for trials; it is no certified product.

    \b
    inspection sm2 key example.gov.cn/370828/sm2
    """
    from inspection.console.sm2 import make_key

    make_key(workspace, name, lang)


@sm2.command()
@workspace_option
@click.pass_obj
def keys(lang: Language, /, workspace: Path) -> None:
    """工作区的签名者及其公钥。 The signers of the workspace and their verifier keys.

    \b
    inspection sm2 keys
    """
    from inspection.console.sm2 import show_keys

    show_keys(workspace, lang)


@sm2.command()
@workspace_option
@click.argument("file", type=FILE)
@click.option("--name", help="签名者；只有一个时可不写 signer; not needed where there is one.")
@click.pass_obj
def sign(lang: Language, /, workspace: Path, file: Path, name: str | None) -> None:
    """给文件签名，写出 文件名.sig。 Sign a file; the signature stands beside it.

    \b
    inspection sm2 sign 抽取记录.pdf
    """
    from inspection.console.sm2 import sign_file

    sign_file(workspace, name, file, lang)


@sm2.command()
@click.argument("file", type=FILE)
@click.option(
    "--key", required=True, metavar="KEY", help="核验公钥或存放它的文件 verifier key, or a file that holds it."
)
@click.pass_obj
def check(lang: Language, /, file: Path, key: str) -> None:
    """核验文件的签名。 Check the signature beside a file.

    \b
    inspection sm2 check 抽取记录.pdf --key 公钥.txt
    """
    from inspection.console.sm2 import check_file

    check_file(file, key, lang)
