"""A small plan and its summary, for the tests of documents."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from inspection.model import AgencyLoad, PlanRow, Share, Summary, TierChance

MARKET = "缗城县市场监督管理局"
FIRE = "缗城县消防救援大队"


def plan_row(number: int, **changes: Any) -> PlanRow:
    values: dict[str, Any] = {
        "visit": f"V{number:05d}",
        "day": date(2027, 3 + number % 9, 1 + number % 28),
        "month": f"2027-{3 + number % 9:02d}",
        "firm": "91370828MA32NN5D0B",
        "firm_name": "缗城县鑫源商贸有限公司",
        "address": "缗城县城关街道人民路1号",
        "town": "城关街道",
        "tasks": ("企业公示信息抽查",),
        "items": ("登记事项检查", "即时公示信息检查"),
        "agencies": (MARKET,),
        "officers": ((MARKET, "SC-001", "王建军"), (MARKET, "SC-002", "李晓明")),
    }
    return PlanRow(**{**values, **changes})


def joint_row(number: int) -> PlanRow:
    market = ((MARKET, "SC-001", "王建军"), (MARKET, "SC-003", "赵磊"))
    officers = (*market, (FIRE, "XF-001", "孙刚"), (FIRE, "XF-002", "朱平"))
    return plan_row(number, agencies=(MARKET, FIRE), officers=officers)


def agency_load(number: int, **changes: Any) -> AgencyLoad:
    values: dict[str, Any] = {
        "agency": f"A{number:03d}",
        "name": f"缗城县第{number}监管局",
        "inspectors": 10,
        "visits": 500 - number,
        "joint_visits": 20,
        "seats": 300,
        "seats_available": 720,
        "least_per_inspector": 30,
        "most_per_inspector": 31,
    }
    return AgencyLoad(**{**values, **changes})


def tier(name: str, firms: int, expected: str, lowest: str, highest: str) -> TierChance:
    return TierChance(
        tier=name,
        firms=firms,
        exempt=0,
        expected_visits=Fraction(expected),
        lowest=Fraction(lowest),
        highest=Fraction(highest),
    )


def summary(**changes: Any) -> Summary:
    floor = Fraction(1, 10)
    values: dict[str, Any] = {
        "plan": "370828-2027",
        "name": "缗城县2027年度双随机抽查工作计划",
        "year": 2027,
        "firms_registered": 90_000,
        "firms_in_frame": 84_612,
        "firms_exempt": 912,
        "tasks": 250,
        "checks": 6_738,
        "visits": 5_000,
        "visits_bound": 4_990,
        "coverage": Share(part=2_333, whole=28_770, floor=Fraction(1, 20)),
        "coverage_denominator": "enterprises",
        "joint_by_visits": Share(part=700, whole=5_000, floor=floor),
        "joint_by_firms": Share(part=650, whole=4_900, floor=floor),
        "joint_by_tasks": Share(part=30, whole=400, floor=floor),
        "joint_counted_by": "visits",
        "tiers": (
            tier("A", 46_536, "1400", "0.012", "0.081"),
            tier("B", 27_922, "1675", "0.025", "0.21"),
            tier("C", 6_769, "1100", "0.081", "0.5"),
            tier("D", 3_385, "1325", "0.2", "1"),
        ),
        "visits_per_month": tuple((f"2027-{month:02d}", 500 + month) for month in range(3, 12)),
        "agencies": tuple(agency_load(number) for number in range(1, 21)),
        "largest_pair_chance": Fraction(101, 200),
        "officer_days": 3_500,
        "officer_days_two_towns": 12,
        "seconds": (("import", 1.2), ("quotas", 1.7), ("bundle", 0.6)),
        "warnings": ("2027 年放假安排尚未公布，暂按周一至周五排期",),
    }
    return Summary(**{**values, **changes})
