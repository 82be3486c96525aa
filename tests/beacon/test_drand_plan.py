"""A whole plan whose public values are rounds of drand: waits, takes the file, and verifies with the signature."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
from datetime import timedelta

import pytest
from known_rounds import served

from inspection import service
from inspection.beacon import drand
from inspection.console.verifying import completed, exit_code
from inspection.draw.canonical import canonical_json
from inspection.errors import BeaconError, DrawError, StoreError
from inspection.rules.public_facts import chains
from inspection.steps.line import Silent
from inspection.steps.reveal_steps import awaited, bring_proof, bring_public, keep_public

QUICKNET = chains()["quicknet"]
ROUNDS = {"1-firms": 123, "2-inspectors": 657413}
"""Published rounds, months apart; the clock of the test stands shortly before each."""


class Clock:
    """Shortly before a round, then after it."""

    def __init__(self) -> None:
        self.ticks = itertools.count()
        self.now = QUICKNET.time_of(1)

    def __call__(self):
        return self.now + timedelta(milliseconds=2 * next(self.ticks))


def checker_rows(bundle):
    command = [sys.executable, "-I", "-S", str(bundle / "verify.py"), str(bundle), "--json"]
    return json.loads(subprocess.run(command, capture_output=True, check=False).stdout)


@pytest.fixture(scope="module")
def proven(county, tmp_path_factory):
    """The bundle of a plan drawn with rounds 123 and 657413."""
    office = county.office()
    text = office.policy_file.read_text(encoding="utf-8")
    for before, after in (('public = "dice"', 'public = "drand"'), ("wait_minutes = 10", "wait_minutes = 1")):
        assert before in text
        text = text.replace(before, after)
    office.policy_file.write_text(text, encoding="utf-8")
    policy, clock = office.policy(), Clock()
    service.renew_plan(office.workspace, policy, office.snapshot(), clock())
    line = service.open_line(office.workspace, None, clock, Silent())
    for folder, number in ROUNDS.items():
        clock.now = QUICKNET.time_of(number) - timedelta(seconds=62)
        with pytest.raises(DrawError) as early:
            service.plan_year(line, service.unattended(policy))
        assert early.value.code == "line.reveal.early"
        clock.now = QUICKNET.time_of(number)
        with pytest.raises(BeaconError) as waiting:
            service.plan_year(line, service.unattended(policy))
        assert waiting.value.code == "beacon.public.waiting"
        assert str(number) in waiting.value.text("zh")
        assert awaited(line).folder == folder
        assert bring_public(line, served("quicknet", number)).verdict == "passed"
        assert bring_public(line, served("quicknet", number)).verdict == "passed"
        with pytest.raises(StoreError):
            keep_public(line, "0" * 64)
    service.plan_year(line, service.unattended(policy))
    return service.bundle(line, tmp_path_factory.mktemp("drand") / "bundle")


def test_the_standard_library_says_not_checked_and_the_extra_passes(proven):
    rows = checker_rows(proven)
    assert exit_code(rows) == 3
    open_rows = [(row["step"].split()[0], row["draw"]) for row in rows if row["verdict"] == "not checked"]
    assert open_rows == [("randomness", "1-firms"), ("randomness", "2-inspectors")]
    done = completed(rows, proven, None)
    assert exit_code(done) == 0
    assert [row["step"] for row in done] == [row["step"] for row in rows]


def test_without_the_library_the_bundle_stays_not_checked(proven, monkeypatch):
    monkeypatch.setattr(drand, "has_verifier", lambda: False)
    assert exit_code(completed(checker_rows(proven), proven, None)) == 3


def altered(proven, tmp_path, change):
    copy = tmp_path / "bundle"
    shutil.copytree(proven, copy)
    path = copy / "draws" / "1-firms" / "public.json"
    members = json.loads(path.read_bytes())
    change(members)
    path.write_bytes(canonical_json(members))
    return copy


CHANGES = {
    "another round": lambda members: members.update(round=124),
    "another chain": lambda members: members.update(chain=chains()["default"].hash),
    "another signature": lambda members: members.update(signature="ab" * 48),
    "another kind": lambda members: members.update(kind="nist"),
    "no signature": lambda members: members.pop("signature"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_altered_proof_fails_beyond_the_auditors_file(change, proven, tmp_path):
    bundle = altered(proven, tmp_path, CHANGES[change])
    rows = checker_rows(bundle)
    assert exit_code(rows) == 3
    assert exit_code(completed(rows, bundle, None)) == 1


def test_missing_proof_stays_not_checked(proven, tmp_path):
    bundle = altered(proven, tmp_path, lambda members: None)
    (bundle / "draws" / "1-firms" / "public.json").unlink()
    done = completed(checker_rows(bundle), bundle, None)
    assert exit_code(done) == 3
    assert [row["draw"] for row in done if row["verdict"] == "not checked"] == ["1-firms"]


def test_link_in_place_of_the_proof_is_not_followed(proven, tmp_path):
    bundle = altered(proven, tmp_path, lambda members: None)
    path = bundle / "draws" / "1-firms" / "public.json"
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    assert exit_code(completed(checker_rows(bundle), bundle, None)) == 3


def test_a_failed_row_never_becomes_better(proven):
    rows = checker_rows(proven)
    broken = [{**row, "verdict": "failed"} if row["step"].startswith("randomness") else row for row in rows]
    assert exit_code(completed(broken, proven, None)) == 1


def test_a_value_typed_in_gets_its_proof_afterwards(county, tmp_path):
    office = county.office()
    text = office.policy_file.read_text(encoding="utf-8")
    text = text.replace('public = "dice"', 'public = "drand"').replace("wait_minutes = 10", "wait_minutes = 1")
    office.policy_file.write_text(text, encoding="utf-8")
    policy, clock = office.policy(), Clock()
    clock.now = QUICKNET.time_of(123) - timedelta(seconds=62)
    service.renew_plan(office.workspace, policy, office.snapshot(), clock())
    line = service.open_line(office.workspace, None, clock, Silent())
    with pytest.raises(DrawError):
        service.plan_year(line, service.unattended(policy))
    clock.now = QUICKNET.time_of(123)
    keep_public(line, json.loads(served("quicknet", 123))["randomness"])
    with pytest.raises(DrawError):  # the second draw waits for its own round
        service.plan_year(line, service.unattended(policy))
    with pytest.raises(BeaconError) as none:
        bring_proof(line, served("quicknet", 657413))
    assert none.value.code == "beacon.proof.none"
    draw, found = bring_proof(line, served("quicknet", 123))
    assert (draw, found.verdict) == (f"{line.name}/1-firms", "passed")
    with pytest.raises(BeaconError):
        bring_proof(line, served("quicknet", 123))
