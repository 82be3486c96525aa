"""Pulses of the NIST randomness beacon, version 2: 512 bits each minute, signed with RSA (NISTIR 8213, draft).

The value that counts is ``outputValue`` as announced, 128 upper-case hex digits. Whose certificate it is, a pulse only
says by digest; a checker brings the certificate.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from inspection.errors import BeaconError

PERIOD = timedelta(minutes=1)
_DIGEST = r"[0-9A-Fa-f]{128}"
_FORMS: Mapping[str, str] = {
    "uri": r"https://[!-~]{1,200}",
    "version": r"[ -~]{1,40}",
    "certificateId": _DIGEST,
    "timeStamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "localRandomValue": _DIGEST,
    "precommitmentValue": _DIGEST,
    "signatureValue": r"(?:[0-9A-Fa-f]{2}){64,1024}",
    "outputValue": _DIGEST,
}
_NUMBERS = {"cipherSuite": 4, "period": 4, "chainIndex": 8, "pulseIndex": 8, "statusCode": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """One pulse; ``members`` are those of NIST's JSON, each of its form."""

    members: Mapping[str, Any]

    def __post_init__(self) -> None:
        for name, form in _FORMS.items():
            value = self.members.get(name)
            if not isinstance(value, str) or not re.fullmatch(form, value, re.ASCII):
                raise BeaconError("beacon.nist.form", member=name, got=str(value)[:80])
        external = self.members.get("external")
        numbers = {name: self.members.get(name) for name in _NUMBERS}
        numbers["external.statusCode"] = external.get("statusCode") if isinstance(external, dict) else None
        for name, number in numbers.items():
            if type(number) is not int or not 0 <= number < 1 << 31:
                raise BeaconError("beacon.nist.form", member=name, got=str(number)[:80])
        for name, value in self._digests():
            if not isinstance(value, str) or not re.fullmatch(_DIGEST, value, re.ASCII):
                raise BeaconError("beacon.nist.form", member=name, got=str(value)[:80])

    def _digests(self) -> list[tuple[str, Any]]:
        external, listed = self.members["external"], self.members.get("listValues")
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise BeaconError("beacon.nist.form", member="listValues", got=str(listed)[:80])
        found = [(f"listValues[{n}].value", each.get("value")) for n, each in enumerate(listed)]
        return [*found, *((f"external.{name}", external.get(name)) for name in ("sourceId", "value"))]

    @property
    def value(self) -> str:
        """The value that counts, as announced."""
        return str(self.members["outputValue"])

    @property
    def time(self) -> str:
        """``timeStamp``: the minute whose pulse it is."""
        return str(self.members["timeStamp"])

    @property
    def certificate_id(self) -> str:
        """SHA-512 of the certificate, lower case."""
        return str(self.members["certificateId"]).lower()

    @property
    def message(self) -> bytes:
        """The bytes that are signed: texts and digests behind their length of 4 bytes, numbers of 4 or 8 bytes."""
        of, external = self.members, self.members["external"]
        parts = [_text(of["uri"]), _text(of["version"]), _number(of, "cipherSuite"), _number(of, "period")]
        parts += [_hex(of["certificateId"]), _number(of, "chainIndex"), _number(of, "pulseIndex")]
        parts += [_text(of["timeStamp"]), _hex(of["localRandomValue"]), _hex(external["sourceId"])]
        parts += [_number(external, "statusCode"), _hex(external["value"])]
        parts += [_hex(each["value"]) for each in of["listValues"]]
        return b"".join([*parts, _hex(of["precommitmentValue"]), _number(of, "statusCode")])

    @property
    def signature(self) -> bytes:
        """The RSA signature over ``message``."""
        return bytes.fromhex(self.members["signatureValue"])


def read_pulse(data: bytes) -> Pulse:
    """The pulse in a file as the beacon serves it, within ``{"pulse": …}`` or bare.

    Raises:
        BeaconError: which member is missing or malformed.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BeaconError("beacon.nist.form", member="JSON", got=str(error)[:80]) from None
    inner = value.get("pulse", value) if isinstance(value, dict) else None
    if not isinstance(inner, dict):
        raise BeaconError("beacon.nist.form", member="pulse", got=str(value)[:80])
    return Pulse(members=inner)


def pulse_time(moment: datetime) -> datetime:
    """The time of the first pulse not before the moment: a whole minute.

    >>> pulse_time(datetime(2027, 1, 5, 9, 30, 1, tzinfo=UTC)).isoformat()
    '2027-01-05T09:31:00+00:00'
    """
    epoch = datetime.fromtimestamp(0, UTC)
    return epoch - (epoch - moment.astimezone(UTC)) // PERIOD * PERIOD


def is_chained(pulse: Pulse) -> bool:
    """Whether ``outputValue`` is the SHA-512 of the message and the signature."""
    return hashlib.sha512(pulse.message + pulse.signature).hexdigest().upper() == pulse.value.upper()


def is_signed(pulse: Pulse, certificate: bytes) -> bool:
    """Whether the certificate is the one the pulse names, was valid then, and its key signed the pulse.

    Args:
        pulse: cipher suite 0: RSA with PKCS #1 v1.5 padding and SHA-512.
        certificate: PEM, the beacon's own first.

    Raises:
        BeaconError: the certificate cannot be read, or is another one than the pulse names.
    """
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    try:
        read = x509.load_pem_x509_certificate(certificate)
    except ValueError:
        raise BeaconError("beacon.nist.certificate") from None
    forms = (read.public_bytes(serialization.Encoding.DER), certificate)  # chain 1 digests the former, some the latter
    if pulse.certificate_id not in {hashlib.sha512(form).hexdigest() for form in forms}:
        raise BeaconError("beacon.nist.other_certificate", id=pulse.certificate_id)
    key, time = read.public_key(), datetime.fromisoformat(pulse.time)
    if not isinstance(key, rsa.RSAPublicKey) or pulse.members["cipherSuite"] != 0:
        return False
    if not read.not_valid_before_utc <= time <= read.not_valid_after_utc:
        return False
    try:
        key.verify(pulse.signature, pulse.message, padding.PKCS1v15(), hashes.SHA512())
    except InvalidSignature:
        return False
    return True


def _text(text: str) -> bytes:
    return len(text.encode()).to_bytes(4, "big") + text.encode()


def _hex(text: str) -> bytes:
    return (len(text) // 2).to_bytes(4, "big") + bytes.fromhex(text)


def _number(members: Mapping[str, Any], name: str) -> bytes:
    return int(members[name]).to_bytes(_NUMBERS[name], "big")
