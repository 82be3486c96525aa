"""Chances of inspectors: every rule counted by plain loops that never saw the solver, bounds, known answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.inspectors import county
from solver.chances import ChanceProblem, Chances, chances
from solver.seat_shortage import SeatShortage

VECTORS = Path(__file__).parent.parent / "vectors" / "solver"
ROOT = Path(__file__).parent.parent.parent
MILLION = 1_000_000


def make(needs, eligible, holder, capacity) -> ChanceProblem:
    """Needs as (month, officers, qualified, group)."""
    columns = np.array(needs, dtype=np.int64).reshape(-1, 4)
    return ChanceProblem(
        month=columns[:, 0],
        officers=columns[:, 1],
        qualified=columns[:, 2],
        group=columns[:, 3],
        eligible=np.array(eligible, dtype=bool),
        holder=np.array(holder, dtype=bool),
        capacity=np.array(capacity, dtype=np.int64),
    )


def check_rules(problem: ChanceProblem, result: Chances) -> None:
    entries = list(zip(result.need.tolist(), result.inspector.tolist(), result.flow.tolist(), strict=True))
    assert entries == sorted(entries) and len({entry[:2] for entry in entries}) == len(entries)
    seats, held, duty, load = Counter(), Counter(), Counter(), Counter()
    for need, person, flow in entries:
        group = int(problem.group[need])
        assert 1 <= flow <= MILLION
        assert problem.eligible[group, person]
        seats[need] += flow
        if problem.holder[group, person]:
            held[need] += flow
        duty[person, int(problem.month[need])] += flow
        load[person] += flow
    for need in range(problem.month.size):
        assert seats[need] == int(problem.officers[need]) * MILLION
        assert held[need] >= int(problem.qualified[need]) * MILLION
    for (person, month), flow in duty.items():
        assert flow <= int(problem.capacity[person, month]) * MILLION
    for person in range(problem.capacity.shape[0]):
        assert int(result.load_least[person]) == load[person] // MILLION
        assert int(result.load_most[person]) == -(-load[person] // MILLION)
    free = [flow for need, _, flow in entries if need not in set(result.forced)]
    assert result.largest == max(free, default=0) >= min(result.bound, result.largest)
    eligible = sum(int(problem.eligible[group].sum()) for group in problem.group.tolist())
    assert result.left_out == eligible - len(entries)


def augmenting_seats(problem: ChanceProblem, year: int = 99) -> int:
    """Return the most seats people can fill with ``year`` visits each at most: by unit augmenting paths."""
    room: dict[object, dict[object, int]] = defaultdict(lambda: defaultdict(int))
    for need in range(problem.month.size):
        group, month = int(problem.group[need]), int(problem.month[need])
        room["from"]["need", need] = int(problem.officers[need])
        room["need", need]["others", need] = int(problem.officers[need] - problem.qualified[need])
        for person in np.flatnonzero(problem.eligible[group]).tolist():
            tail = "need" if problem.holder[group, person] else "others"
            room[tail, need]["duty", person, month] = 1
            room["duty", person, month]["year", person] = int(problem.capacity[person, month])
            room["year", person]["to"] = year
    seats = 0
    while True:
        back: dict[object, object] = {"from": None}
        queue = ["from"]
        for node in queue:
            for head, left in list(room[node].items()):
                if left > 0 and head not in back:
                    back[head] = node
                    queue.append(head)
        if "to" not in back:
            return seats
        seats += 1
        head: object = "to"
        while back[head] is not None:
            tail = back[head]
            room[tail][head] -= 1
            room[head][tail] += 1
            head = tail


@st.composite
def problems(draw: st.DrawFn) -> ChanceProblem:
    people, groups, months = draw(st.integers(1, 6)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    bits = st.lists(st.lists(st.booleans(), min_size=people, max_size=people), min_size=groups, max_size=groups)
    officers = st.integers(1, 3)
    need = st.tuples(st.integers(0, months - 1), officers, st.integers(0, 1), st.integers(0, groups - 1))
    needs = draw(st.lists(need, min_size=1, max_size=10))
    eligible = np.array(draw(bits)) | (np.array(draw(bits)))
    holder = np.array(draw(bits)) & eligible
    capacity = draw(
        st.lists(st.lists(st.integers(0, 5), min_size=months, max_size=months), min_size=people, max_size=people)
    )
    return make(needs, eligible, holder, capacity)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(problems())
def test_any_instance_is_planned_with_every_rule_or_truly_short(problem: ChanceProblem) -> None:
    result = chances(problem)
    possible = augmenting_seats(problem)
    wanted = int(problem.officers.sum())
    if isinstance(result, Chances):
        assert possible == wanted
        check_rules(problem, result)
        # A whole load that only just suffices may be passed by a millionth, so that every pair stays possible.
        assert augmenting_seats(problem, int(result.load_most.max()) - 2) < wanted
    else:
        assert possible < wanted
        assert result.short == wanted - possible > 0
        for group in result.groups:
            check_group(problem, group)


def check_group(problem: ChanceProblem, group) -> None:
    """The demand is what these needs ask of these people alone, the capacity an upper bound on what they can give."""
    assert group.short == group.demand - group.capacity > 0
    most = 0
    for month in group.months:
        needs = [need for need in group.needs if problem.month[need] == month]
        for person in group.inspectors:
            could = sum(bool(problem.eligible[problem.group[need], person]) for need in needs)
            most += min(could, int(problem.capacity[person, month]))
    assert group.capacity <= most
    asked = sum(int(problem.officers[need]) for need in group.needs)
    assert group.demand == asked if not group.qualified else group.demand <= asked


@pytest.mark.parametrize("case", range(2))
def test_published_shortage_is_named_exactly(case: int) -> None:
    data = json.loads((VECTORS / "assign_infeasible.json").read_text())[case]
    people = range(data["H"])
    result = chances(
        make(
            [(visit["month"], data["k"], 1, index) for index, visit in enumerate(data["visits"])],
            [[person in visit["eligible"] for person in people] for visit in data["visits"]],
            [[person in visit["certified"] for person in people] for visit in data["visits"]],
            np.full((data["H"], data["months"]), data["cap_per_month"]),
        )
    )
    assert isinstance(result, SeatShortage)
    expected = data["expected"]
    assert result.short == expected["short"]
    (group,) = result.groups
    assert (group.demand, group.capacity, len(group.needs)) == (
        expected["demand"],
        expected["capacity"],
        expected["visits"],
    )
    assert [month + 1 for month in group.months] == expected["months"]


def test_everybody_alike_gets_the_even_chance() -> None:
    result = chances(make([(0, 2, 0, 0)] * 6, [[True] * 4], [[False] * 4], [[12]] * 4))
    assert isinstance(result, Chances)
    assert set(result.flow.tolist()) == {500_000}
    assert result.largest == result.bound == 500_000
    assert result.load_least.tolist() == result.load_most.tolist() == [3, 3, 3, 3]


def test_indivisible_shares_stay_exact_and_within_a_millionth() -> None:
    problem = make([(0, 1, 0, 0)] * 5, [[True] * 7], [[False] * 7], [[12]] * 7)
    result = chances(problem)
    assert isinstance(result, Chances)
    check_rules(problem, result)
    assert result.flow.max() - result.flow.min() <= 1


def test_single_holder_is_forced_and_listed() -> None:
    holder = [[False] * 4, [True, False, False, False]]
    problem = make([(0, 2, 1, 1)] + [(0, 2, 0, 0)] * 4, [[True] * 4] * 2, holder, [[9]] * 4)
    result = chances(problem)
    assert isinstance(result, Chances)
    check_rules(problem, result)
    assert result.forced == (0,)
    assert result.flow[(result.need == 0) & (result.inspector == 0)].tolist() == [MILLION]
    assert result.largest < MILLION


def test_load_is_balanced_where_some_needs_bind_one_person() -> None:
    needs = [(0, 1, 0, 0)] * 3 + [(0, 1, 0, 1)] * 3
    problem = make(needs, [[True, False, False], [True] * 3], [[False] * 3] * 2, [[9]] * 3)
    result = chances(problem)
    assert isinstance(result, Chances)
    check_rules(problem, result)
    assert result.load_least[1:].tolist() == [1, 1]
    assert result.load_most[0] <= 4


def test_inspector_on_leave_is_left_out_and_told() -> None:
    problem = make([(0, 1, 0, 0)] * 2 + [(1, 1, 0, 0)] * 2, [[True] * 3], [[False] * 3], [[0, 9], [9, 9], [9, 9]])
    result = chances(problem)
    assert isinstance(result, Chances)
    check_rules(problem, result)
    assert result.left_out == 2


def test_nobody_eligible_is_named() -> None:
    result = chances(make([(0, 1, 0, 0)], [[False, False]], [[False, False]], [[3], [3]]))
    assert isinstance(result, SeatShortage)
    assert (result.groups[0].needs, result.groups[0].inspectors, result.short) == ((0,), (), 1)


def test_missing_holders_are_named_as_qualified() -> None:
    result = chances(make([(0, 2, 1, 0)] * 3, [[True] * 6], [[True] + [False] * 5], [[2]] * 6))
    assert isinstance(result, SeatShortage)
    group = result.groups[0]
    assert (group.qualified, group.inspectors, group.demand, group.capacity) == (True, (0,), 3, 2)


def test_no_needs_gives_no_entries() -> None:
    result = chances(make([], [[True]], [[False]], [[1]]))
    assert isinstance(result, Chances) and result.flow.size == 0


def test_full_capacity_keeps_some_pairs_at_zero_and_says_how_many() -> None:
    problem = make([(0, 1, 0, 0)] * 2 + [(0, 1, 0, 1)], [[True, False], [True, True]], [[False] * 2] * 2, [[2], [1]])
    result = chances(problem)
    assert isinstance(result, Chances)
    check_rules(problem, result)
    assert result.left_out == 1


def test_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match="qualified"):
        make([(0, 1, 2, 0)], [[True]], [[True]], [[1]])
    with pytest.raises(ValueError, match="months"):
        make([(4, 1, 0, 0)], [[True]], [[True]], [[1]])


def _matcher_cases() -> list[dict]:
    cases = json.loads((VECTORS / "openreview_matcher_cases.json").read_text())
    return [case for case in cases if "demand" in case and isinstance(case["max"], list)]


@pytest.mark.parametrize("case", _matcher_cases(), ids=lambda case: case["test"])
def test_matcher_demands_with_reviewer_limits_are_met(case: dict) -> None:
    # Similarities, chance limits and minima are not ours: demands and upper limits are.
    people = len(case["max"])
    limits = [[most] for most in case["max"]]
    problem = make([(0, k, 0, 0) for k in case["demand"]], [[True] * people], [[False] * people], limits)
    result = chances(problem)
    assert isinstance(result, Chances)
    check_rules(problem, result)


def test_matcher_fractional_load_keeps_floor_and_ceiling() -> None:
    # The peer's loads 1.2, 1.2, 0.6 are the given matrix; nothing forces them, so ours are 1, 1, 1.
    result = chances(make([(0, 1, 0, 0)] * 3, [[True] * 3], [[False] * 3], [[2]] * 3))
    assert isinstance(result, Chances)
    assert result.load_least.tolist() == result.load_most.tolist() == [1, 1, 1]


def test_county_keeps_every_rule_near_its_bounds() -> None:
    for problem in county(1, needs=1_500, inspectors=200, agencies=8):
        result = chances(problem)
        assert isinstance(result, Chances)
        check_rules(problem, result)
        assert result.largest <= 1.25 * result.bound
        assert result.load_most.max() - result.load_least.min() <= 1
        assert result.flow.min() > 1_000


def test_order_of_needs_changes_nothing_but_order() -> None:
    problem = county(2, needs=300, inspectors=40, agencies=1)[0]
    turn = np.random.default_rng(3).permutation(problem.month.size)
    turned = ChanceProblem(
        month=problem.month[turn],
        officers=problem.officers[turn],
        qualified=problem.qualified[turn],
        group=problem.group[turn],
        eligible=problem.eligible,
        holder=problem.holder,
        capacity=problem.capacity,
    )
    one, other = chances(problem), chances(turned)
    assert isinstance(one, Chances) and isinstance(other, Chances)
    assert (one.largest, one.bound) == (other.largest, other.bound)
    assert one.load_most.sum() == other.load_most.sum()


@pytest.mark.slow
def test_hash_seed_of_the_process_changes_nothing() -> None:
    code = (
        "import hashlib\nfrom benchmarks.inspectors import county\nfrom solver.chances import chances\n"
        "r = [chances(p) for p in county(4, needs=400, inspectors=60, agencies=3)]\n"
        "print(hashlib.sha256(b''.join(x.flow.tobytes() for x in r)).hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, cwd=ROOT, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(outputs) == 1
