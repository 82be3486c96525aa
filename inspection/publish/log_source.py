"""Where a log is read from: a folder or web address of static tiles, or a bundle. Nothing read is trusted yet."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Protocol

from inspection.draw.log import LogCopy
from inspection.draw.note import ED25519, Checkpoint, VerifierKey
from inspection.draw.refusal import DrawRefusal
from inspection.draw.tiles import LONGEST, WIDTH, TileReader, log_files
from inspection.errors import PublishError
from inspection.publish.log_tiles import NOTES, unpack_notes

MOST_BYTES = WIDTH * (LONGEST + 2)
"""The largest file a log can have: an entry bundle of the longest entries."""

SECONDS = 20
"""How long a web server is waited for."""


class LogSource(Protocol):
    """A log that can be read."""

    name: str

    def key(self) -> VerifierKey | None:
        """The key the source itself states; None when it states none. Compare it with one from elsewhere."""

    def newest(self) -> str:
        """The newest signed note; PublishError when there is none."""

    def notes(self) -> Mapping[int, str]:
        """All notes that are kept, by size; at least the newest."""

    def reader(self, size: int) -> TileReader:
        """Reads the log of that size by tiles."""

    def lines(self, size: int, start: int = 0) -> tuple[bytes, ...]:
        """The entries from ``start`` to ``size``."""

    def timestamps(self) -> Mapping[int, Mapping[str, bytes]]:
        """Answers of timestamp authorities by size and name."""


def open_source(place: str) -> LogSource:
    """The log at a web address or in a folder.

    Raises:
        PublishError: there is neither a bundle nor a published log.
    """
    if re.match("https?://", place):
        return WebTiles(place)
    folder = Path(place)
    if (folder / "bundle.json").is_file():
        return BundleLog(folder)
    if (folder / "checkpoint").is_file():
        return FolderTiles(folder)
    raise PublishError("log.source.none", place=place)


def copy_of(source: LogSource, key: VerifierKey | None) -> LogCopy:
    """All of the source's log, under the key given or the one it states.

    Raises:
        PublishError: it states no key and none is given; its checkpoint is none; a file is missing.
    """
    stated = key or source.key()
    if stated is None:
        raise PublishError("log.source.keyless", place=source.name)
    size = checkpoint_of(source.newest(), source.name).size
    return LogCopy(key=stated, lines=source.lines(size), notes=source.notes())


def checkpoint_of(note: str, place: str) -> Checkpoint:
    """The checkpoint of a note whose signatures are not checked yet."""
    try:
        return Checkpoint.parse(note.rpartition("\n\n")[0] + "\n")
    except DrawRefusal as refusal:
        raise PublishError("log.source.malformed", place=place, reason=refusal) from None


class FolderTiles:
    """Static tiles in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = str(folder)

    def fetch(self, path: str) -> bytes | None:
        """The bytes of a file below the folder; None when there is none."""
        return _read(self.folder / path)

    def key(self) -> VerifierKey | None:
        """The folder's ``key``."""
        return _key(self.fetch("key"), self.name)

    def newest(self) -> str:
        """The folder's ``checkpoint``."""
        return _text(self.fetch("checkpoint"), f"{self.name}/checkpoint")

    def notes(self) -> Mapping[int, str]:
        """``checkpoints.jsonl``, and the newest as ``checkpoint`` has it."""
        return _all_notes(self.fetch(NOTES), self.newest(), self.name)

    def reader(self, size: int) -> TileReader:
        """Reads ``tile/``."""
        return TileReader(self.fetch, size)

    def lines(self, size: int, start: int = 0) -> tuple[bytes, ...]:
        """The entry bundles' entries."""
        return tuple(_reading(self.name, self.reader(size), start))

    def timestamps(self) -> Mapping[int, Mapping[str, bytes]]:
        """``timestamps/``."""
        return _timestamps(self.folder / "timestamps")


class WebTiles:
    """Static tiles on a web server, fetched as a standard reader does."""

    def __init__(self, address: str) -> None:
        self.name = address.rstrip("/")

    def fetch(self, path: str) -> bytes | None:
        """The bytes at the path; None when the server says there are none.

        Raises:
            PublishError: the server does not answer, or sends more than a log's file can hold.
        """
        return get(f"{self.name}/{path}")

    def key(self) -> VerifierKey | None:
        """The ``key`` beside the checkpoint, where our own writer put one."""
        return _key(self.fetch("key"), self.name)

    def newest(self) -> str:
        """The server's ``checkpoint``."""
        return _text(self.fetch("checkpoint"), f"{self.name}/checkpoint")

    def notes(self) -> Mapping[int, str]:
        """``checkpoints.jsonl``, where our own writer put one, and the newest."""
        return _all_notes(self.fetch(NOTES), self.newest(), self.name)

    def reader(self, size: int) -> TileReader:
        """Reads ``tile/``."""
        return TileReader(self.fetch, size)

    def lines(self, size: int, start: int = 0) -> tuple[bytes, ...]:
        """The entry bundles' entries."""
        return tuple(_reading(self.name, self.reader(size), start))

    def timestamps(self) -> Mapping[int, Mapping[str, bytes]]:
        """None: a web server has no list of them."""
        return {}


