"""Bundles in which every digest fits, but one rule is broken: each fails at the step named, and at no other."""

from collections.abc import Callable
from typing import Any

import pytest
from bundle_maker import UNIT, Spec, detail, make, spec, verdicts


def test_honest_bundle_verifies(tmp_path):
    make(tmp_path / "b", spec())
    assert not verdicts(tmp_path / "b")["failed"] | verdicts(tmp_path / "b")["not checked"]


def rules(**changes: Any) -> Callable[[Spec], None]:
    return lambda plan: plan.rules.update(changes)


def exempt_with_chance(plan: Spec) -> None:
    plan.rules["exempt_pools"] = {"A-east": "WHITELIST"}


def starved_pool(plan: Spec) -> None:
    plan.firms.append(("91379999999999999", "A-nowhere", "town-1"))
    plan.pools = sorted([*plan.pools, ("A-nowhere", "A", "nowhere")])


def falling_chances(plan: Spec) -> None:
    plan.rules["tiers"] = ["B", "A"]


def pool_above_its_size(plan: Spec) -> None:
    plan.firms = [row for row in plan.firms if row[1] != "A-east"]


def unbalanced(plan: Spec) -> None:
    tail, head, flow = plan.firm_flow[0]
    plan.firm_flow[0] = (tail, head, flow + 1)


def task_past_its_pool(plan: Spec) -> None:
    """A visit that reaches the task without coming from a pool."""
    plan.firm_flow = [row if row[0] != "task:T001" else (row[0], row[1], row[2] + UNIT) for row in plan.firm_flow]
    plan.firm_flow.append(("plan", "task:T001", UNIT))


def month_not_allowed(plan: Spec) -> None:
    plan.rules["tasks"]["T001"]["months"] = ["2027-12"]


def double_agency(plan: Spec) -> None:
    plan.rules["tasks"]["T001"]["agencies"] = ["market", "market"]


def expired(plan: Spec) -> None:
    """The certificate ends a day before the month does, yet the inspector has a chance."""
    plan.inspectors = [
        (name, agency, "2027-12-30" if name == "market-00" else until, skills)
        for name, agency, until, skills in plan.inspectors
    ]
    plan.edit_inspector_flow = lambda rows: rows
    honest = [(row[0], row[1], "2031-12-31", row[3]) for row in plan.inspectors]
    wrong = plan.inspectors

    def with_expired(rows: list[Any]) -> list[Any]:
        plan.inspectors = wrong
        return rows

    plan.inspectors, plan.edit_inspector_flow = honest, with_expired


def left_out(plan: Spec) -> None:
    """An eligible inspector is missing from the flow: the register is extended once the flow is made."""

    def extend(rows: list[Any]) -> list[Any]:
        plan.inspectors = sorted([*plan.inspectors, ("market-99", "market", "2031-12-31", "lead")])
        return rows

    plan.edit_inspector_flow = extend


def recused_yet_drawn(plan: Spec) -> None:
    def recuse(rows: list[Any]) -> list[Any]:
        plan.recusals = [("market-00", firm, "kinship") for firm, _, _ in plan.firms]
        return rows

    plan.edit_inspector_flow = recuse


def unqualified(plan: Spec) -> None:
    """Someone without the qualification stands behind the qualified branch."""

    def strip(rows: list[Any]) -> list[Any]:
        plan.inspectors = [
            (name, agency, until, "") if name == "market-01" else (name, agency, until, skills)
            for name, agency, until, skills in plan.inspectors
        ]
        return rows

    plan.edit_inspector_flow = strip


def too_few_officers(plan: Spec) -> None:
    plan.officers = 1


