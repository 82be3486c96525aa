from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from expectations import START, refused
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from inspection.draw.commitment import Commitment, Party
from inspection.draw.log import Entry, EntryType
from inspection.draw.merkle import check_inclusion, tree_head
from inspection.draw.note import Checkpoint, open_note
from inspection.draw.publication import PublishedCommitment
from inspection.store import tables
from inspection.store.keys import verify
from inspection.store.log import Log
from inspection.store.plans import Plan
from inspection.store.workspace import Workspace

Clock = Callable[[], datetime]
DRAW = "370828-2027/1-firms"


def entry(type: EntryType, at: datetime, draw: str = DRAW, **more: str) -> Entry:
    plan = draw.partition("/")[0]
    return Entry(type=type, plan=plan, draw=draw, time=at.isoformat(), actor="bureau", digest="a" * 64, more=more)


@pytest.fixture
def log(workspace: Workspace, plan: Plan) -> Log:
    workspace.store.create_plan(plan, now=START)
    return workspace.log


def append(log: Log, *entries: Entry, checkpoint: bool = True) -> None:
    with log.store.writing() as connection:
        for each in entries:
            log.append(connection, each)
        if checkpoint:
            log.checkpoint(connection)


def test_entries_and_checkpoints_prove_each_other_at_every_size(log: Log, clock: Clock) -> None:
    names = [f"370828-2027/{n}-firms" for n in range(9)]
    for name in names:
        append(log, entry("commit", clock(), name))
    lines = [line.encode() for line in log.lines()]
    notes = log.checkpoints()
    assert list(notes) == list(range(1, 10))
    for size, note in notes.items():
        opened = Checkpoint.parse(open_note(note, [log.key], verify).text)
        assert opened == Checkpoint(origin=log.origin, size=size, root=tree_head(lines[:size]))
    for index, name in enumerate(names):
        published = log.published(index)
        assert published.checkpoint.size == index + 1
        check_inclusion(published.line, index, index + 1, published.proof, published.checkpoint.root)
        assert Entry.parse(published.line).draw == name
        assert log.position(name, "commit") == index
    log.check()


def test_entry_covered_only_later_is_proven_in_the_larger_tree(log: Log, clock: Clock) -> None:
    append(log, *(entry("commit", clock(), f"370828-2027/{n}-firms") for n in range(5)))
    published = log.published(2)
    check_inclusion(published.line, 2, 5, published.proof, published.checkpoint.root)


def test_commitment_drawn_from_the_log_is_published_under_the_signed_checkpoint(log: Log) -> None:
    commitment = Commitment(
        digest="sha256",
        plan="370828-2027",
        draw=DRAW,
        kind="firms",
        previous=None,
        inputs=dict.fromkeys(("firms.csv", "flow.csv", "months.csv", "pools.csv", "rules.json"), "1" * 64),
        parties=(Party(name="notary", commitment="2" * 64),),
        public=None,
        seal=None,
    )
    append(log, dataclasses.replace(entry("commit", START), digest=commitment.hex))
    proven = log.published(0)
    published = PublishedCommitment(
        commitment=commitment,
        line=proven.line,
        index=proven.index,
        proof=proven.proof,
        checkpoint=proven.checkpoint,
    )
    assert Checkpoint.parse(open_note(proven.note, [log.key], verify).text) == published.checkpoint


def test_line_holds_what_was_said_in_canonical_bytes(log: Log) -> None:
    append(log, entry("commit", START))
    assert log.lines() == (
        f'{{"actor":"bureau","digest":"{"a" * 64}","draw":"{DRAW}","plan":"370828-2027",'
        '"time":"2027-01-05T09:00:00+08:00","type":"commit"}',
    )


def test_checkpoint_without_new_entries_is_the_one_there_is(log: Log) -> None:
    append(log, entry("commit", START))
    with log.store.writing() as connection:
        assert log.checkpoint(connection) == log.checkpoints()[1]


def test_checkpoint_of_an_empty_log_is_refused(log: Log) -> None:
    with refused("store.log.empty"), log.store.writing() as connection:
        log.checkpoint(connection)


def test_time_running_backwards_is_refused_across_offsets(log: Log) -> None:
    append(log, entry("commit", START))
    earlier = datetime.fromisoformat("2027-01-05T00:59:59+00:00")
    with refused("store.log.time"):
        append(log, entry("commit", earlier, "370828-2027/2-firms"))
    append(log, entry("commit", datetime.fromisoformat("2027-01-05T01:00:00+00:00"), "370828-2027/2-firms"))


def test_draw_name_used_twice_is_refused(log: Log, clock: Clock) -> None:
    append(log, entry("commit", clock()))
    with refused("store.log.used"):
        append(log, entry("commit", clock()))


def test_result_before_its_commit_is_published_is_refused(log: Log, clock: Clock) -> None:
    with refused("store.log.uncommitted"):
        append(log, entry("result", clock()))
    append(log, entry("commit", clock()), checkpoint=False)
    with refused("store.log.unpublished"):
        append(log, entry("result", clock()))
    append(log, checkpoint=True)
    append(log, entry("result", clock()))


