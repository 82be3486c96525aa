"""What proves a public value: the file ``public.json`` beside the draw (docs/decisions/0010).

It holds what ``reveal.json`` has no room for: the signature of a drand round, a whole NIST pulse. A checker that knows
neither ignores it; one that does recomputes the value and checks who signed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

from inspection.beacon import drand, nist
from inspection.draw.canonical import canonical_json, parse_canonical
from inspection.draw.public_source import PublicSource
from inspection.errors import BeaconError
from inspection.rules.public_facts import Chain, chain_of, lotteries

FILE = "public.json"
Verdict = Literal["passed", "failed", "not checked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A public value and the canonical bytes of ``public.json`` that prove it."""

    value: str
    file: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of a check, in the words of a checker's row."""

    verdict: Verdict
    detail: str


def read_evidence(source: PublicSource, data: bytes) -> Evidence:
    """The evidence in what a relay served or somebody brought, once it is of the value committed to.

    Args:
        source: drand or nist; other kinds have no evidence beside the value itself.
        data: JSON of ``/public/<round>``, of a pulse, or an earlier ``public.json``.

    Raises:
        BeaconError: it is of another round or time, malformed, or its signature is wrong.
    """
    if source.kind == "drand":
        round = drand.read_round(data)
        evidence = _round_evidence(source, round)
    elif source.kind == "nist":
        pulse = nist.read_pulse(data)
        evidence = Evidence(value=pulse.value, file=canonical_json({"kind": "nist", "pulse": dict(pulse.members)}))
    else:
        raise BeaconError("beacon.evidence.none", kind=source.kind)
    found = check_evidence(source, evidence.value, evidence.file)
    if found.verdict == "failed":
        raise BeaconError("beacon.evidence.wrong", reason=found.detail)
    return evidence


def _round_evidence(source: PublicSource, round: drand.Round) -> Evidence:
    value = {
        "kind": "drand",
        "chain": source.fields["chain"],
        "round": round.number,
        "signature": round.signature.hex(),
        "previous_signature": round.previous.hex(),
    }
    return Evidence(value=round.randomness, file=canonical_json(value))


def check_value(source: PublicSource, value: str) -> None:
    """A value typed in has its source's form, that of the named lottery included.

    Raises:
        BeaconError: how the numbers of the lottery are written.
        DrawRefusal: see ``PublicSource.check_value``.
    """
    source.check_value(value)
    lottery = lotteries().get(str(source.fields.get("source"))) if source.kind == "lottery" else None
    if lottery is not None:
        lottery.check_value(str(source.fields["issue"]), value)


def check_evidence(source: PublicSource, value: str, file: bytes | None, certificate: bytes | None = None) -> Checked:
    """Whether the value is the one that its source made, not before ``not_before``.

    Args:
        source: as committed to.
        value: as revealed.
        file: ``public.json``, or None when there is none.
        certificate: PEM of the NIST beacon, brought by whoever checks.
    """
    try:
        members = None if file is None else parse_canonical(file)
        if not isinstance(members, dict | None):
            return Checked(verdict="failed", detail=f"{FILE} is no object")
        if source.kind == "drand":
            return _check_drand(source, value, members)
        if source.kind == "nist":
            return _check_nist(source, value, members, certificate)
    except BeaconError as error:
        return Checked(verdict="failed", detail=error.text("en"))
    except ValueError as error:
        return Checked(verdict="failed", detail=f"{FILE}: {error}")
    return Checked(verdict="not checked", detail=f"{source.kind}: the value is to be compared at the source")


def _check_drand(source: PublicSource, value: str, members: Mapping[str, Any] | None) -> Checked:
    chain = chain_of(str(source.fields["chain"]))
    number = cast(int, source.fields["round"])
    if chain is None:
        return Checked(verdict="not checked", detail=f"chain {source.fields['chain']} is not known here")
    if (early := chain.time_of(number)) < source.opens_at:
        # Otherwise a bureau could commit to a round that was public already, and choose among rounds.
        return _failed(f"round {number} was made at {early.isoformat()}, before not_before {source.not_before}")
    if members is None:
        return Checked(verdict="not checked", detail=f"{FILE} with the signature of round {number} is missing")
    round = drand.Round.parse({**members, "randomness": value})
    if (members.get("kind"), members.get("chain"), round.number) != ("drand", chain.hash, number):
        return _failed(f"{FILE} is not of round {number} of {chain.name}")
    if not drand.has_verifier():
        return Checked(verdict="not checked", detail="signature not checked: no BLS library (extra bls)")
    if not drand.is_signed(chain, round):
        return _failed(f"round {number} is not signed by the key of {chain.name}")
    return Checked(verdict="passed", detail=_told(chain, number))


def _told(chain: Chain, number: int) -> str:
    return (
        f"round {number} of {chain.name}, made at {chain.time_of(number).isoformat()}, is signed by the chain's key, "
        f"and the value is its randomness"
    )


def _check_nist(
    source: PublicSource, value: str, members: Mapping[str, Any] | None, certificate: bytes | None
) -> Checked:
    time = str(source.fields["time"])
    if datetime.fromisoformat(time).astimezone(UTC) < source.opens_at:
        return _failed(f"the pulse of {time} was made before not_before {source.not_before}")
    if members is None:
        return Checked(verdict="not checked", detail=f"{FILE} with the pulse of {time} is missing")
    pulse = nist.Pulse(members=members["pulse"] if isinstance(members.get("pulse"), dict) else {})
    if (members.get("kind"), pulse.time, pulse.value) != ("nist", time, value):
        return _failed(f"{FILE} is not of the pulse of {time} with the value revealed")
    if not nist.is_chained(pulse):
        return _failed("outputValue is not the digest of the pulse")
    if certificate is None:
        return Checked(
            verdict="not checked", detail=f"signature not checked: certificate {pulse.certificate_id[:16]}… not at hand"
        )
    if not nist.is_signed(pulse, certificate):
        return _failed(f"the pulse of {time} is not signed by the certificate")
    return Checked(verdict="passed", detail=f"the pulse of {time} is signed by {pulse.certificate_id[:16]}…")


def _failed(detail: str) -> Checked:
    return Checked(verdict="failed", detail=detail)
