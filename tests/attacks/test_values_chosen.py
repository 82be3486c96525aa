"""A bureau that chooses among public values: rounds already out, another round, a made-up one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from attack_scene import FIRMS, forged
from bundle_maker import Spec
from known_rounds import served
from log_bureau import run

from inspection.beacon.bundle_check import check_public_values
from inspection.beacon.drand import has_verifier, read_round
from inspection.draw.canonical import canonical_json
from inspection.rules.public_facts import chain_of

QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"


def drawn_with(folder: Path, value: str, not_before: str, proof: dict[str, Any]) -> Path:
    """A bundle whose firm draw is committed to round 123 and drawn with the value."""

    def change(plan: Spec) -> None:
        plan.public = {"kind": "drand", "chain": QUICKNET, "round": 123, "not_before": not_before}
        plan.value = value

    bundle = forged(folder, change)
    (bundle / FIRMS / "public.json").write_bytes(canonical_json(proof))
    return bundle


def proof_of(**changes: Any) -> dict[str, Any]:
    found = read_round(served("quicknet", 123))
    own = {"round": 123, "signature": found.signature.hex(), "previous_signature": ""}
    return {"kind": "drand", "chain": QUICKNET, **own, **changes}


RANDOMNESS = read_round(served("quicknet", 123)).randomness
MADE_AT = chain_of(QUICKNET).time_of(123).isoformat()  # type: ignore[union-attr]


def test_round_known_before_the_commitment_is_refused(tmp_path: Path) -> None:
    """Bureau; commits to a round that is out already, the best of thousands. Caught: randomness, exit 1."""
    bundle = drawn_with(tmp_path, RANDOMNESS, "2027-01-05T09:30:00+08:00", proof_of())
    found = check_public_values(bundle)["1-firms"]
    assert found.verdict == "failed" and "before not_before" in found.detail
    assert "before not_before" in run("verify", bundle, code=1).output


def test_value_of_another_round_is_refused(tmp_path: Path) -> None:
    """Bureau; commits to one round and draws with a value it likes better. Caught: randomness."""
    found = check_public_values(drawn_with(tmp_path, "ab" * 32, MADE_AT, proof_of()))["1-firms"]
    assert found.verdict == "failed"


def test_proof_of_another_round_is_refused(tmp_path: Path) -> None:
    """Bureau; brings the signature of a round it was not committed to. Caught: randomness."""
    found = check_public_values(drawn_with(tmp_path, RANDOMNESS, MADE_AT, proof_of(round=124)))["1-firms"]
    assert found.verdict == "failed" and "not of round 123" in found.detail


@pytest.mark.skipif(not has_verifier(), reason="no BLS library here")
def test_signature_made_up_for_a_value_is_refused(tmp_path: Path) -> None:
    """Bureau; a signature whose digest is the value it wants. Caught: randomness, by the chain's key."""
    signature = bytes([0x80]) + bytes(47)
    value = hashlib.sha256(signature).hexdigest()
    found = check_public_values(drawn_with(tmp_path, value, MADE_AT, proof_of(signature=signature.hex())))["1-firms"]
    assert found.verdict == "failed" and "not signed" in found.detail


def test_without_a_library_the_value_is_never_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bureau; counts on a checker that cannot check. verify: exit 3, not checked."""
    monkeypatch.setattr("inspection.beacon.drand.has_verifier", lambda: False)
    found = check_public_values(drawn_with(tmp_path, RANDOMNESS, MADE_AT, proof_of()))["1-firms"]
    assert found.verdict == "not checked"
