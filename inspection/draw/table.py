"""Tables of a bundle (PROTOCOL 2 and 3): plain CSV, digested as the Merkle tree head over its lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
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

BATCH = 1 << 12
"""Rows written at a time."""


def table_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The bytes of a table.

    Args:
        header: names of the columns.
        rows: strings and whole numbers, as many as columns.

    Raises:
        DrawRefusal: a row is too long or short, or a field holds a comma, a quote or a line break.

    >>> table_bytes(("task", "month", "visits"), [("T1", "2027-04", 5)])
    b'task,month,visits\\nT1,2027-04,5\\n'
    """
    stream, blocks, number = iter(rows), [_block([header], len(header), 1)], 2
    while batch := list(islice(stream, BATCH)):
        blocks.append(_block(batch, len(header), number))
        number += len(batch)
    return "".join(blocks).encode()


def _block(rows: Sequence[Sequence[object]], width: int, first: int) -> str:
    """The lines of some rows, checked together; only where one is wrong are they looked at one by one."""
    block = "\n".join([",".join(map(str, row)) for row in rows]) + "\n"
    marks = block.count(","), block.count("\n"), block.count('"'), block.count("\r")
    if {len(row) for row in rows} != {width} or marks != (len(rows) * (width - 1), len(rows), 0, 0):
        for number, row in enumerate(rows, start=first):
            line = ",".join(map(str, row))
            if len(row) != width or line.count(",") != width - 1 or any(mark in line for mark in '"\n\r'):
                raise DrawRefusal("draw.table.field", line=number, expected=width, got=line[:200])
    return block


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
    return table_root(table_bytes(header, rows), algorithm)


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
