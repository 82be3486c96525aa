"""A bureau whose log grows at a word, and a witness who looks at it: what the tests of the log share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from inspection.draw.log import Entry, EntryType
from inspection.steps import public_log
from inspection.store.plans import Plan
from inspection.store.workspace import Workspace

ORIGIN = "open-draw.example/370828-2027"
START = datetime.fromisoformat("2026-01-05T09:00:00+08:00")


def run(*arguments: object, code: int | None = 0) -> Result:
    """One command in English; its exit code is the one expected, and no exception got through."""
    result = CliRunner().invoke(main, ["--lang", "en", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert code is None or result.exit_code == code, result.output
    return result


@dataclass
class Bureau:
    """A workspace whose log grows one entry at a time, each under a checkpoint, a minute apart."""

    workspace: Workspace

    @property
    def folder(self) -> Path:
        return self.workspace.folder

    def append(self, type: EntryType, draw: str, digest: str = "a" * 64, at: datetime | None = None) -> None:
        name = f"370828-2027/{draw}"
        position = len(self.workspace.log.lines())
        time = (at or START + timedelta(minutes=position)).isoformat()
        more = {"reason": "WRONG_LIST"} if type == "void" else {}
        entry = Entry(type=type, plan="370828-2027", draw=name, time=time, actor="370828", digest=digest, more=more)
        with self.workspace.store.writing() as connection:
            self.workspace.log.append(connection, entry)
            self.workspace.log.checkpoint(connection)

    def draw(self, name: str, digest: str = "a" * 64) -> None:
        """A commit and its result."""
        self.append("commit", name, digest)
        self.append("result", name, digest)

    def grow(self, count: int) -> None:
        """So many commits under one checkpoint."""
        with self.workspace.store.writing() as connection:
            for number in range(100, 100 + count):
                name = f"370828-2027/{number}-firms"
                time = (START + timedelta(days=1, minutes=number)).isoformat()
                entry = Entry(type="commit", plan="370828-2027", draw=name, time=time, actor="370828", digest="a" * 64)
                self.workspace.log.append(connection, entry)
            self.workspace.log.checkpoint(connection)

    def copy(self, folder: Path) -> Bureau:
        """The workspace as a backup of this moment."""
        self.workspace.store.close()
        shutil.copytree(self.folder, folder)
        return Bureau(Workspace.open(folder))

    def publish(self, folder: Path) -> Path:
        public_log.publish(self.workspace, folder)
        return folder


@dataclass
class Witness:
    """A notary with a key, a state file and what it hands back."""

    folder: Path
    name: str = "notary.example/w1"

    @property
    def state(self) -> Path:
        return self.folder / "state.json"

    @property
    def out(self) -> Path:
        return self.folder / "cosigned.txt"

    @property
    def key(self) -> Path:
        return self.folder / "notary.key"

    def watch(self, source: object, code: int | None = 0, *more: object) -> Result:
        files = ("--state", self.state, "--key", self.folder / "notary.pem", "--name", self.name, "--out", self.out)
        return run("log", "watch", source, *files, *more, code=code)

    def evidence(self) -> list[Path]:
        return sorted(self.folder.glob("state.evidence-*.json"))


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    """A log of two draws: four entries."""
    workspace = Workspace.create(tmp_path / "bureau", origin=ORIGIN)
    plan = Plan(plan="370828-2027", division="370828", year=2027, name="2027", policy={}, snapshot="5" * 64)
    workspace.store.create_plan(plan, now=START)
    made = Bureau(workspace)
    made.draw("1-firms")
    made.draw("2-inspectors")
    yield made
    workspace.store.close()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    folder = tmp_path / "notary"
    run("log", "witness-key", folder / "notary.pem", "--name", "notary.example/w1")
    return Witness(folder)
