"""A log as static files (C2SP tlog-tiles): written beside each other for any web server, read back from there.

::

    checkpoint                  the newest signed note: what witnesses and standard tools ask for
    tile/…                      hashes and entries (draw/tiles.py)
    key                         the log's verifier key
    checkpoints.jsonl           every note ever signed, so that order can be checked: {"note":…,"size":…} a line
    timestamps/<size>/<id>.tsr  answers of timestamp authorities (RFC 3161)

The last three are ours; a standard reader does not look at them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from inspection.draw.canonical import canonical_json, parse_canonical
from inspection.draw.log import LogCopy
from inspection.draw.note import Check, Checkpoint, open_note
from inspection.draw.refusal import DrawRefusal
from inspection.draw.tiles import log_files
from inspection.errors import PublishError
from inspection.publish.log_check import MOST_EXAMPLES, Finding

NOTES = "checkpoints.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was published: entries covered, files that are new, files that stood already."""

    size: int
    new: int
    kept: int


def write_log(target: Path, log: LogCopy, timestamps: Mapping[int, Mapping[str, bytes]], check: Check) -> Written:
    """The folder serves the log up to its newest checkpoint. What was published once is never changed.

    New files come first and ``checkpoint`` last, each in one move: a reader at any moment finds all its checkpoint
    needs.

    Raises:
        PublishError: the log has no checkpoint; the folder holds something else, another log, a later state of this
            one, or a file that would have to change; or it cannot be written.
    """
    if not log.notes:
        raise PublishError("log.publish.empty")
    size = max(log.notes)
    _refuse_other(target, log, size, check)
    new = kept = 0
    try:
        for name, data in _files(log, timestamps, size):
            path = target / name
            if path.is_file() and path.read_bytes() == data:
                kept += 1
            elif path.exists():
                raise PublishError("log.publish.differs", path=path)
            else:
                replace_file(path, data)
                new += 1
        replace_file(target / NOTES, pack_notes(log.notes))
        replace_file(target / "checkpoint", log.notes[size].encode())
    except OSError as error:
        raise PublishError("log.publish.unwritable", folder=target, reason=error.strerror or str(error)) from error
    return Written(size=size, new=new, kept=kept)


def _files(log: LogCopy, timestamps: Mapping[int, Mapping[str, bytes]], size: int) -> Iterator[tuple[str, bytes]]:
    yield "key", f"{log.key.text}\n".encode()
    yield from log_files(log.lines[:size], log.notes)
    for signed, answers in timestamps.items():
        for name, answer in answers.items():
            yield f"timestamps/{signed}/{name}.tsr", answer


def _refuse_other(target: Path, log: LogCopy, size: int, check: Check) -> None:
    """What the folder published so far must be an earlier state of this log."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    try:
        published = (target / "checkpoint").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        if (target / "key").is_file() and (target / "key").read_bytes() == f"{log.key.text}\n".encode():
            return  # a first publication that was stopped before its checkpoint
        raise PublishError("log.publish.occupied", folder=target) from None
    try:
        former = Checkpoint.parse(open_note(published, [log.key], check).text)
    except DrawRefusal:
        raise PublishError("log.publish.other", folder=target, origin=log.key.name) from None
    if former.size > size:
        raise PublishError("log.publish.shrunk", folder=target, published=former.size, now=size)
    if log.head(former.size) != former:
        raise PublishError("log.publish.forked", folder=target, size=former.size)


def pack_notes(notes: Mapping[int, str]) -> bytes:
    """The notes by size, one canonical JSON object a line."""
    return b"".join(canonical_json({"size": size, "note": note}) + b"\n" for size, note in sorted(notes.items()))


def unpack_notes(data: bytes) -> dict[int, str]:
    """The notes by size; DrawRefusal when a line is none."""
    notes: dict[int, str] = {}
    for number, line in enumerate(data.splitlines()):
        value = parse_canonical(line)
        size, note = (value.get("size"), value.get("note")) if isinstance(value, dict) else (None, None)
        if not isinstance(size, int) or not isinstance(note, str) or size in notes:
            raise DrawRefusal("draw.note.line", line=str(number))
        notes[size] = note
    return notes


def check_tiles(folder: Path, log: LogCopy) -> Finding:
    """Every tile and entry bundle that the newest checkpoint needs is there and is the log's: others can read it."""
    size = max(log.notes, default=0)
    faults, count = [], 0
    for name, data in log_files(log.lines[:size], [size]):
        count += 1
        path = folder / name
        full = path.parent.with_suffix("") if path.parent.suffix == ".p" else path
        found = next((each.read_bytes() for each in (path, full) if each.is_file()), None)
        if found is None or not found.startswith(data):
            faults.append(name)
    facts = {"count": count, "faults": ", ".join(faults[:MOST_EXAMPLES])}
    return Finding(step="tiles", ok=not faults, facts=facts)


def replace_file(path: Path, data: bytes) -> None:
    """The file holds the bytes, durable; a reader finds the old ones or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
