from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection.draw.firms import first_of
from inspection.draw.table import table_bytes
from inspection.draw.ticket import Tickets
from inspection.registry import ranking

SEED = "5a" * 32
FIRMS = [(f"9137{i:014d}", f"P{i * i % 7}", f"town {i % 3}") for i in range(3_000)]


def write(folder, rows, suffix):
    path = Path(folder) / f"it's firms{suffix}"
    csv = path.with_suffix(".csv")
    csv.write_bytes(table_bytes(("firm", "pool", "town", "salt"), [(*row, "00") for row in rows]))
    if suffix == ".parquet":
        name = str(csv).replace("'", "''")
        duckdb.sql(f"SELECT * FROM read_csv('{name}', all_varchar=true, header=true)").write_parquet(str(path))
    return path


def plain(rows, take, algorithm="sha256"):
    return first_of(rows)(Tickets(SEED, algorithm), take)


@settings(deadline=None, max_examples=25)
@given(
    st.sets(st.tuples(st.text("0129XAÉ查", min_size=1, max_size=4), st.sampled_from("PQR")), max_size=60),
    st.dictionaries(st.sampled_from("PQRS"), st.integers(0, 30)),
)
def test_any_register_ranks_as_in_the_plain_form(members, take):
    rows = [(firm + pool, pool, f"t{len(firm)}") for firm, pool in members]
    with tempfile.TemporaryDirectory() as folder:
        assert ranking.rank_firms(write(folder, rows, ".csv"), SEED, take) == plain(rows, take)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("algorithm", ["sha256", "sm3"])
def test_csv_and_parquet_rank_alike_under_both_digests(tmp_path, suffix, algorithm):
    take = {"P0": 3, "P1": 250, "P2": 100_000, "P4": 1, "P9": 5, "P5": 0}
    ranked = ranking.rank_firms(write(tmp_path, FIRMS, suffix), SEED, take, algorithm)
    assert ranked == plain(FIRMS, take, algorithm) | {"P9": []}
    assert len(ranked["P1"]) == 250


def test_pool_short_below_its_bar_is_ranked_in_full(tmp_path, monkeypatch):
    monkeypatch.setattr(ranking, "SLACK", 0.5)
    monkeypatch.setattr(ranking, "SPARE", 0)
    take = {"P0": 10, "P1": 200}
    assert ranking.rank_firms(write(tmp_path, FIRMS, ".csv"), SEED, take) == plain(FIRMS, take)


def test_port_of_a_table_takes_its_tickets(tmp_path):
    port = ranking.ranking_of(write(tmp_path, FIRMS, ".csv"))
    assert port(Tickets(SEED, "sha256"), {"P1": 7}) == plain(FIRMS, {"P1": 7})
