"""Backups: one file that holds a workspace whole, as it was at one moment, for SQLite and PostgreSQL alike.

A zip of ``tables/<name>.jsonl`` (see ``rows``), ``files/<path in the workspace>`` and, last, ``manifest.json`` with the
digest of every member and the log's tree head. Tables are read in one transaction while others write; files the store
refers to were frozen before it referred to them, so they are all there. The file holds the keys: guard it like them.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Connection, select, text

from inspection.draw.merkle import tree_head
from inspection.errors import StoreError
from inspection.store.frozen import PIECE, sync_folder
from inspection.store.rows import VERSION_TABLE, row_lines, stored_tables
from inspection.store.tables import checkpoints, log_entries
from inspection.store.workspace import SETTINGS, Workspace

FORMAT = "open-draw-backup/1"
MANIFEST = "manifest.json"

LEFT_OUT = frozenset(
    {
        "locks",
        "answers",
        "backups",
        "public-bundles",
        "website",
        "inspection.db",
        "inspection.db-wal",
        "inspection.db-shm",
        SETTINGS,
    }
)
"""Of a workspace: what is in the tables, made anew where it is restored, or a backup itself."""

ENDING = ".backup.zip"
"""What the names of backups end in that nobody named."""

PASSED_OVER = ("incoming", ".part", ".tmp", ENDING)
"""Endings of names of files that are still being written, and of backups, of which none holds another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of the file: rows of a table, or a file of the workspace by its path there."""

    name: str
    size: int
    sha256: str
    columns: tuple[str, ...] = ()
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds.

    Attributes:
        revision: version of the tables.
        entries, root, notes: entries of the log, the head of their tree in hex, and how many checkpoints there are.
    """

    made_at: str
    origin: str
    verifier_key: str
    revision: str
    entries: int
    root: str
    notes: int
    tables: tuple[Member, ...]
    files: tuple[Member, ...]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def size(self) -> int:
        """Bytes of all members, unpacked."""
        return sum(member.size for member in (*self.tables, *self.files))


def back_up(workspace: Workspace, target: Path, now: datetime) -> Manifest:
    """The workspace is in the file ``target``, which was read back and found whole.

    Raises:
        StoreError: the file exists or cannot be written, or a frozen file of the workspace is no longer what its name
            says (the backup is there all the same).
    """
    if target.exists():
        raise StoreError("backup.exists", path=target)
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                _write(archive, workspace, now)
            file.flush()
            os.fsync(file.fileno())
        manifest = check_backup(part)
        part.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError("backup.unwritable", path=target, reason=error.strerror or error) from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    refuse_damaged(manifest, target)
    return manifest


def check_backup(path: Path) -> Manifest:
    """Every byte of the backup is as its manifest says; the manifest is returned.

    Raises:
        StoreError: it is no backup, or not whole.
    """
    with opened(path) as (archive, manifest):
        for folder, members in (("tables", manifest.tables), ("files", manifest.files)):
            for member in members:
                for _ in pieces(archive, folder, member):
                    pass
    return manifest


def refuse_damaged(manifest: Manifest, path: Path) -> None:
    """Every frozen file is what its name says; StoreError names those that are not, and the backup that has them."""
    frozen = (member for member in manifest.files if member.name.startswith("frozen/"))
    damaged = [member.name for member in frozen if PurePosixPath(member.name).name != member.sha256]
    if damaged:
        raise StoreError("backup.damaged", path=path, count=len(damaged), first=damaged[0])


