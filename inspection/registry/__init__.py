"""Registers in: files of bureaus become one frozen snapshot, every bad row named and kept."""

from inspection.registry.importer import import_registers
from inspection.registry.report import Fault, ImportReport, Notice, RegisterCounts
from inspection.registry.settings import REGISTER_KINDS, ImportSettings, RegisterKind
from inspection.registry.snapshot import Snapshot
from inspection.registry.template import write_template

__all__ = [
    "REGISTER_KINDS",
    "Fault",
    "ImportReport",
    "ImportSettings",
    "Notice",
    "RegisterCounts",
    "RegisterKind",
    "Snapshot",
    "import_registers",
    "write_template",
]
