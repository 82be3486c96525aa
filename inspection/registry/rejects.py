"""Rejected rows: kept as they were read (rows.parquet) with their faults (faults.parquet), and laid out to be worked
through (rejects.xlsx).

All lie in folder/quarantine/<digest>, the digest being over the rows and their faults, so that the same import gives
the same folder and a workbook someone is working in is never overwritten.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from inspection.registry.kept_faults import FILE, write_faults
from inspection.registry.rejects_workbook import write_rejects
from inspection.registry.report import Fault, RegisterCounts
from inspection.registry.settings import RegisterKind
from inspection.registry.source import quoted
from inspection.registry.staging import Stage

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_EXAMPLES = 5


def reasons(
    connection: DuckDBPyConnection, stages: Mapping[RegisterKind, Stage]
) -> dict[tuple[RegisterKind, str], int]:
    """Faults per (register, code), most frequent first."""
    counted = [
        ((kind, code), number)
        for kind in stages
        for code, number in connection.execute(f"SELECT code, count(*) FROM faults_{kind} GROUP BY 1").fetchall()
    ]
    return dict(sorted(counted, key=lambda entry: (-entry[1], entry[0])))


def examples(connection: DuckDBPyConnection, stages: Mapping[RegisterKind, Stage]) -> tuple[Fault, ...]:
    """The first few faults of each (register, code), most frequent first."""
    order = list(reasons(connection, stages))
    found = [fault for stage in stages.values() for fault in faults(connection, stage, _EXAMPLES)]
    return tuple(sorted(found, key=lambda fault: (order.index((fault.register, fault.code)), fault.file, fault.row)))


def faults(connection: DuckDBPyConnection, stage: Stage, per_code: int | None = None) -> list[Fault]:
    """Faults by file, row and column; at most ``per_code`` of each code."""
    kind = stage.register.kind
    limit = (
        "" if per_code is None else f"QUALIFY row_number() OVER (PARTITION BY code ORDER BY source, row) <= {per_code}"
    )
    rows = connection.execute(
        f"SELECT source, row, col, value, code, detail FROM faults_{kind} {limit} ORDER BY source, row, col, code"
    ).fetchall()
    return [
        Fault(
            register=kind,
            file=stage.sources[source].path.name,
            sheet=stage.sources[source].sheet,
            row=row,
            column=stage.title(source, column) if column else "",
            value=value,
            code=code,
            detail=detail,
        )
        for source, row, column, value, code, detail in rows
    ]


def keep_rejects(
    connection: DuckDBPyConnection,
    stages: Mapping[RegisterKind, Stage],
    counts: Mapping[RegisterKind, RegisterCounts],
    folder: Path,
) -> Path:
    """The folder with rows.parquet and rejects.xlsx of these rejected rows; one already there is left untouched."""
    bad = {kind: stage for kind, stage in stages.items() if counts[kind].rejected}
    for stage in bad.values():
        _collect(connection, stage)
    union = " UNION ALL ".join(f"SELECT * FROM rejected_{kind}" for kind in bad)
    home = folder / "quarantine" / _digest(connection, union)
    if home.exists():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=home.parent))
    connection.execute(f"COPY ({union}) TO {quoted(str(draft / 'rows.parquet'))} (FORMAT parquet)")
    write_faults(connection, bad.values(), draft / FILE)
    write_rejects(draft / "rejects.xlsx", connection, bad, counts)
    draft.chmod(0o755)
    try:
        draft.rename(home)
    except OSError:
        shutil.rmtree(draft)
        if not home.exists():
            raise
    return home


def _collect(connection: DuckDBPyConnection, stage: Stage) -> None:
    """Table ``rejected_<kind>``: the rows as read, one list of headers and one of cells each, with their codes."""
    kind = stage.register.kind
    connection.execute(
        f"CREATE TABLE rejected_{kind} (register VARCHAR, file VARCHAR, sheet VARCHAR, row BIGINT, source INTEGER, "
        "codes VARCHAR[], titles VARCHAR[], cells VARCHAR[])"
    )
    for number, source in enumerate(stage.sources):
        titles = "[" + ", ".join(quoted(title) for title in source.header.titles) + "]::VARCHAR[]"
        cells = "[" + ", ".join(f"coalesce(c{place}, '')" for place in range(len(source.header.titles))) + "]"
        found = f"SELECT s.row, {cells} AS cells FROM {source.numbered} AS s JOIN codes AS b ON b.row = s.row"
        broken = f"SELECT row, [value] AS cells FROM faults_{kind} WHERE source = {number} AND col = ''"
        connection.execute(
            f"INSERT INTO rejected_{kind} WITH codes AS (SELECT row, list(code ORDER BY col, code) AS codes "
            f"FROM faults_{kind} WHERE source = {number} GROUP BY row) "
            f"SELECT '{kind}', {quoted(source.path.name)}, {quoted(source.sheet)}, f.row, {number}, codes.codes, "
            f"{titles}, f.cells FROM ({found} UNION ALL {broken}) AS f JOIN codes USING (row) ORDER BY f.row"
        )


def _digest(connection: DuckDBPyConnection, union: str) -> str:
    rows = connection.execute(
        "SELECT sha256(concat_ws(chr(31), register, file, sheet, row, codes::VARCHAR, titles::VARCHAR, cells::VARCHAR"
        f")) AS line FROM ({union}) ORDER BY line"
    )
    digest = hashlib.sha256()
    while block := rows.fetchmany(10_000):
        digest.update("\n".join(row[0] for row in block).encode())
    return digest.hexdigest()[:16]
