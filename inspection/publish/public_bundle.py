"""The public bundle: a draw's proof without tiers, inspectors and unopened visits (docs/public-bundle.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from inspection.draw.canonical import Digest, canonical_json
from inspection.draw.log import Entry
from inspection.draw.merkle import leaf_hash
from inspection.publish.bundle import LogFiles, add_checker, place_folder, write_log_files

PROTOCOL = "open-draw/1-public"
HEAD = "public-bundle.json"
CHECKER = "verify_public.py"

SHOWN_TYPES = ("commit", "result", "disclose")
"""Entries the public reads; the others name people, and firms whose visit may not be open yet."""

SHOWN_MEMBERS = frozenset({"escrow", "batch", "records"})
"""What a shown entry may hold beside the members all entries have: parties, which the commitment names, and numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDraw:
    """One draw as the public sees it.

    Attributes:
        folder: its name under draws/.
        state: whether it has a result, awaits one, or was given up.
        facts: counts, and the reason of a draw given up; what the head of the bundle says of it.
        files: bytes by name: the commitment, the reveal as far as it is open, the visits as a partial list.
    """

    folder: str
    state: Literal["drawn", "committed", "void"]
    facts: Mapping[str, int | str]
    files: Mapping[str, bytes]


def partial(lines: Iterable[bytes], is_shown: Callable[[int, bytes], bool], algorithm: Digest) -> list[str]:
    """The lines of a partial list: as they are where shown, else ``leaf`` and the line's leaf hash.

    >>> partial([b"a", b"b"], lambda number, line: number == 0, "sha256")
    ['a', 'leaf 57eb35615d47f34ec714cacdf5fd74608a5e8e102724e80b24b287c0c27b6a31']
    """
    return [
        line.decode() if is_shown(number, line) else f"leaf {leaf_hash(line, algorithm).hex()}"
        for number, line in enumerate(lines)
    ]


def public_log(log: LogFiles, keeper: str) -> tuple[LogFiles, dict[str, int]]:
    """The log with entries withheld that the public does not read, and how many of each type these are.

    Args:
        keeper: the actor of entries the software makes by itself; another actor is a person.
    """
    withheld = Counter[str](entry.type for entry in map(_entry, log.lines) if not _is_shown(entry, keeper))
    lines = partial(
        (line.encode() for line in log.lines), lambda _, line: _is_shown(Entry.parse(line), keeper), "sha256"
    )
    return replace(log, lines=lines), dict(withheld)


def _entry(line: str) -> Entry:
    return Entry.parse(line.encode())


def _is_shown(entry: Entry, keeper: str) -> bool:
    return entry.type in SHOWN_TYPES and entry.actor == keeper and entry.more.keys() <= SHOWN_MEMBERS


def write_public_bundle(
    target: Path, head: Mapping[str, str], draws: Sequence[PublicDraw], log: LogFiles, withheld: Mapping[str, int]
) -> None:
    """The public bundle stands in ``target``, whole; one already there is replaced in one move.

    Args:
        head: ``plan``, and ``time``, as of when visits are open (RFC 3339).
        log: as ``public_log`` made it.

    Raises:
        PublishError: ``target`` exists and is no public bundle, or cannot be written.
    """

    def fill(folder: Path) -> None:
        told = [{"folder": draw.folder, "state": draw.state, **draw.facts} for draw in draws]
        value = {"protocol": PROTOCOL, **head, "draws": told, "withheld": withheld}
        (folder / HEAD).write_bytes(canonical_json(value))
        for draw in draws:
            home = folder / "draws" / draw.folder
            home.mkdir(parents=True)
            for name, data in draw.files.items():
                (home / name).write_bytes(data)
        write_log_files(folder / "log", log, "entries.part")
        add_checker(folder, CHECKER)

    place_folder(target, HEAD, fill, "public.bundle.occupied")
