"""A drawn plan as the rule check sees it: plain records, indexed once, and one result per rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from inspection.errors import Language, message
from inspection.model import Assignment, Combination, Inspector, Item, Need, Pool, Recusal, Task, Visit
from inspection.rules.policy import Policy
from inspection.rules.workdays import WorkCalendar

MOST_EXAMPLES = 5
"""Breaches named per rule; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierVisit:
    """A visit made or fixed before this draw; it counts toward caps and gaps."""

    day: date
    agencies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPlan:
    """Everything a rule may ask about.

    Args:
        pools: all pools of live firms, exempt ones included.
        firms: firm → (pool, tier, kind) as the register has it; at least the firms drawn.
        items: item → record.
        needs, assignments: None before the inspector draw.
        days: visit → day; None before the timetable.
        history: firm → earlier visits.
        expected: pool → expected visits of the draw in millionths (the committed flow); None where not at hand.
        totals: task → firms it must visit, where that differs from the task's own count or ratio (a supplement).
    """

    policy: Policy
    calendar: WorkCalendar
    pools: tuple[Pool, ...]
    firms: Mapping[str, tuple[str, str, str]]
    tasks: tuple[Task, ...]
    items: Mapping[str, Item]
    combinations: tuple[Combination, ...]
    visits: tuple[Visit, ...]
    inspectors: tuple[Inspector, ...] = ()
    recusals: tuple[Recusal, ...] = ()
    needs: tuple[Need, ...] | None = None
    assignments: tuple[Assignment, ...] | None = None
    days: Mapping[str, date] | None = None
    history: Mapping[str, tuple[EarlierVisit, ...]] = field(default_factory=dict)
    expected: Mapping[str, int] | None = None
    totals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What one rule says: ``ok`` is None when there was nothing to check it on, ``detail`` then says why.

    ``measured``, ``required``, ``detail`` and ``examples`` hold figures and codes only, so they read in any language.
    """

    rule: str
    ok: bool | None
    measured: str
    required: str
    detail: str = ""
    examples: tuple[str, ...] = ()

    def text(self, language: Language = "zh") -> str:
        """The rule's sentence with its figures, then the verdict and what to do."""
        sentence = message(f"rules.{self.rule}", language, measured=self.measured, required=self.required)
        verdict = {True: "rules.met", False: "rules.broken", None: "rules.unchecked"}[self.ok]
        detail = f" [{self.detail}]" if self.detail else ""
        return sentence + detail + message(verdict, language, examples="; ".join(self.examples) or "-")


def none_of(rule: str, breaches: Iterable[str], detail: str = "") -> RuleResult:
    """The result of a rule that allows no breach; each breach is one short line of codes and figures."""
    found = list(breaches)
    return RuleResult(
        rule=rule,
        ok=not found,
        measured=str(len(found)),
        required="0",
        detail=detail,
        examples=tuple(found[:MOST_EXAMPLES]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A plan's records by name; visits and seats whose references do not resolve are left to ``records.known``."""

    plan: DrawnPlan
    pools: Mapping[str, Pool]
    tasks: Mapping[str, Task]
    combinations: Mapping[str, Combination]
    inspectors: Mapping[str, Inspector]
    visits: Mapping[str, Visit]
    seats: tuple[tuple[Assignment, Visit, Inspector], ...]
    visits_of_firm: Mapping[str, tuple[Visit, ...]]
    unknown: tuple[str, ...]

    @property
    def policy(self) -> Policy:
        """The policy of the plan."""
        return self.plan.policy

    def pool_of(self, firm: str) -> Pool:
        """The pool of a drawn firm."""
        return self.pools[self.plan.firms[firm][0]]

    def combination_of(self, visit: Visit) -> Combination:
        """The tasks done together in a visit."""
        return self.combinations[visit.combination]

    def days(self) -> Iterator[tuple[Visit, date]]:
        """The visits that have a day, in order."""
        placed = self.plan.days or {}
        for name, visit in self.visits.items():
            if name in placed:
                yield visit, placed[name]


def facts_of(plan: DrawnPlan) -> Facts:
    """Index a plan, setting aside what refers to nothing."""
    pools = {pool.pool: pool for pool in plan.pools}
    tasks = {task.task: task for task in plan.tasks}
    known = {
        combination.combination: combination
        for combination in plan.combinations
        if all(task in tasks for task in combination.tasks) and all(item in plan.items for item in combination.items)
    }
    inspectors = {inspector.inspector: inspector for inspector in plan.inspectors}
    unknown = [f"combination {name.combination}" for name in plan.combinations if name.combination not in known]
    visits: dict[str, Visit] = {}
    of_firm: dict[str, list[Visit]] = defaultdict(list)
    for visit in plan.visits:
        if visit.combination in known and plan.firms.get(visit.firm, ("", "", ""))[0] in pools:
            visits[visit.visit] = visit
            of_firm[visit.firm].append(visit)
        else:
            unknown.append(f"visit {visit.visit}: {visit.firm} {visit.combination}")
    seats = []
    for seat in plan.assignments or ():
        if seat.visit in visits and seat.inspector in inspectors:
            seats.append((seat, visits[seat.visit], inspectors[seat.inspector]))
        else:
            unknown.append(f"assignment {seat.visit}: {seat.inspector}")
    unknown += [f"need {need.visit}" for need in plan.needs or () if need.visit not in visits]
    unknown += [f"day {visit}" for visit in plan.days or () if visit not in visits]
    return Facts(
        plan=plan,
        pools=pools,
        tasks=tasks,
        combinations=known,
        inspectors=inspectors,
        visits=visits,
        seats=tuple(seats),
        visits_of_firm={firm: tuple(own) for firm, own in of_firm.items()},
        unknown=tuple(unknown),
    )
