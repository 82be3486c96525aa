from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from expectations import START, refused
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from inspection.model import Assignment, Combination, Need, Visit
from inspection.store import drawn
from inspection.store.draws import (
    Secrets,
    commit_draw,
    draw,
    draws,
    finish_draw,
    keep_secrets,
    open_draw,
    secrets,
)
from inspection.store.plans import Plan, Store

DRAW = "370828-2027/1-firms"
DIGEST, ROOT = "c" * 64, "d" * 64


def combination(code: str = "K1") -> Combination:
    return Combination(
        combination=code,
        tasks=("T1", "T2"),
        agencies=("市场监管局", "消防"),
        items=("I1",),
        visits={"2027-04": 2, "2027-05": 1},
    )


def visit(number: int, month: str = "2027-04") -> Visit:
    return Visit(visit=f"V{number:06}", firm=f"F{number:017}", combination="K1", month=month)


@pytest.fixture
def opened(store: Store, plan: Plan) -> Store:
    store.create_plan(plan, now=START)
    with store.writing() as connection:
        open_draw(connection, plan.plan, "firms")
    return store


def write(store: Store, *calls: Callable[[Connection], Any]) -> None:
    with store.writing() as connection:
        for call in calls:
            call(connection)


def test_draws_are_named_in_the_order_they_are_opened(opened: Store) -> None:
    write(opened, lambda c: open_draw(c, "370828-2027", "inspectors"))
    with opened.reading() as connection:
        assert [each.draw for each in draws(connection, "370828-2027")] == [DRAW, "370828-2027/2-inspectors"]


def test_draw_goes_from_open_to_committed_to_finished(opened: Store) -> None:
    write(opened, lambda c: commit_draw(c, DRAW, DIGEST, {"firms.csv": "1" * 64}))
    write(opened, lambda c: finish_draw(c, DRAW, ROOT, {"visits.csv": "2" * 64}))
    with opened.reading() as connection:
        record = draw(connection, DRAW)
    assert (record.folder, record.kind, record.commitment, record.root) == ("1-firms", "firms", DIGEST, ROOT)
    assert record.files == {"firms.csv": "1" * 64, "visits.csv": "2" * 64}


def test_draw_out_of_order_is_refused(opened: Store) -> None:
    with refused("store.draw.unknown"):
        write(opened, lambda c: commit_draw(c, "370828-2027/9-firms", DIGEST, {}))
    with refused("store.draw.uncommitted"):
        write(opened, lambda c: finish_draw(c, DRAW, ROOT, {}))
    write(opened, lambda c: commit_draw(c, DRAW, DIGEST, {"firms.csv": "1" * 64}))
    with refused("store.draw.committed"):
        write(opened, lambda c: commit_draw(c, DRAW, "e" * 64, {}))
    with refused("store.draw.inputs"):
        write(opened, lambda c: finish_draw(c, DRAW, ROOT, {"firms.csv": "2" * 64}))
    write(opened, lambda c: finish_draw(c, DRAW, ROOT, {}))
    with refused("store.draw.finished"):
        write(opened, lambda c: finish_draw(c, DRAW, ROOT, {}))


def test_secrets_are_kept_one_by_one_and_never_exchanged(opened: Store) -> None:
    write(opened, lambda c: keep_secrets(c, DRAW, Secrets(parties={"notary": "n"})))
    write(
        opened, lambda c: keep_secrets(c, DRAW, Secrets(parties={"notary": "n", "fire": "f"}, seal="", public="0123"))
    )
    for other in (Secrets(parties={"notary": "m"}), Secrets(seal="t")):
        with refused("store.secret.differs"):
            write(opened, lambda c, other=other: keep_secrets(c, DRAW, other))
    with opened.reading() as connection:
        assert secrets(connection, DRAW) == Secrets(parties={"notary": "n", "fire": "f"}, seal="", public="0123")


