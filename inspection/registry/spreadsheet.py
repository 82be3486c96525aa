"""Spreadsheets in: .xlsx of Excel and WPS, read by calamine; the sheet with our header is found among several."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path

from inspection.errors import InputError
from inspection.registry.delimited import header_missing
from inspection.registry.headers import Header, find_header
from inspection.registry.mapping import HeaderMapping
from inspection.registry.source import Source, scan_numbered_csv
from inspection.registry.specification import Register
from inspection.registry.template import GUIDE

EXACT = 10**15
"""Numbers below are kept exactly by a spreadsheet; from here on digits have been lost."""

Rows = list[list[object]]


def open_spreadsheet(path: Path, register: Register, mapping: HeaderMapping, scratch: Path) -> Source:
    """The sheet that holds the register, copied into numbered rows.

    Raises:
        InputError: the workbook is locked by a password, damaged or empty, or no sheet has a usable header.
    """
    sheets = _sheets(path, mapping)
    found = []
    for order, (name, rows) in enumerate(sheets):
        head = [[cell_text(cell) for cell in row] for row in rows[:10]]
        header = find_header(head, register, mapping)
        if header is not None:
            found.append((-len(header.missing), len(header.places), -order, name, header, rows))
    if not found or max(item[0] for item in found) < 0:
        best = max(found, key=lambda item: item[:3], default=None)
        rows = best[5] if best else max((rows for _, rows in sheets), key=len)
        head = [[cell_text(cell) for cell in row] for row in rows[:10]]
        raise header_missing(path.name, best[4] if best else None, head, register)
    _, _, _, name, header, rows = max(found, key=lambda item: item[:3])
    others = [item[3] for item in found if item[0] == 0 and item[3] != name]
    return _source(path, name, header, rows, (others, len(sheets), scratch))


def _source(path: Path, name: str, header: Header, rows: Rows, rest: tuple[list[str], int, Path]) -> Source:
    others, sheets, scratch = rest
    width = len(header.titles)
    target = scratch / f"{path.name}.{len(list(scratch.iterdir()))}.rows.csv"
    _write_rows(target, rows, header.row, width)
    notices: list[tuple[str, dict[str, str | int]]] = []
    if sheets > 1:
        notices.append(("registers.notice.sheet", {"file": path.name, "sheet": name, "sheets": sheets}))
    if others:
        notices.append(("registers.notice.sheets_unread", {"file": path.name, "sheets": "、".join(others)}))
    scan = scan_numbered_csv(target, width)
    return Source(path=path, sheet=name, header=header, scan=scan, notices=tuple(notices))


def _sheets(path: Path, mapping: HeaderMapping) -> list[tuple[str, Rows]]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        book = CalamineWorkbook.from_path(str(path))
        names = [name for name in book.sheet_names if name == (mapping.sheet or name)]
        names = [name for name in names if name != GUIDE] or names
        if not names:
            raise InputError(
                "registers.file.sheet", file=path.name, expected=mapping.sheet, got="、".join(book.sheet_names)
            )
        read = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in names]
    except PasswordError as error:
        raise InputError("registers.file.password", file=path.name) from error
    except (CalamineError, OSError, ValueError) as error:
        raise InputError("registers.file.damaged", file=path.name, detail=str(error)) from error
    sheets: list[tuple[str, Rows]] = [(name, rows) for name, rows in read if rows]  # type: ignore[misc]  # cells are objects
    if not sheets:
        raise InputError("registers.file.empty", file=path.name)
    return sheets


def _write_rows(target: Path, rows: Rows, header_row: int, width: int) -> None:
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        for number, row in enumerate(rows[header_row:], start=header_row + 1):
            cells = [cell if type(cell) is str else cell_text(cell) for cell in row[:width]]
            if any(cells):
                writer.writerow([number, *cells, *[""] * (width - len(cells))])


def cell_text(cell: object) -> str:
    """A cell as its user sees it; a number too long to be exact in the notation Excel shows: 9.14690062012665E+17.

    >>> cell_text(914690062012664960.0), cell_text(370828.0), cell_text(0.05)
    ('9.14690062012665E+17', '370828', '0.05')
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int | float):
        return number_text(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time().isoformat() == "00:00:00" else cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell or "")


def number_text(number: int | float) -> str:
    """A number in plain digits while it is exact, else in scientific notation with 15 digits."""
    if abs(number) >= EXACT:
        return f"{number:.14E}"
    return str(int(number)) if number == int(number) else repr(number)


def is_old_workbook(start: bytes) -> bool:
    """Whether a file begins as Excel 97 workbooks and password-protected ones do."""
    return start[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def check_old_workbook(path: Path, data: bytes) -> InputError:
    """What to say of such a file: locked, or to be saved as .xlsx."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        return InputError("registers.file.password", file=path.name)
    return InputError("registers.file.unsupported", file=path.name)
