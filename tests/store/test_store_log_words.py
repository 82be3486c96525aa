"""What others say of the log is kept as it came, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from expectations import ORIGIN, START, refused
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from inspection.draw.log import Entry
from inspection.draw.note import COSIGNATURE, VerifierKey, signature_lines
from inspection.store import log_words
from inspection.store.log import Log
from inspection.store.plans import Plan
from inspection.store.workspace import Workspace

KEY = VerifierKey(name="notary.example/w1", public_key=bytes(32), kind=COSIGNATURE)
LINE = "— notary.example/w1 AAAAAAAA\n"


@pytest.fixture
def log(workspace: Workspace, plan: Plan) -> Log:
    workspace.store.create_plan(plan, now=START)
    entry = Entry(
        type="commit", plan=plan.plan, draw=f"{plan.plan}/1", time=START.isoformat(), actor="a", digest="a" * 64
    )
    with workspace.store.writing() as connection:
        workspace.log.append(connection, entry)
        workspace.log.checkpoint(connection)
        log_words.add_witness(connection, KEY, ORIGIN, START)
    return workspace.log


def test_first_line_of_a_witness_stands_on_the_checkpoint(log: Log) -> None:
    with log.store.writing() as connection:
        assert log_words.add_cosignature(connection, 1, KEY.name, START, LINE)
        assert not log_words.add_cosignature(connection, 1, KEY.name, START + timedelta(days=1), LINE)
        log_words.add_witness(connection, KEY, ORIGIN, START + timedelta(days=1))
        assert log_words.known_witnesses(connection) == (KEY,)
    assert signature_lines(log.checkpoints()[1])[1:] == (LINE,)
    log.check()


def test_answer_of_an_authority_is_kept_once_as_it_came(log: Log) -> None:
    stamp = log_words.Timestamp(size=1, time=START, authority="CN=tsa", answer=b"\x00answer")
    with log.store.writing() as connection:
        assert log_words.add_timestamp(connection, stamp)
        assert not log_words.add_timestamp(connection, stamp)
    with log.store.reading() as connection:
        assert log_words.kept_timestamps(connection) == (stamp,)
    assert log.timestamps() == {1: {stamp.digest[:16]: b"\x00answer"}}


def test_key_of_another_kind_name_or_holder_is_refused(log: Log) -> None:
    cases = {
        "store.witness.kind": VerifierKey(name="n", public_key=bytes(32)),
        "store.witness.own": VerifierKey(name=ORIGIN, public_key=bytes(32), kind=COSIGNATURE),
        "store.witness.other": VerifierKey(name=KEY.name, public_key=b"x" * 32, kind=COSIGNATURE),
    }
    for code, key in cases.items():
        with refused(code), log.store.writing() as connection:
            log_words.add_witness(connection, key, ORIGIN, START)


@pytest.mark.parametrize("table", ["witnesses", "cosignatures", "timestamps"])
def test_word_removed_or_changed_by_sql_is_refused(log: Log, table: str) -> None:
    stamp = log_words.Timestamp(size=1, time=START, authority="CN=tsa", answer=b"answer")
    with log.store.writing() as connection:
        log_words.add_cosignature(connection, 1, KEY.name, START, LINE)
        log_words.add_timestamp(connection, stamp)
    column = {"witnesses": "verifier_key", "cosignatures": "line", "timestamps": "authority"}[table]
    for change in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = 'x'"):
        with pytest.raises(DBAPIError, match="only grows"), log.store.writing() as connection:
            connection.execute(text(change))
