"""HTTP Message Signatures: the RFC's own vector, and what a receiver does not believe."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from inspection.publish.signatures import fault_of, signature_base, signed_headers
from inspection.store.keys import verify

KEY = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU="))
NOW = datetime(2026, 4, 30, 1, tzinfo=UTC)
URL = "https://Network.example:443/records"


def test_rfc_9421_vector_of_ed25519_is_reproduced() -> None:
    # RFC 9421, B.2.6
    values = {
        "date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "@method": "POST",
        "@path": "/foo",
        "@authority": "example.com",
        "content-type": "application/json",
        "content-length": "18",
    }
    covered = " ".join(f'"{name}"' for name in values)
    base = signature_base(values, f'({covered});created=1618884473;keyid="test-key-ed25519"')
    expected = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    assert base64.b64encode(KEY.sign(base)).decode() == expected


def headers() -> dict[str, str]:
    signed = signed_headers(
        URL, b"body", media_type="application/json", key_id="bureau/publish", sign=KEY.sign, now=NOW
    )
    return signed | {"host": "network.example"}


def fault(given: dict[str, str], path: str = "/records", body: bytes = b"body", **more: Any) -> str | None:
    asked = {"keys": {"bureau/publish": KEY.public_key().public_bytes_raw()}, "check": verify, "now": NOW} | more
    return fault_of(given, path, body, **asked)


def test_signed_request_is_believed_within_five_minutes() -> None:
    assert fault(headers()) is None
    assert fault(headers(), now=NOW + timedelta(minutes=5)) is None
    for age in (timedelta(minutes=5, seconds=1), -timedelta(minutes=5, seconds=1)):
        assert "seconds away" in (fault(headers(), now=NOW + age) or "")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"host": "other.example"}, "does not hold"),
        ({"content-type": "text/plain"}, "does not hold"),
        ({"content-digest": "sha-256=:AAAA:"}, "not that of the body"),
        ({"signature": "sig1=:" + base64.b64encode(bytes(64)).decode() + ":"}, "does not hold"),
        ({"signature": "sig1=:!:"}, "no signature"),
        ({"signature-input": ""}, "no signature"),
        ({"content-type": "application/json\u4e00"}, "does not hold"),
    ],
)
def test_request_changed_on_the_way_is_not_believed(changed: dict[str, str], told: str) -> None:
    assert told in (fault(headers() | changed) or "")


def test_request_elsewhere_of_another_body_or_stranger_is_not_believed() -> None:
    assert fault(headers(), path="/other") == "the signature does not hold"
    assert fault(headers(), body=b"b0dy") == "Content-Digest is not that of the body"
    assert fault(headers(), keys={}) == "unknown key bureau/publish"


def test_signature_that_covers_less_is_not_believed() -> None:
    given = headers()
    given["signature-input"] = given["signature-input"].replace(' "content-digest"', "")
    assert (fault(given) or "").startswith("the signature covers")
