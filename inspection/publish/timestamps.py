"""Timestamps of a checkpoint by an outside authority (RFC 3161), over the network or by files carried there and back.

What is stamped is the text of the checkpoint, its three lines without signatures: anybody can cut them from the
published note and check the answer with other tools (``openssl ts -verify -data``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from inspection.errors import PublishError
from inspection.publish.der_sets import certificates_sorted
from inspection.publish.log_source import get

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

QUERY = "application/timestamp-query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """An answer that holds: when, by whom (the signing certificate's subject), and its serial number there."""

    time: datetime
    authority: str
    serial: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What the authority is asked (.tsq), and the nonce its answer must repeat."""

    data: bytes
    nonce: int | None


def stamp_query(text: str) -> Query:
    """The query for a checkpoint's text: SHA-256, a nonce, the authority's certificate wanted.

    Raises:
        PublishError: the extra is not installed.
    """
    try:
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
    except ModuleNotFoundError:
        raise PublishError("log.stamp.extra") from None
    request = TimestampRequestBuilder().data(text.encode()).hash_algorithm(HashAlgorithm.SHA256).build()
    return Query(data=request.as_bytes(), nonce=request.nonce)


def fetch_stamp(address: str, query: Query) -> bytes:
    """The authority's answer to the query; it is not checked yet.

    Raises:
        PublishError: the authority does not answer.
    """
    answer = get(address, query.data, QUERY)
    if answer is None:
        raise PublishError("log.source.unreachable", address=address, reason="HTTP 404")
    return answer


def read_certificates(paths: Sequence[Path]) -> list[Certificate]:
    """All certificates of PEM or DER files, the order of files and of certificates in them being of no account.

    Raises:
        PublishError: a file cannot be read or holds none.
    """
    from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificates

    found: list[Certificate] = []
    for path in paths:
        try:
            data = path.read_bytes()
            found += load_pem_x509_certificates(data) if b"-----BEGIN" in data else [load_der_x509_certificate(data)]
        except (OSError, ValueError) as error:
            raise PublishError("log.stamp.certificate", path=path, reason=error) from None
    return list(dict.fromkeys(found))


def check_stamp(answer: bytes, text: str, trusted: Sequence[Certificate], nonce: int | None = None) -> Stamp:
    """The answer is a timestamp over the checkpoint's text, by an authority that one of the certificates vouches for.

    Args:
        answer: the file the authority sent (.tsr).
        text: the checkpoint's three lines.
        trusted: the authority's root, and certificates between it and the signing one, in any order. A signing
            certificate alone is trusted only where it is its own root.
        nonce: of the query just sent. None for an answer carried here in a file: it is over this text or it is not,
            and an older answer over the same text proves all the more.

    Raises:
        PublishError: the extra is not installed; the answer is none, is a refusal, is over something else, or nobody
            trusted signed it.
    """
    try:
        from rfc3161_client import VerifierBuilder
        from rfc3161_client.errors import VerificationError
    except ModuleNotFoundError:
        raise PublishError("log.stamp.extra") from None
    response = _decoded(answer)
    roots = [certificate for certificate in trusted if certificate.issuer == certificate.subject]
    if not roots:
        raise PublishError("log.stamp.rootless")
    between = [certificate for certificate in trusted if certificate not in roots]
    verifier = VerifierBuilder(roots=roots, intermediates=between, nonce=nonce).build()
    try:
        verifier.verify_message(response, text.encode())
    except (VerificationError, ValueError) as error:
        code = "log.stamp.other" if "message" in str(error).lower() else "log.stamp.untrusted"
        raise PublishError(code, reason=error) from None
    info = response.tst_info
    return Stamp(time=info.gen_time, authority=_signer(response), serial=info.serial_number)


def _decoded(answer: bytes) -> TimeStampResponse:
    """The answer, granted."""
    from rfc3161_client import decode_timestamp_response

    try:
        response = decode_timestamp_response(certificates_sorted(answer))
        status = response.status
    except ValueError as error:
        raise PublishError("log.stamp.malformed", reason=error) from None
    if status != 0:
        raise PublishError("log.stamp.refused", status=status, reason=" ".join(response.status_string) or "–")
    return response


def _signer(response: TimeStampResponse) -> str:
    """The subject of the certificate that signed, or its issuer and number when the answer carries none."""
    from cryptography.x509 import load_der_x509_certificate

    (signer,) = response.signed_data.signer_infos
    for data in response.signed_data.certificates:
        certificate = load_der_x509_certificate(data)
        if (certificate.issuer, certificate.serial_number) == (signer.issuer, signer.serial_number):
            return certificate.subject.rfc4514_string()
    return f"{signer.issuer.rfc4514_string()} {signer.serial_number}"
