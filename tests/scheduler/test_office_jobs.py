"""What the jobs of a year do, when they are late, fail, rest, or the clock is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from conftest import Desk, at, plan_made
from sqlalchemy import func, select
from work_year import WorkYear

from cli import main
from inspection.errors import StoreError
from inspection.store import work
from inspection.store.backup import check_backup
from inspection.store.outbox_tables import outbox
from inspection.store.schedule_tables import job_runs
from inspection.work import work_steps
from inspection.work.statistics_steps import make_statistics, statistics
from scheduler.standing import clock_was_set_back, outcome_words, standings


def outcomes(runs: list[Any]) -> dict[str, dict[str, Any]]:
    assert all(run.state == "done" for run in runs), [(run.job, run.outcome) for run in runs]
    return {run.job: json.loads(run.outcome) for run in runs}


def announced(desk: Desk, kind: str) -> int:
    with desk.year.office.workspace.store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(outbox).where(outbox.c.kind == kind)) or 0


def test_month_list_goes_out_on_the_first_workday_and_not_before(desk: Desk) -> None:
    # 2027-08-01 is a Sunday.
    desk.only("dispatch")
    planned = {part.key for part in desk.year.parts(month="2027-08")}
    desk.run_at("2027-07-30T12:00")
    assert desk.year.parts(month="2027-07", states=("dispatched",))
    assert desk.run_at("2027-08-01T23:59") == []
    assert planned == {part.key for part in desk.year.parts(month="2027-08", states=("planned",))}
    desk.run_at("2027-08-02T08:00")
    assert planned == {part.key for part in desk.year.parts(month="2027-08", states=("dispatched",))}


def test_look_on_a_sunday_makes_up_for_the_workday_before_it_and_no_more(desk: Desk) -> None:
    desk.only("dispatch")
    [late] = desk.run_at("2027-08-01T12:00")
    assert late.occasion == "2027-07-30" and late.covers > 50
    assert not desk.year.parts(month="2027-08", states=("dispatched",))
    assert not desk.year.parts(month="2027-07", states=("planned",))


def test_second_look_does_nothing_again(desk: Desk) -> None:
    desk.run_at("2027-05-10T18:10")
    before = announced(desk, "visit")
    assert before > 0
    assert desk.runner.run_due() == []
    desk.sleep(seconds=50)
    assert [run.job for run in desk.runner.run_due()] == []
    desk.sleep(seconds=20)
    assert [run.job for run in desk.runner.run_due()] == ["deliver"]
    assert announced(desk, "visit") == before


def test_week_asleep_is_caught_up_in_order_and_said(desk: Desk) -> None:
    desk.run_at("2027-05-28T23:45")
    came = desk.run_at("2027-06-05T07:00")
    assert [run.due_at for run in came] == sorted(run.due_at for run in came)
    by_job = {run.job: run for run in came}
    assert by_job["backup"].covers == 8 and by_job["backup"].occasion == "2027-06-05"
    assert by_job["checkpoint"].covers == 7
    assert by_job["month"].occasion == "2027-05" and by_job["month"].covers == 1
    assert by_job["deliver"].covers == 7 * 24 * 60 + 7 * 60 + 15
    assert "2027-06" in json.loads(by_job["dispatch"].outcome)
    assert {run.state for run in came} == {"done"}


def test_months_missed_are_each_made_up_for_in_order(desk: Desk) -> None:
    plan_made(desk.year, "2027-01-10T09:00")
    desk.only("month")
    came = desk.run_at("2027-06-03T12:00")
    assert [run.occasion for run in came if run.job == "month"] == [f"2027-{month:02}" for month in range(1, 6)]
    folder = desk.year.office.workspace.folder / "reports"
    assert sorted(path.name for path in folder.iterdir()) == [
        f"{desk.year.plan}-2027-{month:02}.xlsx" for month in range(1, 6)
    ]
    assert announced(desk, "statistics") == 5


def test_year_ends_with_a_report_and_a_workbook(desk: Desk) -> None:
    desk.only("month", "year")
    plan_made(desk.year, "2027-11-10T09:00")
    came = desk.run_at("2028-01-02T12:00")
    assert [run.occasion for run in came] == ["2027-11", "2027-12", "2027"]
    names = {path.name for path in (desk.year.office.workspace.folder / "reports").iterdir()}
    assert {f"{desk.year.plan}-2027.docx", f"{desk.year.plan}-2027.xlsx"} <= names


def test_statistics_made_stay_as_they_were_counted(desk: Desk) -> None:
    desk.only("month")
    part = desk.year.joint_part()
    plan_made(desk.year, f"{part.month}-07T09:00")
    desk.run_at("2027-11-03T12:00")
    kept = make_statistics(desk.year.office, part.month, desk.moment)
    desk.moment = desk.year.moment = at("2027-11-10T12:00")
    desk.year.disclosed(part)
    assert make_statistics(desk.year.office, part.month, desk.moment) == kept
    assert (kept.total.disclosed, statistics(desk.year.office, part.month, desk.moment).total.disclosed) == (0, 1)


def test_findings_reviewed_are_public_at_the_next_batch(desk: Desk) -> None:
    desk.only("disclose")
    part = desk.year.joint_part()
    desk.run_at("2027-06-09T20:00")
    desk.year.moment = at("2027-06-10T09:00")
    key = desk.year.reviewed(part)
    assert desk.run_at("2027-06-10T17:59") == []
    desk.run_at("2027-06-10T18:00")
    assert desk.year.part(key).state == "disclosed"
    assert announced(desk, "finding") == 1


def test_agencies_are_reminded_once_a_day_of_what_is_late(desk: Desk) -> None:
    part = desk.year.joint_part()
    desk.year.moment = at("2027-06-10T09:00")
    key = desk.year.entered(part)
    desk.only("remind")
    came = desk.run_at("2027-07-20T08:30")
    assert outcomes(came)["remind"] == {"agencies": 1}
    notice = desk.year.office.workspace.folder / "notices" / "2027-07-20" / f"{key.agency}.txt"
    text = notice.read_text(encoding="utf-8")
    assert desk.year.facts.label(*key[:2]) in text and "已逾期 1 项" in text
    assert announced(desk, "reminder") == 1
    assert work_steps.due_list(desk.year.office, key.agency, desk.moment)[0].urgency == "overdue"
    desk.runner.run_now("remind")
    assert announced(desk, "reminder") == 1
    desk.run_at("2027-07-21T08:30")
    assert announced(desk, "reminder") == 2


def test_backups_are_whole_and_only_the_newest_are_kept(desk: Desk) -> None:
    folder = desk.year.office.workspace.folder
    (folder / "schedule.toml").write_text('[backup]\nkeep = 2\nto = "kept"\n')
    desk.only("backup")
    for day in ("2027-05-10", "2027-05-11", "2027-05-12"):
        desk.run_at(f"{day}T02:00")
    assert sorted(path.name for path in (folder / "kept").iterdir()) == [
        "2027-05-11.backup.zip",
        "2027-05-12.backup.zip",
    ]
    assert check_backup(folder / "kept" / "2027-05-12.backup.zip").rows > 500


def test_job_that_fails_is_tried_again_later_and_stops_no_other(desk: Desk, monkeypatch: Any) -> None:
    import inspection.work.reminders

    def broken(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(inspection.work.reminders, "remind", broken)
    came = desk.run_at("2027-05-10T09:00")
    failed = [run for run in came if run.state != "done"]
    assert [(run.job, run.state, run.attempts) for run in failed] == [("remind", "failed", 1)]
    assert {"backup", "dispatch", "deliver"} <= {run.job for run in came}
    assert "No space left" in outcome_words(failed[0], "zh")
    assert failed[0].retry_at == at("2027-05-10T09:01")
    desk.sleep(seconds=30)
    assert [run.job for run in desk.runner.run_due()] == []
    desk.sleep(minutes=1)
    retried = {run.job: run for run in desk.runner.run_due()}
    assert retried["remind"].attempts == 2
    monkeypatch.undo()
    desk.sleep(hours=1)
    assert outcomes(desk.runner.run_due())["remind"] == {"agencies": 0}


def test_work_of_a_month_that_keeps_failing_is_given_up_said_and_done_by_hand(desk: Desk, monkeypatch: Any) -> None:
    import inspection.work.reporting

    def broken(*_: Any) -> None:
        raise StoreError("store.database.busy")

    monkeypatch.setattr(inspection.work.reporting, "write_reports", broken)
    plan_made(desk.year, "2027-01-10T09:00")
    desk.only("month")
    desk.run_at("2027-02-02T12:00")
    for _ in range(20):
        desk.sleep(hours=7)
        desk.runner.run_due()
    states, runs = desk.runner.kept()
    [given_up] = [run for run in runs["month"] if run.state == "given_up"]
    assert (given_up.occasion, given_up.attempts) == ("2027-01", 12)
    row = next(each for each in standings(desk.runner.times, states, runs, desk.moment) if each.job == "month")
    assert row.troubles == (given_up,)
    monkeypatch.undo()
    came = desk.run_at("2027-03-02T12:00")
    assert [run.occasion for run in came if run.job == "month"] == ["2027-02"]
    made = desk.runner.run_now("month")
    assert made is not None and (made.occasion, made.state) == ("2027-01", "done")
    assert desk.runner.run_now("month") is None


def test_job_at_rest_waits_and_is_caught_up_when_it_goes_on(desk: Desk) -> None:
    desk.only("backup", "checkpoint")
    desk.run_at("2027-05-10T12:00")
    desk.runner.set_paused(["backup"], "张三")
    came = desk.run_at("2027-05-13T12:00")
    assert "backup" not in {run.job for run in came}
    states, runs = desk.runner.kept()
    row = next(each for each in standings(desk.runner.times, states, runs, desk.moment) if each.job == "backup")
    assert (row.is_paused, row.waiting) == (True, 3)
    desk.runner.set_paused(["backup"], None)
    [made] = desk.runner.run_due()
    assert (made.job, made.covers) == ("backup", 3)


def test_clock_set_back_is_said_and_nothing_is_done_twice(desk: Desk) -> None:
    desk.only("dispatch", "disclose", "backup", "deliver")
    desk.run_at("2027-05-11T18:30")
    desk.run_at("2027-05-12T12:00")
    before = announced(desk, "visit"), announced(desk, "statistics")
    came = desk.run_at("2027-05-11T12:00")
    assert {run.state for run in came} == {"done"}
    states, _ = desk.runner.kept()
    assert clock_was_set_back(states, desk.moment) == at("2027-05-12T12:00")
    assert (announced(desk, "visit"), announced(desk, "statistics")) == before
    assert "deliver" in {run.job for run in desk.run_at("2027-05-11T12:01")}
    desk.run_at("2027-05-12T12:05")
    assert clock_was_set_back(desk.runner.kept()[0], desk.moment) is None
    assert (announced(desk, "visit"), announced(desk, "statistics")) == before


def test_clock_that_ran_ahead_and_was_set_right_keeps_no_job_from_its_work(desk: Desk) -> None:
    desk.only("deliver")
    desk.run_at("2027-05-10T12:00")
    desk.run_at("2027-05-10T15:00")
    came = desk.run_at("2027-05-10T12:30")
    assert [run.job for run in came] == ["deliver"]
    assert [run.job for run in desk.run_at("2027-05-10T12:31")] == ["deliver"]


def test_office_without_a_plan_has_quiet_jobs(county: Any, tmp_path: Path) -> None:
    office = county.office()
    desk = Desk(year=WorkYear(office=office), moment=at("2027-05-10T12:00"))
    desk.runner.run_due()
    came = desk.run_at("2027-06-12T12:00")
    assert {run.state for run in came} == {"done"}, [(run.job, run.outcome) for run in came if run.state != "done"]
    assert outcomes(came)["dispatch"] == {}


def test_commands_show_do_and_rest(desk: Desk, monkeypatch: Any) -> None:
    folder = str(desk.year.office.workspace.folder)

    def say(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(main, ["scheduler", *words, "-w", folder])
        assert done.exit_code == code, done.output
        return done.output

    monkeypatch.setattr("inspection.office.now", lambda: desk.moment)
    desk.moment = at("2027-05-10T12:00")
    assert "还没有" in say("list")
    assert "备份" in say("run", "--once")
    assert say("run", "--once") == "现在没有到期未做的任务。\n"
    rows = {row["job"]: row for row in json.loads(say("list", "--json"))}
    assert rows["backup"]["last"]["occasion"] == "2027-05-10"
    assert rows["backup"]["next"] == "2027-05-11T01:00:00+08:00"
    assert "已暂停" in say("pause", "all", "--by", "张三")
    desk.sleep(days=2)
    assert say("run", "--once") == "现在没有到期未做的任务。\n"
    assert "backup" in say("run-now", "backup")
    assert "没有定时任务" in say("run-now", "nothing", code=1)
    assert "没有定时任务" in say("pause", "nothing", "--by", "张三", code=1)
    assert "已恢复" in say("resume", "all")
    assert "公示" in say("run", "--once")
    assert "到目前为止" in say("run-now", "month", code=1)


def test_failures_make_the_list_end_with_one(desk: Desk, monkeypatch: Any) -> None:
    import inspection.work.reminders

    monkeypatch.setattr(inspection.work.reminders, "remind", lambda *_: 1 / 0)
    monkeypatch.setattr("inspection.office.now", lambda: desk.moment)
    desk.run_at("2027-05-10T12:00")
    done = CliRunner().invoke(main, ["scheduler", "list", "-w", str(desk.year.office.workspace.folder)])
    assert done.exit_code == 1
    assert "ZeroDivisionError" in done.output and "再试" in done.output


def test_look_of_a_dead_job_is_taken_over(desk: Desk) -> None:
    """A process killed at work leaves a run that the next look after its lease does."""
    desk.only("backup")
    desk.run_at("2027-05-10T12:00")
    with desk.year.office.workspace.store.writing() as connection:
        values = {"state": "running", "claim": "dead/1/x", "lease_until": at("2027-05-10T12:04"), "ended_at": None}
        connection.execute(
            job_runs.update().where(job_runs.c.job == "backup", job_runs.c.occasion == "2027-05-10").values(values)
        )
    assert "backup" not in {run.job for run in desk.run_at("2027-05-10T12:03")}
    taken = {run.job: run for run in desk.run_at("2027-05-10T12:04")}
    assert (taken["backup"].state, taken["backup"].attempts) == ("done", 2)


def test_deeds_of_the_scheduler_bear_its_name(desk: Desk) -> None:
    desk.only("dispatch")
    desk.run_at("2027-05-10T12:00")
    part = desk.year.parts(month="2027-05", states=("dispatched",))[0]
    with desk.year.office.workspace.store.reading() as connection:
        [sent] = work.events(connection, *part.key[:2])[:1]
    assert (sent.event, sent.actor, sent.role) == ("dispatch", "system", "system")
