"""What an import did: every row accounted for, every fault named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inspection.errors import Language, message
from inspection.registry.settings import RegisterKind
from inspection.registry.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with one cell or row; ``column`` is the user's own header, '' when the whole row is meant.

    ``row`` is what the user sees: the row of the sheet, the line of the CSV, the record of a Parquet file.
    """

    register: RegisterKind
    file: str
    sheet: str
    row: int
    column: str
    value: str
    code: str
    detail: str

    def reason(self, language: Language = "zh") -> str:
        """What is wrong."""
        return message(self.code, language, value=self.value, detail=self.detail)

    def remedy(self, language: Language = "zh") -> str:
        """What to do about it."""
        return message(f"{self.code}.remedy", language, value=self.value, detail=self.detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something done that a planner should know of: a column not read, a word understood, a default taken."""

    register: RegisterKind
    code: str
    params: tuple[tuple[str, str | int], ...]

    def text(self, language: Language = "zh") -> str:
        """The sentence in one language."""
        return message(self.code, language, **dict(self.params))


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterCounts:
    """Rows of one register: read = accepted + rejected, always. Blank rows hold nothing and are not read."""

    files: int
    read: int
    accepted: int
    rejected: int
    duplicates: int
    blank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """Result of an import.

    Attributes:
        snapshot: the frozen registers; None when ``strict`` stopped the import or no row was usable.
        counts: per register that was given.
        reasons: faults per (register, code), most frequent first.
        examples: the first faults of each (register, code), in the same order.
        rejects: rejects.xlsx when a row was rejected.
        quarantine: Parquet file with every rejected row as it was read.
        warnings: columns not read, words mapped, defaults taken.
        seconds: per register.
    """

    snapshot: Snapshot | None
    counts: Mapping[RegisterKind, RegisterCounts]
    reasons: Mapping[tuple[RegisterKind, str], int]
    examples: tuple[Fault, ...]
    rejects: Path | None
    quarantine: Path | None
    warnings: tuple[Notice, ...]
    seconds: Mapping[RegisterKind, float]

    @property
    def rejected(self) -> int:
        """Rows rejected in all registers."""
        return sum(counts.rejected for counts in self.counts.values())

    @property
    def accepted(self) -> int:
        """Rows accepted in all registers."""
        return sum(counts.accepted for counts in self.counts.values())
