"""Targets: who gets what and by which way; ``publish.toml`` of a workspace."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from inspection.draw.note import ED25519, VerifierKey
from inspection.draw.refusal import DrawRefusal
from inspection.errors import PublishError
from inspection.outgoing import Patience
from inspection.publish.adapters import Adapter, load_adapter

FILE = "publish.toml"


class TargetSettings(BaseModel):
    """One ``[targets.NAME]`` of the file.

    Attributes:
        mode: a live target takes confirmed dictionaries and https only.
        batch: records per request or archive.
        attempts: failed attempts until a record is a dead letter.
        first_wait_seconds, longest_wait_seconds: waits double from the one to the other, so 40 attempts at a receiver
            that is down are about five days.
        receiver_key: verifier key under which receipts must be signed.
        authority, certificate, private_key: PEM files for TLS: the receiver's authority, our own certificate and key.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    adapter: str
    channel: Literal["http", "folder"]
    mode: Literal["test", "live"] = "test"
    url: str | None = None
    folder: Path | None = None
    batch: Annotated[int, Field(ge=1, le=1_000)] = 100
    connections: Annotated[int, Field(ge=1, le=16)] = 2
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 20
    attempts: Annotated[int, Field(ge=1, le=1_000)] = 40
    first_wait_seconds: Annotated[float, Field(gt=0, le=3_600)] = 2
    longest_wait_seconds: Annotated[float, Field(gt=0, le=86_400)] = 21_600
    receiver_key: str | None = None
    authority: Path | None = None
    certificate: Path | None = None
    private_key: Path | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> TargetSettings:
        if self.channel == "http":
            parts = urlsplit(self.url or "")
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
                raise ValueError("url: http://… or https://…, without ? and #")
            if parts.username is not None:
                raise ValueError("url: no name or password in it")
            if self.mode == "live" and parts.scheme != "https":
                raise ValueError("url: a live target is reached by https only")
        elif self.folder is None:
            raise ValueError("folder: where the files are to be put")
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("certificate and private_key: both or neither")
        if self.receiver_key is not None:
            try:
                is_key = VerifierKey.parse(self.receiver_key).kind == ED25519
            except DrawRefusal:
                is_key = False
            if not is_key:
                raise ValueError("receiver_key: the line that inspection receiver prints")
        return self


Given = str | int
"""A fact as the file states it."""


class LocalFacts(BaseModel):
    """What a bureau states once for all records: official numbers and codes that registers do not hold.

    Attributes:
        facts: used where a record does not state the fact itself.
        by: fact → value → facts that go with it, before what the record states: the official number of a task, say.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    facts: dict[str, Given] = {}
    by: dict[str, dict[str, dict[str, Given]]] = {}

    def complete(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The facts of a record with those of the file."""
        found: dict[str, Any] = {**self.facts, **payload}
        for fact, values in self.by.items():
            found |= values.get(str(payload.get(fact)), {})
        return found


class _File(LocalFacts):
    targets: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")], TargetSettings] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target with its mapping table."""

    name: str
    settings: TargetSettings
    adapter: Adapter
    local: LocalFacts = field(default_factory=LocalFacts)

    @property
    def lease(self) -> timedelta:
        """How long a claim is nobody else's: well over one request."""
        return timedelta(seconds=3 * self.settings.timeout_seconds + 5)

    @property
    def patience(self) -> Patience:
        """How its failures are met."""
        settings = self.settings
        return Patience(
            first=timedelta(seconds=settings.first_wait_seconds),
            longest=timedelta(seconds=settings.longest_wait_seconds),
            most_attempts=settings.attempts,
        )

    @property
    def receiver_key(self) -> VerifierKey | None:
        """The key receipts are signed by, where one is set."""
        return VerifierKey.parse(self.settings.receiver_key) if self.settings.receiver_key else None

    def require_ready(self) -> None:
        """The target may be sent to.

        Raises:
            PublishError: it is live and a dictionary of its adapter is not officially confirmed.
        """
        if self.settings.mode == "live" and self.adapter.unconfirmed:
            names = "、".join(self.adapter.unconfirmed)
            raise PublishError(
                "publish.target.unconfirmed", target=self.name, adapter=self.adapter.name, dictionaries=names
            )


def read_targets(folder: Path) -> Mapping[str, Target]:
    """The targets of a workspace by name; none where it has no file.

    Raises:
        PublishError: the file or a mapping table cannot be used; every fault is named with its place.
    """
    stated = _read(folder)
    own = folder / "adapters"
    return {
        name: Target(
            name=name, settings=_rooted(settings, folder), adapter=load_adapter(settings.adapter, own), local=stated
        )
        for name, settings in sorted(stated.targets.items())
    }


def local_facts(folder: Path) -> LocalFacts:
    """What the workspace's file states for all records.

    Raises:
        PublishError: the file cannot be used.
    """
    return _read(folder)


def _read(folder: Path) -> _File:
    path = folder / FILE
    try:
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return _File()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise PublishError("publish.targets.malformed", path=path, faults=str(error)) from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise PublishError("publish.targets.malformed", path=path, faults=faults) from None


def _rooted(settings: TargetSettings, folder: Path) -> TargetSettings:
    """Relative paths in the file are meant from the workspace."""
    paths = {name: getattr(settings, name) for name in ("folder", "authority", "certificate", "private_key")}
    return settings.model_copy(update={name: folder / path for name, path in paths.items() if path is not None})


def require_target(targets: Mapping[str, Target], name: str, folder: Path) -> Target:
    """The target of this name.

    Raises:
        PublishError: there is none.
    """
    if name not in targets:
        raise PublishError("publish.target.unknown", name=name, known=", ".join(targets) or "-", path=folder / FILE)
    return targets[name]
