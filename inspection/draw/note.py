"""Signed notes and log checkpoints (PROTOCOL 8; C2SP signed-note and tlog-checkpoint).

A note is text ending in a line feed, an empty line, then signature lines::

    open-draw.example/370828-2027
    1
    GPZ6xFOE2Zi5R86c4geWlgl9JxQnTl6X4HORA7PMsP8=

    — open-draw.example/370828-2027 fN+vmUf8UDh6…

What is signed is the text with its last line feed. The signature holds the first four bytes of the key's hash, then
the Ed25519 signature. Signing and checking functions are handed in: no cryptography lives here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inspection.draw.refusal import DrawRefusal

Sign = Callable[[bytes], bytes]
"""message → Ed25519 signature, 64 bytes."""

Check = Callable[[bytes, bytes, bytes], bool]
"""(public key of 32 bytes, message, signature) → whether it holds."""

ED25519 = b"\x01"
"""C2SP signature type of plain Ed25519."""

_NAME = re.compile(r"[^\s+]+")
_SIGNATURE = re.compile(r"— (\S+) (\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """Who may sign: a name without spaces or plus signs, and an Ed25519 public key of 32 bytes."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.public_key) != 32:
            raise DrawRefusal("draw.note.key", key=self.name)

    @property
    def key_hash(self) -> bytes:
        """First 4 bytes of SHA-256(name ‖ LF ‖ 01 ‖ public key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:4]

    @property
    def text(self) -> str:
        """``<name>+<hex key hash>+<base64(01 ‖ public key)>``."""
        return f"{self.name}+{self.key_hash.hex()}+{base64.b64encode(ED25519 + self.public_key).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key written as ``text`` (with or without a final line feed); its hash must be its own."""
        name, _, rest = text.removesuffix("\n").partition("+")
        key_hash, _, encoded = rest.partition("+")
        material = _base64(encoded)
        if material is None or material[:1] != ED25519:
            raise DrawRefusal("draw.note.key", key=name)
        key = cls(name=name, public_key=material[1:])
        if key.key_hash.hex() != key_hash:
            raise DrawRefusal("draw.note.key", key=name)
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What the log keeper signs: the log's origin, its number of entries, and the root over them (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or "\n" in self.origin or self.size < 0 or len(self.root) != 32:
            raise DrawRefusal("draw.note.checkpoint", origin=self.origin)

    @property
    def text(self) -> str:
        """The three lines of a tlog-checkpoint, each with its line feed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint in the text of a note; further extension lines are allowed and ignored."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]):
            raise DrawRefusal("draw.note.checkpoint", origin=lines[0])
        root = _base64(lines[2])
        if root is None:
            raise DrawRefusal("draw.note.checkpoint", origin=lines[0])
        return cls(origin=lines[0], size=int(lines[1]), root=root)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedNote:
    """A note whose signatures were checked: its text, who signed, and names of signers that are not known here."""

    text: str
    signers: tuple[str, ...]
    unknown: tuple[str, ...]


def sign_note(text: str, key: VerifierKey, sign: Sign) -> str:
    """The note of a text with one signature.

    Args:
        text: ends in a line feed and holds no empty line.
        key: the signer's name and public key.
        sign: the signer's private half.
    """
    if not text.endswith("\n") or "\n\n" in text:
        raise DrawRefusal("draw.note.text")
    return f"{text}\n{_signature_line(text, key, sign)}"


def cosign_note(note: str, key: VerifierKey, sign: Sign) -> str:
    """The note with one more signature line, of a witness."""
    return note + _signature_line(_split(note)[0], key, sign)


def _signature_line(text: str, key: VerifierKey, sign: Sign) -> str:
    return f"— {key.name} {base64.b64encode(key.key_hash + sign(text.encode())).decode()}\n"


def open_note(note: str, keys: Sequence[VerifierKey], check: Check) -> OpenedNote:
    """The note's text, once at least one of the keys has signed it.

    Raises:
        DrawRefusal: the note is malformed, a known key's signature is wrong, or no known key signed.
    """
    text, lines = _split(note)
    known = {(key.name, key.key_hash): key for key in keys}
    signers, unknown = [], []
    for name, signature in lines:
        key = known.get((name, signature[:4]))
        if key is None:
            unknown.append(name)
        elif not check(key.public_key, text.encode(), signature[4:]):
            raise DrawRefusal("draw.note.signature", signer=name)
        else:
            signers.append(name)
    if not signers:
        raise DrawRefusal("draw.note.unsigned", signers=", ".join(key.name for key in keys))
    return OpenedNote(text=text, signers=tuple(signers), unknown=tuple(unknown))


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text and the (name, key hash ‖ signature) of each signature line."""
    text, separator, rest = note.rpartition("\n\n")
    if not separator or not rest.endswith("\n"):
        raise DrawRefusal("draw.note.text")
    signatures = []
    for line in rest[:-1].split("\n"):
        parts = _SIGNATURE.fullmatch(line)
        signature = _base64(parts[2]) if parts else None
        if not parts or signature is None or len(signature) < 5:
            raise DrawRefusal("draw.note.line", line=line[:80])
        signatures.append((parts[1], signature))
    return text + "\n", signatures


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
