"""Answers of service functions as values of JSON: what ``--json`` prints and what the API sends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from fractions import Fraction
from typing import Any

from inspection.errors import Language
from inspection.office import missing_registers
from inspection.questions.explain import Explanation, Search
from inspection.questions.whatif import Comparison
from inspection.registry.report import ImportReport
from inspection.rules.consequences import AgencyYear, Case, Consequences
from inspection.store.changes import Change

Facts = dict[str, Any]


def to_json(facts: Mapping[str, Any]) -> str:
    """The facts as JSON text: ratios as numbers, dates and times as ISO 8601."""
    return json.dumps(facts, ensure_ascii=False, default=_plain, allow_nan=False)


def plain(facts: Mapping[str, Any]) -> Facts:
    """The facts with nothing in them but what JSON has."""
    found: Facts = json.loads(to_json(facts))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    return sorted(value) if isinstance(value, frozenset) else str(value)


def comparison_facts(found: Comparison, language: Language) -> Facts:
    """The comparison: shares as numbers, figures that are computed beside those that are stored."""
    return {
        "plan": found.name,
        "year": found.year,
        "committed": found.is_committed,
        "cases": [_case_facts(case, language) for case in found.cases],
    }


def _case_facts(case: Case, language: Language) -> Facts:
    facts: Facts = {"name": case.name, "changes": list(case.changes), "feasible": not case.shortage}
    if case.consequences is None:
        remedies = [{"text": each.text[language], "settings": dict(each.settings)} for each in case.remedies]
        return {**facts, "shortage": case.shortage[language], "remedies": remedies}
    return {**facts, "figures": _figures(case.consequences), "unseen": list(case.unseen)}


def _figures(found: Consequences) -> Facts:
    shares = ("coverage", "joint_by_visits", "joint_by_firms", "joint_by_tasks")
    facts = asdict(found)
    facts |= {name: {**facts[name], "ratio": getattr(found, name).ratio} for name in shares}
    facts |= {"cut": found.cut, "visits_per_firm": found.visits_per_firm, "seats": found.seats}
    facts["tiers"] = [{**asdict(tier), "mean": tier.mean} for tier in found.tiers]
    facts["agencies"] = [_year(year) for year in found.agencies]
    return facts


def _year(year: AgencyYear) -> Facts:
    highest = {**asdict(year.highest), "ratio": year.highest.ratio}
    return {**asdict(year), "seats": year.seats, "available": year.available, "highest": highest}


def explanation_facts(found: Explanation | Search) -> Facts:
    """Why a firm has its chance, or which firms a text fits."""
    facts = asdict(found)
    if isinstance(found, Search):
        return {"found": len(found.firms), **facts}
    rules = {name: getattr(found.rules, name) for name in type(found.rules).model_fields}
    facts |= {"rules": rules, "tier": {**facts["tier"], "mean": found.tier.mean}}
    facts["tasks"] = [{**asdict(task), "ratio": task.ratio} for task in found.tasks]
    facts["draws"] = [{**asdict(each), "is_drawn": each.is_drawn} for each in found.draws]
    return facts


def import_facts(report: ImportReport, language: Language) -> Facts:
    """What an import did: rows per register, reasons with their counts, what a planner should know of."""
    return {
        "snapshot": report.snapshot.digest if report.snapshot else None,
        "missing": list(missing_registers(report.snapshot)) if report.snapshot else [],
        "registers": {
            kind: {"read": counts.read, "accepted": counts.accepted, "rejected": counts.rejected}
            for kind, counts in report.counts.items()
        },
        "reasons": [
            {"register": register, "code": code, "count": count} for (register, code), count in report.reasons.items()
        ],
        "rejects": str(report.rejects) if report.rejects else None,
        "notices": [notice.text(language) for notice in report.warnings],
    }


def change_facts(change: Change) -> Facts:
    """A change asked for after a draw, who asked, who decided, and who came in."""
    return {
        **asdict(change.wish),
        "number": change.number,
        "state": change.state,
        "requested_by": change.requested_by,
        "requested_at": change.requested_at.isoformat(),
        "decided_by": change.decided_by,
        "decided_at": change.decided_at.isoformat() if change.decided_at else None,
        "successor": change.successor,
    }
