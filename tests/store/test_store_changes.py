from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from expectations import START, refused
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from inspection.store import changes, tables
from inspection.store.changes import Wish
from inspection.store.draws import commit_draw, draw, draws, finish_draw, give_up, open_draw
from inspection.store.plans import Plan, Store
from inspection.store.supplements import Supplement, add_supplement, supplements

PLAN, DRAW = "370828-2027", "370828-2027/1-firms"
WISH = Wish(draw=DRAW, kind="replace", reason="moved", visit="V0001", subject="F1")
ADDED = Supplement(plan=PLAN, number=1, snapshot="7" * 64, start=date(2027, 8, 1), tasks=("T8", "T9"))


@pytest.fixture
def opened(store: Store, plan: Plan) -> Store:
    store.create_plan(plan, now=START)
    with store.writing() as connection:
        open_draw(connection, PLAN, "firms")
    return store


def test_a_wish_is_kept_and_decided_by_another(opened: Store) -> None:
    with opened.writing() as connection:
        asked = changes.request(connection, PLAN, WISH, "ann", START)
        done = changes.decide(connection, asked, "approved", "bob", START + timedelta(days=1), "F2")
    assert (asked.number, asked.state, asked.wish, asked.requested_at) == (1, "pending", WISH, START)
    with opened.reading() as connection:
        assert changes.changes(connection, PLAN) == (done,)
        assert changes.changes(connection, PLAN, ("pending",)) == ()
    assert (done.decided_by, done.successor, done.decided_at) == ("bob", "F2", START + timedelta(days=1))


def test_the_database_itself_refuses_one_person_for_both(opened: Store) -> None:
    row = {
        "number": 1, "plan": PLAN, "draw": DRAW, "kind": "void", "visit": "", "agency": "", "subject": "",
        "reason": "technical", "requested_by": "ann", "requested_at": START, "state": "approved",
        "decided_by": "ann", "decided_at": START,
    }  # fmt: skip
    with pytest.raises(DBAPIError), opened.writing() as connection:
        connection.execute(insert(tables.changes), row)


def test_the_same_wish_waits_once_and_may_be_asked_again_when_decided(opened: Store) -> None:
    with opened.writing() as connection:
        asked = changes.request(connection, PLAN, WISH, "ann", START)
    with opened.writing() as connection, refused("store.change.pending"):
        changes.request(connection, PLAN, replace(WISH, reason="closed"), "cy", START)
    with opened.writing() as connection:
        changes.decide(connection, asked, "refused", "bob", START)
        assert changes.request(connection, PLAN, WISH, "ann", START).number == 2


def test_a_change_of_another_plan_is_unknown(opened: Store) -> None:
    with opened.writing() as connection:
        changes.request(connection, PLAN, WISH, "ann", START)
    with opened.reading() as connection, refused("store.change.unknown"):
        changes.change(connection, "other", 1)


def test_a_draw_given_up_is_never_committed_nor_finished(opened: Store) -> None:
    with opened.writing() as connection:
        give_up(connection, DRAW, "technical")
        for again in (
            lambda: commit_draw(connection, DRAW, "c" * 64, {}),
            lambda: finish_draw(connection, DRAW, "d" * 64, {}),
            lambda: give_up(connection, DRAW, "procedure"),
        ):
            with refused("store.draw.void"):
                again()
        assert open_draw(connection, PLAN, "firms").folder == "2-firms"
        assert [each.void for each in draws(connection, PLAN)] == ["technical", None]


def test_a_finished_draw_is_not_given_up(opened: Store) -> None:
    with opened.writing() as connection:
        commit_draw(connection, DRAW, "c" * 64, {})
        finish_draw(connection, DRAW, "d" * 64, {})
        with refused("store.draw.finished"):
            give_up(connection, DRAW, "technical")


def test_a_supplement_and_the_round_of_its_draws_are_kept(opened: Store) -> None:
    with opened.writing() as connection:
        add_supplement(connection, ADDED, START)
        open_draw(connection, PLAN, "firms", 1)
    with opened.reading() as connection:
        assert supplements(connection, PLAN) == (ADDED,)
        assert draw(connection, "370828-2027/2-firms").round == 1


def test_a_draft_supplement_is_discarded_with_its_steps_alone(opened: Store) -> None:
    opened.finish_step(PLAN, "1-firms.frame", {}, now=START)
    with opened.writing() as connection:
        commit_draw(connection, DRAW, "c" * 64, {})
        add_supplement(connection, ADDED, START)
    opened.finish_step(PLAN, "2-firms.frame", {}, now=START)
    with opened.writing() as connection:
        open_draw(connection, PLAN, "firms", 1)
    opened.discard_supplement(PLAN, 1)
    assert [step.name for step in opened.steps(PLAN)] == ["1-firms.frame"]
    with opened.reading() as connection:
        assert supplements(connection, PLAN) == () and [each.folder for each in draws(connection, PLAN)] == ["1-firms"]


def test_a_committed_round_is_neither_discarded_nor_rebased(opened: Store, plan: Plan) -> None:
    with opened.writing() as connection:
        commit_draw(connection, DRAW, "c" * 64, {})
    with refused("store.plan.committed"):
        opened.rebase_plan(replace(plan, snapshot="9" * 64))
    with opened.writing() as connection:
        give_up(connection, DRAW, "register-error")
    opened.rebase_plan(replace(plan, snapshot="9" * 64))
    assert opened.plan(PLAN).snapshot == "9" * 64


def test_stores_of_the_first_version_are_upgraded_with_their_draws(bare_url: str, plan: Plan) -> None:
    from inspection.store.engine import connect, migrate

    engine = connect(bare_url)
    migrate(engine, "0001")
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO plans VALUES ('p', 'd', 2027, 'n', '{}', :digest, :digest, '2027-01-01T00:00:00+00:00')"),
            {"digest": "5" * 64},
        )
        connection.execute(text("INSERT INTO draws VALUES ('p/1-firms', 'p', 1, '1-firms', 'firms', NULL, NULL, '{}')"))
    engine.dispose()
    store = Store.at(bare_url)
    with store.reading() as connection:
        assert (draw(connection, "p/1-firms").round, draw(connection, "p/1-firms").void) == (0, None)
    store.close()
