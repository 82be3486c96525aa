"""50 000 records to a receiver that fails 30 % of its answers, the carriers killed at random 100 times meanwhile.

    python -m benchmarks.delivery [records] [kills] [--append]

Two carriers (each with its own connections) work one outbox on SQLite and send to the reference receiver on loopback,
a process of its own. One of them is killed (SIGKILL) at random moments and another begins. The limit is five minutes,
with 0 lost, 0 doubled and flat memory. Nothing leaves the machine; the run ends itself after fifteen minutes.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inspection.publish.adapters import load_adapter
from inspection.publish.targets import Target, TargetSettings
from inspection.store import dead_letters
from inspection.store.outbox import News, announce_all
from inspection.store.workspace import Workspace
from inspection.work.delivery_steps import deliver, sender_verifier

ROOT = Path(__file__).parents[1]
CARRIERS = 2
LONGEST = 900
START = datetime(2026, 4, 30, 1, tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)


def announce(workspace: Workspace, count: int) -> None:
    """``count`` announcements: eight of nine are findings, the others corrections of them, which must come after."""
    with workspace.store.writing() as connection:
        announce_all(connection, (_news(number, "i", 0) for number in range(count * 8 // 9)), now=START)
        rest = count - count * 8 // 9
        announce_all(connection, (_news(number, "u", 1) for number in range(rest)), now=START)


def _news(number: int, action: str, version: int) -> News:
    payload = {
        "plan_number": "37082820271001",
        "plan_name": "2027年度双随机抽查计划",
        "task_number": "370828202704011001",
        "task_name": "登记事项检查",
        "task_type": "undirected",
        "agency_name": "市场监督管理局",
        "firm": f"91370828{number:09}X",
        "firm_name": f"缗城第{number}商行 {version}",
        "check_date": "2026-04-06",
        "results": [{"item": f"I{item}", "item_name": f"事项{item}", "result": "1"} for item in range(3)],
    }
    record = f"finding/{number}"
    return News(
        key=f"{record}/{version}",
        record=record,
        kind="finding",
        action=action,
        payload=payload,
        not_before=START,  # type: ignore[arg-type]
    )


def target(url: str, key: str) -> Target:
    settings = TargetSettings(
        adapter="gsxt-public", channel="http", url=url, batch=100, connections=4, timeout_seconds=2, receiver_key=key
    )
    return Target(name="network", settings=settings, adapter=load_adapter("gsxt-public"))


def carrier(folder: Path, to: Target) -> int:
    """A child that carries until nothing waits; forked, as importing takes longer than a kill leaves it."""
    child = os.fork()
    if child == 0:
        try:
            deliver(Workspace.open(folder), to, now, patience=timedelta(seconds=LONGEST))
            os._exit(0)
        finally:
            os._exit(1)
    return child


def resident(pid: int) -> float:
    """Resident megabytes of a process; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


@dataclass
class Run:
    """What was measured."""

    seconds: float = 0
    kills: int = 0
    carrier_mb: float = 0
    receiver_mb: tuple[float, float] = (0, 0)


def carry(folder: Path, to: Target, receiver: int, kills: int, seed: int) -> Run:
    """Carriers at work and killed, until two in a row end by themselves."""
    chance, run, start = random.Random(seed), Run(), time.monotonic()
    children = [carrier(folder, to) for _ in range(CARRIERS)]
    first, strike = 0.0, time.monotonic() + 1
    try:
        while children and time.monotonic() - start < LONGEST:
            time.sleep(0.05)
            run.carrier_mb = max(run.carrier_mb, *map(resident, children))
            grown = resident(receiver)
            first = first or (grown if time.monotonic() - start > 15 else 0)
            run.receiver_mb = (first, max(run.receiver_mb[1], grown))
            for child in list(children):
                if os.waitpid(child, os.WNOHANG)[0]:
                    children.remove(child)
            if children and run.kills < kills and time.monotonic() > strike:
                victim = chance.choice(children)
                os.kill(victim, signal.SIGKILL)
                os.waitpid(victim, 0)
                children[children.index(victim)] = carrier(folder, to)
                run.kills += 1
                strike = time.monotonic() + chance.uniform(0.2, 1.8)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    run.seconds = time.monotonic() - start
    return run


def judge(workspace: Workspace, received: Path, count: int) -> dict[str, int]:
    """Lost, doubled and out of order, counted at the receiver and compared key by key with what was announced."""
    with workspace.store.reading() as connection:
        standing = dead_letters.standings(connection)[0]
        rows = connection.exec_driver_sql("SELECT key, record, seq FROM outbox").all()
        receipts = connection.exec_driver_sql("SELECT count(*) FROM receipts").scalar()
    with closing(sqlite3.connect(received)) as database:
        stored = database.execute("SELECT key, record, sequence FROM messages ORDER BY number").fetchall()
    keys = [key for key, _, _ in stored]
    last: dict[str, int] = {}
    disordered = 0
    for _, record, sequence in stored:
        disordered += sequence <= last.get(record, 0)
        last[record] = sequence
    return {
        "announced": count,
        "lost": len({row[0] for row in rows} - set(keys)),
        "doubled": len(keys) - len(set(keys)),
        "out of order": disordered,
        "receipts": receipts or 0,
        "dead": standing.counts.get("dead", 0),
    }


def main(count: int, kills: int, append: bool) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, home = Path(place) / "workspace", Path(place) / "receiver"
        workspace = Workspace.create(folder, origin="open-draw.example/delivery")
        announce(workspace, count)
        key = sender_verifier(workspace).text
        workspace.store.close()
        command = [sys.executable, "cli.py", "receiver", str(home), "--port", "0", "--sender", key]
        command += ["--fail", "0.3", "--seed", "1", "--hold", "3"]
        receiver = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert receiver.stdout is not None
        try:
            url, line = receiver.stdout.readline().strip(), receiver.stdout.readline().strip()
            run = carry(folder, target(url, line), receiver.pid, kills, seed=7)
            assert receiver.poll() is None, "the receiver ended by itself"
        finally:
            receiver.terminate()
            receiver.wait()
        found = judge(workspace, home / "receiver.db", count)
        workspace.store.close()
    told = ", ".join(f"{value:,} {name}" for name, value in found.items())
    line = (
        f"{told}; {run.seconds:.0f} s (limit 300), {run.kills} kills, carrier at most {run.carrier_mb:.0f} MB, "
        f"receiver {run.receiver_mb[0]:.0f} MB after 15 s and at most {run.receiver_mb[1]:.0f} MB; "
        f"load before {LOAD:.1f}"
    )
    print(line)
    if append:
        with (ROOT / "benchmarks" / "RESULTS.md").open("a", encoding="utf-8") as file:
            file.write(
                f"\n## Delivery, {datetime.now():%Y-%m-%d %H:%M}, AMD EPYC, 2 cores shared with other work\n\n"
                f"`python -m benchmarks.delivery`, 30 % of the receiver's answers failing at random.\n\n- {line}\n"
            )


LOAD = os.getloadavg()[0]

if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    main(*(numbers + [50_000, 100][len(numbers) :]), append="--append" in sys.argv)  # type: ignore[misc]
