"""Steps that both draws share: hand in, commit and publish, reveal (PROTOCOL 4 and 8)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from inspection.beacon.announcing import announce
from inspection.beacon.ceremony import Ceremony, HandedIn
from inspection.draw.canonical import Digest, digest_hex
from inspection.draw.commitment import Commitment, Kind, Party
from inspection.draw.log import Entry
from inspection.draw.publication import PublishedCommitment
from inspection.draw.reveal import Reveal, check_reveal
from inspection.draw.table import table_root
from inspection.errors import DrawError
from inspection.steps.line import Line, Made, refusals, stamp
from inspection.store import draws


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a draw is committed to: frozen files by name, and the root of the result it builds on."""

    kind: Kind
    folder: str
    files: Mapping[str, str]
    previous: str | None = None


def hand_in(line: Line, inputs: Inputs, ceremony: Ceremony) -> HandedIn:
    """Every party's commitment is stored, before the draw is committed."""
    name = f"{line.name}/{inputs.folder}"

    def make() -> Made[HandedIn]:
        handed = ceremony.hand_in(name)
        return Made(payload=handed_payload(handed), value=handed, writes=keeping(line, inputs.kind, name, handed))

    return line.step(f"{inputs.folder}.parties", make, lambda payload: _handed(line, name, payload))


def handed_payload(handed: HandedIn) -> Mapping[str, Any]:
    """Commitments only: secrets are kept apart, in the ceremony table."""
    parties = [{"name": party.name, "commitment": party.commitment} for party in handed.parties]
    return {"parties": parties, "seal": handed.seal}


def keeping(line: Line, kind: Kind, name: str, handed: HandedIn) -> Any:
    """Rows of the hand-in: the draw is opened and the secrets handed over are kept."""

    def writes(connection: Connection) -> None:
        opened = draws.open_draw(connection, line.name, kind, line.round)
        if opened.draw != name:
            raise DrawError("line.draw.order", expected=opened.draw, got=name)
        kept = draws.Secrets(parties=dict(handed.secrets), seal=handed.seal_secret)
        draws.keep_secrets(connection, name, kept)

    return writes


def _handed(line: Line, name: str, payload: Mapping[str, Any]) -> HandedIn:
    with line.workspace.store.reading() as connection:
        kept = draws.secrets(connection, name)
    return HandedIn(
        parties=tuple(Party(name=each["name"], commitment=each["commitment"]) for each in payload["parties"]),
        seal=payload["seal"],
        secrets=kept.parties,
        seal_secret=kept.seal,
        public=kept.public,
    )


def commit(line: Line, inputs: Inputs, handed: HandedIn) -> PublishedCommitment:
    """The draw is committed: frozen, in the log, under a published checkpoint."""
    name = f"{line.name}/{inputs.folder}"
    commitment = line.step(
        f"{inputs.folder}.commit",
        lambda: _commit(line, inputs, name, handed),
        lambda payload: Commitment.parse(line.read(payload["commitment"])),
    )
    position = line.workspace.log.position(name, "commit")
    if position is None:
        raise DrawError("line.commit.missing", draw=name)
    entry = line.workspace.log.published(position)
    with refusals():
        return PublishedCommitment(
            commitment=commitment, line=entry.line, index=entry.index, proof=entry.proof, checkpoint=entry.checkpoint
        )


def _commit(line: Line, inputs: Inputs, name: str, handed: HandedIn) -> Made[Commitment]:
    rules = line.given.policy.ceremony
    now = line.clock()
    public = announce(rules, inputs.folder, now)
    commitment = Commitment(
        digest=rules.digest,
        plan=line.name,
        draw=name,
        kind=inputs.kind,
        previous=inputs.previous,
        inputs={file: _digest(line, file, kept, rules.digest) for file, kept in inputs.files.items()},
        parties=handed.parties,
        public=public,
        seal=handed.seal,
    )
    frozen = line.keep(commitment.canonical)

    def writes(connection: Connection) -> None:
        draws.commit_draw(connection, name, commitment.hex, {**inputs.files, "commitment.json": frozen})
        entry = Entry(
            type="commit", plan=line.name, draw=name, time=stamp(now), actor=line.plan.division, digest=commitment.hex
        )
        line.workspace.log.append(connection, entry)
        line.workspace.log.checkpoint(connection)

    return Made(payload={"commitment": frozen, "digest": commitment.hex}, value=commitment, writes=writes)


def _digest(line: Line, file: str, kept: str, algorithm: Digest) -> str:
    """The file's digest as a commitment states it: of its bytes for JSON, the tree head for a table (PROTOCOL 2)."""
    if file.endswith(".json"):
        return digest_hex(algorithm, line.read(kept))
    return table_root(line.kept(kept), algorithm)


def reveal(line: Line, published: PublishedCommitment, handed: HandedIn, ceremony: Ceremony) -> Reveal:
    """The secrets and the public value are stored, after publication and not before their time."""
    folder = published.commitment.draw.partition("/")[2]

    def make() -> Made[Reveal]:
        _await_opening(line, published)
        opened = ceremony.reveal(published, handed)
        check_reveal(published.commitment, opened)
        return Made(payload={"reveal.json": line.keep(opened.canonical)}, value=opened)

    return line.step(f"{folder}.reveal", make, lambda payload: Reveal.parse(line.read(payload["reveal.json"])))


SHORT_WAIT = 1.0
"""Seconds worth waiting for the public value's time; longer ones are told to the user."""


def _await_opening(line: Line, published: PublishedCommitment) -> None:
    """The time before which the public value must not exist has come; DrawError when it is not near."""
    public = published.commitment.public
    if public is None:
        return
    wait = (public.opens_at - line.clock()).total_seconds()
    if 0 < wait <= SHORT_WAIT:
        time.sleep(wait)
        wait = (public.opens_at - line.clock()).total_seconds()
    if wait > 0:
        raise DrawError("line.reveal.early", draw=published.commitment.draw, opens=public.not_before)


ESCROW = "escrow.json"
"""Beside a draw whose parties did not all reveal: whose secret was opened from escrow, by whom, why, and when."""


def log_result(line: Line, connection: Connection, draw: str, root: str, files: Mapping[str, str]) -> None:
    """The result is in the log, under a checkpoint, with its frozen files; so is whose secret came from escrow."""
    record = draws.draw(connection, draw)
    draws.finish_draw(connection, draw, root, files)
    entry = Entry(
        type="result",
        plan=line.name,
        draw=draw,
        time=stamp(line.clock()),
        actor=line.plan.division,
        digest=root,
        more={"escrow": _from_escrow(line, record.files[ESCROW])} if ESCROW in record.files else {},
    )
    line.workspace.log.append(connection, entry)
    line.workspace.log.checkpoint(connection)


def _from_escrow(line: Line, kept: str) -> str:
    """Parties whose secret was opened from escrow."""
    return " ".join(sorted(json.loads(line.read(kept))))
