"""Signature lines of algorithms that C2SP has no number for, SM2 above all (C2SP signed-note, type 0xff).

Such a line stands beside the log's own Ed25519 line and never in its place::

    — example.gov.cn/370828/sm2 q83vEjBFAiEA…

The key's hash is over its name, ``ff``, the algorithm's name in full, a line feed and the public key, so that a key of
one algorithm is never taken for that of another. The algorithm of SM2 names the identity that enters its digest.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from inspection.draw.refusal import DrawRefusal

FOREIGN: Final = b"\xff"
"""C2SP signature type of whatever has no type of its own."""

SM2: Final = "sm2-sm3:1234567812345678"
"""SM2 with SM3 and the default identity of GM/T 0009; public key 04 ‖ x ‖ y, signature the DER of (r, s)."""

_NAME = re.compile(r"[^\s+]+")
_ALGORITHM = re.compile(r"[a-z0-9][a-z0-9:._-]{2,62}")
_LINE = re.compile(r"— ([^\s+]+) (\S+)")

Sign = Callable[[bytes], bytes]
Check = Callable[[bytes, bytes, bytes], bool]
"""(public key, message, signature) → whether it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """Who signs, with what: a name without spaces or plus signs, the algorithm in full, the public key's bytes."""

    name: str
    algorithm: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not (_NAME.fullmatch(self.name) and _ALGORITHM.fullmatch(self.algorithm) and self.public_key):
            raise DrawRefusal("draw.note.key", key=self.name)

    @property
    def _material(self) -> bytes:
        return FOREIGN + self.algorithm.encode() + b"\n" + self.public_key

    @property
    def key_hash(self) -> bytes:
        """First 4 bytes of SHA-256(name ‖ LF ‖ ff ‖ algorithm ‖ LF ‖ public key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._material).digest()[:4]

    @property
    def text(self) -> str:
        """``<name>+<hex key hash>+<base64(ff ‖ algorithm ‖ LF ‖ public key)>``."""
        return f"{self.name}+{self.key_hash.hex()}+{base64.b64encode(self._material).decode()}"

    @classmethod
    def parse(cls, text: str) -> ForeignKey:
        """The key written as ``text``, with or without a final line feed; its hash must be its own.

        Raises:
            DrawRefusal: it is no such key.
        """
        name, _, rest = text.removesuffix("\n").partition("+")
        key_hash, _, encoded = rest.partition("+")
        material = _base64(encoded)
        algorithm, separator, public_key = material[1:].partition(b"\n")
        if material[:1] != FOREIGN or not separator or not algorithm.isascii():
            raise DrawRefusal("draw.note.key", key=name)
        key = cls(name=name, algorithm=algorithm.decode(), public_key=public_key)
        if key.key_hash.hex() != key_hash:
            raise DrawRefusal("draw.note.key", key=name)
        return key


def add_foreign(note: str, key: ForeignKey, sign: Sign) -> str:
    """The note with one more line: the key's signature over the note's text with its last line feed."""
    text = _text_of(note)
    return f"{note}— {key.name} {base64.b64encode(key.key_hash + sign(text.encode())).decode()}\n"


def is_signed_by(note: str, key: ForeignKey, check: Check) -> bool | None:
    """Whether every line of this key in the note holds; None when there is none.

    Raises:
        DrawRefusal: it is no note.
    """
    text = _text_of(note)
    lines = [(name, _base64(line)) for name, line in _LINE.findall(note[len(text) + 1 :])]
    found = [line[4:] for name, line in lines if (name, line[:4]) == (key.name, key.key_hash)]
    return all(check(key.public_key, text.encode(), signature) for signature in found) if found else None


def _text_of(note: str) -> str:
    text, separator, rest = note.rpartition("\n\n")
    if not separator or not rest.endswith("\n"):
        raise DrawRefusal("draw.note.text")
    return text + "\n"


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
