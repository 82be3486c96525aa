"""The witness: keeps the last checkpoint it saw of a log, asks each new one to continue it, cosigns or sounds an alarm.

What it remembers stands in one file, with the entries it saw: so an alarm can show which entry changed, and its
evidence proves the change to anybody who has the log's key.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from inspection.draw.log import Entry
from inspection.draw.merkle import check_consistency, tree_head
from inspection.draw.note import Check, Checkpoint, Sign, VerifierKey, cosign_note, open_note, with_lines
from inspection.draw.refusal import DrawRefusal
from inspection.errors import PublishError
from inspection.publish.log_source import LogSource
from inspection.publish.log_tiles import replace_file

Alarm = Literal["unsigned", "other_log", "rolled_back", "forked", "wrong_entries"]
"""What a witness cries out: not signed by the log's key; another log's checkpoint; fewer entries than it saw; entries
it saw are gone or changed; the entries are not those the checkpoint signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the witness knows of one log: its key, the newest note it cosigned, the entries under it, and when."""

    key: VerifierKey
    note: str = ""
    lines: tuple[bytes, ...] = ()
    seen: datetime | None = None

    @property
    def checkpoint(self) -> Checkpoint:
        """Of the note; of the empty log before the first look."""
        if not self.note:
            return Checkpoint(origin=self.key.name, size=0, root=tree_head([]))
        return Checkpoint.parse(self.note.rpartition("\n\n")[0] + "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a log.

    Attributes:
        memory: what the witness knows now; after an alarm, what it knew before.
        alarm: None when the log continues what was seen.
        found: the note it found, and ``lines`` the entries.
        changed: index of the first entry that is not as it was seen.
        backdated: indexes of new entries that claim a time before the last look, when they were not there.
    """

    memory: Memory
    alarm: Alarm | None
    found: str
    lines: tuple[bytes, ...] = ()
    changed: int | None = None
    backdated: tuple[int, ...] = ()


def look(source: LogSource, memory: Memory, check: Check, now: datetime) -> Look:
    """The log is read and compared with all the witness saw of it; nothing is signed or stored.

    1. The newest checkpoint bears the log's signature and its origin.
    2. It is not smaller than the last one, and equal where it is as large.
    3. The tiles prove that it continues the last one (RFC 9162 2.1.4).
    4. The entries seen before and the new ones add up to its root.

    Raises:
        PublishError: the log cannot be read; that is no alarm yet.
    """
    found, seen = source.newest(), memory.checkpoint
    try:
        checkpoint = Checkpoint.parse(open_note(found, [memory.key], check).text)
    except DrawRefusal:
        return Look(memory=memory, alarm="unsigned", found=found)
    if checkpoint.origin != memory.key.name:
        return Look(memory=memory, alarm="other_log", found=found)
    if checkpoint.size < seen.size:
        is_prefix = checkpoint.root == tree_head(memory.lines[: checkpoint.size])
        return _alarm(source, memory, "rolled_back" if is_prefix else "forked", checkpoint.size)
    if not _continues(source, seen, checkpoint):
        return _judge(source, memory, checkpoint)
    lines = memory.lines + source.lines(checkpoint.size, seen.size)
    if len(lines) != checkpoint.size or tree_head(lines) != checkpoint.root:
        return _alarm(source, memory, "wrong_entries", checkpoint.size)
    known = replace(memory, note=found, lines=lines, seen=now)
    return Look(memory=known, alarm=None, found=found, lines=lines, backdated=_backdated(lines, memory))


def _continues(source: LogSource, seen: Checkpoint, checkpoint: Checkpoint) -> bool:
    """Whether the tiles prove that the checkpoint continues the one seen."""
    if not seen.size:
        return True
    try:
        proof = source.reader(checkpoint.size).consistency(seen.size)
    except DrawRefusal as refusal:
        path = refusal.params.get("path", "")
        raise PublishError("log.source.missing", place=source.name, path=path) from None
    try:
        check_consistency(seen.size, seen.root, checkpoint.size, checkpoint.root, proof)
    except DrawRefusal:
        return False
    return True


def _judge(source: LogSource, memory: Memory, checkpoint: Checkpoint) -> Look:
    """What it means that the tiles prove nothing: history changed, or only the tiles are damaged.

    Raises:
        PublishError: the entries do continue what was seen, so the tiles are not those of the log.
    """
    lines = _shown(source, checkpoint.size)
    if checkpoint.size > len(memory.lines) and tree_head(lines) != checkpoint.root:
        return _alarm(source, memory, "wrong_entries", checkpoint.size)
    if checkpoint.root == tree_head(lines) and lines[: len(memory.lines)] == memory.lines:
        raise PublishError("log.source.damaged", place=source.name)
    return _alarm(source, memory, "forked", checkpoint.size)


def _alarm(source: LogSource, memory: Memory, alarm: Alarm, size: int) -> Look:
    lines = _shown(source, size)
    pairs = enumerate(zip(memory.lines, lines, strict=False))
    shared = min(len(memory.lines), len(lines))
    changed = next((index for index, (before, after) in pairs if before != after), shared)
    known = changed if changed < len(memory.lines) and lines else None
    return Look(memory=memory, alarm=alarm, found=source.newest(), lines=lines, changed=known)


def _shown(source: LogSource, size: int) -> tuple[bytes, ...]:
    """The entries the source shows; none when it withholds them: an alarm must not depend on its help."""
    try:
        return source.lines(size)
    except PublishError:
        return ()


def _backdated(lines: Sequence[bytes], memory: Memory) -> tuple[int, ...]:
    if memory.seen is None:
        return ()
    found = []
    for index in range(len(memory.lines), len(lines)):
        try:
            if Entry.parse(lines[index]).at < memory.seen:
                found.append(index)
        except DrawRefusal:
            found.append(index)
    return tuple(found)


def cosigned(look: Look, key: VerifierKey, sign: Sign, now: datetime) -> tuple[Memory, str]:
    """What to remember and the witness's signature line, for a look without alarm. Store the memory before telling.

    Raises:
        DrawRefusal: the key is no witness's.
    """
    line = cosign_note(look.found, key, sign, now)
    return replace(look.memory, note=with_lines(look.found, [line])), line


def load_memory(path: Path) -> Memory | None:
    """What the state file says; None when there is none.

    Raises:
        PublishError: it is no state of a witness, or was changed: its entries are not those of its checkpoint.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        memory = Memory(
            key=VerifierKey.parse(value["key"]),
            note=value["checkpoint"],
            lines=tuple(line.encode() for line in value["entries"]),
            seen=datetime.fromisoformat(value["seen"]),
        )
        checkpoint = memory.checkpoint
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PublishError("log.watch.state", path=path, reason=f"{type(error).__name__}: {error}") from None
    if (checkpoint.size, checkpoint.root) != (len(memory.lines), tree_head(memory.lines)):
        raise PublishError("log.watch.state", path=path, reason=f"{len(memory.lines)} ≠ {checkpoint.size}")
    return memory


def save_memory(path: Path, memory: Memory) -> None:
    """The state file holds the memory, durable, in one move."""
    value = {
        "key": memory.key.text,
        "checkpoint": memory.note,
        "seen": memory.seen.isoformat() if memory.seen else None,
        "entries": [line.decode() for line in memory.lines],
    }
    replace_file(path, (json.dumps(value, ensure_ascii=False, indent=0) + "\n").encode())


@contextmanager
def only_watcher(path: Path) -> Iterator[None]:
    """No other process works with this state file meanwhile: two would roll each other's memory back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise PublishError("log.watch.busy", path=path) from None
        yield
    finally:
        os.close(lock)
