"""What `inspection log` shows, proves and checks, and what it says to a log that was tampered with."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from log_bureau import ORIGIN, Bureau, Witness, run

from inspection.draw.note import Checkpoint, VerifierKey, sign_note
from inspection.draw.printed import printed_line
from inspection.errors import PublishError, StoreError


def steps(*arguments: object, code: int) -> dict[str, bool | None]:
    """Verdicts of `log check` by step."""
    told: dict[str, Any] = json.loads(run("log", "check", *arguments, "--json", code=code).stdout)
    assert told["exit"] == code
    return {each["step"]: each["ok"] for each in told["steps"]}


def test_honest_workspace_and_its_tiles_pass_every_step(bureau: Bureau, tmp_path: Path) -> None:
    public = bureau.publish(tmp_path / "public")
    assert set(steps("-w", bureau.folder, code=0).values()) == {True}
    assert steps(public, code=0).keys() == {"tiles", "entries", "order", "checkpoints", "no_witness"}
    shown = run("log", "show", "--from", public)
    assert shown.output.count("■") == 5 and "4 entries, 4 checkpoints" in shown.output


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE log_entries SET line = replace(line, 'aaaa', 'bbbb') WHERE position = 1", "store.log.changed"),
        ("UPDATE log_entries SET draw = '370828-2027/9-firms' WHERE position = 1", "store.log.row"),
        ("UPDATE log_entries SET type = 'void' WHERE position = 3", "store.log.row"),
        ("UPDATE log_entries SET time = '2026-01-05T08:00:00+08:00' WHERE position = 0", "store.log.row"),
        ("UPDATE log_entries SET leaf = zeroblob(32) WHERE position = 2", "store.log.row"),
        ("DELETE FROM log_entries WHERE position = 3", "store.log.changed"),
        ("UPDATE log_entries SET position = 7 WHERE position = 3", "store.log.row"),
        ("UPDATE checkpoints SET note = replace(note, '\n3\n', '\n2\n') WHERE size = 3", "store.log.changed"),
        ("UPDATE checkpoints SET size = 9 WHERE size = 4", "store.log.changed"),
        (
            "UPDATE log_entries SET line = 'no entry' WHERE position = 3; DELETE FROM checkpoints WHERE size = 4",
            "store.log.row",
        ),
    ],
)
def test_row_edited_by_hand_is_caught(statement: str, code: str, bureau: Bureau) -> None:
    bureau.workspace.store.close()
    database = sqlite3.connect(bureau.folder / "inspection.db")
    for table in ("log_entries", "checkpoints"):
        for event in ("update", "delete"):
            database.execute(f"DROP TRIGGER {table}_no_{event}")
    database.executescript(statement)
    database.close()
    with pytest.raises(StoreError) as refusal:
        bureau.workspace.log.check()
    assert refusal.value.code == code
    assert run("log", "check", "-w", bureau.folder, code=1)


def test_checkpoints_removed_by_hand_no_longer_show_the_order(bureau: Bureau) -> None:
    bureau.workspace.store.close()
    database = sqlite3.connect(bureau.folder / "inspection.db")
    with database:
        database.execute("DROP TRIGGER checkpoints_no_delete")
        database.execute("DELETE FROM checkpoints WHERE size = 1")
    database.close()
    assert steps("-w", bureau.folder, code=1)["order"] is False


@pytest.mark.parametrize("file", ["tile/0/000.p/4", "tile/entries/000.p/4"])
def test_tile_that_others_could_not_read_fails(file: str, bureau: Bureau, tmp_path: Path) -> None:
    public = bureau.publish(tmp_path / "public")
    (public / file).write_bytes((public / file).read_bytes()[:-1] + b"?")
    assert False in steps(public, code=1).values()
    (public / file).unlink()
    assert run("log", "check", public, code=1)


def test_published_files_are_never_changed(bureau: Bureau, tmp_path: Path) -> None:
    public = bureau.publish(tmp_path / "public")
    tile = public / "tile/0/000.p/4"
    tile.write_bytes(bytes(128))
    for code in ("log.publish.differs",):
        with pytest.raises(PublishError) as refusal:
            bureau.publish(public)
        assert refusal.value.code == code
    (public / "checkpoint").write_text("nonsense\n")
    with pytest.raises(PublishError) as refusal:
        bureau.publish(public)
    assert refusal.value.code == "log.publish.other"
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "file").write_text("mine")
    with pytest.raises(PublishError) as refusal:
        bureau.publish(tmp_path / "else")
    assert refusal.value.code == "log.publish.occupied"


def test_publishing_again_adds_only_what_is_new(bureau: Bureau, tmp_path: Path) -> None:
    public = bureau.publish(tmp_path / "public")
    before = {path: path.stat().st_mtime_ns for path in public.rglob("*") if path.is_file()}
    bureau.grow(280)
    bureau.publish(public)
    same = [path for path in before if path.stat().st_mtime_ns == before[path]]
    assert set(before) - set(same) == {public / "checkpoint", public / "checkpoints.jsonl"}
    assert (public / "tile/0/000").stat().st_size == 8192 and (public / "tile/1/000.p/1").is_file()
    assert steps(public, code=0)["tiles"] is True
    assert not [path for path in public.rglob("*") if path.name.startswith(".")]


def test_publication_stopped_before_its_checkpoint_is_taken_up(bureau: Bureau, tmp_path: Path) -> None:
    public = bureau.publish(tmp_path / "public")
    (public / "checkpoint").unlink()
    (public / "tile/0/000.p/4").unlink()
    bureau.publish(public)
    assert steps(public, code=0)["tiles"] is True


def test_printed_line_compares_or_fails_or_tells_a_slip(bureau: Bureau, tmp_path: Path) -> None:
    line = run("log", "print", "-w", bureau.folder).stdout.strip()
    note = bureau.workspace.log.checkpoints()[4]
    bureau.draw("3-firms")
    for kept in (line, line.upper().replace(ORIGIN.upper(), ORIGIN), note, note.rstrip("\n")):
        assert steps("-w", bureau.folder, "--line", kept, code=0)["former"] is True
    other = printed_line(Checkpoint(origin=ORIGIN, size=4, root=bytes(32)))
    assert steps("-w", bureau.folder, "--line", other, code=1)["former"] is False
    longer = printed_line(Checkpoint(origin=ORIGIN, size=9, root=bytes(32)))
    assert steps("-w", bureau.folder, "--line", longer, code=1)["former_shrunk"] is False
    strange = printed_line(Checkpoint(origin="other.example", size=4, root=bytes(32)))
    assert steps("-w", bureau.folder, "--line", strange, code=1)["former_origin"] is False
    slip = run("log", "check", "-w", bureau.folder, "--line", line.replace(line[-6], "x"), code=1)
    assert "mistyped" in slip.output or "no printed checkpoint" in slip.output
    forged = sign_note(note.rpartition("\n\n")[0] + "\n", bureau.workspace.log.key, lambda text: bytes(64))
    assert "does not hold" in run("log", "check", "-w", bureau.folder, "--line", forged, code=1).output


def test_qr_code_holds_the_whole_note_as_picture(bureau: Bureau, tmp_path: Path) -> None:
    import segno

    run("log", "print", "-w", bureau.folder, "--qr", tmp_path / "q.svg")
    run("log", "print", "-w", bureau.folder, "--qr", tmp_path / "q.png")
    assert (tmp_path / "q.svg").read_text().startswith("<?xml") and (tmp_path / "q.png").read_bytes()[:4] == b"\x89PNG"
    note = bureau.workspace.log.checkpoints()[4]
    code = segno.make_qr(note, error="m", encoding="utf-8", boost_error=False)
    assert f'width="{code.symbol_size(4, 4)[0]}"' in (tmp_path / "q.svg").read_text()
    assert "must end in" in run("log", "print", "-w", bureau.folder, "--qr", tmp_path / "q.bmp", code=1).output


def test_proof_of_an_entry_is_checked_with_the_logs_key_alone(bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    public = bureau.publish(tmp_path / "public")
    witness.watch(public)
    run("log", "cosign", witness.out, "-w", bureau.folder, "--witness", witness.key)
    proof = tmp_path / "p.tlog-proof"
    run("log", "prove", "370828-2027/2-inspectors", "--type", "result", "-w", bureau.folder, "--out", proof)
    told = run("log", "check", proof, "--key", public / "key", "--witness", witness.key)
    assert "of the 4 entries of that checkpoint, entry 3" in told.output and "notary.example/w1 20" in told.output
    proof.write_text(proof.read_text().replace("index 3", "index 2"))
    assert steps(proof, "--key", public / "key", code=1) == {"proof_signed": True, "proof_entry": False}
    assert "needed" in run("log", "check", proof, code=1).output
    assert "is a witness's" in run("log", "check", proof, "--key", witness.key, code=1).output
    other = VerifierKey(name=ORIGIN, public_key=bytes(32)).text
    assert steps(proof, "--key", other, code=1) == {"proof_signed": False}


def test_proof_of_growth_needs_and_joins_the_older_checkpoint(bureau: Bureau, tmp_path: Path) -> None:
    public = bureau.publish(tmp_path / "public")
    proof, old = tmp_path / "growth.txt", tmp_path / "checkpoint-2"
    old.write_text(bureau.workspace.log.checkpoints()[2])
    run("log", "prove", "--old", 2, "--from", public, "--out", proof)
    key = ("--key", public / "key")
    assert steps(proof, *key, code=3)["proof_growth"] is None
    assert steps(proof, *key, "--former", old, code=0)["proof_growth"] is True
    other = printed_line(Checkpoint(origin=ORIGIN, size=2, root=bytes(32)))
    assert steps(proof, *key, "--line", other, code=1)["proof_growth"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("9",), "no entry 9"),
        (("370828-2027/9-firms",), "1-firms, 370828-2027/2-inspectors"),
        (("0", "--size", "7"), "newest are over 1, 2, 3, 4"),
        (("--old", "5"), "from 1 to 4"),
    ],
)
def test_proof_that_cannot_be_made_says_what_there_is(arguments: tuple[str, ...], said: str, bureau: Bureau) -> None:
    assert said in run("log", "prove", *arguments, "-w", bureau.folder, code=1).output
    assert run("log", "prove", "-w", bureau.folder, code=2)


def test_bundle_carries_witness_lines_and_the_checker_names_them(
    bureau: Bureau, witness: Witness, planned: Any, tmp_path: Path
) -> None:
    import shutil

    from inspection import service
    from inspection.office import now
    from inspection.steps import public_log
    from inspection.store.workspace import Workspace

    folder = shutil.copytree(planned.office.workspace.folder, tmp_path / "workspace")
    workspace = Workspace.open(folder)
    public_log.publish(workspace, tmp_path / "public")
    witness.watch(tmp_path / "public")
    key = VerifierKey.parse(witness.key.read_text())
    public_log.take_cosignatures(workspace, witness.out.read_text(), [key], now())
    line = service.open_line(workspace, None, now)
    proof = service.bundle(line, tmp_path / "bundle")
    assert steps(proof, code=3)["witnesses"] is None
    assert steps(proof, "--witness", witness.key, code=3)["witnesses"] is True
    told = run("verify", proof, code=None)
    assert told.exit_code in (0, 3)
    workspace.store.close()


def test_file_that_is_nothing_to_check_is_told(tmp_path: Path, bureau: Bureau) -> None:
    (tmp_path / "x.txt").write_text("hello")
    (tmp_path / "x.json").write_text("{}")
    (tmp_path / "x.bin").write_bytes(b"\xff\xfe")
    for name in ("x.txt", "x.json", "x.bin", "missing"):
        assert run("log", "check", tmp_path / name, "--key", bureau.workspace.log.key.text, code=1).output


def test_log_on_a_web_server_passes_every_step_packed_or_not(
    bureau: Bureau, tmp_path: Path, serve: Callable[[Path], str]
) -> None:
    address = serve(bureau.publish(tmp_path / "public"))
    plain = steps(address, code=0)
    assert plain["order"] is True and plain["checkpoints"] is True
    for path in [*(tmp_path / "public").rglob("000.p/*"), tmp_path / "public" / "checkpoints.jsonl"]:
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert run("log", "check", address, code=1).output
    assert steps(f"{address}/gzip", code=0) == plain


def test_answer_too_large_for_a_log_is_refused(bureau: Bureau, tmp_path: Path, serve: Callable[[Path], str]) -> None:
    bureau.publish(tmp_path / "public")
    (tmp_path / "public" / "checkpoint").write_bytes(gzip.compress(bytes(40_000_000)))
    told = run("log", "check", serve(tmp_path / "public") + "/gzip", code=1)
    assert "cannot be read" in told.output and "16777" in told.output


@pytest.mark.parametrize("line", ["x", "{}", '{"note":"a","size":"1"}', '{"note":1,"size":1}'])
def test_list_of_checkpoints_that_is_none_is_told(line: str, bureau: Bureau, tmp_path: Path) -> None:
    public = bureau.publish(tmp_path / "public")
    (public / "checkpoints.jsonl").write_text(line + "\n")
    assert "is no file of a log" in run("log", "check", public, code=1).output
