"""Small merge problems, a brute-force optimum, and the rules as plain loops that never saw the solver."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import strategies as st

from solver.merge_problem import MILLION, Merge, MergeProblem


def problem_of(
    totals: list[int],
    windows: list[list[int]],
    agencies: list[list[int]],
    signatures: list[list[int]],
    **changes: object,
) -> MergeProblem:
    """A problem with roomy limits; ``changes`` replace fields."""
    n_tasks, n_months = len(totals), 1 + max((m for w in windows for m in w), default=0)
    n_agencies = 1 + max((a for row in agencies for a in row), default=0)
    resources = np.zeros((n_tasks, n_agencies), bool)
    opened = np.zeros((n_tasks, n_months), bool)
    subject = np.zeros((len(signatures), n_tasks), bool)
    for k in range(n_tasks):
        resources[k, agencies[k]] = True
        opened[k, windows[k]] = True
    for s, tasks in enumerate(signatures):
        subject[s, tasks] = True
    fields: dict[str, object] = {
        "totals": np.array(totals, np.int64),
        "windows": opened,
        "resources": resources,
        "n_agencies": n_agencies,
        "seats_per_visit": np.full(n_agencies, 2, np.int64),
        "seats": np.full((n_agencies, n_months), 2 * sum(totals) + 2, np.int64),
        "conflicts": np.zeros((n_agencies, n_agencies), bool),
        "items": np.ones(n_tasks, np.int64),
        "signatures": subject,
        "lower": np.zeros(len(signatures), np.int64),
        "upper": np.full(len(signatures), 50 * MILLION, np.int64),
        "weight": np.ones(len(signatures)),
        "covers": np.ones(len(signatures), bool),
        "coverage": 0,
        "joint": (0, 1),
        "joint_counted_by": "visits",
        "most_agencies": 4,
        "most_items": 20,
    }
    return MergeProblem(**(fields | changes))  # type: ignore[arg-type]


@st.composite
def small_problems(draw: st.DrawFn) -> MergeProblem:
    """At most 4 tasks of 1-3 firms, 3 agencies, 3 months, 3 signatures; bounds, seats and coverage may bind."""
    n = draw(st.integers(1, 4))
    totals = draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
    months = st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True)
    windows = draw(st.lists(months, min_size=n, max_size=n))
    agencies = draw(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=2, unique=True), min_size=n, max_size=n))
    tasks = st.lists(st.integers(0, n - 1), max_size=n, unique=True)
    signatures = [*draw(st.lists(tasks, min_size=0, max_size=2)), list(range(n))]
    plain = problem_of(totals, windows, agencies, signatures)
    n_signatures = len(signatures)
    roomy = draw(st.sampled_from([2, 4, 6]))
    small = st.lists(st.integers(0, 2), min_size=n_signatures, max_size=n_signatures)
    return problem_of(
        totals,
        windows,
        agencies,
        signatures,
        lower=np.array(draw(small), np.int64) * 300_000,
        upper=np.array(draw(st.lists(st.integers(3, 12), min_size=n_signatures, max_size=n_signatures))) * MILLION,
        seats=np.array(draw(st.lists(st.integers(2, 7), min_size=plain.seats.size, max_size=plain.seats.size))).reshape(
            plain.seats.shape
        )
        * roomy,
        coverage=draw(st.integers(0, 2)),
        items=np.array(draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))),
        covers=np.array(draw(st.lists(st.booleans(), min_size=n_signatures, max_size=n_signatures))),
        most_agencies=draw(st.integers(2, 3)),
        most_items=draw(st.integers(3, 7)),
        joint=draw(st.sampled_from([(0, 1), (1, 4)])),
    )


def broken_rules(problem: MergeProblem, merge: Merge) -> list[str]:
    """Every rule of a merge again, one visit at a time; an empty list means all are met."""
    found = []
    done = [0] * len(problem.totals)
    load: dict[tuple[int, int], int] = {}
    visits = joint = 0
    for c, row in enumerate(merge.combinations.tolist()):
        tasks = [k for k, chosen in enumerate(row) if chosen]
        used = [r for r in range(problem.resources.shape[1]) if any(problem.resources[k, r] for k in tasks)]
        agencies = [r for r in used if r < problem.n_agencies]
        if not tasks or merge.visits[c].sum() == 0:
            found.append("empty combination")
        if len(agencies) > problem.most_agencies or sum(int(problem.items[k]) for k in tasks) > problem.most_items:
            found.append("limits")
        if any(problem.conflicts[a, b] for a in used for b in used):
            found.append("conflict")
        subject = [all(problem.signatures[s, k] for k in tasks) for s in range(len(problem.signatures))]
        if subject != merge.eligible[:, c].tolist() or not any(subject):
            found.append("eligible")
        for m, n in enumerate(merge.visits[c].tolist()):
            if n and not all(problem.windows[k, m] for k in tasks):
                found.append("window")
            visits += n
            joint += n if len(agencies) > 1 else 0
            for k in tasks:
                done[k] += n
            for r in used:
                load[r, m] = load.get((r, m), 0) + n * int(problem.seats_per_visit[r])
    if done != problem.totals.tolist():
        found.append("totals")
    if any(n > problem.seats[key] for key, n in load.items()):
        found.append("seats")
    if problem.joint_counted_by != "tasks" and joint * problem.joint[1] < problem.joint[0] * visits:
        found.append("joint")
    if visits < merge.bound:
        found.append("bound")
    return found


def can_be_spread(problem: MergeProblem, eligible: np.ndarray, visits: np.ndarray) -> bool:
    """Whether signatures' bounds and coverage can be met, by Hoffman's condition over all sets of signatures."""
    n = len(problem.signatures)
    for chosen in range(1 << n):
        inside = np.array([(chosen >> s) & 1 for s in range(n)], bool)
        reach = int(visits[eligible[inside].any(axis=0)].sum()) * MILLION if inside.any() else 0
        confined = int(visits[~eligible[~inside].any(axis=0)].sum()) * MILLION
        owed = int(problem.lower[inside & ~problem.covers].sum()) + max(
            int(problem.lower[inside & problem.covers].sum()),
            problem.coverage * MILLION - int(problem.upper[problem.covers & ~inside].sum()),
        )
        if reach < owed or confined > int(problem.upper[inside].sum()):
            return False
    return True


def fewest_visits(problem: MergeProblem) -> int | None:
    """The optimum by trying everything (visits as multisets of possible task sets in months); None if impossible."""
    kinds = _possible(problem)
    best: list[int | None] = [None]
    per = problem.seats_per_visit

    def search(
        at: int, left: np.ndarray, seats: np.ndarray, chosen: dict[tuple[int, ...], int], n: int, joint: int
    ) -> None:
        if best[0] is not None and n >= best[0]:
            return
        if not left.any():
            sets = sorted(chosen)
            eligible = np.array([[all(row[k] for k in t) for t in sets] for row in problem.signatures])
            counts = np.array([chosen[t] for t in sets])
            if joint * problem.joint[1] >= problem.joint[0] * n and can_be_spread(problem, eligible, counts):
                best[0] = n
            return
        if at == len(kinds):
            return
        tasks, month, used, is_joint = kinds[at]
        mask = np.zeros(len(left), np.int64)
        mask[list(tasks)] = 1
        search(at + 1, left, seats, chosen, n, joint)
        for count in range(1, int(left[list(tasks)].min()) + 1):
            taken = seats.copy()
            taken[:, month] -= used * per * count
            if (taken < 0).any():
                break
            more = chosen | {tasks: chosen.get(tasks, 0) + count}
            search(at + 1, left - mask * count, taken, more, n + count, joint + is_joint * count)

    search(0, problem.totals.copy(), problem.seats.copy(), {}, 0, 0)
    return best[0]


def _possible(problem: MergeProblem) -> list[tuple[tuple[int, ...], int, np.ndarray, int]]:
    """Task sets one visit may hold, by month, larger sets first."""
    found = []
    n = len(problem.totals)
    for size in range(n, 0, -1):
        for tasks in combinations(range(n), size):
            used = problem.resources[list(tasks)].any(axis=0)
            agencies = int(used[: problem.n_agencies].sum())
            fits = agencies <= problem.most_agencies and problem.items[list(tasks)].sum() <= problem.most_items
            fits = fits and not problem.conflicts[np.ix_(used, used)].any()
            if fits and problem.signatures[:, list(tasks)].all(axis=1).any():
                found.extend(
                    (tasks, int(m), used.astype(np.int64), int(agencies > 1))
                    for m in np.flatnonzero(problem.windows[list(tasks)].all(axis=0))
                )
    return found
