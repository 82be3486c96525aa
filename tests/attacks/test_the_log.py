"""The log's keeper with database and key: history rewritten, shown differently to different people, or dated back."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from attack_scene import Checkers, entries, forged, honest, log_again
from bundle_maker import spec, write_log
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from log_bureau import ORIGIN, START, Bureau, Witness, run

from inspection.draw.merkle import leaf_hash, tree_head
from inspection.draw.note import COSIGNATURE, Checkpoint, VerifierKey, cosign_note, sign_note
from inspection.errors import StoreError
from inspection.office import now
from inspection.steps import public_log
from inspection.store.keys import Signer
from inspection.store.workspace import Workspace


def by_hand(folder: Path, *statements: str) -> None:
    """SQL past the program, triggers removed first: what the owner of a database can always do."""
    database = sqlite3.connect(folder / "inspection.db")
    with database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            database.execute(statement)
    database.close()


def rewritten(bureau: Bureau, old: str, new: str) -> Workspace:
    """Every entry edited and all leaves, roots and signatures made to fit, with the log's own key."""
    workspace, folder = bureau.workspace, bureau.folder
    lines = [line.replace(old, new) for line in workspace.log.lines()]
    sizes = list(workspace.log.checkpoints())
    workspace.store.close()
    by_hand(folder)
    database = sqlite3.connect(folder / "inspection.db")
    with database:
        for position, line in enumerate(lines):
            row = (line, leaf_hash(line.encode()), position)
            database.execute("UPDATE log_entries SET line = ?, leaf = ? WHERE position = ?", row)
        for size in sizes:
            root = tree_head([line.encode() for line in lines[:size]])
            text = Checkpoint(origin=ORIGIN, size=size, root=root).text
            note = sign_note(text, workspace.log.key, workspace.log.signer.sign)
            database.execute("UPDATE checkpoints SET note = ? WHERE size = ?", (note, size))
    database.close()
    return Workspace.open(folder)


def alarm(witness: Witness, source: Path) -> str:
    """Why the witness alarms; it signs nothing."""
    told: dict[str, str] = json.loads(witness.watch(source, 1, "--json").stdout)
    return told["alarm"]


EDITS = {
    "digest of a commitment": "UPDATE log_entries SET line = replace(line, 'aaaa', 'bbbb') WHERE position = 0",
    "type in the column alone": "UPDATE log_entries SET type = 'void' WHERE position = 1",
    "an entry deleted": "DELETE FROM log_entries WHERE position = 3",
    "a middle entry deleted": "DELETE FROM log_entries WHERE position = 1",
    "two entries exchanged": "UPDATE log_entries SET position = 9 - position WHERE position IN (0, 1)",
    "a checkpoint of other words": "UPDATE checkpoints SET note = replace(note, char(10) || '2' || char(10), '3')",
}


@pytest.mark.parametrize("edit", EDITS)
def test_row_edited_in_the_database_is_seen(edit: str, bureau: Bureau) -> None:
    """Administrator of the database without the key; SQL past the program. Caught by `log check`: rows."""
    bureau.workspace.log.check()
    bureau.workspace.store.close()
    by_hand(bureau.folder, EDITS[edit])
    assert run("log", "check", "-w", bureau.folder, code=1)


