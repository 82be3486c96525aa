"""What a planner should know although no row is at fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspection.registry.report import Notice
from inspection.registry.settings import ImportSettings
from inspection.registry.specification import data_table, plain
from inspection.registry.staging import Stage

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_UNDERSTOOD = ("kind", "status", "tier")
_SHOWN = 12


def notices(connection: DuckDBPyConnection, stage: Stage, settings: ImportSettings) -> list[Notice]:
    """Columns not read, words understood as ours, defaults taken, qualifications nobody holds."""
    found = [*_of_sources(stage), *_words(connection, stage)]
    if stage.register.kind in ("firms", "agencies"):
        found += _defaults(connection, stage, settings)
    if stage.register.kind == "inspectors":
        found += _unheld(connection, stage)
    return found


def _notice(stage: Stage, code: str, **params: str | int) -> Notice:
    return Notice(register=stage.register.kind, code=code, params=tuple(params.items()))


def _of_sources(stage: Stage) -> list[Notice]:
    found = []
    for source in stage.sources:
        found += [_notice(stage, code, **params) for code, params in source.notices]
        if source.header.ignored:
            columns = "、".join(source.header.ignored)
            found.append(_notice(stage, "registers.notice.ignored", file=source.path.name, columns=columns))
    return found


def _words(connection: DuckDBPyConnection, stage: Stage) -> list[Notice]:
    """Words of theirs that stand for other words of ours: a planner sees at a glance what was understood."""
    found = []
    for name in _UNDERSTOOD:
        if name not in stage.lookups:
            continue
        rows = connection.execute(
            f"SELECT l.text, l.value, count(*) FROM {stage.raw} AS r JOIN {stage.lookups[name]} AS l "
            f"ON r.{name} = l.text WHERE l.code IS NULL GROUP BY ALL ORDER BY 3 DESC, 1"
        ).fetchall()
        own = {plain(word) for word in stage.register.column(name).choices}
        shown = {value: spellings[0] for value, spellings in data_table("words").get(name, {}).items()}
        told = [
            f"{text} → {shown.get(value, value) if name != 'tier' else value} ({rows})"
            for text, value, rows in rows
            if text and plain(text) not in own
        ]
        if told:
            words = "; ".join(told[:_SHOWN]) + (f"; … ({len(told)})" if len(told) > _SHOWN else "")
            column = stage.register.column(name).header
            found.append(_notice(stage, "registers.notice.words", column=column, words=words))
    return found


def _defaults(connection: DuckDBPyConnection, stage: Stage, settings: ImportSettings) -> list[Notice]:
    found = []
    blank = {name: _blank_rows(connection, stage, name) for name in ("region", "tier") if name in stage.lookups}
    if blank.get("region") and len(settings.regions) == 1:
        region = next(iter(settings.regions))
        found.append(_notice(stage, "registers.notice.region", rows=blank["region"], region=region))
    if blank.get("tier") and settings.blank_tier:
        found.append(_notice(stage, "registers.notice.blank_tier", rows=blank["tier"], tier=settings.blank_tier))
    return found


def _blank_rows(connection: DuckDBPyConnection, stage: Stage, name: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {stage.raw} WHERE trim({name}) = ''").fetchone()
    return int(row[0]) if row else 0


def _unheld(connection: DuckDBPyConnection, stage: Stage) -> list[Notice]:
    rows = (
        connection.execute(
            "SELECT qualification, string_agg(item, '、' ORDER BY item) FROM accepted_items WHERE qualification <> '' "
            "AND NOT EXISTS (SELECT 1 FROM accepted_inspectors AS p "
            "WHERE list_contains(string_split(p.qualifications, ';'), qualification)) GROUP BY 1 ORDER BY 1"
        ).fetchall()
        if _has_items(connection)
        else []
    )
    return [_notice(stage, "registers.notice.unheld", qualification=name, items=items) for name, items in rows]


def _has_items(connection: DuckDBPyConnection) -> bool:
    found = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'accepted_items'").fetchone()
    return found is not None
