"""What happened after the draws, counted, with a flag where a threshold of the policy is passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspection.errors import Language, message
from inspection.rules.past import StandingVisit
from inspection.rules.policy import Policy
from inspection.rules.policy_sense import percent
from inspection.store.changes import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCounts:
    """Of one plan: what was approved, and what waits.

    Attributes:
        visits, seats: drawn in all rounds.
        replaced: visits that went to a reserve firm, once or more often; ``replacements`` counts every time.
        substituted: seats given to another officer, counted every time.
        closed: visits closed before they began.
        voids: draws given up.
        pending: requests nobody has decided yet.
        voided: visits voided, whatever had become of them.
    """

    visits: int
    seats: int
    replaced: int
    replacements: int
    substituted: int
    closed: int
    voids: int
    pending: int
    voided: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened and nothing waits."""
        return not (self.replacements or self.substituted or self.closed or self.voids or self.pending or self.voided)


def count_changes(visits: Sequence[StandingVisit], changes: Sequence[Change]) -> ChangeCounts:
    """The counts of a plan's visits as they stand and of all its changes."""
    made = [change.wish for change in changes if change.state == "approved"]
    approved = [wish.kind for wish in made if wish.kind != "void" or not wish.visit]
    return ChangeCounts(
        visits=len(visits),
        seats=sum(len(visit.team) for visit in visits),
        replaced=sum(1 for visit in visits if visit.called),
        replacements=approved.count("replace"),
        substituted=approved.count("substitute"),
        closed=approved.count("close"),
        voids=approved.count("void"),
        pending=sum(1 for change in changes if change.state == "pending"),
        voided=len(made) - len(approved),
    )


def flags(counts: ChangeCounts, policy: Policy, language: Language) -> list[str]:
    """One sentence for each threshold of ``[after]`` that is passed."""
    rules = policy.after
    shares = (
        ("replaced", counts.replaced, counts.visits, rules.most_replaced),
        ("closed", counts.closed, counts.visits, rules.most_closed),
        ("substituted", counts.substituted, counts.seats, rules.most_substituted),
    )
    found = [
        message(
            f"change.flag.{name}",
            language,
            part=part,
            whole=whole,
            share=f"{part / whole:.1%}",
            most=percent(most),
        )
        for name, part, whole, most in shares
        if whole and part > most * whole
    ]
    if counts.voids > rules.most_voids:
        found.append(message("change.flag.voids", language, count=counts.voids, most=rules.most_voids))
    return found


def change_lines(counts: ChangeCounts, policy: Policy, language: Language) -> list[str]:
    """The counts as a sentence, and the flags; nothing where nothing happened."""
    if counts.is_empty:
        return []
    names = ("voids", "replacements", "replaced", "substituted", "closed", "voided", "pending")
    sentence = message("change.counts", language, **{name: getattr(counts, name) for name in names})
    return [sentence, *flags(counts, policy, language)]
