from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from expectations import ORIGIN, START, refused

from inspection.store.keys import Signer, verify
from inspection.store.plans import Plan
from inspection.store.workspace import Workspace

PLAN = "370828-2027"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "work space 工作区"


def test_created_workspace_opens_again_with_the_same_keys(url: str, folder: Path, plan: Plan) -> None:
    made = Workspace.create(folder, url=url, origin=ORIGIN)
    made.store.create_plan(plan, now=START)
    made.store.close()
    again = Workspace.open(folder)
    assert (again.origin, again.log.key, again.salt) == (ORIGIN, made.log.key, made.salt)
    assert again.store.plans() == (plan,)
    assert len(again.salt) == 32
    again.store.close()


def test_workspace_without_url_keeps_its_database_and_may_be_moved(folder: Path, plan: Plan) -> None:
    made = Workspace.create(folder, origin=ORIGIN)
    made.store.create_plan(plan, now=START)
    made.store.close()
    moved = Workspace.open(folder.rename(folder.with_name("moved")))
    assert moved.store.plans() == (plan,)
    moved.store.close()


def test_keys_and_settings_are_for_their_owner_alone(folder: Path) -> None:
    Workspace.create(folder, origin=ORIGIN)
    for name in ("keys/log.pem", "keys/salt", "workspace.toml"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in folder.parent.iterdir()] == [folder.name]


def test_two_workspaces_have_different_keys_and_salts(tmp_path: Path) -> None:
    one, two = (Workspace.create(tmp_path / name, origin=ORIGIN) for name in "ab")
    assert one.salt != two.salt
    assert one.log.key != two.log.key


def test_folder_that_holds_anything_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "firms.xlsx").write_bytes(b"")
    with refused("store.workspace.occupied"):
        Workspace.create(folder, origin=ORIGIN)
    (folder / "firms.xlsx").unlink()
    Workspace.create(folder, origin=ORIGIN)
    with refused("store.workspace.exists"):
        Workspace.create(folder, origin=ORIGIN)


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb"])
def test_origin_that_breaks_a_note_is_refused(folder: Path, origin: str) -> None:
    with refused("store.workspace.origin"):
        Workspace.create(folder, origin=origin)
    assert not folder.exists()


def test_database_of_another_workspace_is_refused_and_nothing_is_left(url: str, folder: Path) -> None:
    Workspace.create(folder, url=url, origin=ORIGIN)
    with refused("store.database.taken"):
        Workspace.create(folder.with_name("second"), url=url, origin="other.example/x")
    assert [each.name for each in folder.parent.iterdir() if not each.name.startswith("store.db")] == [folder.name]


def test_missing_workspace_is_refused_with_the_command_that_makes_one(folder: Path) -> None:
    with refused("store.workspace.missing") as caught:
        Workspace.open(folder)
    assert "inspection init" in caught.value.text("zh")


@pytest.mark.parametrize(
    ("part", "content", "code"),
    [
        ("keys/log.pem", None, "store.key.missing"),
        ("keys/log.pem", b"-----BEGIN", "store.key.malformed"),
        ("workspace.toml", b"origin = ", "store.workspace.settings"),
        ("workspace.toml", b"\xff\xfe", "store.workspace.settings"),
        ("workspace.toml", b"origin = 3", "store.workspace.settings"),
        ("workspace.toml", b"origin = 'other.example/x'", "store.workspace.identity"),
        ("inspection.db", None, "store.database.missing"),
        ("inspection.db", b"no database at all" * 1000, "store.database.unreachable"),
    ],
)
def test_workspace_with_a_broken_part_is_refused(folder: Path, part: str, content: bytes | None, code: str) -> None:
    Workspace.create(folder, origin=ORIGIN).store.close()
    for file in folder.glob(f"{part}*"):
        file.unlink()
    if content is not None:
        (folder / part).write_bytes(content)
    with refused(code):
        Workspace.open(folder)


