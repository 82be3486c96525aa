"""What a plan has drawn before: it counts toward caps, gaps, seats and days of every later draw of the year."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from inspection.rules.drawn_plan import EarlierVisit
from inspection.rules.policy import Policy
from inspection.rules.workdays import month_end


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingVisit:
    """A visit as it stands after everything approved since the draw; the result tables stay as drawn.

    Attributes:
        draw: full name of the firm draw; visit codes begin anew in each.
        firm, drawn_firm: who is visited now, and whom the draw named.
        called: firms the visit named before ``firm``, the drawn one first; each was counted toward its cap.
        day: None when it has none.
        team: (agency, inspector) as they go now.
        outcome: reason code of a visit closed before it began, else None.
    """

    draw: str
    visit: str
    firm: str
    combination: str
    agencies: tuple[str, ...]
    month: str
    day: date | None
    team: tuple[tuple[str, str], ...]
    called: tuple[str, ...] = ()
    outcome: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from every other visit of the year."""
        return self.draw, self.visit

    @property
    def drawn_firm(self) -> str:
        """The firm the draw named."""
        return self.called[0] if self.called else self.firm


@dataclass(frozen=True)
class Past:
    """Visits drawn before, and the seats (agency → month → officer-visits) the plan's first rules state."""

    visits: tuple[StandingVisit, ...] = ()
    stated_seats: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @cached_property
    def _of_firm(self) -> Mapping[str, tuple[StandingVisit, ...]]:
        """Firm → visits that name or named it: a firm called and replaced has been counted (as the checker does)."""
        found: dict[str, list[StandingVisit]] = defaultdict(list)
        for visit in self.visits:
            for firm in (*visit.called, visit.firm):
                found[firm].append(visit)
        return {firm: tuple(own) for firm, own in found.items()}

    def times(self, firm: str) -> int:
        """How often the firm was named in the year."""
        return len(self._of_firm.get(firm, ()))

    def counted(self, policy: Policy) -> dict[str, tuple[int, tuple[str, ...]]]:
        """Firm → (visits of the year, agencies that reached their cap there)."""
        counted = {}
        for firm, own in self._of_firm.items():
            by_agency = Counter(agency for visit in own for agency in set(visit.agencies))
            full = (agency for agency, count in by_agency.items() if count >= policy.visits_of_agency(agency))
            counted[firm] = (len(own), tuple(sorted(full)))
        return counted

    @cached_property
    def earlier(self) -> Mapping[str, tuple[EarlierVisit, ...]]:
        """Firm → its visits with their days; one without a day counts on the last of its month."""
        return {
            firm: tuple(EarlierVisit(day=visit.day or month_end(visit.month), agencies=visit.agencies) for visit in own)
            for firm, own in self._of_firm.items()
        }

    @cached_property
    def duties(self) -> Counter[tuple[str, str]]:
        """(inspector, month) → visits; closed ones never began and bind nobody."""
        return Counter((person, visit.month) for visit in self.open for _, person in visit.team)

    @cached_property
    def seats(self) -> Counter[tuple[str, str]]:
        """(agency, month) → officer-visits drawn, closed ones too: the checker counts what was drawn."""
        return Counter((agency, visit.month) for visit in self.visits for agency, _ in visit.team)

    @property
    def open(self) -> tuple[StandingVisit, ...]:
        """Visits that were not closed."""
        return tuple(visit for visit in self.visits if visit.outcome is None)


NOTHING = Past()
"""Before the year's own draw."""
