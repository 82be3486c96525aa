"""Known rounds of drand and the known pulse of NIST, as they were published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from inspection.beacon.drand import Round
from inspection.rules.public_facts import Chain

EXTERNAL = Path(__file__).parents[1] / "vectors" / "external"
ROUNDS: list[dict[str, Any]] = json.loads((EXTERNAL / "drand_rounds.json").read_text(encoding="utf-8"))["vectors"]
PULSE = (EXTERNAL / "nist_beacon2_chain1_pulse54610.json").read_bytes()
CERTIFICATE = (EXTERNAL / "nist_beacon2_cert_5501e3d7.pem").read_bytes()
NONE_KNOWN = {"bls-unchained-on-g1", "pedersen-bls-unchained"}
"""Schemes of chains that ended; nobody can commit to a round of theirs."""


def chain_of(vector: dict[str, Any]) -> Chain:
    """A chain with the vector's key; periods of test networks do not matter to a signature."""
    return Chain(
        name=vector["chain"] or "test network",
        hash="0" * 64,
        scheme=vector["scheme"],
        period=3,
        genesis=0,
        public_key=vector["public_key"],
    )


def round_of(vector: dict[str, Any]) -> Round:
    return Round.parse({name: vector[name] for name in ("round", "signature", "previous_signature", "randomness")})


def served(chain: str, number: int) -> bytes:
    """The JSON of a round as a relay serves it."""
    vector = next(each for each in ROUNDS if each["chain"] == chain and each["round"] == number)
    members = {name: vector[name] for name in ("round", "randomness", "signature", "previous_signature")}
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()