def test_key_exchanged_for_another_is_refused(folder: Path) -> None:
    Workspace.create(folder, origin=ORIGIN).store.close()
    (folder / "keys" / "log.pem").unlink()
    Signer.generate(folder / "keys" / "log.pem")
    with refused("store.workspace.identity"):
        Workspace.open(folder)


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with refused("store.workspace.unwritable"):
        Workspace.create(tmp_path / "file" / "under", origin=ORIGIN)


def test_signature_holds_for_its_bytes_and_key_alone(tmp_path: Path) -> None:
    signer, other = (Signer.generate(tmp_path / name) for name in "ab")
    signature = Signer.load(tmp_path / "a").sign(b"text")
    assert verify(signer.public_key, b"text", signature)
    assert not verify(signer.public_key, b"Text", signature)
    assert not verify(other.public_key, b"text", signature)
    assert not verify(b"short", b"text", signature)


HOLD = """
import os, sys, time
from pathlib import Path
from inspection.store.workspace import Workspace
with Workspace.open(Path(sys.argv[1])).lock(sys.argv[2]):
    if len(sys.argv) > 3 and os.fork() == 0:
        print("child", os.getpid(), flush=True)
        time.sleep(60)
        os._exit(0)
    print("held", flush=True)
    time.sleep(60)
"""


def hold(workspace: Workspace, *more: str) -> subprocess.Popen[str]:
    """Another process that holds the plan's lock."""
    command = [sys.executable, "-c", HOLD, str(workspace.folder), PLAN, *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    while "held" not in (line := process.stdout.readline()):
        assert "child" in line
    return process


def test_plan_held_by_another_process_is_refused_until_that_is_killed(workspace: Workspace) -> None:
    process = hold(workspace)
    with refused("store.plan.locked") as caught, workspace.lock(PLAN):
        pass
    assert caught.value.params["process"] == str(process.pid)
    with workspace.lock("another-plan"):
        pass
    process.kill()
    process.wait()
    with workspace.lock(PLAN):
        pass


def test_orphaned_worker_of_a_killed_planner_does_not_keep_its_lock(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w", origin=ORIGIN)
    code = HOLD.replace('print("child", os.getpid(), flush=True)', "Path(sys.argv[3]).write_text(str(os.getpid()))")
    note = tmp_path / "child"
    command = [sys.executable, "-c", code, str(workspace.folder), PLAN, str(note)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    while not (note.exists() and note.read_text()):
        assert process.poll() is None
    process.kill()
    process.wait()
    child = int(note.read_text())
    try:
        os.kill(child, 0)
        with workspace.lock(PLAN):
            pass
    finally:
        os.kill(child, signal.SIGKILL)


def test_plan_locked_twice_in_one_process_is_refused(workspace: Workspace) -> None:
    with workspace.lock(PLAN):
        with refused("store.plan.locked"), workspace.lock(PLAN):
            pass
        with refused("store.plan.locked"), Workspace.open(workspace.folder).lock(PLAN):
            pass
        assert hold_fails(workspace)
    with workspace.lock(PLAN):
        pass


def hold_fails(workspace: Workspace) -> bool:
    command = [sys.executable, "-c", HOLD, str(workspace.folder), PLAN]
    return b"another process" in subprocess.run(command, capture_output=True, check=False).stderr


def test_lock_name_that_leaves_the_folder_is_refused(workspace: Workspace) -> None:
    with refused("store.plan.identifier"), workspace.lock("../keys/log"):
        pass


def test_plan_held_through_another_folder_on_the_same_server_is_refused(postgres_url: str, tmp_path: Path) -> None:
    one = Workspace.create(tmp_path / "one", url=postgres_url, origin=ORIGIN)
    subprocess.run(["cp", "-r", tmp_path / "one", tmp_path / "two"], check=True)
    two = Workspace.open(tmp_path / "two")
    with one.lock(PLAN), refused("store.plan.locked"), two.lock(PLAN):
        pass
    with two.lock(PLAN):
        pass
    one.store.close()
    two.store.close()
