"""Commands that keep a workspace safe: ``inspection backup`` and ``inspection restore``."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Any

import click

from inspection.console.options import Language, as_json, workspace_option
from inspection.errors import message


@click.command()
@workspace_option
@click.argument("target", metavar="TO", type=click.Path(path_type=Path))
@as_json
@click.pass_obj
def backup(lang: Language, /, workspace: Path, target: Path, json: bool) -> None:
    """备份整个工作区（库、冻结文件、名录快照、密钥）为一个文件。 Back the whole workspace up into one file.

    \b
    TO: 文件名，或已有的文件夹 a file, or a folder that exists
    运行中也可备份；内含密钥，请妥善保管。 May be made while others work; it holds the keys.
    inspection backup /备份盘/
    """
    from inspection.office import now
    from inspection.store.backup import ENDING, back_up
    from inspection.store.workspace import Workspace

    opened, at = Workspace.open(workspace), now()
    if target.is_dir():
        target = target / f"{opened.folder.resolve().name}-{at:%Y%m%d-%H%M%S}{ENDING}"
    manifest = back_up(opened, target, at)
    _say("backup.made", manifest, json, lang, path=target)


@click.command()
@workspace_option
@click.argument("source", metavar="FROM", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--database", default=None, help="PostgreSQL 地址；不写用 SQLite。 URL; SQLite when left out.")
@as_json
@click.pass_obj
def restore(lang: Language, /, workspace: Path, source: Path, database: str | None, json: bool) -> None:
    """从备份恢复成一个新的工作区，逐行比对；SQLite 与 PostgreSQL 可互换。 Restore a backup, compared row by row.

    \b
    inspection restore 备份.zip -w 新工作区
    inspection restore 备份.zip -w 新工作区 --database postgresql://inspection@db.example/inspection
    """
    from inspection.store.backup import refuse_damaged
    from inspection.store.restore import restore as restore_backup

    manifest = restore_backup(source, workspace, url=database)
    _say("backup.restored", manifest, json, lang, folder=workspace)
    refuse_damaged(manifest, source)


def _say(code: str, manifest: Any, json: bool, language: Language, **where: Path) -> None:
    facts = {
        "made_at": manifest.made_at,
        "tables": len(manifest.tables),
        "rows": manifest.rows,
        "files": len(manifest.files),
        "entries": manifest.entries,
        "notes": manifest.notes,
        "root": manifest.root,
    }
    if json:
        click.echo(jsonlib.dumps(facts | {name: str(path) for name, path in where.items()}, ensure_ascii=False))
    else:
        click.echo(message(code, language, **facts, **where))
