"""Signed notes, log checkpoints and witnesses' cosignatures (PROTOCOL 8; C2SP signed-note, tlog-checkpoint,
tlog-cosignature).

A note is text ending in a line feed, an empty line, then signature lines::

    open-draw.example/370828-2027
    1
    GPZ6xFOE2Zi5R86c4geWlgl9JxQnTl6X4HORA7PMsP8=

    — open-draw.example/370828-2027 fN+vmUf8UDh6…

What is signed is the text with its last line feed. The signature holds the first four bytes of the key's hash, then
the Ed25519 signature. A witness signs the text under two lines of its own, ``cosignature/v1`` and ``time <seconds>``,
and the time stands in eight bytes before its signature: "at this time, this was the largest tree I had seen of this
log, and it continues every earlier one". Signing and checking functions are handed in: no cryptography lives here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, cast

from inspection.draw.refusal import DrawRefusal

Sign = Callable[[bytes], bytes]
"""message → Ed25519 signature, 64 bytes."""

Check = Callable[[bytes, bytes, bytes], bool]
"""(public key of 32 bytes, message, signature) → whether it holds."""

Kind = Literal[1, 4]
ED25519: Final = 1
"""C2SP signature type of plain Ed25519: how a log signs."""
COSIGNATURE: Final = 4
"""C2SP signature type of timestamped Ed25519: how a witness signs."""

LATEST = 253_402_300_799
"""The last second of the year 9999."""

LARGEST = 1 << 16
"""Characters a note may have: some 500 signature lines, so that no file makes a reader work for long."""

_LENGTH: Mapping[int, int] = {ED25519: 4 + 64, COSIGNATURE: 4 + 8 + 64}
_NAME = re.compile(r"[^\s+]+")
_SIGNATURE = re.compile(r"— ([^\s+]+) (\S+)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """Who may sign: a name without spaces or plus signs, an Ed25519 public key of 32 bytes, and how it signs."""

    name: str
    public_key: bytes
    kind: Kind = ED25519

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.public_key) != 32 or self.kind not in _LENGTH:
            raise DrawRefusal("draw.note.key", key=self.name)

    @property
    def key_hash(self) -> bytes:
        """First 4 bytes of SHA-256(name ‖ LF ‖ kind ‖ public key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._material).digest()[:4]

    @property
    def text(self) -> str:
        """``<name>+<hex key hash>+<base64(kind ‖ public key)>``."""
        return f"{self.name}+{self.key_hash.hex()}+{base64.b64encode(self._material).decode()}"

    @property
    def _material(self) -> bytes:
        return bytes([self.kind]) + self.public_key

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key written as ``text`` (with or without a final line feed); its hash must be its own."""
        name, _, rest = text.removesuffix("\n").partition("+")
        key_hash, _, encoded = rest.partition("+")
        material = _base64(encoded)
        if not material:
            raise DrawRefusal("draw.note.key", key=name)
        key = cls(name=name, public_key=material[1:], kind=cast(Kind, material[0]))
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
    """A note whose signatures were checked: its text, who signed, and names of signers that are not known here.

    ``times`` says when each witness among the signers signed; one that signed several times counts with its first.
    """

    text: str
    signers: tuple[str, ...]
    unknown: tuple[str, ...]
    times: Mapping[str, datetime] = field(default_factory=dict)


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


def cosign_note(note: str, key: VerifierKey, sign: Sign, time: datetime) -> str:
    """The witness's signature line, to be put after the note's own.

    Args:
        note: its signatures and its consistency with all the witness saw before are the caller's to check.
        key: the witness's, of kind COSIGNATURE.
        time: now, aware; whole seconds count.
    """
    seconds = int(time.timestamp())
    if key.kind != COSIGNATURE or seconds < 0:
        raise DrawRefusal("draw.note.key", key=key.name)
    signature = seconds.to_bytes(8, "big") + sign(_cosigned(_split(note)[0], seconds))
    return f"— {key.name} {base64.b64encode(key.key_hash + signature).decode()}\n"


def with_lines(note: str, lines: Sequence[str]) -> str:
    """The note with further signature lines (each with its line feed); what it holds already is not doubled."""
    has = set(signature_lines(note))
    return note + "".join(line for line in dict.fromkeys(lines) if line not in has)


def signature_lines(note: str) -> tuple[str, ...]:
    """The note's signature lines, each with its line feed."""
    _split(note)
    return tuple(note.rpartition("\n\n")[2].splitlines(keepends=True))


def _signature_line(text: str, key: VerifierKey, sign: Sign) -> str:
    return f"— {key.name} {base64.b64encode(key.key_hash + sign(text.encode())).decode()}\n"


def _cosigned(text: str, seconds: int) -> bytes:
    """What a witness signs (C2SP tlog-cosignature, Ed25519 signed message)."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def open_note(note: str, keys: Sequence[VerifierKey], check: Check) -> OpenedNote:
    """The note's text, once at least one of the keys has signed it.

    Raises:
        DrawRefusal: the note is malformed, a known key's signature is wrong, or no known key signed.
    """
    text, lines = _split(note)
    known = {(key.name, key.key_hash): key for key in keys}
    signers, unknown, times = [], [], dict[str, datetime]()
    for name, signature in lines:
        key = known.get((name, signature[:4]))
        if key is None:
            unknown.append(name)
            continue
        if not _holds(key, text, signature, check):
            raise DrawRefusal("draw.note.signature", signer=name)
        signers.append(name)
        if key.kind == COSIGNATURE:
            time = datetime.fromtimestamp(int.from_bytes(signature[4:12], "big"), UTC)
            times[name] = min(time, times.get(name, time))
    if not signers:
        raise DrawRefusal("draw.note.unsigned", signers=", ".join(key.name for key in keys))
    return OpenedNote(text=text, signers=tuple(signers), unknown=tuple(unknown), times=times)


def _holds(key: VerifierKey, text: str, signature: bytes, check: Check) -> bool:
    """Whether the signature (key hash first) is the key's over the text."""
    if len(signature) != _LENGTH[key.kind]:
        return False
    if key.kind == ED25519:
        return check(key.public_key, text.encode(), signature[4:])
    seconds = int.from_bytes(signature[4:12], "big")
    # Beyond what a calendar can hold a time says nothing, however well it is signed.
    return seconds <= LATEST and check(key.public_key, _cosigned(text, seconds), signature[12:])


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text and the (name, key hash ‖ signature) of each signature line."""
    text, separator, rest = note.rpartition("\n\n")
    if not separator or not rest.endswith("\n") or len(note) > LARGEST or _CONTROL.search(note):
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
    """The bytes of canonical base64: one text for each value, so that no file has a twin."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return value if base64.b64encode(value).decode() == text else None
