"""What proves a draw's public value, kept beside its files; no input and no result."""

from __future__ import annotations

from sqlalchemy import Connection, update

from inspection.draw.canonical import canonical_json
from inspection.errors import BeaconError
from inspection.store import draws
from inspection.store.tables import draws as table


def attach(connection: Connection, draw: str, file: str, kept: str, *, replace: bool = False) -> None:
    """The frozen file is one of the draw's, under this name; the same again changes nothing.

    Args:
        connection: of the transaction it belongs to.
        draw: committed, finished or not.
        file: its name in the bundle's folder of the draw.
        kept: SHA-256 of its bytes, as FrozenFiles keeps them.
        replace: it grows while the draw is open, so it takes the place of its earlier form.

    Raises:
        BeaconError: the draw is not committed, or another file of this name is attached already.
        StoreError: no such draw.
    """
    record = draws.draw(connection, draw)
    if record.commitment is None:
        raise BeaconError("beacon.public.uncommitted", draw=draw)
    if record.files.get(file, kept) != kept and not (replace and record.root is None):
        raise BeaconError("beacon.public.kept", draw=draw)
    files = canonical_json({**record.files, file: kept}).decode()
    connection.execute(update(table).filter_by(draw=draw).values(files=files))
