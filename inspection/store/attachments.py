"""Photos and signed sheets of visits: which frozen file belongs to which part, under its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select

from inspection.errors import InputError
from inspection.store.work import PartKey
from inspection.store.work_tables import attachments as table

MOST_BYTES = 50_000_000

_STARTS: Mapping[str, tuple[bytes, ...]] = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/webp": (b"RIFF",),
    "image/heic": (b"\x00\x00\x00",),
    "application/pdf": (b"%PDF-",),
}
"""Kinds that are kept, by their first bytes: what a name says is not believed, and nothing that runs is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a part; its bytes lie among the frozen files under ``digest`` (SHA-256 in hex)."""

    digest: str
    key: PartKey
    name: str
    media: str
    size: int
    added_by: str
    added_at: datetime


def check_file(path: Path, media: str | None = None) -> str:
    """The media type of a file that may be kept, from its first bytes.

    Args:
        media: what whoever sent it calls it; refused where the bytes say otherwise.

    Raises:
        InputError: it is missing, empty, too large, or of another kind than photos and PDF.
    """
    if not path.is_file():
        raise InputError("work.attachment.missing", path=path)
    size = path.stat().st_size
    if not 0 < size <= MOST_BYTES:
        raise InputError("work.attachment.size", path=path.name, size=size, most=MOST_BYTES)
    with path.open("rb") as file:
        start = file.read(16)
    found = next((kind for kind, starts in _STARTS.items() if start.startswith(starts) and _fits(kind, start)), None)
    if found is None or (media is not None and media != found):
        raise InputError("work.attachment.kind", path=path.name, got=media or path.suffix, known=", ".join(_STARTS))
    return found


def _fits(kind: str, start: bytes) -> bool:
    """What the first bytes leave open: containers name their content a few bytes later."""
    if kind == "image/webp":
        return start[8:12] == b"WEBP"
    return kind != "image/heic" or start[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1")


def add(connection: Connection, attachment: Attachment) -> bool:
    """The attachment belongs to the part; False when it did before."""
    known = {"digest": attachment.digest, **attachment.key._asdict()}
    if connection.scalar(select(table.c.digest).filter_by(**known)) is not None:
        return False
    names = ("name", "media", "size", "added_by", "added_at")
    connection.execute(insert(table), known | {name: getattr(attachment, name) for name in names})
    return True


def attached(connection: Connection, draw: str, visit: str) -> tuple[Attachment, ...]:
    """All files of a visit, by agency, then time."""
    query = select(table).filter_by(draw=draw, visit=visit).order_by(table.c.agency, table.c.added_at, table.c.digest)
    return tuple(
        Attachment(
            digest=row.digest,
            key=PartKey(row.draw, row.visit, row.agency),
            name=row.name,
            media=row.media,
            size=row.size,
            added_by=row.added_by,
            added_at=row.added_at,
        )
        for row in connection.execute(query)
    )
