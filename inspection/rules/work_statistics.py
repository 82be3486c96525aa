"""Statistics a bureau reports: counted from visits, parts and findings, nothing estimated (DOMAIN 3.2).

Voided parts count nowhere. A visit closed before it began (the firm is gone) is public with its outcome: it counts as
completed, not as inspected. Findings count once a second person reviewed them; what nobody entered is not "no problem".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from inspection.model import Share
from inspection.rules.visit_life import State
from inspection.rules.work_records import Found, Frame, PartRecord, VisitRecord

INSPECTED: frozenset[State] = frozenset({"carried_out", "entered", "reviewed", "disclosed"})
SETTLED: frozenset[State] = frozenset({"reviewed", "disclosed"})
"""States of a part whose findings count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What became of some parts.

    Attributes:
        owed: parts to be inspected, closed ones included.
        inspected, disclosed, closed: how far they are.
        on_time, was_due: parts disclosed within their period; parts disclosed, or overdue.
        problems, checked: findings.
        handled: findings of a problem with a record of what was done.
        off_site, found: parts inspected without going there, of parts with findings.
    """

    owed: int
    inspected: int
    disclosed: int
    closed: int
    on_time: int
    was_due: int
    problems: int
    checked: int
    handled: int
    off_site: int
    found: int

    @property
    def shares(self) -> dict[str, Share]:
        """The shares they come to, by name."""
        return {
            "inspected": Share(part=self.inspected + self.closed, whole=self.owed),
            "completion": Share(part=self.disclosed + self.closed, whole=self.owed),
            "on_time": Share(part=self.on_time, whole=self.was_due),
            "problems": Share(part=self.problems, whole=self.checked),
            "follow_up": Share(part=self.handled, whole=self.problems),
            "off_site": Share(part=self.off_site, whole=self.found),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Measures of a tier, an agency, an item or a month: its code and name, visits and officer-visits."""

    code: str
    name: str
    visits: int
    joint: int
    seats: int
    measures: Measures
    officers: int = 0
    least: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Burden:
    """What firms bear: ``times`` is (visits, firms with so many), ``checks`` the visits unmerged tasks would take."""

    firms: int
    visits: int
    times: tuple[tuple[int, int], ...]
    checks: int

    @property
    def repeats(self) -> int:
        """Visits beyond a firm's first."""
        return self.visits - self.firms

    @property
    def cut(self) -> Share:
        """Visits saved against the same tasks unmerged."""
        return Share(part=self.checks - self.visits, whole=self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """A month or a year in figures; ``shares`` by name, those with a floor first."""

    period: str
    as_of: date
    visits: int
    joint_by: str
    shares: Mapping[str, Share]
    total: Measures
    burden: Burden
    tiers: tuple[Row, ...]
    agencies: tuple[Row, ...]
    items: tuple[Row, ...]
    months: tuple[Row, ...]


def count(
    visits: Sequence[VisitRecord], parts: Sequence[PartRecord], frame: Frame, period: str, as_of: date
) -> Statistics:
    """The statistics of a year (``YYYY``: everything given) or of the visits of one month (``YYYY-MM``)."""
    visits = [visit for visit in visits if visit.month.startswith(period)]
    parts = [part for part in parts if part.month.startswith(period) and part.state != "voided"]
    known = {visit.visit: visit for visit in visits}
    parts = [part for part in parts if part.visit in known]
    total = measure(parts, as_of)

    def rows(code: Callable[[PartRecord], str], names: Mapping[str, str]) -> tuple[Row, ...]:
        groups: dict[str, list[PartRecord]] = defaultdict(list)
        for part in parts:
            groups[code(part)].append(part)
        return tuple(_row((each, names[each]), groups[each], known, as_of) for each in names if each in groups)

    agencies = {each: name for each, (name, _) in frame.agencies.items()}
    return Statistics(
        period=period,
        as_of=as_of,
        visits=len(visits),
        joint_by=frame.joint_by,
        shares=_shares(visits, parts, frame) | total.shares,
        total=total,
        burden=burden(visits),
        tiers=rows(lambda part: part.tier, {tier: tier for tier in frame.tiers}),
        agencies=tuple(_with_officers(row, parts, frame) for row in rows(lambda part: part.agency, agencies)),
        items=_items(parts, frame),
        months=rows(lambda part: part.month, {month: month for month in sorted({part.month for part in parts})}),
    )


def measure(parts: Iterable[PartRecord], as_of: date) -> Measures:
    """What became of the parts."""
    counts: Counter[str] = Counter()
    for part in parts:
        counts["owed"] += 1
        counts["inspected"] += part.state in INSPECTED
        counts["disclosed"] += part.state == "disclosed"
        counts["closed"] += part.state == "closed"
        if part.due is not None:
            counts["on_time"] += part.done is not None and part.done <= part.due
            counts["was_due"] += part.done is not None or part.due < as_of
        found = part.findings if part.state in SETTLED else ()
        counts["checked"] += len(found)
        counts["problems"] += sum(each.is_problem for each in found)
        counts["handled"] += sum(each.is_problem and each.is_handled for each in found)
        counts["found"] += bool(found)
        counts["off_site"] += bool(found) and not any(each.is_on_site for each in found)
    return Measures(**{name: counts[name] for name in Measures.__slots__})


def burden(visits: Iterable[VisitRecord]) -> Burden:
    """What firms bear by these visits; closed ones never began and count nowhere."""
    open_ = [visit for visit in visits if not visit.is_closed]
    of_firm = Counter(visit.firm for visit in open_)
    times = tuple(sorted(Counter(of_firm.values()).items()))
    return Burden(firms=len(of_firm), visits=len(open_), times=times, checks=sum(visit.checks for visit in open_))


def joint_shares(visits: Sequence[VisitRecord]) -> dict[str, Share]:
    """The joint share by its three definitions: by visits, by firms visited, by combinations of tasks (DOMAIN 0.3)."""
    joint = [visit for visit in visits if visit.is_joint]
    counts = {
        "visits": (len(joint), len(visits)),
        "firms": (len({visit.firm for visit in joint}), len({visit.firm for visit in visits})),
        "tasks": (len({visit.combination for visit in joint}), len({visit.combination for visit in visits})),
    }
    return {name: Share(part=part, whole=whole) for name, (part, whole) in counts.items()}


def _shares(visits: Sequence[VisitRecord], parts: Sequence[PartRecord], frame: Frame) -> dict[str, Share]:
    open_ = [visit for visit in visits if not visit.is_closed]
    inspected = {part.visit for part in parts if part.state in INSPECTED}
    counted = [visit for visit in visits if visit.kind in frame.kinds]
    joint = joint_shares(open_)
    bound = joint[frame.joint_by]
    joint[frame.joint_by] = Share(part=bound.part, whole=bound.whole, floor=frame.joint_floor)
    checked = {each.item for part in parts if part.state in SETTLED for each in part.findings}
    return {
        "coverage_planned": Share(
            part=len({visit.firm for visit in counted}), whole=frame.firms, floor=frame.coverage_floor
        ),
        "coverage_done": Share(
            part=len({visit.firm for visit in counted if visit.visit in inspected}), whole=frame.firms
        ),
        **{f"joint_{name}": share for name, share in joint.items()},
        "items": Share(part=len(checked & frame.items.keys()), whole=len(frame.items)),
        "credit_tasks": Share(part=frame.credit_tasks, whole=frame.tasks),
    }


def _row(
    names: tuple[str, str],
    parts: Sequence[PartRecord],
    known: Mapping[tuple[str, str], VisitRecord],
    as_of: date,
) -> Row:
    visits = {part.visit for part in parts}
    return Row(
        code=names[0],
        name=names[1],
        visits=len(visits),
        joint=sum(known[visit].is_joint for visit in visits),
        seats=sum(len(part.seats) for part in parts),
        measures=measure(parts, as_of),
    )


def _with_officers(row: Row, parts: Sequence[PartRecord], frame: Frame) -> Row:
    """The agency's row with how many visits its officers make; one who makes none counts too."""
    made = Counter(person for part in parts if part.agency == row.code for person in part.seats)
    officers = max(frame.agencies[row.code][1], len(made))
    least = min(made.values(), default=0) if len(made) == officers else 0
    return Row(
        **{name: getattr(row, name) for name in ("code", "name", "visits", "joint", "seats", "measures")},
        officers=officers,
        least=least,
        most=max(made.values(), default=0),
    )


def _items(parts: Sequence[PartRecord], frame: Frame) -> tuple[Row, ...]:
    """Findings by item; an item nobody checked has a row of noughts, for that is what is asked about it."""
    groups: dict[str, list[tuple[PartRecord, Found]]] = defaultdict(list)
    for part in parts:
        if part.state in SETTLED:
            for each in part.findings:
                groups[each.item].append((part, each))
    return tuple(_item_row(code, name, groups[code]) for code, name in frame.items.items())


def _item_row(code: str, name: str, found: Sequence[tuple[PartRecord, Found]]) -> Row:
    problems = [each for _, each in found if each.is_problem]
    zero = measure((), date.min)
    measures = Measures(
        **{name: getattr(zero, name) for name in Measures.__slots__ if name not in ("checked", "problems", "handled")},
        checked=len(found),
        problems=len(problems),
        handled=sum(each.is_handled for each in problems),
    )
    return Row(code=code, name=name, visits=len({part.visit for part, _ in found}), joint=0, seats=0, measures=measures)
