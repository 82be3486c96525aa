from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from inspection.errors import InputError
from inspection.office import CHINA
from scheduler import rhythm
from scheduler.rhythm import EveryMinutes, OnDays, Rhythm
from scheduler.settings import load_times


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


DAILY = OnDays(named=rhythm.every_day, at=time(6))
MONTHLY = OnDays(named=rhythm.month_after, at=time(2))
YEARLY = OnDays(named=rhythm.year_after, at=time(3))
WEEKDAYS = OnDays(named=rhythm.workdays_only(lambda day: day.weekday() < 5), at=time(8))
MINUTES = EveryMinutes(minutes=15)


@pytest.mark.parametrize(
    ("each", "after", "until", "names"),
    [
        (DAILY, "2027-03-01T06:00", "2027-03-03T06:00", ["2027-03-02", "2027-03-03"]),
        (DAILY, "2027-03-01T05:59", "2027-03-01T05:59:59", []),
        (MONTHLY, "2027-01-01T02:00", "2027-03-01T02:00", ["2027-01", "2027-02"]),
        (YEARLY, "2026-06-01T00:00", "2028-01-01T03:00", ["2026", "2027"]),
        (WEEKDAYS, "2027-03-05T08:00", "2027-03-09T09:00", ["2027-03-08", "2027-03-09"]),
        (MINUTES, "2027-03-05T23:50", "2027-03-06T00:16", ["2027-03-06T00:00", "2027-03-06T00:15"]),
    ],
)
def test_occasions_between_two_times_are_named_in_order(each: Rhythm, after: str, until: str, names: list[str]) -> None:
    found = list(each.between(at(after), at(until)))
    assert [occasion.name for occasion in found] == names
    assert found == sorted(found) and all(at(after) < occasion.due_at <= at(until) for occasion in found)
    assert each.count(at(after), at(until)) == len(names)


@pytest.mark.parametrize("each", [DAILY, MONTHLY, YEARLY, WEEKDAYS, MINUTES])
def test_last_and_next_meet_at_every_moment(each: Rhythm) -> None:
    for hours in range(0, 24 * 400, 37):
        moment = at("2027-01-01T00:30") + timedelta(hours=hours)
        last, following = each.last(moment), each.next(moment)
        assert last is not None and following is not None
        assert last.due_at <= moment < following.due_at
        assert [occasion.name for occasion in each.between(last.due_at, following.due_at)] == [following.name]


def test_occasion_is_the_same_in_whatever_zone_the_clock_runs() -> None:
    moment = at("2027-03-05T06:00")
    abroad = moment.astimezone(tz=None)
    assert DAILY.last(abroad) == DAILY.last(moment)


def times(folder: Path, text: str | None = None) -> dict:
    if text is not None:
        (folder / "schedule.toml").write_text(text, encoding="utf-8")
    return load_times(folder, lambda day: day.weekday() < 5)


def test_times_that_come_with_us_have_every_job(tmp_path: Path) -> None:
    from scheduler.jobs import WORK

    found = times(tmp_path)
    assert found.keys() == WORK.keys()
    assert [job for job, each in found.items() if each.is_each] == ["month", "year"]
    assert found["dispatch"].rhythm.next(at("2027-05-01T00:00")).name == "2027-05-03"


def test_own_file_changes_what_it_names_and_no_more(tmp_path: Path) -> None:
    found = times(tmp_path, '[backup]\nat = "04:30"\nkeep = 3\nto = "/elsewhere"\n[website]\nenabled = false\n')
    assert found["backup"].rhythm.next(at("2027-03-01T04:00")).due_at == at("2027-03-01T04:30")
    assert (found["backup"].keep, found["backup"].to) == (3, "/elsewhere")
    assert "website" not in found and "disclose" in found


def test_own_file_may_turn_days_into_minutes_and_back(tmp_path: Path) -> None:
    found = times(tmp_path, '[disclose]\nevery = 30\n[deliver]\non = "workday"\nat = "09:00"\n')
    assert found["disclose"].rhythm == EveryMinutes(minutes=30)
    assert found["deliver"].rhythm.next(date_at(date(2027, 3, 6))).name == "2027-03-08"


def date_at(day: date) -> datetime:
    return datetime.combine(day, time(0), CHINA)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[backup\n", "schedule.file.unreadable"),
        ("[unknown]\nat = '01:00'\n", "schedule.file.job"),
        ("backup = 1\n", "schedule.file.job"),
        ("[backup]\nwhen = 1\n", "schedule.file.value"),
        ("[backup]\nat = '25:00'\n", "schedule.file.value"),
        ("[backup]\nat = '01:00+02:00'\n", "schedule.file.value"),
        ("[backup]\non = 'sunday'\n", "schedule.file.value"),
        ("[backup]\nkeep = 0\n", "schedule.file.value"),
        ("[backup]\nkeep = true\n", "schedule.file.value"),
        ("[deliver]\nevery = 0\n", "schedule.file.value"),
        ("[deliver]\nevery = '1'\n", "schedule.file.value"),
        ("[deliver]\nenabled = 'no'\n", "schedule.file.value"),
        ("[backup]\nto = 5\n", "schedule.file.value"),
    ],
)
def test_own_file_with_a_mistake_is_refused_with_its_place(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(InputError) as refused:
        times(tmp_path, text)
    assert refused.value.code == code
    assert "schedule.toml" in refused.value.text("zh") and "schedule.toml" in refused.value.text("en")
