"""A county, or several, with all its registers and rules, the same bytes every time (DOMAIN 4 for the sizes)."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from inspection.demo.files import CountyFiles, county_files
from inspection.demo.firms import County, write_firms
from inspection.demo.policy import write_policy
from inspection.demo.programme import Programme, plan_programme
from inspection.demo.recusals import write_recusals
from inspection.demo.sheets import write_programme
from inspection.demo.staff import Staff, hire
from inspection.demo.vocabulary import Vocabulary, load_vocabulary

BUSIEST = 0.7
"""How full an agency's fullest months may be before anything is merged; some certificates end in September."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountySize:
    """How large the made-up registers are.

    ``firms`` and ``inspectors`` are totals over all counties; ``agencies``, ``items`` and ``tasks`` are per county.
    """

    firms: int = 90_000
    inspectors: int = 500
    agencies: int = 20
    items: int = 200
    tasks: int = 250
    counties: int = 1
    year: int = 2027

    def __post_init__(self) -> None:
        """Refuse what the word lists cannot fill.

        Raises:
            ValueError: a figure is out of its range.
        """
        ranges = {
            "firms": (1_000 * self.counties, 31**6),
            "inspectors": (4 * self.agencies * self.counties, 1_000 * self.agencies * self.counties),
            "agencies": (2, 24),
            "items": (20, 400),
            "tasks": (16, 1_000),
            "counties": (1, 16),
            "year": (2000, 2100),
        }
        for name, (least, most) in ranges.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name}: expected {least} to {most}, got {getattr(self, name)}")

    @classmethod
    def scaled(cls, firms: int) -> CountySize:
        """One county of so many firms, its staff, items and tasks in proportion to the county of 90 000."""
        share = min(1.0, firms / 90_000)
        agencies = max(8, round(20 * share**0.25))
        return cls(
            firms=firms,
            inspectors=max(5 * agencies, round(500 * firms / 90_000)),
            agencies=agencies,
            items=max(40, round(200 * share**0.5)),
            tasks=max(24, round(250 * share**0.7)),
        )

    @classmethod
    def prefecture(cls, firms: int = 1_000_000) -> CountySize:
        """Twelve counties with 2 500 inspectors."""
        return cls(firms=firms, inspectors=2_500, counties=12)


def write_county(folder: Path, size: CountySize) -> CountyFiles:
    """All registers and the policy of a made-up county are in ``folder``; the same size gives the same bytes.

    Every row is one the importer accepts. Firms are 30 % enterprises and 62 % households, tiers A 55, B 33, C 8,
    D 4 %; every live firm is subject to at least one task (DOMAIN 1.4, 4).
    """
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = load_vocabulary()
    counties = found_counties(vocabulary, size)
    files = county_files(folder)
    frames = write_firms(files.firms, counties, vocabulary, size.year)
    programmes = [
        plan_programme(county, frame, vocabulary, size.items, size.tasks)
        for county, frame in zip(counties, frames, strict=True)
    ]
    staff = [
        hire(programme, inspectors, vocabulary, size.year)
        for programme, inspectors in zip(programmes, _shares(size.inspectors, size.counties), strict=True)
    ]
    write_programme(files, programmes, staff, size.year)
    write_recusals(files.recusals, staff, frames, vocabulary, size.year)
    write_policy(files.policy, counties, size.year, _visits_per_month(programmes, staff))
    return files


def found_counties(vocabulary: Vocabulary, size: CountySize) -> list[County]:
    """The counties with their codes, names, agencies and numbers of firms."""
    places = vocabulary.places
    agencies = vocabulary.agencies[: size.agencies]
    firms = _shares(size.firms, size.counties)
    several = size.counties > 1
    return [
        County(
            region=f"{places['city'][:4]}{index + 1:02d}" if several else places["single_code"],
            name=places["counties"][index],
            agencies=agencies,
            firms=firms[index],
        )
        for index in range(size.counties)
    ]


def _shares(total: int, parts: int) -> list[int]:
    return [total // parts + (index < total % parts) for index in range(parts)]


def _visits_per_month(programmes: list[Programme], staff: list[Staff]) -> int:
    """Visits an officer must be able to make in a month so that no agency is short even unmerged; at least 8."""
    needed = 8
    for programme, county in zip(programmes, staff, strict=True):
        officers = Counter(row.agency for row in county.inspectors)
        for agency in programme.county.agencies:
            have = officers[programme.county.agency_name(agency)]
            needed = max(needed, math.ceil(programme.peaks[agency.code] / (have * BUSIEST)))
    return needed
