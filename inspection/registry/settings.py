"""What an import is asked to do: which registers, for which year and regions, under which names of tiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

RegisterKind = Literal["agencies", "items", "inspectors", "firms", "tasks", "recusals", "findings"]
"""部门, 抽查事项清单, 执法检查人员名录库, 检查对象名录库, 抽查任务, 回避; 检查结果 come in the same way, but later."""

REGISTER_KINDS: tuple[RegisterKind, ...] = ("agencies", "items", "inspectors", "firms", "tasks", "recusals")
"""What a plan is made from, in the order read: a register may refer to those before it."""

Progress = Callable[[str, int, int], None]
"""Called with the register being read, files done and files in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSettings:
    """The plan's year and frame, against which values are judged.

    Attributes:
        year: calendar year of the plan; windows of tasks lie inside it.
        regions: codes a firm, agency or task may lie in (GB/T 2260 six digits, or local ones).
        tiers: names of the credit risk tiers, lowest risk first.
        as_of: day on which certificates must be valid.
        blank_tier: tier given to firms not yet classified; None refuses them.
        mappings: a mapping file (TOML) per register whose headers or values are not recognised by themselves.
        strict: a single bad row stops the import; no snapshot is written.
    """

    year: int
    regions: frozenset[str]
    tiers: tuple[str, ...]
    as_of: date
    blank_tier: str | None = None
    mappings: Mapping[RegisterKind, Path] = field(default_factory=dict)
    strict: bool = False
