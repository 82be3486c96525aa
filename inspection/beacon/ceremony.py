"""Where the randomness of a draw comes from: secrets of parties and a value made in the open (PROTOCOL 4).

A ceremony is a port of the line: it hands over commitments before the draw is committed, and the reveal only once
the commitment is published.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from inspection.beacon.announcing import source_words
from inspection.beacon.evidence import check_value
from inspection.draw.canonical import Digest
from inspection.draw.commitment import Commitment, Party
from inspection.draw.publication import PublishedCommitment
from inspection.draw.reveal import Reveal, check_reveal, party_commitment, seal_commitment
from inspection.errors import BeaconError


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """What is bound before the commitment: parties' commitments, the seal's, and secrets kept by the bureau's store.

    ``secrets`` holds parties' secrets where the ceremony runs unattended, and those revealed before; the seal is always
    the bureau's. ``public`` is the public value where its proof was brought before (``service.bring_public``).
    """

    parties: tuple[Party, ...]
    seal: str | None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    seal_secret: str | None = field(default=None, repr=False)
    public: str | None = None


class Ceremony(Protocol):
    """Who contributes to the seed of a draw."""

    def hand_in(self, draw: str) -> HandedIn:
        """The commitments of all parties.

        Raises:
            BeaconError: a party has not handed in yet; the line stops here and can be taken up again.
        """

    def reveal(self, published: PublishedCommitment, kept: HandedIn) -> Reveal:
        """The opened secrets and the public value; called once, after publication.

        Raises:
            BeaconError: a party has not revealed yet.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class UnattendedCeremony:
    """All secrets and the dice come from the system's generator: for demonstrations and rehearsals.

    A beacon or a lottery cannot be played: its value is awaited from whoever brings it.

    Nobody but the machine took part, so the verdict rests on the machine alone; real draws have real parties.
    """

    parties: tuple[str, ...]
    algorithm: Digest
    is_sealed: bool
    token: Callable[[], str] = lambda: secrets.token_hex(32)
    die: Callable[[], int] = lambda: secrets.randbelow(10)

    def hand_in(self, draw: str) -> HandedIn:
        """A fresh secret for every party, kept in the store until the reveal."""
        opened = {party: self.token() for party in self.parties}
        seal = self.token() if self.is_sealed else None
        return HandedIn(
            parties=tuple(
                Party(name=party, commitment=party_commitment(self.algorithm, draw, party, secret))
                for party, secret in opened.items()
            ),
            seal=seal_commitment(self.algorithm, draw, seal) if seal else None,
            secrets=opened,
            seal_secret=seal,
        )

    def reveal(self, published: PublishedCommitment, kept: HandedIn) -> Reveal:
        """The kept secrets, and dice rolled now."""
        public, value = published.commitment.public, kept.public
        if public is not None and public.kind == "dice":
            value = value or "".join(str(self.die()) for _ in range(int(public.fields["digits"])))
        elif public is not None and value is None:
            raise BeaconError("beacon.public.waiting", draw=published.commitment.draw, source=source_words(public))
        return Reveal(parties=dict(kept.secrets), public=value, seal=kept.seal_secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendedCeremony:
    """Parties hand in commitments beforehand; at the reveal ``ask`` gets what is not kept yet from people.

    ``ask(kind, name, accept)`` returns an answer for which ``accept`` raised nothing; kind is ``party`` or the kind of
    the public value, name the party, the number of dice, or the round or issue in words.
    """

    ask: Callable[[str, str, Callable[[str], None]], str] | None = None

    def hand_in(self, draw: str) -> HandedIn:
        """Nothing is handed in here: ``service.hand_in`` stores commitments as the parties bring them."""
        raise BeaconError("beacon.parties.waiting", draw=draw)

    def reveal(self, published: PublishedCommitment, kept: HandedIn) -> Reveal:
        """Ask for the public value, then each party in commitment order; each answer is checked at once.

        Who types the dice must not know all secrets already: they could then choose the draw.
        """
        commitment = published.commitment
        ask = self.ask or partial(_nobody_to_ask, commitment.draw)
        public, value = commitment.public, kept.public
        if public is not None and value is None:
            value = ask(public.kind, source_words(public), partial(check_value, public))
        opened = {
            party.name: kept.secrets.get(party.name) or ask("party", party.name, opens(commitment, party))
            for party in commitment.parties
        }
        reveal = Reveal(parties=opened, public=value, seal=kept.seal_secret)
        check_reveal(commitment, reveal)
        return reveal


def _nobody_to_ask(draw: str, kind: str, name: str, accept: Callable[[str], None]) -> str:
    raise BeaconError("beacon.reveal.waiting", draw=draw)


def opens(commitment: Commitment, party: Party) -> Callable[[str], None]:
    """A check that a secret opens the party's commitment."""

    def accept(secret: str) -> None:
        if party_commitment(commitment.digest, commitment.draw, party.name, secret) != party.commitment:
            raise BeaconError("beacon.secret.other", party=party.name, draw=commitment.draw)

    return accept
