"""What is brought to a committed draw before it is revealed as a whole: a party's secret, the proof of a public value.

Each is checked against the commitment at once and stored, so that a ceremony interrupted anywhere goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspection.beacon.ceremony import opens
from inspection.beacon.evidence import FILE, Checked, check_evidence, read_evidence
from inspection.draw.canonical import canonical_json, parse_canonical
from inspection.draw.commitment import Commitment, Party
from inspection.draw.reveal import Reveal
from inspection.errors import BeaconError
from inspection.steps.draw_steps import ESCROW
from inspection.steps.line import Line, refusals, stamp
from inspection.store import draws
from inspection.store.evidence import attach


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A committed draw that is not revealed yet.

    Attributes:
        revealed: names of parties whose secret is kept already.
        public: the public value, where it is kept already.
    """

    commitment: Commitment
    folder: str
    revealed: frozenset[str]
    public: str | None


def awaited(line: Line) -> Awaited | None:
    """The draw that waits for its reveal; None when there is none."""
    done = {step.name for step in line.workspace.store.steps(line.name)}
    with line.workspace.store.reading() as connection:
        for record in draws.draws(connection, line.name):
            is_over = record.root is not None or record.void is not None or f"{record.folder}.reveal" in done
            if record.commitment is None or is_over:
                continue
            kept = draws.secrets(connection, record.draw)
            return Awaited(
                commitment=Commitment.parse(line.read(record.files["commitment.json"])),
                folder=record.folder,
                revealed=frozenset(kept.parties),
                public=kept.public,
            )
    return None


def require_awaited(line: Line) -> Awaited:
    """The draw that waits for its reveal.

    Raises:
        BeaconError: there is none.
    """
    found = awaited(line)
    if found is None:
        raise BeaconError("beacon.reveal.none", plan=line.name)
    return found


def bring_public(line: Line, data: bytes) -> Checked:
    """The public value of the awaited draw is kept, with the file that proves it; what could be checked is told.

    Raises:
        BeaconError: no draw waits, its public value has no such file, or the file is of another round, malformed or
            wrongly signed.
    """
    waiting = require_awaited(line)
    source = waiting.commitment.public
    if source is None:
        raise BeaconError("beacon.public.uncommitted", draw=waiting.commitment.draw)
    with refusals():
        evidence = read_evidence(source, data)
    if waiting.public not in (None, evidence.value):
        raise BeaconError("beacon.public.kept", draw=waiting.commitment.draw)
    kept = line.keep(evidence.file)
    with line.workspace.store.writing() as connection:
        draws.keep_secrets(connection, waiting.commitment.draw, draws.Secrets(public=evidence.value))
        attach(connection, waiting.commitment.draw, FILE, kept)
    return check_evidence(source, evidence.value, evidence.file)


def bring_proof(line: Line, data: bytes) -> tuple[str, Checked]:
    """The file that proves a value typed in at the reveal stands beside its draw; the draw, and what could be checked.

    Raises:
        BeaconError: no draw has a public value that this file proves and no file yet.
    """
    with line.workspace.store.reading() as connection:
        open_draws = [record for record in draws.draws(connection, line.name) if FILE not in record.files]
    for record in open_draws:
        if record.root is None:
            continue
        source = Commitment.parse(line.read(record.files["commitment.json"])).public
        value = Reveal.parse(line.read(record.files["reveal.json"])).public
        try:
            evidence = read_evidence(source, data) if source is not None else None
        except BeaconError:  # it is of another draw's round, or of none
            continue
        if source is not None and evidence is not None and evidence.value == value:
            kept = line.keep(evidence.file)
            with line.workspace.store.writing() as connection:
                attach(connection, record.draw, FILE, kept)
            return record.draw, check_evidence(source, value, evidence.file)
    raise BeaconError("beacon.proof.none", plan=line.name)


def keep_public(line: Line, value: str) -> None:
    """The public value read out in the room is kept; its form was checked by who asked."""
    waiting = require_awaited(line)
    with line.workspace.store.writing() as connection:
        draws.keep_secrets(connection, waiting.commitment.draw, draws.Secrets(public=value))


def reveal_secret(line: Line, party: str, secret: str) -> None:
    """The party's secret is kept: it opens the commitment, which is in a published checkpoint.

    Raises:
        BeaconError: no draw waits, its dice are not thrown yet, the party is none of its parties, or the secret is
            another one.
    """
    waiting = _require_thrown(line)
    opens(waiting.commitment, _party(waiting, party))(secret)
    with line.workspace.store.writing() as connection:
        draws.keep_secrets(connection, waiting.commitment.draw, draws.Secrets(parties={party: secret}))


def open_escrow(line: Line, party: str, secret: str, *, opened_by: str, reason: str) -> None:
    """A secret from a sealed envelope is kept in place of a reveal; who opened it and why goes into bundle and log.

    Raises:
        BeaconError: the rules say void, nobody is named, or as ``reveal_secret``.
    """
    if line.given.policy.ceremony.missing_reveal != "escrow":
        raise BeaconError("beacon.escrow.rule", party=party)
    if not opened_by.strip() or not reason.strip():
        raise BeaconError("beacon.escrow.who", party=party)
    waiting = _require_thrown(line)
    opens(waiting.commitment, _party(waiting, party))(secret)
    opening = {"opened_by": opened_by.strip(), "reason": reason.strip(), "time": stamp(line.clock())}
    with line.workspace.store.writing() as connection:
        draw = waiting.commitment.draw
        record = draws.draw(connection, draw)
        before = parse_canonical(line.read(record.files[ESCROW])) if ESCROW in record.files else {}
        openings = {**(before if isinstance(before, dict) else {}), party: opening}
        draws.keep_secrets(connection, draw, draws.Secrets(parties={party: secret}))
        attach(connection, draw, ESCROW, line.keep(canonical_json(openings)), replace=True)


def _require_thrown(line: Line) -> Awaited:
    """The awaited draw, whose dice are kept: whoever types them after hearing every secret could choose the draw."""
    waiting = require_awaited(line)
    source = waiting.commitment.public
    if source is not None and source.kind == "dice" and waiting.public is None:
        raise BeaconError("beacon.reveal.dice_first", draw=waiting.commitment.draw)
    return waiting


def _party(waiting: Awaited, name: str) -> Party:
    parties = {party.name: party for party in waiting.commitment.parties}
    if name not in parties:
        raise BeaconError("beacon.parties.unknown", parties=name, expected=", ".join(parties))
    return parties[name]
