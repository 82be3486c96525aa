"""Planners who write rules, pools and flows before the commitment; and years of draws that look fair one by one."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attack_scene import Checkers, forged
from bundle_maker import PLAN, UNIT, Spec, evenly, make, spec, write_log
from test_verify_log import TRIED, VOID, replacing
from test_verify_rules import exempt_with_chance, falling_chances, pool_above_its_size, seats_exceeded, too_few_officers
from test_verify_rules import rules as ruled

from benchmarks import audit_histories
from inspection.history.examine import Asked, examine
from inspection.history.read import read_bundles


def split(plan: Spec, flow: int) -> None:
    """Three firms of a pool stand in one of their own, which is left ``flow`` millionths of a visit."""
    friends = [firm for firm, pool, _ in plan.firms if pool == "A-east"][:3]
    plan.pools = sorted([*plan.pools, ("A-mine", "A", "east")])
    plan.firms = [(firm, "A-mine" if firm in friends else pool, town) for firm, pool, town in plan.firms]
    kept = {("pool:A-east", "task:T001"), ("plan", "pool:A-east")}
    rows = [(tail, head, part - flow * ((tail, head) in kept)) for tail, head, part in plan.firm_flow]
    plan.firm_flow = [("plan", "pool:A-mine", flow), *rows, ("pool:A-mine", "task:T001", flow)] if flow else rows


def starved(plan: Spec) -> None:
    split(plan, 1)
    plan.rules["tier_bounds"] = {"A": {"least": [1, 100], "most": [1, 1]}}


def without_a_reason(plan: Spec) -> None:
    split(plan, 0)
    plan.rules["exempt_pools"] = {"A-mine": ""}


def lowered(plan: Spec) -> None:
    """The rules of the firm draw ask for one officer; a need of one is met, the law's two are not."""
    plan.officers = 1
    plan.rules["officers_per_agency"] = 2


