"""A backup holds all of a workspace, and comes back on either database without a difference."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from expectations import ORIGIN, START
from one_row_each import fill
from sqlalchemy import func, insert, select, text
from test_store_kill import plan_year

from inspection.errors import StoreError
from inspection.store import drawn, schema, tables
from inspection.store.backup import back_up, check_backup
from inspection.store.engine import migrate
from inspection.store.frozen import FrozenFiles
from inspection.store.log_tables import timestamps
from inspection.store.restore import restore
from inspection.store.rows import row_lines, stored_tables
from inspection.store.workspace import Workspace


def everything(workspace: Workspace) -> dict[str, bytes]:
    with workspace.store.reading() as connection:
        return {table.name: b"".join(row_lines(connection, table)) for table in stored_tables(connection)}


def filled(workspace: Workspace) -> Workspace:
    """With a drawn plan, and values databases differ in: dates, bytes, nothing, Chinese, quotes, line ends."""
    plan_year(workspace)
    stamp = {
        "size": 2,
        "digest": "d" * 64,
        "stamped_at": START,
        "authority": "授时“中心”\n\\N\t\\",
        "answer": bytes(range(256)),
    }
    with workspace.store.writing() as connection:
        connection.execute(insert(timestamps), stamp)
        drawn.set_days(connection, "p/1-firms", {"V00001": date(2027, 4, 1), "V00002": None})
        fill(connection, visit="V00001")
    (workspace.folder / "policy.toml").write_text("# 规则\n", encoding="utf-8")
    return workspace


@pytest.fixture
def backup(workspace: Workspace, tmp_path: Path) -> Path:
    back_up(filled(workspace), tmp_path / "backup.zip", START)
    return tmp_path / "backup.zip"


def test_backup_restored_on_either_database_is_the_same_row_by_row(
    workspace: Workspace, backup: Path, tmp_path: Path, postgres: Callable[..., str]
) -> None:
    before = everything(workspace)
    assert before.keys() == schema.metadata.tables.keys() and all(before.values())
    restore(backup, tmp_path / "lite")
    restore(backup, tmp_path / "server", url=postgres("template0", "restored"))
    there = Workspace.open(tmp_path / "server")
    back_up(there, tmp_path / "again.zip", START)
    restore(tmp_path / "again.zip", tmp_path / "back")
    for name in ("lite", "server", "back"):
        restored = Workspace.open(tmp_path / name)
        assert everything(restored) == before
        assert restored.log.lines() == workspace.log.lines()
        assert restored.log.checkpoints() == workspace.log.checkpoints()
        assert restored.salt == workspace.salt
        assert (restored.folder / "policy.toml").read_text() == "# 规则\n"
        with workspace.store.reading() as connection:
            kept = list(connection.scalars(select(tables.draws.c.files)))
        for digest in json.loads(kept[0]).values():
            assert restored.frozen.read(digest)
        restored.store.close()


def test_restored_log_goes_on_with_the_same_key(backup: Path, tmp_path: Path) -> None:
    restore(backup, tmp_path / "new")
    restored = Workspace.open(tmp_path / "new")
    with pytest.raises(Exception, match="only grows"), restored.store.writing() as connection:
        connection.execute(text("DELETE FROM log_entries"))
    with restored.store.writing() as connection:
        assert restored.log.checkpoint(connection).startswith(ORIGIN)
    restored.store.close()


def test_backup_of_an_older_version_is_restored_and_upgraded(tmp_path: Path) -> None:
    old = Workspace.create(tmp_path / "old", origin=ORIGIN)
    plan_year(old)
    migrate(old.store.engine, "0003")
    back_up(old, tmp_path / "old.zip", START)
    restore(tmp_path / "old.zip", tmp_path / "new")
    with Workspace.open(tmp_path / "new").store.reading() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == tables.HEAD
        assert connection.scalar(select(func.count()).select_from(tables.visits)) == 400


def test_backup_of_a_newer_program_is_refused(backup: Path, tmp_path: Path) -> None:
    altered = rewritten(backup, tmp_path, lambda facts: facts | {"revision": "9999"})
    assert refusal(altered, tmp_path) == "store.schema.newer"


def rewritten(backup: Path, folder: Path, change: Callable[[dict], dict], **members: bytes) -> Path:
    """The backup with another manifest, and other bytes for some members (by their names with __ for /)."""
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(folder / "altered.zip", "w") as new:
        given = {name.replace("__", "/"): data for name, data in members.items()}
        for name in old.namelist():
            if name != "manifest.json" and name not in given:
                new.writestr(name, old.read(name))
        for name, data in given.items():
            new.writestr(name, data)
        new.writestr("manifest.json", json.dumps(change(json.loads(old.read("manifest.json")))))
    return folder / "altered.zip"


def refusal(backup: Path, folder: Path, url: str | None = None) -> str:
    with pytest.raises(StoreError) as refused:
        restore(backup, folder / "refused", url=url)
    assert not (folder / "refused").exists()
    assert not list(folder.glob(".refused*"))
    assert refused.value.text("zh") and refused.value.text("en")
    return refused.value.code


def test_altered_backups_are_refused_and_leave_nothing(backup: Path, tmp_path: Path) -> None:
    same = lambda facts: facts  # noqa: E731
    assert refusal(rewritten(backup, tmp_path, same, tables__visits__x=b""), tmp_path) == "backup.members"
    with zipfile.ZipFile(backup) as archive:
        visits = archive.read("tables/visits.jsonl")
    other = visits.replace(b"F1", b"F2", 1)
    assert refusal(rewritten(backup, tmp_path, same, **{"tables/visits.jsonl": other}), tmp_path) == "backup.changed"
    longer = {"tables/visits.jsonl": visits + b"[]\n"}
    assert refusal(rewritten(backup, tmp_path, same, **longer), tmp_path) == "backup.changed"

    def climbing(facts: dict) -> dict:
        facts["files"][0]["path"] = "../../evil"
        return facts

    assert refusal(rewritten(backup, tmp_path, climbing), tmp_path) == "backup.members"
    (tmp_path / "text.zip").write_bytes(b"no zip")
    assert refusal(tmp_path / "text.zip", tmp_path) == "backup.unreadable"
    whole = backup.read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    assert refusal(tmp_path / "half.zip", tmp_path) == "backup.unreadable"


@pytest.mark.parametrize(
    ("forge", "code"),
    [
        (lambda lines: lines[:-1], "backup.row"),
        (lambda lines: [*lines[:-1], lines[-1].replace(b"a" * 64, b"c" * 64)], "store.log.changed"),
    ],
    ids=["cut", "edited"],
)
def test_forged_log_in_a_backup_with_its_digests_made_anew_is_refused(
    backup: Path, tmp_path: Path, forge: Callable[[list[bytes]], list[bytes]], code: str
) -> None:
    with zipfile.ZipFile(backup) as archive:
        forged = b"".join(forge(archive.read("tables/log_entries.jsonl").splitlines(keepends=True)))

    def change(facts: dict) -> dict:
        for table in facts["tables"]:
            if table["name"] == "log_entries":
                table |= {"size": len(forged), "sha256": hashlib.sha256(forged).hexdigest()}
        return facts

    assert refusal(rewritten(backup, tmp_path, change, **{"tables/log_entries.jsonl": forged}), tmp_path) == code


def test_database_in_use_is_not_restored_over(workspace: Workspace, backup: Path, tmp_path: Path) -> None:
    url = workspace.store.engine.url.render_as_string(hide_password=False)
    before = everything(workspace)
    assert refusal(backup, tmp_path, url) == "backup.database.used"
    assert everything(workspace) == before
    with pytest.raises(StoreError) as taken:
        restore(backup, workspace.folder)
    assert taken.value.code == "store.workspace.occupied"


def test_frozen_file_gone_bad_is_named_and_the_rest_backed_up(workspace: Workspace, tmp_path: Path) -> None:
    filled(workspace)
    bad = next(path for path in sorted(workspace.frozen.folder.rglob("*")) if path.is_file())
    bad.chmod(0o600)
    bad.write_bytes(b"rotten")
    with pytest.raises(StoreError) as named:
        back_up(workspace, tmp_path / "backup.zip", START)
    assert (named.value.code, named.value.params["count"]) == ("backup.damaged", 1)
    assert bad.name in named.value.params["first"]
    assert check_backup(tmp_path / "backup.zip").entries == 2
    restore(tmp_path / "backup.zip", tmp_path / "new")
    assert (tmp_path / "new" / "frozen").is_dir()


def test_backup_never_replaces_a_file(backup: Path, workspace: Workspace) -> None:
    before = backup.read_bytes()
    with pytest.raises(StoreError) as refused:
        back_up(workspace, backup, START)
    assert refused.value.code == "backup.exists"
    assert backup.read_bytes() == before
    assert backup.stat().st_mode & 0o077 == 0


WRITER = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from inspection.store.trail import Deed, record
from inspection.store.workspace import Workspace
workspace = Workspace.open(Path(sys.argv[1]))
at = datetime.fromisoformat(sys.argv[2])
for number in range(100_000):
    digest = workspace.frozen.put_bytes(str(number).encode())
    with workspace.store.writing() as connection:
        for part in ("one", "two"):
            deed = Deed(number=0, at=at, actor=part, action=digest, object=str(number), outcome="done")
            record(connection, deed)
    if number == 20:
        print("begun", flush=True)
"""


@pytest.mark.slow
def test_backups_made_while_others_write_are_each_of_one_moment(workspace: Workspace, tmp_path: Path) -> None:
    plan_year(workspace)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(workspace.folder), START.isoformat()], stdout=subprocess.PIPE, text=True
    )
    try:
        assert writer.stdout is not None and writer.stdout.readline() == "begun\n"
        counts = []
        for turn in range(3):
            path = tmp_path / f"{turn}.zip"
            back_up(workspace, path, START + timedelta(minutes=turn))
            with zipfile.ZipFile(path) as archive:
                rows = [json.loads(line) for line in archive.read("tables/trail.jsonl").splitlines()]
                files = {Path(name).name for name in archive.namelist() if name.startswith("files/frozen/")}
            counts.append(len(rows))
            assert len(rows) % 2 == 0 and [row[0] for row in rows] == list(range(1, len(rows) + 1))
            assert {row[3] for row in rows} <= files
    finally:
        writer.kill()
        writer.wait()
    assert counts == sorted(set(counts))
    restore(tmp_path / "2.zip", tmp_path / "new")
    assert FrozenFiles(tmp_path / "new" / "frozen").folder.is_dir()
    shutil.rmtree(tmp_path / "new")
