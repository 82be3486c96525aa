"""Witnesses against a keeper who has the database, the server and the log's key."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from log_bureau import ORIGIN, Bureau, Witness, run

from inspection.draw.note import COSIGNATURE, VerifierKey, cosign_note, sign_note
from inspection.errors import StoreError
from inspection.office import now
from inspection.steps import public_log
from inspection.store.keys import Signer
from inspection.store.workspace import Workspace


def alarm(witness: Witness, source: object) -> dict[str, Any]:
    """The alarm the witness gives, with its evidence at hand; nothing was signed and nothing forgotten."""
    before = witness.state.read_bytes()
    result = witness.watch(source, 1, "--json")
    assert witness.state.read_bytes() == before
    told: dict[str, Any] = json.loads(result.stdout)
    assert Path(told["evidence"]).is_file()
    assert "ALARM" in result.stderr
    return told


def resign(folder: Path, workspace: Workspace, edit: Callable[[str], str]) -> None:
    """An insider rewrites every entry and signs all checkpoints anew, with the log's own key."""
    from inspection.draw.merkle import leaf_hash, tree_head
    from inspection.draw.note import Checkpoint

    workspace.store.close()
    database = sqlite3.connect(folder / "inspection.db")
    with database:
        for table in ("log_entries", "checkpoints"):
            for event in ("update", "delete"):
                database.execute(f"DROP TRIGGER {table}_no_{event}")
        rows = database.execute("SELECT position, line FROM log_entries ORDER BY position").fetchall()
        lines = [edit(line) for _, line in rows]
        for (position, _), line in zip(rows, lines, strict=True):
            leaf = leaf_hash(line.encode())
            database.execute("UPDATE log_entries SET line = ?, leaf = ? WHERE position = ?", (line, leaf, position))
        for (size,) in database.execute("SELECT size FROM checkpoints").fetchall():
            root = tree_head([line.encode() for line in lines[:size]])
            text = Checkpoint(origin=ORIGIN, size=size, root=root).text
            note = sign_note(text, workspace.log.key, workspace.log.signer.sign)
            database.execute("UPDATE checkpoints SET note = ? WHERE size = ?", (note, size))
    database.close()


@pytest.mark.parametrize("by", ["folder", "web", "bundle"])
def test_growing_log_is_cosigned_again_and_again(
    by: str, bureau: Bureau, witness: Witness, tmp_path: Path, serve: Callable[[Path], str]
) -> None:
    folder = tmp_path / "public"

    def source() -> object:
        if by == "bundle":
            copy = bureau.workspace.log.copy()
            for name, text in (
                ("entries.jsonl", b"".join(line + b"\n" for line in copy.lines)),
                ("key", copy.key.text.encode()),
            ):
                (folder / "log" / "checkpoints").mkdir(parents=True, exist_ok=True)
                (folder / "log" / name).write_bytes(text)
            (folder / "bundle.json").write_text("{}")
            for size, note in copy.notes.items():
                (folder / "log" / "checkpoints" / str(size)).write_text(note)
            return folder
        bureau.publish(folder)
        return address or folder

    address = serve(tmp_path / "public") if by == "web" else None
    assert "4 entries" in witness.watch(source()).stderr
    bureau.draw("3-firms")
    result = witness.watch(source())
    assert "6 entries" in result.stderr and result.stdout.startswith("— notary.example/w1 ")
    assert "6\n" in witness.out.read_text() and not witness.evidence()


