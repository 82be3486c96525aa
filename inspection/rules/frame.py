"""The frame: who may be drawn, for what (PROTOCOL 3, DOMAIN 1.5).

Firms alike in every attribute a rule looks at are one *profile*; profiles alike in tier, region, kind, tasks and
exemption are one *pool*. Tasks and exemptions are evaluated on profiles, so the cost does not grow with firms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from inspection.model import Pool, Task
from inspection.rules.policy import Policy

NO_TASK = "no-task"
"""Exemption reason of live firms that no task of the year applies to."""

AT_CAP = "at-cap"
"""Exemption reason of firms whose visits of the year have reached their tier's cap."""

AGENCY_CAP = "agency-cap"
"""Exemption reason of firms that only agencies would visit which have reached their cap there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Live firms alike in every attribute.

    ``established`` is the day after the latest cut-off date they were established after, None when after none;
    ``barred`` are agencies that have visited them as often as their cap allows, ``visits`` the visits of the year.
    """

    tier: str
    region: str
    kind: str
    industry: str
    tags: str
    established: date | None
    barred: str
    visits: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Pools in order, and for each profile the index of its pool."""

    pools: tuple[Pool, ...]
    pool_of: tuple[int, ...]


def cutoffs(policy: Policy) -> tuple[date, ...]:
    """The dates that exemptions for young firms look at, ascending."""
    return tuple(sorted({rule.established_after for rule in policy.exemptions if rule.established_after}))


def build_frame(profiles: Sequence[Profile], tasks: Sequence[Task], policy: Policy) -> Frame:
    """Put every profile into its pool.

    Args:
        profiles: of live firms only.
        tasks: of the draw, any order.
        policy: exemptions, tiers and caps.

    Returns:
        Pools ordered by region, tier (lowest risk first), kind, tasks and exemption. Their names hold region, tier
        and a number.
    """
    ordered = sorted(tasks, key=lambda task: task.task)
    subject = _SubjectTo(ordered)
    tiers = {tier: rank for rank, tier in enumerate(policy.tiers)}
    keys = []
    for profile in profiles:
        members = subject.tasks(profile)
        exemption = _exemption(profile, members, policy)
        if exemption == NO_TASK and profile.barred and subject.tasks(profile, ignore_caps=True):
            exemption = AGENCY_CAP
        keys.append((profile.region, tiers[profile.tier], profile.kind, members, exemption))
    sizes: dict[tuple[str, int, str, int, str], int] = {}
    for key, profile in zip(keys, profiles, strict=True):
        sizes[key] = sizes.get(key, 0) + profile.size
    number = {key: position for position, key in enumerate(sorted(sizes))}
    pools, counters = [], dict[tuple[str, int], int]()
    names = list(policy.tiers)
    for region, rank, kind, members, exemption in sorted(sizes):
        count = counters[region, rank] = counters.get((region, rank), 0) + 1
        pools.append(
            Pool(
                pool=f"{region}-{names[rank]}-{count:04d}",
                tier=names[rank],
                region=region,
                kind=kind,
                tasks=subject.names(members),
                size=sizes[region, rank, kind, members, exemption],
                exemption=exemption or None,
            )
        )
    return Frame(pools=tuple(pools), pool_of=tuple(number[key] for key in keys))


class _SubjectTo:
    """Which tasks a profile is subject to, as a bit mask; each attribute's mask is computed once per value."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = tasks
        self._masks: dict[tuple[Callable[[Task, str], bool], str], int] = {}
        self._names: dict[int, tuple[str, ...]] = {}

    def tasks(self, profile: Profile, *, ignore_caps: bool = False) -> int:
        """Bit k is set when the profile meets every condition of task k and none of its agencies is barred."""
        return (
            self._mask(_has_region, profile.region)
            & self._mask(_has_tier, profile.tier)
            & self._mask(_has_kind, profile.kind)
            & self._mask(_has_industry, profile.industry)
            & self._mask(_has_tag, profile.tags)
            & self._mask(_has_agencies, "" if ignore_caps else profile.barred)
        )

    def names(self, mask: int) -> tuple[str, ...]:
        """The tasks of a mask, by name."""
        if mask not in self._names:
            self._names[mask] = tuple(task.task for bit, task in enumerate(self._tasks) if mask >> bit & 1)
        return self._names[mask]

    def _mask(self, test: Callable[[Task, str], bool], value: str) -> int:
        known = self._masks.get((test, value))
        if known is None:
            known = sum(1 << bit for bit, task in enumerate(self._tasks) if test(task, value))
            self._masks[test, value] = known
        return known


def _has_region(task: Task, region: str) -> bool:
    return task.selection.region in ("", region)


def _has_tier(task: Task, tier: str) -> bool:
    return not task.selection.tiers or tier in task.selection.tiers


def _has_kind(task: Task, kind: str) -> bool:
    return not task.selection.kinds or kind in task.selection.kinds


def _has_industry(task: Task, industry: str) -> bool:
    return not task.selection.industries or industry.startswith(task.selection.industries)


def _has_tag(task: Task, tags: str) -> bool:
    return not task.selection.tags or not task.selection.tags.isdisjoint(tags.split(";"))


def _has_agencies(task: Task, barred: str) -> bool:
    return not barred or frozenset(barred.split(";")).isdisjoint(task.agencies)


CONDITIONS: tuple[tuple[str, Callable[[Task, str], bool]], ...] = (
    ("region", _has_region),
    ("tier", _has_tier),
    ("kind", _has_kind),
    ("industry", _has_industry),
    ("tags", _has_tag),
    ("barred", _has_agencies),
)
"""What a task asks of a profile: the attribute looked at, and the test."""


def unmet_conditions(profile: Profile, task: Task) -> tuple[str, ...]:
    """The attributes for which the task does not apply to the profile; none where it does."""
    return tuple(name for name, test in CONDITIONS if not test(task, getattr(profile, name)))


def since_cutoff(established: date | None, after: Sequence[date]) -> date | None:
    """What ``Profile.established`` holds for a founding date, given the cut-off dates ascending."""
    return next((cut + timedelta(days=1) for cut in reversed(after) if established and established > cut), None)


def _exemption(profile: Profile, members: int, policy: Policy) -> str:
    """The reason code of the first rule that keeps a profile out of the draw; '' when it may be drawn."""
    for rule in policy.exemptions:
        if rule.covers(
            tier=profile.tier,
            kind=profile.kind,
            industry=profile.industry,
            tags=frozenset(profile.tags.split(";")),
            established=profile.established,
        ):
            return rule.code
    if profile.visits >= policy.tiers[profile.tier].visits:
        return AT_CAP
    return "" if members else NO_TASK


def exempt_pools(pools: Iterable[Pool]) -> Mapping[str, str]:
    """Pool → reason code, for rules.json."""
    return {pool.pool: pool.exemption for pool in pools if pool.exemption}
