"""What if: a policy or a roster changed, and what it would come to beside the plan as it stands.

Nothing here writes: neither the plan, nor its log, nor its registers know that a question was asked.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from inspection.errors import InputError, Language, PlanError
from inspection.model import Inspector, Pool
from inspection.office import Office, import_settings, refuse_other_rules
from inspection.planning.forecast import Planned, forecast
from inspection.planning.quotas import RegionProblem, Spreader, plan_quotas, region_problems, solve_region
from inspection.planning.remedies import remedies_of
from inspection.questions.standing_plan import Standing, standing
from inspection.registry.roster import read_roster
from inspection.rules.consequences import Case
from inspection.rules.policy import Policy, load_policy
from inspection.rules.policy_changes import changed_policy, concerns_days_only
from inspection.steps import firm_steps
from inspection.steps.line import Given

Spreads = Callable[[int], AbstractContextManager[Spreader]]
"""About how many problems there are → a ``map`` to solve them with."""


def in_place(problems: int) -> AbstractContextManager[Spreader]:
    """One problem after the other, here."""
    return nullcontext(map)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A question: what would change. Empty, it is the plan as it stands.

    Attributes:
        name: what its column is called.
        policy: a policy file in place of the plan's.
        settings: ``key=value`` each, over that policy.
        roster: a file of inspectors in place of the register.
        without: codes of inspectors who are not there.
    """

    name: str
    policy: Path | None = None
    settings: tuple[str, ...] = ()
    roster: Path | None = None
    without: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[str, ...]:
        """The changes as they were asked for."""
        files = {"policy": self.policy, "inspectors": self.roster}
        named = (f"{kind}={file.name}" for kind, file in files.items() if file is not None)
        return (*named, *self.settings, *(f"without={code}" for code in self.without))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The plan as it stands, then every variant, each in figures or with the reason why it cannot be."""

    name: str
    year: int
    is_committed: bool
    cases: tuple[Case, ...]

    @property
    def is_feasible(self) -> bool:
        """Whether every case could be planned."""
        return all(case.consequences is not None for case in self.cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A variant in records: the policy and the inspectors it would have, its pools, and what is to be solved."""

    policy: Policy
    inspectors: tuple[Inspector, ...]
    pools: tuple[Pool, ...]
    problems: tuple[RegionProblem, ...]


def compare(
    office: Office, standing_name: str, variants: Sequence[Variant], as_of: date, spreads: Spreads = in_place
) -> Comparison:
    """The consequences of every variant beside those of the plan as it stands.

    Args:
        office: only read.
        standing_name: what the first column is called.
        variants: in the order of their columns.
        as_of: day on which certificates of a changed roster must be valid.
        spreads: how cases and regions are solved side by side (``workers.spreading``).

    Raises:
        InputError, RuleError: a key, value, code or file of a variant cannot be used.
        StoreError: there are no registers, or a policy file is for other ones.
    """
    base = standing(office)
    given = base.given
    changed = [(_policy(given, each), _inspectors(given, each, as_of)) for each in variants]
    frames = _Frames(base)
    questions = [_question(given, *each, frames) for each in changed]
    stored = base.stored
    if stored is None:
        questions.insert(0, _question(given, given.policy, given.inspectors, frames))
    plans = _solve(given, questions, spreads)
    if stored is not None:
        plans.insert(0, stored)
    everyone = [(given.policy, given.inspectors), *changed]
    columns = [Variant(name=standing_name), *variants]
    return Comparison(
        name=given.policy.plan.name,
        year=given.policy.plan.year,
        is_committed=base.is_committed,
        cases=tuple(
            _case(given, variant, plan, *people) for variant, plan, people in zip(columns, plans, everyone, strict=True)
        ),
    )


def _policy(given: Given, variant: Variant) -> Policy:
    """The policy of a variant, fit for the registers."""
    policy = given.policy
    if variant.policy is not None:
        policy = load_policy(variant.policy)
        refuse_other_rules(policy, given.snapshot)
    return changed_policy(policy, variant.settings, given.agencies.keys()) if variant.settings else policy


