"""Days of visits: every hard rule counted by plain loops, small instances decided by trying everything."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.inspectors import county_visits
from solver.day_anneal import anneal_days
from solver.day_board import DayBoard
from solver.timetable import Timetable, TimetableProblem, timetable

ROOT = Path(__file__).parent.parent.parent


def make(
    visits, n_days=10, *, inspectors=8, per_day=2, agencies=None, daily=(), ordinal=None, **more
) -> TimetableProblem:
    """Visits as (first day, last day, officers, town)."""
    agencies = agencies if agencies is not None else [()] * len(visits)
    return TimetableProblem(
        first_day=np.array([visit[0] for visit in visits], dtype=np.int64),
        last_day=np.array([visit[1] for visit in visits], dtype=np.int64),
        officer_offsets=np.r_[0, np.cumsum([len(visit[2]) for visit in visits])].astype(np.int64),
        officers=np.array([officer for visit in visits for officer in visit[2]], dtype=np.int64),
        n_inspectors=inspectors,
        town=np.array([visit[3] for visit in visits], dtype=np.int64),
        day_ordinal=np.arange(n_days) if ordinal is None else np.array(ordinal),
        visits_per_officer_day=per_day,
        agency_offsets=np.r_[0, np.cumsum([len(names) for names in agencies])].astype(np.int64),
        agencies=np.array([agency for names in agencies for agency in names], dtype=np.int64),
        agency_daily=np.array(daily, dtype=np.int64),
        **more,
    )


def faults(problem: TimetableProblem, days: list[int]) -> list[str]:
    """Return every hard rule the placed visits break."""
    out, met, found = Counter(), Counter(), []
    for visit, day in enumerate(days):
        if day < 0:
            continue
        if not problem.first_day[visit] <= day <= problem.last_day[visit]:
            found.append(f"visit {visit} outside its window")
        for officer in problem.officers[problem.officer_offsets[visit] : problem.officer_offsets[visit + 1]].tolist():
            out[officer, day] += 1
            if problem.blocked is not None and problem.blocked[officer, day]:
                found.append(f"officer {officer} away on {day}")
        if problem.agency_daily.size:
            for agency in problem.agencies[problem.agency_offsets[visit] : problem.agency_offsets[visit + 1]].tolist():
                met[agency, day] += 1
        if problem.previous.size and problem.previous[visit] >= 0:
            gap = abs(int(problem.day_ordinal[day]) - int(problem.previous[visit]))
            if gap < problem.min_gap:
                found.append(f"visit {visit} after {gap} days")
    found += [f"{key} full" for key, count in out.items() if count > problem.visits_per_officer_day]
    found += [f"agency {key} full" for key, count in met.items() if count > problem.agency_daily[key[0]]]
    return found


def check(problem: TimetableProblem, result: Timetable) -> None:
    days = result.day.tolist()
    assert faults(problem, days) == []
    assert [visit for visit, day in enumerate(days) if day < 0] == [late.visit for late in result.unplaced]
    towns = defaultdict(set)
    for visit, day in enumerate(days):
        for officer in problem.officers[problem.officer_offsets[visit] : problem.officer_offsets[visit + 1]].tolist():
            if day >= 0:
                towns[officer, day].add(int(problem.town[visit]))
    assert result.officer_days == len(towns)
    assert result.officer_days_two_towns == sum(len(there) > 1 for there in towns.values())
    if not result.unplaced:
        assert result.officer_days >= result.bound
        assert sum(len(there) for there in towns.values()) >= result.bound_one_town


@st.composite
def problems(draw: st.DrawFn) -> TimetableProblem:
    n_days, inspectors = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    crew = st.lists(st.integers(0, inspectors - 1), min_size=1, max_size=2, unique=True)
    day = st.integers(0, n_days - 1)
    raw = draw(st.lists(st.tuples(day, day, crew, st.integers(0, 2)), min_size=1, max_size=6))
    visits = [(min(one, two), max(one, two), who, town) for one, two, who, town in raw]
    agencies = draw(st.lists(st.sampled_from([(), (0,), (1,), (0, 1)]), min_size=len(raw), max_size=len(raw)))
    blocked = draw(st.lists(st.booleans(), min_size=inspectors * n_days, max_size=inspectors * n_days))
    use_blocked = draw(st.booleans())
    return make(
        visits,
        n_days,
        inspectors=inspectors,
        per_day=draw(st.integers(1, 2)),
        agencies=agencies,
        daily=draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        ordinal=[3 * index for index in range(n_days)],
        blocked=np.array(blocked).reshape(inspectors, n_days) if use_blocked else None,
        previous=np.array(draw(st.lists(st.integers(-1, 9), min_size=len(raw), max_size=len(raw)))),
        min_gap=draw(st.integers(0, 5)),
    )


def most_placed(problem: TimetableProblem) -> int:
    windows = [
        [-1, *range(int(first), int(last) + 1)] for first, last in zip(problem.first_day, problem.last_day, strict=True)
    ]
    for count in range(len(windows), 0, -1):
        for days in product(*windows):
            if sum(day >= 0 for day in days) == count and not faults(problem, list(days)):
                return count
    return 0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problems())
def test_any_instance_keeps_every_rule_and_places_the_most(problem: TimetableProblem) -> None:
    result = timetable(problem)
    check(problem, result)
    assert int((result.day >= 0).sum()) == most_placed(problem)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(problems())
def test_effort_never_makes_it_worse(problem: TimetableProblem) -> None:
    plain, better = timetable(problem), timetable(problem, effort=0.05)
    check(problem, better)
    assert len(better.unplaced) == len(plain.unplaced)
    cost = [1_000 * one.officer_days + 2_500 * one.officer_days_two_towns for one in (plain, better)]
    assert cost[1] <= cost[0]


def test_visits_of_a_town_share_a_day() -> None:
    result = timetable(make([(0, 9, [0, 1], town) for town in (0, 0, 1, 1)]))
    assert (result.officer_days, result.officer_days_two_towns, result.bound, result.bound_one_town) == (4, 0, 4, 4)


def test_greedy_dead_end_is_opened_by_moving_others() -> None:
    # Officer 0 can take one visit a day; only the right two visits on days 0 and 1 leave room for the third.
    problem = make([(0, 2, [0], 0), (0, 1, [0], 0), (0, 0, [0], 0)], 3, per_day=1)
    result = timetable(problem)
    check(problem, result)
    assert result.day.tolist() == [2, 1, 0]


def test_full_officer_is_named() -> None:
    problem = make([(0, 1, [3, index], 0) for index in (0, 1, 2)], 2, per_day=1)
    result = timetable(problem)
    check(problem, result)
    assert [(late.reason, late.officer) for late in result.unplaced] == [("officer_full", 3)]


def test_absence_gap_agency_and_empty_window_are_named() -> None:
    blocked = np.zeros((8, 2), dtype=bool)
    blocked[0] = True
    problem = make(
        [(0, 1, [0], 0), (0, 1, [1], 0), (1, 0, [2], 0), (0, 0, [3], 0), (0, 0, [4], 0)],
        2,
        agencies=[(), (), (), (0,), (0,)],
        daily=(1,),
        blocked=blocked,
        previous=np.array([-1, 0, -1, -1, -1]),
        min_gap=30,
    )
    result = timetable(problem)
    check(problem, result)
    reasons = {late.visit: late.reason for late in result.unplaced}
    assert reasons.pop(0) == "officer_away"
    assert reasons.pop(1) == "gap"
    assert reasons.pop(2) == "no_workday"
    assert list(reasons.values()) == ["agency_full"]


def test_gap_counts_calendar_days() -> None:
    problem = make([(0, 2, [0], 0)], 3, ordinal=[100, 103, 110], previous=np.array([95]), min_gap=15)
    assert timetable(problem).day.tolist() == [2]


def test_no_visits_gives_an_empty_timetable() -> None:
    result = timetable(make([]))
    assert (result.day.size, result.officer_days, result.bound, result.unplaced) == (0, 0, 0, ())


def test_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match="workdays"):
        make([(0, 10, [0], 0)])
    with pytest.raises(ValueError, match="inspectors"):
        make([(0, 1, [9], 0)])


def test_county_is_placed_near_the_one_town_bound_on_even_days() -> None:
    problem = county_visits(1, visits=2_500, inspectors=250)
    result = timetable(problem)
    check(problem, result)
    assert not result.unplaced
    assert result.officer_days <= 1.01 * result.bound_one_town
    assert result.officer_days_two_towns <= 0.002 * result.officer_days
    per_day = np.bincount(result.day, minlength=problem.day_ordinal.size)
    assert per_day.min() > 0 and per_day.max() <= 3 * per_day.mean()


def test_annealing_keeps_every_rule_and_saves_what_the_first_days_missed() -> None:
    # Towns of a county large enough that an officer's visits of a month seldom meet by themselves.
    whole = county_visits(2, visits=900, inspectors=80)
    rng = np.random.default_rng(3)
    agencies = np.arange(900) % 4
    problem = replace(
        whole,
        visits_per_officer_day=2,
        blocked=rng.random((80, whole.day_ordinal.size)) < 0.05,
        agency_offsets=np.arange(901),
        agencies=agencies,
        agency_daily=np.full(4, 5),
        previous=np.where(rng.random(900) < 0.2, whole.day_ordinal[whole.first_day], -1),
        min_gap=9,
    )
    board = DayBoard(problem)
    for visit in range(900):
        day = board.best_day(visit)
        if day >= 0:
            board.place(visit, day)
    placed, before = board.day >= 0, board.officer_days()
    two_towns, busiest = board.two_town_days(), board.busiest()
    anneal_days(problem, board, 100_000)
    assert faults(problem, board.day.tolist()) == []
    assert ((board.day >= 0) == placed).all()
    assert board.officer_days() < 0.99 * before
    assert board.two_town_days() <= two_towns and board.busiest() <= busiest


def test_scarce_county_names_its_shortage_in_seconds() -> None:
    whole = county_visits(1, visits=600, inspectors=60)
    problem = replace(whole, visits_per_officer_day=1, last_day=whole.first_day + 2)
    result = timetable(problem)
    check(problem, result)
    assert result.unplaced
    assert {late.reason for late in result.unplaced} <= {"officer_full", "together"}


@pytest.mark.slow
def test_hash_seed_of_the_process_changes_nothing() -> None:
    code = (
        "import hashlib\nfrom benchmarks.inspectors import county_visits\nfrom solver.timetable import timetable\n"
        "r = timetable(county_visits(4, visits=600, inspectors=60), effort=0.1)\n"
        "print(hashlib.sha256(r.day.tobytes()).hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, cwd=ROOT, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(outputs) == 1
