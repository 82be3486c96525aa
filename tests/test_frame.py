"""Who may be drawn, for what: profiles become pools."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from inspection.model import Selection, Task
from inspection.rules.frame import AGENCY_CAP, AT_CAP, NO_TASK, Profile, build_frame, cutoffs
from inspection.rules.policy import policy_from


def policy(**more):
    tiers = {"A": {"weight": 1}, "B": {"weight": 2}}
    return policy_from({"plan": {"year": 2027, "division": "370828", "name": "plan"}, "tiers": tiers, **more})


def profile(**more):
    given = {
        "tier": "A",
        "region": "370828",
        "kind": "enterprise",
        "industry": "F5211",
        "tags": "",
        "established": None,
    }
    return Profile(**{**given, "barred": "", "visits": 0, "size": 10, **more})


def task(name="T1", **selection):
    return Task(
        task=name,
        name=name,
        lead="SCJG",
        joining=(),
        items=("I1",),
        selection=Selection(region="370828", **selection),
        count=None,
        ratio=Fraction(1, 20),
        months=("2027-04",),
    )


def test_profiles_alike_in_what_tasks_ask_share_a_pool():
    frame = build_frame([profile(), profile(industry="F5212", size=7)], [task(industries=("F52",))], policy())
    assert [(pool.tasks, pool.size) for pool in frame.pools] == [(("T1",), 17)]
    assert frame.pool_of == (0, 0)


def test_each_condition_of_a_selection_narrows_it():
    tasks = [
        task("kind", kinds=frozenset({"household"})),
        task("tier", tiers=frozenset({"B"})),
        task("industry", industries=("C14",)),
        task("tag", tags=frozenset({"pharmacy"})),
        task("all"),
    ]
    frame = build_frame([profile(tags="hotel;pharmacy")], tasks, policy())
    assert frame.pools[0].tasks == ("all", "tag")


def test_firms_without_a_task_are_exempt_with_that_reason():
    frame = build_frame([profile(region="370829")], [task()], policy())
    assert frame.pools[0].exemption == NO_TASK


def test_an_exemption_of_the_policy_names_its_code():
    rules = policy(exemptions=[{"code": "WHITELIST", "reason": "clean", "tags": ["white"], "tiers": ["A"]}])
    frame = build_frame([profile(tags="white"), profile(tags="white", tier="B"), profile()], [task()], rules)
    assert [(pool.tier, pool.exemption) for pool in frame.pools] == [("A", None), ("A", "WHITELIST"), ("B", None)]


def test_young_firms_are_exempt_after_the_cutoff_only():
    rules = policy(exemptions=[{"code": "NEW", "reason": "new", "established_after": date(2026, 6, 1)}])
    assert cutoffs(rules) == (date(2026, 6, 1),)
    young = profile(established=date(2026, 6, 2))
    frame = build_frame([young, profile(established=None)], [task()], rules)
    assert {pool.exemption for pool in frame.pools} == {"NEW", None}


def test_a_firm_at_its_cap_is_left_out_with_the_reason():
    frame = build_frame([profile(visits=1)], [task()], policy())
    assert frame.pools[0].exemption == AT_CAP


def test_a_barred_agency_takes_its_tasks_away():
    rules = policy(tiers={"A": {"visits": 2}, "B": {"weight": 2, "visits": 2}})
    frame = build_frame([profile(visits=1, barred="SCJG")], [task()], rules)
    assert frame.pools[0].tasks == () and frame.pools[0].exemption == AGENCY_CAP


def test_the_order_of_profiles_and_tasks_changes_nothing():
    profiles = [profile(), profile(tier="B"), profile(tags="hotel")]
    tasks = [task("T2"), task("T1", tags=frozenset({"hotel"}))]
    one = build_frame(profiles, tasks, policy())
    other = build_frame(profiles[::-1], tasks[::-1], policy())
    assert one.pools == other.pools and one.pool_of == other.pool_of[::-1]
