"""Items and tasks of a county's year: what its agencies mean to inspect, of whom, how many and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from inspection.demo.firms import County, Frame
from inspection.demo.mixing import key, pick, share_out, uniform
from inspection.demo.vocabulary import KINDS, TIERS, Matter, Vocabulary

LEAD = "SCJG"
REFERENCE_FIRMS = 90_000
"""Firms of the county for which special tasks take 6 to 60 firms."""

WINDOWS = (
    (3, 4), (4, 5), (5, 6), (6, 7), (7, 8), (8, 9), (9, 10), (10, 11), (3, 5), (5, 7), (7, 9), (9, 11), (4, 9), (4, 11),
)  # fmt: skip
"""First and last month of special tasks."""

BATCHES = ("第一批", "第二批", "第三批", "第四批", "第五批", "第六批", "第七批", "第八批", "第九批", "第十批")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """A row of the item list; ``agency`` is a short code."""

    code: str
    name: str
    agency: str
    qualification: str
    is_key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """A row of the task list: ``amount`` as bureaus write it (``20户`` or ``5%``), ``firms`` what it comes to."""

    code: str
    name: str
    lead: str
    joining: tuple[str, ...]
    items: tuple[str, ...]
    kinds: tuple[str, ...]
    tiers: tuple[str, ...]
    industry: str
    register: str
    amount: str
    firms: int
    months: tuple[int, int]

    @property
    def agencies(self) -> tuple[str, ...]:
        """Short codes, the lead first."""
        return (self.lead, *self.joining)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """The year of a county."""

    county: County
    items: tuple[ItemRow, ...]
    tasks: tuple[TaskRow, ...]

    @property
    def peaks(self) -> dict[str, float]:
        """Seats a month each agency must have so that its tasks fit their windows with nothing merged.

        Two officers for each firm of a task; of all runs of months, the one whose own tasks fill it most decides.
        """
        peaks = {agency.code: 0.0 for agency in self.county.agencies}
        for first, last in combinations_with_replacement(range(1, 13), 2):
            for agency, seats in self._seats_within(first, last).items():
                peaks[agency] = max(peaks[agency], seats / (last - first + 1))
        return peaks

    def _seats_within(self, first: int, last: int) -> Counter[str]:
        """Seats by agency of the tasks that lie within two months, both included."""
        seats: Counter[str] = Counter()
        for task in self.tasks:
            if first <= task.months[0] and task.months[1] <= last:
                for agency in task.agencies:
                    seats[agency] += 2 * task.firms
        return seats


@dataclass(frozen=True, slots=True, kw_only=True)
class General:
    """A task over all firms of a kind, or of some tiers of it; every firm is subject to at least one."""

    lead: str
    name: str
    kind: str
    tiers: tuple[str, ...] = ()
    ratio: float
    as_count: bool = False
    months: tuple[int, int]
    items: tuple[str, ...]


REGISTRATION = ("公示信息", "登记事项", "经营场所", "年度报告")
"""What the lead agency's general tasks check, or the first few of it."""

GENERALS = (
    General(
        lead=LEAD,
        name="企业公示信息和登记事项抽查",
        kind="enterprise",
        tiers=("A",),
        ratio=0.025,
        months=(4, 10),
        items=REGISTRATION,
    ),
    General(
        lead="XFJY",
        name="个体工商户经营场所消防安全抽查",
        kind="household",
        tiers=("A",),
        ratio=0.022,
        as_count=True,
        months=(4, 10),
        items=("消防设施", "疏散通道"),
    ),
    General(
        lead="GAJ",
        name="个体工商户实名登记抽查",
        kind="household",
        tiers=("B",),
        ratio=0.042,
        months=(4, 10),
        items=("实名登记",),
    ),
    General(
        lead="YJGL",
        name="企业安全生产责任抽查",
        kind="enterprise",
        tiers=("B",),
        ratio=0.065,
        months=(4, 10),
        items=("安全责任制", "应急预案"),
    ),
    General(
        lead="WSJK",
        name="个体工商户公共卫生重点抽查",
        kind="household",
        tiers=("C", "D"),
        ratio=0.115,
        months=(4, 10),
        items=("健康证明", "卫生制度"),
    ),
    General(
        lead=LEAD,
        name="农民专业合作社公示信息抽查",
        kind="cooperative",
        ratio=0.04,
        months=(5, 9),
        items=REGISTRATION[:3],
    ),
    General(
        lead=LEAD,
        name="分支机构登记事项抽查",
        kind="branch",
        ratio=0.035,
        months=(5, 9),
        items=REGISTRATION[:2],
    ),
    General(
        lead="STHJ",
        name="信用风险较高企业环境管理重点抽查",
        kind="enterprise",
        tiers=("C", "D"),
        ratio=0.13,
        as_count=True,
        months=(4, 10),
        items=("环境管理制度",),
    ),
)


