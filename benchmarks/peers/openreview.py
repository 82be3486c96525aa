"""openreview-matcher's solvers on the same needs: ``randomized`` (chances capped) or ``minmax`` (random affinities).

They know demands, least and most loads of the year and forbidden pairs, not months, capacity or qualifications.
"""

from __future__ import annotations

import argparse
import sys
from types import SimpleNamespace

import numpy as np
from exchange import Agency, Array, Clock, answer, asked, read_agencies


def told() -> tuple[str, str]:
    """Which solver, and the folder of a checkout that its own README has built."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--solver", choices=("randomized", "minmax"), required=True)
    parser.add_argument("--matcher", required=True)
    given, _ = parser.parse_known_args()
    return given.solver, given.matcher


def encoded(agency: Agency, limit: float, rng: np.random.Generator) -> SimpleNamespace:
    """What the solvers read of their encoder: random affinities, forbidden pairs, one cap on every chance."""
    may = agency.may_go
    floor = (agency.officers / np.maximum(may.sum(axis=1), 1))[:, None]
    return SimpleNamespace(
        cost_matrix=-rng.integers(1, 1_000, may.shape).astype(float),
        constraint_matrix=np.where(may, 0, -1),
        prob_limit_matrix=np.broadcast_to(np.minimum(np.maximum(floor, limit), 1.0), may.shape).copy(),
    )


def loads(agency: Agency, slack: int) -> tuple[list[int], list[int]]:
    """Least and most load of each inspector: the even share, give or take."""
    people = agency.capacity.shape[0]
    even = int(agency.officers.sum()) / people
    return [max(0, int(even) - slack)] * people, [int(np.ceil(even)) + slack] * people


def main() -> None:
    name, folder = told()
    sys.path.insert(0, folder)
    from matcher.solvers import MinMaxSolver, RandomizedSolver, SolverException

    given = asked()
    agencies = read_agencies(given.instance)
    even = [float((a.officers / np.maximum(a.may_go.sum(axis=1), 1)).max()) for a in agencies]

    def solved(agency: Agency, limit: float, rng: np.random.Generator) -> object:
        """The tightest loads and caps that it can solve; both are loosened together until it can."""
        for slack in range(40):
            least, most = loads(agency, slack)
            encoder = encoded(agency, limit * (1 + 0.02 * slack), rng)
            make = RandomizedSolver if name == "randomized" else MinMaxSolver
            solver = make(least, most, agency.officers.tolist(), encoder)
            try:
                solver.solve()
            except SolverException:
                continue
            if solver.solved:
                return solver
        raise SystemExit("no solution at any loads")

    if name == "minmax":

        def draw(seed: int) -> list[Array]:
            rngs = (np.random.default_rng([seed, i]) for i in range(len(agencies)))
            return [solved(a, 1.0, rng).flow_matrix.astype(np.int8) for a, rng in zip(agencies, rngs, strict=True)]

        answer(given, draw)
        return
    clock = Clock()
    solvers = [
        solved(a, limit, np.random.default_rng(i)) for i, (a, limit) in enumerate(zip(agencies, even, strict=True))
    ]
    prepared = clock.spent()
    chance = [solver.fractional_assignment_matrix for solver in solvers]

    def again(seed: int) -> list[Array]:
        for solver in solvers:
            solver.sample_assignment()
        return [solver.flow_matrix.astype(np.int8) for solver in solvers]

    answer(given, again, prepared=prepared, chance=chance)


if __name__ == "__main__":
    main()
