"""Firms to which, for recusals, too few officers may go: told before the commitment, since chance may draw them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from inspection.errors import Language, message
from inspection.model import Agency, Inspector, Item, Recusal, Task
from inspection.planning.resources import Resource, is_certified, resources_of, seats_per_visit
from inspection.rules.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class RecusalGap:
    """What a visit to a firm would lack of an agency in some months, should it be drawn for them.

    Attributes:
        of: the agency, or its holders of a qualification.
        months: YYYY-MM, in order.
        left: certified officers without a recusal in the worst of these months.
        needed: officers a visit takes.
    """

    firm: str
    of: Resource
    months: tuple[str, ...]
    left: int
    needed: int


def recusal_gaps(
    tasks: Sequence[Task],
    items: Mapping[str, Item],
    inspectors: Iterable[Inspector],
    recusals: Iterable[Recusal],
    policy: Policy,
) -> tuple[RecusalGap, ...]:
    """The gaps that recusals alone make, by firm, agency and qualification.

    Whether the firm is subject to the agency's tasks is not asked: a gap is what would be lacking if it were.
    """
    resources = [of for of in resources_of(tasks, items, policy) if not of.alone]
    needed = dict(zip(resources, seats_per_visit(resources, policy).tolist(), strict=True))
    months: dict[str, set[str]] = defaultdict(set)
    for task in tasks:
        for agency in task.agencies:
            months[agency].update(task.months)
    staff: dict[Resource, list[Inspector]] = defaultdict(list)
    for person in inspectors:
        for qualification in ("", *person.qualifications):
            staff[Resource(agency=person.agency, qualification=qualification)].append(person)
    barred: dict[str, set[str]] = defaultdict(set)
    for recusal in recusals:
        barred[recusal.firm].add(recusal.inspector)
    gaps = []
    for of in resources:
        by_month = {
            month: {person.inspector for person in staff[of] if is_certified(person, month, policy)}
            for month in sorted(months[of.agency])
        }
        for firm, people in barred.items():
            left = {month: len(able - people) for month, able in by_month.items() if able & people}
            short = {month: count for month, count in left.items() if count < needed[of] <= len(by_month[month])}
            if short:
                gaps.append(
                    RecusalGap(firm=firm, of=of, months=tuple(short), left=min(short.values()), needed=needed[of])
                )
    return tuple(sorted(gaps, key=lambda gap: (gap.firm, gap.of.agency, gap.of.qualification)))


def gap_words(gap: RecusalGap, agencies: Mapping[str, Agency], language: Language) -> str:
    """One gap in a sentence, with what helps."""
    return message(
        "plan.recusal_gap.holders" if gap.of.qualification else "plan.recusal_gap.officers",
        language,
        firm=gap.firm,
        agency=agencies[gap.of.agency].name,
        qualification=gap.of.qualification,
        months=", ".join(gap.months),
        left=gap.left,
        needed=gap.needed,
    )
