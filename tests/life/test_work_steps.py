"""A visit from being sent out to being public, on a drawn year."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select
from work_year import PLANNER, WorkYear, clerk, reviewer

from inspection import service
from inspection.changes import change_steps
from inspection.draw.table import parse_table, table_root
from inspection.errors import InputError, InspectionError, PlanError, StoreError
from inspection.office import CHINA
from inspection.publish.log_check import check_order
from inspection.rules.visit_life import Actor
from inspection.store import disclosed, work
from inspection.store.outbox_tables import outbox
from inspection.store.work import PartFilter
from inspection.work import amendment_steps, work_steps


def announced(year: WorkYear) -> list[tuple[str, str, str]]:
    with year.office.workspace.store.reading() as connection:
        rows = connection.execute(select(outbox.c.kind, outbox.c.action, outbox.c.key).order_by(outbox.c.seq))
        return [tuple(row) for row in rows]  # type: ignore[misc]


def refusal(code: str, call: Callable[[], object]) -> InspectionError:
    with pytest.raises(InspectionError) as caught:
        call()
    assert caught.value.code == code, caught.value
    assert caught.value.text("zh") and caught.value.text("en")
    return caught.value


def test_year_begins_planned_and_a_month_is_sent_out_once(year: WorkYear) -> None:
    assert {part.state for part in year.parts()} == {"planned"}
    month = year.parts()[0].month
    sent = work_steps.dispatch_month(year.office, month, year.now(), PLANNER)
    assert sent == len({part.key[:2] for part in year.parts(month=month)}) > 0
    assert work_steps.dispatch_month(year.office, month, year.now(), PLANNER) == 0
    assert {part.state for part in year.parts(month=month)} == {"dispatched"}
    assert all(part.state == "planned" for part in year.parts() if part.month != month)
    refusal("work.month", lambda: work_steps.dispatch_month(year.office, "2026-05", year.now(), PLANNER))


def test_whole_way_is_logged_with_actor_and_time(year: WorkYear) -> None:
    key = year.disclosed(year.joint_part())
    with year.office.workspace.store.reading() as connection:
        happened = [each for each in work.events(connection, key.draw, key.visit) if each.agency == key.agency]
    assert [(each.event, each.actor) for each in happened] == [
        ("dispatch", "周主任"), ("accept", "录入员甲"), ("carry_out", "录入员甲"), ("enter", "录入员甲"),
        ("review", "审核员乙"), ("disclose", "system"),
    ]  # fmt: skip
    assert all(one.at <= other.at for one, other in pairwise(happened))


def test_joint_visit_is_as_far_as_its_slowest_agency(year: WorkYear) -> None:
    part = year.joint_part()
    key = year.disclosed(part)
    page = work_steps.visits(year.office, PartFilter(visits=(key[:2],)))
    (row,) = page.rows
    assert row.state == "dispatched"
    assert {each.key.agency: each.state for each in row.parts}[key.agency] == "disclosed"


def test_what_nobody_entered_stays_empty(year: WorkYear) -> None:
    part = next(part for part in year.parts() if len(year.items(part)) > 1)
    key, items = year.accepted(part), year.items(part)
    done = work_steps.enter_findings(year.office, [year.finding(part, items[0], "5")], clerk(key.agency), year.now())
    assert (done.entered, done.complete) == (1, 0)
    assert year.part(key).state == "carried_out"
    with year.office.workspace.store.reading() as connection:
        assert [row.finding.item for row in work.findings(connection, year.plan, [key])] == [items[0]]
    refusal("work.transitions", lambda: work_steps.review(year.office, [key], reviewer(key.agency), year.now()))


def test_all_clear_leaves_what_was_found_and_says_who_said_so(year: WorkYear) -> None:
    part = next(part for part in year.parts() if len(year.items(part)) > 1)
    key, items = year.accepted(part), year.items(part)
    work_steps.enter_findings(year.office, [year.finding(part, items[0], "5")], clerk(key.agency), year.now())
    done = work_steps.all_clear(year.office, [key], clerk(key.agency), year.now())
    assert (done.entered, year.part(key).state) == (len(items) - 1, "entered")
    with year.office.workspace.store.reading() as connection:
        found = {row.finding.item: row for row in work.findings(connection, year.plan, [key])}
    assert {item: row.finding.result for item, row in found.items()} == dict.fromkeys(items, "1") | {items[0]: "5"}
    assert {row.entered_by for row in found.values()} == {"录入员甲"}


def test_all_clear_without_a_day_is_refused(year: WorkYear) -> None:
    key = year.accepted(year.joint_part())
    refusal("findings.undated", lambda: work_steps.all_clear(year.office, [key], clerk(key.agency), year.now()))
    work_steps.all_clear(year.office, [key], clerk(key.agency), year.now(), finished=date(2027, 5, 28))
    assert (year.part(key).state, year.part(key).finished) == ("entered", date(2027, 5, 28))


def test_same_findings_again_change_nothing(year: WorkYear) -> None:
    part = year.joint_part()
    key = year.entered(part)
    before = year.part(key)
    rows = [year.finding(part, item) for item in year.items(part)]
    done = work_steps.enter_findings(year.office, rows, clerk(key.agency), year.now())
    assert (done.entered, done.unchanged) == (0, len(rows))
    assert year.part(key) == before


def test_wrong_items_results_and_days_are_all_counted_and_nothing_is_stored(year: WorkYear) -> None:
    part = year.joint_part()
    key, item = year.accepted(part), year.items(part)[0]
    foreign = next(code for code in year.facts.items if code not in year.items(part))
    rows = [year.finding(part, item), year.finding(part, foreign)]
    error = refusal(
        "findings.refused", lambda: work_steps.enter_findings(year.office, rows, clerk(key.agency), year.now())
    )
    assert error.params["count"] == 1 and foreign in error.text("zh")
    rows = [year.finding(part, item, "99")]
    refusal("findings.refused", lambda: work_steps.enter_findings(year.office, rows, clerk(key.agency), year.now()))
    with year.office.workspace.store.reading() as connection:
        assert not list(work.findings(connection, year.plan, [key]))
    assert year.part(key).state == "accepted"


def test_nobody_reviews_what_they_entered(year: WorkYear) -> None:
    key = year.entered(year.joint_part())
    same = Actor(name=" 录入员 甲", role="reviewer", agency=key.agency)
    error = refusal("findings.review.same_person", lambda: work_steps.review(year.office, [key], same, year.now()))
    assert key.visit in error.text("zh")
    assert year.part(key).state == "entered"


def test_findings_sent_back_are_entered_again_and_reviewed(year: WorkYear) -> None:
    part = year.joint_part()
    key, second = year.entered(part), reviewer(part.key.agency)
    refusal(
        "findings.return.reason", lambda: work_steps.return_findings(year.office, [key], second, year.now(), note=" ")
    )
    work_steps.return_findings(year.office, [key], second, year.now(), note="缺照片")
    assert year.part(key).state == "carried_out"
    work_steps.enter_findings(
        year.office, [year.finding(part, year.items(part)[0], "8")], clerk(key.agency), year.now()
    )
    assert year.part(key).state == "entered"
    work_steps.review(year.office, [key], second, year.now())
    with year.office.workspace.store.reading() as connection:
        rows = list(work.findings(connection, year.plan, [key]))
    assert rows[0].version == 2 and {row.reviewed_by for row in rows} == {"审核员乙"}


def test_unreviewed_findings_are_not_disclosed_and_reviewed_ones_once(year: WorkYear) -> None:
    key = year.entered(year.joint_part())
    record = "/".join(key)
    work_steps.disclose_due(year.office, year.now())
    assert record + "/0" not in [name for _, _, name in announced(year)]
    work_steps.review(year.office, [key], reviewer(key.agency), year.now())
    assert work_steps.disclose_due(year.office, year.now()) == 1
    assert work_steps.disclose_due(year.office, year.now()) == 0
    assert announced(year)[-1] == ("finding", "i", record + "/0")
    names = [name for _, _, name in announced(year)]
    assert len(names) == len(set(names))


def test_disclosed_table_is_in_the_log_under_its_root(year: WorkYear) -> None:
    key = year.disclosed(year.joint_part(), "5")
    workspace = year.office.workspace
    with workspace.store.reading() as connection:
        batches = disclosed.batches(connection, year.plan)
    last = batches[-1]
    data = workspace.frozen.read(last.file)
    assert table_root(data, year.office.policy().ceremony.digest) == last.root
    header, rows = parse_table(data, ("record", "version", "action"))
    assert {row[header.index("result")] for row in rows if row[3] == "finding"} == {"5"}
    assert all("录入员" not in line and "审核员" not in line for line in data.decode().splitlines())
    entry = next(line for line in workspace.log.lines() if last.root in line)
    assert '"type":"disclose"' in entry and "system" not in entry and key.draw in entry
    workspace.log.check()
    assert check_order([*map(_parsed, workspace.log.lines())], workspace.log.checkpoints()).ok


def _parsed(line: str) -> object:
    from inspection.draw.log import Entry

    return Entry.parse(line.encode())


def test_bundle_of_a_year_with_disclosures_still_verifies(year: WorkYear, tmp_path: Path) -> None:
    import subprocess
    import sys

    year.disclosed(year.joint_part())
    folder = service.bundle(year.office.line(), tmp_path / "bundle")
    checker = Path(service.__file__).parent / "verify.py"
    done = subprocess.run([sys.executable, "-I", "-S", checker, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_sealed_visit_is_not_public_before_its_day(sealed_year: Path, another: Callable[[Path], WorkYear]) -> None:
    year = another(sealed_year)
    days = sorted({part.day for part in year.parts() if part.day})
    first = days[0]
    year.set_day(first)
    for month in sorted({part.month for part in year.parts()}):
        work_steps.dispatch_month(year.office, month, year.now(), PLANNER)
    due = [part for part in year.parts() if (part.day or date.max) <= first]
    assert work_steps.disclose_due(year.office, year.now()) == len({part.key[:2] for part in due}) > 0
    names = {name for _, _, name in announced(year)}
    assert names == {"/".join(part.key[:2]) + "/0" for part in due}
    assert work_steps.disclose_due(year.office, year.now()) == 0
    year.set_day(days[1])
    assert work_steps.disclose_due(year.office, year.now()) > 0


def test_findings_made_early_in_a_sealed_plan_wait_for_the_day(
    sealed_year: Path, another: Callable[[Path], WorkYear]
) -> None:
    year = another(sealed_year)
    part = max((part for part in year.parts() if part.day and year.items(part)), key=lambda part: part.day)
    assert part.day is not None
    year.set_day(date(2027, 6, 1))
    key = year.reviewed(part)
    work_steps.disclose_due(year.office, year.now())
    assert year.part(key).state == "reviewed"
    assert not [name for _, _, name in announced(year) if name.startswith("/".join(key[:2]))]
    year.set_day(part.day)
    work_steps.disclose_due(year.office, year.now())
    assert year.part(key).state == "disclosed"


def test_due_list_follows_the_day_the_inspection_ended(year: WorkYear) -> None:
    part = year.joint_part()
    key = year.entered(part)
    (row,) = work_steps.due_list(year.office, key.agency, year.now())
    assert (row.owed.key, row.owed.since, row.urgency, row.state) == (key, date(2027, 5, 28), "due", "entered")
    assert not work_steps.due_list(year.office, next(a for a in year.facts.agencies if a != key.agency), year.now())
    year.set_day(row.owed.due)
    assert work_steps.due_list(year.office, None, year.now())[0].urgency == "soon"
    year.set_day(date(2027, 8, 1))
    assert work_steps.due_list(year.office, None, year.now())[0].urgency == "overdue"
    work_steps.review(year.office, [key], reviewer(key.agency), year.now())
    work_steps.disclose_due(year.office, year.now())
    assert not work_steps.due_list(year.office, None, year.now())
    (done,) = work_steps.due_list(year.office, None, year.now(), is_open=None)
    assert done.urgency == "done" and done.owed.done_at is not None
    assert done.owed.done_at.astimezone(CHINA).date() == date(2027, 8, 1)


def test_holiday_announced_later_moves_what_is_due(year: WorkYear) -> None:
    key = year.entered(year.joint_part())
    (before,) = work_steps.due_list(year.office, key.agency, year.now())
    text = year.office.policy_file.read_text(encoding="utf-8")
    assert "extra_holidays = []" in text
    year.office.policy_file.write_text(
        text.replace("extra_holidays = []", "extra_holidays = [2027-06-09]"), encoding="utf-8"
    )
    (after,) = work_steps.due_list(year.office, key.agency, year.now())
    assert after.owed.due > before.owed.due
    assert (work_steps.recount_due(year.office, year.now()), work_steps.recount_due(year.office, year.now())) == (1, 0)


def test_day_in_the_future_is_refused(year: WorkYear) -> None:
    key = year.accepted(year.joint_part())
    day = date(2027, 6, 2)
    refusal("work.future", lambda: work_steps.carry_out(year.office, [key], day, clerk(key.agency), year.now()))


def test_correction_is_a_record_of_its_own_by_two_people(year: WorkYear) -> None:
    part = year.joint_part()
    key, item = year.disclosed(part), year.items(part)[0]
    wish = amendment_steps.correct(
        year.office, key, (item, "发现问题已责令改正"), clerk(key.agency), year.now(), reason="录入有误"
    )
    assert work_steps.disclose_due(year.office, year.now()) == 0
    same = Actor(name="录入员甲", role="reviewer", agency=key.agency)
    refusal(
        "work.review.same_person",
        lambda: amendment_steps.review_amendment(year.office, wish.number, same, year.now()),
    )
    amendment_steps.review_amendment(year.office, wish.number, reviewer(key.agency), year.now())
    assert work_steps.disclose_due(year.office, year.now()) == 1
    assert work_steps.disclose_due(year.office, year.now()) == 0
    assert announced(year)[-1] == ("finding", "u", "/".join(key) + "/1")
    refusal(
        "work.review.done",
        lambda: amendment_steps.review_amendment(year.office, wish.number, reviewer(key.agency), year.now()),
    )


def test_withdrawal_is_published_once_and_ends_corrections(year: WorkYear) -> None:
    part = year.joint_part()
    key = year.disclosed(part)
    wish = amendment_steps.withdraw(year.office, key, clerk(key.agency), year.now(), reason="对象有误")
    refusal(
        "work.amendment.waiting",
        lambda: amendment_steps.withdraw(year.office, key, clerk(key.agency), year.now(), reason="再次"),
    )
    amendment_steps.review_amendment(year.office, wish.number, reviewer(key.agency), year.now())
    assert work_steps.disclose_due(year.office, year.now()) == 1
    assert announced(year)[-1][:2] == ("finding", "d")
    change = (year.items(part)[0], "5")
    refusal(
        "work.amendment.not_public",
        lambda: amendment_steps.correct(year.office, key, change, clerk(key.agency), year.now(), reason="x"),
    )


def test_decision_is_due_in_seven_working_days_and_public_after_review(year: WorkYear) -> None:
    key = year.entered(year.joint_part())
    document = ("缗市监处罚〔2027〕12号", date(2027, 5, 31))
    made = amendment_steps.decide(year.office, key, document, clerk(key.agency), year.now(), summary="警告")
    owed = {row.owed.kind: row for row in work_steps.due_list(year.office, key.agency, year.now())}
    assert owed["decision"].owed.due == date(2027, 6, 9) and owed["decision"].document == document[0]
    refusal(
        "work.decision.known",
        lambda: amendment_steps.decide(year.office, key, document, clerk(key.agency), year.now()),
    )
    work_steps.disclose_due(year.office, year.now())
    assert "decision" not in {kind for kind, _, _ in announced(year)}
    amendment_steps.review_decision(year.office, made.number, reviewer(key.agency), year.now())
    assert work_steps.disclose_due(year.office, year.now()) == 1
    assert announced(year)[-1] == ("decision", "i", f"{year.plan}/decision/1/0")
    assert {row.owed.kind for row in work_steps.due_list(year.office, key.agency, year.now())} == {"findings"}


def approved(year: WorkYear, wish: change_steps.Wish) -> None:
    line = service.open_line(year.office.workspace, None, year.now)
    asked = change_steps.request(line, wish, "申请人")
    change_steps.approve(line, asked.number, "审批人")


def test_visit_closed_with_approval_shows_here_and_is_published(year: WorkYear) -> None:
    part = year.joint_part()
    key = year.accepted(part)
    work_steps.disclose_due(year.office, year.now())
    line = service.open_line(year.office.workspace, None, year.now)
    approved(year, change_steps.close_wish(line, year.facts.label(*key[:2]), "deregistered"))
    assert {(each.state, each.outcome) for each in year.siblings(part)} == {("closed", "deregistered")}
    assert work_steps.disclose_due(year.office, year.now()) == 1
    assert announced(year)[-1] == ("visit", "u", "/".join(key[:2]) + "/1")
    rows = [year.finding(part, year.items(part)[0])]
    refusal("work.transitions", lambda: work_steps.enter_findings(year.office, rows, clerk(key.agency), year.now()))


def test_visit_carried_out_is_not_closed_as_never_begun(year: WorkYear) -> None:
    part = year.joint_part()
    key = year.entered(part)
    line = service.open_line(year.office.workspace, None, year.now)
    wish = change_steps.close_wish(line, year.facts.label(*key[:2]), "moved")
    with pytest.raises(PlanError):
        approved(year, wish)
    assert year.part(key).state == "entered"
    with year.office.workspace.store.reading() as connection:
        from inspection.store.changes import changes

        assert [change.state for change in changes(connection, year.plan)] == ["pending"]


def test_voided_visit_takes_back_what_was_public(year: WorkYear) -> None:
    part = year.joint_part()
    key = year.disclosed(part)
    line = service.open_line(year.office.workspace, None, year.now)
    approved(year, change_steps.void_visit_wish(line, year.facts.label(*key[:2]), "recusal-missed"))
    assert {each.state for each in year.siblings(part)} == {"voided"}
    assert work_steps.disclose_due(year.office, year.now()) == 2
    assert {entry[:2] for entry in announced(year)[-2:]} == {("visit", "u"), ("finding", "d")}
    assert work_steps.disclose_due(year.office, year.now()) == 0
    assert not work_steps.due_list(year.office, None, year.now())


def test_substituted_officer_is_an_event_of_the_visit(year: WorkYear) -> None:
    part = year.joint_part()
    key = year.accepted(part)
    line = service.open_line(year.office.workspace, None, year.now)
    visit = next(each for each in change_steps.standing(line) if each.key == key[:2])
    seat = next(seat for seat in visit.team if seat[0] == key.agency)
    approved(year, change_steps.substitute_wish(line, year.facts.label(*key[:2]), seat, "sick"))
    with year.office.workspace.store.reading() as connection:
        last = work.events(connection, *key[:2])[-1]
    assert (last.event, last.agency, last.payload["replaces"]) == ("substitute", key.agency, seat[1])
    assert year.part(key).state == "accepted"


def test_attachment_is_kept_once_under_its_digest(year: WorkYear, tmp_path: Path) -> None:
    key = year.accepted(year.joint_part())
    photo = tmp_path / "门头.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0" + b"x" * 100)
    kept = work_steps.attach(year.office, key, photo, clerk(key.agency), year.now())
    again = work_steps.attach(year.office, key, photo, clerk(key.agency), year.now())
    assert kept.digest == again.digest and kept.media == "image/jpeg"
    assert year.office.workspace.frozen.read(kept.digest) == photo.read_bytes()
    with year.office.workspace.store.reading() as connection:
        from inspection.store.attachments import attached

        assert [each.name for each in attached(connection, *key[:2])] == ["门头.jpg"]


@pytest.mark.parametrize("content", [b"", b"MZ\x90 a program", b"<script>alert(1)</script>", b"RIFF\0\0\0\0WAVE"])
def test_attachment_that_is_no_photo_or_pdf_is_refused(year: WorkYear, tmp_path: Path, content: bytes) -> None:
    key = year.accepted(year.joint_part())
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(InputError):
        work_steps.attach(year.office, key, path, clerk(key.agency), year.now())


def test_pages_of_visits_hold_each_visit_once(year: WorkYear) -> None:
    seen, after = [], None
    while True:
        page = work_steps.visits(year.office, after=after, limit=7)
        seen += [row.key for row in page.rows]
        assert len(page.rows) <= 7
        after = page.next
        if after is None:
            break
    assert len(seen) == len(set(seen)) == len({part.key[:2] for part in year.parts()})
    assert seen == sorted(seen)
    assert sum(len(row.parts) for row in work_steps.visits(year.office, limit=1000).rows) == len(year.parts())


def test_unknown_visits_are_all_named(year: WorkYear) -> None:
    error = refusal("work.visit", lambda: year.facts.keys(["V0001", "V9999", "X", "9-V1"]))
    assert error.params["count"] == 3 and all(name in error.text("zh") for name in ("V9999", "X", "9-V1"))


def test_second_decision_of_a_state_by_another_process_is_refused(year: WorkYear) -> None:
    key = year.entered(year.joint_part())
    other = WorkYear(office=type(year.office).opened(year.office.workspace.folder), moment=year.moment)
    work_steps.review(year.office, [key], reviewer(key.agency), year.now())
    with pytest.raises((PlanError, StoreError)):
        work_steps.return_findings(other.office, [key], reviewer(key.agency), year.now(), note="迟了")
    assert year.part(key).state == "reviewed"


@pytest.mark.slow
def test_two_processes_that_disclose_at_once_publish_everything_once(year: WorkYear) -> None:
    import os

    for month in sorted({part.month for part in year.parts()}):
        work_steps.dispatch_month(year.office, month, year.now(), PLANNER)
    key = year.reviewed(year.joint_part())
    folder, moment = year.office.workspace.folder, year.now()
    year.office.workspace.store.close()
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                work_steps.disclose_due(type(year.office).opened(folder), moment)
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    names = [name for _, _, name in announced(year)]
    visits = {part.key[:2] for part in year.parts()}
    assert sorted(names) == sorted(["/".join(key) + "/0", *("/".join(visit) + "/0" for visit in visits)])
    assert sum('"disclose"' in line for line in year.office.workspace.log.lines()) == 1
