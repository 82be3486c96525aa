"""SM2 in software (GB/T 32918, extra ``gm``): for tests and trials, and where no certified module is asked for.

A software key is no certified cryptographic product (商用密码产品认证) and proves no compliance; certified hardware
takes its place by a plug-in (``signers.py``).
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from inspection.draw.foreign_key import SM2
from inspection.errors import StoreError
from inspection.store.keys import read_secret, write_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

POINT = 65
"""Bytes of a public key: 04 ‖ x ‖ y."""


def has_sm2() -> bool:
    """Whether the library is installed (extra ``gm``)."""
    return importlib.util.find_spec("tongsuopy") is not None


class SoftwareSm2:
    """An SM2 key in a file only its owner can read; signs with SM3 and identity 1234567812345678."""

    algorithm = SM2
    is_certified = False

    def __init__(self, key: Any) -> None:
        self._key = key

    @classmethod
    def generate(cls, path: Path) -> Self:
        """A signer with a fresh key, kept in a new file (PEM, PKCS 8, mode 0600).

        Raises:
            StoreError: the extra ``gm`` is not installed.
        """
        ec, serialization, _ = _library()
        key = ec.generate_private_key(ec.SM2())
        form = serialization.PrivateFormat.PKCS8
        write_secret(path, key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
        return cls(key)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The signer of a key file.

        Raises:
            StoreError: the file is missing or holds no SM2 key, or the extra ``gm`` is not installed.
        """
        ec, serialization, _ = _library()
        data = read_secret(path)
        try:
            key = serialization.load_pem_private_key(data, None)
            is_sm2 = isinstance(key.curve, ec.SM2)
        except (ValueError, TypeError, AttributeError, LookupError):
            is_sm2 = False
        except Exception as error:  # the library's own errors have no common base but Exception
            raise StoreError("store.sm2.malformed", path=path) from error
        if not is_sm2:
            raise StoreError("store.sm2.malformed", path=path)
        return cls(key)

    @property
    def public_key(self) -> bytes:
        """04 ‖ x ‖ y, 65 bytes."""
        _, serialization, _ = _library()
        form = serialization.PublicFormat.UncompressedPoint
        return bytes(self._key.public_key().public_bytes(serialization.Encoding.X962, form))

    def sign(self, data: bytes) -> bytes:
        """The DER of (r, s) over the data, 70 to 72 bytes; another one each time."""
        ec, _, hashes = _library()
        return bytes(self._key.sign(data, ec.ECDSA(hashes.SM3())))


def open_software_key(settings: Mapping[str, Any], home: Path) -> SoftwareSm2:
    """The provider ``sm2-software``: ``key`` names the file, from the workspace."""
    return SoftwareSm2.load(home / str(settings.get("key", "keys/sm2.pem")))


def verify_sm2(public_key: bytes, data: bytes, signature: bytes) -> bool:
    """Whether the SM2 signature (DER of r, s) over data holds; a draw.foreign_key.Check.

    Raises:
        StoreError: the extra ``gm`` is not installed.
    """
    ec, _, hashes = _library()
    if len(public_key) != POINT or not is_der_pair(signature):
        return False
    from tongsuopy.crypto.exceptions import InternalError, InvalidSignature  # type: ignore[import-untyped]  # it ships no types

    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SM2(), public_key)
        key.verify(signature, data, ec.ECDSA(hashes.SM3()))
    except (InvalidSignature, InternalError, ValueError):
        return False
    return True


def is_der_pair(data: bytes) -> bool:
    """Whether the bytes are the one DER form of two positive integers below 2^256 (GM/T 0009, SM2Signature).

    >>> is_der_pair(bytes.fromhex("3006020101020102"))
    True
    >>> is_der_pair(bytes.fromhex("3006020101020102") + b"more")
    False
    """
    if len(data) < 8 or len(data) > 72 or data[0] != 0x30 or data[1] != len(data) - 2:
        return False
    rest = data[2:]
    for _ in range(2):
        if len(rest) < 3 or rest[0] != 2 or not 1 <= rest[1] <= 33 or len(rest) < 2 + rest[1]:
            return False
        number, rest = rest[2 : 2 + rest[1]], rest[2 + rest[1] :]
        if number[0] & 0x80 or (len(number) > 1 and number[0] == 0 and not number[1] & 0x80) or not any(number):
            return False
    return not rest


def _library() -> tuple[Any, Any, Any]:
    try:
        from tongsuopy.crypto import hashes, serialization  # type: ignore[import-untyped]  # it ships no types
        from tongsuopy.crypto.asymciphers import ec  # type: ignore[import-untyped]  # it ships no types
    except ImportError:
        raise StoreError("store.sm2.extra") from None
    return ec, serialization, hashes
