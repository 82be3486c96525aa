"""Parties on devices of their own: each brings its commitment, and later opens it, alone and in any order.

A secret never comes here before its commitment is published: what is brought first is the commitment, 64 digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from inspection import service
from inspection.draw.canonical import Digest
from inspection.draw.commitment import Kind
from inspection.errors import BeaconError, InputError
from inspection.steps.line import Line, refusals
from inspection.steps.reveal_steps import awaited
from inspection.steps.rounds import round_of
from inspection.store import draws, pledges

SeatState = Literal["open", "pledged", "sealed", "dice", "reveal", "revealed", "over", "void"]
"""``open``: the commitment is awaited; ``pledged``: it is here and could still be brought anew; ``sealed``: handed in
with all others, not published yet; ``dice``: published, the dice are thrown before any secret is heard; ``reveal``:
the secret is awaited; ``revealed``; ``over``: drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A party's part in one draw; ``commitment`` is '' while it is awaited."""

    draw: str
    kind: Kind
    party: str
    digest: Digest
    state: SeatState
    commitment: str


def seats(line: Line) -> tuple[Seat, ...]:
    """Every party's part in the two draws of the line's round, firms first, parties in the policy's order."""
    current, rules = round_of(line), line.given.policy.ceremony
    kinds: tuple[tuple[Kind, str], ...] = (("firms", current.firms), ("inspectors", current.inspectors))
    found = []
    for kind, folder in kinds:
        states = _states(line, folder)
        for party in rules.parties:
            state, commitment = states.get(party, ("open", ""))
            found.append(
                Seat(
                    draw=f"{line.name}/{folder}",
                    kind=kind,
                    party=party,
                    digest=rules.digest,
                    state=state,
                    commitment=commitment,
                )
            )
    return tuple(found)


def _states(line: Line, folder: str) -> Mapping[str, tuple[SeatState, str]]:
    name = f"{line.name}/{folder}"
    done = {step.name for step in line.workspace.store.steps(line.name)}
    handed = line.workspace.store.step(line.name, f"{folder}.parties")
    with line.workspace.store.reading() as connection:
        if handed is None:
            return {party: ("pledged", commitment) for party, commitment in pledges.pledged(connection, name).items()}
        record = draws.draw(connection, name)
        kept = draws.secrets(connection, name).parties
    found: dict[str, tuple[SeatState, str]] = {}
    for each in handed["parties"]:
        state: SeatState = "sealed"
        if record.void is not None:
            state = "void"
        elif record.root is not None or f"{folder}.reveal" in done:
            state = "over"
        elif record.commitment is not None:
            state = "revealed" if each["name"] in kept else "dice" if _awaits_dice(line) else "reveal"
        found[each["name"]] = (state, each["commitment"])
    return found


def _awaits_dice(line: Line) -> bool:
    waiting = awaited(line)
    source = waiting.commitment.public if waiting else None
    return waiting is not None and source is not None and source.kind == "dice" and waiting.public is None


def pledge(line: Line, draw: str, party: str, commitment: str) -> Seat:
    """The party's commitment is kept until all are there.

    Raises:
        InputError: it is not 64 hexadecimal digits.
        BeaconError: the party is none of the draw's, or its commitments are handed in already.
        StoreError: the party brought another one before.
    """
    digits = "".join(commitment.split()).lower()
    if not re.fullmatch("[0-9a-f]{64}", digits):
        raise InputError("pledge.form", got=commitment[:80])
    seat = _seat(line, draw, party)
    if seat.state not in ("open", "pledged"):
        raise BeaconError("pledge.late", draw=draw, party=party)
    with line.workspace.store.writing() as connection:
        pledges.keep_pledge(connection, draw, party, digits, line.clock())
    return _seat(line, draw, party)


def take_back(line: Line, draw: str, party: str) -> None:
    """The party brings its commitment anew: somebody else sat down in its place, or its device was lost.

    Raises:
        BeaconError: the commitments are handed in already.
    """
    seat = _seat(line, draw, party)
    if seat.state not in ("open", "pledged"):
        raise BeaconError("pledge.late", draw=draw, party=party)
    with line.workspace.store.writing() as connection:
        pledges.drop_pledge(connection, draw, party)


def hand_in_pledges(line: Line, kind: Kind) -> str:
    """The commitments of all parties are handed in; the draw's name.

    Raises:
        BeaconError: one is missing, or they were handed in before with others.
    """
    folder = {"firms": round_of(line).firms, "inspectors": round_of(line).inspectors}[kind]
    with line.workspace.store.reading() as connection:
        brought = pledges.pledged(connection, f"{line.name}/{folder}")
    parties = line.given.policy.ceremony.parties
    with refusals():
        return service.hand_in(line, kind, {party: brought[party] for party in parties if party in brought})


def is_revealed(line: Line) -> bool:
    """Whether the draw that waits for its reveal has all secrets and its public value."""
    waiting = awaited(line)
    if waiting is None:
        return False
    secrets_there = {party.name for party in waiting.commitment.parties} <= waiting.revealed
    return secrets_there and (waiting.commitment.public is None or waiting.public is not None)


def _seat(line: Line, draw: str, party: str) -> Seat:
    found = next((seat for seat in seats(line) if (seat.draw, seat.party) == (draw, party)), None)
    if found is None:
        raise BeaconError(
            "beacon.parties.unknown", parties=f"{draw} {party}", expected=", ".join(line.given.policy.ceremony.parties)
        )
    return found
