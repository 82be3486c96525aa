"""The year as work on both databases: parts, events, findings, due dates, and nothing disclosed twice."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from expectations import START
from sqlalchemy import Connection, delete, update
from sqlalchemy.exc import DBAPIError

from inspection.changes.part_moves import load, move
from inspection.draw.log import Entry
from inspection.errors import PlanError, StoreError
from inspection.model import Combination, Need, Visit
from inspection.rules.findings import Finding
from inspection.rules.visit_life import Actor
from inspection.store import disclosed, drawn, work, work_tables
from inspection.store.disclosed import Batch, Decision, Disclosure, DueDate
from inspection.store.draws import commit_draw, finish_draw, open_draw
from inspection.store.plans import Plan
from inspection.store.work import PartFilter, PartKey
from inspection.store.workspace import Workspace

DRAW = "370828-2027/1-firms"
CLERK = Actor(name="甲", role="clerk", agency="A")
REVIEWER = Actor(name="乙", role="reviewer", agency="A")
COUNT = 250


@pytest.fixture
def drawn_plan(workspace: Workspace, plan: Plan) -> Workspace:
    """A plan with visits of two agencies, drawn."""
    workspace.store.create_plan(plan, now=START)
    kind = Combination(combination="K", tasks=("T",), agencies=("A", "B"), items=("I",), visits={"2027-04": COUNT})
    names = [f"V{number:04}" for number in range(COUNT)]
    with workspace.store.writing() as connection:
        open_draw(connection, plan.plan, "firms")
        drawn.add_combinations(connection, DRAW, [kind])
        drawn.add_visits(
            connection, DRAW, [Visit(visit=name, firm="F" + name, combination="K", month="2027-04") for name in names]
        )
        need = {"officers": 2, "qualified": 0, "qualification": None}
        drawn.add_needs(connection, DRAW, [Need(visit=name, agency=a, **need) for name in names for a in "AB"])
        commit_draw(connection, DRAW, "a" * 64, {})
        log_entry(workspace, connection, "commit", 0)
        finish_draw(connection, DRAW, "b" * 64, {})
        log_entry(workspace, connection, "result", 1)
    return workspace


def log_entry(workspace: Workspace, connection: Connection, type: Any, minutes: int) -> int:
    at = (START + timedelta(minutes=minutes)).isoformat()
    more: Any = {"batch": 1, "records": 1} if type == "disclose" else {}
    entry = Entry(type=type, plan="370828-2027", draw=DRAW, time=at, actor="370828", digest="a" * 64, more=more)
    position = workspace.log.append(connection, entry)
    workspace.log.checkpoint(connection)
    return position


def keys(count: int, agency: str = "A") -> list[PartKey]:
    return [PartKey(DRAW, f"V{number:04}", agency) for number in range(count)]


def moves(workspace: Workspace, which: list[PartKey], *steps: tuple[Any, Actor]) -> None:
    for number, (event, actor) in enumerate(steps):
        with workspace.store.writing() as connection:
            parts = list(load(connection, "370828-2027", which).values())
            changes = {"finished": date(2027, 4, 6)} if event == "carry_out" else {}
            move(connection, parts, event, (actor, START + timedelta(hours=number)), **changes)


SENT: tuple[Any, Actor] = ("dispatch", Actor(name="总", role="planner"))


def test_part_without_a_row_is_planned_and_pages_hold_each_once(drawn_plan: Workspace) -> None:
    seen: list[PartKey] = []
    with drawn_plan.store.reading() as connection:
        while page := work.parts(connection, "370828-2027", after=seen[-1] if seen else None, limit=37):
            seen += [part.key for part in page]
            assert {part.state for part in page} == {"planned"}
    assert seen == sorted(keys(COUNT) + keys(COUNT, "B"))


def test_moves_are_stored_for_few_and_for_many_parts(drawn_plan: Workspace) -> None:
    moves(drawn_plan, keys(COUNT), SENT, ("accept", CLERK))
    moves(drawn_plan, keys(3), ("carry_out", CLERK))
    with drawn_plan.store.reading() as connection:
        states = [part.state for part in work.parts(connection, "370828-2027", PartFilter(agency="A"))]
        assert (states.count("accepted"), states.count("carried_out")) == (COUNT - 3, 3)
        untouched = work.parts(connection, "370828-2027", PartFilter(agency="B", states=("planned",)))
        assert len(untouched) == COUNT
        last = work.parts(connection, "370828-2027", PartFilter(agency="A", visits=((DRAW, "V0001"),)))
        assert [(part.version, part.finished) for part in last] == [(3, date(2027, 4, 6))]
        assert [each.event for each in work.events(connection, DRAW, "V0001")] == ["dispatch", "accept", "carry_out"]


def test_one_part_that_cannot_move_keeps_all_where_they_are(drawn_plan: Workspace) -> None:
    moves(drawn_plan, keys(5), SENT)
    with pytest.raises(PlanError) as refusal:
        moves(drawn_plan, keys(6), ("accept", CLERK))
    assert "V0005" in refusal.value.text("zh")
    with drawn_plan.store.reading() as connection:
        assert not work.parts(connection, "370828-2027", PartFilter(states=("accepted",)))
        assert len(work.events(connection, DRAW, "V0000")) == 1


def finding(number: int, result: str = "1") -> Finding:
    return Finding(
        draw=DRAW, visit=f"V{number:04}", agency="A", item="I", result=result, found_on=date(2027, 4, 6), note="，“x\t"
    )


def test_findings_are_put_again_and_reviewed(drawn_plan: Workspace) -> None:
    everything = [(finding(number), 1) for number in range(COUNT)]
    with drawn_plan.store.writing() as connection:
        work.put_findings(connection, everything, "甲", START)
    with drawn_plan.store.writing() as connection:
        work.put_findings(connection, [(finding(7, "5"), 2)], "丙", START)
        work.mark_reviewed(connection, keys(COUNT), "乙", START)
    with drawn_plan.store.reading() as connection:
        rows = list(work.findings(connection, "370828-2027"))
        few = list(work.findings(connection, "370828-2027", keys(2)))
    assert [row.finding.visit for row in few] == ["V0000", "V0001"]
    assert len(rows) == COUNT and {row.reviewed_by for row in rows} == {"乙"}
    assert (rows[7].finding, rows[7].version, rows[7].entered_by) == (finding(7, "5"), 2, "丙")
    assert rows[0].finding == finding(0)


def test_reviewer_who_entered_is_refused_by_the_table_itself(drawn_plan: Workspace) -> None:
    with (
        pytest.raises(Exception, match="two_people"),
        drawn_plan.store.writing() as connection,
    ):
        work.put_findings(connection, [(finding(0), 1)], "甲", START)
        work.mark_reviewed(connection, keys(1), "甲", START)


def test_events_and_disclosures_only_grow(drawn_plan: Workspace) -> None:
    moves(drawn_plan, keys(1), SENT)
    for change in (
        update(work_tables.visit_events).values(actor="他人"),
        delete(work_tables.visit_events),
        delete(work_tables.disclosures),
    ):
        if change.table is work_tables.disclosures:
            disclose(drawn_plan, "r", 0, 1)
        with pytest.raises(DBAPIError, match="only grows"), drawn_plan.store.writing() as connection:
            connection.execute(change)


def disclose(workspace: Workspace, record: str, version: int, number: int) -> None:
    with workspace.store.writing() as connection:
        position = log_entry(workspace, connection, "disclose", 10 + number)
        batch = Batch(
            number=disclosed.next_batch(connection),
            draw=DRAW,
            root="c" * 64,
            file="d" * 64,
            records=1,
            position=position,
            made_at=START,
        )
        one = Disclosure(record=record, version=version, batch=batch.number, kind="finding", action="i")
        disclosed.add_batch(connection, batch, [one])


def test_version_of_a_record_is_disclosed_once(drawn_plan: Workspace) -> None:
    disclose(drawn_plan, "r", 0, 1)
    disclose(drawn_plan, "r", 1, 2)
    with pytest.raises(StoreError):
        disclose(drawn_plan, "r", 1, 3)
    with drawn_plan.store.reading() as connection:
        assert disclosed.disclosed_versions(connection)["r"].version == 1
        assert [batch.number for batch in disclosed.batches(connection, "370828-2027")] == [1, 2]
    assert sum('"disclose"' in line for line in drawn_plan.log.lines()) == 2


def test_due_dates_are_moved_done_and_kept_in_order(drawn_plan: Workspace) -> None:
    def owed(number: int, due: date) -> DueDate:
        return DueDate(kind="findings", key=keys(9)[number], since=date(2027, 4, 6), due=due)

    with drawn_plan.store.writing() as connection:
        disclosed.set_due(connection, [owed(0, date(2027, 5, 6)), owed(1, date(2027, 5, 5)), owed(2, date(2027, 5, 7))])
        disclosed.set_due(connection, [owed(2, date(2027, 5, 4))])
        disclosed.done(connection, "findings", [(keys(1)[0], "")], START)
    with drawn_plan.store.reading() as connection:
        open_ = disclosed.due_dates(connection, "370828-2027", "A")
        done = disclosed.due_dates(connection, "370828-2027", is_open=False)
        assert [each.key.visit for each in open_] == ["V0002", "V0001"]
        assert [(each.key.visit, each.done_at) for each in done] == [("V0000", START)]
        assert not disclosed.due_dates(connection, "370828-2027", "B")


def test_decisions_have_numbers_and_two_people(drawn_plan: Workspace) -> None:
    made = Decision(
        number=0,
        key=keys(1)[0],
        document="1号",
        made_on=date(2027, 4, 7),
        summary="",
        entered_by="甲",
        entered_at=START,
    )
    with drawn_plan.store.writing() as connection:
        assert disclosed.add_decision(connection, made).number == 1
        with pytest.raises(StoreError):
            disclosed.add_decision(connection, made)
        with pytest.raises(StoreError):
            disclosed.review_decision(connection, 1, " 甲", START)
        assert disclosed.review_decision(connection, 1, "乙", START).reviewed_by == "乙"


@pytest.mark.slow
def test_whole_way_on_postgresql(county_files: Any, postgres_url: str, tmp_path: Path) -> None:
    from inspection import service
    from inspection.office import Office
    from inspection.steps.line import Silent
    from inspection.work import amendment_steps, work_steps

    sys.path.append(str(Path(__file__).parents[1] / "life"))
    from work_year import WorkYear, clerk, reviewer

    office = Office.found(
        tmp_path / "office", origin="open-draw.example/pg", policy=county_files.policy, url=postgres_url
    )
    office.import_files(county_files.registers, mappings={}, as_of=date(2027, 1, 1), strict=True)
    line, _ = office.start(Silent())
    service.plan_year(line, service.unattended(line.given.policy))
    year = WorkYear(office=office, moment=datetime.fromisoformat("2027-06-01T02:00:00+00:00"))
    part = year.joint_part()
    key = year.accepted(part)
    sheet = tmp_path / "结果.csv"
    lines = [f"{year.facts.label(*key[:2])},{key.agency},{item},5,2027-05-28" for item in year.items(part)]
    sheet.write_text("\n".join(["检查编号,部门,事项编码,检查结果,检查日期", *lines]) + "\n", encoding="utf-8")
    done = work_steps.import_findings(office, [sheet], clerk(key.agency), year.now())
    assert (done.entered, done.complete) == (len(lines), 1)
    work_steps.review(office, [key], reviewer(key.agency), year.now())
    assert work_steps.disclose_due(office, year.now()) > 1
    assert work_steps.disclose_due(office, year.now()) == 0
    change = (year.items(part)[0], "1")
    asked = amendment_steps.correct(office, key, change, clerk(key.agency), year.now(), reason="录入有误")
    amendment_steps.review_amendment(office, asked.number, reviewer(key.agency), year.now())
    assert work_steps.disclose_due(office, year.now()) == 1
    assert [row.urgency for row in work_steps.due_list(office, None, year.now(), is_open=None)] == ["done"]
    page = work_steps.visits(office, limit=3)
    assert len(page.rows) == 3 and page.next == page.rows[-1].key
    office.workspace.log.check()
    office.workspace.store.close()
