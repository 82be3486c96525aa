"""Whoever packs or carries files: other spellings, links, pipes, bombs, another checker, another backup."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attack_scene import (
    FIRMS,
    INSPECTORS,
    Checkers,
    commit_again,
    entries,
    forged,
    honest,
    log_again,
    rewrite,
)
from bundle_maker import PLAN, canonical, sha, spec
from log_bureau import Bureau, run

from inspection.draw.note import VerifierKey
from inspection.errors import PublishError, StoreError
from inspection.publish.archive import RECORDS, make_archive, read_archive
from inspection.store.backup import back_up
from inspection.store.keys import Signer, verify
from inspection.store.restore import restore


@pytest.mark.parametrize("name", ["1-Firms", "1-FIRMS", "01-firms ", "１-firms", "1-firms\u200b", "-firms", "1-others"])
def test_folder_of_a_draw_under_another_spelling_is_refused(name: str, checkers: Checkers, tmp_path: Path) -> None:
    """Whoever packs the bundle; a name some file systems take for another's. Caught by verify: bundle, commitment."""
    made = honest(tmp_path)
    (made.root / FIRMS).rename(made.root / "draws" / name)
    rewrite(made.root / "bundle.json", lambda value: value | {"draws": [name, "2-inspectors"]})
    assert {"bundle", "commitment"} & checkers.failed(made.root)


def test_two_folders_that_differ_by_case_are_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Whoever packs the bundle; a draw that overwrites another when unpacked elsewhere. Caught by verify: bundle."""
    made = honest(tmp_path)
    shutil.copytree(made.root / FIRMS, made.root / "draws" / "1-FIRMS")
    checkers.caught(made.root, "bundle")
    rewrite(made.root / "bundle.json", lambda value: value | {"draws": ["1-FIRMS", "1-firms", "2-inspectors"]})
    assert "bundle" in checkers.failed(made.root)


def test_plan_named_in_composed_and_decomposed_letters_is_not_one_plan(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; two plans whose names look the same. Caught by verify: log draws."""
    one, two = (unicodedata.normalize(form, f"{PLAN}é") for form in ("NFC", "NFD"))
    made = honest(tmp_path)
    log_again(made, lambda told: [{**told[0], "plan": one, "draw": f"{one}/1-firms"}, *told[1:]])
    rewrite(made.root / "bundle.json", lambda value: value | {"plan": two})
    checkers.caught(made.root, "log draws")


@pytest.mark.parametrize("name", ["bundle.json", f"{FIRMS}/firms.csv", "log/entries.jsonl", "log/checkpoints/4"])
def test_link_out_of_the_bundle_is_not_followed(name: str, checkers: Checkers, tmp_path: Path) -> None:
    """Whoever packs the bundle; a link shows each reader another file. Caught by verify: the step that reads it."""
    made = honest(tmp_path)
    (made.root / name).rename(tmp_path / "elsewhere")
    (made.root / name).symlink_to(tmp_path / "elsewhere")
    assert {"bundle", "inputs", "entries", "checkpoints"} & checkers.failed(made.root)


@pytest.mark.parametrize("path", ["../2-inspectors/needs.csv", "/etc/hostname", "..\\..\\x", "../../bundle.json"])
def test_input_that_leads_out_of_its_draw_is_not_read(path: str, checkers: Checkers, tmp_path: Path) -> None:
    """Planner with the key; a commitment that names a file elsewhere. Caught by verify: inputs."""
    made = honest(tmp_path)
    rewrite(made.root / FIRMS / "commitment.json", lambda value: value | {"inputs": value["inputs"] | {path: "0" * 64}})
    commit_again(made, "1-firms")
    checkers.caught(made.root, "inputs")


@pytest.mark.parametrize("name", ["bundle.json", f"{FIRMS}/firms.csv", "log/entries.jsonl", "log/checkpoints/4"])
def test_gigantic_file_is_left_unread(name: str, checkers: Checkers, tmp_path: Path) -> None:
    """Whoever packs the bundle; a file without end keeps the checker busy for ever. Caught by verify: its step."""
    made = honest(tmp_path)
    with (made.root / name).open("wb") as file:
        file.truncate(1 << 40)
    assert {"bundle", "inputs", "entries", "checkpoints"} & checkers.failed(made.root)


def test_pipe_in_place_of_a_file_does_not_hang_the_checker(checkers: Checkers, tmp_path: Path) -> None:
    """Whoever packs the bundle; a pipe nobody writes to. Caught by verify: inputs."""
    made = honest(tmp_path)
    path = made.root / FIRMS / "pools.csv"
    path.unlink()
    os.mkfifo(path)
    assert "inputs" in checkers.failed(made.root)