class opened:  # a context manager, used like ``open``
    """The backup at a path, opened: (archive, manifest).

    Raises:
        StoreError: it is no backup, of a newer program, or its members are not those of its manifest.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> tuple[zipfile.ZipFile, Manifest]:
        try:
            self._archive = zipfile.ZipFile(self._path)
            facts = json.loads(self._archive.read(MANIFEST))
            manifest = _manifest(facts)
        except OSError as error:
            raise StoreError("backup.unreadable", path=self._path, reason=error.strerror or error) from None
        except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
            raise StoreError("backup.unreadable", path=self._path, reason=f"{type(error).__name__}: {error}") from None
        names = [MANIFEST, *(f"tables/{each.name}.jsonl" for each in manifest.tables)]
        names += [f"files/{each.name}" for each in manifest.files]
        if sorted(names) != sorted(self._archive.namelist()) or not all(map(_is_safe, names)):
            self._archive.close()
            raise StoreError("backup.members", path=self._path)
        return self._archive, manifest

    def __exit__(self, *error: object) -> None:
        self._archive.close()


def pieces(archive: zipfile.ZipFile, folder: str, member: Member) -> Iterator[bytes]:
    """The bytes of a member, in pieces; never more than its manifest says.

    Raises:
        StoreError: they are not those the manifest has the digest of.
    """
    name = f"{folder}/{member.name}" + (".jsonl" if folder == "tables" else "")
    digest, left = hashlib.sha256(), member.size
    try:
        with archive.open(name) as source:
            while piece := source.read(min(PIECE, left + 1)):
                left -= len(piece)
                if left < 0:
                    break
                digest.update(piece)
                yield piece
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError) as error:
        raise StoreError("backup.changed", name=name, reason=str(error)) from None
    if left or digest.hexdigest() != member.sha256:
        raise StoreError("backup.changed", name=name, reason=f"SHA-256 {digest.hexdigest()}")


def _write(archive: zipfile.ZipFile, workspace: Workspace, now: datetime) -> None:
    with workspace.store.reading() as connection:
        tables = [_write_table(archive, connection, table) for table in stored_tables(connection)]
        lines = [
            line.encode() for line in connection.scalars(select(log_entries.c.line).order_by(log_entries.c.position))
        ]
        notes = len(connection.execute(select(checkpoints.c.size)).all())
        revision = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    written = [_write_file(archive, workspace, path) for path in workspace_files(workspace.folder)]
    facts = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "origin": workspace.origin,
        "verifier_key": workspace.log.key.text,
        "revision": revision,
        "log": {"entries": len(lines), "root": tree_head(lines).hex(), "checkpoints": notes},
        "tables": tables,
        "files": [fact for fact in written if fact is not None],
    }
    archive.writestr(MANIFEST, json.dumps(facts, ensure_ascii=False, indent=1))


def _write_table(archive: zipfile.ZipFile, connection: Connection, table: Any) -> dict[str, Any]:
    rows = 0

    def counted() -> Iterator[bytes]:
        nonlocal rows
        for line in row_lines(connection, table):
            rows += 1
            yield line

    size, digest = _copy(archive, f"tables/{table.name}.jsonl", counted())
    columns = [column.name for column in table.columns]
    return {"name": table.name, "columns": columns, "rows": rows, "size": size, "sha256": digest}


def _write_file(archive: zipfile.ZipFile, workspace: Workspace, path: Path) -> dict[str, Any] | None:
    """None for a file that is gone since it was listed: those that count are never removed."""
    name = path.relative_to(workspace.folder).as_posix()
    try:
        source = path.open("rb")
    except FileNotFoundError:
        return None
    with source:
        size, digest = _copy(archive, f"files/{name}", iter(lambda: source.read(PIECE), b""))
    return {"path": name, "size": size, "sha256": digest}


def _copy(archive: zipfile.ZipFile, name: str, data: Iterable[bytes]) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as target:
        for piece in data:
            digest.update(piece)
            size += target.write(piece)
    return size, digest.hexdigest()


def workspace_files(folder: Path) -> Iterator[Path]:
    """The files of a workspace that a backup holds, in order of their paths."""
    for home, folders, names in os.walk(folder):
        is_top = Path(home) == folder
        folders[:] = sorted(name for name in folders if name not in PASSED_OVER and not (is_top and name in LEFT_OUT))
        for name in sorted(names):
            if not name.endswith(PASSED_OVER) and not (is_top and name in LEFT_OUT):
                yield Path(home) / name


def _is_safe(name: str) -> bool:
    """Whether a member may be unpacked: a plain path that stays inside its folder."""
    path = PurePosixPath(name)
    return str(path) == name and not path.is_absolute() and not {"..", "."} & {*path.parts} and "\\" not in name


def _manifest(facts: Any) -> Manifest:
    """The manifest of a file's facts; KeyError, TypeError or ValueError where something is missing or odd."""
    if facts["format"] != FORMAT:
        raise ValueError(f"format {facts['format']!r}")
    texts = {name: str(facts[name]) for name in ("made_at", "origin", "verifier_key", "revision")}
    log = facts["log"]
    return Manifest(
        **texts,
        entries=int(log["entries"]),
        root=str(log["root"]),
        notes=int(log["checkpoints"]),
        tables=tuple(
            Member(
                name=str(each["name"]),
                size=int(each["size"]),
                sha256=str(each["sha256"]),
                columns=tuple(map(str, each["columns"])),
                rows=int(each["rows"]),
            )
            for each in facts["tables"]
        ),
        files=tuple(
            Member(name=str(each["path"]), size=int(each["size"]), sha256=str(each["sha256"]))
            for each in facts["files"]
        ),
    )
