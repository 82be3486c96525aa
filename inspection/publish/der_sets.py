"""Puts the certificates of a timestamp in the order DER asks for, which many authorities do not keep.

RFC 3161 answers are CMS messages whose certificates are a SET OF. DER sorts such a set by its bytes; OpenSSL and the
services built on it list signer, issuer, root. The client library reads DER strictly. The set is not signed, so sorting
it changes nothing that counts; the answer is kept as it came.
"""

from __future__ import annotations

from collections.abc import Iterator

CERTIFICATES = 0xA0
"""Tag of ``[0] IMPLICIT SET OF``."""


def certificates_sorted(answer: bytes) -> bytes:
    """The same answer with its certificates in DER order; unchanged where it is not built like one.

    Steps down TimeStampResp → timeStampToken → content → SignedData, to the set after version, digest algorithms and
    content: ``certificates [0]`` (RFC 5652 5.1). Sorting keeps every length.
    """
    try:
        return _sorted(answer)
    except (IndexError, ValueError):
        return answer


def _sorted(answer: bytes) -> bytes:
    response = _part(answer, (0, 0, 0, len(answer)), 0)
    token = _part(answer, response, 1)
    signed = _part(answer, _part(answer, token, 1), 0)
    for tag, _, start, end in _elements(answer, signed[2], signed[3]):
        if tag == CERTIFICATES:
            certificates = [answer[at:until] for _, at, _, until in _elements(answer, start, end)]
            return answer[:start] + b"".join(sorted(certificates)) + answer[end:]
    return answer


Element = tuple[int, int, int, int]
"""Tag, where the element begins, where its content begins, where it ends."""


def _part(data: bytes, element: Element, number: int) -> Element:
    return list(_elements(data, element[2], element[3]))[number]


def _elements(data: bytes, at: int, end: int) -> Iterator[Element]:
    """The elements side by side between two offsets; ValueError where lengths do not fit or are indefinite."""
    while at < end:
        tag, length, start = data[at], data[at + 1], at + 2
        if length == 0x80 or tag & 0x1F == 0x1F:
            raise ValueError(at)
        if length > 0x80:
            octets = length & 0x7F
            length, start = int.from_bytes(data[start : start + octets], "big"), start + octets
        if start + length > end:
            raise ValueError(at)
        yield tag, at, start, start + length
        at = start + length
