"""A workspace: the folder that holds a bureau's store, keys, snapshots and frozen files.

``workspace.toml`` (origin, database), ``inspection.db`` unless the database is elsewhere, ``keys/log.pem`` and
``keys/salt``, ``locks/``, ``frozen/``, and the registry's ``snapshots/`` and ``quarantine/``.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from sqlalchemy import insert, select

from inspection.errors import StoreError
from inspection.store.frozen import FrozenFiles, sync_folder
from inspection.store.keys import Signer, read_secret, write_secret
from inspection.store.locks import locked_database, locked_file
from inspection.store.log import Log
from inspection.store.plans import IDENTIFIER, Store
from inspection.store.tables import identity

SETTINGS = "workspace.toml"
FOLDERS = ("keys", "locks", "frozen", "snapshots", "quarantine")


class Workspace:
    """An opened workspace: ``store``, ``log`` and ``frozen`` files of one bureau under one ``origin``."""

    def __init__(self, folder: Path, store: Store, log: Log) -> None:
        self.folder = folder
        self.store = store
        self.log = log
        self.origin = log.origin
        self.frozen = FrozenFiles(folder / "frozen")

    @classmethod
    def create(cls, folder: Path, *, url: str | None = None, origin: str) -> Self:
        """A new workspace stands in the folder (made if missing) with fresh keys; SQLite in it unless a URL is given.

        It is built beside the folder and renamed into place: a process killed meanwhile leaves the folder as it was.

        Args:
            folder: missing or empty.
            url: a database that holds no other workspace.
            origin: the log's name, best a domain and path of the bureau's; a rehearsal's ends in ``/rehearsal``.

        Raises:
            StoreError: the folder holds a workspace or anything else, cannot be written, the origin is not a valid
                name, or the database is unreachable or another workspace's.
        """
        if not re.fullmatch(r"[^\s+]+", origin):
            raise StoreError("store.workspace.origin", origin=origin)
        _refuse_taken(folder)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
            try:
                _build(building, url, origin)
                building.rename(folder)
            except BaseException:
                shutil.rmtree(building, ignore_errors=True)
                raise
            sync_folder(folder.parent)
        except OSError as error:
            raise StoreError("store.workspace.unwritable", folder=folder, reason=error.strerror) from None
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The workspace in the folder, its tables at the newest version.

        Raises:
            StoreError: there is none, a part of it is missing or unreadable, the database cannot be reached, or it
                holds another workspace's log.
        """
        origin, url = _settings(folder)
        signer = Signer.load(folder / "keys" / "log.pem")
        if url is None and not (folder / "inspection.db").is_file():
            raise StoreError("store.database.missing", path=folder / "inspection.db")
        store = Store.at(url or _sqlite(folder))
        log = Log(store, signer, origin)
        with store.reading() as connection:
            stored = connection.execute(select(identity.c.origin, identity.c.verifier_key)).one_or_none()
        if stored is None or tuple(stored) != (origin, log.key.text):
            raise StoreError("store.workspace.identity", folder=folder, origin=origin)
        return cls(folder, store, log)

    @property
    def salt(self) -> bytes:
        """The 32 secret bytes salts of table rows are derived from."""
        return read_secret(self.folder / "keys" / "salt")

    @property
    def snapshots(self) -> Path:
        """Where the registry keeps its snapshots."""
        return self.folder / "snapshots"

    @property
    def quarantine(self) -> Path:
        """Where rows wait that could not be imported."""
        return self.folder / "quarantine"

    @contextlib.contextmanager
    def lock(self, plan: str) -> Iterator[None]:
        """Nobody else plans this plan meanwhile. The lock dies with its process, so none is ever stale.

        Raises:
            StoreError: another process holds it.
        """
        if not IDENTIFIER.fullmatch(plan):
            raise StoreError("store.plan.identifier", plan=plan)
        path = self.folder / "locks" / f"{plan}.lock"
        with locked_file(path, plan), locked_database(self.store.engine, plan):
            yield


def _refuse_taken(folder: Path) -> None:
    if (folder / SETTINGS).exists():
        raise StoreError("store.workspace.exists", folder=folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError("store.workspace.occupied", folder=folder)


def _build(folder: Path, url: str | None, origin: str) -> None:
    """The folder holds everything a workspace needs; its database knows whose it is."""
    folder.chmod(0o700)
    for name in FOLDERS:
        (folder / name).mkdir()
    signer = Signer.generate(folder / "keys" / "log.pem")
    write_secret(folder / "keys" / "salt", secrets.token_bytes(32))
    # The URL may hold a password, so the settings are as secret as the keys. JSON strings are TOML strings.
    lines = [f"origin = {json.dumps(origin, ensure_ascii=False)}"]
    lines += [] if url is None else [f"url = {json.dumps(url, ensure_ascii=False)}"]
    write_secret(folder / SETTINGS, ("\n".join(lines) + "\n").encode())
    store = Store.at(url or _sqlite(folder))
    row = {"row": 1, "origin": origin, "verifier_key": Log(store, signer, origin).key.text}
    with store.writing() as connection:
        if (other := connection.scalar(select(identity.c.origin))) is not None:
            raise StoreError("store.database.taken", origin=other)
        connection.execute(insert(identity), row)
    store.close()


def _settings(folder: Path) -> tuple[str, str | None]:
    """Origin and database URL of ``workspace.toml``; no URL means the folder's own SQLite file."""
    path = folder / SETTINGS
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StoreError("store.workspace.missing", folder=folder) from None
    except (OSError, ValueError) as error:
        raise StoreError("store.workspace.settings", path=path, reason=error) from None
    origin, url = settings.get("origin"), settings.get("url")
    if not isinstance(origin, str) or not isinstance(url, str | None) or settings.keys() - {"origin", "url"}:
        raise StoreError("store.workspace.settings", path=path, reason='origin = "…", url = "…"')
    return origin, url


def _sqlite(folder: Path) -> str:
    from sqlalchemy.engine import URL

    return URL.create("sqlite", database=str(folder.resolve() / "inspection.db")).render_as_string()
