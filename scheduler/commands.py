"""``inspection scheduler``: run it, see how the jobs stand, do one now, let one rest."""

from __future__ import annotations

import json as jsonlib
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from inspection.console.options import Language, as_json, workspace_option
from inspection.errors import StoreError, message

by_option = click.option("--by", required=True, metavar="NAME", help="经手人 who asks for it.")


@click.group()
def scheduler() -> None:
    """定时任务：分发、公开、公示、提醒、统计、投递、备份。 Jobs: when the year's work is done by itself."""


@scheduler.command()
@workspace_option
@click.option("--every", type=click.IntRange(1, 600), default=10, show_default=True, help="几秒看一次 seconds.")
@click.option("--once", is_flag=True, help="只把现在应做的做完就退出，供系统定时器调用 do what is due, then stop.")
@click.pass_obj
def run(lang: Language, /, workspace: Path, every: int, once: bool) -> None:
    """按时做该做的事，直到被停止；可在多台机器上同时运行，每件事只做一次。 Do what is due until told to stop.

    \b
    inspection scheduler run
    """
    from inspection.office import Office
    from scheduler.ticker import run_until_told

    if not once:
        Office.opened(workspace).workspace.store.close()
        click.echo(message("schedule.running", lang, folder=workspace, every=every), err=True)
        run_until_told(workspace, every=every)
        return
    came = _runner(workspace).run_due()
    for each in came:
        click.echo(_line(each, lang))
    if not came:
        click.echo(message("schedule.nothing", lang))
    sys.exit(1 if any(each.state != "done" for each in came) else 0)


@scheduler.command("list")
@workspace_option
@as_json
@click.pass_obj
def list_(lang: Language, /, workspace: Path, json: bool) -> None:
    """各项任务上次何时做、结果如何、下次何时、失败原因。 How each job stands; exit 1 when one is in trouble.

    \b
    inspection scheduler list
    """
    from inspection.office import now
    from scheduler.standing import clock_was_set_back, standings

    runner, moment = _runner(workspace), now()
    states, runs = runner.kept()
    rows = standings(runner.times, states, runs, moment)
    back = clock_was_set_back(states, moment)
    if json:
        click.echo(jsonlib.dumps([_row(row, lang) for row in rows], ensure_ascii=False, indent=1))
    else:
        _print_table(rows, lang)
        if not states:
            click.echo(message("schedule.never", lang))
        if back is not None:
            click.echo(message("schedule.clock", lang, seen=_moment(back), now=_moment(moment)))
    sys.exit(1 if back is not None or any(row.troubles for row in rows) else 0)


@scheduler.command("run-now")
@workspace_option
@click.argument("job")
@click.pass_obj
def run_now(lang: Language, /, workspace: Path, job: str) -> None:
    """现在就做一项任务（暂停、失败、放弃的也做）。 Do one job now, be it at rest, failed or given up.

    \b
    inspection scheduler run-now backup
    """
    runner = _runner(workspace)
    came = runner.run_now(job)
    if came is None:
        following = runner.times[job].rhythm.next(runner.now())
        raise StoreError("schedule.job.settled", job=job, next=_moment(following.due_at) if following else "–")
    click.echo(_line(came, lang))
    sys.exit(0 if came.state == "done" else 1)


@scheduler.command()
@workspace_option
@click.argument("jobs", nargs=-1, required=True, metavar="JOB…")
@by_option
@click.pass_obj
def pause(lang: Language, /, workspace: Path, jobs: tuple[str, ...], by: str) -> None:
    """暂停任务（写 all 为全部）；其间到期的，恢复后补做。 Let jobs rest ("all"); what falls due is caught up later.

    \b
    inspection scheduler pause deliver --by 张三
    """
    for job in _set_paused(workspace, jobs, by):
        click.echo(message("schedule.paused", lang, name=_name(job, lang)))


@scheduler.command()
@workspace_option
@click.argument("jobs", nargs=-1, required=True, metavar="JOB…")
@click.pass_obj
def resume(lang: Language, /, workspace: Path, jobs: tuple[str, ...]) -> None:
    """恢复暂停的任务（写 all 为全部）。 Let jobs go on ("all").

    \b
    inspection scheduler resume deliver
    """
    for job in _set_paused(workspace, jobs, None):
        click.echo(message("schedule.resumed", lang, name=_name(job, lang)))


def _runner(workspace: Path) -> Any:
    from inspection.office import Office, now
    from scheduler.jobs import office_jobs
    from scheduler.runner import Runner

    office = Office.opened(workspace)
    return Runner(office, office_jobs(office), now)


def _set_paused(workspace: Path, jobs: tuple[str, ...], by: str | None) -> list[str]:
    runner = _runner(workspace)
    chosen = list(runner.times) if jobs == ("all",) else list(dict.fromkeys(jobs))
    runner.set_paused(chosen, by)
    return chosen


def _print_table(rows: list[Any], language: Language) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from scheduler.standing import outcome_words

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in ("job", "last", "outcome", "next"):
        table.add_column(message(f"schedule.column.{column}", language), overflow="fold")
    for row in rows:
        last = _moment(row.last.ended_at) if row.last else "–"
        told = outcome_words(row.last, language) if row.last else "–"
        if row.last and row.last.covers > 1:
            told += message("schedule.covers", language, count=row.last.covers)
        table.add_row(f"{_name(row.job, language)}\n{row.job}", last, told, _next(row, language))
        for run in row.troubles[-3:]:
            at = _moment(run.ended_at or run.begun_at)
            table.add_row("", at, _trouble(run, language), "", style="red")
    Console(highlight=False).print(table)


def _next(row: Any, language: Language) -> str:
    words = [_moment(row.next.due_at) if row.next else "–"]
    if row.is_paused:
        words.insert(0, message("schedule.is_paused", language))
    if row.running:
        words.insert(0, message("schedule.is_running", language, since=_moment(row.running.begun_at)))
    elif row.waiting:
        words.insert(0, message("schedule.is_due", language, count=row.waiting))
    return "\n".join(words)


def _trouble(run: Any, language: Language) -> str:
    from scheduler.standing import outcome_words

    then = message("schedule.given_up", language, job=run.job)
    if run.retry_at is not None:
        then = message("schedule.retry", language, at=_moment(run.retry_at))
    head = message("schedule.failed", language, occasion=run.occasion, attempts=run.attempts)
    return f"{head}{outcome_words(run, language)} {then}"


def _line(run: Any, language: Language) -> str:
    from scheduler.standing import outcome_words

    words = outcome_words(run, language) if run.state == "done" else _trouble(run, language)
    return f"{_name(run.job, language)}　{run.occasion}　{words}"


def _row(row: Any, language: Language) -> dict[str, Any]:
    from scheduler.standing import outcome_words

    def told(run: Any) -> dict[str, Any]:
        return {
            "occasion": run.occasion,
            "state": run.state,
            "attempts": run.attempts,
            "covers": run.covers,
            "at": run.ended_at and run.ended_at.isoformat(),
            "retry_at": run.retry_at and run.retry_at.isoformat(),
            "outcome": outcome_words(run, language),
        }

    return {
        "job": row.job,
        "paused": row.is_paused,
        "running": row.running is not None,
        "waiting": row.waiting,
        "next": row.next and row.next.due_at.isoformat(),
        "last": row.last and told(row.last),
        "troubles": [told(run) for run in row.troubles],
    }


def _name(job: str, language: Language) -> str:
    return message(f"schedule.job.{job}", language)


def _moment(moment: datetime | None) -> str:
    from inspection.office import CHINA

    return "–" if moment is None else f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}"
