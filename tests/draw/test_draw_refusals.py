from __future__ import annotations

import pytest
from draw_samples import publish_commitment

from inspection.draw.firms import draw_firms, first_of
from inspection.draw.inspectors import draw_inspectors
from inspection.draw.refusal import DrawRefusal
from inspection.draw.ticket import Tickets

FIRMS = [(f"f{i}", "P", "t") for i in range(6)]
FLOW = [("plan", "pool:P", 3_000_000), ("pool:P", "task:T", 3_000_000), ("task:T", "plan", 3_000_000)]
MONTHS = [("T", "2027-04", 2), ("T", "2027-05", 1)]


def draw(flow=FLOW, months=MONTHS, firms=FIRMS):
    tables = {"flow.csv": flow, "months.csv": months}
    published, reveal = publish_commitment("firms", tables, "a secret of the notary")
    return draw_firms(published, reveal, flow, months, first_of(firms))


def test_visits_are_numbered_in_order_and_wide_enough():
    many = [(f"f{i:05d}", "P", "t") for i in range(10_000)]
    visits = draw([(a, b, 10_000_000_000) for a, b, _ in FLOW], [("T", "2027-04", 10_000)], many).visits
    assert [visits[0].visit, visits[-1].visit] == ["V00001", "V10000"]
    assert [visit.visit for visit in draw().visits] == ["V0001", "V0002", "V0003"]


def test_firms_of_a_town_follow_one_another_on_the_circle():
    firms = [(f"f{i}", "P", f"t{i % 5}") for i in range(40)]
    visits = draw([(a, b, 40_000_000) for a, b, _ in FLOW], [("T", "2027-04", 40)], firms).visits
    towns = [int(visit.firm[1:]) % 5 for visit in visits]
    assert sum(town != after for town, after in zip(towns, towns[1:] + towns[:1], strict=True)) == 5


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("draw.pool.short", {"firms": FIRMS[:2]}),
        ("draw.months.total", {"months": [("T", "2027-04", 2)]}),
        ("draw.months.task", {"months": [*MONTHS, ("U", "2027-04", 1)]}),
        ("draw.flow.unbalanced", {"flow": [*FLOW[:2], ("task:T", "plan", 2_000_000)]}),
        ("draw.flow.twice", {"flow": [FLOW[0], *[("pool:P", "task:T", 1_500_000)] * 2, FLOW[2]]}),
    ],
)
def test_tables_that_contradict_each_other_are_refused(code, changes):
    with pytest.raises(DrawRefusal) as refusal:
        draw(**changes)
    assert refusal.value.code == code


def test_unbalanced_node_is_named():
    with pytest.raises(DrawRefusal) as refusal:
        draw(flow=[*FLOW[:2], ("task:T", "plan", 2_000_000)])
    assert refusal.value.params["node"] in ("plan", "task:T")


@pytest.mark.parametrize(
    ("code", "seats"),
    [
        ("draw.flow.pair_twice", [("need:V:a", "duty:M:2027-04", 1), ("need:V:a:q", "duty:M:2027-04", 1)]),
        ("draw.flow.seat", [("need:V:a", "duty:M:2027-04", 1_000_001)]),
        ("draw.flow.node", [("need:V", "duty:M:2027-04", 1)]),
        ("draw.flow.node", [("need:V:a", "duty:M", 1)]),
    ],
)
def test_seats_that_cannot_be_drawn_are_refused(code, seats):
    published, reveal = publish_commitment("inspectors", {"flow.csv": seats}, "a secret of the notary")
    with pytest.raises(DrawRefusal) as refusal:
        draw_inspectors(published, reveal, seats)
    assert refusal.value.code == code


@pytest.mark.parametrize("seed", ["", "0" * 63, "A" * 64])
def test_seed_of_another_form_is_refused(seed):
    with pytest.raises(DrawRefusal, match=r"draw\.seed"):
        Tickets(seed, "sha256")


def test_coin_prepared_for_the_loop_is_the_coin():
    tickets = Tickets("3c" * 32, "sm3")
    coin = tickets.coins()
    assert [coin(i, 1_000_000) for i in range(50)] == [tickets.coin(i, 1_000_000) for i in range(50)]