def _inspectors(given: Given, variant: Variant, as_of: date) -> tuple[Inspector, ...]:
    """The inspectors of a variant.

    Raises:
        InputError: the roster cannot be used, or codes nobody bears are named: all of them, with the closest ones.
    """
    people = given.inspectors
    if variant.roster is not None:
        people = read_roster(variant.roster, given.agencies.values(), import_settings(given.policy, as_of))
    codes = [person.inspector for person in people]
    if unknown := [code for code in variant.without if code not in set(codes)]:
        close = {code: difflib.get_close_matches(code, codes, n=3) for code in unknown}
        named = "; ".join(f"{code} (≈ {', '.join(near)})" if near else code for code, near in close.items())
        raise InputError("whatif.inspectors", codes=named)
    return tuple(person for person in people if person.inspector not in variant.without)


class _Frames:
    """Pools by what they depend on of a policy, each grouped once."""

    def __init__(self, base: Standing) -> None:
        self._snapshot = base.given.snapshot
        self._known: dict[object, tuple[Pool, ...]] = {}
        if base.stored is not None:
            self._known[self._key(base.given.policy)] = base.stored.pools

    def pools(self, policy: Policy) -> tuple[Pool, ...]:
        """The pools under a policy."""
        key = self._key(policy)
        if key not in self._known:
            self._known[key] = firm_steps.write_frame(Given(policy, self._snapshot), None)
        return self._known[key]

    @staticmethod
    def _key(policy: Policy) -> object:
        return policy.exemptions, tuple((tier, rules.visits) for tier, rules in policy.tiers.items())


def _question(given: Given, policy: Policy, inspectors: tuple[Inspector, ...], frames: _Frames) -> _Question:
    pools = frames.pools(policy)
    problems = region_problems(pools, given.tasks, given.items, inspectors, policy)
    return _Question(policy=policy, inspectors=inspectors, pools=pools, problems=problems)


def _solve(given: Given, questions: Iterable[_Question], spreads: Spreads) -> list[Planned | PlanError]:
    """The quotas of every question or its shortage, all regions of all questions side by side."""
    asked = list(questions)
    problems = [problem for question in asked for problem in question.problems]
    with spreads(len(problems)) as run:
        answers = iter(list(run(solve_region, problems)))
    plans: list[Planned | PlanError] = []
    for question in asked:
        own = [next(answers) for _ in question.problems]
        if not question.problems:
            plans.append(PlanError("plan.no_task"))
            continue
        quotas = plan_quotas(question.problems, question.policy.coverage_kinds, _known(own))
        if isinstance(quotas, tuple):
            plans.append(firm_steps.ShortPlan(quotas, given))
        else:
            plans.append(Planned(pools=question.pools, quotas=quotas))
    return plans


def _known(answers: Sequence[Any]) -> Spreader:
    """A ``map`` whose answers have been found already."""
    return lambda _work, _given: answers


def _case(
    given: Given, variant: Variant, plan: Planned | PlanError, policy: Policy, inspectors: tuple[Inspector, ...]
) -> Case:
    """A column of the comparison."""
    figures, shortage = None, dict[Language, str]()
    if isinstance(plan, PlanError):
        # Words of the rules alone: whether anything was committed is not this question's.
        words = plan.params
        shortage = {"zh": str(words.get("text_zh", plan.text("zh"))), "en": str(words.get("text_en", plan.text("en")))}
    else:
        figures = forecast(plan, given.tasks, inspectors, given.agencies, policy)
    return Case(
        name=variant.name,
        changes=variant.changes,
        consequences=figures,
        shortage=shortage,
        unseen=tuple(setting for setting in variant.settings if concerns_days_only(setting)),
        remedies=remedies_of(plan.shortages, given.agencies) if isinstance(plan, firm_steps.ShortPlan) else (),
    )
