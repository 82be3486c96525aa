from __future__ import annotations

import pytest

from inspection.draw.afterwards import next_reserve, substitute
from inspection.draw.refusal import DrawRefusal
from inspection.draw.ticket import Tickets

TICKETS = Tickets("7" * 64, "sha256")
FIRMS = [f"f{i}" for i in range(9)]


def test_reserves_are_called_in_ticket_order_after_the_drawn():
    order = sorted(FIRMS, key=lambda firm: TICKETS.ticket("firm", firm))
    assert [next_reserve(TICKETS, "P", FIRMS[::-1], 4, k) for k in range(5)] == order[4:]


def test_empty_reserve_is_refused():
    with pytest.raises(DrawRefusal, match=r"draw\.reserve\.empty"):
        next_reserve(TICKETS, "P", FIRMS, 4, 5)


def test_substitute_has_the_lowest_ticket_of_its_stream():
    chosen = [substitute(TICKETS, "V0001", "market", k, FIRMS) for k in range(6)]
    for k, inspector in enumerate(chosen):
        stream = f"substitute/V0001/market/{k}"
        assert inspector == min(FIRMS, key=lambda name: TICKETS.ticket(stream, name))
    assert len(set(chosen)) > 1


def test_no_eligible_substitute_is_refused():
    with pytest.raises(DrawRefusal, match=r"draw\.substitute\.none"):
        substitute(TICKETS, "V0001", "market", 0, [])