def need_of_another_agency(plan: Spec) -> None:
    """A joint visit staffed by one agency only."""

    def drop(rows: list[Any]) -> list[Any]:
        return [row for row in rows if not (row[0] == dropped(rows) and row[1] == "fire")]

    def dropped(rows: list[Any]) -> str:
        return next(row[0] for row in rows if row[1] == "fire")

    kept: list[str] = []

    def needs(rows: list[Any]) -> list[Any]:
        kept.append(dropped(rows))
        return drop(rows)

    def flow(rows: list[Any]) -> list[Any]:
        gone = f"need:{kept[0]}:fire"
        less: dict[str, int] = {}
        for tail, head, part in rows:
            if tail.startswith(gone) and head.startswith("duty:"):
                less[head] = less.get(head, 0) + part
        by_name: dict[str, int] = {}
        for head, part in less.items():
            by_name[head.split(":")[1]] = by_name.get(head.split(":")[1], 0) + part
        rows = [row for row in rows if not row[0].startswith(gone) and not row[1].startswith(gone)]
        rows = [
            (tail, head, part - less.get(tail, 0) - (by_name.get(tail.split(":")[-1], 0) if head == "hub" else 0))
            for tail, head, part in rows
        ]
        return [row for row in rows if row[2]]

    plan.edit_needs, plan.edit_inspector_flow = needs, flow


def seats_exceeded(plan: Spec) -> None:
    plan.rules["monthly_seats"] = {"market": {"2027-12": 1}}


def swapped_visit(plan: Spec) -> None:
    def swap(rows: list[Any]) -> list[Any]:
        spare = next(firm for firm, _, _ in plan.firms if firm not in [row[1] for row in rows])
        return [(rows[0][0], spare, *rows[0][2:]), *rows[1:]]

    plan.edit_visits = swap


def swapped_inspector(plan: Spec) -> None:
    def swap(rows: list[Any]) -> list[Any]:
        visit, agency, _, salt = rows[0]
        team = [row[2] for row in rows if row[:2] == (visit, agency)]
        spare = next(name for name, own, _, skills in plan.inspectors if own == agency and name not in team and skills)
        return sorted([(visit, agency, spare, salt), *rows[1:]])

    plan.edit_assignments = swap


def renumbered_visits(plan: Spec) -> None:
    plan.edit_visits = lambda rows: [(f"V{n + 2:04d}", *row[1:]) for n, row in enumerate(rows)]


def party_with_colon(plan: Spec) -> None:
    plan.parties = ("bureau:x", "notary")


def parties_of_one_name(plan: Spec) -> None:
    plan.edit_commitment = lambda value: {**value, "parties": [*value["parties"], value["parties"][0]]}


def no_randomness(plan: Spec) -> None:
    plan.parties, plan.public, plan.value = (), None, None


def few_dice_alone(plan: Spec) -> None:
    plan.parties = ()


def fewer_dice_than_announced(plan: Spec) -> None:
    plan.value = "3141592653589793238"


def digits_as_text(plan: Spec) -> None:
    plan.public = {**(plan.public or {}), "digits": "1,"}


def lottery_alone(plan: Spec) -> None:
    plan.parties, plan.public, plan.value = (
        (),
        {"kind": "lottery", "source": "ssq", "issue": "2027002", "not_before": "2027-01-05T09:30:00+08:00"},
        "0102030405",
    )


def drand_value_of_other_form(plan: Spec) -> None:
    plan.public = {"kind": "drand", "chain": "0" * 64, "round": 7, "not_before": "2027-01-05T09:30:00+08:00"}


def tier_bound(plan: Spec) -> None:
    plan.rules["tier_bounds"] = {"A": {"least": [1, 10], "most": [1, 1]}}


def tier_bound_above(plan: Spec) -> None:
    plan.rules["tier_bounds"] = {"B": {"least": [0, 1], "most": [1, 10]}}


def combination_of_no_task(plan: Spec) -> None:
    plan.rules["combinations"] = {"T999": {"tasks": ["a"], "items": ["b"]}}


def rehearsal(plan: Spec) -> None:
    plan.origin += "/rehearsal"


