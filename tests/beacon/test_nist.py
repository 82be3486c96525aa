"""NIST pulses: the published one is signed by its certificate; any change of it is not."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime

import pytest
from known_rounds import CERTIFICATE, PULSE

from inspection.beacon.evidence import check_evidence, read_evidence
from inspection.beacon.nist import Pulse, is_chained, is_signed, pulse_time, read_pulse
from inspection.draw.public_source import PublicSource
from inspection.errors import BeaconError

TIME = "2018-08-30T17:44:00.000Z"
SOURCE = PublicSource(kind="nist", fields={"time": TIME}, not_before="2018-08-30T17:44:00+00:00")


def test_the_published_pulse_is_signed_and_chained():
    pulse = read_pulse(PULSE)
    assert is_chained(pulse)
    assert is_signed(pulse, CERTIFICATE)


CHANGED = {
    "uri": "https://beacon.nist.gov/other",
    "version": "Version 2.1",
    "cipherSuite": 1,
    "period": 1,
    "chainIndex": 2,
    "pulseIndex": 1,
    "timeStamp": "2018-08-30T17:45:00.000Z",
    "localRandomValue": "0" * 128,
    "precommitmentValue": "0" * 128,
    "statusCode": 7,
    "listValues": [],
}


@pytest.mark.parametrize("member", CHANGED)
def test_a_changed_member_breaks_signature_and_chain(member):
    pulse = Pulse(members={**read_pulse(PULSE).members, member: CHANGED[member]})
    assert not is_chained(pulse)
    assert not is_signed(pulse, CERTIFICATE)


def test_a_changed_output_breaks_the_chain():
    pulse = Pulse(members={**read_pulse(PULSE).members, "outputValue": "0" * 128})
    assert not is_chained(pulse)


def test_another_certificate_is_named():
    with pytest.raises(BeaconError) as other:
        is_signed(Pulse(members={**read_pulse(PULSE).members, "certificateId": "a" * 128}), CERTIFICATE)
    assert "a" * 128 in other.value.text("en")
    with pytest.raises(BeaconError):
        is_signed(read_pulse(PULSE), b"no certificate")


def test_a_pulse_after_the_certificate_ran_out_is_not_signed():
    late = Pulse(members={**read_pulse(PULSE).members, "timeStamp": "2019-08-30T17:44:00.000Z"})
    assert not is_signed(late, CERTIFICATE)


@pytest.mark.parametrize("member", [*CHANGED, "external", "certificateId", "signatureValue", "outputValue"])
def test_a_member_missing_or_of_another_type_is_named(member):
    members = copy.deepcopy(json.loads(PULSE)["pulse"])
    for broken in ({name: value for name, value in members.items() if name != member}, {**members, member: ["x"]}):
        with pytest.raises(BeaconError) as refused:
            read_pulse(json.dumps(broken).encode())
        assert member in refused.value.text("en")


def test_a_pulse_is_evidence_checked_with_its_certificate():
    evidence = read_evidence(SOURCE, PULSE)
    without = check_evidence(SOURCE, evidence.value, evidence.file)
    assert (without.verdict, "certificate" in without.detail) == ("not checked", True)
    assert check_evidence(SOURCE, evidence.value, evidence.file, CERTIFICATE).verdict == "passed"
    assert check_evidence(SOURCE, "0" * 128, evidence.file, CERTIFICATE).verdict == "failed"
    early = PublicSource(kind="nist", fields={"time": TIME}, not_before="2018-08-30T17:45:00+00:00")
    assert check_evidence(early, evidence.value, evidence.file, CERTIFICATE).verdict == "failed"


def test_pulses_are_made_each_minute():
    assert pulse_time(datetime(2027, 1, 5, 9, 30, tzinfo=UTC)) == datetime(2027, 1, 5, 9, 30, tzinfo=UTC)
    assert pulse_time(datetime(2027, 1, 5, 9, 30, 0, 1, tzinfo=UTC)) == datetime(2027, 1, 5, 9, 31, tzinfo=UTC)
