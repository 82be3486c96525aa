"""Houses to try: a bare one, and copies of a small planned county."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from web_house import House, open_house, planned_house


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords hashed in a millisecond: what the real parameters cost is tested once."""
    from argon2 import PasswordHasher

    from inspection.web import accounts

    monkeypatch.setattr(accounts, "hasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[House]:
    """A workspace without registers, on which security is tried."""
    from inspection.office import Office

    office = Office.found(tmp_path / "workspace", origin="open-draw.example/web")
    yield open_house(office, "SC", "SC-001")
    office.workspace.store.close()


@pytest.fixture(scope="session")
def copied(planned: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes copies of the planned county's workspace, so that no test sees what another did."""
    from inspection.store.engine import connect

    source = planned.office.workspace.folder

    def copy() -> Path:
        from sqlalchemy import text

        target = tmp_path_factory.mktemp("house") / "workspace"
        engine = connect(f"sqlite:///{source / 'inspection.db'}")
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        engine.dispose()
        shutil.copytree(source, target)
        return target

    return copy


@pytest.fixture
def house(copied: Callable[[], Path]) -> Iterator[House]:
    """The planned small county behind the application; the day is one of the plan's year."""
    opened = planned_house(copied())
    yield opened
    opened.office.workspace.store.close()


@pytest.fixture(scope="module")
def shared(copied: Callable[[], Path]) -> Iterator[House]:
    """As ``house``, for tests of one module that only read."""
    opened = planned_house(copied())
    yield opened
    opened.office.workspace.store.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The system's Chromium, one for all tests of pages."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium on this machine: .ci/system-packages names the package")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
