"""Keys of a workspace: the log's Ed25519 key and the salt, each a file only its owner can read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from inspection.errors import StoreError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Signer:
    """Signs bytes with an Ed25519 key (RFC 8032)."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def generate(cls, path: Path) -> Self:
        """A signer with a fresh key of the system generator, kept in a new file (PEM, PKCS 8, mode 0600)."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_secret(path, pem)
        return cls(key)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The signer of a key file.

        Raises:
            StoreError: the file is missing, unreadable, or holds no Ed25519 key. A new key is never made in its place.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(read_secret(path), password=None)
        except (ValueError, TypeError):
            raise StoreError("store.key.malformed", path=path) from None
        if not isinstance(key, Ed25519PrivateKey):
            raise StoreError("store.key.malformed", path=path)
        return cls(key)

    @property
    def public_key(self) -> bytes:
        """The 32 bytes of the public key."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of the signature over data."""
        return self._key.sign(data)


def verify(public_key: bytes, data: bytes, signature: bytes) -> bool:
    """Whether the Ed25519 signature over data holds; a draw.note.Check."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def write_secret(path: Path, data: bytes) -> None:
    """A new file holds the bytes, durable, for its owner's eyes only; an existing file is never replaced."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def read_secret(path: Path) -> bytes:
    """The bytes of a secret file.

    Raises:
        StoreError: it is missing or unreadable.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError("store.key.missing", path=path, reason=error.strerror) from None
