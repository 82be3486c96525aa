"""Accounts, sessions, keys, the trail, answers, errands and proposals, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from expectations import START
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from inspection.errors import StoreError
from inspection.store import accounts, answers_kept, errands, proposals, trail
from inspection.store.accounts import Account, ApiKey, Grant, Session
from inspection.store.plans import Store
from inspection.store.trail import Deed

GRANTS = (Grant(role="clerk", agency="XF"), Grant(role="reviewer", region="370828"))
ZHANG = Account(account="zhang", name="张", created_at=START, grants=GRANTS, subject="https://id 1", inspector="XF-1")
HOUR = timedelta(hours=1)


@pytest.fixture
def known(store: Store) -> Store:
    with store.writing() as connection:
        accounts.add_account(connection, ZHANG)
    return store


def test_account_is_read_back_as_it_was_added(known: Store) -> None:
    with known.reading() as connection:
        assert accounts.find_account(connection, "zhang") == ZHANG
        assert accounts.account_of_subject(connection, "https://id 1") == ZHANG
        assert accounts.known_accounts(connection) == (ZHANG,)
        assert accounts.find_account(connection, "li") is None


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (Account(account="zhang", name="", created_at=START, grants=()), "store.account.taken"),
        (Account(account="li", name="", created_at=START, grants=(), subject="https://id 1"), "store.account.subject"),
    ],
)
def test_name_or_identity_of_another_is_refused(known: Store, other: Account, code: str) -> None:
    with pytest.raises(StoreError) as refusal, known.writing() as connection:
        accounts.add_account(connection, other)
    assert refusal.value.code == code


def test_account_disabled_keeps_its_rows_and_loses_its_sessions(known: Store) -> None:
    with known.writing() as connection:
        accounts.add_session(connection, Session(digest="a" * 64, account="zhang", created_at=START, seen_at=START))
        accounts.add_key(connection, ApiKey(key="k", account="zhang", digest="b" * 64, created_at=START))
        accounts.disable_account(connection, "zhang", START + HOUR)
        accounts.disable_account(connection, "zhang", START + 2 * HOUR)
    with known.reading() as connection:
        found = accounts.find_account(connection, "zhang")
        assert found is not None and found.disabled_at == START + HOUR
        assert accounts.find_session(connection, "a" * 64) is None
        assert [key.key for key in accounts.keys_of(connection, "zhang")] == ["k"]


def test_sessions_not_used_since_are_swept(known: Store) -> None:
    with known.writing() as connection:
        for digest, seen in (("a" * 64, START), ("b" * 64, START + HOUR)):
            accounts.add_session(connection, Session(digest=digest, account="zhang", created_at=START, seen_at=seen))
        accounts.end_old_sessions(connection, START + HOUR)
        assert accounts.find_session(connection, "a" * 64) is None
        assert accounts.find_session(connection, "b" * 64) is not None


def test_trail_counts_on_and_cannot_be_changed(store: Store) -> None:
    with store.writing() as connection:
        for number in range(5):
            at = START + number * HOUR
            deed = Deed(number=0, at=at, actor="zhang", action="look", object=str(number), outcome="done")
            assert trail.record(connection, deed) == number + 1
        assert [deed.object for deed in trail.deeds(connection, before=4, limit=2)] == ["2", "1"]
        assert trail.count_since(connection, "zhang", "look", START + 2 * HOUR) == 3
    for change in ("UPDATE trail SET actor = 'li'", "DELETE FROM trail"):
        with pytest.raises(DBAPIError, match="only grows"), store.writing() as connection:
            connection.execute(text(change))


def test_answer_is_kept_until_its_time_and_a_silent_request_may_be_sent_again(store: Store) -> None:
    with store.writing() as connection:
        assert answers_kept.claim(connection, "zhang", "k", "1" * 64, START) is None
        running = answers_kept.claim(connection, "zhang", "k", "1" * 64, START)
        assert running is not None and running.status is None
        assert answers_kept.claim(connection, "zhang", "k", "1" * 64, START + HOUR) is None
        answers_kept.keep(connection, "zhang", "k", 201, "{}")
        kept = answers_kept.claim(connection, "zhang", "k", "1" * 64, START + 48 * HOUR)
        assert kept == answers_kept.Kept(request="1" * 64, status=201, body="{}")
        assert answers_kept.claim(connection, "li", "k", "2" * 64, START) is None
        assert answers_kept.claim(connection, "zhang", "k", "1" * 64, START + 31 * 24 * HOUR + HOUR) is None


def test_errand_runs_until_it_ends_or_falls_silent(store: Store) -> None:
    errand = errands.Errand(
        errand="e", kind="run", account="zhang", state="running", outcome={}, begun_at=START, alive_at=START
    )
    with store.writing() as connection:
        errands.begin(connection, errand)
        assert errands.running(connection, "run", START) == errand
        assert errands.running(connection, "run", START + HOUR) is None
        errands.is_alive(connection, "e", START + HOUR)
        assert errands.running(connection, "run", START + HOUR) is not None
        errands.end(connection, "e", "failed", {"code": "x"}, START + HOUR)
        found = errands.find_errand(connection, "e")
    assert found is not None and (found.state, found.outcome) == ("failed", {"code": "x"})
    assert not found.is_interrupted(START + 9 * HOUR)


def test_proposal_is_decided_once_and_by_another(store: Store) -> None:
    with store.writing() as connection:
        made = proposals.propose(connection, "text", "0" * 64, "zhang", START)
    for by, code in (("Ｚhang", "store.proposal.same_person"), ("zhang", "store.proposal.same_person")):
        with pytest.raises(StoreError) as refusal, store.writing() as connection:
            proposals.decide(connection, made.number, "approved", by, START)
        assert refusal.value.code == code
    with store.writing() as connection:
        proposals.decide(connection, made.number, "refused", "li", START + HOUR)
    with pytest.raises(StoreError) as refusal, store.writing() as connection:
        proposals.decide(connection, made.number, "approved", "wang", START + HOUR)
    assert refusal.value.code == "store.proposal.decided"
    with store.reading() as connection:
        assert [(each.state, each.decided_by) for each in proposals.proposals(connection)] == [("refused", "li")]
