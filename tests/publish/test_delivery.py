"""Each record reaches the receiver once, in order, whatever the receiver, the network or the process does."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from delivery_scene import announce, news, now, receiver, target

from inspection.errors import PublishError
from inspection.publish.receiver_faults import FAULTS, Faults
from inspection.publish.targets import LocalFacts
from inspection.store import dead_letters
from inspection.store.workspace import Workspace
from inspection.work.delivery_steps import deliver

MINUTE = timedelta(minutes=1)


def stored(folder: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(folder / "receiver.db")) as database:
        return database.execute("SELECT key, record FROM messages ORDER BY number").fetchall()


def standing(workspace: Workspace) -> dict[Any, int]:
    with workspace.store.reading() as connection:
        return dead_letters.standings(connection)[0].counts


def dead(workspace: Workspace) -> list[str]:
    with workspace.store.reading() as connection:
        return [letter.error or "" for letter in dead_letters.letters(connection, "dead")]


def test_records_arrive_once_with_signed_receipts_that_are_kept(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, *(news(number) for number in range(50)))
    with receiver(tmp_path / "r", workspace) as server:
        to = target(server.url, receiver_key=server.key_line)  # type: ignore[attr-defined]
        assert deliver(workspace, to, now).delivered == 50
        assert deliver(workspace, to, now).delivered == 0
    assert len(stored(tmp_path / "r")) == 50
    with workspace.store.reading() as connection:
        receipts = [json.loads(each.receipt or "") for each in dead_letters.letters(connection, "delivered")]
    assert {each["number"] for each in receipts} == set(range(1, 51))
    assert all(each["signature"] and each["receiver"] == "network.example" for each in receipts)


@pytest.mark.parametrize("fault", FAULTS)
def test_receiver_failing_in_one_way_half_the_time_gets_each_record_once(
    workspace: Workspace, tmp_path: Path, fault: Any
) -> None:
    announce(workspace.store, *(news(number) for number in range(30)))
    with receiver(tmp_path / "r", workspace, Faults(0.5, [fault], seed=3, hold=0.3)) as server:
        to = target(server.url, timeout_seconds=0.2, batch=5, connections=3)
        assert deliver(workspace, to, now, patience=MINUTE).delivered >= 30
        assert server.reception.faults.counts[fault] > 0
    assert sorted(key for key, _ in stored(tmp_path / "r")) == sorted(f"finding/{number}/1" for number in range(30))
    assert standing(workspace) == {"delivered": 30}


def test_correction_and_withdrawal_follow_what_they_are_about(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, *(news(number) for number in range(3)))
    with receiver(tmp_path / "r", workspace, Faults(0.3, ["error", "lost"], seed=5, hold=0.2)) as server:
        to = target(server.url, timeout_seconds=0.15, batch=2)
        deliver(workspace, to, now, patience=MINUTE)
        announce(workspace.store, news(1, "u", 2, firm_name="改名"), news(2, "u", 2), news(2, "d", 3))
        deliver(workspace, to, now, patience=MINUTE)
        assert server.reception.store.status()["standing"] == 2
    kept = stored(tmp_path / "r")
    assert [key for key, record in kept if record == "finding/1"] == ["finding/1/1", "finding/1/2"]
    # The correction of what is withdrawn anyway was never attempted, so it stayed in the house.
    assert [key for key, record in kept if record == "finding/2"] == ["finding/2/1", "finding/2/3"]


def test_decision_waits_for_the_inspection_act_it_follows(workspace: Workspace, tmp_path: Path) -> None:
    from delivery_scene import START

    from inspection.store.outbox import News

    facts = {
        "decision": "缗市监罚〔2026〕1号",
        "decision_kind": "罚款",
        "decision_date": "2026-04-20",
        "region": "370828",
    }
    facts |= {"act": "3708282027000001", "agency_name": "市场监督管理局", "firm": "F", "firm_name": "某商行"}
    decision = News(
        key="decision/1/0", record="decision/1", kind="decision", action="i", payload=facts, not_before=START
    )
    announce(workspace.store, decision, news(1))
    with receiver(tmp_path / "r", workspace) as server:
        to = target(server.url, "supervision-action", batch=1, connections=1)
        assert deliver(workspace, to, now, patience=MINUTE).again == 1
    assert [key for key, _ in stored(tmp_path / "r")] == ["finding/1/1", "decision/1/0"]


def test_record_that_lacks_facts_is_a_dead_letter_that_names_all_of_them(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, news(1, act="", officers=[{"name": "张三丰", "certificate": "1"}], region="37"), news(2))
    with receiver(tmp_path / "r", workspace) as server:
        deliver(workspace, target(server.url, "supervision-action"), now)
    (error,) = dead(workspace)
    assert "检查行为编号：缺少" in error and "检查人员：至少 2 项" in error and "行政区划" in error
    assert "expected at least 2, got 1" in error
    assert len(stored(tmp_path / "r")) == 1


def test_facts_stated_once_in_the_settings_complete_every_record(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, news(1, plan_number=None, task_number="T001"))
    by = {"task_number": {"T001": {"task_number": "370828202704011001"}}}
    local = LocalFacts(facts={"plan_number": "37082820271001"}, by=by)
    with receiver(tmp_path / "r", workspace) as server:
        from dataclasses import replace

        deliver(workspace, replace(target(server.url), local=local), now)
    ((key, _),) = stored(tmp_path / "r")
    assert (key, dead(workspace)) == ("finding/1/1", [])


def test_one_record_the_receiver_refuses_does_not_hold_up_its_batch(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, *(news(number) for number in range(6)))
    with receiver(tmp_path / "r", workspace) as server:
        entry = {"key": "finding/3/1", "record": "finding/3", "kind": "finding", "action": "i", "sequence": 1}
        from inspection.publish.letters import body_digest

        body = {"other": "content"}
        with closing(sqlite3.connect(tmp_path / "r" / "receiver.db")) as database:
            database.execute(
                "INSERT INTO messages VALUES (1, ?, 'x', 'finding', 'i', 1, 'gsxt-public', 'x', ?, '{}', '', '{}')",
                (entry["key"], body_digest(body)),
            )
            database.commit()
        deliver(workspace, target(server.url), now)
    assert standing(workspace) == {"delivered": 5, "dead": 1}
    assert dead(workspace)[0].startswith("key_reused")


def test_target_that_cannot_be_reached_costs_no_attempt_and_loses_nothing(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, *(news(number) for number in range(3)))
    tally = deliver(workspace, target("http://127.0.0.1:9/records"), now)
    assert tally.halt is not None and tally.delivered == 0
    with receiver(tmp_path / "r", workspace) as server:
        assert deliver(workspace, target(server.url), now).delivered == 3
    with workspace.store.reading() as connection:
        assert {letter.attempts for letter in dead_letters.letters(connection, "delivered")} == {1}


def test_receiver_that_does_not_know_us_stops_the_run(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, news(1))
    with receiver(tmp_path / "r", workspace) as server:
        server.reception.senders.clear()  # type: ignore[attr-defined]
        tally = deliver(workspace, target(server.url), now)
    assert tally.halt is not None and "HTTP 401" in tally.halt and "unknown key" in tally.halt
    assert standing(workspace) == {"waiting": 1}


def test_receipt_of_a_stranger_is_no_receipt(workspace: Workspace, tmp_path: Path) -> None:
    from inspection.draw.note import VerifierKey

    announce(workspace.store, news(1))
    other = VerifierKey(name="network.example", public_key=bytes(range(32))).text
    with receiver(tmp_path / "r", workspace) as server:
        tally = deliver(workspace, target(server.url, receiver_key=other), now)
    assert (tally.delivered, tally.again) == (0, 1)


def test_unconfirmed_dictionary_never_reaches_a_live_target(workspace: Workspace) -> None:
    announce(workspace.store, news(1))
    live = target("https://network.example/records", "supervision-action", mode="live")
    with pytest.raises(PublishError) as refusal:
        deliver(workspace, live, now)
    assert refusal.value.code == "publish.target.unconfirmed"
    assert "检查类别" in refusal.value.text("zh") and "confirmed = true" in refusal.value.text("en")
    with workspace.store.reading() as connection:
        assert dead_letters.standings(connection) == ()


def test_live_target_is_reached_by_https_only() -> None:
    with pytest.raises(ValueError, match="https only"):
        target("http://network.example/records", mode="live")


def _carrier(folder: Path, url: str) -> int:
    child = os.fork()
    if child == 0:
        try:
            deliver(
                Workspace.open(folder), target(url, timeout_seconds=0.3, batch=10, connections=2), now, patience=MINUTE
            )
            os._exit(0)
        finally:
            os._exit(1)
    return child


@pytest.mark.slow
def test_carriers_killed_again_and_again_lose_and_double_nothing(workspace: Workspace, tmp_path: Path) -> None:
    first = [news(number) for number in range(300)]
    announce(workspace.store, *first, *(news(number, "u", 2, firm_name="改名") for number in range(40)))
    workspace.store.close()
    chance, kills = random.Random(4), 0
    with receiver(tmp_path / "r", workspace, Faults(0.3, seed=9, hold=0.5)) as server:
        children = [_carrier(workspace.folder, server.url) for _ in range(2)]
        deadline = time.monotonic() + 60
        while children and time.monotonic() < deadline:
            time.sleep(chance.uniform(0.02, 0.25))
            children = [child for child in children if not os.waitpid(child, os.WNOHANG)[0]]
            if children and kills < 15:
                victim = children.pop(chance.randrange(len(children)))
                os.kill(victim, signal.SIGKILL)
                os.waitpid(victim, 0)
                kills += 1
                children.append(_carrier(workspace.folder, server.url))
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    assert not children and kills == 15
    kept = stored(tmp_path / "r")
    expected = [f"finding/{number}/1" for number in range(300)] + [f"finding/{number}/2" for number in range(40)]
    assert sorted(key for key, _ in kept) == sorted(expected)
    order = [key for key, _ in kept]
    assert all(order.index(f"finding/{n}/1") < order.index(f"finding/{n}/2") for n in range(40))
    assert standing(workspace) == {"delivered": 340}
