"""Keys of a workspace: the log's Ed25519 key and the salt, each a file only its owner can read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Signer:
    """Signs bytes with an Ed25519 key (RFC 8032)."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def load(cls, path: Path) -> Self:
        """The signer of a key file (PEM, PKCS 8, not encrypted)."""
        raise NotImplementedError

    @property
    def public_key(self) -> bytes:
        """The 32 bytes of the public key."""
        raise NotImplementedError

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of the signature over data."""
        raise NotImplementedError
