"""What the jobs of an office do: each asks the store what is due and makes one service call that may be made again.

A job of an occasion that was cut short anywhere is done again under the same name, and finds what is done already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path

from inspection.errors import InspectionError, StoreError
from inspection.office import CHINA, Office
from inspection.rules.workdays import is_workday
from inspection.store.schedule import Wanted
from scheduler.runner import Facts, Job, Work
from scheduler.settings import JobTimes, load_times


def office_jobs(office: Office) -> dict[str, Job]:
    """The jobs of an office that are not switched off, in the order in which those due together are done.

    Raises:
        InputError: ``schedule.toml`` or the policy file cannot be used.
    """
    calendar = office.policy().calendar
    times = load_times(office.workspace.folder, lambda day: is_workday(day, calendar))
    return {name: Job(times=each, work=_bound(WORK[name], each)) for name, each in times.items()}


JobWork = Callable[[Office, Wanted, datetime, JobTimes], Facts]


def _bound(work: JobWork, times: JobTimes) -> Work:
    return lambda office, wanted, now: work(office, wanted, now, times)


def is_drawn(office: Office) -> bool:
    """Whether there is a plan whose visits can be sent out: before that no job of the year has anything to do."""
    from inspection.work.visit_facts import VisitFacts

    try:
        return bool(VisitFacts(office.line()).draws)
    except StoreError as error:
        if error.code == "line.plan.none":
            return False
        raise


def dispatch(office: Office, wanted: Wanted, now: datetime, times: JobTimes) -> Facts:
    """Lists of a month are sent out on its first workday; whatever was drawn since then, on the next one.

    The month is the occasion's, not the clock's: a look on a holiday makes up for the workday before it, no more.
    """
    from inspection.store import work
    from inspection.work import work_steps

    if not is_drawn(office):
        return {}
    line, month = office.line(), wanted.occasion[:7]
    with line.workspace.store.reading() as connection:
        waiting = work.parts(connection, line.name, work.PartFilter(states=("planned",)))
    months = sorted({part.month for part in waiting if part.month <= month})
    return {each: work_steps.dispatch_month(office, each, now) for each in months}


def recount(office: Office, wanted: Wanted, now: datetime, times: JobTimes) -> Facts:
    """Deadlines follow the calendar as it was announced since."""
    from inspection.work import work_steps

    return {"moved": work_steps.recount_due(office, now)} if is_drawn(office) else {}


def disclose(office: Office, wanted: Wanted, now: datetime, times: JobTimes) -> Facts:
    """Sealed visits whose day has come are opened, findings and decisions reviewed are public."""
    from inspection.work import work_steps

    return {"disclosed": work_steps.disclose_due(office, now)} if is_drawn(office) else {}


def remind(office: Office, wanted: Wanted, now: datetime, times: JobTimes) -> Facts:
    """Each agency with something soon due or overdue has a notice of the day."""
    from inspection.work.reminders import remind

    if not is_drawn(office):
        return {}
    return {"agencies": remind(office, _day(now), now, _folder(office, times, "notices"))}


def checkpoint(office: Office, wanted: Wanted, now: datetime, times: JobTimes) -> Facts:
    """A checkpoint covers every entry of the log."""
    log = office.workspace.log
    if not (size := len(log.lines())):
        return {}
    with office.workspace.store.writing() as connection:
        log.checkpoint(connection)
    return {"entries": size}


def month(office: Office, wanted: Wanted, now: datetime, times: JobTimes) -> Facts:
    """The statistics and returns of the month that is over stand in a workbook."""
    return _report(office, wanted.occasion, now, times)


def year(office: Office, wanted: Wanted, now: datetime, times: JobTimes) -> Facts:
    """The statistics and the report of the year that is over stand in a workbook and a document."""
    return _report(office, wanted.occasion, now, times)


def _report(office: Office, period: str, now: datetime, times: JobTimes) -> Facts:
    from inspection.work.reporting import write_reports

    if not is_drawn(office) or period[:4] != str(office.line().plan.year):
        return {}
    made = write_reports(office, period, now, _folder(office, times, "reports"))
    return {"period": period, "files": ", ".join(path.name for path in made)}


def website(office: Office, wanted: Wanted, now: datetime, times: JobTimes) -> Facts:
    """The public site shows what is public now."""
    from inspection.publish.website import write_website
    from inspection.questions.public_view import site_proofs
    from inspection.store.outbox import standing

    folder, proofs = _folder(office, times, "website"), site_proofs(office.workspace, now)
    with office.workspace.store.reading() as connection:
        counts = write_website(folder, lambda kind: standing(connection, kind, now), now.astimezone(CHINA), proofs)
    return {"records": sum(counts.values())}


def deliver(office: Office, wanted: Wanted, now: datetime, times: JobTimes) -> Facts:
    """What is due at each target is carried there; a target that cannot be used keeps no other from getting its own."""
    from inspection.office import now as clock
    from inspection.publish.targets import read_targets
    from inspection.work.delivery_steps import deliver

    counts: dict[str, int] = {}
    failed: InspectionError | None = None
    for name, target in read_targets(office.workspace.folder).items():
        try:
            counts[name] = deliver(office.workspace, target, clock).delivered
        except InspectionError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return counts


def backup(office: Office, wanted: Wanted, now: datetime, times: JobTimes) -> Facts:
    """A backup of the occasion stands in the folder; of those made by this job, the newest ``keep`` are kept."""
    from inspection.store.backup import ENDING, back_up, check_backup, refuse_damaged

    folder = _folder(office, times, "backups")
    path = folder / f"{wanted.occasion.replace(':', '')}{ENDING}"
    manifest = check_backup(path) if path.exists() else back_up(office.workspace, path, now)
    refuse_damaged(manifest, path)
    for old in sorted(each for each in folder.glob(f"[0-9]*{ENDING}"))[: -times.keep]:
        old.unlink()
    return {"file": path.name, "rows": manifest.rows, "files": len(manifest.files)}


def _folder(office: Office, times: JobTimes, default: str) -> Path:
    """Where the job's files go; a relative folder is one of the workspace's."""
    return office.workspace.folder / (times.to or default)


def _day(now: datetime) -> str:
    today: date = now.astimezone(CHINA).date()
    return today.isoformat()


WORK: Mapping[str, JobWork] = {
    "recount": recount,
    "open": disclose,
    "backup": backup,
    "month": month,
    "year": year,
    "dispatch": dispatch,
    "remind": remind,
    "disclose": disclose,
    "website": website,
    "checkpoint": checkpoint,
    "deliver": deliver,
}
"""Every job of ``data/schedule.toml``."""