def test_first_look_states_whose_key_it_believes(bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    public = bureau.publish(tmp_path / "public")
    assert bureau.workspace.log.key.key_hash.hex() in witness.watch(public).stderr
    other = VerifierKey(name=ORIGIN, public_key=bytes(32)).text
    assert "remembers" in witness.watch(public, 1, "--log-key", other).output
    witness.state.unlink()
    assert "not as it was witnessed" in witness.watch(public, 1, "--log-key", other).output


def test_database_restored_to_an_older_state_sounds_the_alarm(bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    backup = bureau.copy(tmp_path / "backup")
    bureau.draw("3-firms")
    public = bureau.publish(tmp_path / "public")
    witness.watch(public)
    backup.workspace.log.check()
    with pytest.raises(Exception, match="rolled back"):
        backup.publish(public)
    shutil.rmtree(public)
    backup.publish(public)
    told = alarm(witness, public)
    assert (told["alarm"], told["seen"], told["found"], told["changed"]) == ("rolled_back", "6", "4", "4")
    judged = run("log", "check", told["evidence"], "--key", backup.workspace.log.key.text, code=3)
    assert "rests on the witness's word" in judged.output


def test_draw_made_again_after_a_restore_sounds_the_alarm_and_is_proven_to_anybody(
    bureau: Bureau, witness: Witness, tmp_path: Path
) -> None:
    backup = bureau.copy(tmp_path / "backup")
    bureau.draw("3-firms")
    witness.watch(bureau.publish(tmp_path / "public"))
    backup.draw("3-firms", digest="b" * 64)
    backup.draw("4-inspectors")
    told = alarm(witness, backup.publish(tmp_path / "other"))
    assert (told["alarm"], told["changed"]) == ("forked", "4")
    judged = run("log", "check", told["evidence"], "--key", backup.workspace.log.key.text)
    assert "one key signed two histories" in judged.output
    alarm(witness, tmp_path / "other")
    assert len(witness.evidence()) == 1
    forged = json.loads(Path(told["evidence"]).read_text())
    forged["found"]["entries"][4] = forged["seen"]["entries"][4]
    Path(told["evidence"]).write_text(json.dumps(forged))
    assert run("log", "check", told["evidence"], "--key", backup.workspace.log.key.text, code=1)


def test_history_rewritten_and_signed_anew_with_the_stolen_key_sounds_the_alarm(
    bureau: Bureau, witness: Witness, tmp_path: Path
) -> None:
    witness.watch(bureau.publish(tmp_path / "public"))
    resign(
        bureau.folder,
        bureau.workspace,
        lambda line: line.replace('"aaaa', '"baaa'),
    )
    forged = Workspace.open(bureau.folder)
    resigned = Bureau(forged)
    forged.log.check()
    told = alarm(witness, resigned.publish(tmp_path / "other"))
    assert (told["alarm"], told["seen"], told["found"], told["changed"]) == ("forked", "4", "4", "0")
    with pytest.raises(Exception, match="history was changed"):
        resigned.publish(tmp_path / "public")
    forged.store.close()


def test_another_history_shown_to_one_witness_is_told_by_handing_in_its_line(
    bureau: Bureau, witness: Witness, tmp_path: Path
) -> None:
    split = bureau.copy(tmp_path / "split")
    bureau.draw("3-firms")
    split.draw("3-firms", digest="b" * 64)
    witness.watch(split.publish(tmp_path / "shown"))
    refused = run("log", "cosign", witness.out, "-w", bureau.folder, "--witness", witness.key, code=1)
    assert "shown another log" in refused.output
    told = run("log", "check", bureau.publish(tmp_path / "public"), "--former", witness.out, code=1)
    assert "history was changed" in told.output


def test_checkpoint_of_another_key_sounds_the_alarm(bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    public = bureau.publish(tmp_path / "public")
    witness.watch(public)
    text = (public / "checkpoint").read_text().rpartition("\n\n")[0] + "\n"
    signer = Signer.generate(tmp_path / "other.pem")
    key = VerifierKey(name=ORIGIN, public_key=signer.public_key)
    (public / "checkpoint").write_text(sign_note(text, key, signer.sign))
    assert alarm(witness, public)["alarm"] == "unsigned"


def test_checkpoint_of_another_log_by_the_same_key_sounds_the_alarm(
    bureau: Bureau, witness: Witness, tmp_path: Path
) -> None:
    public = bureau.publish(tmp_path / "public")
    witness.watch(public)
    note = (public / "checkpoint").read_text()
    text = note.rpartition("\n\n")[0].replace(ORIGIN, "open-draw.example/other") + "\n"
    (public / "checkpoint").write_text(sign_note(text, bureau.workspace.log.key, bureau.workspace.log.signer.sign))
    assert alarm(witness, public)["alarm"] == "other_log"


def test_entries_that_are_not_those_signed_sound_the_alarm(bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    public = bureau.publish(tmp_path / "public")
    witness.watch(public)
    bureau.draw("3-firms")
    bureau.publish(public)
    entries = public / "tile/entries/000.p/6"
    entries.write_bytes(entries.read_bytes().replace(b"3-firms", b"3-firmz"))
    assert alarm(witness, public)["alarm"] == "wrong_entries"


def test_damaged_or_missing_tiles_are_no_alarm_but_nothing_is_signed(
    bureau: Bureau, witness: Witness, tmp_path: Path
) -> None:
    public = bureau.publish(tmp_path / "public")
    witness.watch(public)
    bureau.draw("3-firms")
    bureau.publish(public)
    tile = public / "tile/0/000.p/6"
    whole = tile.read_bytes()
    tile.write_bytes(bytes(len(whole)))
    assert "tiles do not" in witness.watch(public, 3).output
    tile.unlink()
    assert "missing" in witness.watch(public, 3).output
    assert "no published log" in witness.watch(tmp_path / "nowhere", 3).output
    assert "cannot be read" in witness.watch("http://127.0.0.1:1", 3).output
    assert not witness.evidence()
    tile.write_bytes(whole)
    witness.watch(public)


def test_entry_backdated_behind_the_witness_is_remarked(bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    public = bureau.publish(tmp_path / "public")
    witness.watch(public)
    bureau.append("commit", "3-firms")
    bureau.publish(public)
    result = witness.watch(public)
    assert "entry 4 claims 2026-01-05T09:04:00" in result.stderr
    bureau.append("result", "3-firms", at=now())
    bureau.publish(public)
    assert "claims" not in witness.watch(public).stderr


@pytest.mark.parametrize("change", ["{}", "no json", "entries", "seen"])
def test_state_that_was_changed_is_refused(change: str, bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    public = bureau.publish(tmp_path / "public")
    witness.watch(public)
    state = json.loads(witness.state.read_text())
    if change in state:
        state[change] = state[change][1:]
        change = json.dumps(state)
    witness.state.write_text(change)
    assert "cannot be read or was changed" in witness.watch(public, 1).output


def test_two_watchers_of_one_state_do_not_roll_each_other_back(
    bureau: Bureau, witness: Witness, tmp_path: Path
) -> None:
    public = bureau.publish(tmp_path / "public")
    witness.watch(public)
    lock = os.open(witness.folder / "state.json.lock", os.O_WRONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    assert "Another process" in witness.watch(public, 1).output
    os.close(lock)
    witness.watch(public)


def test_witness_key_is_never_overwritten_and_private(witness: Witness) -> None:
    assert (witness.folder / "notary.pem").stat().st_mode & 0o077 == 0
    again = run("log", "witness-key", witness.folder / "notary.pem", "--name", "x", code=1)
    assert "never overwritten" in again.output
    assert VerifierKey.parse(witness.key.read_text()).kind == COSIGNATURE
    assert run("log", "witness-key", witness.folder / "y.pem", "--name", "a b", code=1)


def test_private_key_given_for_a_public_one_is_not_repeated(bureau: Bureau, witness: Witness) -> None:
    private = witness.folder / "notary.pem"
    told = run("log", "check", "-w", bureau.folder, "--witness", private, code=1)
    assert "holds no key" in told.output and private.read_text().splitlines()[1] not in told.output


def test_lines_handed_back_stand_on_the_checkpoint_once(bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    public = bureau.publish(tmp_path / "public")
    line = witness.watch(public).stdout
    unknown = run("log", "cosign", witness.out, "-w", bureau.folder, code=1)
    assert "not known" in unknown.output
    run("log", "cosign", witness.out, "-w", bureau.folder, "--witness", witness.key)
    assert bureau.workspace.log.checkpoints()[4].endswith(line)
    witness.watch(public)
    assert "before" in run("log", "cosign", witness.out, "-w", bureau.folder).output
    assert bureau.workspace.log.checkpoints()[4].count("notary.example/w1") == 1
    bureau.publish(public)
    assert (public / "checkpoint").read_text().endswith(line)
    assert line.strip() in (public / "checkpoints.jsonl").read_text()
    bureau.workspace.log.check()
    published = bureau.workspace.log.published(3)
    assert "notary" not in published.note


def test_line_of_a_time_to_come_or_a_changed_key_or_the_logs_own_name_is_refused(
    bureau: Bureau, tmp_path: Path
) -> None:
    signer = Signer.generate(tmp_path / "w.pem")
    key = VerifierKey(name="w.example/1", public_key=signer.public_key, kind=COSIGNATURE)
    late = cosign_note(bureau.workspace.log.checkpoints()[4], key, signer.sign, now().replace(year=2999))
    cases: list[tuple[str, VerifierKey, str]] = [
        (late, key, "log.cosign.future"),
        ("no line\n", key, "log.cosign.none"),
        (late, VerifierKey(name=ORIGIN, public_key=signer.public_key, kind=COSIGNATURE), "store.witness.own"),
        (late, VerifierKey(name="w.example/1", public_key=signer.public_key), "store.witness.kind"),
    ]
    for text, given, code in cases:
        with pytest.raises(StoreError) as refusal:
            public_log.take_cosignatures(bureau.workspace, text, [given], now())
        assert refusal.value.code == code
    genuine = cosign_note(bureau.workspace.log.checkpoints()[4], key, signer.sign, now())
    public_log.take_cosignatures(bureau.workspace, genuine, [key], now())
    other = VerifierKey(name="w.example/1", public_key=bytes(32), kind=COSIGNATURE)
    with pytest.raises(StoreError) as refusal:
        public_log.take_cosignatures(bureau.workspace, genuine, [other], now())
    assert refusal.value.code == "store.witness.other"


def test_commit_seen_by_a_witness_before_its_result_is_proven_from_outside(
    bureau: Bureau, witness: Witness, tmp_path: Path
) -> None:
    public = tmp_path / "public"
    for name in ("3-firms", "4-inspectors"):
        bureau.append("commit", name, at=now())
        witness.watch(bureau.publish(public))
        run("log", "cosign", witness.out, "-w", bureau.folder, "--witness", witness.key)
        bureau.append("result", name, at=now())
    result = run("log", "check", "-w", bureau.folder, code=3)
    assert "only for 2 of 4 draws" in result.output and "370828-2027/1-firms" in result.output
    shown = json.loads(run("log", "show", "-w", bureau.folder, "--json").stdout)
    assert shown["entries"][4]["first_seen_outside"]["who"] == "notary.example/w1"
    assert shown["entries"][7]["first_seen_outside"] is None


def test_entry_that_claims_a_time_after_it_was_seen_fails(bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    bureau.append("commit", "3-firms", at=now().replace(year=2999))
    witness.watch(bureau.publish(tmp_path / "public"))
    result = run("log", "check", tmp_path / "public", "--former", witness.out, code=0)
    assert "Passed" in result.output
    run("log", "cosign", witness.out, "-w", bureau.folder, "--witness", witness.key)
    assert "claim a time after they were seen" in run("log", "check", "-w", bureau.folder, code=1).output


def test_rows_of_the_witness_tables_cannot_be_changed_by_sql(bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    witness.watch(bureau.publish(tmp_path / "public"))
    run("log", "cosign", witness.out, "-w", bureau.folder, "--witness", witness.key)
    database = sqlite3.connect(bureau.folder / "inspection.db")
    for statement in ("DELETE FROM cosignatures", "UPDATE witnesses SET verifier_key = 'x'"):
        with pytest.raises(sqlite3.DatabaseError, match="only grows"):
            database.execute(statement)
    database.close()
