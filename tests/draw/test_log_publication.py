from __future__ import annotations

import dataclasses

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from draw_samples import golden_draw, vectors

from inspection.draw.log import Entry
from inspection.draw.merkle import inclusion_proof, tree_head
from inspection.draw.note import Checkpoint, VerifierKey, open_note, sign_note
from inspection.draw.publication import PublishedCommitment
from inspection.draw.refusal import DrawRefusal

PRIVATE = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
KEY = VerifierKey(name="log.example", public_key=PRIVATE.public_key().public_bytes_raw())
WITNESS = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
WITNESS_KEY = VerifierKey(name="witness.example", public_key=WITNESS.public_key().public_bytes_raw())
TEXT = Checkpoint(origin="log.example", size=3, root=b"r" * 32).text


def check(public_key, text, signature):
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text)
    except InvalidSignature:
        return False
    return True


def test_golden_checkpoints_are_signed_and_hold_the_logs_roots(bundle):
    log = vectors() / bundle / "log"
    key = VerifierKey.parse((log / "key").read_text(encoding="utf-8"))
    lines = (log / "entries.jsonl").read_bytes().splitlines()
    assert key.text == (log / "key").read_text(encoding="utf-8").strip()
    for size in range(1, len(lines) + 1):
        opened = open_note((log / "checkpoints" / str(size)).read_text(encoding="utf-8"), [key], check)
        expected = Checkpoint(origin=key.name, size=size, root=tree_head(lines[:size]))
        assert opened.text == expected.text
        assert Checkpoint.parse(opened.text) == expected
    assert [Entry.parse(line).line for line in lines] == lines


def test_note_signed_twice_names_both_signers_or_the_unknown_one():
    note = sign_note(TEXT, KEY, PRIVATE.sign)
    note += sign_note(TEXT, WITNESS_KEY, WITNESS.sign).rpartition("\n\n")[2]
    assert open_note(note, [KEY, WITNESS_KEY], check).signers == ("log.example", "witness.example")
    assert open_note(note, [KEY], check).unknown == ("witness.example",)


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (sign_note(TEXT, KEY, PRIVATE.sign).replace("\n3\n", "\n4\n"), "signature"),
        (sign_note(TEXT, KEY, lambda text: b"s" * 64), "signature"),
        (sign_note(TEXT, WITNESS_KEY, WITNESS.sign), "unsigned"),
        (TEXT, "text"),
        (TEXT + "\n— log.example !!!\n", "line"),
        (TEXT + "\n- log.example AAAAAAAA\n", "line"),
        (sign_note(TEXT, KEY, PRIVATE.sign)[:-1], "text"),
    ],
)
def test_note_that_was_not_signed_so_is_refused(note, code):
    with pytest.raises(DrawRefusal) as refusal:
        open_note(note, [KEY], check)
    assert refusal.value.code == f"draw.note.{code}"


@pytest.mark.parametrize(
    "text", ["", "a", "a\n1\n", "a\n01\nAAAA\n", "a\n1\nAAAA\n", "a\n-1\n" + TEXT.split("\n")[2] + "\n", TEXT[:-1]]
)
def test_malformed_checkpoint_is_refused(text):
    with pytest.raises(DrawRefusal, match=r"draw\.note\.checkpoint"):
        Checkpoint.parse(text)


def test_key_with_another_hash_name_or_type_is_refused():
    name, key_hash, material = KEY.text.split("+", 2)
    for text in ("", name, f"{name}+00000000+{material}", f"other+{key_hash}+{material}", f"{name}+{key_hash}+A"):
        with pytest.raises(DrawRefusal, match=r"draw\.note\.key"):
            VerifierKey.parse(text)


def test_entry_with_its_own_members_reads_back():
    entry = Entry(
        type="replace",
        plan="p",
        draw="p/1-firms",
        time="2027-03-01T10:00:00+08:00",
        actor="bureau",
        digest="0" * 64,
        more={"reason": "unreachable", "visit": "V0001", "k": 0},
    )
    assert Entry.parse(entry.line) == entry


@pytest.mark.parametrize(
    "line",
    [b"[]", b"{}", b'{"type":"commit"}', b"x", b'{"actor":7,"digest":"","draw":"","plan":"","time":"","type":""}'],
)
def test_malformed_entry_is_refused(line):
    with pytest.raises(DrawRefusal):
        Entry.parse(line)


def publish(golden, entries, index, size=None, **changes):
    size = len(entries) if size is None else size
    fields = {
        "commitment": golden.commitment,
        "line": entries[index],
        "index": index,
        "proof": inclusion_proof(entries[:size], index) if index < size else (),
        "checkpoint": Checkpoint(origin="log.example", size=size, root=tree_head(entries[:size])),
    }
    return PublishedCommitment(**(fields | changes))


@pytest.fixture
def golden():
    return golden_draw("county-small", "1-firms")


def entries_with(golden, **changes):
    others = [dataclasses.replace(Entry.parse(golden.published.line), draw=f"p/{i}").line for i in range(4)]
    entry = dataclasses.replace(Entry.parse(golden.published.line), **changes)
    return [*others[:2], entry.line, *others[2:]]


def test_commitment_in_a_longer_log_is_published(golden):
    assert publish(golden, entries_with(golden), 2).index == 2


def test_draw_before_its_checkpoint_is_refused(golden):
    with pytest.raises(DrawRefusal, match=r"draw\.merkle\.inclusion"):
        publish(golden, entries_with(golden), 2, size=2)


def test_proof_against_another_root_is_refused(golden):
    other = Checkpoint(origin="log.example", size=5, root=b"0" * 32)
    with pytest.raises(DrawRefusal, match=r"draw\.merkle\.inclusion"):
        publish(golden, entries_with(golden), 2, checkpoint=other)


@pytest.mark.parametrize(
    "change", [{"type": "void"}, {"digest": "0" * 64}, {"draw": "370828-2027/3-firms"}, {"plan": "x"}]
)
def test_entry_of_something_else_is_refused(golden, change):
    with pytest.raises(DrawRefusal, match=r"draw\.publication\.entry"):
        publish(golden, entries_with(golden, **change), 2)


@pytest.mark.parametrize("time", ["2027-01-05T09:30:00+08:00", "2027-01-05T01:30:00Z", "2028-01-01T00:00:00+08:00"])
def test_commitment_logged_when_the_public_value_could_exist_is_refused(golden, time):
    with pytest.raises(DrawRefusal, match=r"draw\.publication\.late"):
        publish(golden, entries_with(golden, time=time), 2)
