"""Tables for Excel and WPS: CSV with a byte order mark, nothing in it a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from fastapi.responses import Response

Cell = str | int


def table_file(name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """The answer that is downloaded as ``<name>.csv``."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    # With a byte order mark, or Excel reads Chinese in the system's old encoding.
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _harmless(cell: Cell) -> Cell:
    """A text that a spreadsheet would take for a formula is marked as text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
