"""Rounds of drand: what a relay serves, and the BLS signature that makes a round nobody's choice.

The value that counts is ``randomness`` = SHA-256(signature); the signature proves it, offline, with the chain's key
alone. Checking needs the extra ``bls``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
from dataclasses import dataclass
from typing import Any

from inspection.errors import BeaconError
from inspection.rules.public_facts import Chain

G1_TAG = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
"""Domain separation of signatures on G1 (RFC 9380, quicknet)."""

G2_TAG = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_"
"""Domain separation of signatures on G2 (default chain)."""

_HEX = re.compile(r"(?:[0-9a-f]{2})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round as a relay serves it.

    Attributes:
        number: from 1.
        signature: 48 bytes on G1 (quicknet), 96 on G2 (default).
        previous: the signature of the round before, which a chained scheme signs too; empty otherwise.
    """

    number: int
    signature: bytes
    previous: bytes = b""

    @property
    def randomness(self) -> str:
        """The value that counts: 64 hex digits.

        >>> Round(number=1, signature=b"").randomness[:8]
        'e3b0c442'
        """
        return hashlib.sha256(self.signature).hexdigest()

    @classmethod
    def parse(cls, value: Any) -> Round:
        """The round in a relay's JSON object; ``randomness``, where it is given, must be that of the signature.

        Raises:
            BeaconError: which member is missing or malformed.
        """
        if not isinstance(value, dict):
            raise BeaconError("beacon.drand.form", member="{…}", got=str(value)[:80])
        number, signature, previous = value.get("round"), value.get("signature"), value.get("previous_signature") or ""
        if type(number) is not int or number < 1:
            raise BeaconError("beacon.drand.form", member="round", got=str(number)[:80])
        for member, text in (("signature", signature), ("previous_signature", previous)):
            if not isinstance(text, str) or not _HEX.fullmatch(text) or (member == "signature" and not text):
                raise BeaconError("beacon.drand.form", member=member, got=str(text)[:80])
        found = cls(number=number, signature=bytes.fromhex(str(signature)), previous=bytes.fromhex(str(previous)))
        if value.get("randomness") not in (None, found.randomness):
            raise BeaconError("beacon.drand.randomness", round=number, got=str(value["randomness"])[:80])
        return found


def read_round(data: bytes) -> Round:
    """The round in a file as ``/public/<round>`` of a relay gives it.

    Raises:
        BeaconError: it is no such file.
    """
    try:
        return Round.parse(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise BeaconError("beacon.drand.form", member="JSON", got=str(error)[:80]) from None


def has_verifier() -> bool:
    """Whether the library that checks BLS signatures is installed (extra ``bls``)."""
    return importlib.util.find_spec("py_arkworks_bls12381") is not None


def is_signed(chain: Chain, round: Round) -> bool:
    """Whether the chain's key signed the round (6 ms).

    1. message = SHA-256(previous signature ‖ number as 8 bytes), without the former where rounds are unchained.
    2. quicknet: e(signature, g2) = e(hash to G1, key); default: e(g1, signature) = e(key, hash to G2).

    Source: drand specification; RFC 9380 for hashing to the curve.

    Raises:
        BeaconError: the extra ``bls`` is not installed, or the chain's scheme is none of the two.
    """
    if not has_verifier():
        raise BeaconError("beacon.drand.no_library")
    check = {"bls-unchained-g1-rfc9380": _is_signed_on_g1, "pedersen-bls-chained": _is_signed_on_g2}.get(chain.scheme)
    if check is None:
        raise BeaconError("beacon.drand.scheme", chain=chain.name, scheme=chain.scheme)
    try:
        return check(bytes.fromhex(chain.public_key), round)
    except ValueError:  # the library's word for bytes that are no point of the curve's prime-order group
        return False


def _is_signed_on_g1(key: bytes, round: Round) -> bool:
    from py_arkworks_bls12381 import GT, G1Point, G2Point

    message = hashlib.sha256(round.number.to_bytes(8, "big")).digest()
    signature, hashed = G1Point.from_compressed_bytes(round.signature), G1Point.hash_to_curve(message, G1_TAG)
    if signature == G1Point.identity():
        return False
    return GT.pairing_check([signature, -hashed], [G2Point(), G2Point.from_compressed_bytes(key)])


def _is_signed_on_g2(key: bytes, round: Round) -> bool:
    from py_arkworks_bls12381 import GT, G1Point, G2Point

    message = hashlib.sha256(round.previous + round.number.to_bytes(8, "big")).digest()
    signature, hashed = G2Point.from_compressed_bytes(round.signature), G2Point.hash_to_curve(message, G2_TAG)
    if signature == G2Point.identity():
        return False
    return GT.pairing_check([-G1Point(), G1Point.from_compressed_bytes(key)], [signature, hashed])