def test_drawn_records_read_back_in_byte_order(opened: Store) -> None:
    months = ["2027-05", "2027-04", "2027-04"]
    given = [visit(n, month) for n, month in enumerate(months)]
    names = ["b", "B", "é", "市场"]
    needs = [
        Need(visit=given[0].visit, agency=name, officers=2, qualified=q, qualification="特种设备" if q else None)
        for name, q in zip(names, (0, 1, 2, 0), strict=True)
    ]
    seats = [Assignment(visit=given[0].visit, agency="b", inspector=name) for name in names]
    write(
        opened,
        lambda c: drawn.add_combinations(c, DRAW, [combination("K2"), combination()]),
        lambda c: drawn.add_visits(c, DRAW, reversed(given)),
        lambda c: drawn.add_needs(c, DRAW, needs),
        lambda c: drawn.add_assignments(c, DRAW, seats),
        lambda c: drawn.set_days(c, DRAW, {given[1].visit: date(2027, 4, 6)}),
    )
    with opened.reading() as connection:
        assert drawn.combinations(connection, DRAW) == (combination(), combination("K2"))
        assert drawn.visits(connection, DRAW) == tuple(given)
        assert drawn.needs(connection, DRAW) == tuple(sorted(needs, key=lambda need: need.agency.encode()))
        assert [each.inspector for each in drawn.assignments(connection, DRAW)] == ["B", "b", "é", "市场"]
        assert drawn.days(connection, DRAW) == {given[1].visit: date(2027, 4, 6)}


def test_day_moved_later_replaces_the_earlier_one(opened: Store) -> None:
    write(
        opened,
        lambda c: drawn.add_combinations(c, DRAW, [combination()]),
        lambda c: drawn.add_visits(c, DRAW, [visit(1)]),
        lambda c: drawn.set_days(c, DRAW, {"V000001": date(2027, 4, 6)}),
        lambda c: drawn.set_days(c, DRAW, {"V000001": date(2027, 4, 7)}),
        lambda c: drawn.set_days(c, DRAW, {}),
    )
    with opened.reading() as connection:
        assert drawn.days(connection, DRAW) == {"V000001": date(2027, 4, 7)}


def test_day_of_a_visit_of_no_such_draw_is_refused(opened: Store) -> None:
    with refused("store.visit.unknown") as caught:
        write(opened, lambda c: drawn.set_days(c, DRAW, {"V9": date(2027, 4, 6)}))
    assert caught.value.params["first"] == "V9"


@pytest.mark.parametrize(
    "rows",
    [
        lambda c: drawn.add_visits(c, DRAW, [visit(1), visit(1)]),
        lambda c: drawn.add_visits(c, "370828-2027/9-firms", [visit(1)]),
        lambda c: drawn.add_visits(c, DRAW, [Visit(visit="V", firm="F", combination="none", month="2027-04")]),
        lambda c: drawn.add_visits(c, DRAW, [visit(1, "2027-4")]),
        lambda c: drawn.add_assignments(c, DRAW, [Assignment(visit="V", agency="A", inspector="I")]),
        lambda c: drawn.add_needs(c, DRAW, [Need(visit="V", agency="A", officers=2, qualified=3, qualification="x")]),
    ],
)
def test_rows_that_break_a_rule_of_their_table_are_refused_together(
    opened: Store, rows: Callable[[Connection], None]
) -> None:
    with refused("store.rows.refused"):
        write(opened, lambda c: drawn.add_combinations(c, DRAW, [combination()]), rows)
    with opened.reading() as connection:
        assert drawn.combinations(connection, DRAW) == ()


def test_result_without_commitment_is_refused_by_the_database(opened: Store) -> None:
    with pytest.raises(DBAPIError), opened.writing() as connection:
        connection.execute(text(f"UPDATE draws SET root = '{ROOT}'"))


def test_year_of_a_county_is_stored_and_read_whole(opened: Store) -> None:
    given = [visit(number) for number in range(6_000)]
    needs = [
        Need(visit=each.visit, agency=f"A{agency}", officers=2, qualified=0, qualification=None)
        for each in given
        for agency in range(2)
    ]
    seats = [
        Assignment(visit=each.visit, agency=each.agency, inspector=f"I{number}")
        for each in needs
        for number in range(2)
    ][:20_000]
    days = {each.visit: date(2027, 4, 1) + timedelta(days=number % 20) for number, each in enumerate(given)}
    write(
        opened,
        lambda c: drawn.add_combinations(c, DRAW, [combination()]),
        lambda c: drawn.add_visits(c, DRAW, given),
        lambda c: drawn.add_needs(c, DRAW, needs),
        lambda c: drawn.add_assignments(c, DRAW, seats),
        lambda c: drawn.set_days(c, DRAW, days),
    )
    with opened.reading() as connection:
        assert drawn.visits(connection, DRAW) == tuple(given)
        assert len(drawn.assignments(connection, DRAW)) == len(seats)
        assert drawn.days(connection, DRAW) == days
