"""A CP-SAT monolith: every agency, need and inspector in one model; loads even first, random costs second."""

from __future__ import annotations

import numpy as np
from exchange import Agency, Array, answer, asked, read_agencies
from ortools.sat.python import cp_model


def add(
    model: cp_model.CpModel, agency: Agency, rng: np.random.Generator
) -> tuple[dict[tuple[int, int], object], object]:
    """The rules of one agency; its variables by (need, inspector), and what they cost."""
    may, holds = agency.may_go, agency.qualifies
    seat = {(int(n), int(h)): model.new_bool_var("") for n, h in zip(*np.nonzero(may), strict=True)}
    people, months = agency.capacity.shape
    for n in range(len(may)):
        staff = np.flatnonzero(may[n]).tolist()
        model.add(sum(seat[n, h] for h in staff) == int(agency.officers[n]))
        if agency.qualified[n]:
            model.add(sum(seat[n, h] for h in staff if holds[n, h]) >= int(agency.qualified[n]))
    least, most = model.new_int_var(0, 10_000, ""), model.new_int_var(0, 10_000, "")
    for h in range(people):
        mine = [(n, seat[n, h]) for n in np.flatnonzero(may[:, h]).tolist()]
        load = sum(variable for _, variable in mine)
        model.add(load <= most)
        model.add(load >= least)
        for m in range(months):
            here = [variable for n, variable in mine if agency.month[n] == m]
            if len(here) > agency.capacity[h, m]:
                model.add(sum(here) <= int(agency.capacity[h, m]))
    costs = rng.integers(0, 100, len(seat)).tolist()
    total = 1_000_000 * (most - least) + sum(c * v for c, v in zip(costs, seat.values(), strict=True))
    return seat, total


def assign(agencies: list[Agency], seed: int, seconds: float) -> list[Array]:
    model = cp_model.CpModel()
    rng = np.random.default_rng(seed)
    parts = [add(model, agency, rng) for agency in agencies]
    model.minimize(sum(total for _, total in parts))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    solver.parameters.random_seed = seed
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise SystemExit("no solution within the limit")
    tables = []
    for agency, (seat, _) in zip(agencies, parts, strict=True):
        table = np.zeros(agency.may_go.shape, np.int8)
        for (n, h), variable in seat.items():
            table[n, h] = solver.value(variable)
        tables.append(table)
    return tables


def main() -> None:
    given = asked()
    agencies = read_agencies(given.instance)
    seconds = (0.7 if given.draws == 1 else 0.15) * given.limit
    answer(given, lambda seed: assign(agencies, seed, seconds))


if __name__ == "__main__":
    main()
