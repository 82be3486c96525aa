"""Made-up years for the audit: honest ones by the draw's own code under new seeds, and frauds that alter them.

A small county: firms in pools of two tiers and two regions and in eight towns, one task, three agencies that send two
officers each to a visit by turns. Chances of inspectors are even and add up to whole loads as nearly as they can.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from inspection.draw.commitment import INPUTS, Commitment, Kind, Party
from inspection.draw.firms import DrawnVisit, draw_firms, first_of
from inspection.draw.inspectors import draw_inspectors
from inspection.draw.log import Entry
from inspection.draw.merkle import tree_head
from inspection.draw.note import Checkpoint
from inspection.draw.publication import PublishedCommitment
from inspection.draw.reveal import Reveal, party_commitment
from inspection.draw.table import COLUMNS, rows_root
from inspection.history.read import SeatTables, past_seats
from inspection.history.records import Happening, History, PastDraw, PastSeats
from inspection.history.replays import replayed

MILLION = 1_000_000
AGENCIES = ("fire", "health", "market")
TOWNS = 8
STREET = "town-3"
FAVOURITE = "market-04"


@dataclass(frozen=True)
class Size:
    """Of a made-up history."""

    years: int = 5
    firms: int = 600
    visits: int = 60
    officers: int = 8


Arcs = list[tuple[str, str, int]]


def published(kind: Kind, draw: str, tables: dict[str, Arcs], secret: str) -> tuple[PublishedCommitment, Reveal]:
    """A commitment of one party to the tables, in a log of its own, and its reveal."""
    plan = draw.partition("/")[0]
    inputs = dict.fromkeys(INPUTS[kind], "00" * 32)
    inputs |= {file: rows_root(COLUMNS[file], rows, "sha256") for file, rows in tables.items()}
    party = Party(name="notary", commitment=party_commitment("sha256", draw, "notary", secret))
    commitment = Commitment(
        digest="sha256", plan=plan, draw=draw, kind=kind, previous="00" * 32, inputs=inputs, parties=(party,),
        public=None, seal=None,
    )  # fmt: skip
    entry = Entry(
        type="commit", plan=plan, draw=draw, time="2020-01-05T09:00:00+08:00", actor="bureau", digest=commitment.hex
    )
    head = Checkpoint(origin="log.example", size=1, root=tree_head([entry.line]))
    return PublishedCommitment(commitment=commitment, line=entry.line, index=0, proof=(), checkpoint=head), Reveal(
        parties={"notary": secret}
    )


@cache
def register(firms: int) -> list[tuple[str, str, str]]:
    """(firm, pool, town): four pools, towns and pools mixed by multiplication."""
    pools = ("A-east", "A-west", "B-east", "B-west")
    return [(f"9137{n:014d}", pools[n * 7919 // 5 % 4], f"town-{n * 104729 // 11 % TOWNS}") for n in range(firms)]


def firm_flow(rows: Sequence[tuple[str, str, str]], visits: int) -> Arcs:
    """plan → pool → task → plan; tier B has twice the chance of tier A."""
    sizes: dict[str, int] = {}
    for _, pool, _ in rows:
        sizes[pool] = sizes.get(pool, 0) + (2 if pool.startswith("B") else 1)
    total, weights, parts, done = visits * MILLION, sum(sizes.values()), {}, 0
    for pool in sorted(sizes):
        done += sizes[pool]
        parts[pool] = total * done // weights - sum(parts.values())
    arcs = [("plan", f"pool:{pool}", part) for pool, part in parts.items()]
    arcs += [(f"pool:{pool}", "task:T1", part) for pool, part in parts.items()]
    return [*arcs, ("task:T1", "plan", total)]


def draw_year(size: Size, year: int, secret: str) -> tuple[PastDraw, list[DrawnVisit]]:
    """The firms of a year, by ``inspection.draw``."""
    rows, months = register(size.firms), [(f"{year}-{month:02d}", size.visits // 4) for month in (4, 6, 8, 10)]
    flow = firm_flow(rows, size.visits)
    dealt = [("T1", month, count) for month, count in months]
    name = f"{year}/1-firms"
    commitment, reveal = published("firms", name, {"flow.csv": flow, "months.csv": dealt}, secret)
    drawn = draw_firms(commitment, reveal, flow, dealt, first_of(rows))
    pools, towns = sorted({row[1] for row in rows}), sorted({row[2] for row in rows})
    place = {row[0]: n for n, row in enumerate(rows)}
    expected = [sum(part for tail, _, part in flow if tail == f"pool:{pool}") / MILLION for pool in pools]
    past = PastDraw(
        name=name, year=year, firms=[row[0] for row in rows],
        pool=np.array([pools.index(row[1]) for row in rows]), town=np.array([towns.index(row[2]) for row in rows]),
        towns=towns, tiers=[pool[0] for pool in pools], expected=np.array(expected), is_published=True,
        drawn=np.array(sorted(place[visit.firm] for visit in drawn.visits)),
    )  # fmt: skip
    return past, list(drawn.visits)


def parts(agency: str, officers: int) -> list[int]:
    """Two seats shared out: evenly in one agency, unevenly in the others, as certificates and recusals have it."""
    weights = [1.0 if agency == "market" else 1 + (n % 3) / 4 for n in range(officers)]
    shares = [int(2 * MILLION * weight / sum(weights)) for weight in weights]
    return [shares[0] + 2 * MILLION - sum(shares), *shares[1:]]


def inspector_flow(needs: Sequence[tuple[str, str]], month: dict[str, str], officers: int) -> Arcs:
    """hub → need → duty → inspector → hub, with the chances of ``parts``."""
    arcs: Arcs = []
    duties: dict[tuple[str, str], int] = {}
    for visit, agency in needs:
        arcs.append(("hub", f"need:{visit}:{agency}", 2 * MILLION))
        for n, part in enumerate(parts(agency, officers)):
            duty = (f"{agency}-{n:02d}", month[visit])
            arcs.append((f"need:{visit}:{agency}", f"duty:{duty[0]}:{duty[1]}", part))
            duties[duty] = duties.get(duty, 0) + part
    people: dict[str, int] = {}
    for (name, at), through in duties.items():
        arcs.append((f"duty:{name}:{at}", f"inspector:{name}", through))
        people[name] = people.get(name, 0) + through
    return arcs + [(f"inspector:{name}", "hub", through) for name, through in people.items()]


def seat_year(size: Size, past: PastDraw, visits: Sequence[DrawnVisit], secret: str) -> PastSeats:
    """The inspectors of a year, by ``inspection.draw``."""
    name, place = f"{past.year}/2-inspectors", {firm: n for n, firm in enumerate(past.firms)}
    sent = [[agency for agency in AGENCIES if agency != AGENCIES[n]] for n in range(3)]
    needs = [(visit.visit, agency) for n, visit in enumerate(visits) for agency in sent[n % 3]]
    flow = inspector_flow(needs, {visit.visit: visit.month for visit in visits}, size.officers)
    commitment, reveal = published("inspectors", name, {"flow.csv": flow}, secret)
    drawn = draw_inspectors(commitment, reveal, flow)
    told = {v.visit: (v.firm, past.towns[past.town[place[v.firm]]], v.month) for v in visits}
    people = [(f"{agency}-{n:02d}", agency) for agency in AGENCIES for n in range(size.officers)]
    rows = [(visit, agency, "2", "0", "") for visit, agency in needs]
    taken = {tuple(seat) for seat in drawn.assignments}
    return past_seats(name, SeatTables(needs=rows, people=people, arcs=flow, taken=taken), told)


Year = tuple[PastDraw, list[DrawnVisit], list[Happening]]
DrawFraud = Callable[[Size, int, np.random.Generator], Year]
SeatFraud = Callable[[PastSeats, np.random.Generator], PastSeats]


def history(
    size: Size,
    random: np.random.Generator,
    *,
    draw: DrawFraud | None = None,
    seat: SeatFraud = lambda past, random: past,
    first_year: int = 2019,
) -> History:
    """Years in a row; ``draw`` and ``seat`` are where a fraud comes in."""
    draws, seats, happenings = [], [], []
    for year in range(first_year, first_year + size.years):
        past, visits, told = (draw or fair)(size, year, random)
        draws.append(past)
        happenings += told + ordinary(past, random)
        seats.append(seat(seat_year(size, past, visits, random.bytes(16).hex()), random))
    commits = 2 * size.years + sum(1 for each in happenings if each.type == "void")
    return History(
        sources=("made up",), draws=tuple(draws), seats=tuple(seats), happenings=tuple(happenings), commits=commits
    )


def fair(size: Size, year: int, random: np.random.Generator) -> Year:
    """Nothing but the draw."""
    return *draw_year(size, year, random.bytes(16).hex()), []


def void(year: int, nth: int) -> Happening:
    """A draw given up."""
    return Happening(
        type="void", draw=f"{year}/{nth}-firms", year=year, time=f"{year}-01-05T09:00:00+08:00", actor="planner",
        reason="technical",
    )  # fmt: skip


def ordinary(past: PastDraw, random: np.random.Generator) -> list[Happening]:
    """An honest year: a draw in twenty given up, a visit in forty replaced, a seat in forty changed."""
    told = [void(past.year, 9)] if random.random() < 0.05 else []
    for place in past.drawn[random.random(len(past.drawn)) < 1 / 40].tolist():
        told.append(
            Happening(
                type="replace",
                draw=past.name,
                year=past.year,
                time=f"{past.year}-05-05T09:00:00+08:00",
                actor=f"clerk-{random.integers(3)}",
                reason="unreachable",
                visit=past.firms[place],
                town=past.towns[past.town[place]],
            )
        )
    for nth in range(int(random.binomial(4 * len(past.drawn), 1 / 40))):
        agency = AGENCIES[random.integers(3)]
        gone, came = random.choice(8, 2, replace=False).tolist()
        told.append(
            Happening(
                type="substitute",
                draw=f"{past.year}/2-inspectors",
                year=past.year,
                time=f"{past.year}-06-{nth % 28 + 1:02d}T09:00:00+08:00",
                actor=f"clerk-{random.integers(3)}",
                reason="sick",
                agency=agency,
                replaces=f"{agency}-{gone:02d}",
                inspector=f"{agency}-{came:02d}",
            )
        )
    return told


def protecting(share: float) -> DrawFraud:
    """Firms drawn in the protected street give way, with this chance, to another firm of their pool elsewhere."""

    def draw(size: Size, year: int, random: np.random.Generator) -> Year:
        past, visits, told = fair(size, year, random)
        street, drawn = past.towns.index(STREET), set(past.drawn.tolist())
        place = {firm: n for n, firm in enumerate(past.firms)}
        for n, visit in enumerate(visits):
            at = place[visit.firm]
            if past.town[at] == street and random.random() < share:
                others = np.flatnonzero((past.pool == past.pool[at]) & (past.town != street))
                other = int(random.choice([each for each in others.tolist() if each not in drawn]))
                drawn = drawn - {at} | {other}
                visits[n] = visit._replace(firm=past.firms[other])
        return replace(past, drawn=np.array(sorted(drawn))), visits, told

    return draw


def redrawing(tries: int, is_logged: bool) -> DrawFraud:
    """Draws until the street has at most half of its share, so many times at most; the last draw stands."""

    def draw(size: Size, year: int, random: np.random.Generator) -> Year:
        told: list[Happening] = []
        for nth in range(tries):
            past, visits, _ = fair(size, year, random)
            street = past.town == past.towns.index(STREET)
            if street[past.drawn].sum() <= float(past.chances[street].sum()) / 2:
                break
            told += [void(year, 10 + nth)] if is_logged and nth < tries - 1 else []
        return past, visits, told

    return draw


def stride(size: Size, year: int, random: np.random.Generator) -> Year:
    """An older system: one random start, then every so many-th firm of the register."""
    past, visits, told = fair(size, year, random)
    step = size.firms // size.visits
    places = np.arange(int(random.integers(step)), size.firms, step)[: size.visits]
    drawn = random.permutation(places).tolist()
    visits = [visit._replace(firm=past.firms[at]) for visit, at in zip(visits, drawn, strict=True)]
    # Such a system published no chances and knew no tiers: what is known is how many it drew.
    return replace(
        past, drawn=places, is_published=False, pool=np.zeros(size.firms, dtype=np.int64), tiers=("",),
        expected=np.array([float(len(places))]),
    ), visits, told  # fmt: skip


def favouring(share: float) -> SeatFraud:
    """The favourite takes a colleague's seat, with this chance, at every visit of the street; loads made up elsewhere.

    He gives a seat he has in another town to that colleague, so that nobody's yearly load changes.
    """

    def seat(past: PastSeats, random: np.random.Generator) -> PastSeats:
        taken, me = past.taken.copy(), past.inspectors.index(FAVOURITE)
        town = np.array(past.visit_town)[past.need_visit[past.way_need]]
        mine = past.way_inspector == me
        needs, people = past.way_need.tolist(), past.way_inspector.tolist()
        way_of = {pair: way for way, pair in enumerate(zip(needs, people, strict=True))}
        for way in np.flatnonzero(mine & ~taken & (town == STREET)).tolist():
            spare = np.flatnonzero(mine & taken & (town != STREET)).tolist()
            if random.random() >= share or not spare:
                continue
            swaps = []
            for other in np.flatnonzero((past.way_need == past.way_need[way]) & taken).tolist():
                backs = [(mine_, way_of[needs[mine_], people[other]]) for mine_ in spare]
                swaps += [(other, mine_, back) for mine_, back in backs if not taken[back]]
            if swaps:
                other, mine_, back = swaps[int(random.integers(len(swaps)))]
                taken[[way, back]], taken[[other, mine_]] = True, False
        return replace(past, taken=taken)

    return seat


def overloading(share: float) -> SeatFraud:
    """The favourite takes a colleague's seat at any visit with this chance (travel money, or influence)."""

    def seat(past: PastSeats, random: np.random.Generator) -> PastSeats:
        taken, me = past.taken.copy(), past.inspectors.index(FAVOURITE)
        for way in np.flatnonzero((past.way_inspector == me) & ~taken).tolist():
            if random.random() < share:
                others = np.flatnonzero((past.way_need == past.way_need[way]) & taken)
                taken[way], taken[random.choice(others)] = True, False
        return replace(past, taken=taken)

    return seat


def coupling(share: float) -> SeatFraud:
    """Where the favourite sits, his friend takes the other seat with this chance."""

    def seat(past: PastSeats, random: np.random.Generator) -> PastSeats:
        taken, me = past.taken.copy(), past.inspectors.index(FAVOURITE)
        friend = past.inspectors.index("market-05")
        for way in np.flatnonzero((past.way_inspector == me) & taken).tolist():
            same = np.flatnonzero(past.way_need == past.way_need[way])
            other = [each for each in same.tolist() if taken[each] and each != way]
            his = [each for each in same.tolist() if past.way_inspector[each] == friend]
            if random.random() < share and not taken[his[0]]:
                taken[his[0]], taken[other[0]] = True, False
        return replace(past, taken=taken)

    return seat


def dealt(fraud: SeatFraud) -> SeatFraud:
    """An older system's independent deal of every visit, then the fraud, in a list without chances."""

    def seat(past: PastSeats, random: np.random.Generator) -> PastSeats:
        alike = np.full(len(past.chance), 2 * len(past.agencies) / len(past.home))
        bare = replace(past, flow=None, chance=alike)
        (taken,) = replayed(bare, random, 1)
        return fraud(replace(bare, taken=taken), random)

    return seat
