"""The command that looks back over years of draws."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from inspection.console.options import Language, as_json


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="BUNDLE|LIST…")
@click.option(
    "--register",
    "registers",
    multiple=True,
    metavar="[YEAR=]FILE",
    help="旧系统的名录，按其原有顺序；可按年份各给一份 register an older system drew from, in its order.",
)
@click.option("--level", default="1%", show_default=True, metavar="SHARE", help="清白的历史误报的机会 false alarms.")
@click.option("--replays", type=click.IntRange(8, 100_000), help="人员抽取各重演几遍 replays of each inspector draw.")
@click.option("--allow", multiple=True, metavar="KIND=SHARE", help="平常的变更比例，如 voids=10% ordinary changes.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="报告文件夹：表格和图 workbook, pictures.")
@as_json
@click.pass_obj
def audit(
    lang: Language,
    /,
    paths: tuple[Path, ...],
    registers: tuple[str, ...],
    level: str,
    replays: int | None,
    allow: tuple[str, ...],
    out: Path | None,
    json: bool,
) -> None:
    """核查历年抽取：哪些结果偶然难以解释。 Years of draws against what chance allows.

    Folders are bundles, or hold the bundles of years; files are lists of an older system's results (firm, year or date,
    inspectors, agency, town). Exit code 1: something is hard to explain by chance.

    \b
    inspection audit 证据包2025 证据包2026 证据包2027 --out 核查
    inspection audit 往年结果.csv --register 2021=名录2021.csv --register 2022=名录2022.csv
    """
    from inspection.console.audit import Wanted, audit_and_show

    wanted = Wanted(paths=paths, registers=registers, level=level, replays=replays, allow=allow)
    sys.exit(audit_and_show(wanted, out, json, lang))