BROKEN: list[tuple[Callable[[Spec], None], set[str]]] = [
    (rules(coverage={"numerator": 50, "denominator": 100}), {"coverage"}),
    (rules(joint_share={"numerator": 51, "denominator": 100, "counted_by": "visits"}), {"joint share"}),
    (rules(joint_share={"numerator": 51, "denominator": 100, "counted_by": "firms"}), {"joint share"}),
    (rules(joint_share={"numerator": 51, "denominator": 100, "counted_by": "tasks"}), {"joint share"}),
    (rules(visits_per_firm=0), {"caps"}),
    (rules(visits_by_tier={"A": 0, "B": 1}), {"caps"}),
    (rules(plan="370828-2026"), {"tables"}),
    (rules(tiers=["A"]), {"tables"}),
    (rules(tiers=["A", "B", "A"]), {"tables"}),
    (rules(officers_per_agency=3), {"officers"}),
    (exempt_with_chance, {"chances"}),
    (starved_pool, {"chances"}),
    (falling_chances, {"chances"}),
    (tier_bound, {"chances"}),
    (tier_bound_above, {"chances"}),
    (pool_above_its_size, {"flow"}),
    (unbalanced, {"flow"}),
    (task_past_its_pool, {"flow"}),
    (month_not_allowed, {"flow"}),
    (double_agency, {"tables"}),
    (combination_of_no_task, {"tables"}),
    (expired, {"eligibility", "officers"}),
    (left_out, {"eligibility"}),
    (recused_yet_drawn, {"eligibility", "officers"}),
    (unqualified, {"flow"}),
    (too_few_officers, {"officers", "flow"}),
    (need_of_another_agency, {"eligibility"}),
    (seats_exceeded, {"seats"}),
    (swapped_visit, {"replay"}),
    (swapped_inspector, {"replay"}),
    (renumbered_visits, {"replay"}),
    (party_with_colon, {"commitment"}),
    (parties_of_one_name, {"commitment"}),
    (no_randomness, {"randomness"}),
    (few_dice_alone, {"randomness"}),
    (fewer_dice_than_announced, {"randomness"}),
    (digits_as_text, {"randomness"}),
    (lottery_alone, {"randomness"}),
    (drand_value_of_other_form, {"randomness"}),
    (rehearsal, {"checkpoints"}),
]


@pytest.mark.parametrize(("change", "steps"), BROKEN, ids=lambda one: getattr(one, "__name__", "-"))
def test_broken_rule_fails_at_its_step_alone(change, steps, tmp_path):
    plan = spec()
    change(plan)
    make(tmp_path / "b", plan)
    failed = verdicts(tmp_path / "b")["failed"]
    assert failed & steps
    follow = {"flow": {"officers", "replay", "eligibility"}, "tables": {"chances"}}.get(
        min(steps), set()
    )  # what these carry on
    assert failed <= steps | follow


def test_extensions_are_understood_and_others_named(tmp_path):
    plan = spec()
    plan.pools_header, plan.pools = (
        "pool,tier,region,kind",
        [(*row, "enterprise" if row[2] == "east" else "shop") for row in plan.pools],
    )
    plan.rules |= {
        "coverage": {"numerator": 1, "denominator": 100, "kinds": ["enterprise"]},
        "visits_by_tier": {"A": 1, "B": 2},
        "tier_bounds": {"A": {"least": [1, 20], "most": [1, 10]}},
        "combinations": {"T001": {"tasks": ["a", "b"], "items": ["c"]}},
        "monthly_seats": {"market": {"2027-12": 4}},
        "weather": "fine",
    }
    make(tmp_path / "b", plan)
    assert not verdicts(tmp_path / "b")["failed"] | verdicts(tmp_path / "b")["not checked"]
    assert "weather" in detail(tmp_path / "b", "tables")
    east = sum(pool.endswith("east") for _, pool, _ in plan.firms)
    assert f"of {east} (['enterprise'])" in detail(tmp_path / "b", "coverage")
