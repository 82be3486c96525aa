from __future__ import annotations

import json
import math
from fractions import Fraction

import pytest
from draw_samples import shared_vector
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection.draw.refusal import DrawRefusal
from inspection.draw.rounding import round_flow
from inspection.draw.ticket import Tickets


class Toss(int):
    """A coin that falls as told and notes the chance of the side that rises."""

    def __new__(cls, rises, n, chances):
        toss = super().__new__(cls, 0)
        toss.rises, toss.n, toss.chances = rises, n, chances
        return toss

    def __lt__(self, down):
        chance = Fraction(int(down), self.n)
        self.chances.append(chance if self.rises else 1 - chance)
        return self.rises


def outcomes(tails, heads, flows, unit):
    """Every outcome of a rounding with its exact probability: all sequences of coins."""
    result, open_paths = {}, [()]
    while open_paths:
        path, chances = open_paths.pop(), []

        def coin(i, n, path=path, chances=chances):
            return Toss(path[i] if i < len(path) else True, n, chances)

        rounded = tuple(round_flow(tails, heads, flows, coin, unit=unit))
        open_paths += [(*path, *[True] * (i - len(path)), False) for i in range(len(path), len(chances))]
        result[rounded] = result.get(rounded, 0) + math.prod(chances, start=Fraction(1))
    return result


def test_tiny_instance_has_17_outcomes_with_the_published_means():
    tiny = json.loads(shared_vector("solver/rounding_tiny.json").read_text(encoding="utf-8"))
    unit, (tails, heads, flows, names) = tiny["Q"], zip(*tiny["edges"], strict=True)
    found = outcomes(tails, heads, flows, unit)
    assert sum(found.values()) == 1
    assert len(found) == 17
    for arc, flow in enumerate(flows):
        assert sum(p * whole[arc] for whole, p in found.items()) == Fraction(flow, unit), names[arc]
        assert {whole[arc] for whole in found} <= {flow // unit, -(-flow // unit)}
    for visit, row in enumerate(tiny["X"]):
        for inspector, share in enumerate(row):
            arcs = [i for i, name in enumerate(names) if name == f"x{visit}{inspector}"]
            assert sum(p * whole[i] for whole, p in found.items() for i in arcs) == Fraction(share, unit)


@st.composite
def circulations(draw):
    """Sums of cycles on up to eight nodes, with parallel and opposite arcs and loops."""
    cycles = draw(
        st.lists(st.tuples(st.lists(st.integers(0, 7), min_size=1, max_size=5), st.integers(1, 2_500_000)), max_size=12)
    )
    arcs = [
        (tail, head, flow) for nodes, flow in cycles for tail, head in zip(nodes, nodes[1:] + nodes[:1], strict=True)
    ]
    return draw(st.permutations(arcs))


@settings(deadline=None)
@given(circulations(), st.integers(0, 2**64))
def test_any_circulation_rounds_to_a_balanced_floor_or_ceiling(arcs, number):
    tails, heads, flows = ([arc[i] for arc in arcs] for i in range(3))
    rounded = round_flow(tails, heads, flows, Tickets(f"{number:064x}", "sha256").coin)
    surplus = dict.fromkeys(range(8), 0)
    for (tail, head, flow), whole in zip(arcs, rounded, strict=True):
        assert whole in (flow // 1_000_000, -(-flow // 1_000_000))
        surplus[tail] -= whole
        surplus[head] += whole
    assert set(surplus.values()) <= {0}


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.permutations(range(4)), st.integers(1, 5)), min_size=1, max_size=3))
def test_any_small_circulation_keeps_every_mean_exactly(cycles):
    arcs = [(a, b, flow) for nodes, flow in cycles for a, b in zip(nodes, nodes[1:] + nodes[:1], strict=True)]
    tails, heads, flows = ([arc[i] for arc in arcs] for i in range(3))
    found = outcomes(tails, heads, flows, 6)
    for arc, flow in enumerate(flows):
        assert sum(p * whole[arc] for whole, p in found.items()) == Fraction(flow, 6)


def test_coins_are_counted_from_0_without_gap():
    asked = []

    def coin(i, n):
        asked.append(i)
        return n - 1

    half, pairs = 500_000, 3
    round_flow([0, 1] * pairs + [2], [1, 0] * pairs + [2], [half] * 2 * pairs + [half], coin)
    assert asked == [0, 1, 2, 3]


def test_flow_that_does_not_balance_is_refused_with_the_node():
    with pytest.raises(DrawRefusal) as refusal:
        round_flow([0, 1], [1, 0], [500_000, 400_000], lambda i, n: 0)
    assert refusal.value.params == {"node": 0, "excess": -100_000}


def test_negative_flow_is_refused_with_the_arc():
    with pytest.raises(DrawRefusal, match=r"draw\.flow\.negative"):
        round_flow([0, 1], [1, 0], [-1, -1], lambda i, n: 0)


def test_flow_without_arcs_is_empty():
    assert round_flow([], [], [], lambda i, n: 0) == []


def test_progress_ends_at_the_number_of_arcs():
    seen = []
    round_flow([0, 1], [1, 0], [500_000, 500_000], lambda i, n: 0, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(0, 2), (2, 2)]
