"""What is opened after the commitment, its checks, and the seed of both (PROTOCOL 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from inspection.draw.canonical import Digest, Json, canonical_json, digest_hex, parse_canonical
from inspection.draw.commitment import PROTOCOL, Commitment, read_object
from inspection.draw.refusal import DrawRefusal

LEAST_SECRET = 16
"""Characters of a secret: shorter ones could be guessed from their commitment before the reveal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal:
    """What is opened after the commitment: a secret per party, the public value, the seal's secret."""

    parties: Mapping[str, str] = field(default_factory=dict, repr=False)
    public: str | None = None
    seal: str | None = field(default=None, repr=False)

    @property
    def canonical(self) -> bytes:
        """The bytes of reveal.json."""
        return canonical_json({"parties": self.parties, "public": self.public, "seal": self.seal})

    @classmethod
    def parse(cls, data: bytes) -> Reveal:
        """The reveal whose canonical bytes these are; DrawRefusal when they are none."""
        members = {"parties": (dict,), "public": (str, type(None)), "seal": (str, type(None))}
        value = read_object(parse_canonical(data), "reveal", members)
        parties = cast("dict[str, Json]", value["parties"])
        read_object(parties, "reveal.parties", dict.fromkeys(parties, (str,)))
        return cls(
            parties=cast("dict[str, str]", parties),
            public=cast("str | None", value["public"]),
            seal=cast("str | None", value["seal"]),
        )


def party_commitment(algorithm: Digest, draw: str, name: str, secret: str) -> str:
    """What a party hands over before the draw: 64 hex digits that bind it to its secret without telling it.

    Raises:
        DrawRefusal: the secret has a line break or fewer than 16 characters.

    >>> party_commitment("sha256", "370828-2027/1-firms", "notary", "correct horse battery staple")[:16]
    '2fb68efb7108bb5c'
    """
    _require_secret(name, secret)
    return _party_digest(algorithm, draw, name, secret)


def seal_commitment(algorithm: Digest, draw: str, secret: str) -> str:
    """The bureau's commitment to the secret that keeps the list closed; same refusals as ``party_commitment``."""
    _require_secret("seal", secret)
    return _seal_digest(algorithm, draw, secret)


def _require_secret(name: str, secret: str) -> None:
    if len(secret) < LEAST_SECRET:
        raise DrawRefusal("draw.secret.short", party=name, got=len(secret), needed=LEAST_SECRET)
    if "\n" in secret or "\r" in secret:
        raise DrawRefusal("draw.secret.line_break", party=name)


def _party_digest(algorithm: Digest, draw: str, name: str, secret: str) -> str:
    return digest_hex(algorithm, _utf8(f"{PROTOCOL}/party\n{draw}\n{name}\n{secret}\n"))


def _seal_digest(algorithm: Digest, draw: str, secret: str) -> str:
    return digest_hex(algorithm, _utf8(f"{PROTOCOL}/seal\n{draw}\n{secret}\n"))


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise DrawRefusal("draw.canonical.unicode", position=error.start) from None


def check_reveal(commitment: Commitment, reveal: Reveal) -> None:
    """Every secret opens its commitment, and the public value has its source's form.

    Raises:
        DrawRefusal: naming all parties whose secret is missing, or uncalled for, or not the one committed to; or the
            public value or seal is missing, uncalled for or malformed.
    """
    expected = {party.name: party.commitment for party in commitment.parties}
    if missing := [name for name in expected if name not in reveal.parties]:
        raise DrawRefusal("draw.reveal.missing", draw=commitment.draw, parties=", ".join(missing))
    if unknown := sorted(reveal.parties.keys() - expected.keys()):
        raise DrawRefusal("draw.reveal.unknown", draw=commitment.draw, parties=", ".join(unknown))
    wrong = [
        name
        for name, committed in expected.items()
        if _party_digest(commitment.digest, commitment.draw, name, reveal.parties[name]) != committed
    ]
    if wrong:
        raise DrawRefusal("draw.reveal.secret", draw=commitment.draw, parties=", ".join(wrong))
    if (commitment.public is None) != (reveal.public is None):
        code = "draw.reveal.public_missing" if reveal.public is None else "draw.reveal.public_unknown"
        raise DrawRefusal(code, draw=commitment.draw)
    if commitment.public is not None and reveal.public is not None:
        commitment.public.check_value(reveal.public)
    _check_seal(commitment, reveal)


def _check_seal(commitment: Commitment, reveal: Reveal) -> None:
    if (commitment.seal is None) != (reveal.seal is None):
        code = "draw.reveal.seal_missing" if reveal.seal is None else "draw.reveal.seal_unknown"
        raise DrawRefusal(code, draw=commitment.draw)
    if reveal.seal is not None and _seal_digest(commitment.digest, commitment.draw, reveal.seal) != commitment.seal:
        raise DrawRefusal("draw.reveal.seal", draw=commitment.draw)


def seed(commitment: Commitment, reveal: Reveal) -> str:
    """The seed of the draw, 64 hex digits (PROTOCOL 4), once ``check_reveal`` holds.

    Raises:
        DrawRefusal: see ``check_reveal``.
    """
    check_reveal(commitment, reveal)
    lines = [f"{PROTOCOL}/seed", commitment.hex]
    lines += [f"{party.name}:{reveal.parties[party.name]}" for party in commitment.parties]
    lines += [f"public:{reveal.public or ''}", f"seal:{reveal.seal or ''}"]
    return digest_hex(commitment.digest, _utf8("".join(line + "\n" for line in lines)))
