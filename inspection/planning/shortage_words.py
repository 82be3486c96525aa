"""A shortage in a planner's words: which rules conflict, by how much, and what would make the plan possible."""

from __future__ import annotations

from collections.abc import Mapping

from inspection.errors import Language, message
from inspection.model import MILLION, Agency
from inspection.planning.quotas import RegionProblem, RegionShortage
from inspection.planning.span_words import spans
from solver.merge import Conflict, Relaxation, Relief, ShortRule

BASIS = 10_000
"""A joint share is in hundredths of a per cent (solver/rule_drop.py)."""

MOST_NAMES = 3
"""Tasks of one side that are named."""

MOST_CHANGES = 8
"""Changes of one relaxation that are listed one by one."""


def shortage_words(short: RegionShortage, agencies: Mapping[str, Agency], language: Language) -> str:
    """The rules of each conflict, then one line per change that would help, cheapest first."""
    words = _Words(short.problem, agencies, language)
    lines = [message("shortage.region", language, region=short.problem.region)]
    for conflict in short.shortage.conflicts:
        lines += words.conflict(conflict)
    helping = short.shortage.relaxations
    lines.append(message("shortage.helps" if helping else "shortage.helpless", language))
    lines += [f"    {number}. {words.relaxation(each)}" for number, each in enumerate(helping, 1)]
    return "\n".join(lines)


def relaxation_words(
    problem: RegionProblem, relaxation: Relaxation, agencies: Mapping[str, Agency], language: Language
) -> str:
    """The changes of one remedy, as ``shortage_words`` lists them."""
    return _Words(problem, agencies, language).relaxation(relaxation)


class _Words:
    """Names for the indices of one region's problem."""

    def __init__(self, problem: RegionProblem, agencies: Mapping[str, Agency], language: Language) -> None:
        self._problem = problem
        self._agencies = agencies
        self._language: Language = language

    def conflict(self, conflict: Conflict) -> list[str]:
        """A headline and one line for each side."""
        alone = "shortage.conflict.alone" if len(conflict.sides) == 1 else "shortage.conflict"
        code = alone if conflict.is_proven else "shortage.unproven"
        lines = [message(code, self._language, count=len(conflict.sides))]
        lines += [f"  · {self._side(side)}" for side in conflict.sides]
        if len(conflict.sides) == 1:
            lines[-1] += self._note(conflict.sides[0])
        return lines

    def relaxation(self, relaxation: Relaxation) -> str:
        """The changes of one remedy."""
        joint = message("shortage.and", self._language) + "\n       "
        listed = [self._change(each) for each in relaxation.changes[:MOST_CHANGES]]
        rest = relaxation.changes[MOST_CHANGES:]
        if rest:
            current, proposed = sum(each.current for each in rest), sum(each.proposed for each in rest)
            listed.append(
                message("shortage.relief.more", self._language, count=len(rest), current=current, proposed=proposed)
            )
        return joint.join(listed)

    def _side(self, side: ShortRule) -> str:
        if len(side.indices) > 1:
            return self._many(side)
        if side.kind in ("most_agencies", "most_items"):
            limit = getattr(self._problem.merge, side.kind)
            return message(f"shortage.side.{side.kind}", self._language, limit=limit)
        index = side.indices[0] if side.indices else -1
        bare = side.attainable is None and side.kind not in ("window", "merge")
        required = side.required
        if required is None and side.kind == "task_total":
            required = int(self._problem.merge.totals[index])
        if required is None and side.kind == "coverage":
            required = self._problem.merge.coverage
        if required is None and side.kind == "joint":
            required = self._problem.merge.joint[0] * BASIS // self._problem.merge.joint[1]
        return message(
            f"shortage.{'bare' if bare else 'side'}.{side.kind}",
            self._language,
            subject=self._subject(side.kind, index),
            months=spans(self._problem.months, side.months, self._language),
            required=_figure(side.kind, required),
            attainable=_figure(side.kind, side.attainable),
            short=_figure(side.kind, side.short),
        )

    def _many(self, side: ShortRule) -> str:
        """A rule of many tasks: how many, and the largest by name."""
        totals = self._problem.merge.totals
        largest = sorted(side.indices, key=lambda k: (-int(totals[k]), k))[:MOST_NAMES]
        names = message("shortage.comma", self._language).join(self._subject("task_total", k) for k in largest)
        if len(side.indices) > MOST_NAMES:
            names += message("shortage.more", self._language, count=len(side.indices) - MOST_NAMES)
        return message(
            f"shortage.many.{side.kind}",
            self._language,
            count=len(side.indices),
            required=sum(int(totals[k]) for k in side.indices),
            names=names,
        )

    def _note(self, side: ShortRule) -> str:
        """Why a task cannot be done at all, where that is not a rule anybody could change."""
        if side.kind != "task_total":
            return ""
        merge, k = self._problem.merge, side.indices[0]
        used = merge.resources[k]
        if merge.conflicts[used][:, used].any():
            return message("shortage.note.clash", self._language)
        return "" if merge.signatures[:, k].any() else message("shortage.note.nobody", self._language)

    def _change(self, change: Relief) -> str:
        return message(
            f"shortage.relief.{change.kind}",
            self._language,
            subject=self._subject("seats" if change.kind == "officers" else change.kind, change.index),
            months=spans(self._problem.months, change.months, self._language),
            current=_amount(change.kind, change.current),
            proposed=_amount(change.kind, change.proposed),
            more=change.proposed - change.current,
            share=self._coverage_share(change.proposed),
        )

    def _coverage_share(self, visits: int) -> str:
        """Visits as a share of the firms counted, in hundredths of a per cent, rounded down so that it suffices."""
        return f"{visits * BASIS // max(self._problem.firms_counted, 1) / 100:g}%"

    def _subject(self, kind: str, index: int) -> str:
        """The task, resource or tier that the index stands for."""
        if index < 0:
            return self._problem.region
        if kind in ("task_total", "window"):
            task = self._problem.tasks[index]
            return f"{task.task} {task.name}"
        if kind == "seats":
            resource = self._problem.resources[index]
            agency = self._agencies.get(resource.agency)
            name = agency.name if agency else resource.agency
            return f"{name} ({resource.qualification})" if resource.qualification else name
        return self._problem.tiers[index]


def _figure(kind: str, value: int | None) -> str:
    """An amount in a rule's own unit."""
    if value is None:
        return ""
    if kind == "joint":
        return f"{value / 100:g}%"
    return f"{value / MILLION:.2f}".rstrip("0").rstrip(".") if kind in ("lower", "upper") else str(value)


def _amount(kind: str, value: int) -> str:
    """A value somebody would write into the policy."""
    if kind == "joint":
        return f"{value / 100:g}%"
    return f"{value * 100 / MILLION:.6g}%" if kind in ("lower", "upper") else str(value)
