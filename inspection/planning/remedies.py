"""What makes a short plan possible: in sentences, and as values of the policy where they are the policy's to change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from inspection.errors import Language
from inspection.model import MILLION, Agency
from inspection.planning.quotas import RegionProblem, RegionShortage
from inspection.planning.shortage_words import relaxation_words
from inspection.rules.consequences import Remedy
from solver.merge import Relaxation, Relief

BASIS = 10_000
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def remedies_of(shortages: Sequence[RegionShortage], agencies: Mapping[str, Agency]) -> tuple[Remedy, ...]:
    """Every remedy of every region, cheapest first within a region.

    Where several regions are short each remedy helps its own; the policy is one for all of them.
    """
    return tuple(
        Remedy(
            region=each.problem.region,
            text={language: relaxation_words(each.problem, relaxation, agencies, language) for language in LANGUAGES},
            settings=_settings(each.problem, relaxation),
        )
        for each in shortages
        for relaxation in each.shortage.relaxations
    )


def _settings(problem: RegionProblem, relaxation: Relaxation) -> tuple[tuple[str, str], ...]:
    """(dotted key, value as a form shows it) of every change; none where a change is of registers, not of rules."""
    found = [list(_setting(problem, change)) for change in relaxation.changes]
    return tuple(pair for pairs in found for pair in pairs) if all(found) else ()


def _setting(problem: RegionProblem, change: Relief) -> Iterable[tuple[str, str]]:
    proposed = change.proposed
    if change.kind == "coverage":
        return [("coverage.floor", _hundredths(proposed * BASIS // max(problem.firms_counted, 1)))]
    if change.kind == "joint":
        return [("joint.floor", _hundredths(proposed))]
    if change.kind in ("lower", "upper"):
        bound = "minimum" if change.kind == "lower" else "maximum"
        return [(f"tiers.{problem.tiers[change.index]}.{bound}", f"{proposed * 100 / MILLION:.6g}%")]
    if change.kind == "merge":
        return [("merge.enabled", "true")]
    return [(f"merge.{change.kind}", str(proposed))] if change.kind in ("most_agencies", "most_items") else []


def _hundredths(share: int) -> str:
    return f"{share / 100:g}%"


