"""Days changed with as few moves as possible: against brute force, on known optima, around what stands fast."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.day_changes import DayChange, change_days
from solver.timetable import TimetableProblem


def problem(teams, windows, *, days=6, towns=None, per_day=1, blocked=(), agencies=None, daily=(), **more):
    people = max((one for team in teams for one in team), default=-1) + 1
    away = np.zeros((people, days), dtype=bool)
    for who, day in blocked:
        away[who, day] = True
    offsets = np.concatenate([[0], np.cumsum([len(team) for team in teams])]).astype(np.int64)
    parties = agencies or [[] for _ in teams]
    return TimetableProblem(
        first_day=np.array([first for first, _ in windows], dtype=np.int64),
        last_day=np.array([last for _, last in windows], dtype=np.int64),
        officer_offsets=offsets,
        officers=np.array([one for team in teams for one in team], dtype=np.int64),
        n_inspectors=people,
        town=np.array(towns or [0] * len(teams), dtype=np.int64),
        day_ordinal=np.arange(1000, 1000 + days, dtype=np.int64),
        visits_per_officer_day=per_day,
        blocked=away,
        agency_offsets=np.concatenate([[0], np.cumsum([len(row) for row in parties])]).astype(np.int64),
        agencies=np.array([one for row in parties for one in row], dtype=np.int64),
        agency_daily=np.array(daily, dtype=np.int64),
        **more,
    )


def changed(made, day, fixed=(), pairs=()):
    mask = np.zeros(len(day), dtype=bool)
    mask[list(fixed)] = True
    return change_days(DayChange(problem=made, day=np.array(day, dtype=np.int64), fixed=mask, pairs=tuple(pairs)))


def breaches(made, day, fixed, pairs):
    """Every rule as a plain loop, what stands fast left alone."""
    found = []
    for v, d in enumerate(day):
        if d < 0 or v in fixed:
            continue
        team = made.officers[made.officer_offsets[v] : made.officer_offsets[v + 1]]
        if not made.first_day[v] <= d <= made.last_day[v] or made.blocked[team, d].any():
            found.append(v)
        for one in team:
            if (
                sum(
                    1
                    for w, e in enumerate(day)
                    if e == d and one in made.officers[made.officer_offsets[w] : made.officer_offsets[w + 1]]
                )
                > made.visits_per_officer_day
            ):
                found.append(v)
    for a, b in pairs:
        if day[a] >= 0 and day[b] >= 0 and abs(day[a] - day[b]) < made.min_gap:
            found.append(a)
    return found


def fewest(made, day, fixed, pairs):
    """Most visits with a day, then fewest moves, by trying everything."""
    ranges = [
        [day[v]] if v in fixed else [-1, *range(made.first_day[v], made.last_day[v] + 1)] for v in range(len(day))
    ]
    best = None
    for tried in itertools.product(*ranges):
        if not breaches(made, tried, fixed, pairs):
            moved = sum(1 for old, new in zip(day, tried, strict=True) if old >= 0 and new >= 0 and old != new)
            score = (
                sum(1 for each in tried if each < 0),
                -sum(1 for o, n in zip(day, tried, strict=True) if o == n >= 0),
            )
            best = min(best, (*score, moved)) if best else (*score, moved)
    return best


def test_a_sound_timetable_is_left_alone():
    made = problem([[0], [0], [1]], [(0, 5)] * 3)
    answer = changed(made, [0, 1, 0])
    assert answer.day.tolist() == [0, 1, 0] and (answer.moved, answer.bound) == (0, 0)


def test_an_officer_away_moves_only_the_visits_of_those_days():
    made = problem([[0], [0], [0], [1]], [(0, 5)] * 4, blocked=[(0, 0), (0, 1)])
    answer = changed(made, [0, 1, 2, 0])
    assert (answer.moved, answer.bound, answer.unplaced) == (2, 2, ())
    assert answer.day[2:].tolist() == [2, 0] and set(answer.day[:2].tolist()) == {3, 4}


def test_a_visit_makes_room_where_nobody_else_can():
    # Visit 0 must leave day 0 and may only go to day 1, where visit 1 is; that one may go to day 2.
    made = problem([[0], [0]], [(0, 1), (0, 2)], blocked=[(0, 0)])
    answer = changed(made, [0, 1])
    assert answer.day.tolist() == [1, 2] and (answer.moved, answer.bound) == (2, 2)


def test_what_is_carried_out_stays_whatever_it_breaks():
    made = problem([[0], [0], [0]], [(0, 2)] * 3)
    answer = changed(made, [0, 0, 0], fixed=[0, 1])
    assert answer.day[:2].tolist() == [0, 0] and answer.day[2] in (1, 2) and answer.moved == 1


def test_a_visit_without_any_day_is_named():
    made = problem([[0]], [(0, 1)], blocked=[(0, 0), (0, 1)])
    answer = changed(made, [0])
    assert answer.unplaced == (0,) and answer.day.tolist() == [-1]


def test_a_town_visited_that_day_is_preferred_to_a_nearer_one():
    made = problem([[0], [1]], [(0, 5)] * 2, towns=[3, 3], blocked=[(0, 0)])
    assert changed(made, [0, 4]).day.tolist() == [4, 4]


def test_an_agency_keeps_its_daily_capacity():
    made = problem([[0], [1]], [(0, 1)] * 2, agencies=[[0], [0]], daily=[1])
    answer = changed(made, [0, 0])
    assert sorted(answer.day.tolist()) == [0, 1] and answer.moved == answer.bound == 1


def test_visits_to_one_firm_are_kept_apart():
    made = problem([[0], [1]], [(0, 2), (3, 5)], min_gap=3)
    answer = changed(made, [2, 3], pairs=[(0, 1)])
    assert answer.moved == 1 and answer.day[1] - answer.day[0] >= 3


def test_a_fixed_visit_without_a_day_is_the_callers_mistake():
    with pytest.raises(ValueError, match="no day"):
        changed(problem([[0]], [(0, 1)]), [-1], fixed=[0])


@st.composite
def cases(draw):
    n = draw(st.integers(1, 4))
    teams = [sorted(draw(st.sets(st.integers(0, 2), min_size=1, max_size=2))) for _ in range(n)]
    windows = [
        (lambda a, b: (min(a, b), max(a, b)))(*draw(st.tuples(st.integers(0, 4), st.integers(0, 4)))) for _ in range(n)
    ]
    blocked = draw(st.sets(st.tuples(st.integers(0, 2), st.integers(0, 4)), max_size=5))
    people = max(one for team in teams for one in team)
    day = [draw(st.integers(-1, 4)) for _ in range(n)]
    fixed = {v for v in range(n) if day[v] >= 0 and draw(st.integers(0, 4)) == 0}
    pairs = [(0, 1)] if n > 1 and draw(st.booleans()) else []
    pairs = [(a, b) for a, b in pairs if not (a in fixed and b in fixed)]
    made = problem(teams, windows, days=5, blocked=[(w, d) for w, d in blocked if w <= people], min_gap=2)
    return made, day, fixed, pairs


@given(cases())
def test_no_timetable_moves_fewer_by_brute_force(case):
    made, day, fixed, pairs = case
    answer = changed(made, day, fixed, pairs)
    assert not breaches(made, answer.day.tolist(), fixed, pairs)
    missing, kept, _ = fewest(made, day, fixed, pairs)
    assert len(answer.unplaced) == missing
    assert sum(1 for old, new in zip(day, answer.day.tolist(), strict=True) if old == new >= 0) == -kept
    assert answer.bound <= answer.moved
