"""Tables of a bundle (PROTOCOL 2 and 3): plain CSV, digested as the Merkle tree head over its lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from inspection.draw.canonical import Digest
from inspection.draw.merkle import tree_head
from inspection.draw.refusal import DrawRefusal

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "firms.csv": ("firm", "pool", "town", "salt"),
    "pools.csv": ("pool", "tier", "region"),
    "flow.csv": ("tail", "head", "flow"),
    "months.csv": ("task", "month", "visits"),
    "visits.csv": ("visit", "firm", "task", "month", "salt"),
    "needs.csv": ("visit", "agency", "officers", "qualified", "qualification"),
    "inspectors.csv": ("inspector", "agency", "valid_until", "qualifications", "salt"),
    "recusals.csv": ("inspector", "firm", "reason"),
    "assignments.csv": ("visit", "agency", "inspector", "salt"),
}
"""The header of each table; pools.csv may have further columns."""

BLOCK = 1 << 20
"""Bytes read from a file at a time."""


def table_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The lines of a table without their line feeds, header first: the leaves of its tree.

    Args:
        header: names of the columns.
        rows: strings and whole numbers, as many as columns.

    Raises:
        DrawRefusal: a row is too long or short, or a field holds a comma, a quote or a line break.
    """
    commas = len(header) - 1
    yield _line(header, commas, 1)
    for number, row in enumerate(rows, start=2):
        yield _line(row, commas, number)


def _line(row: Sequence[object], commas: int, number: int) -> bytes:
    line = ",".join([str(field) for field in row])
    if line.count(",") != commas or len(row) != commas + 1 or '"' in line or "\n" in line or "\r" in line:
        raise DrawRefusal("draw.table.field", line=number, expected=commas + 1, got=line[:200])
    return line.encode()


def table_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The bytes of a table; see ``table_lines``.

    >>> table_bytes(("task", "month", "visits"), [("T1", "2027-04", 5)])
    b'task,month,visits\\nT1,2027-04,5\\n'
    """
    return b"".join(line + b"\n" for line in table_lines(header, rows))


def parse_table(data: bytes, columns: Sequence[str] = ()) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The header and the rows of a table.

    Args:
        data: the file's bytes.
        columns: what the header must begin with.

    Raises:
        DrawRefusal: not UTF-8 or with BOM, quotes or carriage returns, no final line feed, another header, or rows
            of another length.

    >>> parse_table(b"a,b\\n1,2\\n")
    (('a', 'b'), [('1', '2')])
    """
    _check_block(data, 0)
    if not data.endswith(b"\n"):
        raise DrawRefusal("draw.table.cut", line=data.count(b"\n") + 1)
    try:
        lines = data[:-1].decode().split("\n")
    except UnicodeDecodeError as error:
        raise DrawRefusal("draw.table.unicode", line=data.count(b"\n", 0, error.start) + 1) from None
    rows = [tuple(line.split(",")) for line in lines]
    header = rows.pop(0)
    if header[: len(columns)] != tuple(columns):
        raise DrawRefusal("draw.table.header", expected=",".join(columns), got=",".join(header)[:200])
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise DrawRefusal("draw.table.field", line=number, expected=len(header), got=",".join(row)[:200])
    return header, rows


def table_root(source: Path | bytes, algorithm: Digest) -> str:
    """The digest of a table: the RFC 9162 tree head over its lines, 64 hex digits.

    A file is read in one pass and in constant memory.

    Raises:
        DrawRefusal: the bytes break the table format (quotes, carriage returns, BOM, no final line feed).
    """
    blocks = [source] if isinstance(source, bytes) else _blocks(source)
    return tree_head(_split(blocks), algorithm).hex()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _split(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a file given in blocks."""
    rest, number = b"", 0
    for block in blocks:
        _check_block(block, number)
        number += 1
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        yield from lines
    if rest or not number:
        raise DrawRefusal("draw.table.cut", line=rest[:80].decode(errors="replace"))


def _check_block(block: bytes, number: int) -> None:
    if b'"' in block or b"\r" in block or (number == 0 and block.startswith(b"\xef\xbb\xbf")):
        raise DrawRefusal("draw.table.bytes")


def rows_root(header: Sequence[str], rows: Iterable[Sequence[object]], algorithm: Digest) -> str:
    """The digest of the table with these rows, 64 hex digits."""
    return tree_head(table_lines(header, rows), algorithm).hex()


def whole_number(text: str, file: str, line: int) -> int:
    """The whole number written in decimal without sign or leading zeros.

    Args:
        text: the field.
        file: its table, for the refusal.
        line: its line, header being 1.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > 15 or (text[0] == "0" and text != "0"):
        raise DrawRefusal("draw.table.number", file=file, line=line, value=text[:40])
    return int(text)
