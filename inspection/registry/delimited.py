"""CSV in: UTF-8 with or without BOM, GB18030, UTF-16; comma, tab or semicolon; plain or gzip.

A clean file is handed to DuckDB as it is. Its lines are counted first: when the scan gives as many rows as there are
lines below the header, every line became one row and row n is line n. Any other file is read line by line (careful).
"""

from __future__ import annotations

import codecs
import csv
import gzip
import shutil
from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from inspection.errors import InputError
from inspection.registry.csv_lines import CHUNK, TextFile, csv_records, numbered_lines
from inspection.registry.headers import SEARCHED_ROWS, Header, find_header, suggestions
from inspection.registry.mapping import HeaderMapping
from inspection.registry.source import BrokenLine, Source, read_csv, scan_numbered_csv
from inspection.registry.specification import Register

_DELIMITERS = (",", "\t", ";", "|")


def open_csv(path: Path, register: Register, mapping: HeaderMapping, scratch: Path) -> Source:
    """The file opened.

    Raises:
        InputError: it is empty, or no header row is recognised.
    """
    file = _text_file(path, mapping.encoding, scratch)
    if file.lines == 0:
        raise InputError("registers.file.empty", file=path.name)
    delimiter, header, width, skip = _head(file, path.name, register, mapping)
    careful = partial(_open_carefully, path, file, scratch, (delimiter, header, width, skip))
    # A header whose cells hold line breaks cannot be skipped by counting lines.
    if not file.is_clean or skip != header.row:
        return careful()
    names = [f"c{place}" for place in range(width)]
    return Source(
        path=path,
        sheet="",
        header=header,
        scan=read_csv(file.path, names, skip, delimiter),
        first_row=skip + 1,
        expected=file.lines - skip,
        careful=careful,
    )


def _text_file(path: Path, encoding: str | None, scratch: Path) -> TextFile:
    """The file as UTF-8 on disk where it can be decoded whole, else as it is with the encoding most lines have."""
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] == b"\x1f\x8b":
        path = _unpacked(path, scratch)
        with path.open("rb") as file:
            start = file.read(4)
    if encoding is None and start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encoding = "utf-16"
    if encoding is None and not _ends_lines_with_cr(path) and _decodes(path, "utf-8"):
        return TextFile(path, "utf-8-sig", True, _count_lines(path))
    guess = encoding or _likeliest(path)
    target = scratch / f"{path.name}.utf8"
    if _transcode(path, guess, target):
        return TextFile(target, "utf-8", True, _count_lines(target))
    return TextFile(path, guess, False, _count_lines(path))


def _unpacked(path: Path, scratch: Path) -> Path:
    target = scratch / path.name.removesuffix(".gz")
    try:
        with gzip.open(path) as packed, target.open("wb") as out:
            shutil.copyfileobj(packed, out, CHUNK)
    except (OSError, EOFError) as error:
        raise InputError("registers.file.damaged", file=path.name, detail=str(error)) from error
    return target


def _ends_lines_with_cr(path: Path) -> bool:
    """Whether lines end as on old Macintoshes, which is translated while decoding."""
    with path.open("rb") as file:
        start = file.read(CHUNK)
    return b"\n" not in start and b"\r" in start


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _likeliest(path: Path) -> str:
    """The encoding of most lines that are not plain ASCII; short GB18030 lines are seldom valid UTF-8."""
    utf8 = others = 0
    with path.open("rb") as file:
        for line in islice((line for line in file if not line.isascii()), 10_000):
            try:
                line.decode("utf-8")
                utf8 += 1
            except UnicodeDecodeError:
                others += 1
    return "utf-8-sig" if utf8 >= others else "gb18030"


def _transcode(path: Path, encoding: str, target: Path) -> bool:
    try:
        ends = None if _ends_lines_with_cr(path) else ""
        with path.open(encoding=encoding, newline=ends) as text, target.open("w", encoding="utf-8", newline="") as out:
            while chunk := text.read(CHUNK):
                out.write(chunk.removeprefix("\ufeff"))
    except UnicodeDecodeError:
        return False
    except LookupError as error:
        raise InputError("registers.mapping.encoding", file=path.name, got=encoding) from error
    return True


def _count_lines(path: Path) -> int:
    lines, tail = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            lines += chunk.count(b"\n")
            tail = (tail + chunk)[-4096:]
    text = tail.rstrip(b"\r\n \t\xef\xbb\xbf")
    if not text and lines < 4096:
        return 0
    return lines + 1 - tail[len(text) :].count(b"\n")


def _head(file: TextFile, name: str, register: Register, mapping: HeaderMapping) -> tuple[str, Header, int, int]:
    """Delimiter, header, fields of the header row, and lines down to its end."""
    with file.path.open(encoding=file.encoding, errors="replace", newline="") as text:
        lines = [line for _, line in zip(range(60), text, strict=False)]
    found = []
    for delimiter in _DELIMITERS:
        rows, ends = _first_rows(lines, delimiter)
        header = find_header(rows, register, mapping)
        if header is not None:
            found.append((-len(header.missing), len(header.places), delimiter, header, rows, ends))
    if not found or (found and max(item[0] for item in found) < 0):
        best = max(found, key=lambda item: item[:2], default=None)
        rows = best[4] if best else _first_rows(lines, ",")[0]
        raise header_missing(name, best[3] if best else None, rows, register)
    _, _, delimiter, header, rows, ends = max(found, key=lambda item: item[:2])
    return delimiter, header, len(rows[header.row - 1]), ends[header.row - 1]


def header_missing(name: str, header: Header | None, rows: Sequence[Sequence[str]], register: Register) -> InputError:
    """The error for a file without a usable header row: what was found, what is asked, what is close."""
    shown = header.titles if header else max((tuple(row) for row in rows[:SEARCHED_ROWS]), key=len, default=())
    return InputError(
        "registers.file.header",
        file=name,
        register=register.title,
        row=header.row if header else 1,
        found="、".join(title for title in shown if title) or "—",
        missing=suggestions(header, rows, register),
    )


def _first_rows(lines: Sequence[str], delimiter: str) -> tuple[list[list[str]], list[int]]:
    parser = csv.reader(lines, delimiter=delimiter)
    rows, ends = [], []
    try:
        for row in parser:
            rows.append(row)
            ends.append(parser.line_num)
            if len(rows) == SEARCHED_ROWS:
                break
    except csv.Error:
        pass
    return rows, ends


def _open_carefully(path: Path, file: TextFile, scratch: Path, head: tuple[str, Header, int, int]) -> Source:
    """The file read line by line into a numbered copy; lines that are no rows are kept aside."""
    delimiter, header, width, skip = head
    broken: list[BrokenLine] = []
    target = scratch / f"{path.name}.{header.row}.rows.csv"
    with target.open("w", encoding="utf-8", newline="") as out:
        lines = islice(numbered_lines(file, broken), skip, None)
        for record in csv_records(lines, delimiter, width):
            if isinstance(record, BrokenLine):
                broken.append(record)
            else:
                out.write(record)
    broken.sort(key=lambda line: line.row)
    scan = scan_numbered_csv(target, width, delimiter)
    return Source(path=path, sheet="", header=header, scan=scan, broken=tuple(broken))
