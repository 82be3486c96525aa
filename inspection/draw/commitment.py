"""What is frozen and logged before the randomness exists (PROTOCOL 4); reveal.py opens it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from inspection.draw.canonical import Digest, Json, canonical_json, digest_hex, hasher, parse_canonical
from inspection.draw.public_source import PublicKind, PublicSource
from inspection.draw.refusal import DrawRefusal

PROTOCOL: Final = "open-draw/1"
Kind = Literal["firms", "inspectors"]

INPUTS: Final[Mapping[Kind, frozenset[str]]] = {
    "firms": frozenset({"rules.json", "firms.csv", "pools.csv", "flow.csv", "months.csv"}),
    "inspectors": frozenset({"needs.csv", "inspectors.csv", "recusals.csv", "flow.csv"}),
}
"""The files every commitment of a kind names (PROTOCOL 3); further inputs may be named beside them."""

LONE_DICE = 40
"""Ten-sided dice that carry 128 bits, needed where no party contributes."""

_RESULTS = frozenset({"visits.csv", "assignments.csv", "commitment.json", "reveal.json"})
_FILE = re.compile(r"[a-z0-9][a-z0-9_.-]*\.(csv|json)")
_HEX = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r'[^\s:,"/]+')


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Someone who contributes a secret, and the commitment to it (64 hex digits)."""

    name: str
    commitment: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name in ("public", "seal"):
            raise DrawRefusal("draw.commitment.party_name", party=self.name)
        _require_hex(self.commitment, f"parties[{self.name}].commitment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """Everything that can change the outcome of one draw, under one digest.

    Attributes:
        draw: ``<plan>/<folder>``, never used twice.
        previous: root of the result this draw builds on; an inspector draw has one.
        inputs: file name → digest (hex): of the bytes for JSON, the tree head for tables.
        parties: in the order in which their secrets enter the seed.
        seal: the bureau's commitment to a secret while lists stay closed.
    """

    digest: Digest
    plan: str
    draw: str
    kind: Kind
    previous: str | None
    inputs: Mapping[str, str]
    parties: tuple[Party, ...]
    public: PublicSource | None
    seal: str | None

    def __post_init__(self) -> None:
        hasher(self.digest)
        if self.kind not in INPUTS:
            raise DrawRefusal("draw.commitment.kind", kind=self.kind)
        plan, slash, folder = self.draw.partition("/")
        if plan != self.plan or not slash or not _NAME.fullmatch(plan) or not _NAME.fullmatch(folder):
            raise DrawRefusal("draw.commitment.name", plan=self.plan, draw=self.draw)
        for name, digest in (("previous", self.previous), ("seal", self.seal), *self.inputs.items()):
            if digest is not None:
                _require_hex(digest, name)
        if self.kind == "inspectors" and self.previous is None:
            raise DrawRefusal("draw.commitment.previous", draw=self.draw)
        self._check_inputs()
        self._check_entropy()

    def _check_inputs(self) -> None:
        missing = INPUTS[self.kind] - self.inputs.keys()
        if missing:
            raise DrawRefusal("draw.commitment.inputs", draw=self.draw, missing=", ".join(sorted(missing)))
        for name in self.inputs:
            if not _FILE.fullmatch(name) or name in _RESULTS:
                raise DrawRefusal("draw.commitment.input_name", draw=self.draw, file=name)

    def _check_entropy(self) -> None:
        names = [party.name for party in self.parties]
        if len(set(names)) < len(names):
            doubled = sorted({name for name in names if names.count(name) > 1})
            raise DrawRefusal("draw.commitment.party_twice", parties=", ".join(doubled))
        if self.parties:
            return
        if self.public is None:
            raise DrawRefusal("draw.commitment.no_source", draw=self.draw)
        if self.public.kind == "lottery":
            raise DrawRefusal("draw.commitment.lone_lottery", draw=self.draw)
        if self.public.kind == "dice" and int(self.public.fields["digits"]) < LONE_DICE:
            raise DrawRefusal("draw.commitment.few_dice", digits=self.public.fields["digits"], needed=LONE_DICE)

    @property
    def canonical(self) -> bytes:
        """The bytes of commitment.json."""
        public = self.public
        return canonical_json(
            {
                "protocol": PROTOCOL,
                "digest": self.digest,
                "plan": self.plan,
                "draw": self.draw,
                "kind": self.kind,
                "previous": self.previous,
                "inputs": self.inputs,
                "parties": [{"name": party.name, "commitment": party.commitment} for party in self.parties],
                "public": public and {"kind": public.kind, "not_before": public.not_before, **public.fields},
                "seal": self.seal,
            }
        )

    @property
    def hex(self) -> str:
        """D(commitment.json), the digest of the log's commit entry."""
        return digest_hex(self.digest, self.canonical)

    @classmethod
    def parse(cls, data: bytes) -> Commitment:
        """The commitment whose canonical bytes these are.

        Raises:
            DrawRefusal: not canonical, members missing, unknown or of the wrong type, or against PROTOCOL 4.
        """
        value = read_object(parse_canonical(data), "commitment", _COMMITMENT)
        if value["protocol"] != PROTOCOL:
            raise DrawRefusal("draw.commitment.protocol", protocol=value["protocol"])
        parties = [read_object(party, "parties", _PARTY) for party in cast("list[Json]", value["parties"])]
        inputs = cast("dict[str, Json]", value["inputs"])
        for name, digest in inputs.items():
            _require_hex(digest, name)
        return cls(
            digest=cast(Digest, value["digest"]),
            plan=cast(str, value["plan"]),
            draw=cast(str, value["draw"]),
            kind=cast(Kind, value["kind"]),
            previous=cast("str | None", value["previous"]),
            inputs=cast("dict[str, str]", inputs),
            parties=tuple(Party(name=str(party["name"]), commitment=str(party["commitment"])) for party in parties),
            public=_public(value["public"]),
            seal=cast("str | None", value["seal"]),
        )


_COMMITMENT: Final[Mapping[str, tuple[type, ...]]] = {
    "protocol": (str,),
    "digest": (str,),
    "plan": (str,),
    "draw": (str,),
    "kind": (str,),
    "previous": (str, type(None)),
    "inputs": (dict,),
    "parties": (list,),
    "public": (dict, type(None)),
    "seal": (str, type(None)),
}
_PARTY: Final[Mapping[str, tuple[type, ...]]] = {"name": (str,), "commitment": (str,)}


def read_object(value: Json, where: str, members: Mapping[str, tuple[type, ...]]) -> dict[str, Json]:
    """The value as an object with exactly these members of these types."""
    if not isinstance(value, dict) or value.keys() != members.keys():
        raise DrawRefusal("draw.commitment.members", where=where, expected=", ".join(sorted(members)))
    for name, types in members.items():
        if not isinstance(value[name], types):
            raise DrawRefusal("draw.commitment.type", where=where, member=name, got=type(value[name]).__name__)
    return value


def _public(value: Json) -> PublicSource | None:
    if not isinstance(value, dict):
        return None
    fields = {name: part for name, part in value.items() if name not in ("kind", "not_before")}
    return PublicSource(
        kind=cast(PublicKind, str(value.get("kind"))),
        fields=cast("dict[str, str | int]", fields),
        not_before=str(value.get("not_before")),
    )


def _require_hex(value: object, where: str) -> None:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise DrawRefusal("draw.commitment.hex", where=where, value=value)
