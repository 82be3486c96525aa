"""Every fault of every row: one declarative list of rules, compiled to DuckDB SQL.

Faults come from four places, in this order: lines that are no rows, cells that cannot be read, rules over a row and
the registers it refers to, and repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inspection.registry.codes import detail_sql
from inspection.registry.settings import RegisterKind
from inspection.registry.source import insert_rows, quoted
from inspection.registry.staging import Stage, line_sql, parsed_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row of a register is at fault in ``column`` when ``condition`` holds over its values (alias ``p``).

    Texts as written are ``p.<column>_text``; ``detail`` is an SQL expression.
    """

    register: RegisterKind
    code: str
    column: str
    condition: str
    detail: str = "''"


_AGENCIES = "string_split(concat_ws(';', p.lead, nullif(p.joining, '')), ';')"
_FOREIGN = (
    f"(SELECT string_agg(i.item || '(' || i.agency || ')', '、' ORDER BY i.item) FROM accepted_items AS i "
    f"WHERE list_contains(string_split(p.items, ';'), i.item) AND NOT list_contains({_AGENCIES}, i.agency))"
)
_QUOTAS = " + ".join(f"(p.{name}_text <> '')::INT" for name in ("count", "ratio", "percent", "quota"))
_FIRST = "coalesce(string_split(p.span, ';')[1], p.first_month)"
_LAST = "coalesce(string_split(p.span, ';')[2], p.last_month, p.first_month)"

RULES: tuple[Rule, ...] = (
    Rule(register="tasks", code="registers.quota.both", column="count", condition=f"{_QUOTAS} > 1"),
    Rule(register="tasks", code="registers.quota.neither", column="count", condition=f"{_QUOTAS} = 0"),
    Rule(
        register="tasks",
        code="registers.window.blank",
        column="first_month",
        condition="p.span_text = '' AND p.first_month_text = ''",
    ),
    Rule(register="tasks", code="registers.window.reversed", column="last_month", condition=f"{_FIRST} > {_LAST}"),
    Rule(
        register="tasks",
        code="registers.items.foreign",
        column="items",
        condition=f"{_FOREIGN} IS NOT NULL",
        detail=_FOREIGN,
    ),
    Rule(
        register="recusals",
        code="registers.firm.unknown",
        column="firm",
        condition="p.firm_fault IS NULL AND NOT EXISTS (SELECT 1 FROM accepted_firms AS f WHERE f.firm = p.firm)",
    ),
)
"""Rules over more than one cell; those of single cells are the readers (readers.py, codes.py)."""


def find_faults(connection: DuckDBPyConnection, stage: Stage, scratch: Path, every: Sequence[Rule] = RULES) -> str:
    """All faults of a register, as table ``faults_<kind>`` (source, row, col, value, code, detail); its name.

    Args:
        every: rules over more than one cell; those of other registers are left aside.
    """
    table = f"faults_{stage.register.kind}"
    connection.execute(
        f"CREATE TABLE {table} (source INTEGER, row BIGINT, col VARCHAR, value VARCHAR, code VARCHAR, detail VARCHAR)"
    )
    _broken_lines(connection, stage, table, scratch)
    _cells(connection, stage, table)
    _examples(connection, stage, table)
    rules = [rule for rule in every if rule.register == stage.register.kind]
    if rules:
        _whole_rows(connection, stage)
    for rule in rules:
        connection.execute(
            f"INSERT INTO {table} SELECT p.source, p.row, {quoted(rule.column)}, p.{rule.column}_text, "
            f"{quoted(rule.code)}, {rule.detail} FROM whole AS p WHERE {rule.condition}"
        )
    _repeats(connection, stage, table)
    connection.execute(f"CREATE TABLE bad_{stage.register.kind} AS SELECT DISTINCT source, row FROM {table}")
    return table


def _broken_lines(connection: DuckDBPyConnection, stage: Stage, table: str, scratch: Path) -> None:
    lines = [
        (number, line.row, "", line.text, line.code, line.detail)
        for number, source in enumerate(stage.sources)
        for line in source.broken
    ]
    if lines:
        insert_rows(connection, table, lines, scratch)


