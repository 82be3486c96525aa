"""Each step of a check fails for its own reason, and says so in both languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from inspection.draw.log import Entry, EntryType, LogCopy, Sight
from inspection.draw.merkle import tree_heads
from inspection.draw.note import COSIGNATURE, Checkpoint, VerifierKey, cosign_note, sign_note, with_lines
from inspection.publish.log_check import Finding, check_claims, exit_code
from inspection.steps.public_log import Trust, check_log
from inspection.store.keys import verify

KEEPER = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
KEY = VerifierKey(name="log.example/1", public_key=KEEPER.public_key().public_bytes_raw())
NOTARY = Ed25519PrivateKey.from_private_bytes(b"n" * 32)
WITNESS = VerifierKey(name="n.example", public_key=NOTARY.public_key().public_bytes_raw(), kind=COSIGNATURE)
START = datetime(2027, 1, 5, 1, 0, tzinfo=UTC)


def entry(number: int, type: EntryType, draw: str = "p/1", minutes: int | None = None) -> bytes:
    time = (START + timedelta(minutes=number if minutes is None else minutes)).isoformat()
    return Entry(type=type, plan="p", draw=draw, time=time, actor="a", digest="0" * 64).line


def signed(lines: tuple[bytes, ...]) -> LogCopy:
    """A log with a checkpoint at each size."""
    heads = tree_heads(lines, range(1, len(lines) + 1))
    texts = {size: Checkpoint(origin=KEY.name, size=size, root=root).text for size, root in heads.items()}
    return LogCopy(
        key=KEY, lines=lines, notes={size: sign_note(text, KEY, KEEPER.sign) for size, text in texts.items()}
    )


HONEST = signed((entry(0, "commit"), entry(1, "result"), entry(2, "disclose"), entry(3, "commit", "p/2")))


def verdicts(log: LogCopy, trust: Trust | None = None) -> dict[str, bool | None]:
    """By step; every sentence can be said."""
    findings, _ = check_log(log, {}, trust or Trust())
    assert all(finding.text("zh") and finding.text("en") for finding in findings)
    return {finding.step: finding.ok for finding in findings}


def cosigned(log: LogCopy, size: int, hours: int) -> LogCopy:
    line = cosign_note(log.notes[size], WITNESS, NOTARY.sign, START + timedelta(hours=hours))
    return replace(log, notes={**log.notes, size: with_lines(log.notes[size], [line])})


def test_honest_log_passes() -> None:
    assert verdicts(HONEST) == dict.fromkeys(("entries", "order", "checkpoints", "no_witness"), True)


@pytest.mark.parametrize(
    "lines",
    [
        (entry(0, "commit"), entry(1, "commit")),
        (entry(0, "result"), entry(1, "commit")),
        (entry(0, "result"),),
        (entry(0, "commit"), entry(1, "result"), entry(2, "result")),
        (entry(0, "commit"), entry(1, "void"), entry(2, "result")),
        (entry(0, "commit"), entry(1, "replace"), entry(2, "result")),
        (entry(0, "commit"), entry(1, "void"), entry(2, "substitute")),
    ],
)
def test_draws_out_of_order_fail_the_order(lines: tuple[bytes, ...]) -> None:
    assert verdicts(signed(lines))["order"] is False


def test_result_without_a_checkpoint_after_its_commit_fails_the_order() -> None:
    without = replace(HONEST, notes={size: note for size, note in HONEST.notes.items() if size != 1})
    assert verdicts(without)["order"] is False


@pytest.mark.parametrize("line", [b"no json", b'{"a":1}', entry(1, "result").replace(b'"actor"', b'"Actor"')])
def test_line_that_is_no_entry_fails_the_entries(line: bytes) -> None:
    told = verdicts(signed((entry(0, "commit"), line)))
    assert told["entries"] is False and "order" not in told


def test_time_running_backwards_fails_the_entries() -> None:
    told = verdicts(signed((entry(0, "commit", minutes=5), entry(1, "result", minutes=4))))
    assert told["entries"] is False and told["order"] is True


def unsigned(log: LogCopy) -> LogCopy:
    return replace(log, notes={**log.notes, 2: sign_note(log.head(2).text, KEY, NOTARY.sign)})


def misfiled(log: LogCopy) -> LogCopy:
    return replace(log, notes={**log.notes, 2: log.notes[3]})


def beyond(log: LogCopy) -> LogCopy:
    return replace(log, lines=log.lines[:-1])


def uncovered(log: LogCopy) -> LogCopy:
    return replace(log, notes={size: note for size, note in log.notes.items() if size < 4})


def edited(log: LogCopy) -> LogCopy:
    return replace(log, lines=(log.lines[0].replace(b'"a"', b'"b"'), *log.lines[1:]))


@pytest.mark.parametrize("change", [unsigned, misfiled, beyond, uncovered, edited])
def test_checkpoint_that_does_not_fit_fails_the_checkpoints(change: Callable[[LogCopy], LogCopy]) -> None:
    assert verdicts(change(HONEST))["checkpoints"] is False


def test_witness_counts_with_its_key_stays_open_without_and_fails_when_forged() -> None:
    log = cosigned(HONEST, 1, 1)
    trust = Trust(witnesses=(WITNESS,))
    assert verdicts(log)["witnesses"] is None
    told = verdicts(log, trust)
    assert told["witnesses"] is True and told["outside"] is True and told["claims"] is True
    assert verdicts(cosigned(HONEST, 2, 1), trust)["outside"] is None
    moved = replace(log, notes={**log.notes, 3: HONEST.notes[3] + log.notes[1].splitlines(keepends=True)[-1]})
    assert verdicts(moved, trust)["witnesses"] is False


def test_entry_claimed_later_than_seen_fails_beyond_the_clocks_difference() -> None:
    entries = [Entry.parse(line) for line in HONEST.lines]
    sight = Sight(size=4, time=entries[3].at - timedelta(minutes=4), who="n", kind="witness")
    assert check_claims(entries, [sight], timedelta(minutes=5)).ok is True
    assert check_claims(entries, [sight], timedelta(minutes=3)).ok is False


def test_exit_code_is_the_worst_of_the_findings() -> None:
    ok, bad, left = (Finding(step="rows", ok=verdict) for verdict in (True, False, None))
    assert [exit_code(each) for each in ([ok], [ok, left], [left, bad, ok], [])] == [0, 3, 1, 0]


def test_signature_of_the_log_cannot_stand_in_for_a_witness() -> None:
    assert not verify(KEY.public_key, b"x", bytes(64))
    posing = VerifierKey(name="n.example", public_key=KEY.public_key, kind=COSIGNATURE)
    assert verdicts(cosigned(HONEST, 1, 1), Trust(witnesses=(posing,)))["witnesses"] is None
