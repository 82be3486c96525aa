"""Commands of ``inspection account``."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import click

from inspection.console.options import Language, as_json, workspace_option
from inspection.errors import message


@click.group()
def account() -> None:
    """页面和接口的账号、角色、密钥。 Accounts, roles and keys of page and API."""


def _ask_password(language: Language) -> str:
    """The password, typed twice where somebody types it, read once from a pipe."""
    text = message("web.password.word", language)
    with warnings.catch_warnings():
        # Without a terminal there is nobody to hide it from, and getpass would print its source code.
        warnings.simplefilter("ignore")
        again = message("web.password.again", language) if sys.stdin.isatty() else False
        answer: str = click.prompt(text, hide_input=sys.stdin.isatty(), confirmation_prompt=again, err=True)
    return answer


@account.command("add")
@workspace_option
@click.argument("account_name", metavar="ACCOUNT")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    metavar="ROLE[:AGENCY][@REGION]",
    help="planner 计划员, clerk 部门经办, inspector 执法人员, reviewer 审批人, auditor 监督员, admin 系统管理员",
)
@click.option("--name", help="显示的姓名或名称 name shown.")
@click.option("--inspector", metavar="CODE", help="执法人员编号 the owner's code in the register of inspectors.")
@click.option("--oidc", metavar="SUBJECT", help="统一身份认证中的标识（sub） identity at the OIDC service.")
@click.option("--no-password", is_flag=True, help="不设密码：只用密钥或统一身份 keys or OIDC only.")
@click.pass_obj
def add(
    lang: Language,
    /,
    workspace: Path,
    account_name: str,
    roles: tuple[str, ...],
    name: str | None,
    inspector: str | None,
    oidc: str | None,
    no_password: bool,
) -> None:
    """新建账号；密码在提示后输入。 Make an account; its password is asked for.

    \b
    inspection account add zhangsan --role planner --name 张三
    inspection account add xf-lisi --role clerk:XF --name 李四
    """
    from inspection.console.serving import add_account

    password = None if no_password or oidc else _ask_password(lang)
    add_account(workspace, account_name, roles, {"name": name, "subject": oidc, "inspector": inspector}, password)
    click.echo(message("web.account.made", lang, account=account_name))


@account.command("list")
@workspace_option
@as_json
@click.pass_obj
def list_(lang: Language, /, workspace: Path, json: bool) -> None:
    """全部账号和角色。 All accounts and their roles.

    \b
    inspection account list
    """
    from inspection.console.serving import list_accounts

    list_accounts(workspace, json, lang)


@account.command()
@workspace_option
@click.argument("account_name", metavar="ACCOUNT")
@click.pass_obj
def disable(lang: Language, /, workspace: Path, account_name: str) -> None:
    """停用账号：立即退出，密钥失效；记录保留。 Disable an account at once; what it did stays in the trail.

    \b
    inspection account disable zhangsan
    """
    from inspection.console.serving import disable_account

    disable_account(workspace, account_name)
    click.echo(message("web.account.off", lang, account=account_name))


@account.command()
@workspace_option
@click.argument("account_name", metavar="ACCOUNT")
@click.pass_obj
def password(lang: Language, /, workspace: Path, account_name: str) -> None:
    """重设密码。 Set another password.

    \b
    inspection account password zhangsan
    """
    from inspection.console.serving import set_password

    set_password(workspace, account_name, _ask_password(lang))
    click.echo(message("web.account.password", lang, account=account_name))


@account.command()
@workspace_option
@click.argument("account_name", metavar="ACCOUNT")
@click.option("--list", "is_list", is_flag=True, help="列出现有密钥 list keys.")
@click.option("--disable", "disabled", metavar="KEY", help="停用一个密钥 disable a key.")
@click.pass_obj
def key(lang: Language, /, workspace: Path, account_name: str, is_list: bool, disabled: str | None) -> None:
    """生成接口密钥，只显示一次。 Make a key for a program; it is shown once.

    \b
    inspection account key xf-system
    """
    from inspection.console import serving

    if is_list:
        for line in serving.list_keys(workspace, account_name):
            click.echo(line)
    elif disabled is not None:
        serving.disable_key(workspace, disabled)
        click.echo(message("web.key.off", lang, key=disabled))
    else:
        click.echo(serving.make_key(workspace, account_name))
        click.echo(message("web.key.once", lang), err=True)


@account.command()
@workspace_option
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="行数 lines.")
@as_json
@click.pass_obj
def trail(lang: Language, /, workspace: Path, limit: int, json: bool) -> None:
    """操作记录，最近的在前。 Who did what, latest first.

    \b
    inspection account trail --limit 20
    """
    from inspection.console.serving import show_trail

    show_trail(workspace, limit, json)
