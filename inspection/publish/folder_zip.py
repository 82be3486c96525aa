"""A folder as one zip whose bytes depend on the folder's files alone."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import IO

from inspection.errors import PublishError
from inspection.publish.archive import EPOCH


def zip_folder(folder: Path, target: Path) -> None:
    """The zip holds every plain file of the folder under the folder's own name, in order, all of one time.

    Links are passed over: what a bundle holds lies in it. The file is whole or not there.

    Raises:
        PublishError: a file cannot be read, or the zip not be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w") as book:
                for path in sorted(each for each in folder.rglob("*") if each.is_file() and not each.is_symlink()):
                    _add(book, path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise PublishError("publish.bundle.unwritable", folder=target, reason=error.strerror or str(error)) from error


def _add(book: zipfile.ZipFile, path: Path, name: str) -> None:
    member = zipfile.ZipInfo(name, EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    member.file_size = path.stat().st_size
    with path.open("rb") as source, book.open(member, "w") as target:
        shutil.copyfileobj(source, target, 1 << 20)


def unzip_bundles(archive: Path, folder: Path, most_bytes: int) -> None:
    """The files of a zip somebody handed in lie below the folder.

    Nothing in the zip is trusted: names that lead elsewhere and links are refused, and sizes are counted while
    inflating.

    Raises:
        PublishError: it is no zip, has a name that cannot be used, or holds more than ``most_bytes``.
    """
    left = most_bytes
    try:
        with zipfile.ZipFile(archive) as book:
            for member in book.infolist():
                if member.is_dir():
                    continue
                target = _place(folder, member)
                target.parent.mkdir(parents=True, exist_ok=True)
                with book.open(member) as source, target.open("xb") as file:
                    left = _copy(source, file, left, most_bytes)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError) as error:
        raise PublishError("publish.zip.unreadable", reason=str(error)) from None


def _place(folder: Path, member: zipfile.ZipInfo) -> Path:
    parts = member.filename.split("/")
    is_link = (member.external_attr >> 16) & 0o170000 == 0o120000
    if is_link or "\\" in member.filename or ":" in member.filename or any(part in ("", ".", "..") for part in parts):
        raise PublishError("publish.zip.name", name=member.filename[:80])
    return folder.joinpath(*parts)


def _copy(source: IO[bytes], file: IO[bytes], left: int, most: int) -> int:
    """How many bytes may still come."""
    while piece := source.read(1 << 20):
        left -= len(piece)
        if left < 0:
            raise PublishError("publish.zip.large", most=most // 1024**2)
        file.write(piece)
    return left
