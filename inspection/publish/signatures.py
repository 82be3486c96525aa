"""HTTP Message Signatures (RFC 9421) with Ed25519 over method, authority, path, body digest and media type.

One signature, labelled ``sig1``; the body is bound by Content-Digest (RFC 9530). Old requests are refused by their age;
a replay within that age changes nothing, because each record bears its idempotency key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

COVERED = ("@method", "@authority", "@path", "content-digest", "content-type")
TAG = "open-draw-publication"
OLDEST = timedelta(minutes=5)
"""How far a request's time may be from the receiver's, either way."""

Sign = Callable[[bytes], bytes]
Check = Callable[[bytes, bytes, bytes], bool]
"""(public key, data, signature) → whether it holds."""

_INPUT = re.compile(
    r'sig1=(\((?P<covered>"[^"]+"(?: "[^"]+")*)\);created=(?P<created>\d{1,12})'
    r';keyid="(?P<keyid>[\x21\x23-\x5b\x5d-\x7e]+)";alg="ed25519";tag="' + TAG + '")'
)
_SIGNATURE = re.compile(r"sig1=:([A-Za-z0-9+/]+=*):")


def content_digest(body: bytes) -> str:
    """The Content-Digest of a body.

    >>> content_digest(b'{"hello": "world"}')
    'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'
    """
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def signature_base(values: Mapping[str, str], parameters: str) -> bytes:
    """What is signed: one line per covered component in order, then the parameters (RFC 9421, 2.5)."""
    lines = [f'"{name}": {value}' for name, value in values.items()]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode("ascii")


def signed_headers(url: str, body: bytes, *, media_type: str, key_id: str, sign: Sign, now: datetime) -> dict[str, str]:
    """The headers that a POST of the body to the address carries."""
    parts = urlsplit(url)
    digest = content_digest(body)
    values = _values("POST", _authority(parts.scheme, parts.netloc), parts.path or "/", digest, media_type)
    covered = " ".join(f'"{name}"' for name in COVERED)
    parameters = f'({covered});created={int(now.timestamp())};keyid="{key_id}";alg="ed25519";tag="{TAG}"'
    signature = base64.b64encode(sign(signature_base(values, parameters))).decode()
    return {
        "content-type": media_type,
        "content-digest": digest,
        "signature-input": f"sig1={parameters}",
        "signature": f"sig1=:{signature}:",
    }


def _values(*values: str) -> dict[str, str]:
    return dict(zip(COVERED, values, strict=True))


def _authority(scheme: str, netloc: str) -> str:
    """Host and port in lower case, without the scheme's own port (RFC 9421, 2.2.3)."""
    host = netloc.rpartition("@")[2].lower()
    usual = {"http": ":80", "https": ":443"}.get(scheme, "")
    return host.removesuffix(usual) if usual else host


def fault_of(
    headers: Mapping[str, str], path: str, body: bytes, *, keys: Mapping[str, bytes], check: Check, now: datetime
) -> str | None:
    """Why a POST is not believed; None when a known key signed exactly this, lately.

    Args:
        headers: by lower-case name.
        keys: key id → public key.
    """
    stated = _INPUT.fullmatch(headers.get("signature-input", ""))
    signature = _SIGNATURE.fullmatch(headers.get("signature", ""))
    if stated is None or signature is None:
        return "no signature, or not one of Ed25519 with the tag " + TAG
    if tuple(stated["covered"].replace('"', "").split(" ")) != COVERED:
        return f"the signature covers {stated['covered']}"
    if headers.get("content-digest") != content_digest(body):
        return "Content-Digest is not that of the body"
    age = abs(now.timestamp() - int(stated["created"]))
    if age > OLDEST.total_seconds():
        return f"signed {age:.0f} seconds away from the receiver's time"
    key = keys.get(stated["keyid"])
    if key is None:
        return f"unknown key {stated['keyid']}"
    authority = _authority("http", headers.get("host", ""))
    values = _values("POST", authority, path, headers["content-digest"], headers.get("content-type", ""))
    try:
        data = signature_base(values, stated[1])
        holds = check(key, data, base64.b64decode(signature[1], validate=True))
    except (UnicodeEncodeError, binascii.Error):
        holds = False
    return None if holds else "the signature does not hold"
