"""Why a firm has the chance it has: its pool, its tasks, the rule that binds; and what a draw made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cached_property

from inspection.model import MILLION, Combination, Pool, Task, TierChance
from inspection.office import Office
from inspection.planning.binding import Binding, Grounds, grounds_of
from inspection.planning.forecast import Planned
from inspection.planning.quotas import region_problems, task_total
from inspection.planning.summary import expected_visits, tier_chances
from inspection.questions.standing_plan import Standing, standing
from inspection.registry.firm_search import RegisteredFirm, RejectedRow, find_firms, find_rejected
from inspection.rules.frame import Profile, build_frame, cutoffs, since_cutoff, unmet_conditions
from inspection.rules.policy_sections import TierRules
from inspection.steps import firm_steps
from inspection.steps.firm_in_draw import FirmInDraw, firm_in_draws
from inspection.steps.line import Given

MOST_FOUND = 20
"""Firms or rejected rows named when a search finds several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChance:
    """A task the firm is subject to: ``total`` of ``firms`` drawable firms are visited for it; the firm's chance."""

    task: str
    name: str
    total: int
    firms: int
    chance: Fraction

    @property
    def ratio(self) -> Fraction:
        """What every firm subject to the task would have, were they all treated alike."""
        return Fraction(self.total, self.firms) if self.firms else Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludedTask:
    """A task that does not apply to the firm, the attributes of the firm that say so, and what the task asks there."""

    task: str
    name: str
    unmet: tuple[str, ...]
    asked: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CombinationChance:
    """A merged visit the firm may get, by agencies' names; ``flow`` is the pool's, millionths; months add up."""

    combination: str
    tasks: tuple[str, ...]
    agencies: tuple[str, ...]
    flow: int
    chance: Fraction
    months: tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A firm's chance in the plan as it stands, and why.

    Attributes:
        firm: as the plan's register has it.
        plan: the plan's name; ``is_committed`` says whether it can still change.
        pool: None for a firm that is not live: nobody draws it.
        chance: of at least one visit in the year's draw; a firm is drawn at most once, so combinations add up to it.
        even: what it would be by the tiers' weights alone, could every visit go to any firm of the region.
        free: what it would be without the coverage floor; ``binding`` says which rule makes the difference.
        exemption: reason code and, where the policy has one, the reason in words.
        rules: least, most, weight and visits of the tier; ``tier`` what its firms have.
        draws: what each finished draw made of the firm, in order.
    """

    firm: RegisteredFirm
    plan: str
    is_committed: bool
    pool: Pool | None
    chance: Fraction
    even: Fraction
    free: Fraction
    binding: Binding | None
    exemption: tuple[str, str] | None
    rules: TierRules
    tier: TierChance
    combinations: tuple[CombinationChance, ...]
    tasks: tuple[TaskChance, ...]
    excluded: tuple[ExcludedTask, ...]
    draws: tuple[FirmInDraw, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A text that is no one firm's: the firms it fits, or, where there are none, rows an import refused."""

    text: str
    firms: tuple[RegisteredFirm, ...]
    rejected: tuple[RejectedRow, ...]


def explain(office: Office, text: str, base: Standing | None = None) -> Explanation | Search:
    """The chance of the firm with this code, or the only one whose name holds the text; else what was found.

    Args:
        base: the plan as it stands, where it is at hand.

    Raises:
        PlanError: nothing is planned yet and the rules cannot be met.
        InputError, StoreError: there is no policy, or there are no registers.
    """
    base = base or standing(office)
    found = find_firms(base.given.snapshot.firms, text.strip(), MOST_FOUND + 1)
    if len(found) != 1:
        rejected = () if found else find_rejected(office.workspace.quarantine, text.strip(), MOST_FOUND)
        return Search(text=text, firms=found, rejected=rejected)
    plan = base.stored
    if plan is None:
        pools = firm_steps.write_frame(base.given, None)
        plan = Planned(pools=pools, quotas=firm_steps.solve(base.given, pools, map))
    drawn = firm_in_draws(base.line, found[0].firm) if base.line else ()
    explainer = Explainer(base.given, plan, is_committed=base.is_committed)
    return replace(explainer.explanation(found[0]), draws=drawn)


class Explainer:
    """A plan of which one firm after the other may be asked; what firms share is worked out once."""

    def __init__(self, given: Given, plan: Planned, *, is_committed: bool = False) -> None:
        self._given = given
        self._plan = plan
        self._is_committed = is_committed
        flow = plan.quotas.flow
        tiers = tier_chances(plan.pools, expected_visits(flow), list(given.policy.tiers))
        self._tiers = {each.tier: each for each in tiers}

    @cached_property
    def grounds(self) -> Mapping[str, Grounds]:
        """By region."""
        given, quotas = self._given, self._plan.quotas
        problems = region_problems(self._plan.pools, given.tasks, given.items, given.inspectors, given.policy)
        return {
            problem.region: grounds_of(problem, quotas.combinations, quotas.flow, given.policy) for problem in problems
        }

    def explanation(self, firm: RegisteredFirm) -> Explanation:
        """Why a firm of the plan's register has its chance; ``draws`` is left empty."""
        given, plan = self._given, self._plan
        profile = profile_of(firm, given)
        pool = _pool_of(profile, given, plan.pools) if firm.status == "live" else None
        grounds = self.grounds.get(firm.region) if pool else None
        combinations = _combinations(pool, plan, given) if pool else ()
        return Explanation(
            firm=firm,
            plan=given.policy.plan.name,
            is_committed=self._is_committed,
            pool=pool,
            chance=sum((each.chance for each in combinations), Fraction(0)),
            even=grounds.even_chance(pool) if pool and grounds else Fraction(0),
            free=grounds.free_chance(pool) if pool and grounds else Fraction(0),
            binding=grounds.binding(pool) if pool and grounds else "exempt" if pool else None,
            exemption=_exemption(pool, given) if pool else None,
            rules=given.policy.tiers[firm.tier],
            tier=self._tiers[firm.tier],
            combinations=combinations,
            tasks=_tasks(pool, plan.pools, given.tasks, combinations) if pool else (),
            excluded=_excluded(profile, given.tasks),
            draws=(),
        )