def test_redraw_after_result_is_refused(log: Log, clock: Clock) -> None:
    append(log, entry("commit", clock()))
    append(log, entry("result", clock()))
    with refused("store.log.ended"):
        append(log, entry("result", clock()))
    with refused("store.log.ended"):
        append(log, entry("void", clock(), reason="WRONG_LIST"))
    with refused("store.log.used"):
        append(log, entry("commit", clock()))


def test_void_needs_a_reason_and_ends_the_draw(log: Log, clock: Clock) -> None:
    append(log, entry("commit", clock()))
    with refused("store.log.fields"):
        append(log, entry("void", clock()))
    append(log, entry("void", clock(), reason="WRONG_LIST"))
    with refused("store.log.ended"):
        append(log, entry("result", clock()))


def test_replacement_needs_a_result_and_names_firm_and_visit(log: Log, clock: Clock) -> None:
    append(log, entry("commit", clock()))
    with refused("store.log.undrawn"):
        append(log, entry("replace", clock(), reason="MOVED", firm="F", visit="V1"))
    append(log, entry("result", clock()))
    with refused("store.log.fields") as caught:
        append(log, entry("replace", clock(), reason="MOVED"))
    assert caught.value.params["fields"] == "firm, visit"
    append(log, entry("replace", clock(), reason="MOVED", firm="F", visit="V1"))


def test_entry_with_a_foreign_draw_or_a_wrong_digest_is_refused(log: Log) -> None:
    with refused("store.log.draw"):
        append(log, Entry(type="commit", plan="a", draw="b/1", time=START.isoformat(), actor="x", digest="a" * 64))
    with refused("store.log.digest"):
        append(log, Entry(type="commit", plan="a", draw="a/1", time=START.isoformat(), actor="x", digest="A" * 64))


def test_entry_that_does_not_exist_or_is_not_covered_is_not_published(log: Log) -> None:
    with refused("store.log.missing"):
        log.published(0)
    append(log, entry("commit", START), checkpoint=False)
    with refused("store.log.unpublished"):
        log.published(0)


def test_plan_named_in_the_log_cannot_be_discarded(log: Log) -> None:
    append(log, entry("commit", START))
    with refused("store.plan.logged"):
        log.store.discard_plan("370828-2027")


@pytest.mark.parametrize("table", ["log_entries", "checkpoints"])
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET {} = 'x'", "DELETE FROM {}", "REPLACE", "GAP", "TRUNCATE TABLE {} CASCADE"]
)
def test_log_changed_by_sql_is_refused_by_the_database(log: Log, table: str, change: str) -> None:
    append(log, entry("commit", START))
    append(log, entry("commit", START, "370828-2027/2-firms"))
    is_sqlite = log.store.engine.dialect.name == "sqlite"
    if is_sqlite and change.startswith("TRUNCATE"):
        change = "DELETE FROM {} WHERE 1"
    key, column = ("position", "line") if table == "log_entries" else ("size", "note")
    columns = [column.name for column in tables.metadata.tables[table].columns]
    copied = ", ".join("9 AS position" if name == key else name for name in columns)
    statements = {
        "REPLACE": f"INSERT {'OR REPLACE ' * is_sqlite}INTO {table} SELECT * FROM {table} WHERE {key} = 1",
        "GAP": f"INSERT INTO {table} ({', '.join(columns)}) SELECT {copied} FROM {table} WHERE {key} = 1",
    }
    before = (log.lines(), log.checkpoints())
    with pytest.raises(DBAPIError, match="only grows"), log.store.writing() as connection:
        connection.execute(text(statements.get(change, change.format(table, column))))
    assert (log.lines(), log.checkpoints()) == before


def test_second_commit_written_past_the_code_is_refused_by_the_database(log: Log) -> None:
    append(log, entry("commit", START))
    row = {"position": 1, "plan": "370828-2027", "draw": DRAW, "type": "commit", "time": "t", "line": "l"}
    with pytest.raises(DBAPIError), log.store.writing() as connection:
        connection.execute(insert(tables.log_entries), row | {"leaf": bytes(32)})


def test_entry_forged_with_the_triggers_removed_is_seen(tmp_path: Path, plan: Plan) -> None:
    workspace = Workspace.create(tmp_path / "w", origin="open-draw.example/forged")
    workspace.store.create_plan(plan, now=START)
    append(workspace.log, entry("commit", START))
    append(workspace.log, entry("commit", START + timedelta(seconds=1), "370828-2027/2-firms"))
    workspace.store.close()
    with sqlite3.connect(workspace.folder / "inspection.db") as connection:
        connection.execute("DROP TRIGGER log_entries_no_update")
        connection.execute("UPDATE log_entries SET line = replace(line, 'bureau', 'nobody') WHERE position = 1")
    connection.close()
    workspace.log.published(0)
    for look in (lambda: workspace.log.published(1), workspace.log.check):
        with refused("store.log.changed"):
            look()
    workspace.store.close()
