"""One planner per plan: operating-system locks that die with their process, so that none is ever stale."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, text

from inspection.errors import StoreError

# What this process holds: the operating system grants a process the same record lock twice, and drops it when any
# descriptor of the file is closed. The process id is part of it because a forked worker does not inherit the lock.
_held: set[tuple[int, Path]] = set()
_guard = threading.Lock()


@contextlib.contextmanager
def locked_file(path: Path, plan: str) -> Iterator[None]:
    """No other process or thread of this machine holds the file's lock meanwhile.

    A record lock (fcntl), not flock: workers forked by a planner that is killed would keep a flock alive.

    Raises:
        StoreError: someone holds it.
    """
    mine = (os.getpid(), path.resolve())
    with _guard:
        if mine in _held:
            raise StoreError("store.plan.locked", plan=plan, process=mine[0])
        _held.add(mine)
    try:
        with path.open("a+") as file:
            _lock(file.fileno(), path, plan)
            file.truncate(0)
            file.write(f"{mine[0]}\n")
            file.flush()
            yield
            file.truncate(0)
    finally:
        with _guard:
            _held.discard(mine)


def _lock(descriptor: int, path: Path, plan: str) -> None:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = path.read_text().strip() or "?"
        raise StoreError("store.plan.locked", plan=plan, process=holder) from None


@contextlib.contextmanager
def locked_database(engine: Engine, plan: str) -> Iterator[None]:
    """On PostgreSQL, no other machine plans the plan meanwhile; the server frees the lock when the connection ends.

    Raises:
        StoreError: another connection holds it.
    """
    if engine.dialect.name != "postgresql":
        yield
        return
    key = int.from_bytes(hashlib.sha256(f"plan {plan}".encode()).digest()[:8], signed=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}):
            raise StoreError("store.plan.locked", plan=plan, process="PostgreSQL")
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
