"""What quotas come to before anything is drawn: burden, shares, chances and loads, counted from the committed flow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from inspection.model import MILLION, Agency, Combination, Inspector, Pool, Share, Task
from inspection.planning.quotas import Quotas, task_total
from inspection.planning.resources import Resource, seats
from inspection.planning.summary import expected_visits, tier_chances
from inspection.rules.consequences import AgencyYear, Consequences, MonthLoad
from inspection.rules.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Pools with their quotas."""

    pools: tuple[Pool, ...]
    quotas: Quotas


def forecast(
    planned: Planned,
    tasks: Sequence[Task],
    inspectors: Sequence[Inspector],
    agencies: Mapping[str, Agency],
    policy: Policy,
) -> Consequences:
    """The figures of quotas; nothing is solved or drawn."""
    pools, combinations = planned.pools, planned.quotas.combinations
    expected = expected_visits(planned.quotas.flow)
    months: Counter[str] = Counter()
    for each in combinations:
        months.update(each.visits)
    visits = months.total()
    shares = _joint(combinations, policy)
    size = {pool.pool: pool.size for pool in pools}
    beyond = sum(max(0, flow - size[pool] * MILLION) for pool, flow in expected.items())
    return Consequences(
        firms_in_frame=sum(size.values()),
        firms_exempt=sum(pool.size for pool in pools if pool.exemption),
        inspectors=len(inspectors),
        tasks=len({task for each in combinations for task in each.tasks}),
        checks=sum(sum(each.visits.values()) * len(each.tasks) for each in combinations),
        visits=visits,
        visits_bound=planned.quotas.bound,
        repeat_visits=Fraction(beyond, MILLION),
        repeat_visits_unmerged=_repeats_unmerged(pools, tasks),
        coverage=_coverage(pools, expected, policy),
        coverage_denominator=policy.coverage.denominator,
        joint_by_visits=shares["visits"],
        joint_by_firms=shares["firms"],
        joint_by_tasks=shares["tasks"],
        joint_counted_by=policy.joint.counted_by,
        tiers=tier_chances(pools, expected, list(policy.tiers)),
        visits_per_month=tuple(sorted(months.items())),
        agencies=_agencies(planned, (tasks, inspectors), agencies, policy),
    )


def _coverage(pools: Iterable[Pool], expected: Mapping[str, int], policy: Policy) -> Share:
    """Firms of the denominator's kinds that every outcome visits, of all such live firms."""
    counted = [pool for pool in pools if pool.kind in policy.coverage_kinds]
    return Share(
        part=sum(expected.get(pool.pool, 0) for pool in counted) // MILLION,
        whole=sum(pool.size for pool in counted),
        floor=policy.coverage.floor,
    )


def _joint(combinations: Sequence[Combination], policy: Policy) -> dict[str, Share]:
    """The joint share by visits, by firms (no firm is drawn twice, so the same) and by combinations with visits."""
    used = [each for each in combinations if sum(each.visits.values())]
    visits = sum(sum(each.visits.values()) for each in used)
    joint = sum(sum(each.visits.values()) for each in used if each.is_joint)
    counts = {
        "visits": (joint, visits),
        "firms": (joint, visits),
        "tasks": (sum(1 for each in used if each.is_joint), len(used)),
    }
    rule = policy.joint
    return {
        name: Share(part=part, whole=whole, floor=rule.floor if name == rule.counted_by else Fraction(0))
        for name, (part, whole) in counts.items()
    }


def _repeats_unmerged(pools: Sequence[Pool], tasks: Sequence[Task]) -> int:
    """Expected visits beyond a firm's first where each task draws its firms evenly and apart from the others."""
    repeats = 0.0
    for region in sorted({pool.region for pool in pools}):
        drawable = [pool for pool in pools if pool.region == region and not pool.exemption]
        subject: Counter[str] = Counter()
        for pool in drawable:
            for task in pool.tasks:
                subject[task] += pool.size
        total = {task.task: task_total(task, drawable) for task in tasks if subject[task.task]}
        repeats += sum(total.values())
        for pool in drawable:
            missed = 1.0
            for task in pool.tasks:
                missed *= 1.0 - min(1.0, total[task] / subject[task])
            repeats -= pool.size * (1.0 - missed)
    return round(repeats)


def _agencies(
    planned: Planned,
    registers: tuple[Sequence[Task], Sequence[Inspector]],
    agencies: Mapping[str, Agency],
    policy: Policy,
) -> tuple[AgencyYear, ...]:
    """The year of every agency that takes part, most visits first; months are those of any task's window."""
    tasks, inspectors = registers
    due: dict[str, Counter[str]] = {}
    joint: Counter[str] = Counter()
    for each in planned.quotas.combinations:
        for agency in each.agencies:
            due.setdefault(agency, Counter()).update(each.visits)
            joint[agency] += sum(each.visits.values()) if each.is_joint else 0
    staff = Counter(person.agency for person in inspectors)
    months = sorted({month for task in tasks for month in task.months})
    order = sorted(due, key=lambda agency: (-due[agency].total(), agency))
    available = seats([Resource(agency=agency) for agency in order], months, inspectors, policy).tolist()
    return tuple(
        AgencyYear(
            agency=agency,
            name=agencies[agency].name,
            inspectors=staff[agency],
            visits=due[agency].total(),
            joint_visits=joint[agency],
            officer_months=Fraction(
                due[agency].total() * policy.officers_of(agency), policy.visits_per_officer_month(agency)
            ),
            months=tuple(
                MonthLoad(month=month, seats=due[agency][month] * policy.officers_of(agency), available=have)
                for month, have in zip(months, row, strict=True)
            ),
        )
        for agency, row in zip(order, available, strict=True)
    )
