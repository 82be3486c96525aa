"""Accepted rows become a snapshot: canonical content, its digest, and files that are written once."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection.registry.snapshot import FORMAT, Snapshot
from inspection.registry.source import quoted
from inspection.registry.staging import Stage, parsed_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FIRM_COLUMNS = (
    "firm", "name", "kind", "tier", "status", "region", "town", "industry", "tags", "address", "established",
)  # fmt: skip
_COUNTED = ("kind", "tier", "status", "region")


def write_firms(connection: DuckDBPyConnection, stage: Stage, target: Path) -> None:
    """The accepted firms are in a Parquet file, by firm, bytewise; view ``accepted_firms`` reads it."""
    columns = ", ".join(name for name in FIRM_COLUMNS if name != "established")
    chosen = parsed_sql(stage, FIRM_COLUMNS, _accepted(stage))
    connection.execute(
        f"COPY (SELECT {columns}, CAST(established AS DATE) AS established FROM ({chosen}) ORDER BY firm) "
        f"TO {quoted(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )
    connection.execute(f"CREATE VIEW accepted_firms AS SELECT * FROM read_parquet({quoted(str(target))})")


def no_firms(connection: DuckDBPyConnection, target: Path) -> None:
    """An empty register of firms stands for one not given."""
    columns = ", ".join(
        f"CAST(NULL AS {'DATE' if name == 'established' else 'VARCHAR'}) AS {name}" for name in FIRM_COLUMNS
    )
    connection.execute(f"COPY (SELECT {columns} WHERE false) TO {quoted(str(target))} (FORMAT parquet)")
    connection.execute(f"CREATE VIEW accepted_firms AS SELECT * FROM read_parquet({quoted(str(target))})")


def _accepted(stage: Stage) -> str:
    bad = f"bad_{stage.register.kind}"
    return f"NOT EXISTS (SELECT 1 FROM {bad} AS b WHERE b.source = r.source AND b.row = r.row)"


def accepted_rows(connection: DuckDBPyConnection, stage: Stage) -> list[dict[str, Any]]:
    """The accepted rows of a small register, by its key; also table ``accepted_<kind>``."""
    table = f"accepted_{stage.register.kind}"
    connection.execute(f"CREATE TABLE {table} AS {parsed_sql(stage, stage.register.names, _accepted(stage))}")
    names = ", ".join(stage.register.names)
    rows = connection.execute(f"SELECT {names} FROM {table} ORDER BY {', '.join(stage.register.key)}").fetchall()
    return [dict(zip(stage.register.names, row, strict=True)) for row in rows]


def records(kind: str, rows: Iterable[Mapping[str, Any]], regions: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows as the fields of model records, ready for JSON; ``regions`` gives each agency's region."""
    if kind == "tasks":
        return [_task(row, regions) for row in rows]
    makers = {"items": _item, "inspectors": _inspector}
    return [makers[kind](row) if kind in makers else dict(row) for row in rows]


def _parts(text: str | None) -> list[str]:
    return text.split(";") if text else []


def _item(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "qualification": row["qualification"] or None, "is_key": row["is_key"] == "key"}


def _inspector(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: text for name, text in row.items() if name != "status"}
    return {**kept, "qualifications": _parts(row["qualifications"])}


def _task(row: Mapping[str, Any], regions: Mapping[str, str]) -> dict[str, Any]:
    quota = row["quota"] or ""
    first, last = row["span"].split(";") if row["span"] else (row["first_month"], row["last_month"])
    return {
        "task": row["task"],
        "name": row["name"],
        "lead": row["lead"],
        "joining": [agency for agency in _parts(row["joining"]) if agency != row["lead"]],
        "items": _parts(row["items"]),
        "selection": {
            "region": row["region"] or regions.get(row["lead"], ""),
            "kinds": _parts(row["kinds"]),
            "tiers": _parts(row["tiers"]),
            "industries": _parts(row["industries"]),
            "tags": _parts(row["tags"]),
        },
        "count": int(row["count"] or quota.removeprefix("count:")) if row["count"] or quota[:1] == "c" else None,
        "ratio": row["ratio"] or row["percent"] or (quota.removeprefix("ratio:") if quota[:1] == "r" else None),
        "months": _months(first, last or first),
    }


def _months(first: str, last: str) -> list[str]:
    return [f"{first[:4]}-{month:02}" for month in range(int(first[5:]), int(last[5:]) + 1)]


def freeze(
    connection: DuckDBPyConnection, registers: Mapping[str, list[dict[str, Any]]], firms: Path, folder: Path
) -> Snapshot:
    """The snapshot of this content exists in folder/snapshots/<digest>; one already there is left untouched."""
    texts = {
        kind: "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
        for kind, rows in registers.items()
    }
    digests = {kind: hashlib.sha256(text.encode()).hexdigest() for kind, text in texts.items()}
    digests["firms"] = _firms_digest(connection)
    digest = hashlib.sha256(json.dumps([FORMAT, digests], sort_keys=True).encode()).hexdigest()
    home = folder / "snapshots" / digest
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=home.parent))
        for kind, text in texts.items():
            (draft / f"{kind}.jsonl").write_text(text, encoding="utf-8")
        shutil.copyfile(firms, draft / "firms.parquet")
        facts = {"format": FORMAT, "digests": digests, **_counts(connection, registers)}
        (draft / "snapshot.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
        _publish(draft, home)
    return Snapshot.open(folder, digest)


def _publish(draft: Path, home: Path) -> None:
    draft.chmod(0o755)
    try:
        draft.rename(home)
    except OSError:
        # Another import of the same content was first.
        shutil.rmtree(draft)
        if not home.exists():
            raise


def _firms_digest(connection: DuckDBPyConnection) -> str:
    """SHA-256 over the firms' lines in order: fields joined by U+001F, lines ended by LF; streamed."""
    texts = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '')" for name in FIRM_COLUMNS)
    lines = connection.execute(f"SELECT concat_ws(chr(31), {texts}) || chr(10) FROM accepted_firms")
    digest = hashlib.sha256()
    while block := lines.fetchmany(10_000):
        digest.update("".join(row[0] for row in block).encode())
    return digest.hexdigest()


def _counts(connection: DuckDBPyConnection, registers: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    total = connection.execute("SELECT count(*) FROM accepted_firms").fetchone()
    by = {
        name: dict(connection.execute(f"SELECT {name}, count(*) FROM accepted_firms GROUP BY 1 ORDER BY 1").fetchall())
        for name in _COUNTED
    }
    rows = {kind: len(lines) for kind, lines in registers.items()}
    return {"rows": {**rows, "firms": total[0] if total else 0}, "firms": by}
