"""Frozen files: content-addressed, written once, never edited.

A file of digest ``abcd…`` lies at ``ab/abcd…``. It is written under ``incoming/``, synced, made read-only and only
then renamed, so a name always holds whole bytes; a killed process leaves at most a file in ``incoming/``.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from pathlib import Path
from typing import IO

from inspection.errors import StoreError

PIECE = 1 << 20


class FrozenFiles:
    """Files of one folder, each named by the SHA-256 of its bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put_bytes(self, data: bytes) -> str:
        """The bytes are kept and durable; their SHA-256 in hex is returned."""
        digest = hashlib.sha256(data).hexdigest()
        if not self._is_whole(digest, len(data)):
            self._write(io.BytesIO(data))
        return digest

    def put_file(self, path: Path) -> str:
        """A copy of the file is kept and durable; its SHA-256 in hex is returned. Read once, in pieces."""
        with path.open("rb") as source:
            return self._write(source)

    def path(self, digest: str, *, verify: bool = False) -> Path:
        """Where the file lies, to be read only; with ``verify``, after all its bytes were digested again.

        Raises:
            StoreError: it is not there, or its bytes are no longer those of its name.
        """
        path = self._place(digest)
        if not path.is_file():
            raise StoreError("store.frozen.missing", digest=digest, folder=self.folder)
        if verify:
            with path.open("rb") as file:
                self._refuse_changed(path, hashlib.file_digest(file, "sha256").hexdigest())
        return path

    def read(self, digest: str) -> bytes:
        """The bytes, verified.

        Raises:
            StoreError: as ``path``.
        """
        path = self.path(digest)
        data = path.read_bytes()
        self._refuse_changed(path, hashlib.sha256(data).hexdigest())
        return data

    def _place(self, digest: str) -> Path:
        if not re.fullmatch("[0-9a-f]{64}", digest):
            raise ValueError(f"not a SHA-256 in hex: {digest!r}")
        return self.folder / digest[:2] / digest

    def _is_whole(self, digest: str, size: int) -> bool:
        path = self._place(digest)
        return path.is_file() and path.stat().st_size == size

    def _refuse_changed(self, path: Path, found: str) -> None:
        if found != path.name:
            raise StoreError("store.frozen.changed", path=path, found=found)

    def _write(self, source: IO[bytes]) -> str:
        incoming = self.folder / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=incoming, delete=False) as file:
            temporary = Path(file.name)
            try:
                digest = _copy(source, file)
                self._keep(temporary, digest)
            finally:
                temporary.unlink(missing_ok=True)
        return digest

    def _keep(self, temporary: Path, digest: str) -> None:
        """The finished file stands under its name; one already there with the same size stays."""
        if self._is_whole(digest, temporary.stat().st_size):
            return
        temporary.chmod(0o444)
        place = self._place(digest)
        place.parent.mkdir(exist_ok=True)
        temporary.replace(place)
        sync_folder(place.parent)
        sync_folder(self.folder)


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    """The target holds the source's bytes, durable; their SHA-256 in hex is returned."""
    digest = hashlib.sha256()
    while piece := source.read(PIECE):
        digest.update(piece)
        target.write(piece)
    target.flush()
    os.fsync(target.fileno())
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Names made or renamed in the folder outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
