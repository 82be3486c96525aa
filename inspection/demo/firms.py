"""The register of firms: drawn by weights from the word lists, written county by county."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from inspection.demo.credit_codes import credit_codes, registration_numbers
from inspection.demo.mixing import Indices, Words, below, uniform, weighted, words
from inspection.demo.vocabulary import KINDS, TIERS, AgencyKind, Vocabulary

HEADER = (
    "统一社会信用代码", "主体名称", "主体类型", "信用风险分类", "登记状态", "行政区划代码", "所在乡镇",
    "行业代码", "专项库", "住所（经营场所）", "成立日期",
)  # fmt: skip
KIND_SHARES = (30.0, 62.0, 4.0, 4.0)
TIER_SHARES = (55.0, 33.0, 8.0, 4.0)
STATUSES = ("存续（在营、开业、在册）", "注销", "吊销，未注销", "歇业", "迁出", "撤销")
STATUS_SHARES = (94.0, 2.8, 1.8, 0.6, 0.6, 0.2)
OLD_NUMBERS_SHARE = 0.004
"""Of households: still under the 15-digit registration number."""
WHITELIST = "白名单"
WHITELIST_SHARE = 0.02
"""Of tier A: exempt for two clean years (DOMAIN 1.2)."""
CENSUS_ROUNDS = 6
"""Every trade has at least so many live firms, however small the county."""


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """A division with its agencies (short codes) and so many firms."""

    region: str
    name: str
    agencies: tuple[AgencyKind, ...]
    firms: int

    def agency_code(self, short: str) -> str:
        """Code of an agency in the registers, such as 370828-SCJG."""
        return f"{self.region}-{short}"

    def agency_name(self, agency: AgencyKind) -> str:
        """Full name of an agency."""
        return f"{self.name}{agency.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the programme must know of a county's firms.

    ``subjects`` counts live firms that are not on the whitelist, shape (n_trades, n_kinds, n_tiers); ``codes`` and
    ``names`` are those of the first live firms, for recusals.
    """

    subjects: NDArray[np.int64]
    codes: Words
    names: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """One index per firm into kinds, trades, tiers, statuses and towns, shape (n_firms,) each."""

    kind: Indices
    trade: Indices
    tier: Indices
    status: Indices
    town: Indices
    whitelisted: NDArray[np.bool_]


def write_firms(path: Path, counties: Sequence[County], vocabulary: Vocabulary, year: int) -> list[Frame]:
    """The register of all counties is in ``path`` (UTF-8 with BOM, as Excel saves it); a frame per county."""
    with path.open("wb") as file:
        file.write(("\ufeff" + ",".join(HEADER) + "\r\n").encode())
        return [_write_county(file, county, vocabulary, year) for county in counties]


def _write_county(file: BinaryIO, county: County, vocabulary: Vocabulary, year: int) -> Frame:
    traits = draw_traits(county, vocabulary)
    codes = _codes(county, traits)
    names = _names(county, traits, vocabulary)
    lines = codes + "," + names + _attributes(county, traits, vocabulary)
    lines += _addresses(county, traits, vocabulary)
    lines += _dates(county, year)
    file.write("".join(lines.tolist()).encode())
    live = (traits.status == 0) & ~traits.whitelisted
    shape = (len(vocabulary.trades), len(KINDS), len(TIERS))
    cells = np.ravel_multi_index((traits.trade[live], traits.kind[live], traits.tier[live]), shape)
    subjects = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    first = np.flatnonzero(live)[:20_000]
    return Frame(subjects=subjects, codes=codes[first], names=names[first])


def draw_traits(county: County, vocabulary: Vocabulary) -> Traits:
    """Kind, trade, tier, status and town of every firm; the first firms go through all trades in turn, live."""
    size, stream = county.firms, f"{county.region}/firms"
    kind = weighted(f"{stream}/kind", size, KIND_SHARES)
    weights = np.array([trade.weights for trade in vocabulary.trades])
    trade = np.empty(size, dtype=np.int64)
    for index, name in enumerate(KINDS):
        those = kind == index
        trade[those] = weighted(f"{stream}/trade/{name}", int(those.sum()), weights[:, index].tolist())
    status = weighted(f"{stream}/status", size, STATUS_SHARES)
    census = CENSUS_ROUNDS * len(weights)
    trade[:census] = np.arange(census) % len(weights)
    kind[:census] = weights.argmax(axis=1)[trade[:census]]
    status[:census] = 0
    tier = weighted(f"{stream}/tier", size, TIER_SHARES)
    room = np.array([len(entry.registers) < 4 for entry in vocabulary.trades])[trade]
    return Traits(
        kind=kind,
        trade=trade,
        tier=tier,
        status=status,
        town=weighted(f"{stream}/town", size, [weight for _, weight in vocabulary.places["towns"]]),
        whitelisted=(tier == 0) & room & (uniform(f"{stream}/whitelist", size) < WHITELIST_SHARE),
    )


