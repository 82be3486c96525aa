"""Adapters: mapping tables kept as data, from our facts to the fields of another system (data/adapters/*.toml).

A bureau's own table, or one it corrected, lies in ``adapters/`` of its workspace and goes before ours.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from inspection.errors import PublishError
from inspection.outgoing import Kind
from inspection.publish.facts import known_facts

SPECIAL = ("$record", "$action", "$batch", "$announced_at", "$key", "$number")
"""What a field may be taken from beside facts; ``$number`` counts rows from 1."""

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"pattern {pattern!r}: {error}") from None
    return pattern


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Dictionary(_Table):
    """Our codes → theirs; ``confirmed`` only where the official dictionary was at hand."""

    title_zh: str
    confirmed: bool = False
    values: dict[str, str] = {}
    file: str | None = None
    codes: bool = False

    @property
    def categories(self) -> str:
        """Of a dictionary of results, the list of data/results it is."""
        return (self.file or "").removeprefix("results/").removesuffix(".toml")

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, stated: Any) -> Any:
        """Values and flag of a dictionary of results (data/results): labels, or the codes themselves."""
        if not isinstance(stated, dict) or not isinstance(stated.get("file"), str):
            return stated
        if not re.fullmatch(r"results/[a-z0-9_-]+\.toml", stated["file"]):
            raise ValueError(f"file: {stated['file']!r}")
        entry = resources.files("inspection_data").joinpath(stated["file"])
        table = tomllib.loads(entry.read_text(encoding="utf-8"))
        values = {code: code if stated.get("codes") else each["zh"] for code, each in table["result"].items()}
        return {"confirmed": table.get("confirmed", False)} | stated | {"values": values}


class FieldRule(_Table):
    """One field of their record: where it comes from and what it must look like.

    Attributes:
        from_: a fact, or one of ``SPECIAL``; ``value`` is a constant in its place.
        each: of a fact of rows, the field of each row; ``rows`` maps each row to a record of its own.
        join: a list becomes one text.
        most, least: characters of a text; ``least`` entries of a list.
        dictionary: codes are translated; a code it lacks is a fault.
    """

    name: str
    label: str = ""
    from_: Annotated[str | None, Field(alias="from")] = None
    value: str | None = None
    each: str | None = None
    rows: tuple[FieldRule, ...] = ()
    distinct: bool = False
    join: str | None = None
    required: bool = False
    type: Literal["text", "integer", "date"] = "text"
    pattern: Annotated[str, AfterValidator(_compiles)] | None = None
    most: int | None = None
    least: int | None = None
    dictionary: str | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> FieldRule:
        if (self.from_ is None) == (self.value is None):
            raise ValueError(f"{self.name}: exactly one of from and value")
        if self.from_ is not None and self.from_.startswith("$") and self.from_ not in SPECIAL:
            raise ValueError(f"{self.name}: from {self.from_!r} is none of {', '.join(SPECIAL)}")
        return self


class LaterRule(_Table):
    """The day or time in one field is not before that in another."""

    later: str
    than: str


class KindRule(_Table):
    """Their record for one kind of ours; ``key`` fields are all a withdrawal must state."""

    key: tuple[str, ...]
    fields: tuple[FieldRule, ...]
    rules: tuple[LaterRule, ...] = ()
    parent: str | None = None
    sheet: str | None = None
    spread: str | None = None

    @model_validator(mode="after")
    def _names_known_fields(self) -> KindRule:
        names = {field.name for field in self.fields}
        used = {*self.key, *(name for rule in self.rules for name in (rule.later, rule.than))}
        used |= {name for name in (self.parent, self.spread) if name is not None}
        if unknown := sorted(used - names):
            raise ValueError(f"no such field: {', '.join(unknown)}")
        return self


class Adapter(_Table):
    """One mapping table, checked against the facts there are."""

    name: str
    title_zh: str
    title_en: str
    audience: Literal["public", "government"]
    media: Literal["json", "xlsx", "zip"]
    source: str
    dictionaries: dict[str, Dictionary] = {}
    kinds: dict[Kind, KindRule] = {}
    everything: tuple[Kind, ...] = ()

    @property
    def takes(self) -> tuple[Kind, ...]:
        """The kinds of announcements it has a mapping for."""
        return tuple(dict.fromkeys((*self.kinds, *self.everything)))

    @property
    def unconfirmed(self) -> tuple[str, ...]:
        """Titles of its dictionaries that are not officially confirmed."""
        return tuple(each.title_zh for each in self.dictionaries.values() if not each.confirmed)

    @model_validator(mode="after")
    def _fits_the_facts(self) -> Adapter:
        faults = [fault for kind, rule in self.kinds.items() for fault in self._faults(kind, rule.fields)]
        if self.audience == "public" and self.everything:
            faults.append("everything: not for the public, facts may be personal")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults(self, kind: Kind, fields: Iterable[FieldRule]) -> Iterable[str]:
        facts = known_facts()[kind].facts
        for field in fields:
            fact = facts.get(field.from_ or "")
            if field.from_ is not None and not field.from_.startswith("$") and fact is None:
                yield f"{kind}.{field.name}: no fact {field.from_!r}"
                continue
            if self.audience == "public" and fact is not None and fact.is_personal:
                yield f"{kind}.{field.name}: {field.from_!r} is personal and this adapter is for the public"
            inner = [row.from_ for row in field.rows if row.from_ and not row.from_.startswith("$")]
            for name in [*inner, *([field.each] if field.each else [])]:
                if fact is None or name not in fact.fields:
                    yield f"{kind}.{field.name}: rows of {field.from_!r} have no {name!r}"
            for each in (field, *field.rows):
                if each.dictionary is not None and each.dictionary not in self.dictionaries:
                    yield f"{kind}.{each.name}: no dictionary {each.dictionary!r}"


def load_adapter(name: str, own: Path | None = None) -> Adapter:
    """The mapping table of this name: the bureau's own where its folder has one, else ours.

    Raises:
        PublishError: there is none, or it is no mapping table; every fault is named with its place.
    """
    texts = _texts(own)
    if not NAME.fullmatch(name) or name not in texts:
        raise PublishError("publish.adapter.unknown", name=name, known=", ".join(sorted(texts)))
    try:
        return Adapter.model_validate(tomllib.loads(texts[name]))
    except tomllib.TOMLDecodeError as error:
        raise PublishError("publish.adapter.malformed", name=name, faults=str(error)) from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc'])) or '-'}: {each['msg']}" for each in error.errors())
        raise PublishError("publish.adapter.malformed", name=name, faults=faults) from None


def adapter_names(own: Path | None = None) -> tuple[str, ...]:
    """Names of the mapping tables there are."""
    return tuple(sorted(_texts(own)))


def _texts(own: Path | None) -> Mapping[str, str]:
    folder = resources.files("inspection_data") / "adapters"
    files: list[Any] = [each for each in folder.iterdir() if each.name not in ("facts.toml", "website.toml")]
    if own is not None and own.is_dir():
        files += sorted(own.iterdir())
    return {
        each.name.removesuffix(".toml"): each.read_text(encoding="utf-8")
        for each in files
        if each.name.endswith(".toml")
    }
