"""A sender's workspace, a receiver on loopback, and announcements for both."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from inspection.draw.note import VerifierKey
from inspection.publish.adapters import load_adapter
from inspection.publish.receiver import ReceiverServer, Reception
from inspection.publish.receiver_faults import Faults
from inspection.publish.receiver_store import ReceiverStore
from inspection.publish.targets import Target, TargetSettings
from inspection.store.keys import Signer, verify
from inspection.store.outbox import News, announce_all
from inspection.store.plans import Store
from inspection.store.workspace import Workspace
from inspection.work.delivery_steps import sender_verifier

ORIGIN = "open-draw.example/publish"
START = datetime.fromisoformat("2026-04-30T09:00:00+08:00")


def now() -> datetime:
    return datetime.now(UTC)


def finding(number: int, **changed: Any) -> dict[str, Any]:
    """Facts of one finding that every adapter takes."""
    facts: dict[str, Any] = {
        "plan": "370828-2027",
        "plan_number": "37082820271001",
        "plan_name": "2027年度双随机抽查计划",
        "task_number": "370828202704011001",
        "task_name": "登记事项检查",
        "task_type": "undirected",
        "visit": f"V{number:06}",
        "agency": "A01",
        "agency_name": "市场监督管理局",
        "agency_uscc": "11370828MB2857283X",
        "firm": f"91370828{number:09}X"[:18],
        "firm_name": f"缗城第{number}商行",
        "firm_nature": "legal_person",
        "region": "370828",
        "check_date": "2026-04-06",
        "check_form": "routine",
        "check_type": "random",
        "check_mode": "site",
        "act": f"3708282027{number:06}",
        "act_name": "登记事项检查",
        "supervise_code": "03700001000100",
        "checklist_code": "11370828MB2857283X1001",
        "entered_by": "王录入",
        "officers": [{"name": "张三丰", "certificate": "15080001"}, {"name": "李四光", "certificate": "15080002"}],
        "results": [{"item": "I01", "item_name": "营业执照", "result": "1"}],
    }
    return {name: value for name, value in (facts | changed).items() if value is not None}


def news(number: int, action: Any = "i", version: int = 1, **changed: Any) -> News:
    return News(
        key=f"finding/{number}/{version}",
        record=f"finding/{number}",
        kind="finding",
        action=action,
        payload=finding(number, **changed) if action != "d" else {},
        not_before=START,
    )


def announce(store: Store, *all_news: News, at: datetime = START) -> None:
    with store.writing() as connection:
        announce_all(connection, all_news, now=at)


def target(url: str = "", adapter: str = "gsxt-public", **settings: Any) -> Target:
    given = {
        "adapter": adapter,
        "channel": "http",
        "url": url,
        "timeout_seconds": 1,
        "batch": 20,
        "first_wait_seconds": 0.05,
    } | settings
    return Target(name="network", settings=TargetSettings(**given), adapter=load_adapter(adapter))


@contextmanager
def receiver(folder: Path, workspace: Workspace, faults: Faults | None = None) -> Iterator[ReceiverServer]:
    """A receiver that believes the workspace; its key is ``server.key_line``."""
    folder.mkdir(exist_ok=True)
    pem = folder / "receiver.pem"
    signer = Signer.load(pem) if pem.exists() else Signer.generate(pem)
    store = ReceiverStore(folder / "receiver.db", "network.example", signer.sign)
    reception = Reception(
        store=store,
        senders={f"{ORIGIN}/publish": sender_verifier(workspace).public_key},
        check=verify,
        now=now,
        faults=faults or Faults(0),
    )
    server = ReceiverServer(("127.0.0.1", 0), reception)
    server.key_line = VerifierKey(name="network.example", public_key=signer.public_key).text  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()
        store.close()


HOUR = timedelta(hours=1)
