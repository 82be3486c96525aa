"""Inspectors of a county: as many per agency as its tasks need, with certificates and qualifications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from inspection.demo.mixing import below, key, share_out
from inspection.demo.programme import Programme
from inspection.demo.vocabulary import Vocabulary

LEAST_PER_AGENCY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectorRow:
    """A row of the register of inspectors; ``agency`` is the full name, as bureaus write it."""

    code: str
    name: str
    agency: str
    certificate: str
    valid_until: date
    qualifications: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """All inspectors of a county."""

    region: str
    inspectors: tuple[InspectorRow, ...]


def hire(programme: Programme, inspectors: int, vocabulary: Vocabulary, year: int) -> Staff:
    """So many inspectors, never fewer than four an agency.

    Every agency has a team of like size, whatever it is asked for; officers of busy ones go out more often.
    """
    county = programme.county
    counts = share_out(inspectors, [1.0] * len(county.agencies), LEAST_PER_AGENCY)
    rows: list[InspectorRow] = []
    for agency, count in zip(county.agencies, counts, strict=True):
        needed = sorted({i.qualification for i in programme.items if i.agency == agency.code and i.qualification})
        code = county.agency_code(agency.code)
        names = _names(code, count, vocabulary)
        rows += [
            InspectorRow(
                code=f"{code}-{place + 1:03d}",
                name=names[place],
                agency=county.agency_name(agency),
                certificate=f"15{county.region}{len(rows) + place + 1:05d}",
                valid_until=_valid_until(f"{code}/{place}", year),
                qualifications=_qualifications(place, needed),
            )
            for place in range(count)
        ]
    return Staff(region=county.region, inspectors=tuple(rows))


def _names(stream: str, count: int, vocabulary: Vocabulary) -> list[str]:
    lists = vocabulary.words
    tables = [lists["surnames"], lists["given_first"], lists["given_second"]]
    columns = [below(f"{stream}/name/{place}", count, len(table)) for place, table in enumerate(tables)]
    first, second, third = tables
    return [first[a] + second[b] + third[c] for a, b, c in zip(*columns, strict=True)]


def _valid_until(stream: str, year: int) -> date:
    """Most certificates outlast the year; every twentieth ends at the end of September."""
    number = key(stream)
    if number % 20 == 0:
        return date(year, 9, 30)
    return date(year + 1 + number % 4, 1 + number // 7 % 12, 28)


def _qualifications(place: int, needed: list[str]) -> tuple[str, ...]:
    """Four in five officers hold one, every other a second one: three in ten or more for each qualification."""
    if not needed or place % 5 == 4:
        return ()
    turn = place - place // 5
    held = {needed[turn % len(needed)]}
    if place % 2 == 0:
        held.add(needed[(turn + 1 + turn // len(needed)) % len(needed)])
    return tuple(sorted(held))
