"""Visits that an agency cannot staff, and those it can staff in one way only, in a planner's words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from inspection.errors import Language, message
from inspection.model import Agency
from inspection.planning.chances import AgencyProblem, AgencyShortage
from inspection.planning.span_words import spans
from solver.seat_shortage import ShortGroup

MOST_NAMES = 5


def seat_words(short: AgencyShortage, agencies: Mapping[str, Agency], language: Language) -> str:
    """One line per group of visits that the agency's officers cannot staff (a minimum cut)."""
    return "\n".join(_group(short.problem, group, agencies, language) for group in short.shortage.groups)


def _group(problem: AgencyProblem, group: ShortGroup, agencies: Mapping[str, Agency], language: Language) -> str:
    wanted = {problem.needs[n].qualification for n in group.needs} - {None}
    return message(
        "shortage.staff.qualified" if group.qualified else "shortage.staff",
        language,
        agency=_name(problem, agencies),
        months=spans(problem.months, group.months, language),
        visits=len(group.needs),
        demand=group.demand,
        officers=len(group.inspectors),
        capacity=group.capacity,
        short=group.short,
        qualification=", ".join(sorted(str(each) for each in wanted)),
        names=_people(problem, group.inspectors, language),
    )


def forced_words(
    problem: AgencyProblem, forced: Sequence[int], agencies: Mapping[str, Agency], language: Language
) -> list[str]:
    """Needs that leave no choice of officers, told together where the same officers must go."""
    alike: dict[tuple[tuple[int, ...], str], list[int]] = defaultdict(list)
    for n in forced:
        alike[_who_must(problem, n)].append(n)
    months = problem.problem.month
    return [
        message(
            "shortage.forced.line",
            language,
            agency=_name(problem, agencies),
            months=spans(problem.months, sorted({int(months[n]) for n in needs}), language),
            visits=len(needs),
            names=_people(problem, people, language),
            what=message(
                "shortage.forced.holders" if qualification else "shortage.forced.officers",
                language,
                qualification=qualification,
            ),
        )
        for (people, qualification), needs in sorted(alike.items())
    ]


def _who_must(problem: AgencyProblem, n: int) -> tuple[tuple[int, ...], str]:
    """The officers that must go, and the qualification for which only they can (empty: any officer would do)."""
    numbers, need = problem.problem, problem.needs[n]
    row = numbers.group[n]
    holders = tuple(int(h) for h in numbers.holder[row].nonzero()[0])
    if need.qualified and len(holders) <= need.qualified:
        return holders, need.qualification or ""
    return tuple(int(h) for h in numbers.eligible[row].nonzero()[0]), ""


def _people(problem: AgencyProblem, inspectors: Sequence[int], language: Language) -> str:
    """Codes of inspectors, the first few."""
    if not inspectors:
        return message("shortage.staff.nobody", language)
    codes = [problem.inspectors[h].inspector for h in inspectors[:MOST_NAMES]]
    text = message("shortage.comma", language).join(codes)
    more = len(inspectors) - len(codes)
    return text + message("shortage.more", language, count=more) if more > 0 else text


def _name(problem: AgencyProblem, agencies: Mapping[str, Agency]) -> str:
    known = agencies.get(problem.agency)
    return known.name if known else problem.agency
