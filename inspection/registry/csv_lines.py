"""A CSV read line by line: every row with its line number, every line that is no row named.

Used where DuckDB's own reader stops: wrong number of fields, quotes without their pair, bytes that cannot be decoded.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from inspection.registry.source import LONGEST_LINE, BrokenLine

CHUNK = 1 << 20
"""Bytes read at a time."""
_LONGEST_TEXT = LONGEST_LINE // 8
_LONGEST_RECORD = 50
"""Lines one record may span; a quote still open after that has lost its pair."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file of lines: ``lines`` of them up to the last that is not empty; ``encoding`` may fail on single lines."""

    path: Path
    encoding: str
    is_clean: bool
    lines: int


def numbered_lines(file: TextFile, broken: list[BrokenLine]) -> Iterator[tuple[int, str]]:
    """Numbered lines without their ends; a line that cannot be decoded goes to ``broken`` and leaves an empty one."""
    first = 1
    with file.path.open("rb") as data:
        while block := data.readlines(CHUNK):
            try:
                text = b"".join(block).decode(file.encoding)
            except UnicodeDecodeError:
                text = "\n".join(
                    _decode(line, number, file.encoding, broken) for number, line in enumerate(block, first)
                )
            # A lone CR or a NUL is no line end and no character of a register.
            text = text.replace("\r\n", "\n").replace("\r", " ").replace("\0", "")
            yield from islice(enumerate(text.split("\n"), first), len(block))
            first += len(block)


def _decode(line: bytes, number: int, encoding: str, broken: list[BrokenLine]) -> str:
    try:
        return line.decode(encoding).rstrip("\r\n")
    except UnicodeDecodeError as error:
        shown = line.decode(encoding, errors="replace").rstrip("\r\n")
        byte = f"0x{line[error.start]:02X}"
        broken.append(BrokenLine(row=number, text=shown, code="registers.csv.encoding", detail=byte))
        return ""


def csv_records(lines: Iterator[tuple[int, str]], delimiter: str, width: int) -> Iterator[str | BrokenLine]:
    """Rows as lines of a CSV with the row number in front; a line that starts no row comes back as broken."""
    ahead: deque[tuple[int, str]] = deque()
    for number, line in _drawn(lines, ahead):
        if '"' not in line and line.count(delimiter) == width - 1 and len(line) < _LONGEST_TEXT:
            yield f"{number}{delimiter}{line}\n"
            continue
        if not line.strip():
            continue
        fields = line.split(delimiter) if '"' not in line else _quoted_fields(line, delimiter, width, lines, ahead)
        if fields is None:
            yield BrokenLine(row=number, text=line, code="registers.csv.quote", detail="")
        elif len(fields) < width or any(field.strip() for field in fields[width:]) or len(line) >= _LONGEST_TEXT:
            text, found = line[:_LONGEST_TEXT], f"{len(fields)} ≠ {width}"
            yield BrokenLine(row=number, text=text, code="registers.csv.fields", detail=found)
        else:
            yield _written([str(number), *fields[:width]], delimiter)


def _drawn(lines: Iterator[tuple[int, str]], ahead: deque[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Lines put back first, then new ones, until both are used up."""
    while True:
        if ahead:
            yield ahead.popleft()
            continue
        line = next(lines, None)
        if line is None:
            return
        yield line


def _written(fields: list[str], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(fields)
    return out.getvalue()


def _quoted_fields(
    line: str, delimiter: str, width: int, lines: Iterator[tuple[int, str]], ahead: deque[tuple[int, str]]
) -> list[str] | None:
    """Fields of the record that begins with this line, taking further lines while a quote is open; None if it stays so.

    A record joined from several lines counts only when it has ``width`` fields: else the quote had lost its pair, and
    the lines taken go back.
    """
    taken: list[tuple[int, str]] = []
    text = line
    while text.count('"') % 2 and len(taken) < _LONGEST_RECORD:
        following = ahead.popleft() if ahead else next(lines, None)
        if following is None:
            break
        taken.append(following)
        text += "\n" + following[1]
    fields = _parse(text, delimiter)
    if taken and (fields is None or len(fields) != width):
        ahead.extendleft(reversed(taken))
        fields = _parse(line, delimiter)
    return fields


def _parse(text: str, delimiter: str) -> list[str] | None:
    """Fields of a text that is exactly one record, else None; a quote inside an unquoted field is a character."""
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return records[0] if len(records) == 1 else None
