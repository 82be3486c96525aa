"""The tables of the policy file, one class each: keys, defaults, and what a value may be."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from inspection.model import Kind
from inspection.rules.policy_values import (
    Code,
    Codes,
    CodeSet,
    Count,
    Dates,
    Day,
    DaysOfMonth,
    Moment,
    Month,
    Share,
    Switch,
    Text,
    Weight,
    Whole,
)


class Section(BaseModel):
    """A table of the file: frozen, and a key nobody knows is refused rather than ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PlanRules(Section):
    """[plan] Whose plan, of which year, over which regions."""

    year: Whole = Field(ge=2000, le=2100)
    division: Code
    name: Text
    regions: Codes = ()


class CoverageRules(Section):
    """[coverage] Share of firms visited at least once, and of which firms."""

    floor: Share = Fraction(5, 100)
    denominator: Literal["enterprises", "entities"] = "enterprises"


class JointRules(Section):
    """[joint] Share done by several agencies together, and what it counts."""

    floor: Share = Fraction(10, 100)
    counted_by: Literal["visits", "firms", "tasks"] = "visits"


class TierRules(Section):
    """[tiers.X] Least and largest share of the tier's firms, relative chance, most visits to a firm in the year."""

    minimum: Share = Fraction(0)
    maximum: Share = Fraction(1)
    weight: Weight = Fraction(1)
    visits: Whole = Field(default=1, ge=1, le=12)


class RegisterRules(Section):
    """[registers] ``blank_tier`` takes the firms that have no tier yet; without it they are refused."""

    blank_tier: Code | None = None


class CapRules(Section):
    """[caps] Most visits of one agency at one firm in the year."""

    per_agency: Whole = Field(default=1, ge=1, le=12)
    by_agency: dict[Code, Count] = {}


class GapRules(Section):
    """[gap] Least calendar days between two visits to a firm."""

    days: Whole = Field(default=30, ge=0, le=366)


class QuietRules(Section):
    """[quiet] Days on which no firm is entered: every month, and single dates."""

    days_of_month: DaysOfMonth = frozenset()
    dates: Dates = frozenset()


class OfficerRules(Section):
    """[officers] Officers an agency sends to a visit (two by law), and how many must hold a needed qualification."""

    per_agency: Whole = Field(default=2, ge=2, le=20)
    by_agency: dict[Code, Whole] = {}
    qualified: Whole = Field(default=1, ge=1, le=20)


class CertificateRules(Section):
    """[certificates] A certificate must be valid to the end of the visit's month, and so many days beyond."""

    valid_through: Literal["month_end"] = "month_end"
    margin_days: Whole = Field(default=0, ge=0, le=366)


class AgencyCapacity(Section):
    """[capacity.by_agency.X] What differs for an agency; ``months`` gives its seats (officer-visits) month by month."""

    visits_per_officer_month: Count | None = None
    visits_per_day: Count | None = None
    months: dict[Month, Whole] = {}


class CapacityRules(Section):
    """[capacity] Most visits of an officer in a month and in a day."""

    visits_per_officer_month: Count = 8
    visits_per_officer_day: Count = 2
    by_agency: dict[Code, AgencyCapacity] = {}


class MergeRules(Section):
    """[merge] Whether tasks are merged into one visit, and of how many agencies and items at most."""

    enabled: Switch = True
    most_agencies: Count = 4
    most_items: Count = 20


class Exemption(Section):
    """[[exemptions]] Firms meeting every condition given are never drawn; within a condition one value suffices."""

    code: Code
    reason: Text
    tags: CodeSet = frozenset()
    tiers: CodeSet = frozenset()
    kinds: frozenset[Kind] = frozenset()
    industries: Codes = ()
    established_after: Day | None = None

    @property
    def has_condition(self) -> bool:
        """Whether anything narrows it: without a condition it would exempt every firm."""
        return bool(self.tags or self.tiers or self.kinds or self.industries or self.established_after)

    def covers(self, *, tier: str, kind: str, industry: str, tags: frozenset[str], established: date | None) -> bool:
        """Whether a firm is exempt; ``industries`` are prefixes; an unknown founding date is not "after"."""
        return (
            (not self.tags or not self.tags.isdisjoint(tags))
            and (not self.tiers or tier in self.tiers)
            and (not self.kinds or kind in self.kinds)
            and (not self.industries or industry.startswith(self.industries))
            and (self.established_after is None or (established is not None and established > self.established_after))
        )


class CalendarRules(Section):
    """[calendar] Corrections to the State Council calendar; ``fixed_holidays`` serves a year not yet announced."""

    extra_holidays: Dates = frozenset()
    extra_workdays: Dates = frozenset()
    fixed_holidays: Switch = False


class LotteryIssue(Section):
    """[ceremony.issues.X] The issue that will count, and when its numbers are drawn."""

    issue: Code
    opens: Moment


class CeremonyRules(Section):
    """[ceremony] Who and what makes the seed (PROTOCOL 4), and what becomes of a draw whose party does not reveal.

    ``issues`` names, for each draw by its folder (``1-firms``), the lottery issue that will count for it.
    """

    digest: Literal["sha256", "sm3"] = "sha256"
    parties: Codes = ("market-regulation", "fire-rescue", "notary")
    public: Literal["dice", "drand", "lottery", "nist", "none"] = "dice"
    dice: Whole = Field(default=40, ge=1, le=400)
    chain: Literal["quicknet", "default"] = "quicknet"
    wait_minutes: Whole = Field(default=10, ge=1, le=10_080)
    lottery: Code | None = None
    issues: dict[Code, LotteryIssue] = {}
    missing_reveal: Literal["void", "escrow"] = "void"
    seal: Switch = False


class TimetableRules(Section):
    """[timetable] Towns kept together (PROTOCOL 6.3); effort 0 is the first solution, more is longer improvement."""

    cluster_towns: Switch = True
    effort: Whole = Field(default=0, ge=0, le=10)


class AfterRules(Section):
    """[after] A firm that cannot be found closes its visit, or the pool's next reserve firm takes it (PROTOCOL 9).

    The rest are thresholds: shares of visits replaced or closed and of seats substituted, and draws given up, above
    which every report says so.
    """

    unreachable: Literal["close", "replace"] = "close"
    most_replaced: Share = Fraction(5, 100)
    most_closed: Share = Fraction(10, 100)
    most_substituted: Share = Fraction(10, 100)
    most_voids: Whole = Field(default=1, ge=0, le=100)


class DisclosureRules(Section):
    """[disclosure] Working days until findings and decisions must be public, what counts as soon, and whose categories.

    ``categories`` names a dictionary of data/results.
    """

    working_days: Whole = Field(default=20, ge=1, le=60)
    decision_working_days: Whole = Field(default=7, ge=1, le=60)
    soon_working_days: Whole = Field(default=5, ge=0, le=60)
    categories: Literal["gsxt", "zhejiang", "disclosure"] = "gsxt"