def _cells(connection: DuckDBPyConnection, stage: Stage, table: str) -> None:
    for column in stage.register.columns:
        name, text = column.name, f"r.{column.name}"
        found = ""
        if column.read == "firm_code":
            clean, fault = f"r.{name}_clean", f"r.{name}_fault"
            found = f"{fault}, {detail_sql(clean, fault)} FROM {stage.raw} AS r WHERE {fault} IS NOT NULL"
        elif column.read == "name":
            found = f"'registers.name.blank', '' FROM {stage.raw} AS r WHERE {text} = ''"
        elif name in stage.lookups:
            found = f"l.code, l.detail FROM {stage.raw} AS r JOIN {stage.lookups[name]} AS l ON {text} = l.text "
            found += "WHERE l.code IS NOT NULL"
        if found:
            connection.execute(f"INSERT INTO {table} SELECT r.source, r.row, {quoted(name)}, {text}, {found}")


def _examples(connection: DuckDBPyConnection, stage: Stage, table: str) -> None:
    """The example row of a template left in place is no row of the register."""
    key = stage.register.key[0]
    example = quoted(stage.register.column(key).example)
    connection.execute(
        f"INSERT INTO {table} SELECT source, row, {quoted(key)}, {key}, 'registers.example', '' FROM {stage.raw} "
        f"WHERE {key} = {example}"
    )


def _whole_rows(connection: DuckDBPyConnection, stage: Stage) -> None:
    """Table ``whole``: what the rules see of each row, values and texts."""
    names = stage.register.names
    texts = ", ".join(f"{line_sql(f't.{name}')} AS {name}_text" for name in names)
    coded = "".join(f", t.{name}_fault" for name in names if stage.register.column(name).read == "firm_code")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE whole AS SELECT v.*, {texts}{coded} FROM ({parsed_sql(stage, names)}) AS v "
        f"JOIN {stage.raw} AS t ON v.source = t.source AND v.row = t.row"
    )


def _repeats(connection: DuckDBPyConnection, stage: Stage, table: str) -> None:
    """Rows of one key: alike, the first sound one stands and the others are repeats; not alike, none stands.

    Which of two contradicting rows is right cannot be told here, and must not depend on the order of rows.
    """
    key = ", ".join(stage.register.key)
    whole = " AND ".join(f"{name} IS NOT NULL AND {name} <> ''" for name in stage.register.key)
    sound = " AND ".join(
        f"r.{name}_fault IS NULL" for name in stage.register.key if stage.register.column(name).read == "firm_code"
    )
    keyed = parsed_sql(stage, stage.register.key, sound or "true")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT {key} FROM ({keyed}) WHERE {whole} "
        "GROUP BY ALL HAVING count(*) > 1"
    )
    if connection.execute("SELECT 1 FROM repeated LIMIT 1").fetchone() is None:
        return
    connection.execute(f"INSERT INTO {table} {_repeat_faults(stage, table, sound or 'true')}")


def _repeat_faults(stage: Stage, table: str, sound: str) -> str:
    register = stage.register
    using = ", ".join(register.key)
    names = ", ".join(f"coalesce({name}, '')" for name in register.names)
    places = ", ".join(
        quoted(f"{source.path.name}{' ' + source.sheet if source.sheet else ''}") for source in stage.sources
    )
    first = register.key[0]
    return f"""
        WITH members AS (
            SELECT source, row, {using}, concat_ws(chr(31), {names}) AS content,
                NOT EXISTS (SELECT 1 FROM {table} AS b WHERE b.source = v.source AND b.row = v.row) AS is_sound
            FROM ({parsed_sql(stage, register.names, sound)}) AS v SEMI JOIN repeated USING ({using})),
        groups AS (
            SELECT {using}, count(DISTINCT content) FILTER (is_sound) AS versions,
                min((source, row)) FILTER (is_sound) AS sound, min((source, row)) AS earliest,
                list_sort(list((source, row)) FILTER (is_sound))[:4] AS rivals
            FROM members GROUP BY {using}),
        judged AS (
            SELECT m.source, m.row,
                CASE WHEN m.is_sound AND g.versions > 1 THEN g.rivals
                     ELSE [coalesce(g.sound, g.earliest)] END AS places,
                CASE WHEN m.is_sound AND g.versions > 1 THEN 'registers.conflict'
                     WHEN (m.source, m.row) <> coalesce(g.sound, g.earliest) THEN 'registers.repeat' END AS code
            FROM members AS m JOIN groups AS g USING ({using}))
        SELECT j.source, j.row, {quoted(first)}, r.{first}, j.code,
            array_to_string([([{places}])[place[1] + 1] || ' ' || place[2] FOR place IN j.places], '、')
        FROM judged AS j JOIN {stage.raw} AS r ON j.source = r.source AND j.row = r.row WHERE j.code IS NOT NULL"""