TRICKS: dict[str, tuple[str, Callable[[Spec], None]]] = {
    "a pool split off and left a millionth, under the rules' bounds": ("chances", starved),
    "a pool left nothing, without a reason": ("chances", lambda plan: split(plan, 0)),
    "a pool left nothing, for an empty reason": ("chances", without_a_reason),
    "an exempt pool that is visited": ("chances", exempt_with_chance),
    "less chance for higher risk": ("chances", falling_chances),
    "more visits than firms": ("flow", pool_above_its_size),
    "one officer where two are due": ("officers", too_few_officers),
    "one officer by lowering the need": ("officers", lowered),
    "more work than seats in a month": ("seats", seats_exceeded),
    "fewer firms than the coverage": ("coverage", ruled(coverage={"numerator": 1, "denominator": 2})),
    "a firm visited beyond its cap": ("caps", ruled(visits_by_tier={"A": 0, "B": 0})),
    "a joint share that is not reached": (
        "joint share",
        ruled(joint_share={"numerator": 9, "denominator": 10, "counted_by": "visits"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_trick_in_the_rules_fails_at_its_step(trick: str, checkers: Checkers, tmp_path: Path) -> None:
    """Planner before the commitment, all digests fitting. Caught by verify: the step named beside the trick."""
    step, change = TRICKS[trick]
    checkers.caught(forged(tmp_path, change), step)


def test_firm_dropped_before_the_commitment_shows_in_the_size_told(checkers: Checkers, tmp_path: Path) -> None:
    """Registrar; a friend is not in the register at all. Shown by verify: coverage tells the register's size, to be
    held against the published count and last year's; the firm's own proof says that it is in no register.
    """
    plan = spec()
    plan.firms = plan.firms[1:]
    assert "of 59 " in checkers.passes(forged(tmp_path, plan=plan))["coverage"][1]


def test_exempt_firms_are_counted_with_their_reason(checkers: Checkers, tmp_path: Path) -> None:
    """Registrar; a friend is exempt for a made-up reason. Shown by verify: chances counts them by reason."""

    def whitelisted(plan: Spec) -> None:
        split(plan, 0)
        plan.rules["exempt_pools"] = {"A-mine": "whitelist"}

    assert "{'whitelist': 3}" in checkers.passes(forged(tmp_path, whitelisted))["chances"][1]


def test_tries_given_up_again_and_again_are_an_alarm(checkers: Checkers, tmp_path: Path) -> None:
    """Planner with every secret; commits, computes the list, gives it up with a reason, commits again. Counted by
    verify (later events); caught by `inspection audit`: rate of voids, and draws repeated with nothing changed.
    """
    names = [f"{PLAN}/{letter}-firms" for letter in "abcdef"]
    tries = [
        {**one, "draw": name, "reason": "technical", "time": f"2027-01-05T08:{minute:02d}:00+08:00"}
        for minute, (name, one) in enumerate((name, one) for name in names for one in (TRIED, VOID))
    ]
    bundle = forged(tmp_path, lambda plan: setattr(plan, "edit_entries", lambda told: tries + told))
    assert "6 void" in checkers.passes(bundle)["later events"][1]
    found = examine(read_bundles([bundle]), Asked(replays=4))
    assert ("void",) in {one.deviation.subject for one in found.alarms}
    assert len(found.history.redraws) == 6


FRAUDS: dict[str, tuple[str, dict[str, Any]]] = {
    "a street is spared": ("town", {"draw": audit_histories.protecting(0.9)}),
    "every tenth firm": ("gap_repeats", {"draw": audit_histories.stride}),
    "a favourite gets the street": ("inspector_town", {"seat": audit_histories.favouring(1.0)}),
    "two friends sit together": ("pair", {"seat": audit_histories.dealt(audit_histories.coupling(0.6))}),
}


@pytest.mark.parametrize("fraud", FRAUDS)
def test_fraud_over_years_is_an_alarm(fraud: str) -> None:
    """Insider whose system never committed to anything; lists of years. Caught by `inspection audit`: the family."""
    family, planted = FRAUDS[fraud]
    history = audit_histories.history(audit_histories.Size(), np.random.default_rng(3), **planted)
    assert family in {one.family for one in examine(history, Asked(replays=12)).alarms}


# What verify.py does not refuse. Each of these passes every step: the figures it prints are all there is.


def steered(rows: list[Any]) -> list[Any]:
    """Two inspectors get every need almost surely, the others a millionth each: all have a positive chance."""
    groups, through = defaultdict(list), defaultdict[str, int](int)
    for tail, head, _ in rows:
        if head.startswith("duty:"):
            groups[":".join(tail.split(":")[:3])].append((tail, head))
    flow = []
    for node, arcs in groups.items():
        arcs.sort(key=lambda arc: arc[0] == node)  # the qualified first
        rest = len(arcs) - 2
        parts = [UNIT - part for part in evenly(rest, 2)] + [1] * rest
        skilled = sum(part for (tail, _), part in zip(arcs, parts, strict=True) if tail != node)
        flow += [("hub", node, 2 * UNIT), (node, f"{node}:lead", skilled)]
        for (tail, head), part in zip(arcs, parts, strict=True):
            flow.append((tail, head, part))
            through[head] += part
    loads = defaultdict[str, int](int)
    for duty, part in through.items():
        loads[duty.split(":")[1]] += part
        flow.append((duty, f"inspector:{duty.split(':')[1]}", part))
    return [*flow, *((f"inspector:{name}", "hub", part) for name, part in loads.items())]


def test_inspectors_steered_by_the_flow_pass_and_only_the_figures_tell(checkers: Checkers, tmp_path: Path) -> None:
    """NOT CAUGHT. Planner who knows the firms drawn; gives friends of the firm 999 997 of a million, all others one.
    verify: eligibility prints the smallest and largest chance. docs/threat-model.md, what remains 1.
    """
    plan = spec(officers=8)
    plan.edit_inspector_flow = steered
    assert "1e-06 to 0.999997" in checkers.passes(forged(tmp_path, plan=plan))["eligibility"][1]


def test_recusals_entered_between_the_draws_pass_and_only_the_figures_tell(checkers: Checkers, tmp_path: Path) -> None:
    """NOT CAUGHT by verify. Clerk with database and key; once the firms are known, everybody but two friends
    is recused from one. The service keeps to the register of before the first draw; no bundle proves that it did.
    verify: eligibility prints 1.0 as the largest chance. What remains 1.
    """
    plan = spec(officers=6)

    def recuse(rows: list[Any]) -> list[Any]:
        friends = {"market-01", "market-02", "fire-01", "fire-02"}
        plan.recusals = [(row[0], rows[0][1], "kinship") for row in plan.inspectors if row[0] not in friends]
        return rows

    plan.edit_visits = recuse
    assert checkers.passes(forged(tmp_path, plan=plan))["eligibility"][1].endswith("to 1.0")


def test_qualification_no_longer_asked_for_passes(checkers: Checkers, tmp_path: Path) -> None:
    """NOT CAUGHT. Planner who knows the firms drawn; asks for no qualified officer where one is due.
    needs.csv is the only place that says it, and it is committed to after the first draw. What remains 7.
    """
    plan = spec()
    plan.edit_needs = lambda rows: [(*row[:3], 0, row[4]) for row in rows]
    checkers.passes(forged(tmp_path, plan=plan))


def test_pool_starved_without_bounds_passes_and_only_the_figures_tell(checkers: Checkers, tmp_path: Path) -> None:
    """NOT CAUGHT where the rules state no bounds. Planner; friends in a pool of their own with a millionth of a visit.
    verify: chances prints the least chance of the tier. Our own policy always commits to bounds. What remains 2.
    """
    plan = spec()
    split(plan, 1)
    assert "tier A: 30 firms, 0.000000 to" in checkers.passes(forged(tmp_path, plan=plan))["chances"][1]


def firms_alone(folder: Path, plan: Spec) -> Path:
    """A bundle that ends after the firm draw."""
    made = make(folder / "bundle", plan)
    told = [json.loads(line) for line in (made.root / "log/entries.jsonl").read_text().splitlines()]
    shutil.rmtree(made.root / "draws/2-inspectors")
    shutil.rmtree(made.root / "log/checkpoints")
    (made.root / "bundle.json").write_text(f'{{"draws":["1-firms"],"plan":"{PLAN}","protocol":"open-draw/1"}}')
    write_log(made, told[:2])
    return made.root


def test_inspectors_never_drawn_are_missed(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; draws the firms and picks the inspectors by hand. Caught by `seats`: not checked, exit 3."""
    assert {verdict for verdict, _ in checkers.rows(firms_alone(tmp_path, spec())).values()} != {"passed"}


def test_ghost_firm_with_a_look_alike_code_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Registrar with the database; pads the register with firms that do not exist. `tables`: codes are ASCII."""
    plan = spec()
    plan.firms.append((plan.firms[0][0].replace("0", "О", 1), *plan.firms[0][1:]))
    assert checkers.failed(forged(tmp_path, plan=plan))


@pytest.mark.xfail(strict=True, reason="names of parties are compared byte by byte")
def test_one_party_under_two_look_alike_names_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """NOT CAUGHT. Bureau; plays two of the parties who must collude, under names that look the same. What remains 5."""
    bundle = forged(tmp_path, lambda plan: setattr(plan, "parties", ("notary", "nоtary")))
    assert checkers.failed(bundle)


@pytest.mark.xfail(strict=True, reason="verify.py does not ask for a second person")
def test_successor_approved_by_nobody_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """NOT CAUGHT by verify, though by the service. Clerk with database and key; needs nobody else. Remains 6."""
    bundle = forged(tmp_path, lambda plan: setattr(plan, "later", lambda made: replacing(made)))
    assert checkers.failed(bundle)


def test_weak_rules_pass_and_only_their_figures_tell(checkers: Checkers, tmp_path: Path) -> None:
    """NOT CAUGHT. Planner; commits to rules that ask for nothing; verify prints them. What remains 7."""

    def weak(plan: Spec) -> None:
        plan.rules |= {"visits_per_firm": 99, "coverage": {"numerator": 0, "denominator": 1}}

    rows = checkers.passes(forged(tmp_path, weak))
    assert "at least 0" in rows["coverage"][1] and "the cap is 99" in rows["caps"][1]