def profile_of(firm: RegisteredFirm, given: Given) -> Profile:
    """What the frame looks at of a firm that nothing was drawn for yet."""
    established: date | None = since_cutoff(firm.established, cutoffs(given.policy))
    return Profile(
        tier=firm.tier,
        region=firm.region,
        kind=firm.kind,
        industry=firm.industry,
        tags=firm.tags,
        established=established,
        barred="",
        visits=0,
        size=1,
    )


def _pool_of(profile: Profile, given: Given, pools: Iterable[Pool]) -> Pool:
    """The pool of the plan that firms of this profile stand in."""
    (alone,) = build_frame([profile], given.tasks, given.policy).pools
    key = (alone.region, alone.tier, alone.kind, alone.tasks, alone.exemption)
    return next(pool for pool in pools if (pool.region, pool.tier, pool.kind, pool.tasks, pool.exemption) == key)


def _combinations(pool: Pool, plan: Planned, given: Given) -> tuple[CombinationChance, ...]:
    """The merged visits that flow into the pool, likeliest first."""
    own = f"pool:{pool.pool}"
    flows = {head.removeprefix("task:"): flow for tail, head, flow in plan.quotas.flow if tail == own}
    rows = [
        CombinationChance(
            combination=each.combination,
            tasks=each.tasks,
            agencies=tuple(given.agencies[agency].name for agency in each.agencies),
            flow=flows[each.combination],
            chance=(chance := Fraction(flows[each.combination], pool.size * MILLION)),
            months=_months(each, chance),
        )
        for each in plan.quotas.combinations
        if flows.get(each.combination)
    ]
    return tuple(sorted(rows, key=lambda row: (-row.chance, row.combination)))


def _months(combination: Combination, chance: Fraction) -> tuple[tuple[str, Fraction], ...]:
    """A firm's month has exactly the combination's month shares as its chances (PROTOCOL 6.3)."""
    total = sum(combination.visits.values())
    return tuple((month, chance * count / total) for month, count in sorted(combination.visits.items()))


def _tasks(
    pool: Pool, pools: Sequence[Pool], tasks: Iterable[Task], combinations: Iterable[CombinationChance]
) -> tuple[TaskChance, ...]:
    """The tasks of the pool, those that ask for the largest share of their firms first."""
    # A task of no region is owed by each region for itself.
    drawable = [each for each in pools if each.region == pool.region and not each.exemption]
    firms: Counter[str] = Counter()
    for each in drawable:
        for task in each.tasks:
            firms[task] += each.size
    chance: dict[str, Fraction] = {}
    for row in combinations:
        for task in row.tasks:
            chance[task] = chance.get(task, Fraction(0)) + row.chance
    rows = [
        TaskChance(
            task=each.task,
            name=each.name,
            total=task_total(each, drawable),
            firms=firms[each.task],
            chance=chance.get(each.task, Fraction(0)),
        )
        for each in tasks
        if each.task in pool.tasks
    ]
    return tuple(sorted(rows, key=lambda row: (-row.ratio, row.task)))


def _excluded(profile: Profile, tasks: Iterable[Task]) -> tuple[ExcludedTask, ...]:
    """Tasks that do not apply, those that nearly would first."""
    rows = [
        ExcludedTask(task=each.task, name=each.name, unmet=unmet, asked=tuple(_asked(each, name) for name in unmet))
        for each in tasks
        if (unmet := unmet_conditions(profile, each))
    ]
    return tuple(sorted(rows, key=lambda row: (len(row.unmet), row.unmet, row.task)))


def _asked(task: Task, name: str) -> str:
    """What the task asks of an attribute, as codes."""
    of = task.selection
    asked: Mapping[str, Iterable[str]] = {
        "region": [of.region],
        "tier": sorted(of.tiers),
        "kind": sorted(of.kinds),
        "industry": of.industries,
        "tags": sorted(of.tags),
        "barred": task.agencies,
    }
    return ";".join(asked[name])


def _exemption(pool: Pool, given: Given) -> tuple[str, str] | None:
    """Code and words of the reason why no firm of the pool is drawn."""
    if not pool.exemption:
        return None
    words = {rule.code: rule.reason for rule in given.policy.exemptions}
    return pool.exemption, words.get(pool.exemption, "")
