"""Another register of inspectors, read against the agencies of a snapshot and kept nowhere: for questions only."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable
from pathlib import Path

from inspection.errors import InputError, Language
from inspection.model import Agency, Inspector
from inspection.registry.importer import import_registers
from inspection.registry.report import ImportReport
from inspection.registry.settings import ImportSettings
from inspection.registry.specification import register


def read_roster(path: Path, agencies: Iterable[Agency], settings: ImportSettings) -> tuple[Inspector, ...]:
    """The inspectors of a file in any form the import takes, by code.

    Raises:
        InputError: the file cannot be read, or has rows that an import would reject: each reason is named with the
            first of its rows. An answer that silently left people out would mislead.
    """
    with tempfile.TemporaryDirectory(prefix="roster-") as folder:
        listed = Path(folder) / "agencies.csv"
        _write_agencies(listed, agencies)
        report = import_registers({"agencies": [listed], "inspectors": [path]}, Path(folder) / "scratch", settings)
        counts = report.counts["inspectors"]
        if counts.rejected or report.snapshot is None or not counts.accepted:
            raise InputError(
                "whatif.roster",
                file=path.name,
                read=counts.read,
                rejected=counts.rejected,
                lines_zh=_faults(report, "zh"),
                lines_en=_faults(report, "en"),
            )
        return report.snapshot.inspectors()


def _write_agencies(path: Path, agencies: Iterable[Agency]) -> None:
    columns = [register("agencies").column(name).header for name in ("agency", "name", "region")]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows((agency.agency, agency.name, agency.region) for agency in agencies)


def _faults(report: ImportReport, language: Language) -> str:
    """One line per reason: how often, and the first row it was found in."""
    first = {fault.code: fault for fault in reversed(report.examples) if fault.register == "inspectors"}
    return "\n".join(
        f"  {fault.file}:{fault.row} {fault.column} “{fault.value}”: {fault.reason(language)} — "
        f"{fault.remedy(language)} (×{report.reasons['inspectors', code]})"
        for code, fault in first.items()
    )
