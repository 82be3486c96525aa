"""Frozen files: content-addressed, written once, never edited."""

from __future__ import annotations

from pathlib import Path


class FrozenFiles:
    """Files of one folder, each named by the SHA-256 of its bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put_bytes(self, data: bytes) -> str:
        """The bytes are kept and durable; their SHA-256 in hex is returned."""
        raise NotImplementedError

    def put_file(self, path: Path) -> str:
        """A copy of the file is kept and durable; its SHA-256 in hex is returned. Read once, in pieces."""
        raise NotImplementedError

    def path(self, digest: str, *, verify: bool = False) -> Path:
        """Where the file lies, to be read only; with ``verify``, after all its bytes were digested again.

        Raises:
            StoreError: it is not there, or its bytes are no longer those of its name.
        """
        raise NotImplementedError

    def read(self, digest: str) -> bytes:
        """The bytes, verified."""
        raise NotImplementedError
