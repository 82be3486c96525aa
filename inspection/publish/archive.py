"""Signed archives: records in a ZIP with a manifest of digests and an Ed25519 signature over it (docs/publication.md).

Reading one back trusts nothing: sizes are counted while inflating, names are compared and never used as paths, and the
signature is checked before any record is looked at.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inspection.draw.canonical import canonical_json
from inspection.draw.note import VerifierKey
from inspection.errors import PublishError
from inspection.publish.signatures import Check, Sign

FORMAT = "open-draw-archive/1"
MANIFEST, SIGNATURE, RECORDS = "manifest.json", "manifest.sig", "records.jsonl"
MEMBERS = {MANIFEST, SIGNATURE, RECORDS}

MOST_FILE = 64 * 1024 * 1024
"""Bytes of an archive as it lies on disk."""
MOST_SMALL = 64 * 1024
"""Bytes of manifest and signature once inflated."""
MOST_RECORDS = 512 * 1024 * 1024
"""Bytes of the records once inflated; the signed manifest states the true size before a byte of them is inflated."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time in every member: the same records make the same bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What an archive that can be believed holds."""

    name: str
    manifest: Mapping[str, Any]
    records: tuple[Mapping[str, Any], ...]


def make_archive(name: str, adapter: str, sender: str, records: Sequence[Mapping[str, Any]], sign: Sign) -> bytes:
    """The bytes of an archive of these records, the same for the same records and key."""
    lines = b"".join(canonical_json(record) + b"\n" for record in records)
    manifest = canonical_json(
        {
            "format": FORMAT,
            "name": name,
            "adapter": adapter,
            "sender": sender,
            "count": len(records),
            "keys": [record["key"] for record in records],
            "files": {RECORDS: {"size": len(lines), "sha256": hashlib.sha256(lines).hexdigest()}},
        }
    )
    signature = f"{sender} {base64.b64encode(sign(manifest)).decode()}\n".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for member, content in ((MANIFEST, manifest), (SIGNATURE, signature), (RECORDS, lines)):
            info = zipfile.ZipInfo(member, EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            zipped.writestr(info, content)
    return buffer.getvalue()


def read_archive(path: Path, keys: Sequence[VerifierKey], check: Check) -> Archive:
    """The records of an archive that one of the keys has signed and that is whole.

    Raises:
        PublishError: it is no archive of ours, is too large, holds other members, or its signature, sizes or digests
            do not hold. Nothing is written anywhere in any case.
    """
    try:
        if path.stat().st_size > MOST_FILE:
            raise PublishError("publish.archive.large", path=path, most=MOST_FILE)
        with zipfile.ZipFile(path) as zipped:
            members = _members(path, zipped)
            manifest = _inflate(path, zipped, members[MANIFEST], MOST_SMALL)
            signature = _inflate(path, zipped, members[SIGNATURE], MOST_SMALL)
            _check_signature(path, manifest, signature, keys, check)
            table = _manifest(path, manifest)
            stated = table["files"][RECORDS]
            lines = _inflate(path, zipped, members[RECORDS], min(stated["size"], MOST_RECORDS))
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        raise PublishError("publish.archive.malformed", path=path, reason=error) from None
    if len(lines) != stated["size"] or hashlib.sha256(lines).hexdigest() != stated["sha256"]:
        raise PublishError("publish.archive.digest", path=path, file=RECORDS)
    return Archive(name=table["name"], manifest=table, records=_records(path, lines, table))


def _members(path: Path, zipped: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The three members there must be, each once, plain files, not encrypted; any other is a refusal."""
    infos = zipped.infolist()
    names = [info.orig_filename for info in infos]
    if sorted(names) != sorted(MEMBERS) or any(info.filename != info.orig_filename for info in infos):
        raise PublishError("publish.archive.members", path=path, got=", ".join(map(repr, names[:5])))
    for info in infos:
        kind = info.external_attr >> 16 & 0o170000
        if kind not in (0, 0o100000) or info.flag_bits & 0x1:
            raise PublishError("publish.archive.members", path=path, got=repr(info.orig_filename))
    return {info.filename: info for info in infos}


def _inflate(path: Path, zipped: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """The bytes of a member; a member that grows beyond the limit is left after one byte more."""
    with zipped.open(info) as member:
        content = member.read(most + 1)
    if len(content) > most:
        raise PublishError("publish.archive.large", path=path, most=most)
    return content


def _check_signature(path: Path, manifest: bytes, line: bytes, keys: Sequence[VerifierKey], check: Check) -> None:
    name, _, encoded = line.decode(errors="replace").removesuffix("\n").partition(" ")
    try:
        signature = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        signature = b""
    if not any(key.name == name and check(key.public_key, manifest, signature) for key in keys):
        raise PublishError("publish.archive.signature", path=path, name=name[:80])


def _manifest(path: Path, manifest: bytes) -> dict[str, Any]:
    table = json.loads(manifest)
    files = table.get("files") if isinstance(table, dict) else None
    stated = files.get(RECORDS) if isinstance(files, dict) else None
    is_whole = (
        isinstance(stated, dict)
        and table.get("format") == FORMAT
        and isinstance(table.get("name"), str)
        and type(stated.get("size")) is int
        and stated["size"] >= 0
        and isinstance(stated.get("sha256"), str)
        and isinstance(table.get("keys"), list)
    )
    if not is_whole:
        raise PublishError("publish.archive.malformed", path=path, reason=MANIFEST)
    return dict(table)


def _records(path: Path, lines: bytes, manifest: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    try:
        records = tuple(json.loads(line) for line in lines.decode().splitlines())
        keys = [record["key"] for record in records]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise PublishError("publish.archive.malformed", path=path, reason=RECORDS) from None
    if keys != manifest["keys"] or len(keys) != manifest.get("count"):
        raise PublishError("publish.archive.digest", path=path, file=MANIFEST)
    return records