class BundleLog:
    """The log inside a bundle (PROTOCOL 3)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "log"
        self.name = str(folder)

    def key(self) -> VerifierKey | None:
        """``log/key``."""
        return _key(_read(self.folder / "key"), self.name)

    def newest(self) -> str:
        """The note of the greatest size."""
        notes = self.notes()
        if not notes:
            raise PublishError("log.source.none", place=self.name)
        return notes[max(notes)]

    def notes(self) -> Mapping[int, str]:
        """``log/checkpoints/``."""
        return _notes(self.folder / "checkpoints")

    def reader(self, size: int) -> TileReader:
        """Tiles made of the entries: a bundle has none of its own."""
        return TileReader(dict(log_files(self.lines(size), [size])).get, size)

    def lines(self, size: int, start: int = 0) -> tuple[bytes, ...]:
        """``log/entries.jsonl`` from ``start``; all of it, should it be longer than the checkpoint says."""
        data = _read(self.folder / "entries.jsonl")
        if data is None or not data.endswith(b"\n"):
            raise PublishError("log.source.missing", place=self.name, path="log/entries.jsonl")
        return tuple(data[:-1].split(b"\n"))[start:]

    def timestamps(self) -> Mapping[int, Mapping[str, bytes]]:
        """``log/timestamps/``."""
        return _timestamps(self.folder / "timestamps")


def get(address: str, body: bytes | None = None, kind: str = "application/octet-stream") -> bytes | None:
    """What a web server answers to a GET, or to a POST of ``body``; None for "not found".

    Raises:
        PublishError: it does not answer, refuses, or sends more than ``MOST_BYTES``.
    """
    if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
        raise PublishError("log.source.unreachable", address=address, reason="http, https")
    headers = {"Accept-Encoding": "gzip, identity", "User-Agent": "open-draw"}
    headers |= {} if body is None else {"Content-Type": kind}
    request = urllib.request.Request(address, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            data: bytes = answer.read(MOST_BYTES + 1)
            packing = answer.headers.get("Content-Encoding", "identity")
    except urllib.error.HTTPError as error:
        if error.code in (404, 410):
            return None
        raise PublishError("log.source.unreachable", address=address, reason=f"HTTP {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise PublishError("log.source.unreachable", address=address, reason=error) from None
    if packing == "gzip":
        data = _unpacked(data, address)
    if len(data) > MOST_BYTES:
        raise PublishError("log.source.unreachable", address=address, reason=f"> {MOST_BYTES} B")
    return data


def _unpacked(data: bytes, address: str) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(data, MOST_BYTES + 1)
    except zlib.error as error:
        raise PublishError("log.source.unreachable", address=address, reason=error) from None


def _reading(place: str, reader: TileReader, start: int) -> list[bytes]:
    try:
        return reader.entries(start)
    except DrawRefusal as refusal:
        raise PublishError("log.source.missing", place=place, path=refusal.params.get("path", "")) from None


def _read(path: Path) -> bytes | None:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise PublishError("log.source.large", path=path, most=MOST_BYTES)
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _text(data: bytes | None, place: str) -> str:
    if data is None:
        raise PublishError("log.source.none", place=place)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise PublishError("log.source.malformed", place=place, reason=error.reason) from None


def _key(data: bytes | None, place: str) -> VerifierKey | None:
    if data is None:
        return None
    try:
        key = VerifierKey.parse(_text(data, place))
    except DrawRefusal as refusal:
        raise PublishError("log.source.malformed", place=f"{place}/key", reason=refusal) from None
    if key.kind != ED25519:
        raise PublishError("log.source.malformed", place=f"{place}/key", reason=f"{key.kind} ≠ {ED25519}")
    return key


def _all_notes(data: bytes | None, newest: str, place: str) -> dict[int, str]:
    """The notes up to the newest: a writer at work lists the next one before it puts it up."""
    size = checkpoint_of(newest, place).size
    try:
        notes = unpack_notes(data or b"")
    except DrawRefusal as refusal:
        raise PublishError("log.source.malformed", place=f"{place}/{NOTES}", reason=refusal) from None
    return {each: note for each, note in notes.items() if each < size} | {size: newest}


def _notes(folder: Path) -> dict[int, str]:
    """The notes of a folder whose files are named by size."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    if strange := [path for path in paths if not re.fullmatch("[1-9][0-9]{0,15}", path.name)]:
        raise PublishError("log.source.malformed", place=strange[0], reason="1, 2, 3 …")
    return {int(path.name): _text(_read(path), str(path)) for path in paths}


def _timestamps(folder: Path) -> dict[int, dict[str, bytes]]:
    found: dict[int, dict[str, bytes]] = {}
    for path in sorted(folder.glob("*/*.tsr")):
        data = _read(path)
        if path.parent.name.isdecimal() and data is not None:
            found.setdefault(int(path.parent.name), {})[path.stem] = data
    return found
