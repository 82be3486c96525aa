"""Rows of all files of a register side by side: our columns, still as text, with file and row number."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from inspection.registry.codes import clean_sql, fault_sql
from inspection.registry.mapping import HeaderMapping
from inspection.registry.readers import Reader
from inspection.registry.source import Source, quoted
from inspection.registry.specification import Register, blanks, plain

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SPACES = r"[\s\x00-\x1f\x{3000}\x{a0}\x{feff}\x{200b}]+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A register staged as view ``raw_<kind>``: source, row, our columns as text, '' where empty.

    A column read as a firm's code has two more: ``<name>_clean`` and ``<name>_fault``. ``lookups`` names, by column,
    the table (text, value, code, detail) of what its distinct texts mean.
    """

    register: Register
    mapping: HeaderMapping
    sources: tuple[Source, ...]
    rows: int
    blank: int
    lookups: Mapping[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> str:
        """Name of the view."""
        return f"raw_{self.register.kind}"

    def title(self, source: int, column: str) -> str:
        """The user's own header of a column."""
        header = self.sources[source].header
        if column == "firm" and column not in header.places:
            column = "registration"
        place = header.places.get(column)
        return header.titles[place] if place is not None else self.register.column(column).header


def stage_sources(
    connection: DuckDBPyConnection, register: Register, mapping: HeaderMapping, sources: Sequence[Source], scratch: Path
) -> Stage:
    """All files of a register are staged; a file that proves unclean is read again line by line."""
    kept: list[Source] = []
    parts: list[str] = []
    rows = blank = 0
    for number, source in enumerate(sources):
        target = scratch / f"{register.kind}-{number}.parquet"
        used, read = _stage(connection, register, mapping, source, target)
        kept.append(used)
        parts.append(f"SELECT {number} AS source, * FROM read_parquet({quoted(str(target))})")
        empty = _count(connection, f"read_parquet({quoted(str(target))}) WHERE is_blank")
        rows, blank = rows + read - empty, blank + empty
    union = " UNION ALL ".join(parts)
    connection.execute(
        f"CREATE VIEW raw_{register.kind} AS SELECT * EXCLUDE (is_blank) FROM ({union}) WHERE NOT is_blank"
    )
    return Stage(register=register, mapping=mapping, sources=tuple(kept), rows=rows, blank=blank)


def _stage(
    connection: DuckDBPyConnection, register: Register, mapping: HeaderMapping, source: Source, target: Path
) -> tuple[Source, int]:
    import duckdb

    copy = "COPY (SELECT row, {columns} FROM {scan}) TO {target} (FORMAT parquet)"
    columns = _columns(register, mapping, source)
    try:
        connection.execute(copy.format(columns=columns, scan=source.scan, target=quoted(str(target))))
    except duckdb.Error:
        if source.careful is None:
            raise
        return _stage(connection, register, mapping, source.careful(), target)
    read = _count(connection, f"read_parquet({quoted(str(target))})")
    if source.expected is not None and read != source.expected and source.careful is not None:
        return _stage(connection, register, mapping, source.careful(), target)
    return dataclasses.replace(source, careful=None), read


def _count(connection: DuckDBPyConnection, relation: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(row[0]) if row else 0


def _columns(register: Register, mapping: HeaderMapping, source: Source) -> str:
    texts = {column.name: _text(column.name, mapping, source) for column in register.columns}
    cells = sorted(set(source.header.places.values()))
    is_blank = " AND ".join(f"trim(coalesce(c{place}, '')) = ''" for place in cells) or "false"
    if "registration" in texts:
        texts["firm"] = f"CASE WHEN trim({texts['firm']}) = '' THEN {texts['registration']} ELSE {texts['firm']} END"
    parts = [f"{text} AS {name}" for name, text in texts.items()] + [f"{is_blank} AS is_blank"]
    for column in register.columns:
        if column.read == "firm_code":
            parts.append(f"{clean_sql(texts[column.name])} AS {column.name}_clean")
            parts.append(f"{fault_sql(f'{column.name}_clean', mapping.confirmed, blanks())} AS {column.name}_fault")
    return ", ".join(parts)


def _text(name: str, mapping: HeaderMapping, source: Source) -> str:
    place = source.header.places.get(name)
    if name in mapping.constants:
        return quoted(mapping.constants[name])
    if place is None:
        return "''"
    cell = f"coalesce(c{place}, '')"
    derived = mapping.derived.get(name)
    return f"substr(trim({cell}), {derived.first}, {derived.last - derived.first + 1})" if derived else cell


def read_texts(connection: DuckDBPyConnection, stage: Stage, readers: Mapping[str, Reader]) -> Stage:
    """Every distinct text of the columns is read once, into a lookup table each."""
    lookups = {}
    for name, read in readers.items():
        table = f"lookup_{stage.register.kind}_{name}"
        texts = [row[0] for row in connection.execute(f"SELECT DISTINCT {name} FROM {stage.raw}").fetchall()]
        own = stage.mapping.values.get(name, {})
        readings = [read(own.get(plain(text), text)) for text in texts]
        connection.execute(f"CREATE TABLE {table} (text VARCHAR, value VARCHAR, code VARCHAR, detail VARCHAR)")
        columns = [texts, [r.value for r in readings], [r.code for r in readings], [r.detail for r in readings]]
        connection.execute(
            f"INSERT INTO {table} SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[]), unnest($3::VARCHAR[]), "
            "unnest($4::VARCHAR[])",
            columns,
        )
        lookups[name] = table
    return dataclasses.replace(stage, lookups=lookups)


def line_sql(text: str) -> str:
    """A name or address in one line, white space and control characters as single spaces."""
    swept = f"regexp_replace({text}, '{_SPACES}', ' ', 'g')"
    return f"trim(CASE WHEN regexp_matches({text}, '{_SPACES}') THEN {swept} ELSE {text} END)"


def parsed_sql(stage: Stage, names: Sequence[str], keep: str = "true") -> str:
    """SELECT of source, row and the values of columns, for the rows where ``keep`` holds (of ``r``)."""
    empty = ", ".join(quoted(word) for word in sorted(blanks()))
    values, joins = [], []
    for name in names:
        column = stage.register.column(name)
        if column.read == "firm_code":
            values.append(f"r.{name}_clean AS {name}")
        elif name in stage.lookups:
            joins.append(f"LEFT JOIN {stage.lookups[name]} AS l_{name} ON r.{name} = l_{name}.text")
            values.append(f"l_{name}.value AS {name}")
        else:
            line = line_sql(f"r.{name}")
            values.append(f"CASE WHEN upper({line}) IN ({empty}) THEN '' ELSE {line} END AS {name}")
    return f"SELECT r.source, r.row, {', '.join(values)} FROM {stage.raw} AS r {' '.join(joins)} WHERE {keep}"
