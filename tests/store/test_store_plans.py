from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime

import pytest
from expectations import START, refused
from sqlalchemy import Connection, func, select

from inspection.store import tables
from inspection.store.draws import Secrets, keep_secrets, open_draw
from inspection.store.plans import Plan, Store

Clock = Callable[[], datetime]


def test_plan_created_reads_back_as_given(store: Store, plan: Plan) -> None:
    store.create_plan(plan, now=START)
    assert store.plan(plan.plan) == plan
    assert store.plans() == (plan,)


def test_plan_created_again_changes_nothing_but_another_content_is_refused(store: Store, plan: Plan) -> None:
    store.create_plan(plan, now=START)
    store.create_plan(plan, now=START)
    with refused("store.plan.differs") as caught:
        store.create_plan(dataclasses.replace(plan, policy={"tiers": []}, snapshot="6" * 64), now=START)
    assert caught.value.params["fields"] == "snapshot, policy"


def test_second_plan_of_a_division_in_a_year_is_refused(store: Store, plan: Plan) -> None:
    store.create_plan(plan, now=START)
    with refused("store.plan.year"):
        store.create_plan(dataclasses.replace(plan, plan="again"), now=START)
    store.create_plan(dataclasses.replace(plan, plan="next", year=2028), now=START)
    assert len(store.plans()) == 2


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", "a:b", 'a"b', "-x", "长" * 65, "a\n"])
def test_plan_name_that_would_break_files_or_nodes_is_refused(store: Store, plan: Plan, name: str) -> None:
    with refused("store.plan.identifier"):
        store.create_plan(dataclasses.replace(plan, plan=name), now=START)


def test_unknown_plan_is_refused_with_the_known_ones(store: Store, plan: Plan) -> None:
    store.create_plan(plan, now=START)
    with refused("store.plan.unknown") as caught:
        store.plan("other")
    assert caught.value.params["known"] == plan.plan


def test_step_reads_back_with_its_times_in_order(store: Store, plan: Plan, clock: Clock) -> None:
    store.create_plan(plan, now=clock())
    started = clock()
    first = store.finish_step(plan.plan, "import", {"firms": 90_000}, now=clock(), started_at=started)
    store.finish_step(plan.plan, "check", {"warnings": ["年份未公布"]}, now=clock())
    assert store.step(plan.plan, "import") == {"firms": 90_000}
    assert store.step(plan.plan, "quotas") is None
    assert [step.name for step in store.steps(plan.plan)] == ["import", "check"]
    assert (first.started_at, first.position) == (started, 0)


def test_step_finished_again_with_the_same_payload_does_not_write_again(store: Store, plan: Plan) -> None:
    store.create_plan(plan, now=START)
    calls: list[int] = []

    def write(connection: Connection) -> None:
        calls.append(1)
        open_draw(connection, plan.plan, "firms")

    first = store.finish_step(plan.plan, "quotas", {"b": 1, "a": 2}, now=START, writes=write)
    again = store.finish_step(plan.plan, "quotas", {"a": 2, "b": 1}, now=START, writes=write)
    assert (first, len(calls)) == (again, 1)


def test_step_finished_again_with_another_payload_is_refused(store: Store, plan: Plan) -> None:
    store.create_plan(plan, now=START)
    store.finish_step(plan.plan, "quotas", {"visits": 1}, now=START)
    with refused("store.step.differs"):
        store.finish_step(plan.plan, "quotas", {"visits": 2}, now=START)
    assert store.step(plan.plan, "quotas") == {"visits": 1}


def test_step_whose_writes_fail_leaves_nothing(store: Store, plan: Plan) -> None:
    store.create_plan(plan, now=START)

    def write(connection: Connection) -> None:
        open_draw(connection, plan.plan, "firms")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        store.finish_step(plan.plan, "quotas", {}, now=START, writes=write)
    with store.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.draws)) == 0
    assert store.steps(plan.plan) == ()


def test_step_of_an_unknown_plan_is_refused(store: Store) -> None:
    with refused("store.plan.unknown"):
        store.finish_step("none", "import", {}, now=START)


def test_time_without_offset_is_the_callers_mistake(store: Store, plan: Plan) -> None:
    with pytest.raises(Exception, match="offset"):
        store.create_plan(plan, now=datetime(2027, 1, 5))


def test_discarded_plan_leaves_no_row_and_may_begin_again(store: Store, plan: Plan) -> None:
    store.create_plan(plan, now=START)

    def write(connection: Connection) -> None:
        keep_secrets(connection, open_draw(connection, plan.plan, "firms").draw, Secrets(seal="s"))

    store.finish_step(plan.plan, "quotas", {}, now=START, writes=write)
    store.discard_plan(plan.plan)
    with store.reading() as connection:
        counts = [connection.scalar(select(func.count()).select_from(each)) for each in tables.metadata.sorted_tables]
    assert sum(count or 0 for count in counts) == 0
    store.create_plan(dataclasses.replace(plan, policy={}), now=START)


def test_discarding_an_unknown_plan_is_refused(store: Store) -> None:
    with refused("store.plan.unknown"):
        store.discard_plan("none")
