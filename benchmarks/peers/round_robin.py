"""What bureaus run: ORDER BY RANDOM() over visits and over inspectors, then round robin, whatever the rules."""

from __future__ import annotations

import sqlite3

import numpy as np
from exchange import Agency, Array, answer, asked, read_agencies


def assign(agency: Agency) -> Array:
    needs, people = agency.may_go.shape
    with sqlite3.connect(":memory:") as base:
        base.execute("CREATE TABLE visit (id INTEGER, officers INTEGER)")
        base.execute("CREATE TABLE inspector (id INTEGER)")
        base.executemany("INSERT INTO visit VALUES (?, ?)", enumerate(agency.officers.tolist()))
        base.executemany("INSERT INTO inspector VALUES (?)", ((h,) for h in range(people)))
        visits = base.execute("SELECT id, officers FROM visit ORDER BY RANDOM()").fetchall()
        order = [h for (h,) in base.execute("SELECT id FROM inspector ORDER BY RANDOM()")]
    table = np.zeros((needs, people), np.int8)
    turn = 0
    for visit, officers in visits:
        for _ in range(officers):
            table[visit, order[turn % people]] += 1
            turn += 1
    return table


def main() -> None:
    given = asked()
    agencies = read_agencies(given.instance)
    answer(given, lambda seed: [assign(agency) for agency in agencies])


if __name__ == "__main__":
    main()