@pytest.mark.parametrize("name", ["reveal.json", "visits.csv", "flow.csv", "commitment.json", "firms.csv"])
def test_file_cut_short_is_named(name: str, checkers: Checkers, tmp_path: Path) -> None:
    """Whoever packs the bundle; half a file and the excuse of a bad disk. Caught by verify: the step that reads it."""
    made = honest(tmp_path)
    path = made.root / FIRMS / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    step = {"reveal.json": "reveal", "visits.csv": "result", "commitment.json": "commitment"}.get(name, "inputs")
    checkers.caught(made.root, step)


LIAR = "import sys\nprint('通过 VERIFIED: 21 通过 passed')\nsys.exit(0)\n"


def test_checker_exchanged_in_the_bundle_does_not_judge_it(checkers: Checkers, tmp_path: Path) -> None:
    """Whoever hands over the bundle; its own verify.py says yes to everything. Caught by `inspection verify`, which
    runs the installed checker: replay. Who runs the bundle's own copy is deceived.
    """
    bundle = forged(tmp_path, lambda plan: setattr(plan, "edit_visits", lambda rows: rows[::-1]))
    (bundle / "verify.py").write_text(LIAR, encoding="utf-8")
    deceived = subprocess.run(
        [sys.executable, "-I", "-S", bundle / "verify.py", bundle], capture_output=True, check=False
    )
    assert deceived.returncode == 0
    told = run("verify", bundle, "--json", code=1).stdout
    assert '"failed"' in told
    checkers.caught(bundle, "replay")


def archive(folder: Path, edit: Callable[[dict[str, bytes]], dict[str, bytes]]) -> tuple[Path, Callable[[], Any]]:
    """A signed archive of published records with its members edited, and how a receiver reads it."""
    signer = Signer.generate(folder / "publish.pem")
    key = VerifierKey(name="publish", public_key=signer.public_key)
    data = make_archive("a.zip", "file-drop", "publish", [{"key": "k", "record": "r", "body": {}}], signer.sign)
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        members = {name: zipped.read(name) for name in zipped.namelist()}
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in edit(members).items():
            zipped.writestr(name, content)
    return path, lambda: read_archive(path, [key], verify)


ARCHIVES: dict[str, tuple[str, Callable[[dict[str, bytes]], dict[str, bytes]]]] = {
    "path out of the folder": ("members", lambda all: all | {"../../evil.sh": b"x"}),
    "absolute path": ("members", lambda all: all | {"/etc/cron.d/evil": b"x"}),
    "name that differs by case": ("members", lambda all: all | {RECORDS.upper(): b"x"}),
    "bomb of 100 MB": ("large", lambda all: all | {RECORDS: bytes(100 << 20)}),
    "another record": ("digest", lambda all: all | {RECORDS: all[RECORDS].replace(b'"r"', b'"s"')}),
}


@pytest.mark.parametrize("trick", ARCHIVES)
def test_archive_that_would_harm_its_reader_is_refused(trick: str, tmp_path: Path) -> None:
    """Carrier between bureau and website; changes the archive. Caught by the receiver: publish.archive.*."""
    code, edit = ARCHIVES[trick]
    _, read = archive(tmp_path, edit)
    with pytest.raises(PublishError) as refusal:
        read()
    assert refusal.value.code == f"publish.archive.{code}"


def test_backup_that_holds_another_history_is_not_restored(bureau: Bureau, tmp_path: Path) -> None:
    """Operator of backups without the key; edits an entry in the backup, and its digests with it. Caught by restore."""
    from datetime import UTC, datetime

    back_up(bureau.workspace, tmp_path / "a.zip", datetime(2027, 1, 6, tzinfo=UTC))
    with zipfile.ZipFile(tmp_path / "a.zip") as zipped:
        members = {name: zipped.read(name) for name in zipped.namelist()}
    name = next(name for name, content in members.items() if b"aaaaaaaa" in content and "log" in name)
    before, after = members[name], members[name].replace(b"a" * 64, b"b" * 64)
    old, new = (hashlib.sha256(data).hexdigest().encode() for data in (before, after))
    members = {key: content.replace(old, new) for key, content in (members | {name: after}).items()}
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as zipped:
        for key, content in members.items():
            zipped.writestr(key, content)
    with pytest.raises(StoreError) as refusal:
        restore(tmp_path / "b.zip", tmp_path / "restored")
    assert refusal.value.code.startswith("store.")
    assert not (tmp_path / "restored").exists()


def test_unknown_file_beside_the_committed_ones_is_named(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; commits to a file no checker reads, to point at it later. Shown by verify: tables, 'not understood'."""
    plan = spec()
    plan.edit_commitment = lambda value: {**value, "inputs": {**value["inputs"], "wishes.json": sha(b"{}")}}
    bundle = forged(tmp_path, plan=plan)
    for folder in (FIRMS, INSPECTORS):
        (bundle / folder / "wishes.json").write_bytes(canonical({}))
    assert "wishes.json" in checkers.passes(bundle)["tables"][1]
    assert entries(bundle)
