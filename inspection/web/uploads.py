"""Files sent to us, on disk under the names they came with for as long as a request lasts."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import UploadFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A file sent, and the SHA-256 of its bytes in hex."""

    path: Path
    digest: str


@contextmanager
def on_disk(files: Sequence[UploadFile]) -> Iterator[list[Stored]]:
    """The files in folders of their own, in the order they came; they are gone afterwards."""
    found = []
    with tempfile.TemporaryDirectory(prefix="upload-") as folder:
        for number, file in enumerate(files):
            room = Path(folder) / str(number)
            room.mkdir()
            path = room / safe_name(file.filename)
            with path.open("wb") as target:
                shutil.copyfileobj(file.file, target)
            with path.open("rb") as source:
                found.append(Stored(path=path, digest=hashlib.file_digest(source, "sha256").hexdigest()))
        yield found


def safe_name(name: str | None) -> str:
    """The file's own name without any path: for messages, and by its ending for the reader.

    >>> safe_name("../../etc/\\u0000对象.xlsx")
    '对象.xlsx'
    """
    last = re.split(r"[/\\]", name or "")[-1]
    clean = "".join(sign for sign in last if sign.isprintable()).strip(". ")
    return clean.encode("utf-8", "ignore")[-180:].decode("utf-8", "ignore") or "upload"
