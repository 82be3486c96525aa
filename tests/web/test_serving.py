"""``inspection serve`` as people start it: processes, a port, a proxy before it, PostgreSQL behind it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from web_house import PASSWORD

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "store"))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(workspace: Path, *options: str) -> Iterator[Any]:
    """A client of ``inspection serve`` running as a process of its own."""
    import httpx

    port = _free_port()
    where = ["-w", workspace, "--port", str(port), "--no-scheduler"]
    command = [sys.executable, ROOT / "cli.py", "serve", *where, *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            for _ in range(600):
                try:
                    client.get("/api/v1/")
                    break
                except httpx.TransportError:
                    assert process.poll() is None
                    time.sleep(0.1)
            yield client
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _office(tmp_path: Path, url: str | None = None) -> Path:
    from inspection.office import Office, now
    from inspection.store.accounts import Account, Grant
    from inspection.web.accounts import new_account

    office = Office.found(tmp_path / "workspace", origin="open-draw.example/served", url=url)
    account = Account(account="zhang", name="张", created_at=now(), grants=(Grant(role="planner"),))
    new_account(office.workspace.store, account, PASSWORD)
    office.workspace.store.close()
    return tmp_path / "workspace"


def _token(text: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', text)
    assert found is not None
    return found[1]


@pytest.mark.slow
def test_session_of_one_worker_is_known_to_all_on_postgresql(tmp_path: Path):
    from postgres import server

    with server() as folder:
        workspace = _office(tmp_path, f"postgresql://postgres@/postgres?host={folder}")
        with serving(workspace, "--workers", "2") as client:
            form = {"account": "zhang", "password": PASSWORD, "csrf": _token(client.get("/sign-in").text)}
            assert client.post("/sign-in", data=form).status_code == 303
            import httpx

            statuses, tokens = set(), set()
            for _ in range(12):
                # A fresh connection each time, so that either worker may get it.
                with httpx.Client(base_url=client.base_url, cookies=client.cookies, timeout=30) as other:
                    page = other.get("/password")
                    statuses.add(page.status_code)
                    tokens.add(_token(page.text))
            assert statuses == {200} and len(tokens) == 1
            assert client.post("/sign-out", data={"csrf": tokens.pop()}).status_code == 303
            assert client.get("/password").status_code == 303


@pytest.mark.slow
def test_forwarded_headers_count_only_from_a_proxy_that_was_named(tmp_path: Path):
    workspace = _office(tmp_path)
    forwarded = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    tries = 6
    for options, expected in ((("--behind-proxy", "127.0.0.1"), 401), ((), 429)):
        with serving(workspace, *options) as client:
            token = _token(client.get("/sign-in").text)
            for number in range(tries):
                # Five tries an address: a stranger who makes addresses up has six where a proxy is believed.
                headers = forwarded | {"X-Forwarded-For": f"203.0.113.{number}"}
                form = {"account": "zhang", "password": "wrong wrong wrong", "csrf": token}
                last = client.post("/sign-in", data=form, headers=headers).status_code
            assert last == expected


def test_workspace_that_is_none_is_told_before_anything_starts(tmp_path: Path):
    command = [sys.executable, ROOT / "cli.py", "serve", "-w", tmp_path, "--no-scheduler"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and str(tmp_path) in done.stderr


def test_settings_that_cannot_be_used_are_all_named(tmp_path: Path):
    from inspection.errors import InputError
    from inspection.web.settings import read_settings

    (tmp_path / "web.toml").write_text('idle_minutes = 1\nnonsense = 2\n[oidc]\nissuer = "http://evil"\n', "utf-8")
    with pytest.raises(InputError) as refusal:
        read_settings(tmp_path)
    for name in ("idle_minutes", "nonsense", "oidc.issuer", "oidc.client_id"):
        assert name in refusal.value.text("zh")
