"""Bytes of the public log against other people's: C2SP documents, real checkpoints, published keys."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from inspection.draw.log import Entry, Sight, first_sight, seen_before_result
from inspection.draw.merkle import check_consistency, check_inclusion, consistency_proof, inclusion_proof, tree_head
from inspection.draw.note import (
    COSIGNATURE,
    Checkpoint,
    VerifierKey,
    cosign_note,
    open_note,
    sign_note,
    signature_lines,
    with_lines,
)
from inspection.draw.printed import parse_line, printed_line
from inspection.draw.refusal import DrawRefusal
from inspection.draw.tiles import Tile, TileReader, log_files, pack_entries, tiles_of, unpack_entries
from inspection.draw.tlog_proof import ConsistencyProof, InclusionProof
from inspection.store.keys import verify

# A checkpoint of a public Certificate Transparency log with cosignatures of public witnesses, 2026-05-23. Text and keys
# are public data; found in the tests of tlog-scales, keys as in transparency-dev/formats and the witnesses' own pages.
REAL = """\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev \
zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev \
ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden \
2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 \
pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de \
2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu \
Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
"""
LOG = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
WITNESSES = (
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
)

PRIVATE = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
KEY = VerifierKey(name="w.example/1", public_key=PRIVATE.public_key().public_bytes_raw(), kind=COSIGNATURE)
NOW = datetime(2027, 1, 5, 1, 0, 0, tzinfo=UTC)


def test_checkpoint_of_a_public_log_opens_with_the_keys_of_its_log_and_witnesses() -> None:
    keys = [VerifierKey.parse(text) for text in (LOG, *WITNESSES)]
    assert [key.text for key in keys] == [LOG, *WITNESSES]
    opened = open_note(REAL, keys, verify)
    assert opened.signers == tuple(key.name for key in keys)
    assert opened.unknown == ("arche2025h1.staging.ct.transparency.dev",)
    assert Checkpoint.parse(opened.text).size == 1_432_088_532
    assert set(opened.times.values()) == {datetime.fromtimestamp(0x6A122120, UTC)}


@pytest.mark.parametrize("index", range(5))
def test_public_checkpoint_with_a_bit_changed_is_refused_by_each_key(index: int) -> None:
    key = VerifierKey.parse((LOG, *WITNESSES)[index])
    with pytest.raises(DrawRefusal, match=r"draw\.note\.signature"):
        open_note(REAL.replace("1432088532", "1432088533"), [key], verify)


def test_note_of_the_c2sp_signed_note_vector_opens() -> None:
    key = VerifierKey.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    signature = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    note = f"This is an example message.\n\n— example.com/foo {signature}\n"
    assert open_note(note, [key], verify).text == "This is an example message.\n"


def test_witness_signs_the_two_lines_of_the_specification_and_the_text() -> None:
    signed: list[bytes] = []
    note = f"{Checkpoint(origin='o.example', size=5, root=b'r' * 32).text}\n— o.example AAAAAAAA\n"
    line = cosign_note(note, KEY, lambda message: signed.append(message) or bytes(64), NOW)  # type: ignore[func-returns-value]
    text = note.rpartition("\n\n")[0] + "\n"
    assert signed == [f"cosignature/v1\ntime {int(NOW.timestamp())}\n{text}".encode()]
    assert line.startswith("— w.example/1 ") and line.endswith("\n")


def test_cosignature_holds_for_its_text_its_time_and_its_kind_only() -> None:
    log = VerifierKey(name="o.example", public_key=KEY.public_key)
    note = sign_note(Checkpoint(origin="o.example", size=5, root=b"r" * 32).text, log, PRIVATE.sign)
    line = cosign_note(note, KEY, PRIVATE.sign, NOW)
    whole = with_lines(note, [line, line])
    assert with_lines(whole, [line]) == whole and signature_lines(whole)[1:] == (line,)
    assert open_note(whole, [log, KEY], verify).times == {"w.example/1": NOW}
    later = cosign_note(note, KEY, lambda message: PRIVATE.sign(message.replace(b"time 1", b"time 2")), NOW)
    with pytest.raises(DrawRefusal, match=r"draw\.note\.signature"):
        open_note(with_lines(note, [later]), [log, KEY], verify)
    plain = VerifierKey(name="w.example/1", public_key=KEY.public_key)
    assert plain.key_hash != KEY.key_hash
    assert open_note(whole, [log, plain], verify).unknown == ("w.example/1",)


def test_witness_that_signed_twice_counts_with_its_first_time() -> None:
    note = sign_note("o.example\n", VerifierKey(name="o.example", public_key=KEY.public_key), PRIVATE.sign)
    lines = [cosign_note(note, KEY, PRIVATE.sign, NOW.replace(hour=hour)) for hour in (5, 2, 9)]
    assert open_note(with_lines(note, lines), [KEY], verify).times["w.example/1"].hour == 2


@pytest.mark.parametrize(
    "text",
    [
        "w+00000000+BMX4",
        KEY.text.replace("+B", "+C", 1),
        "w.example/1+0a+" + KEY.text.rpartition("+")[2],
        KEY.text[:-1] + "=",
        "",
        "w example+1+A",
    ],
)
def test_verifier_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(DrawRefusal, match=r"draw\.note\.key"):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "note",
    [
        "o\n\n— o AAAA\nAAAA\n",
        "o\t\n\n— o AAAAAAAA\n",
        "o\n\n— o AAAAAAAA",
        "o\n" * 40_000 + "\n— o AAAAAAAA\n",
        "o\n\n— o AAAAAAB=\n",
    ],
)
def test_note_with_control_characters_or_loose_base64_or_without_end_is_refused(note: str) -> None:
    with pytest.raises(DrawRefusal, match=r"draw\.note\.(text|line)"):
        open_note(note, [KEY], verify)


def test_tiles_of_seventy_thousand_leaves_are_those_of_the_specification() -> None:
    widths = Counter((tile.level, tile.width) for tile in tiles_of(70_000))
    assert widths == {(0, 256): 273, (0, 112): 1, (1, 256): 1, (1, 17): 1, (2, 1): 1}
    assert [(tile.level, tile.width) for tile in tiles_of(256)] == [(0, 256), (1, 1)]
    assert tiles_of(0) == ()


@pytest.mark.parametrize(
    ("index", "path"),
    [(0, "tile/5/000"), (999, "tile/5/999"), (1000, "tile/5/x001/000"), (1234067, "tile/5/x001/x234/067")],
)
def test_path_of_a_tile_has_three_digits_a_part(index: int, path: str) -> None:
    assert Tile(level=5, index=index, width=256).path == path
    assert Tile(level=5, index=index, width=17).path == f"{path}.p/17"
    assert Tile(level=0, index=index, width=17).entries_path == path.replace("/5/", "/entries/") + ".p/17"


@pytest.mark.parametrize(
    "size", [*range(1, 18), 255, 256, 257, 511, 512, 600, pytest.param(65_537, marks=pytest.mark.slow)]
)
def test_proofs_read_from_tiles_are_those_of_the_leaves(size: int) -> None:
    leaves = [str(index).encode() for index in range(size)]
    reader = TileReader(dict(log_files(leaves, [size])).get, size)
    root = tree_head(leaves)
    assert reader.root() == root and reader.entries() == leaves
    assert reader.entries(size // 2) == leaves[size // 2 :]
    for index in {0, size // 2, size - 1}:
        assert reader.inclusion(index) == inclusion_proof(leaves, index)
        check_inclusion(leaves[index], index, size, reader.inclusion(index), root)
        old = index + 1
        assert reader.consistency(old) == consistency_proof(leaves, old)
        check_consistency(old, tree_head(leaves[:old]), size, root, reader.consistency(old))


def test_partial_tile_that_was_filled_is_read_from_the_full_one() -> None:
    leaves = [str(index).encode() for index in range(300)]
    files = dict(log_files(leaves, [100, 300]))
    assert "tile/0/000.p/100" not in files and "tile/0/000" in files
    reader = TileReader(files.get, 100)
    assert reader.root() == tree_head(leaves[:100]) and reader.entries() == leaves[:100]


def test_missing_or_cut_files_are_named() -> None:
    leaves = [b"leaf"] * 3
    files = dict(log_files(leaves, [3]))
    with pytest.raises(DrawRefusal, match=r"draw\.tiles\.missing.*000\.p/3"):
        TileReader({}.get, 3).root()
    files["tile/0/000.p/3"] = files["tile/0/000.p/3"][:-1]
    files["tile/entries/000.p/3"] = files["tile/entries/000.p/3"][:-1]
    for read in (TileReader(files.get, 3).root, TileReader(files.get, 3).entries):
        with pytest.raises(DrawRefusal, match=r"draw\.tiles\.cut"):
            read()


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_entry_bundle_gives_back_its_leaves(leaves: list[bytes]) -> None:
    assert unpack_entries(pack_entries(leaves)) == leaves


def test_entry_of_more_than_two_bytes_length_is_refused() -> None:
    assert pack_entries([b"x" * 65_535])[:2] == b"\xff\xff"
    with pytest.raises(DrawRefusal, match=r"draw\.tiles\.long"):
        pack_entries([b"x" * 65_536])


def test_printed_line_survives_a_careless_typist_and_no_wrong_digit() -> None:
    checkpoint = Checkpoint(origin="log.example/2027", size=12, root=bytes(range(32)))
    line = printed_line(checkpoint)
    origin, size, rest = line.split(" ", 2)
    for typed in (line, f"  {origin}  {size}\n{rest.upper()}", f"{origin} １２ {rest.replace(' ', '-')}"):
        assert parse_line(typed) == checkpoint
    digits = [at for at in range(len(origin) + 1, len(line)) if line[at] != " "]
    for at in digits:
        wrong = line[:at] + ("1" if line[at] != "1" else "2") + line[at + 1 :]
        with pytest.raises(DrawRefusal, match=r"draw\.printed\.mistyped"):
            parse_line(wrong)
    for none in ("", "log.example", "log.example 0 00", f"{line} 00"):
        with pytest.raises(DrawRefusal, match=r"draw\.printed\.form"):
            parse_line(none)


def test_proof_files_are_read_back_and_refuse_other_text() -> None:
    leaves = [b"a", b"b", b"c"]
    note = sign_note(
        Checkpoint(origin="o", size=3, root=tree_head(leaves)).text,
        VerifierKey(name="o", public_key=b"k" * 32),
        PRIVATE.sign,
    )
    entry = InclusionProof(index=1, line=b"b", hashes=inclusion_proof(leaves, 1), note=note)
    growth = ConsistencyProof(old_size=2, hashes=consistency_proof(leaves, 2), note=note)
    assert InclusionProof.parse(entry.text) == entry and ConsistencyProof.parse(growth.text) == growth
    checkpoint = Checkpoint(origin="o", size=3, root=tree_head(leaves))
    entry.check(checkpoint)
    growth.check(tree_head(leaves[:2]), checkpoint)
    for text in ("", entry.text.replace("index 1", "index 01"), entry.text.replace("\nextra ", "\n"), "old 2\n"):
        with pytest.raises(DrawRefusal, match=r"draw\.proof"):
            InclusionProof.parse(text)
    with pytest.raises(DrawRefusal, match=r"draw\.proof"):
        ConsistencyProof.parse(growth.text.replace("old 2", "old 2\n" + "AAAA\n" * 64))


def test_first_sight_is_the_earliest_that_covers_the_entry() -> None:
    sights = [
        Sight(size=size, time=NOW.replace(hour=hour), who=who, kind="witness")
        for size, hour, who in [(4, 9, "late"), (2, 8, "early"), (1, 3, "small")]
    ]
    assert [sight and sight.who for sight in (first_sight(sights, index) for index in range(5))] == [
        "small",
        "early",
        "late",
        "late",
        None,
    ]
    assert seen_before_result(sights, 1, 2) == sights[1]
    assert seen_before_result(sights, 2, 3) is None


def test_entry_line_is_what_the_tree_hashes() -> None:
    entry = Entry(type="commit", plan="p", draw="p/1", time="2027-01-05T09:00:00+08:00", actor="a", digest="0" * 64)
    assert unpack_entries(pack_entries([entry.line])) == [entry.line]
