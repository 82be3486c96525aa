"""Entries of the public log (PROTOCOL 8): one canonical JSON object a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, cast, get_args

from inspection.draw.canonical import canonical_json, parse_canonical
from inspection.draw.merkle import tree_head
from inspection.draw.note import Checkpoint, VerifierKey
from inspection.draw.public_source import parse_time
from inspection.draw.refusal import DrawRefusal

EntryType = Literal["commit", "result", "void", "replace", "substitute", "disclose"]
TYPES: Final = frozenset(get_args(EntryType))
_ALWAYS: Final = ("type", "plan", "draw", "time", "actor", "digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCopy:
    """A log as somebody holds it; nothing in it is checked yet.

    Attributes:
        key: who the holder believes keeps the log; its name is the log's origin.
        lines: the entries in order, without line ends.
        notes: checkpoints as they were signed, by the size they are filed under.
    """

    key: VerifierKey
    lines: tuple[bytes, ...]
    notes: Mapping[int, str]

    def head(self, size: int) -> Checkpoint:
        """What a checkpoint over the first ``size`` entries must say."""
        return Checkpoint(origin=self.key.name, size=size, root=tree_head(self.lines[:size]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Somebody outside saw a checkpoint of this size at this time: a witness, or a timestamp authority."""

    size: int
    time: datetime
    who: str
    kind: Literal["witness", "timestamp"]


def first_sight(sights: Iterable[Sight], index: int) -> Sight | None:
    """The earliest outside sight of the entry at ``index``: from then on its place in time is no mere word of ours."""
    covering = [sight for sight in sights if sight.size > index]
    return min(covering, key=lambda sight: (sight.time, sight.who), default=None)


def seen_before_result(sights: Iterable[Sight], commit: int, result: int) -> Sight | None:
    """The earliest sight of a log that held the commit and not yet the result: outside proof of their order."""
    return first_sight((sight for sight in sights if sight.size <= result), commit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of log/entries.jsonl.

    Attributes:
        time: RFC 3339 with offset.
        digest: D(commitment.json) of a commit, the root of the result table of a result.
        more: what the type needs beside it: reason, firm, visit, agency, inspector …
    """

    type: EntryType
    plan: str
    draw: str
    time: str
    actor: str
    digest: str
    more: Mapping[str, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise DrawRefusal("draw.log.type", type=self.type)
        if doubled := self.more.keys() & set(_ALWAYS):
            raise DrawRefusal("draw.log.member", member=", ".join(sorted(doubled)))
        parse_time(self.time)

    @property
    def at(self) -> datetime:
        """``time`` as an aware time."""
        return parse_time(self.time)

    @property
    def line(self) -> bytes:
        """The canonical line without its line feed; the leaf of the log tree."""
        return canonical_json({**{name: getattr(self, name) for name in _ALWAYS}, **self.more})

    @classmethod
    def parse(cls, line: bytes) -> Entry:
        """The entry of a line (without its line feed); DrawRefusal when it is none."""
        value = parse_canonical(line)
        if not isinstance(value, dict):
            raise DrawRefusal("draw.log.member", member=", ".join(_ALWAYS))
        faulty = [name for name in _ALWAYS if not isinstance(value.get(name), str)]
        faulty += [name for name, part in value.items() if type(part) not in (str, int)]
        if faulty:
            raise DrawRefusal("draw.log.member", member=", ".join(sorted(set(faulty))))
        parts = cast("dict[str, str]", value)
        more = {name: part for name, part in parts.items() if name not in _ALWAYS}
        return cls(
            type=cast(EntryType, parts["type"]),
            plan=parts["plan"],
            draw=parts["draw"],
            time=parts["time"],
            actor=parts["actor"],
            digest=parts["digest"],
            more=more,
        )
