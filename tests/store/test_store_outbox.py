"""The outbox and what each target is owed of it, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from expectations import START, refused
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from inspection.model import Combination, Need, Visit
from inspection.outgoing import Outcome, Parcel, Patience
from inspection.store import dead_letters, deliveries, drawn
from inspection.store.acts import act_number
from inspection.store.draws import open_draw
from inspection.store.outbox import News, announce, announce_all, standing
from inspection.store.plans import Plan, Store

LEASE = timedelta(seconds=30)
KINDS = ("finding",)


def news(key: str, record: str, action: Any = "i", **changed: Any) -> News:
    given = {"kind": "finding", "payload": {"firm": record}, "not_before": START} | changed
    return News(key=key, record=record, action=action, **given)


def put(store: Store, *given: News) -> int:
    with store.writing() as connection:
        return announce_all(connection, given, now=START)


def queue(store: Store, target: str = "t", size: int = 100) -> None:
    with deliveries.carrying(store) as connection:
        while deliveries.enqueue(connection, target, KINDS, batch_size=size, now=START):
            pass


def take(store: Store, now: Any = START, limit: int = 100, target: str = "t") -> tuple[Parcel, ...]:
    with deliveries.carrying(store) as connection:
        return deliveries.claim(connection, target, limit=limit, lease=LEASE, now=now)


def settle(store: Store, parcels: Sequence[Parcel], result: Any, most: int = 3, now: Any = START, **more: Any) -> None:
    outcomes = {
        each.announcement.seq: Outcome(seq=each.announcement.seq, result=result, receipt="{}", **more)
        for each in parcels
    }
    with deliveries.carrying(store) as connection:
        patience = Patience(most_attempts=most)
        deliveries.settle(connection, parcels, outcomes, patience=patience, random=lambda: 0.5, now=now)


def keys(parcels: Sequence[Parcel]) -> list[str]:
    return [each.announcement.key for each in parcels]


def test_announcement_goes_with_the_change_or_not_at_all(store: Store) -> None:
    with pytest.raises(RuntimeError), store.writing() as connection:
        announce_all(connection, [news("a", "r")], now=START)
        raise RuntimeError
    queue(store)
    assert take(store) == ()


def test_same_key_twice_is_one_announcement_and_another_content_is_refused(store: Store) -> None:
    assert put(store, news("a", "r"), news("a", "r"), news("b", "s")) == 2
    assert put(store, news("a", "r")) == 0
    with refused("outbox.key.taken"):
        put(store, news("a", "r", "u"))
    with refused("outbox.key.taken"):
        put(store, news("c", "r"), news("c", "q"))


@pytest.mark.parametrize(
    "changed", [{"kind": "gossip"}, {"action": "x"}, {"record": ""}, {"key": ""}, {"payload": {"share": 0.5}}]
)
def test_malformed_announcement_is_refused(store: Store, changed: dict[str, Any]) -> None:
    given: dict[str, Any] = {"key": "a", "record": "r", "kind": "finding", "action": "i", "payload": {}} | changed
    with refused("outbox.payload" if "payload" in changed else "outbox.news.malformed"), store.writing() as connection:
        announce(connection, **given, not_before=START, now=START)


@pytest.mark.parametrize("change", ["UPDATE outbox SET payload = '{}'", "DELETE FROM outbox"])
def test_announcement_is_never_edited(store: Store, change: str) -> None:
    put(store, news("a", "r"))
    with pytest.raises(DBAPIError, match="only grows"), store.writing() as connection:
        connection.execute(text(change))


def test_embargoed_announcement_is_not_due_before_its_time(store: Store) -> None:
    later = START + timedelta(days=3)
    put(store, news("a", "r", not_before=later), news("b", "s"))
    queue(store)
    assert keys(take(store)) == ["b"]
    assert keys(take(store, later)) == ["b", "a"]


def test_claim_is_nobody_elses_until_its_lease_ends(store: Store) -> None:
    put(store, news("a", "r"))
    queue(store)
    first = take(store)
    assert take(store, START + LEASE - timedelta(seconds=1)) == ()
    second = take(store, START + LEASE)
    assert (keys(first), keys(second)) == (["a"], ["a"])
    assert (first[0].attempts, second[0].attempts) == (1, 2)
    assert first[0].claim != second[0].claim


def test_late_failure_of_a_lapsed_claim_changes_nothing_but_its_receipt_counts(store: Store) -> None:
    put(store, news("a", "r"))
    queue(store)
    lapsed, holder = take(store), take(store, START + LEASE)
    settle(store, lapsed, "refused")
    with store.reading() as connection:
        assert dead_letters.letters(connection, "dead") == ()
    settle(store, lapsed, "delivered")
    settle(store, holder, "again")
    settle(store, holder, "delivered")
    with store.reading() as connection:
        (letter,) = dead_letters.letters(connection, "delivered")
    assert (letter.announcement.key, letter.receipt) == ("a", "{}")


def test_records_parcels_go_one_by_one_in_order_and_name_the_one_before(store: Store) -> None:
    put(store, news("a", "r"), news("b", "r", "u"), news("c", "s"))
    queue(store)
    first = take(store)
    assert keys(first) == ["a", "c"]
    assert take(store) == ()
    settle(store, first, "delivered")
    (second,) = take(store)
    assert (second.announcement.key, second.previous) == ("b", "a")


def test_dead_letter_holds_what_follows_until_it_is_resent_or_set_aside(store: Store) -> None:
    put(store, news("a", "r"), news("b", "r", "u"))
    queue(store)
    settle(store, take(store), "refused", detail="schema")
    assert take(store) == ()
    with store.reading() as connection:
        (letter,) = dead_letters.letters(connection, "dead")
    assert (letter.error, letter.held) == ("schema", 1)
    with store.writing() as connection:
        assert dead_letters.resend(connection, ["a"], None, by="王", now=START) == 1
    settle(store, take(store), "refused")
    with refused("outbox.drop.reason"), store.writing() as connection:
        dead_letters.drop(connection, ["a"], None, by="王", note=" ", now=START)
    with store.writing() as connection:
        dead_letters.drop(connection, ["a"], None, by="王", note="entered by hand", now=START)
    (follower,) = take(store)
    assert (follower.announcement.key, follower.previous) == ("b", None)
    with refused("outbox.letter.alive"), store.writing() as connection:
        dead_letters.resend(connection, ["b"], None, by="王", now=START)


def test_failures_wait_longer_each_time_and_end_as_a_dead_letter(store: Store) -> None:
    put(store, news("a", "r"))
    queue(store)
    moment, waits = START, []
    for _ in range(3):
        settle(store, take(store, moment), "again", most=4, now=moment)
        with store.reading() as connection:
            due = dead_letters.next_due(connection, "t")
        assert due is not None
        waits.append((due - moment).total_seconds())
        moment = due
    assert waits == [1.5, 3.0, 6.0]
    settle(store, take(store, moment), "again", most=4, now=moment)
    with store.reading() as connection:
        assert dead_letters.next_due(connection, "t") is None
        assert len(dead_letters.letters(connection, "dead")) == 1


def test_receiver_asking_for_a_pause_is_left_alone(store: Store) -> None:
    put(store, news("a", "r"))
    queue(store)
    settle(store, take(store), "again", after=timedelta(minutes=10))
    assert take(store, START + timedelta(minutes=9)) == ()
    assert keys(take(store, START + timedelta(minutes=10))) == ["a"]


def test_parcel_given_back_costs_no_attempt(store: Store) -> None:
    put(store, news("a", "r"))
    queue(store)
    with deliveries.carrying(store) as connection:
        deliveries.release(connection, take_within(connection), START)
    assert take(store)[0].attempts == 1


def take_within(connection: Any) -> tuple[Parcel, ...]:
    return deliveries.claim(connection, "t", limit=9, lease=LEASE, now=START)


def test_withdrawal_before_any_attempt_keeps_the_record_in_the_house(store: Store) -> None:
    put(store, news("a", "r"), news("b", "r", "u"), news("c", "r", "d", payload={}))
    queue(store)
    assert take(store) == ()
    with store.reading() as connection:
        assert [each.state for each in dead_letters.letters(connection, "dropped")] == ["dropped"] * 3


def test_withdrawal_after_an_attempt_follows_with_the_facts_it_withdraws(store: Store) -> None:
    put(store, news("a", "r", payload={"firm": "F", "act": "1"}))
    queue(store)
    tried = take(store)
    put(store, news("b", "r", "u"), news("c", "r", "d", payload={"reason": "x"}))
    queue(store)
    settle(store, tried, "delivered")
    (withdrawal,) = take(store)
    assert (withdrawal.announcement.key, withdrawal.previous) == ("c", "a")
    assert withdrawal.announcement.payload == {"firm": "F", "act": "1", "reason": "x"}


def test_each_target_gets_its_kinds_in_numbered_batches(store: Store) -> None:
    put(store, *(news(f"k{n}", f"r{n}") for n in range(5)), news("p", "plan", kind="plan"))
    queue(store, "one", size=2)
    queue(store, "two", size=9)
    batches = [each.batch for each in take(store, target="one")]
    assert batches == ["2027010500001"] * 2 + ["2027010500002"] * 2 + ["2027010500003"]
    assert len(take(store, target="two")) == 5
    put(store, news("later", "r9"))
    queue(store, "one", size=2)
    assert [each.batch for each in take(store, target="one")] == ["2027010500004"]


def test_what_stands_is_the_last_word_that_may_be_told(store: Store) -> None:
    soon = START + timedelta(hours=1)
    put(
        store,
        news("a", "r"),
        news("b", "r", "u", payload={"firm": "corrected"}, not_before=soon),
        news("c", "s"),
        news("d", "s", "d", payload={}, not_before=soon),
        news("e", "q", not_before=soon),
    )
    with store.reading() as connection:
        now = {each.record: each.key for each in standing(connection, "finding", START)}
        later = {each.record: each.key for each in standing(connection, "finding", soon)}
    assert now == {"r": "a"}
    assert later == {"q": "e", "r": "b"}


def test_carriers_side_by_side_never_claim_the_same(store: Store) -> None:
    put(store, *(news(f"k{n}", f"r{n}") for n in range(200)))
    queue(store)
    claimed: list[str] = []

    def work() -> None:
        while parcels := take(store, limit=7):
            claimed.extend(keys(parcels))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(f"k{n}" for n in range(200))


def test_act_number_is_given_once_and_never_again(store: Store, plan: Plan) -> None:
    store.create_plan(plan, now=START)
    kind = Combination(combination="K", tasks=("T",), agencies=("A",), items=("I",), visits={"2027-04": 2})
    with store.writing() as connection:
        open_draw(connection, plan.plan, "firms")
        draw = f"{plan.plan}/1-firms"
        drawn.add_combinations(connection, draw, [kind])
        visits = [Visit(visit=f"V{n}", firm=f"F{n}", combination="K", month="2027-04") for n in (1, 2)]
        drawn.add_visits(connection, draw, visits)
        need = {"agency": "A", "officers": 2, "qualified": 0, "qualification": None}
        drawn.add_needs(connection, draw, [Need(visit=each.visit, **need) for each in visits])  # type: ignore[arg-type]
        numbers = [act_number(connection, (draw, visit, "A"), "370828", START) for visit in ("V1", "V2", "V1")]
    assert numbers == ["3708282027000001", "3708282027000002", "3708282027000001"]
