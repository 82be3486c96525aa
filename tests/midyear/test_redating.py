"""Days after substitutions and absences: as few visits move as possible, what is carried out stands fast."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date, timedelta

import pytest
from midyear_office import JOINT, SINGLE, ceremony

from inspection import service
from inspection.changes import change_steps
from inspection.changes.redating import redate
from inspection.errors import InputError
from inspection.planning.day_changes import Absence


def busiest(visits, month):
    """The officer with most visits in a month."""
    duties = Counter(person for visit in visits if visit.month == month for _, person in visit.team)
    return duties.most_common(1)[0][0]


def breaches(visits, policy, away=()):
    """Every rule of days as a plain loop."""
    found = []
    busy = Counter((person, visit.day) for visit in visits if visit.day for _, person in visit.team)
    found += [key for key, count in busy.items() if count > policy.capacity.visits_per_officer_day]
    for visit in visits:
        if visit.day is not None:
            found += [visit.key] if f"{visit.day:%Y-%m}" != visit.month or visit.day.weekday() > 4 else []
            for absence in away:
                if absence.inspector in {p for _, p in visit.team} and absence.first <= visit.day <= absence.last:
                    found.append(visit.key)
    for firm in {visit.firm for visit in visits}:
        days = sorted(visit.day for visit in visits if visit.day and visit.firm == firm)
        found += [firm for a, b in itertools.pairwise(days) if b - a < timedelta(days=policy.gap.days)]
    return found


def test_a_timetable_that_fits_is_left_alone(copy, drawn_twice):
    made = copy(drawn_twice)
    line = made.line()
    moved = redate(line, made.office.policy(), [])
    assert (moved.changed, moved.unplaced, moved.bound) == ({}, (), 0)


def test_an_absence_moves_only_what_it_must(copy, drawn_twice):
    made = copy(drawn_twice)
    made.set_day(date(2027, 5, 4))
    line = made.line()
    before = change_steps.standing(line)
    officer = busiest(before, "2027-05")
    away = Absence(inspector=officer, first=date(2027, 5, 5), last=date(2027, 5, 21))
    hit = {
        visit.key
        for visit in before
        if officer in {person for _, person in visit.team} and visit.day and away.first <= visit.day <= away.last
    }
    moved = redate(line, made.office.policy(), [away])
    after = {visit.key: visit for visit in change_steps.standing(line)}
    assert hit and hit <= moved.changed.keys() | set(moved.unplaced)
    assert moved.moved >= moved.bound >= len(hit - set(moved.unplaced))
    for visit in before:
        assert (after[visit.key].day == visit.day) == (visit.key not in moved.changed)
        if visit.day and visit.day <= date(2027, 5, 4):
            assert after[visit.key].day == visit.day
    assert not breaches(list(after.values()), line.given.policy, [away])


def test_a_trial_stores_nothing_and_absences_are_remembered(copy, drawn_twice):
    made = copy(drawn_twice)
    made.set_day(date(2027, 4, 1))
    line = made.line()
    before = change_steps.standing(line)
    officer = busiest(before, "2027-05")
    day = next(visit.day for visit in before if visit.month == "2027-05" and officer in {who for _, who in visit.team})
    away = [Absence(inspector=officer, first=day, last=day)]
    trial = redate(line, made.office.policy(), away, is_trial=True)
    assert trial.changed and change_steps.standing(line) == before
    assert redate(line, made.office.policy(), away).changed == trial.changed
    assert redate(line, made.office.policy(), []).changed == {}


def test_new_quiet_days_are_kept(copy, drawn_twice):
    made = copy(drawn_twice)
    line = made.line()
    day = Counter(visit.day for visit in change_steps.standing(line)).most_common(1)[0][0]
    path = made.office.policy_file
    text = path.read_text(encoding="utf-8")
    quieter = "\n".join(
        f"dates = [{day.isoformat()}]" if row.startswith("dates = ") else row for row in text.split("\n")
    )
    assert quieter != text
    path.write_text(quieter, encoding="utf-8")
    hit = [visit.key for visit in change_steps.standing(line) if visit.day == day]
    moved = redate(line, made.office.policy(), [])
    assert set(hit) <= moved.changed.keys() and moved.bound == len(hit)
    assert all(visit.day != day for visit in change_steps.standing(line))


def test_days_of_two_rounds_are_fitted_together(copy, drawn_twice):
    made = copy(drawn_twice)
    made.import_tasks(JOINT, SINGLE)
    added = made.supplement(date(2027, 8, 9))
    service.plan_year(added, ceremony(added))
    line = made.line()
    before = change_steps.standing(line)
    officer = busiest(before, "2027-08")
    away = Absence(inspector=officer, first=date(2027, 8, 9), last=date(2027, 8, 13))
    redate(line, made.office.policy(), [away])
    after = change_steps.standing(line)
    assert not breaches(after, line.given.policy, [away])
    assert all(visit.day >= date(2027, 8, 9) for visit in after if visit.draw.endswith("3-firms") and visit.day)


def test_closed_visits_free_their_day(copy, drawn_twice):
    made = copy(drawn_twice)
    line = made.line()
    asked = change_steps.request(line, change_steps.close_wish(line, "V0001", "moved"), "张三")
    change_steps.approve(line, asked.number, "李四")
    moved = redate(line, made.office.policy(), [])
    assert moved.changed == {}


def test_an_absence_of_a_stranger_is_refused(copy, drawn_twice):
    made = copy(drawn_twice)
    with pytest.raises(InputError) as refused:
        redate(
            made.line(), made.office.policy(), [Absence(inspector="X", first=date(2027, 5, 1), last=date(2027, 5, 2))]
        )
    assert refused.value.code == "redate.inspector"