def test_history_rewritten_with_the_key_sounds_the_alarm(bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    """Keeper with database and key; everything fits again, and `log check` of it passes. Caught by watch: forked."""
    witness.watch(bureau.publish(tmp_path / "public"))
    forged = rewritten(bureau, '"aaaa', '"baaa')
    forged.log.check()
    public_log.publish(forged, tmp_path / "other")
    assert alarm(witness, tmp_path / "other") == "forked"
    forged.store.close()


def test_history_rewritten_is_not_published_over_the_old_one(bureau: Bureau, tmp_path: Path) -> None:
    """The same keeper, but the website's files are still there. Caught by `log publish`: it refuses to change them."""
    public = bureau.publish(tmp_path / "public")
    forged = rewritten(bureau, '"aaaa', '"baaa')
    with pytest.raises(Exception, match="history was changed"):
        public_log.publish(forged, public)
    forged.store.close()


def test_database_rolled_back_sounds_the_alarm(bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    """Operator; restores the backup of before the draw, to draw again. Caught by watch: rolled_back."""
    backup = bureau.copy(tmp_path / "backup")
    bureau.draw("3-firms")
    witness.watch(bureau.publish(tmp_path / "public"))
    backup.workspace.log.check()
    assert alarm(witness, backup.publish(tmp_path / "other")) == "rolled_back"


def test_draw_made_again_after_a_rollback_sounds_the_alarm(bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    """Operator; restores, draws again, and lets the log grow beyond what was seen. Caught by watch: forked."""
    backup = bureau.copy(tmp_path / "backup")
    bureau.draw("3-firms")
    witness.watch(bureau.publish(tmp_path / "public"))
    backup.draw("3-firms", digest="b" * 64)
    backup.draw("4-inspectors")
    assert alarm(witness, backup.publish(tmp_path / "other")) == "forked"


def test_log_under_another_key_sounds_the_alarm(bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    """Keeper; begins a new log under the old name, with a new key. Caught by watch: unsigned."""
    public = bureau.publish(tmp_path / "public")
    witness.watch(public)
    signer = Signer.generate(tmp_path / "other.pem")
    text = (public / "checkpoint").read_text().rpartition("\n\n")[0] + "\n"
    key = VerifierKey(name=ORIGIN, public_key=signer.public_key)
    (public / "checkpoint").write_text(sign_note(text, key, signer.sign))
    assert alarm(witness, public) == "unsigned"


def test_bundle_under_another_key_has_another_key_hash(checkers: Checkers, tmp_path: Path) -> None:
    """Forger without the key; the whole bundle under a key of his own. Shown by verify: checkpoints, whose key hash is
    to be compared with the one published. Nothing in a bundle can prove whose key it is.
    """
    made = honest(tmp_path)
    mark = checkers.passes(made.root)["checkpoints"][1].split("key hash ")[1][:8]
    told = entries(made.root)
    shutil.rmtree(made.root / "log/checkpoints")
    write_log(made, told, Ed25519PrivateKey.from_private_bytes(b"\2" * 32))
    assert checkers.passes(made.root)["checkpoints"][1].split("key hash ")[1][:8] != mark


def test_key_file_that_names_another_hash_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Forger; writes the published hash beside his own key. Caught by verify: checkpoints."""
    made = honest(tmp_path)
    mark = (made.root / "log/key").read_text().split("+")[1]
    told = entries(made.root)
    shutil.rmtree(made.root / "log/checkpoints")
    write_log(made, told, Ed25519PrivateKey.from_private_bytes(b"\2" * 32))
    name, _, key = (made.root / "log/key").read_text().split("+", 2)
    (made.root / "log/key").write_text(f"{name}+{mark}+{key}")
    checkers.caught(made.root, "checkpoints", "key hash is wrong")


def test_checkpoints_deleted_leave_the_order_unproven(checkers: Checkers, tmp_path: Path) -> None:
    """Keeper; keeps the last checkpoint alone. Caught by verify: in log, which finds none before the result."""
    bundle = forged(tmp_path, lambda plan: setattr(plan, "checkpoints", lambda count: [count]))
    checkers.caught(bundle, "in log", "no checkpoint before the result")


def test_entry_behind_the_last_checkpoint_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Keeper; leaves room to change the last entries. Caught by verify: checkpoints."""
    bundle = forged(tmp_path, lambda plan: setattr(plan, "checkpoints", lambda count: [1, 2, 3]))
    checkers.caught(bundle, "checkpoints", "no checkpoint covers all")


def test_checkpoint_signed_by_nobody_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Database administrator without the key; writes a checkpoint of the log he made. Caught by verify: checkpoints."""
    made = honest(tmp_path)
    path = made.root / "log/checkpoints/4"
    text, _, line = path.read_text().rpartition(" ")
    signed = bytearray(base64.b64decode(line))
    signed[-1] ^= 1
    path.write_text(f"{text} {base64.b64encode(signed).decode()}\n")
    checkers.caught(made.root, "checkpoints", "not signed by the log's key")


def test_signature_of_one_checkpoint_is_not_good_for_another(checkers: Checkers, tmp_path: Path) -> None:
    """The same; copies the signature of an older checkpoint. Caught by verify: checkpoints."""
    made = honest(tmp_path)
    old, new = (made.root / "log/checkpoints" / size for size in "34")
    new.write_text(new.read_text().rpartition("\n\n")[0] + "\n\n" + old.read_text().rpartition("\n\n")[2])
    checkers.caught(made.root, "checkpoints", "not signed by the log's key")


def test_entry_dated_before_the_one_before_it_is_refused(bureau: Bureau) -> None:
    """Clerk; dates a commitment back. Caught by the store: store.log.time."""
    with pytest.raises(StoreError) as refusal:
        bureau.append("commit", "3-firms", at=START)
    assert refusal.value.code == "store.log.time"


def test_times_exchanged_are_out_of_order(checkers: Checkers, tmp_path: Path) -> None:
    """Keeper with the key; exchanges the times of commitment and result. Caught by verify: entries."""
    made = honest(tmp_path)

    def swap(told: list[dict[str, str]]) -> list[dict[str, str]]:
        return [{**told[0], "time": told[1]["time"]}, {**told[1], "time": told[0]["time"]}, *told[2:]]

    log_again(made, swap)
    checkers.caught(made.root, "entries", "not in order of time")


def test_commitment_dated_back_behind_a_witness_is_remarked(bureau: Bureau, witness: Witness, tmp_path: Path) -> None:
    """Keeper; after the dice, adds a commitment that claims to be older. Told by watch: 'claims'."""
    public = bureau.publish(tmp_path / "public")
    witness.watch(public)
    bureau.append("commit", "3-firms")
    assert "claims" in witness.watch(bureau.publish(public)).stderr


def test_witness_key_exchanged_is_refused(bureau: Bureau, tmp_path: Path) -> None:
    """Keeper; hands in lines under a witness's name by its own key. Caught by `log cosign`: store.witness.other."""
    first, second = (Signer.generate(tmp_path / f"{n}.pem") for n in "12")
    note = bureau.workspace.log.checkpoints()[4]
    for signer, is_refused in ((first, False), (second, True)):
        key = VerifierKey(name="notary.example/w1", public_key=signer.public_key, kind=COSIGNATURE)
        line = cosign_note(note, key, signer.sign, now())
        if not is_refused:
            public_log.take_cosignatures(bureau.workspace, line, [key], now())
            continue
        with pytest.raises(StoreError) as refusal:
            public_log.take_cosignatures(bureau.workspace, line, [key], now())
        assert refusal.value.code == "store.witness.other"


def test_line_of_a_witness_made_up_is_not_taken_for_one(checkers: Checkers, tmp_path: Path) -> None:
    """Keeper; writes a witness's name under a checkpoint. verify: checkpoints not checked, exit 3, never passed."""
    made = honest(tmp_path)
    path = made.root / "log/checkpoints/4"
    path.write_text(path.read_text() + f"— notary.example/w1 {base64.b64encode(bytes(76)).decode()}\n")
    verdict, detail = checkers.rows(made.root)["checkpoints"]
    assert verdict == "not checked" and "whose keys are not at hand" in detail


def test_entries_on_the_website_that_are_not_those_signed_sound_the_alarm(
    bureau: Bureau, witness: Witness, tmp_path: Path
) -> None:
    """Administrator of the website; edits the published entries. Caught by watch: wrong_entries."""
    public = bureau.publish(tmp_path / "public")
    witness.watch(public)
    bureau.draw("3-firms")
    bureau.publish(public)
    tile = public / "tile/entries/000.p/6"
    tile.write_bytes(tile.read_bytes().replace(b"3-firms", b"3-firmz"))
    assert alarm(witness, public) == "wrong_entries"


def test_second_commit_of_a_draw_is_refused(bureau: Bureau) -> None:
    """Planner; commits again under a used name. Caught by the store: store.log.used."""
    with pytest.raises(StoreError) as refusal:
        bureau.append("commit", "1-firms", at=now())
    assert refusal.value.code == "store.log.used"


def test_second_result_of_a_draw_is_refused(bureau: Bureau) -> None:
    """Planner; draws again. Caught by the store: store.log.ended."""
    with pytest.raises(StoreError) as refusal:
        bureau.append("result", "1-firms", at=now())
    assert refusal.value.code == "store.log.ended"


def test_bundle_names_on_whom_its_order_in_time_rests(checkers: Checkers, tmp_path: Path) -> None:
    """Keeper with the key and no witness; may date everything as it likes, and verify says so: checkpoints."""
    bundle = forged(tmp_path, plan=spec())
    assert "rests on the log keeper's word" in checkers.passes(bundle)["checkpoints"][1]
