"""Fetching a public value online: optional, a convenience; what is fetched is checked like a file brought by hand."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Sequence

from inspection.errors import BeaconError
from inspection.rules.public_facts import Chain

DRAND_RELAYS: Sequence[str] = ("https://api.drand.sh", "https://api2.drand.sh", "https://drand.cloudflare.com")
NIST_BEACON = "https://beacon.nist.gov"
MOST = 1 << 16
"""Bytes of an answer worth reading."""


def fetch_round(chain: Chain, round: int, *, relays: Sequence[str] = DRAND_RELAYS, seconds: float = 10) -> bytes:
    """The JSON of a round from the first relay that has it.

    Raises:
        BeaconError: none answers; the reason of the last one.
    """
    return _first([f"{relay}/{chain.hash}/public/{round}" for relay in relays], f"drand {chain.name} {round}", seconds)


def fetch_pulse(milliseconds: int, *, beacon: str = NIST_BEACON, seconds: float = 10) -> bytes:
    """The JSON of the NIST pulse of a time (Unix time in milliseconds); BeaconError as ``fetch_round``."""
    return _first([f"{beacon}/beacon/2.0/pulse/time/{milliseconds}"], f"NIST {milliseconds}", seconds)


def _first(addresses: Sequence[str], what: str, seconds: float) -> bytes:
    reason: object = "-"
    for address in addresses:
        try:
            with urllib.request.urlopen(address, timeout=seconds) as answer:  # addresses are constants of this file
                data: bytes = answer.read(MOST)
                return data
        except (urllib.error.URLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
    raise BeaconError("beacon.fetch.failed", what=what, reason=reason)
