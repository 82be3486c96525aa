"""Counts over many seeds against the chances published before any seed existed.

Each count is binomial; its exact tail is compared with FALSE_ALARM divided by the number of counts of the test, so a
correct draw fails a test for one choice of the secrets in a million.
"""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

from draw_samples import publish_commitment

from inspection.draw.firms import draw_firms, first_of
from inspection.draw.inspectors import draw_inspectors

SEEDS = 2_500
FALSE_ALARM = 1e-6

# pool: (tier, firms, {task: flow})
POOLS = {
    "A1": ("A", 4, {"T1": 700_000, "T2": 450_000}),
    "A2": ("A", 3, {"T1": 300_000, "T2": 250_000}),
    "B1": ("B", 5, {"T1": 1_400_000, "T2": 1_300_000}),
    "B2": ("B", 3, {"T1": 600_000, "T2": 0}),
}
MONTHS = [("T1", "2027-04", 2), ("T1", "2027-05", 1), ("T2", "2027-05", 1), ("T2", "2027-06", 1)]
# One firm stands alone in its town: without the turned circle it would come first or last, never between.
FIRMS = [
    (f"{pool}-{i}", pool, "alone" if (pool, i) == ("B1", 0) else "town")
    for pool, (_, size, _) in POOLS.items()
    for i in range(size)
]


def firm_flow():
    arcs, tiers, tasks = [], Counter(), Counter()
    for pool, (tier, _, quotas) in POOLS.items():
        arcs.append((f"tier:{tier}", f"pool:{pool}", sum(quotas.values())))
        tiers[tier] += sum(quotas.values())
        for task, flow in quotas.items():
            arcs.append((f"pool:{pool}", f"task:{task}", flow))
            tasks[task] += flow
    arcs += [("plan", f"tier:{tier}", flow) for tier, flow in tiers.items()]
    return arcs + [(f"task:{task}", "plan", flow) for task, flow in tasks.items()]


# need: (visit, month, {inspector: chance}); M1 and M2 hold the qualification one of two officers must have
NEEDS = {
    "V1": ("04", {"M1": 600_000, "M2": 550_000, "M3": 450_000, "M4": 400_000}),
    "V2": ("04", {"M1": 500_000, "M2": 700_000, "M3": 300_000, "M4": 500_000}),
    "V3": ("05", {"M1": 650_000, "M2": 350_000, "M4": 1_000_000}),
}
QUALIFIED = ("M1", "M2")


def inspector_flow():
    arcs, duties, people = [], Counter(), Counter()
    for visit, (month, chances) in NEEDS.items():
        need, child = f"need:{visit}:market", f"need:{visit}:market:lead"
        arcs.append(("hub", need, 2_000_000))
        arcs.append((need, child, sum(chances[inspector] for inspector in QUALIFIED)))
        for inspector, chance in chances.items():
            duty = f"duty:{inspector}:2027-{month}"
            arcs.append((child if inspector in QUALIFIED else need, duty, chance))
            duties[duty, inspector] += chance
            people[inspector] += chance
    arcs += [(duty, f"inspector:{inspector}", flow) for (duty, inspector), flow in duties.items()]
    return arcs + [(f"inspector:{inspector}", "hub", flow) for inspector, flow in people.items()]


def log_tail(count, n, chance):
    """The smaller tail of a binomial beyond the count, natural logarithm, exact up to rounding."""

    def log_pmf(k):
        choose = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        return choose + k * math.log(chance) + (n - k) * math.log1p(-chance)

    tails = (range(count + 1), range(count, n + 1))
    return min(math.log(math.fsum(math.exp(log_pmf(k)) for k in tail) or 1e-300) for tail in tails)


def assert_frequencies(counts, chances):
    """Every count fits its chance, at FALSE_ALARM for all of them together."""
    assert counts.keys() <= chances.keys()
    for name, chance in chances.items():
        if chance in (0, 1):
            assert counts[name] == chance * SEEDS, name
        else:
            bound = math.log(FALSE_ALARM / 2 / len(chances))
            assert log_tail(counts[name], SEEDS, float(chance)) > bound, (name, counts[name], float(chance * SEEDS))


def test_bounds_catch_a_chance_off_by_a_tenth():
    assert log_tail(round(SEEDS * 0.30), SEEDS, 0.30) > math.log(0.4)
    assert log_tail(round(SEEDS * 0.36), SEEDS, 0.30) < math.log(FALSE_ALARM / 200)


def drawn_firms():
    tables = {"flow.csv": firm_flow(), "months.csv": MONTHS}
    for i in range(SEEDS):
        published, reveal = publish_commitment("firms", tables, f"secret number {i:06d}")
        yield draw_firms(published, reveal, tables["flow.csv"], MONTHS, first_of(FIRMS))


def test_every_firm_and_month_is_drawn_with_its_published_chance():
    firms, months, totals = Counter(), Counter(), dict(MONTHS_TOTAL)
    for result in drawn_firms():
        firms.update((visit.firm, visit.task) for visit in result.visits)
        months.update((visit.firm, visit.task, visit.month) for visit in result.visits)
        assert len({visit.firm for visit in result.visits}) == len(result.visits) == 5
        assert Counter((visit.task, visit.month) for visit in result.visits) == {(t, m): n for t, m, n in MONTHS}
        assert_floor_or_ceiling(result)
    chances = {
        (firm, task): Fraction(flow, 1_000_000 * POOLS[pool][1])
        for firm, pool, _ in FIRMS
        for task, flow in POOLS[pool][2].items()
    }
    assert_frequencies(firms, chances)
    shares = {(f, t, m): p * n / totals[t] for (f, t), p in chances.items() for task, m, n in MONTHS if task == t}
    assert_frequencies(months, shares)


MONTHS_TOTAL = {"T1": 3, "T2": 2}


def assert_floor_or_ceiling(result):
    """Every pool, tier and pool-task total is its flow's floor or ceiling."""
    by_tier = Counter()
    for (pool, task), count in result.counts.items():
        assert abs(count * 1_000_000 - POOLS[pool][2][task]) < 1_000_000
    for pool, count in result.taken.items():
        assert abs(count * 1_000_000 - sum(POOLS[pool][2].values())) < 1_000_000
        by_tier[POOLS[pool][0]] += count
    for tier, count in by_tier.items():
        flow = sum(sum(quotas.values()) for name, _, quotas in POOLS.values() if name == tier)
        assert abs(count * 1_000_000 - flow) < 1_000_000


def test_every_inspector_gets_every_need_with_the_published_chance():
    flow, pairs, served = inspector_flow(), Counter(), Counter()
    for i in range(SEEDS):
        published, reveal = publish_commitment("inspectors", {"flow.csv": flow}, f"secret number {i:06d}")
        assignments = draw_inspectors(published, reveal, flow).assignments
        assert list(assignments) == sorted(assignments)
        pairs.update((row.visit, row.inspector) for row in assignments)
        for visit in NEEDS:
            officers = [row.inspector for row in assignments if row.visit == visit]
            assert len(set(officers)) == len(officers) == 2
            assert set(officers) & set(QUALIFIED)
        served.update(Counter(row.inspector for row in assignments).items())
    chances = {(v, i): Fraction(p, 1_000_000) for v, (_, shares) in NEEDS.items() for i, p in shares.items()}
    assert_frequencies(pairs, chances)
    for inspector in ("M1", "M2", "M3", "M4"):
        load = sum(shares.get(inspector, 0) for _, shares in NEEDS.values())
        assert {n for name, n in served if name == inspector} <= {0, load // 1_000_000, -(-load // 1_000_000)}