def plan_programme(county: County, frame: Frame, vocabulary: Vocabulary, items: int, tasks: int) -> Programme:
    """A county's item list and task list, exactly so many of each.

    1. General items and tasks come first; every firm is subject to one of them.
    2. The matters of the agencies present share the rest: at least one item and one task each, more where large.
    3. A task takes 6 to 60 firms in the county of 90 000, in proportion elsewhere, never more than an eighth of
       those subject to it.
    """
    generals = _generals(county)
    general = _general_items(county, generals)
    matters = _active(county, vocabulary, min(items - len(general), tasks - len(generals)))
    sizes = [matter.size for matter in matters]
    item_counts = share_out(items - len(general), sizes, 1)
    task_counts = share_out(tasks - len(generals), sizes, 1)
    item_rows = list(general.values())
    own = [_items(county, vocabulary, number, *pair) for number, pair in enumerate(_pairs(matters, item_counts), 1)]
    item_rows += [item for items_of_matter in own for item in items_of_matter]
    task_rows = [_general_task(county, frame, number, entry, general) for number, entry in enumerate(generals, 1)]
    for number, (matter, batches) in enumerate(_pairs(matters, task_counts), 1):
        order = Order(
            county=county,
            number=number,
            matter=matter,
            batches=batches,
            items=tuple(own[number - 1]),
            shared=_shared_items(matter, list(zip(matters, own, strict=True)), item_rows[2], vocabulary),
            subjects=_subjects(frame, vocabulary, matter),
        )
        task_rows += [_task(order, batch) for batch in range(batches)]
    return Programme(county=county, items=tuple(item_rows), tasks=tuple(task_rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the tasks of one matter are made from: its items, one item of each agency that joins, its firms."""

    county: County
    number: int
    matter: Matter
    batches: int
    items: tuple[ItemRow, ...]
    shared: tuple[ItemRow, ...]
    subjects: int


def _pairs(matters: list[Matter], counts: list[int]) -> list[tuple[Matter, int]]:
    return list(zip(matters, counts, strict=True))


def _shared_items(
    matter: Matter, known: Sequence[tuple[Matter, list[ItemRow]]], registration: ItemRow, vocabulary: Vocabulary
) -> tuple[ItemRow, ...]:
    """An item for each joining agency that has any: the one meant for most of the matter's trades.

    The lead agency checks the registration when it joins.
    """
    trades = [trade for trade in vocabulary.trades if matter.covers(trade)]
    chosen: list[ItemRow] = []
    for agency in matter.joining:
        offered = [(other, items) for other, items in known if other.agency == agency]
        if agency == LEAD:
            chosen.append(registration)
        elif offered:
            _, items = max(offered, key=lambda offer: sum(offer[0].covers(trade) for trade in trades))
            chosen.append(items[0])
    return tuple(chosen)


def _active(county: County, vocabulary: Vocabulary, most: int) -> list[Matter]:
    """The first matters of agencies the county has, without joining agencies it has not."""
    present = {agency.code for agency in county.agencies}
    matters = [matter for matter in vocabulary.matters if matter.agency in present]
    return matters[:most]


def _generals(county: County) -> list[General]:
    """The general tasks of agencies the county has."""
    present = {agency.code for agency in county.agencies}
    return [entry for entry in GENERALS if entry.lead in present]


def _general_items(county: County, generals: Sequence[General]) -> dict[tuple[str, str], ItemRow]:
    """One item per agency and name, in order of the tasks that ask for it."""
    rows: dict[tuple[str, str], ItemRow] = {}
    numbers: Counter[str] = Counter()
    for entry in generals:
        for name in entry.items:
            if (entry.lead, name) not in rows:
                numbers[entry.lead] += 1
                code = f"{county.agency_code(entry.lead)}-000-{numbers[entry.lead]}"
                rows[entry.lead, name] = ItemRow(
                    code=code, name=f"{name}检查", agency=entry.lead, qualification="", is_key=False
                )
    return rows


def _general_task(
    county: County, frame: Frame, number: int, entry: General, items: dict[tuple[str, str], ItemRow]
) -> TaskRow:
    kind = tuple(KINDS).index(entry.kind)
    tiers = [TIERS.index(tier) for tier in entry.tiers or TIERS]
    subjects = int(frame.subjects[:, kind, tiers].sum())
    firms = max(1, round(subjects * entry.ratio))
    return TaskRow(
        code=f"{county.region}-T-000-{number}",
        name=entry.name,
        lead=entry.lead,
        joining=(),
        items=tuple(items[entry.lead, name].code for name in entry.items),
        kinds=(entry.kind,),
        tiers=entry.tiers,
        industry="",
        register="",
        amount=f"{firms}户" if entry.as_count else f"{entry.ratio:.1%}",
        firms=firms,
        months=entry.months,
    )


def _items(county: County, vocabulary: Vocabulary, number: int, matter: Matter, count: int) -> list[ItemRow]:
    style = next(agency.item_style for agency in county.agencies if agency.code == matter.agency)
    aspects = vocabulary.aspects[style]
    names = [f"{matter.subject}（{aspects[place % len(aspects)]}）检查" for place in range(count)]
    return [
        ItemRow(
            code=f"{county.agency_code(matter.agency)}-{number:03d}-{place}",
            name=name if place <= len(aspects) else f"{name}{place}",
            agency=matter.agency,
            qualification=matter.qualification,
            is_key=bool(matter.qualification),
        )
        for place, name in enumerate(names, 1)
    ]


def _subjects(frame: Frame, vocabulary: Vocabulary, matter: Matter) -> int:
    """How many firms a matter's tasks may choose from."""
    trades: NDArray[np.bool_] = np.array([matter.covers(trade) for trade in vocabulary.trades])
    kinds = [index for index, kind in enumerate(KINDS) if not matter.kinds or kind in matter.kinds]
    tiers = [index for index, tier in enumerate(TIERS) if not matter.tiers or tier in matter.tiers]
    return int(frame.subjects[trades][:, kinds][:, :, tiers].sum())


def _task(order: Order, batch: int) -> TaskRow:
    """A batch of a matter: the first one jointly, an item or all of them, by count or by ratio."""
    matter, county, subjects = order.matter, order.county, order.subjects
    stream = f"{county.region}/{matter.subject}/{batch}"
    firms = max(1, min(_wanted(county, stream), subjects // (8 * order.batches)))
    percent = round(100 * firms / subjects) if subjects else 0
    by_ratio = percent >= 2 and key(f"{stream}/ratio") % 2 == 0
    shared = order.shared if batch == 0 else ()
    items = order.items if batch % 2 == 0 else order.items[: max(1, len(order.items) - 1)]
    return TaskRow(
        code=f"{county.region}-T-{order.number:03d}-{batch + 1}",
        name=f"{matter.subject}抽查" + (f"（{BATCHES[batch % 10]}）" if order.batches > 1 else ""),
        lead=matter.agency,
        joining=tuple(item.agency for item in shared),
        items=tuple(item.code for item in (*items, *shared)),
        kinds=matter.kinds,
        tiers=matter.tiers,
        industry=matter.industry,
        register=matter.register,
        amount=f"{percent}%" if by_ratio else f"{firms}户",
        firms=-(-percent * subjects // 100) if by_ratio else firms,
        months=pick(f"{stream}/window", WINDOWS),
    )


def _wanted(county: County, stream: str) -> int:
    """6 to 60 firms, most tasks small, in proportion to the county."""
    share = float(uniform(f"{stream}/firms", 1)[0])
    firms: float = 6 * 10 ** (share**2) * county.firms / REFERENCE_FIRMS
    return max(1, round(firms))
