"""Each rule is broken in turn on a sound plan, and the check names it; figures are counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from inspection.model import (
    MILLION,
    Assignment,
    Combination,
    Inspector,
    Item,
    Need,
    Pool,
    Recusal,
    Selection,
    Task,
    Visit,
)
from inspection.rules.plan_check import DrawnPlan, EarlierVisit, check_plan, coverage, is_sound, joint
from inspection.rules.policy import Policy, policy_from
from inspection.rules.workdays import workdays

SECTIONS: dict[str, Any] = {
    "plan": {"year": 2026, "division": "370828", "name": "测试"},
    "coverage": {"floor": "8%"},
    "joint": {"floor": "20%"},
    "tiers": {
        "A": {"minimum": "5%", "maximum": "30%"},
        "B": {"minimum": "10%", "maximum": "50%", "weight": 2},
    },
    "merge": {"most_agencies": 2, "most_items": 3},
    "capacity": {"by_agency": {"XF": {"visits_per_day": 1, "months": {"2026-04": 4}}}},
    "quiet": {"days_of_month": [20]},
}


def policy(**changed: dict[str, Any]) -> Policy:
    return policy_from({**SECTIONS, **{name: {**SECTIONS.get(name, {}), **value} for name, value in changed.items()}})


def task(name: str, lead: str, items: tuple[str, ...], count: int, months: tuple[str, ...]) -> Task:
    return Task(
        task=name,
        name=name,
        lead=lead,
        joining=(),
        items=items,
        selection=Selection(region="370828"),
        count=count,
        ratio=None,
        months=months,
    )


def inspector(name: str, agency: str, *qualifications: str) -> Inspector:
    return Inspector(
        inspector=name,
        name=name,
        agency=agency,
        certificate=name,
        valid_until=date(2026, 12, 31),
        qualifications=frozenset(qualifications),
    )


def pool(name: str, tier: str, kind: str, size: int, tasks: tuple[str, ...], exemption: str | None = None) -> Pool:
    return Pool(pool=name, tier=tier, region="370828", kind=kind, tasks=tasks, size=size, exemption=exemption)


def seats(visit: str, agency: str, *names: str) -> list[Assignment]:
    return [Assignment(visit=visit, agency=agency, inspector=name) for name in names]


def sound() -> DrawnPlan:
    """Five visits to 40 firms: T1 (SC, three firms) and T2 (XF, three firms) of which one is joint; every rule met."""
    rules = policy()
    spring = ("2026-04", "2026-05")
    return DrawnPlan(
        policy=rules,
        calendar=workdays(2026, rules),
        pools=(
            pool("pA", "A", "enterprise", 20, ("T1", "T2")),
            pool("pB", "B", "enterprise", 10, ("T1", "T2")),
            pool("pH", "A", "household", 6, ("T1",)),
            pool("pX", "A", "enterprise", 4, ("T1", "T2"), "WHITELIST"),
        ),
        firms={
            "f1": ("pA", "A", "enterprise"),
            "f2": ("pA", "A", "enterprise"),
            "f3": ("pB", "B", "enterprise"),
            "f4": ("pB", "B", "enterprise"),
            "f5": ("pH", "A", "household"),
            "fx": ("pX", "A", "enterprise"),
        },
        tasks=(task("T1", "SC", ("i1", "i2"), 3, spring), task("T2", "XF", ("i3",), 3, ("2026-04",))),
        items={
            "i1": Item(item="i1", name="i1", agency="SC", qualification=None, is_key=False),
            "i2": Item(item="i2", name="i2", agency="SC", qualification="food", is_key=True),
            "i3": Item(item="i3", name="i3", agency="XF", qualification=None, is_key=False),
        },
        combinations=(
            Combination(
                combination="C1",
                tasks=("T1", "T2"),
                agencies=("SC", "XF"),
                items=("i1", "i2", "i3"),
                visits={"2026-04": 1},
            ),
            Combination(
                combination="C2",
                tasks=("T1",),
                agencies=("SC",),
                items=("i1", "i2"),
                visits={"2026-04": 1, "2026-05": 1},
            ),
            Combination(combination="C3", tasks=("T2",), agencies=("XF",), items=("i3",), visits={"2026-04": 1}),
        ),
        visits=(
            Visit(visit="v1", firm="f3", combination="C1", month="2026-04"),
            Visit(visit="v2", firm="f1", combination="C2", month="2026-04"),
            Visit(visit="v3", firm="f5", combination="C2", month="2026-05"),
            Visit(visit="v4", firm="f4", combination="C3", month="2026-04"),
        ),
        inspectors=(
            inspector("s1", "SC", "food"),
            inspector("s2", "SC"),
            inspector("s3", "SC"),
            inspector("x1", "XF"),
            inspector("x2", "XF"),
            inspector("x3", "XF"),
        ),
        recusals=(Recusal(inspector="s3", firm="f3", reason="KIN"),),
        needs=(
            Need(visit="v1", agency="SC", officers=2, qualified=1, qualification="food"),
            Need(visit="v1", agency="XF", officers=2, qualified=0, qualification=None),
            Need(visit="v2", agency="SC", officers=2, qualified=1, qualification="food"),
            Need(visit="v3", agency="SC", officers=2, qualified=1, qualification="food"),
            Need(visit="v4", agency="XF", officers=2, qualified=0, qualification=None),
        ),
        assignments=(
            *seats("v1", "SC", "s1", "s2"),
            *seats("v1", "XF", "x1", "x2"),
            *seats("v2", "SC", "s1", "s3"),
            *seats("v3", "SC", "s1", "s2"),
            *seats("v4", "XF", "x1", "x2"),
        ),
        days={
            "v1": date(2026, 4, 8),
            "v2": date(2026, 4, 8),
            "v3": date(2026, 5, 7),
            "v4": date(2026, 4, 9),
        },
        expected={"pA": 1_500_000, "pB": 2_000_000, "pH": 500_000},
        totals={"T2": 2},
    )


def broken(plan: DrawnPlan) -> set[str]:
    return {result.rule for result in check_plan(plan) if result.ok is False}


def swapped(rows: tuple[Any, ...], position: int, **fields: Any) -> tuple[Any, ...]:
    return (*rows[:position], replace(rows[position], **fields), *rows[position + 1 :])


def moved(plan: DrawnPlan, **days: date) -> DrawnPlan:
    return replace(plan, days={**(plan.days or {}), **days})


def ruled(plan: DrawnPlan, **changed: dict[str, Any]) -> DrawnPlan:
    return replace(plan, policy=policy(**changed))


def seated(plan: DrawnPlan, position: int, **fields: Any) -> DrawnPlan:
    return replace(plan, assignments=swapped(plan.assignments or (), position, **fields))


def needed(plan: DrawnPlan, position: int, **fields: Any) -> DrawnPlan:
    return replace(plan, needs=swapped(plan.needs or (), position, **fields))


def history(day: date, *agencies: str) -> dict[str, tuple[EarlierVisit, ...]]:
    return {"f1": (EarlierVisit(day=day, agencies=agencies),)}


BREACHES: dict[str, tuple[Callable[[DrawnPlan], DrawnPlan], set[str]]] = {
    "records.known": (lambda p: replace(p, recusals=(), days={**(p.days or {}), "v9": date(2026, 4, 8)}), set()),
    "records.unique": (
        lambda p: replace(p, visits=(*p.visits, p.visits[1])),
        {"caps.firm", "caps.agency", "days.gap"},
    ),
    "frame.agrees": (lambda p: replace(p, firms={**p.firms, "f1": ("pA", "B", "enterprise")}), set()),
    "tasks.total": (lambda p: replace(p, totals={"T1": 4, "T2": 2}), set()),
    "tasks.months": (
        lambda p: moved(replace(p, visits=swapped(p.visits, 1, month="2026-05")), v2=date(2026, 5, 7)),
        set(),
    ),
    "tasks.window": (lambda p: replace(p, tasks=swapped(p.tasks, 0, months=("2026-04",))), set()),
    "tasks.subject": (lambda p: replace(p, pools=swapped(p.pools, 2, tasks=("T2",))), set()),
    "tasks.combined": (
        lambda p: replace(p, combinations=swapped(p.combinations, 1, items=("i2",))),
        set(),
    ),
    "merge.enabled": (lambda p: ruled(p, merge={"enabled": False}), set()),
    "merge.agencies": (lambda p: ruled(p, merge={"most_agencies": 1}, joint={"floor": "0%"}), set()),
    "merge.items": (lambda p: ruled(p, merge={"most_items": 2}), set()),
    "exemptions.kept": (
        lambda p: replace(p, visits=swapped(p.visits, 1, firm="fx")),
        set(),
    ),
    "coverage.floor": (lambda p: ruled(p, coverage={"floor": "9%"}), set()),
    "joint.floor": (lambda p: ruled(p, joint={"floor": "26%"}), set()),
    "caps.firm": (lambda p: replace(p, history=history(date(2026, 1, 5), "WS")), set()),
    "caps.agency": (
        lambda p: ruled(
            replace(p, history=history(date(2026, 1, 5), "SC")), tiers={"A": {**SECTIONS["tiers"]["A"], "visits": 2}}
        ),
        set(),
    ),
    "tiers.minimum": (
        lambda p: ruled(p, tiers={"A": {"minimum": "10%", "maximum": "30%"}}),
        set(),
    ),
    "tiers.maximum": (lambda p: ruled(p, tiers={"A": {"maximum": "7%"}}), set()),
    "tiers.rising": (lambda p: replace(p, expected={"pA": 5_500_000, "pB": 2_000_000}), set()),
    "needs.complete": (lambda p: needed(p, 0, qualification=None, qualified=0), set()),
    "officers.count": (lambda p: replace(p, assignments=(p.assignments or ())[:-1]), set()),
    "officers.distinct": (lambda p: seated(p, 1, inspector="s1"), {"capacity.officer_day"}),
    "officers.agency": (lambda p: seated(p, 1, inspector="x3"), set()),
    "officers.qualified": (lambda p: seated(p, 4, inspector="s2"), set()),
    "officers.certificates": (
        lambda p: replace(p, inspectors=swapped(p.inspectors, 1, valid_until=date(2026, 5, 30))),
        set(),
    ),
    "officers.recusals": (lambda p: seated(p, 1, inspector="s3"), set()),
    "capacity.officer_month": (
        lambda p: ruled(p, capacity={"visits_per_officer_month": 1, "visits_per_officer_day": 1}),
        {"capacity.officer_day"},
    ),
    "capacity.agency_month": (lambda p: ruled(p, capacity={"by_agency": {"XF": {"months": {"2026-04": 3}}}}), set()),
    "days.complete": (lambda p: replace(p, days={"v1": date(2026, 4, 8)}), set()),
    "days.month": (lambda p: moved(p, v3=date(2026, 6, 3)), set()),
    "days.workday": (lambda p: moved(p, v4=date(2026, 4, 11)), set()),
    "days.quiet": (lambda p: moved(p, v4=date(2026, 4, 20)), set()),
    "days.gap": (
        lambda p: ruled(
            replace(p, history=history(date(2026, 3, 10), "WS")), tiers={"A": {**SECTIONS["tiers"]["A"], "visits": 2}}
        ),
        set(),
    ),
    "capacity.officer_day": (lambda p: ruled(p, capacity={"visits_per_officer_day": 1}), set()),
    "capacity.agency_day": (lambda p: moved(p, v4=date(2026, 4, 8)), set()),
}


def test_sound_plan_breaks_no_rule() -> None:
    results = check_plan(sound())
    assert [(result.rule, result.examples) for result in results if not result.ok] == []
    assert is_sound(results)


@pytest.mark.parametrize("rule", BREACHES)
def test_broken_rule_is_named(rule: str) -> None:
    breach, consequences = BREACHES[rule]
    assert broken(breach(sound())) == {rule} | consequences


def test_every_rule_has_a_breach_tested() -> None:
    assert {result.rule for result in check_plan(sound())} == set(BREACHES)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_rule_reads_in_both_languages(language: Any) -> None:
    for rule, (breach, _) in BREACHES.items():
        result = next(result for result in check_plan(breach(sound())) if result.rule == rule)
        assert result.measured in result.text(language) and result.required in result.text(language)
        assert result.ok is False and "{" not in result.text(language)


def test_before_officers_and_days_their_rules_are_not_checked() -> None:
    results = check_plan(replace(sound(), needs=None, assignments=None, days=None))
    unchecked = {result.rule for result in results if result.ok is None}
    assert unchecked == {name for name in BREACHES if name.split(".")[0] in ("needs", "officers", "capacity", "days")}
    assert is_sound(results)


def test_references_to_nothing_are_breaches_not_exceptions() -> None:
    plan = sound()
    stray = replace(
        plan,
        visits=(*plan.visits, Visit(visit="v9", firm="nobody", combination="C9", month="2026-04")),
        assignments=(*(plan.assignments or ()), *seats("v9", "SC", "s1"), *seats("v2", "SC", "s9")),
        needs=(*(plan.needs or ()), Need(visit="v9", agency="SC", officers=2, qualified=0, qualification=None)),
        firms={**plan.firms, "f2": ("p9", "Z", "enterprise")},
    )
    assert {"records.known", "officers.count"} <= broken(stray)


def test_coverage_counts_distinct_enterprises_against_live_ones_exempt_included() -> None:
    share = coverage(sound())
    assert (share.part, share.whole, share.floor) == (3, 34, Fraction(8, 100))


def test_coverage_of_entities_counts_households_too() -> None:
    share = coverage(ruled(sound(), coverage={"denominator": "entities", "floor": "10%"}))
    assert (share.part, share.whole) == (4, 40)


def test_joint_share_is_counted_by_its_three_definitions() -> None:
    shares = joint(sound())
    assert {name: (of.part, of.whole) for name, of in shares.items()} == {
        "visits": (1, 4),
        "firms": (1, 4),
        "tasks": (1, 3),
    }
    assert [name for name, of in shares.items() if of.floor] == ["visits"]


def test_firm_visited_twice_counts_once_in_coverage_and_firms() -> None:
    plan = replace(sound(), visits=swapped(sound().visits, 3, firm="f3"))
    assert coverage(plan).part == 2 and joint(plan)["firms"].whole == 3 and joint(plan)["visits"].whole == 4
    assert {"caps.firm", "days.gap"} <= broken(plan) and "caps.agency" in broken(plan)


def test_ratio_task_visits_its_share_rounded_up_of_firms_that_may_be_drawn() -> None:
    plan = sound()
    rated = replace(plan, tasks=swapped(plan.tasks, 0, count=None, ratio=Fraction(8, 100)))
    assert broken(rated) == set()  # 8 % of 36 is 2.88
    rated = replace(plan, tasks=swapped(plan.tasks, 0, count=None, ratio=Fraction(1, 12)))
    assert broken(rated) == set()  # exactly 3
    rated = replace(plan, tasks=swapped(plan.tasks, 0, count=None, ratio=Fraction(9, 100)))
    assert broken(rated) == {"tasks.total"}


def test_earlier_visit_of_last_year_counts_for_the_gap_only() -> None:
    assert broken(replace(sound(), history=history(date(2025, 12, 30), "SC"))) == set()
    april = moved(replace(sound(), history=history(date(2025, 12, 30), "SC")), v2=date(2026, 4, 1))
    assert broken(replace(april, policy=policy(gap={"days": 93}))) == {"days.gap"}


def test_gap_of_exactly_the_days_asked_is_kept() -> None:
    tiers = {"A": {**SECTIONS["tiers"]["A"], "visits": 2}}
    plan = ruled(replace(sound(), history=history(date(2026, 3, 9), "WS")), tiers=tiers)
    assert broken(plan) == set()


def test_tiers_without_a_flow_are_judged_with_one_firm_of_rounding() -> None:
    assert broken(replace(sound(), expected=None)) == set()
    turned = {"A": {"minimum": "0%"}, "B": {"minimum": "30%", "maximum": "50%", "weight": 2}}
    assert broken(replace(sound(), expected=None, policy=policy(tiers=turned))) == {"tiers.minimum"}


def test_expected_visits_at_the_minimum_exactly_are_enough() -> None:
    exact = {"pA": 5 * 26 * MILLION // 100, "pB": 2 * MILLION}
    assert broken(replace(sound(), expected=exact)) == set()
    assert broken(replace(sound(), expected={**exact, "pA": exact["pA"] - 1})) == {"tiers.minimum"}


def test_examples_are_few_and_breaches_all_counted() -> None:
    plan = replace(sound(), days={})
    many = [Visit(visit=f"w{number}", firm="f1", combination="C2", month="2026-04") for number in range(9)]
    result = next(r for r in check_plan(replace(plan, visits=tuple(many))) if r.rule == "days.complete")
    assert result.measured == "9" and len(result.examples) == 5
