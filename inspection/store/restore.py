"""Restoring a backup: a workspace stands where there was none, on SQLite or PostgreSQL, compared row by row.

1. every member is checked against the manifest while it is unpacked;
2. tables are made at the version the backup was made at, and filled in one transaction;
3. each table is read back from the new database: its lines must be the same bytes;
4. the tables are brought to this program's version, and the log is checked: tree head, every checkpoint's signature.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, Engine, Table, func, select
from sqlalchemy.engine import URL

from inspection.draw.merkle import tree_head
from inspection.errors import StoreError
from inspection.store import tables
from inspection.store.backup import Manifest, Member, opened, pieces
from inspection.store.engine import connect, migrate
from inspection.store.frozen import sync_folder
from inspection.store.keys import write_secret
from inspection.store.plans import Store
from inspection.store.rows import put_lines, row_lines, stored_tables
from inspection.store.workspace import FOLDERS, SETTINGS, Workspace

LOG = ("log_entries", "checkpoints")
"""Filled together, in this order of their foreign keys: whatever refers to either comes after both."""

Kept = tuple[Table, Member]
"""A table and its member of the backup."""


def restore(source: Path, folder: Path, *, url: str | None = None) -> Manifest:
    """The backup's workspace stands in the folder, its living data at the URL or (None) in a SQLite file of its own.

    Args:
        folder: missing or empty.
        url: a database that holds no workspace.

    Raises:
        StoreError: the backup is not whole or of a newer program; the folder or the database is taken; a row is not
            the same afterwards; the log does not check. Nothing is left behind then.
    """
    _refuse_taken(folder)
    with opened(source) as (archive, manifest):
        if manifest.revision > tables.HEAD:
            raise StoreError("store.schema.newer", found=manifest.revision, known=tables.HEAD)
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            _unpack(archive, manifest, building, url)
            address = url or _sqlite(building)
            with _filled(archive, manifest, address):
                _check(building, manifest)
                building.rename(folder)
            sync_folder(folder.parent)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
    return manifest


def _refuse_taken(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError("store.workspace.occupied", folder=folder)


def _sqlite(folder: Path) -> str:
    return URL.create("sqlite", database=str(folder.resolve() / "inspection.db")).render_as_string()


def _unpack(archive: zipfile.ZipFile, manifest: Manifest, folder: Path, url: str | None) -> None:
    """The files are in the folder, with settings for the new database."""
    folder.chmod(0o700)
    for name in FOLDERS:
        (folder / name).mkdir()
    for member in manifest.files:
        path = folder.joinpath(*PurePosixPath(member.name).parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            path.chmod(0o600)
            for piece in pieces(archive, "files", member):
                file.write(piece)
        if member.name.startswith("frozen/"):
            path.chmod(0o444)
    settings = {"origin": manifest.origin} | ({} if url is None else {"url": url})
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in settings.items()]
    write_secret(folder / SETTINGS, "".join(lines).encode())


@contextlib.contextmanager
def _filled(archive: zipfile.ZipFile, manifest: Manifest, url: str) -> Iterator[None]:
    """The database holds the backup's rows, compared; it is emptied again when the block does not end well."""
    engine = connect(url)
    try:
        _refuse_used(engine)
        try:
            migrate(engine, manifest.revision)
            _fill(engine, archive, manifest)
            _compare(engine, manifest)
            if manifest.revision != tables.HEAD:
                migrate(engine, tables.HEAD)
            yield
        except BaseException:
            with contextlib.suppress(Exception):
                migrate(engine, "base")
            raise
    finally:
        engine.dispose()


def _refuse_used(engine: Engine) -> None:
    """No table of the database has a row; tables without rows, which a restore that was killed leaves, are dropped."""
    with engine.connect() as connection:
        known = stored_tables(connection)
        used = [table.name for table in known if connection.scalar(select(func.count()).select_from(table))]
    if used:
        raise StoreError("backup.database.used", table=used[0])
    if known:
        migrate(engine, "base")


def _fill(engine: Engine, archive: zipfile.ZipFile, manifest: Manifest) -> None:
    members = {member.name: member for member in manifest.tables}
    with Store(engine).writing() as connection:
        known = stored_tables(connection)
        if {table.name for table in known} != members.keys():
            raise StoreError("backup.tables", revision=manifest.revision)
        for table in known:
            member = members[table.name]
            if {column.name for column in table.columns} != set(member.columns):
                raise StoreError("backup.tables", revision=manifest.revision)
        for table in known:
            if table.name not in LOG:
                member = members[table.name]
                put_lines(connection, table, list(member.columns), _lines(archive, member))
            elif table.name == LOG[-1]:
                entries, notes = ((each, members[each.name]) for name in LOG for each in known if each.name == name)
                _put_log(connection, archive, entries, notes)


def _put_log(connection: Connection, archive: zipfile.ZipFile, entries: Kept, notes: Kept) -> None:
    """Entries and checkpoints as they came to be: the store takes a checkpoint only over all entries there are."""
    waiting = _lines(archive, entries[1])
    done = 0
    place = notes[1].columns.index("size")
    for line in _lines(archive, notes[1]):
        size = json.loads(line)[place]
        put_lines(connection, entries[0], list(entries[1].columns), islice(waiting, max(0, size - done)))
        put_lines(connection, notes[0], list(notes[1].columns), [line])
        done = size
    put_lines(connection, entries[0], list(entries[1].columns), waiting)


def _lines(archive: zipfile.ZipFile, member: Member) -> Iterator[bytes]:
    """The member's lines, whole."""
    rest = b""
    for piece in pieces(archive, "tables", member):
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        raise StoreError("backup.changed", name=f"tables/{member.name}.jsonl", reason="…")


def _compare(engine: Engine, manifest: Manifest) -> None:
    """Every row of the database is as the backup has it."""
    members = {member.name: member for member in manifest.tables}
    with Store(engine).reading() as connection:
        for table in stored_tables(connection):
            digest = hashlib.sha256()
            ordered = [table.columns[name] for name in members[table.name].columns]
            for line in row_lines(connection, table, ordered):
                digest.update(line)
            if digest.hexdigest() != members[table.name].sha256:
                raise StoreError("backup.differs", table=table.name)


def _check(folder: Path, manifest: Manifest) -> None:
    """The new workspace opens, its log is the old one, and every checkpoint of it holds."""
    workspace = Workspace.open(folder)
    try:
        workspace.log.check()
        lines = [line.encode() for line in workspace.log.lines()]
        found = (len(lines), tree_head(lines).hex(), len(workspace.log.checkpoints()))
        if found != (manifest.entries, manifest.root, manifest.notes):
            raise StoreError("backup.log", expected=manifest.root, found=found[1])
    finally:
        workspace.store.close()
