"""Numbers as people read them, and the words around them in both languages."""

from __future__ import annotations

from fractions import Fraction

from inspection.errors import Language, message
from inspection.model import Share, Summary


def phrase(name: str, language: Language, /, **params: object) -> str:
    """The words under ``documents.<name>``."""
    return message(f"documents.{name}", language, **params)


def count(number: int) -> str:
    """``90000`` as ``90,000``."""
    return f"{number:,}"


def percent(share: Fraction) -> str:
    """``Fraction(1, 48)`` as ``2.1%``: one decimal, two below one per cent, rounded half up."""
    digits = 1 if share >= Fraction(1, 100) or share == 0 else 2
    scale = 10**digits
    whole = (share * 100 * scale * 2 + 1) // 2
    return f"{whole // scale}.{whole % scale:0{digits}d}%"


def floor_percent(share: Fraction) -> str:
    """Like ``percent``, cut instead of rounded, so that a missed floor never reads as reached."""
    tenths = share * 1000 // 1
    return f"{tenths // 10}.{tenths % 10}%" if share >= Fraction(1, 1000) else percent(share)


def one_in(chance: Fraction, language: Language) -> str:
    """``Fraction(2, 97)`` as ``每 49 户 1 户``."""
    if chance <= 0:
        return phrase("none", language)
    if chance >= 1:
        return phrase("every", language)
    return phrase("one_in", language, n=count(round(1 / chance)) if chance <= Fraction(1, 10) else _tenths(1 / chance))


def _tenths(number: Fraction) -> str:
    return f"{float(number):.1f}".removesuffix(".0")


def rule_shares(summary: Summary, language: Language) -> list[tuple[str, Share, bool]]:
    """The shares a plan is held to: words, the share, whether its floor binds; coverage first, then joint."""
    joint = {
        "visits": summary.joint_by_visits,
        "firms": summary.joint_by_firms,
        "tasks": summary.joint_by_tasks,
    }
    coverage = phrase(f"coverage.{summary.coverage_denominator}", language)
    rows = [(coverage, summary.coverage, True)]
    return rows + [
        (phrase(f"joint.{measure}", language), share, measure == summary.joint_counted_by)
        for measure, share in joint.items()
    ]


def verdict(share: Share, binds: bool, language: Language) -> str:
    """Met, not met, or for information only."""
    if not binds:
        return phrase("informative", language)
    return phrase("met" if share.is_met else "unmet", language)
