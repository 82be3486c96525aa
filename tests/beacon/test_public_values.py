"""Announcing and proving public values: dice, drand, lottery issues, NIST."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from known_rounds import PULSE, served

from inspection.beacon.announcing import announce, source_words
from inspection.beacon.evidence import check_evidence, check_value, read_evidence
from inspection.draw.public_source import PublicSource
from inspection.draw.refusal import DrawRefusal
from inspection.errors import BeaconError
from inspection.rules.policy_sections import CeremonyRules
from inspection.rules.public_facts import chains, lotteries

QUICKNET = chains()["quicknet"]
NOW = datetime(2027, 1, 5, 9, 30, 0, 123, tzinfo=UTC)


def drand_source(number: int, *, chain: str = QUICKNET.hash, early: float = 0) -> PublicSource:
    opens = QUICKNET.time_of(number) + timedelta(seconds=early)
    return PublicSource(kind="drand", fields={"chain": chain, "round": number}, not_before=opens.isoformat())


def rules(**keys) -> CeremonyRules:
    return CeremonyRules.model_validate(keys)


def test_dice_count_from_a_moment_after_the_commitment():
    source = announce(rules(), "1-firms", NOW)
    assert source and source.kind == "dice" and source.opens_at > NOW
    assert announce(rules(public="none"), "1-firms", NOW) is None


@pytest.mark.parametrize("chain", ["quicknet", "default"])
def test_a_drand_round_is_announced_before_it_is_made(chain):
    source = announce(rules(public="drand", chain=chain, wait_minutes=7), "1-firms", NOW)
    known = chains()[chain]
    number = source.fields["round"]
    assert source.fields["chain"] == known.hash
    assert source.opens_at == known.time_of(number)
    assert NOW + timedelta(minutes=7) <= known.time_of(number) < NOW + timedelta(minutes=8)
    assert source_words(source) == f"drand {chain} {number}"


def test_a_pulse_is_announced_before_it_is_made():
    source = announce(rules(public="nist", wait_minutes=7), "1-firms", NOW)
    assert source.fields == {"time": "2027-01-05T09:38:00.000Z"}
    assert source.opens_at == datetime(2027, 1, 5, 9, 38, tzinfo=UTC)


def lottery_rules(opens: datetime) -> CeremonyRules:
    return rules(public="lottery", lottery="ssq", issues={"1-firms": {"issue": "2027003", "opens": opens}})


def test_the_issue_named_for_the_draw_is_announced():
    source = announce(lottery_rules(NOW + timedelta(days=2)), "1-firms", NOW)
    assert source.fields == {"source": "ssq", "issue": "2027003"}
    assert source.opens_at == NOW + timedelta(days=2)


def test_a_draw_without_an_issue_or_one_already_drawn_is_refused():
    with pytest.raises(BeaconError) as unnamed:
        announce(lottery_rules(NOW + timedelta(days=2)), "2-inspectors", NOW)
    assert "2-inspectors" in unnamed.value.text("zh")
    with pytest.raises(BeaconError) as past:
        announce(lottery_rules(NOW), "1-firms", NOW)
    assert past.value.code == "beacon.lottery.past"


GOOD = {
    "ssq": ["03 07 11 19 25 33+08", "01 02 03 04 05 06+16"],
    "dlt": ["01 05 12 23 35+04 11", "31 32 33 34 35+01 02"],
    "pl5": ["01745", "99999", "00000"],
}
BAD = {
    "ssq": [
        "",
        "3 7 11 19 25 33+8",
        "03 07 11 19 25 34+08",
        "03 07 11 19 25 33+17",
        "07 03 11 19 25 33+08",
        "03 03 11 19 25 33+08",
        "03 07 11 19 25+08",
        "03 07 11 19 25 33",
        "03 07 11 19 25 33+08+09",
        "03  07 11 19 25 33+08",
        "03 07 11 19 25 33 + 08",
        "０3 07 11 19 25 33+08",
        "00 07 11 19 25 33+08",
    ],
    "dlt": ["01 05 12 23 35+04", "01 05 12 23 36+04 11", "01 05 12 23 35+11 04", "01 05 12 23 35+00 11"],
    "pl5": ["1745", "017456", "0174a", "0 1 7 4 5", "٣١٧٤٥"],
}


def lottery_source(code: str) -> PublicSource:
    issue = lotteries()[code].issue_example
    return PublicSource(kind="lottery", fields={"source": code, "issue": issue}, not_before=NOW.isoformat())


@pytest.mark.parametrize(("code", "value"), [(code, value) for code, values in GOOD.items() for value in values])
def test_numbers_as_announced_are_taken(code, value):
    check_value(lottery_source(code), value)


@pytest.mark.parametrize(("code", "value"), [(code, value) for code, values in BAD.items() for value in values])
def test_numbers_of_another_form_are_refused_with_an_example(code, value):
    with pytest.raises((BeaconError, DrawRefusal)) as refused:
        check_value(lottery_source(code), value)
    if isinstance(refused.value, BeaconError):
        assert lotteries()[code].example in refused.value.text("zh")


@pytest.mark.parametrize("code", sorted(lotteries()))
def test_the_examples_of_a_lottery_are_of_its_own_form(code):
    lottery = lotteries()[code]
    assert lottery.has_issue(lottery.issue_example)
    assert not any(lottery.has_issue(issue) for issue in ("", "7", "2027000", "27000", "abc", "２０２７００３"))
    lottery.check_value(lottery.issue_example, lottery.example)


def test_a_known_round_is_evidence_that_passes():
    source = drand_source(123)
    evidence = read_evidence(source, served("quicknet", 123))
    assert check_evidence(source, evidence.value, evidence.file).verdict == "passed"
    assert read_evidence(source, evidence.file) == evidence


def test_a_round_made_before_not_before_fails():
    source = drand_source(123, early=1)
    with pytest.raises(BeaconError) as wrong:
        read_evidence(source, served("quicknet", 123))
    assert "not_before" in wrong.value.text("en")


def test_another_round_fails():
    with pytest.raises(BeaconError):
        read_evidence(drand_source(124), served("quicknet", 123))
    forged = {**json.loads(served("quicknet", 123)), "round": 124}
    with pytest.raises(BeaconError) as wrong:
        read_evidence(drand_source(124), json.dumps(forged).encode())
    assert "not signed" in wrong.value.text("en")


def test_another_value_than_the_round_fails():
    source = drand_source(123)
    file = read_evidence(source, served("quicknet", 123)).file
    assert check_evidence(source, "0" * 64, file).verdict == "failed"


def test_what_is_missing_or_unknown_is_not_checked():
    source = drand_source(123)
    value = read_evidence(source, served("quicknet", 123)).value
    assert check_evidence(source, value, None).verdict == "not checked"
    assert check_evidence(drand_source(123, chain="0" * 64), value, None).verdict == "not checked"


@pytest.mark.parametrize("file", [b"", b"[]", b"{}", b"\xff", b'{"kind": "drand"}', b'{"kind":"nist","pulse":3}'])
def test_a_malformed_file_fails_with_its_reason(file):
    checked = check_evidence(drand_source(123), "0" * 64, file)
    assert checked.verdict == "failed" and checked.detail
    nist = PublicSource(kind="nist", fields={"time": "2018-08-30T17:44:00.000Z"}, not_before="2018-08-30T17:44:00Z")
    assert check_evidence(nist, "0" * 128, file).verdict == "failed"


def test_without_the_library_the_signature_is_not_checked(monkeypatch):
    from inspection.beacon import drand

    source = drand_source(123)
    evidence = read_evidence(source, served("quicknet", 123))
    monkeypatch.setattr(drand, "has_verifier", lambda: False)
    assert check_evidence(source, evidence.value, evidence.file).verdict == "not checked"


def test_dice_have_no_file_that_proves_them():
    dice = PublicSource(kind="dice", fields={"digits": 40}, not_before=NOW.isoformat())
    with pytest.raises(BeaconError) as refused:
        read_evidence(dice, PULSE)
    assert refused.value.code == "beacon.evidence.none"
