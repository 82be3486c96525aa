"""Options that the commands of visits and findings share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

SHEET = click.Path(path_type=Path, exists=True, dir_okay=False)

by_option = click.option("--by", required=True, metavar="NAME", help="办理人姓名或工号 who does this.")
note_option = click.option("--note", default="", metavar="TEXT", help="说明 a remark that is kept.")


def day_option(required: bool, text: str) -> Callable[[Any], Any]:
    """--day YYYY-MM-DD."""
    kind = click.DateTime(["%Y-%m-%d"])
    return click.option("--day", type=kind, required=required, metavar="YYYY-MM-DD", help=text)