def _codes(county: County, traits: Traits) -> Words:
    heads = [f"{authority}{county.region}" for authority in ("91", "92", "93", "91")]
    codes = credit_codes(heads, traits.kind, f"{county.region}/codes")
    old = (traits.kind == 1) & (uniform(f"{county.region}/old", len(codes)) < OLD_NUMBERS_SHARE)
    codes[old] = registration_numbers(county.region, int(old.sum()))
    return codes


def _names(county: County, traits: Traits, vocabulary: Vocabulary) -> Words:
    """Names as each kind carries them: 县+字号+行业+有限公司, 县+镇+姓名+店, …农民专业合作社, …分公司."""
    lists, towns, size = vocabulary.words, _towns(vocabulary), county.firms
    brands = words([a + b for a in lists["brand_first"] for b in lists["brand_second"]])
    persons = words([a + b for a in lists["surnames"] for b in lists["given_second"]])
    brand = below(f"{county.region}/brand", size, len(brands))
    person = below(f"{county.region}/person", size, len(persons))
    heads = words([county.name] + [county.name + town for town in towns] + [""])
    branch_head = len(towns) + 1
    head = np.select([traits.kind == 1, traits.kind == 3], [1 + traits.town, branch_head], 0)
    middle = np.where(traits.kind == 1, persons[person], brands[brand])
    tails = words(
        [
            tail
            for trade in vocabulary.trades
            for tail in (
                f"{trade.word}有限公司",
                trade.shop,
                f"{trade.word}农民专业合作社",
                f"{trade.word}有限公司{county.name}",
            )
        ]
    )
    ends = words(["", *(f"{town}分公司" for town in towns)])
    tail = tails[traits.trade * len(KINDS) + traits.kind]
    result: Words = heads[head] + middle + tail + ends[np.where(traits.kind == 3, 1 + traits.town, 0)]
    return result


def _attributes(county: County, traits: Traits, vocabulary: Vocabulary) -> Words:
    """From the kind to the special registers, with the commas around them."""
    kinds, towns = tuple(KINDS.values()), _towns(vocabulary)
    standing = words([f",{kind},{tier},{status}," for kind in kinds for tier in TIERS for status in STATUSES])
    place = words([f"{county.region},{town}," for town in towns])
    trade = words(
        [
            f"{entry.industry},{'、'.join([*entry.registers, *extra])},"
            for entry in vocabulary.trades
            for extra in ((), (WHITELIST,))
        ]
    )
    cell = (traits.kind * len(TIERS) + traits.tier) * len(STATUSES) + traits.status
    result: Words = standing[cell] + place[traits.town] + trade[traits.trade * 2 + traits.whitelisted]
    return result


def _addresses(county: County, traits: Traits, vocabulary: Vocabulary) -> Words:
    towns, streets = _towns(vocabulary), vocabulary.places["streets"]
    roads = words([f"{county.name}{town}{street}" for town in towns for street in streets])
    numbers = words([f"{number}号," for number in range(1, 400)])
    street = below(f"{county.region}/street", county.firms, len(streets))
    number = below(f"{county.region}/number", county.firms, len(numbers))
    result: Words = roads[traits.town * len(streets) + street] + numbers[number]
    return result


def _dates(county: County, year: int) -> Words:
    """Founding days in the thirty years before the plan, most of them late, with the end of the line."""
    last, span = date(year - 1, 11, 30), 30 * 365
    days = words([f"{last - timedelta(days=back):%Y-%m-%d}\r\n" for back in range(span)])
    return days[(uniform(f"{county.region}/founded", county.firms) ** 2 * span).astype(np.int64)]


def _towns(vocabulary: Vocabulary) -> list[str]:
    return [town for town, _ in vocabulary.places["towns"]]
