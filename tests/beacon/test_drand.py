"""drand: known rounds verify, altered ones do not; rounds and times fit."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_rounds import NONE_KNOWN, ROUNDS, chain_of, round_of, served

from inspection.beacon import drand
from inspection.errors import BeaconError
from inspection.rules.public_facts import chains

CHECKABLE = [vector for vector in ROUNDS if vector["scheme"] not in NONE_KNOWN]


def name(vector):
    return f"{vector['scheme']}-{vector['round']}-{vector['expect_valid']}"


def test_the_vectors_hold_ten_rounds_of_both_schemes():
    true = [vector["scheme"] for vector in CHECKABLE if vector["expect_valid"]]
    assert len(true) == 10
    assert set(true) == {"bls-unchained-g1-rfc9380", "pedersen-bls-chained"}
    assert len(CHECKABLE) == 13


@pytest.mark.parametrize("vector", CHECKABLE, ids=name)
def test_known_round_has_the_verdict_published(vector):
    assert drand.is_signed(chain_of(vector), round_of(vector)) is vector["expect_valid"]


@pytest.mark.parametrize("vector", ROUNDS, ids=name)
def test_randomness_is_the_digest_of_the_signature(vector):
    assert round_of(vector).randomness == vector["randomness"]


@pytest.mark.parametrize("vector", [v for v in ROUNDS if v["scheme"] in NONE_KNOWN], ids=name)
def test_scheme_of_an_ended_chain_is_refused_not_guessed(vector):
    with pytest.raises(BeaconError) as refused:
        drand.is_signed(chain_of(vector), round_of(vector))
    assert refused.value.code == "beacon.drand.scheme"


@pytest.mark.parametrize("chain", ["quicknet", "default"])
def test_pinned_chains_sign_their_published_rounds(chain):
    known = [vector for vector in ROUNDS if vector["chain"] == chain and vector["expect_valid"]]
    assert len(known) >= 2
    for vector in known:
        assert drand.is_signed(chains()[chain], round_of(vector))
        later = dataclasses.replace(round_of(vector), number=vector["round"] + 1)
        assert not drand.is_signed(chains()[chain], later)


@pytest.mark.parametrize(
    "signature",
    [b"", b"\0" * 48, b"\xc0" + b"\0" * 47, b"\xff" * 48, bytes.fromhex("c0") + b"\0" * 95, b"\x80" + b"\1" * 47],
    ids=["empty", "zeros", "the point at infinity", "no coordinate", "infinity on the other group", "off the curve"],
)
@pytest.mark.parametrize("chain", ["quicknet", "default"])
def test_bytes_that_are_no_signature_are_refused_quietly(chain, signature):
    assert not drand.is_signed(chains()[chain], drand.Round(number=1, signature=signature))


def test_the_previous_signature_counts_on_a_chained_chain():
    vector = next(each for each in ROUNDS if each["chain"] == "default" and each["round"] == 72785)
    other = dataclasses.replace(round_of(vector), previous=bytes(96))
    assert not drand.is_signed(chains()["default"], other)


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(drand, "has_verifier", lambda: False)
    with pytest.raises(BeaconError) as missing:
        drand.is_signed(chains()["quicknet"], round_of(ROUNDS[0]))
    assert "bls" in missing.value.text("zh")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[1]",
        b"{}",
        b'{"round": "7", "signature": "ab"}',
        b'{"round": 0, "signature": "ab"}',
        b'{"round": true, "signature": "ab"}',
        b'{"round": 7}',
        b'{"round": 7, "signature": ""}',
        b'{"round": 7, "signature": "AB"}',
        b'{"round": 7, "signature": "abc"}',
        b'{"round": 7, "signature": "ab", "previous_signature": 3}',
        b'{"round": 7, "signature": "ab", "randomness": "00"}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_no_round_is_a_message(data):
    with pytest.raises(BeaconError) as refused:
        drand.read_round(data)
    assert refused.value.text("zh") and refused.value.text("en")


def test_a_relay_file_is_read():
    assert drand.read_round(served("quicknet", 123)).number == 123
    assert json.loads(served("default", 1))["previous_signature"]


@pytest.mark.parametrize(
    ("chain", "number", "time"),
    [
        ("quicknet", 1, "2023-08-23T15:09:27+00:00"),
        ("quicknet", 1000, "2023-08-23T15:59:24+00:00"),
        ("default", 1, "2020-07-22T15:17:30+00:00"),
        ("default", 367, "2020-07-22T18:20:30+00:00"),
    ],
)
def test_round_is_made_at_its_time(chain, number, time):
    assert chains()[chain].time_of(number).isoformat() == time


@given(seconds=st.integers(0, 10**9), chain=st.sampled_from(["quicknet", "default"]))
def test_the_round_from_a_moment_is_the_first_not_before_it(seconds, chain):
    known = chains()[chain]
    moment = datetime.fromtimestamp(known.genesis, UTC) + timedelta(microseconds=seconds * 997)
    number = known.round_from(moment)
    assert known.time_of(number) >= moment
    assert number == 1 or known.time_of(number - 1) < moment


def test_before_the_first_round_there_is_none_earlier():
    assert chains()["quicknet"].round_from(datetime(2001, 1, 1, tzinfo=UTC)) == 1
