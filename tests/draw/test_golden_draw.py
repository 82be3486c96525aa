from __future__ import annotations

import dataclasses

import pytest
from draw_samples import golden_draw, vectors

from inspection.draw.firms import draw_firms, first_of, read_months, reserve_order
from inspection.draw.flow import read_flow
from inspection.draw.inspectors import draw_inspectors
from inspection.draw.refusal import DrawRefusal
from inspection.draw.reveal import Reveal, seed
from inspection.draw.table import COLUMNS, parse_table, rows_root, table_bytes, table_root
from inspection.draw.ticket import Tickets

SEEDS = {
    ("county-small", "1-firms"): "488fc2a16d82c3987fee69a729e6eb9f828377604e96e53abb051c7580c50f0e",
    ("county-small", "2-inspectors"): "d7872a83d060cb09c6708f423d13ab2fb238d639136b3fa4a2926b87b86b99db",
    ("county-small-sm3", "1-firms"): "5a25370adb62cd9a1a4ba7bd3fb2372ef728f1b16c5c9244140936cae98500cf",
    ("county-small-sm3", "2-inspectors"): "2e5124340c75d7aca0050b84b61cafd231992adbd2e42a3540009c86838f41c8",
}


def firm_rows(golden):
    return [(firm, pool, town) for firm, pool, town, _ in parse_table((golden.folder / "firms.csv").read_bytes())[1]]


def run_firms(golden, rows=None, reveal=None):
    flow = read_flow((golden.folder / "flow.csv").read_bytes())
    months = read_months((golden.folder / "months.csv").read_bytes())
    first = first_of(firm_rows(golden) if rows is None else rows)
    return draw_firms(golden.published, reveal or golden.reveal, flow, months, first)


@pytest.mark.parametrize("name", ["1-firms", "2-inspectors"])
def test_golden_reveal_gives_the_golden_seed(bundle, name):
    golden = golden_draw(bundle, name)
    assert seed(golden.commitment, golden.reveal) == SEEDS[bundle, name]
    assert golden.commitment.canonical == (golden.folder / "commitment.json").read_bytes()
    assert golden.reveal.canonical == (golden.folder / "reveal.json").read_bytes()


@pytest.mark.parametrize("name", ["1-firms", "2-inspectors"])
def test_golden_tables_have_the_committed_roots(bundle, name):
    golden = golden_draw(bundle, name)
    for file, digest in golden.commitment.inputs.items():
        if file.endswith(".csv"):
            path = golden.folder / file
            header, rows = parse_table(path.read_bytes(), COLUMNS[file])
            assert table_root(path, golden.commitment.digest) == digest
            assert rows_root(header, rows, golden.commitment.digest) == digest
            assert table_bytes(header, rows) == path.read_bytes()


def test_golden_inputs_give_the_golden_visits(bundle):
    golden = golden_draw(bundle, "1-firms")
    rows = parse_table((golden.folder / "visits.csv").read_bytes(), COLUMNS["visits.csv"])[1]
    assert [tuple(visit) for visit in run_firms(golden).visits] == [row[:4] for row in rows]


def test_golden_inputs_give_the_golden_assignments(bundle):
    golden = golden_draw(bundle, "2-inspectors")
    flow = read_flow((golden.folder / "flow.csv").read_bytes())
    rows = parse_table((golden.folder / "assignments.csv").read_bytes(), COLUMNS["assignments.csv"])[1]
    result = draw_inspectors(golden.published, golden.reveal, flow)
    assert [tuple(assignment) for assignment in result.assignments] == [row[:3] for row in rows]


def test_firms_in_another_order_give_the_same_visits(bundle):
    golden = golden_draw(bundle, "1-firms")
    assert run_firms(golden, firm_rows(golden)[::-1]).visits == run_firms(golden).visits


def test_reserve_follows_the_drawn_firms_of_its_pool(bundle):
    golden = golden_draw(bundle, "1-firms")
    result = run_firms(golden)
    tickets, drawn = Tickets(result.seed, golden.commitment.digest), {visit.firm for visit in result.visits}
    for pool, taken in result.taken.items():
        members = [firm for firm, name, _ in firm_rows(golden) if name == pool]
        reserve = reserve_order(tickets, members, taken)
        assert set(reserve) == set(members) - drawn
        assert reserve == sorted(reserve, key=lambda firm: (tickets.ticket("firm", firm), firm))


def test_changed_flow_is_refused_as_not_committed(bundle):
    golden = golden_draw(bundle, "2-inspectors")
    flow = read_flow((golden.folder / "flow.csv").read_bytes())
    with pytest.raises(DrawRefusal) as refusal:
        draw_inspectors(golden.published, golden.reveal, flow[::-1])
    assert refusal.value.code == "draw.inputs.changed"
    assert refusal.value.params["file"] == "flow.csv"


def test_firm_draw_refuses_the_commitment_of_an_inspector_draw(bundle):
    golden = golden_draw(bundle, "1-firms")
    other = golden_draw(bundle, "2-inspectors")
    with pytest.raises(DrawRefusal, match=r"draw\.commitment\.kind"):
        run_firms(dataclasses.replace(golden, published=other.published, reveal=other.reveal))


def test_wrong_secret_is_refused_with_the_partys_name(bundle):
    golden = golden_draw(bundle, "1-firms")
    secrets = {**golden.reveal.parties, "notary": "f" * 64}
    reveal = Reveal(parties=secrets, public=golden.reveal.public, seal=golden.reveal.seal)
    with pytest.raises(DrawRefusal) as refusal:
        run_firms(golden, reveal=reveal)
    assert (refusal.value.code, refusal.value.params["parties"]) == ("draw.reveal.secret", "notary")


def test_pool_with_too_few_firms_is_refused_with_both_numbers(bundle):
    golden = golden_draw(bundle, "1-firms")
    pool, needed = next((pool, n) for pool, n in run_firms(golden).taken.items() if n)
    with pytest.raises(DrawRefusal) as refusal:
        run_firms(golden, [row for row in firm_rows(golden) if row[1] != pool])
    assert refusal.value.params == {"pool": pool, "size": 0, "needed": needed}


def test_vectors_are_there():
    assert (vectors() / "county-small" / "log" / "key").exists()
