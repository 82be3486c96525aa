"""Signed archives: written alike each time, read back with no trust in what they say of themselves."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from delivery_scene import announce, news, now

from inspection.errors import PublishError
from inspection.publish.adapters import load_adapter
from inspection.publish.archive import MANIFEST, RECORDS, SIGNATURE, make_archive, read_archive
from inspection.publish.targets import Target, TargetSettings
from inspection.store import dead_letters
from inspection.store.keys import verify
from inspection.store.workspace import Workspace
from inspection.work.delivery_steps import deliver, sender_of, sender_verifier

RECORD = {"key": "k1", "record": "r", "body": {"firm": "F"}}


def made(workspace: Workspace, count: int = 2) -> bytes:
    sender = sender_of(workspace)
    records = [RECORD | {"key": f"k{number}"} for number in range(count)]
    return make_archive("a.zip", "file-drop", sender.name, records, sender.sign)


def read(workspace: Workspace, path: Path) -> Any:
    return read_archive(path, [sender_verifier(workspace)], verify)


def refused(workspace: Workspace, path: Path) -> str:
    with pytest.raises(PublishError) as refusal:
        read(workspace, path)
    assert refusal.value.text("zh") and refusal.value.text("en")
    return refusal.value.code.removeprefix("publish.archive.")


def rebuilt(archive: bytes, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        members = {name: zipped.read(name) for name in zipped.namelist()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in change(members).items():
            zipped.writestr(name, content)
    return buffer.getvalue()


def test_archive_is_the_same_bytes_for_the_same_records_and_reads_back(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(made(workspace))
    assert path.read_bytes() == made(workspace)
    found = read(workspace, path)
    assert [record["key"] for record in found.records] == ["k0", "k1"]
    assert found.manifest["count"] == 2


def test_archive_of_nothing_reads_back(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(made(workspace, 0))
    assert read(workspace, tmp_path / "a.zip").records == ()


def _changed(name: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    def change(members: dict[str, bytes]) -> dict[str, bytes]:
        assert old in members[name]
        return members | {name: members[name].replace(old, new)}

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_changed(RECORDS, b'"F"', b'"G"'), "digest"),
        (_changed(RECORDS, b"\n", b"\n\n"), "large"),
        (_changed(MANIFEST, b"k1", b"k2"), "signature"),
        (_changed(SIGNATURE, b"publish ", b"stranger "), "signature"),
        (_changed(SIGNATURE, b"=\n", b"!\n"), "signature"),
        (lambda members: members | {"../../evil.sh": b"x"}, "members"),
        (lambda members: members | {"/etc/passwd": b"x"}, "members"),
        (lambda members: members | {"C:\\evil": b"x"}, "members"),
        (lambda members: members | {"RECORDS.jsonl": b"x"}, "members"),
        (lambda members: {name: content for name, content in members.items() if name != SIGNATURE}, "members"),
        (lambda members: {("../" + name if name == RECORDS else name): c for name, c in members.items()}, "members"),
    ],
)
def test_archive_that_was_changed_is_refused(workspace: Workspace, tmp_path: Path, change: Any, code: str) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(rebuilt(made(workspace), change))
    assert refused(workspace, path) == code
    assert list(tmp_path.glob("evil*")) == []


def test_zip_bomb_is_left_after_what_the_manifest_allows(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    bomb = bytes(200 * 1024 * 1024)
    path.write_bytes(rebuilt(made(workspace), lambda members: members | {RECORDS: bomb}))
    assert path.stat().st_size < 1024 * 1024
    assert refused(workspace, path) == "large"
    path.write_bytes(rebuilt(made(workspace), lambda members: members | {MANIFEST: bomb}))
    assert refused(workspace, path) == "large"


def test_member_that_is_a_link_doubled_or_encrypted_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(made(workspace))
    with zipfile.ZipFile(path) as zipped:
        members = {name: zipped.read(name) for name in zipped.namelist()}
    for name, attributes in ((MANIFEST, stat.S_IFLNK), (RECORDS, stat.S_IFIFO)):
        with zipfile.ZipFile(path, "w") as zipped:
            for member, content in members.items():
                info = zipfile.ZipInfo(member)
                info.external_attr = ((attributes if member == name else stat.S_IFREG) | 0o644) << 16
                zipped.writestr(info, content)
        assert refused(workspace, path) == "members"
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "w") as zipped:
        for member, content in [*members.items(), (RECORDS, b"{}")]:
            zipped.writestr(member, content)
    assert refused(workspace, path) == "members"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\x00" * 100])
def test_file_that_is_no_archive_is_refused(workspace: Workspace, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    assert refused(workspace, tmp_path / "a.zip") == "malformed"
    assert refused(workspace, tmp_path / "missing.zip") == "malformed"


def test_archive_cut_or_flipped_anywhere_never_reads_as_something_else(workspace: Workspace, tmp_path: Path) -> None:
    whole, path = made(workspace), tmp_path / "a.zip"
    path.write_bytes(whole)
    good = read(workspace, path)
    for place in range(0, len(whole), 3):
        for changed in (whole[:place], whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :]):
            path.write_bytes(changed)
            try:
                assert read(workspace, path).records == good.records
            except PublishError:
                continue


def test_folder_target_gets_archives_whose_names_are_the_receipts(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, *(news(number) for number in range(5)))
    settings = TargetSettings(adapter="file-drop", channel="folder", folder=tmp_path / "drop", batch=2, connections=1)
    to = Target(name="drop", settings=settings, adapter=load_adapter("file-drop"))
    assert deliver(workspace, to, now).delivered == 5
    files = sorted((tmp_path / "drop").iterdir())
    keys = [record["key"] for path in files for record in read(workspace, path).records]
    assert sorted(keys) == [f"finding/{number}/1" for number in range(5)] and len(files) == 3
    with workspace.store.reading() as connection:
        receipts = [json.loads(each.receipt or "") for each in dead_letters.letters(connection, "delivered")]
    assert {each["file"] for each in receipts} == {path.name for path in files}


def test_folder_that_cannot_be_written_stops_the_run_and_loses_nothing(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, news(1))
    (tmp_path / "drop").write_text("a file")
    settings = TargetSettings(adapter="file-drop", channel="folder", folder=tmp_path / "drop", connections=1)
    to = Target(name="drop", settings=settings, adapter=load_adapter("file-drop"))
    assert deliver(workspace, to, now).halt is not None
    (tmp_path / "drop").unlink()
    assert deliver(workspace, to, now).delivered == 1
