"""A shortage in a planner's words: which rule, by how much, and what would make the plan possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspection.errors import Language, message
from inspection.model import MILLION, Agency
from inspection.planning.chances import AgencyShortage
from inspection.planning.quotas import RegionProblem, RegionShortage
from solver.merge import Relaxation, Relief, ShortRule

BASIS = 10_000
"""A joint share in a proposal is in hundredths of a per cent (solver/shortage.py)."""


def shortage_words(short: RegionShortage, agencies: Mapping[str, Agency], language: Language) -> str:
    """One line per rule in conflict, then one per change that would help, cheapest first."""
    words = _Words(short.problem, agencies, language)
    lines = [message("plan.short.region", language, region=short.problem.region)]
    lines += [f"  · {words.rule(rule)}" for rule in short.shortage.rules]
    if short.shortage.relaxations:
        lines.append("  " + message("plan.short.helps", language))
    lines += [f"    {number}. {words.relaxation(each)}" for number, each in enumerate(short.shortage.relaxations, 1)]
    return "\n".join(lines)


def seat_words(short: AgencyShortage, agencies: Mapping[str, Agency], language: Language) -> str:
    """One line per group of visits that the agency's officers cannot staff."""
    problem = short.problem
    named = agencies.get(problem.agency)
    return "\n".join(
        message(
            "plan.seats.qualified" if group.qualified else "plan.seats.group",
            language,
            agency=named.name if named else problem.agency,
            months=spans(problem.months, group.months, language),
            visits=len(group.needs),
            demand=group.demand,
            officers=len(group.inspectors),
            capacity=group.capacity,
            short=group.short,
        )
        for group in short.shortage.groups
    )


class _Words:
    """Names for the indices of one region's problem."""

    def __init__(self, problem: RegionProblem, agencies: Mapping[str, Agency], language: Language) -> None:
        self._problem = problem
        self._agencies = agencies
        self._language = language

    def rule(self, rule: ShortRule) -> str:
        """What the rule asks, what can be had, and what is missing."""
        unit = MILLION if rule.kind in ("lower", "upper") else 1
        return message(
            f"plan.short.{rule.kind}",
            self._language,
            subject=self._subject(rule.kind, rule.index),
            months=self._months(rule.months),
            required=_figure(rule.required, unit),
            attainable=_figure(rule.attainable, unit),
            short=_figure(rule.short, unit),
        )

    def relaxation(self, relaxation: Relaxation) -> str:
        """The changes in one line, and whether a plan was found under them."""
        joint = message("plan.short.and", self._language) + "\n       "
        changes = joint.join(self._change(each) for each in relaxation.changes)
        return changes if relaxation.is_checked else changes + message("plan.short.unchecked", self._language)

    def _change(self, change: Relief) -> str:
        unit = MILLION if change.kind in ("lower", "upper") else 1
        months = self._months(change.months)
        if change.kind == "window":
            return message(
                "plan.relief.window", self._language, subject=self._subject("window", change.index), months=months
            )
        return message(
            f"plan.relief.{change.kind}",
            self._language,
            subject=self._subject(change.kind, change.index),
            months=months,
            current=_share(change.current) if change.kind == "joint" else _figure(change.current, unit),
            proposed=_share(change.proposed) if change.kind == "joint" else _figure(change.proposed, unit),
            more=_figure(abs(change.proposed - change.current), unit),
        )

    def _months(self, months: Sequence[int]) -> str:
        return spans(self._problem.months, months, self._language)

    def _subject(self, kind: str, index: int) -> str:
        """The task, resource or group of firms that the index stands for."""
        if index < 0:
            return self._problem.region
        if kind in ("task_total", "window", "limits"):
            task = self._problem.tasks[index]
            return f"{task.task} {task.name}"
        if kind == "seats":
            resource = self._problem.resources[index]
            agency = self._agencies.get(resource.agency)
            name = agency.name if agency else resource.agency or resource.alone
            return f"{name} ({resource.qualification})" if resource.qualification else name
        members = [p for p, of in zip(self._problem.pools, self._problem.signature_of, strict=True) if of == index]
        tiers = "/".join(sorted({pool.tier for pool in members}))
        return message(
            "plan.short.group",
            self._language,
            tiers=tiers,
            firms=sum(pool.size for pool in members),
            tasks=len(members[0].tasks) if members else 0,
        )


def _figure(value: int, unit: int) -> str:
    return str(value) if unit == 1 else f"{value / unit:.2f}"


def _share(value: int) -> str:
    return f"{value * 100 / BASIS:g}%"


def spans(names: Sequence[str], months: Sequence[int], language: Language) -> str:
    """Months as runs: 2027-03 至 2027-06, 2027-09."""
    runs: list[list[int]] = []
    for month in sorted(months):
        if runs and month == runs[-1][-1] + 1:
            runs[-1].append(month)
        else:
            runs.append([month])
    return ", ".join(
        names[run[0]]
        if len(run) == 1
        else message("plan.short.span", language, first=names[run[0]], last=names[run[-1]])
        for run in runs
    )
