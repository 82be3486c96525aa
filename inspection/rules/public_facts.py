"""What is known of public sources of randomness before any draw: drand's chains, forms of lottery numbers.

Kept as data in data/public/*.toml: a chain's key is pinned there and never asked of a network.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

from inspection.errors import BeaconError


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One drand chain: a value each ``period`` seconds from ``genesis`` (Unix time of round 1) on.

    Attributes:
        hash: 64 hex digits, the chain's identity, as a commitment names it.
        scheme: drand's name of how rounds are signed.
        public_key: hex, compressed: 96 bytes on G2 for quicknet, 48 bytes on G1 for default.
    """

    name: str
    hash: str
    scheme: str
    period: int
    genesis: int
    public_key: str

    def time_of(self, round: int) -> datetime:
        """When the round of this number (from 1) is made; before that nobody can know it."""
        return datetime.fromtimestamp(self.genesis, UTC) + timedelta(seconds=(round - 1) * self.period)

    def round_from(self, moment: datetime) -> int:
        """The first round that is not made before the moment.

        >>> chain = chains()["quicknet"]
        >>> chain.time_of(chain.round_from(datetime(2027, 1, 5, 9, 30, 1, tzinfo=UTC))).isoformat()
        '2027-01-05T09:30:03+00:00'
        """
        late = moment - datetime.fromtimestamp(self.genesis, UTC)
        return max(1, 1 - (-late // timedelta(seconds=self.period)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """One group of a lottery's numbers."""

    count: int
    least: int
    most: int
    distinct: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lottery:
    """How one lottery writes its issues and its numbers."""

    code: str
    name_zh: str
    name_en: str
    issue: str
    issue_example: str
    groups: tuple[Numbers, ...]
    width: int
    between: str
    beside: str
    example: str

    @property
    def names(self) -> dict[str, str]:
        """What it is called in both languages, as parameters of a message."""
        return {"name_zh": self.name_zh, "name_en": self.name_en}

    def has_issue(self, issue: str) -> bool:
        """Whether an issue can bear this number."""
        return bool(re.fullmatch(self.issue, issue, re.ASCII))

    def check_value(self, issue: str, value: str) -> None:
        """The numbers are written as this lottery's are, so that everybody types the same string.

        Raises:
            BeaconError: with an example of how they are written.
        """
        parts = value.split(self.beside) if self.beside else [value]
        fits = len(parts) == len(self.groups)
        if not (fits and all(map(self._is_group, self.groups, parts))):
            raise BeaconError("beacon.lottery.value", **self.names, issue=issue, got=value[:80], example=self.example)

    def _is_group(self, group: Numbers, text: str) -> bool:
        digits = text.split(self.between) if self.between else list(text)
        if len(digits) != group.count or not all(re.fullmatch(rf"\d{{{self.width}}}", d, re.ASCII) for d in digits):
            return False
        numbers = [int(each) for each in digits]
        within = all(group.least <= number <= group.most for number in numbers)
        return within and (not group.distinct or numbers == sorted(set(numbers)))


@functools.cache
def chains() -> Mapping[str, Chain]:
    """drand's chains by name."""
    return {name: Chain(name=name, **facts) for name, facts in _facts("drand.toml").items()}


def chain_of(hash: str) -> Chain | None:
    """The chain of this hash; None when it is none of those known here."""
    return next((chain for chain in chains().values() if chain.hash == hash), None)


@functools.cache
def lotteries() -> Mapping[str, Lottery]:
    """Lotteries by code."""
    found = {}
    for code, facts in _facts("lotteries.toml").items():
        groups = tuple(Numbers(**group) for group in facts.pop("groups"))
        found[code] = Lottery(code=code, groups=groups, **facts)
    return found


def _facts(file: str) -> dict[str, dict[str, Any]]:
    path = resources.files("inspection_data") / "public" / file
    return tomllib.loads(path.read_text(encoding="utf-8"))
