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
from inspection.registry.source import Source, insert_rows, quoted
from inspection.registry.specification import Column, Register, blanks, plain

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SPACE_CHARACTERS = (9, 10, 13, 31, 32, 0xA0, 0x3000, 0xFEFF, 0x200B)
_SPACES = r"[\s\x00-\x1f\x{3000}\x{a0}\x{feff}\x{200b}]+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A register staged as view ``raw_<kind>``: source, row, our columns as text, '' where empty.

    A column read as a firm's code has two more: ``<name>_clean`` and ``<name>_fault``. ``lookups`` names, by column,
    the table (text, value, code, detail) of what its distinct texts mean; none where every text is its own value.
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
        if column == "firm" and column not in header.places and "registration" in self.register.names:
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
        table = f"read_parquet({quoted(str(target))}, file_row_number=true)"
        row = "row" if used.first_row is None else f"file_row_number + {used.first_row} AS row"
        columns = ", ".join(_staged_columns(register))
        parts.append(f"SELECT {number} AS source, {row}, {columns} FROM {table}")
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

    try:
        rows = _rows_sql(register, mapping, source)
        connection.execute(f"COPY ({rows}) TO {quoted(str(target))} (FORMAT parquet)")
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


def _staged_columns(register: Register) -> list[str]:
    coded = [column.name for column in register.columns if column.read == "firm_code"]
    return [*register.names, *(f"{name}_{part}" for name in coded for part in ("clean", "fault")), "is_blank"]


def _rows_sql(register: Register, mapping: HeaderMapping, source: Source) -> str:
    """SELECT of the staged columns; one level per step, so that no expression is computed twice."""
    texts = {column.name: _text(column.name, mapping, source) for column in register.columns}
    if "registration" in texts:
        texts["firm"] = f"CASE WHEN trim({texts['firm']}) = '' THEN {texts['registration']} ELSE {texts['firm']} END"
    row = "" if source.first_row is not None else "row, "
    cells = sorted(set(source.header.places.values()))
    is_blank = " AND ".join(f"trim(coalesce(c{place}, '')) = ''" for place in cells) or "false"
    lines = [f"{_in_one_line(column, texts[column.name])} AS {column.name}" for column in register.columns]
    coded = [column.name for column in register.columns if column.read == "firm_code"]
    swept = [f"{clean_sql(name)} AS {name}_clean" for name in coded]
    judged = [f"{fault_sql(f'{name}_clean', mapping.confirmed, blanks())} AS {name}_fault" for name in coded]
    lone = [f"{_without_blank_words(column)} AS {column.name}" for column in register.columns if _is_line(column)]
    first = f"SELECT {row}{', '.join(lines)}, {is_blank} AS is_blank FROM {source.scan}"
    replaced = f"* REPLACE ({', '.join(lone)})" if lone else "*"
    second = f"SELECT {', '.join([replaced, *swept])} FROM ({first})"
    return f"SELECT {', '.join(['*', *judged])} FROM ({second})"


def _text(name: str, mapping: HeaderMapping, source: Source) -> str:
    place = source.header.places.get(name)
    if name in mapping.constants:
        return quoted(mapping.constants[name])
    if place is None:
        return "''"
    cell = f"coalesce(c{place}, '')"
    derived = mapping.derived.get(name)
    return f"substr(trim({cell}), {derived.first}, {derived.last - derived.first + 1})" if derived else cell


def read_texts(connection: DuckDBPyConnection, stage: Stage, readers: Mapping[str, Reader], scratch: Path) -> Stage:
    """Every distinct text of the columns is read once, into a lookup table each."""
    lookups = {}
    for name, read in readers.items():
        table = f"lookup_{stage.register.kind}_{name}"
        texts = [row[0] for row in connection.execute(f"SELECT DISTINCT {name} FROM {stage.raw}").fetchall()]
        own = stage.mapping.values.get(name, {})
        readings = [read(own.get(plain(text), text)) for text in texts]
        if all(reading.value == text for text, reading in zip(texts, readings, strict=True)):
            continue
        connection.execute(f"CREATE TABLE {table} (text VARCHAR, value VARCHAR, code VARCHAR, detail VARCHAR)")
        rows = ((text, *reading) for text, reading in zip(texts, readings, strict=True))
        insert_rows(connection, table, rows, scratch)
        lookups[name] = table
    return dataclasses.replace(stage, lookups=lookups)


def _is_line(column: Column) -> bool:
    return column.read in ("name", "line")


def _in_one_line(column: Column, text: str) -> str:
    return line_sql(text) if _is_line(column) and text != "''" else text


def _without_blank_words(column: Column) -> str:
    empty = ", ".join(quoted(word) for word in sorted(blanks()))
    name = column.name
    return f"CASE WHEN length({name}) < 9 AND upper({name}) IN ({empty}) THEN '' ELSE {name} END"


def line_sql(text: str) -> str:
    """A name or address in one line, white space and control characters as single spaces."""
    swept = f"trim(regexp_replace({text}, '{_SPACES}', ' ', 'g'))"
    holds = " OR ".join(f"contains({text}, chr({number}))" for number in _SPACE_CHARACTERS)
    return f"CASE WHEN {holds} THEN {swept} ELSE {text} END"


def parsed_sql(stage: Stage, names: Sequence[str], keep: str = "true") -> str:
    """SELECT of source, row and the values of columns, for the rows where ``keep`` holds (of ``r``)."""
    values, joins = [], []
    for name in names:
        column = stage.register.column(name)
        if column.read == "firm_code":
            values.append(f"r.{name}_clean AS {name}")
        elif name in stage.lookups:
            joins.append(f"LEFT JOIN {stage.lookups[name]} AS l_{name} ON r.{name} = l_{name}.text")
            values.append(f"l_{name}.value AS {name}")
        else:
            values.append(f"r.{name}")
    return f"SELECT r.source, r.row, {', '.join(values)} FROM {stage.raw} AS r {' '.join(joins)} WHERE {keep}"
